//! `conclave resume`

use std::path::{Path, PathBuf};

use crate::audit::read_record;
use crate::ceremony::Opening;
use crate::executor::{CeremonyDirectory, Executor, Hands, Opened, PeoplesHands};
use crate::host;
use crate::rehearsal::SimulatedTokens;
use crate::script::Script;
use crate::storage::real_path;

use super::conduct::{Show, absolute, conduct, read_ceremony};
use super::restart::{runs_with_simulated, with_simulated};
use super::{Failure, Status, profiles};

/// Continue a ceremony that was paused or interrupted
///
/// Attendance, clock and host are checked again, because people and machine may have changed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The ceremony directory
    pub(super) directory: PathBuf,
    /// Use line mode, for serial consoles and screen readers
    #[arg(long)]
    pub(super) plain: bool,
    /// Let a rehearsal continue by itself
    #[arg(long, conflicts_with = "plain")]
    pub(super) unattended: bool,
    /// The current location of the mirror of the transcript, or an empty directory for a new mirror
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Read the PINs and approval codes from this file descriptor, one per line, in the order of the prompts
    #[arg(long, value_name = "N")]
    pub(super) pin_fd: Option<u32>,
}

/// Lets a rehearsal that plays by itself continue after each pause of its script.
pub(super) fn play_on(path: &Path, mut status: Status) -> Result<Status, Failure> {
    while read_ceremony(path)?.0.is_paused() {
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
    // Only read for now: the transcript shows where the mirror and the simulated tokens are. The process that resumes
    // the ceremony reports a line that was cut short.
    let record = read_record(&path)?;
    let opening = record.transcript.opening().cloned().ok_or_else(|| {
        Failure::refused("the transcript does not begin with the opening of a ceremony")
            .hint("start the ceremony again in a new directory: conclave run SCRIPT --out DIR")
    })?;
    same_profiles(&opening, &record.script)?;
    let mirror = mirror(&path, arguments.mirror.as_deref(), &opening)?;
    let store = simulated_store(&path, &opening)?;
    match &store {
        Some(store) if !runs_with_simulated(store) => return Err(with_simulated(store, &[])),
        None if arguments.unattended => {
            return Err(
                Failure::usage("a production cannot run unattended").hint("omit --unattended")
            );
        }
        Some(_) => {}
        None => profiles::enter_environment(record.script.profiles().values().map(AsRef::as_ref))?,
    }
    drop(record);
    let opened = open(&path, &mirror)?;
    let script = opened.directory.script();
    let hands: Box<dyn Hands> = match store {
        Some(store) => Box::new(SimulatedTokens::new(&store, &script)?),
        None => Box::new(PeoplesHands),
    };
    let show = if arguments.unattended {
        Show::Unattended
    } else {
        Show::to_people(arguments.plain, arguments.pin_fd)?.after(&opened.transcript, &script)
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
            return Err(Failure::refused(format!(
                "the token profile {name} differs from the one at the start of the ceremony"
            ))
            .hint("resume with the conclave version that started the ceremony, and restore profiles/ in the ceremony directory"));
        }
    }
    Ok(())
}

/// Where the second copy of the transcript is written from now on.
enum Mirror {
    None,
    /// At its original location, or where it was moved.
    Existing(PathBuf),
    New(PathBuf),
}

/// The mirror that is given, or else the recorded one. A lost ceremony directory is resumed from its mirror alone.
fn mirror(path: &Path, given: Option<&Path>, opening: &Opening) -> Result<Mirror, Failure> {
    let is_this =
        |other: &Path| matches!((real_path(other), real_path(path)), (Ok(a), Ok(b)) if a == b);
    if let Some(given) = given {
        let given = absolute(given)?;
        if is_this(&given) {
            return Err(
                Failure::usage("the mirror must not be the ceremony directory itself")
                    .hint("give a directory on another medium with --mirror DIR"),
            );
        }
        return Ok(if CeremonyDirectory::has_mirror(&given) {
            Mirror::Existing(given)
        } else {
            Mirror::New(given)
        });
    }
    let Some(recorded) = opening.mirror.as_ref().map(PathBuf::from) else {
        return Ok(Mirror::None);
    };
    if is_this(&recorded) {
        eprintln!(
            "note: this directory was the mirror of the transcript, so the transcript now has no mirror. To start one, add --mirror DIR."
        );
        return Ok(Mirror::None);
    }
    if CeremonyDirectory::has_mirror(&recorded) {
        return Ok(Mirror::Existing(recorded));
    }
    let error = format!(
        "the mirror of the transcript is not at {}",
        recorded.display()
    );
    Err(Failure::io(error).hint(
        "insert its medium; or add --mirror DIR with its current location, or with an empty directory for a new mirror",
    ))
}

fn open(path: &Path, mirror: &Mirror) -> Result<Opened, Failure> {
    let existing = match mirror {
        Mirror::Existing(mirror) => Some(mirror.as_path()),
        Mirror::None | Mirror::New(_) => None,
    };
    let mut opened = CeremonyDirectory::open(path, existing)?;
    if let Mirror::New(mirror) = mirror {
        opened.directory.begin_mirror(mirror)?;
    }
    Ok(opened)
}

/// The store of the simulated tokens, if the ceremony is a rehearsal.
fn simulated_store(path: &Path, opening: &Opening) -> Result<Option<PathBuf>, Failure> {
    let store = opening.simulated_tokens.as_ref().map(|store| {
        real_path(&path.join(store)).map_err(|error| {
            Failure::io(format!(
                "cannot find the simulated tokens of the rehearsal: {error}"
            ))
            .hint("restore the directory of the rehearsal as it was")
        })
    });
    store.transpose()
}
