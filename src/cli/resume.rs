//! `conclave resume`

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use crate::audit::read_record;
use crate::ceremony::Opening;
use crate::executor::{CeremonyDirectory, Executor, Hands, PeoplesHands};
use crate::host;
use crate::rehearsal::SimulatedTokens;
use crate::script::Script;
use crate::storage::real_path;

use super::conduct::{Show, absolute, conduct, directory_failure, is_paused, record_failure};
use super::{Failure, Status, profiles};

/// Go on with a ceremony that was paused or interrupted
///
/// Attendance, clock and machine are gone through again, for people and machine may be others now.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The ceremony directory
    pub(super) directory: PathBuf,
    /// Line by line, for serial consoles and screen readers
    #[arg(long)]
    pub(super) plain: bool,
    /// Let a rehearsal play on by itself
    #[arg(long, conflicts_with = "plain")]
    pub(super) unattended: bool,
    /// Where the mirror of the record is now, if it is elsewhere; or an empty directory in which one is begun
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Take the PINs and approval codes from a descriptor, one per line, in the order of asking
    #[arg(long, value_name = "N")]
    pub(super) pin_fd: Option<u32>,
}

/// Lets a rehearsal that plays by itself go on after each pause of its script.
pub(super) fn play_on(path: &Path, mut status: Status) -> Result<Status, Failure> {
    while is_paused(path)? {
        status = resume(&Arguments {
            directory: path.to_owned(),
            plain: false,
            unattended: true,
            mirror: None,
            pin_fd: None,
        })?;
    }
    Ok(status)
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let status = resume(arguments)?;
    if arguments.unattended {
        play_on(&arguments.directory, status)
    } else {
        Ok(status)
    }
}

fn resume(arguments: &Arguments) -> Result<Status, Failure> {
    let path = absolute(&arguments.directory)?;
    let _ = host::harden();
    // Only read at first: the record says where the mirror and the simulated tokens are, and what was cut short is told
    // by the process that takes the ceremony up.
    let record = read_record(&path).map_err(|error| record_failure(&error))?;
    let opening = record.transcript.opening().ok_or_else(|| {
        Failure::new(Status::Refused, "the record does not begin with an opening")
            .hint("begin the ceremony again in a new directory")
    })?;
    same_profiles(opening, &record.script)?;
    let mirror = mirror(&path, arguments.mirror.as_deref(), opening)?;
    let hands = match hands(&path, opening)? {
        Some(store) => {
            if !super::restart::runs_with_simulated(&store) {
                let mut command = super::restart::with_simulated(&store)?;
                command.args(std::env::args_os().skip(1));
                let error = command.exec();
                return Err(Failure::new(
                    Status::Io,
                    format!("this program cannot be started again: {error}"),
                ));
            }
            Some(store)
        }
        None if arguments.unattended => {
            return Err(
                Failure::new(Status::Usage, "a production cannot play by itself")
                    .hint("leave out --unattended"),
            );
        }
        None => {
            let profiles = record.script.profiles().values();
            profiles::enter_environment(profiles.map(AsRef::as_ref))?;
            None
        }
    };
    let opened = open(&path, &mirror)?;
    let hands: Box<dyn Hands> = match hands {
        Some(store) => Box::new(
            SimulatedTokens::new(&store, &opened.directory.script())
                .map_err(|error| super::restart::simulation_failure(&error))?,
        ),
        None => Box::new(PeoplesHands),
    };
    let show = if arguments.unattended {
        Show::Unattended
    } else {
        Show::to_people(arguments.plain, arguments.pin_fd)?
            .after(&opened.transcript, &opened.directory.script())
    };
    conduct(show, &path, |front_end| {
        Executor::resume(
            opened.directory,
            opened.transcript,
            opened.torn_bytes,
            hands,
            front_end,
        )
    })
}

/// A ceremony continues with the profiles with which it began.
fn same_profiles(opening: &Opening, script: &Script) -> Result<(), Failure> {
    for (name, digest) in script.profile_digests() {
        if opening.profiles.get(&name) != Some(&digest) {
            return Err(Failure::new(
                Status::Refused,
                format!("the token profile {name} is not the one with which the ceremony began"),
            )
            .hint("resume with the conclave version that began it, and restore profiles/ of the ceremony directory"));
        }
    }
    Ok(())
}

/// Where the second copy of the record goes from now on.
enum Mirror {
    Nowhere,
    /// Where it was begun, or was carried to.
    There(PathBuf),
    /// Where one is begun now.
    Anew(PathBuf),
}

/// The mirror that is given, or else the one on record. Whoever lost the directory goes on with its mirror alone.
fn mirror(path: &Path, given: Option<&Path>, opening: &Opening) -> Result<Mirror, Failure> {
    let is_this =
        |other: &Path| matches!((real_path(other), real_path(path)), (Ok(a), Ok(b)) if a == b);
    if let Some(given) = given {
        let given = absolute(given)?;
        if is_this(&given) {
            return Err(
                Failure::new(Status::Usage, "a ceremony directory is no mirror of itself")
                    .hint("give a directory on another medium"),
            );
        }
        return Ok(if CeremonyDirectory::has_mirror(&given) {
            Mirror::There(given)
        } else {
            Mirror::Anew(given)
        });
    }
    let Some(recorded) = opening.mirror.as_ref().map(PathBuf::from) else {
        return Ok(Mirror::Nowhere);
    };
    if is_this(&recorded) {
        eprintln!(
            "note: this directory was the mirror of the record, and has none now. --mirror DIR begins one."
        );
        return Ok(Mirror::Nowhere);
    }
    if CeremonyDirectory::has_mirror(&recorded) {
        return Ok(Mirror::There(recorded));
    }
    let what = format!("the mirror of the record is not at {}", recorded.display());
    Err(Failure::new(Status::Io, what).hint(
        "put its medium in; or give --mirror DIR: where it is now, or an empty directory for a new one",
    ))
}

fn open(path: &Path, mirror: &Mirror) -> Result<crate::executor::Opened, Failure> {
    let there = match mirror {
        Mirror::There(mirror) => Some(mirror.as_path()),
        Mirror::Nowhere | Mirror::Anew(_) => None,
    };
    let mut opened =
        CeremonyDirectory::open(path, there).map_err(|error| directory_failure(&error))?;
    if let Mirror::Anew(mirror) = mirror {
        opened
            .directory
            .begin_mirror(mirror)
            .map_err(|error| directory_failure(&error))?;
    }
    Ok(opened)
}

/// The store of the simulated tokens, if the ceremony is a rehearsal.
fn hands(path: &Path, opening: &Opening) -> Result<Option<PathBuf>, Failure> {
    let Some(simulated_tokens) = &opening.simulated_tokens else {
        return Ok(None);
    };
    let store = path.join(simulated_tokens);
    real_path(&store).map(Some).map_err(|error| {
        Failure::new(Status::Io, format!("the tokens of the rehearsal, {error}"))
            .hint("bring the directory of the rehearsal back as it was")
    })
}
