//! `conclave run`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ceremony::{Ceremony, Ending, Input, Mode, Moment, Opening, Verdict};
use crate::certificate::PublicKey;
use crate::executor::{Executor, PeoplesHands, program_digest};
use crate::host;
use crate::script::{Enrolled, Script};
use crate::words::Digest;

use super::conduct::{Show, absolute, conduct, create_directory, opening, read_ceremony};
use super::script::{Source, print_warnings};
use super::{Failure, Status, profiles};

/// Run a ceremony in production
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The script
    script: PathBuf,
    /// The ceremony directory; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Keep a second copy of the transcript in this directory, on another medium
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// The ceremony directory of the completed rehearsal of exactly this script
    #[arg(long, value_name = "DIR")]
    rehearsal: Option<PathBuf>,
    /// Use line mode, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Read the PINs and approval codes from this file descriptor, one per line, in the order of the prompts
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let _ = host::harden();
    let script = Source::open(&arguments.script)?.parse(Timestamp::now())?;
    profiles::enter_environment(script.profiles().values().map(AsRef::as_ref))?;
    print_warnings(&script);
    if script.uses_sample_keys() {
        return Err(Failure::refused(
            "an online role of the script uses a sample key, whose private key nobody has",
        )
        .hint("write a script with your own keys: conclave script new"));
    }
    let is_rehearsed = |file: &&Enrolled| file.enrollment.claims().is_rehearsal;
    if let Some(enrolled) = script.enrolled().map(|(_, file)| file).find(is_rehearsed) {
        return Err(Failure::refused(format!(
            "{:?} is the enrollment file of a key that was generated in a rehearsal",
            enrolled.file().file
        ))
        .hint("generate the key in a production ceremony, and enroll that key"));
    }
    let rehearsal = arguments.rehearsal.as_deref();
    let rehearsal = rehearsal
        .map(|path| completed_rehearsal(path, &script))
        .transpose()?;
    if rehearsal.is_none() {
        eprintln!(
            "warning: no rehearsal of this script was given: to continue without one, two people must approve an exception\n\
             hint: conclave rehearse SCRIPT --out DIR, then add: --rehearsal DIR/{}",
            script.kind()
        );
    }
    let (rehearsal, rehearsal_keys) =
        rehearsal.map_or((None, Vec::new()), |shown| (Some(shown.digest), shown.keys));
    let mirror = arguments.mirror.as_deref().map(absolute).transpose()?;
    let opening = Opening {
        rehearsal,
        rehearsal_keys,
        ..opening(&script, program_digest(), mirror.as_deref())
    };
    let script = Arc::new(script);
    may_open(&script, &opening)?;
    let path = absolute(&arguments.out)?;
    let directory = create_directory(&path, script, mirror.as_deref())?;
    conduct(
        Show::to_people(arguments.plain, arguments.pin_fd)?,
        &path,
        |front_end| Executor::begin(directory, opening, Box::new(PeoplesHands), front_end),
    )
}

/// Refuses what the ceremony itself would refuse, before anything is made.
fn may_open(script: &Arc<Script>, opening: &Opening) -> Result<(), Failure> {
    let moment = Moment {
        machine_time: Timestamp::now(),
        fresh: [0; 8],
    };
    Ceremony::new(Arc::clone(script))
        .decide(Input::Open(opening.clone()), &moment)
        .map(drop)
        .map_err(|error| {
            Failure::refused(error).hint(
                "pin the files of the previous production ceremony, and none of a rehearsal, then: conclave script check SCRIPT",
            )
        })
}

/// What a production records of its completed rehearsal.
struct ShownRehearsal {
    /// The digest of its transcript.
    digest: Digest,
    /// The fingerprints of the keys that were generated in it.
    keys: Vec<Digest>,
}

fn completed_rehearsal(path: &Path, script: &Script) -> Result<ShownRehearsal, Failure> {
    let (ceremony, record) = read_ceremony(path)?;
    let refused = |error: &str| {
        Err(Failure::refused(format!("{}: {error}", path.display())).hint(
            "rehearse exactly this script to its end with `conclave rehearse SCRIPT --out DIR`, and give its ceremony directory",
        ))
    };
    if ceremony.mode() != Mode::Rehearsal {
        return refused("this ceremony is not a rehearsal");
    }
    if ceremony.script().sha256() != script.sha256() {
        return refused("this is the rehearsal of another script");
    }
    match ceremony.ending() {
        Some(Ending::Closed(Verdict::Refuse)) => refused("this rehearsal was refused at sign-off"),
        Some(Ending::Closed(Verdict::Agree | Verdict::WithReservation)) => Ok(ShownRehearsal {
            digest: record.transcript.head(),
            keys: ceremony
                .key_states()
                .flat_map(|(_, state)| {
                    let former = state.former().iter().map(|former| &former.public_key);
                    let generated = state.generated().map(|generated| &generated.public_key);
                    former.chain(generated)
                })
                .chain(ceremony.remote_keys().filter_map(|(_, key)| key.public()))
                .map(PublicKey::fingerprint)
                .collect(),
        }),
        Some(Ending::Aborted { .. }) | None => refused("this rehearsal was not completed"),
    }
}
