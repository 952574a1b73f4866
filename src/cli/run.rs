//! `conclave run`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::read_record;
use crate::ceremony::{Ceremony, Ending, Input, Mode, Moment, Opening, Verdict};
use crate::certificate::PublicKey;
use crate::executor::{Executor, PeoplesHands, program_digest};
use crate::host;
use crate::script::Script;
use crate::words::Digest;

use super::conduct::{Show, absolute, conduct, create_directory, record_failure};
use super::script::{Source, tell_errors, tell_warnings};
use super::{Failure, Status, profiles};

/// Run a ceremony for real
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The script
    script: PathBuf,
    /// The ceremony directory: one that does not exist yet or is empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Keep a second copy of the record here, on another medium
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// The ceremony directory of the completed rehearsal of this very script
    #[arg(long, value_name = "DIR")]
    rehearsal: Option<PathBuf>,
    /// Line by line, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Take the PINs and approval codes from a descriptor, one per line, in the order of asking
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let _ = host::harden();
    let script = match Source::open(&arguments.script)?.parse(Timestamp::now()) {
        Ok(script) => script,
        Err(errors) => return Ok(tell_errors(&errors)),
    };
    profiles::enter_environment(script.profiles().values().map(AsRef::as_ref))?;
    tell_warnings(&script);
    if script.uses_sample_keys() {
        return Err(Failure::new(
            Status::Refused,
            "an online role of the script has a sample key, whose private half nobody has",
        )
        .hint("write a script with your own keys: conclave script new"));
    }
    let of_rehearsal =
        |enrolled: &&crate::script::Enrolled| enrolled.enrollment.claims().is_rehearsal;
    if let Some(enrolled) = script.enrolled().map(|(_, file)| file).find(of_rehearsal) {
        return Err(Failure::new(
            Status::Refused,
            format!("{:?} is of a key that was made in a rehearsal", enrolled.file().file),
        )
        .hint("a key of a rehearsal stands in no root that counts: have one made for real, and enroll that"));
    }
    let rehearsal = arguments
        .rehearsal
        .as_deref()
        .map(|path| completed_rehearsal(path, &script))
        .transpose()?;
    if rehearsal.is_none() {
        eprintln!(
            "warning: no rehearsal of this script was shown: two people must decide, as an exception, to go on without"
        );
        eprintln!(
            "hint: conclave rehearse SCRIPT --out DIR, then: --rehearsal DIR/{}",
            script.kind()
        );
    }
    let (rehearsal, rehearsal_keys) =
        rehearsal.map_or((None, Vec::new()), |shown| (Some(shown.head), shown.keys));
    let mirror = arguments.mirror.as_deref().map(absolute).transpose()?;
    let opening = Opening {
        mode: Mode::Production,
        conclave: env!("CARGO_PKG_VERSION").to_owned(),
        program: program_digest(),
        machine: host::machine(),
        export: "export".to_owned(),
        simulated_tokens: None,
        mirror: mirror.as_ref().map(|path| path.display().to_string()),
        rehearsal,
        simulated_attestation_root: None,
        simulated_root: None,
        simulated_further_roots: BTreeMap::new(),
        simulated_keys: BTreeMap::new(),
        simulated_approvals: BTreeMap::new(),
        simulated_set: None,
        rehearsal_keys,
        simulated_clock_offset: 0,
        profiles: script.profile_digests(),
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
            Failure::new(Status::Refused, error.to_string())
                .hint("carry in what the ceremony before left, and nothing of a rehearsal")
        })
}

/// A completed rehearsal, as a production remembers it.
struct ShownRehearsal {
    /// The head of its record.
    head: Digest,
    /// The fingerprints of the keys that were made in it.
    keys: Vec<Digest>,
}

/// What is remembered of a rehearsal, if it is one of this very script and was completed.
fn completed_rehearsal(path: &Path, script: &Script) -> Result<ShownRehearsal, Failure> {
    let record = read_record(path).map_err(|error| record_failure(&error))?;
    let refused = |what: &str| {
        Failure::new(Status::Refused, format!("{}: {what}", path.display()))
            .hint("rehearse this very script to its end, and give its ceremony directory")
    };
    let ceremony = record
        .replay()
        .map_err(|error| refused(&error.to_string()))?;
    if ceremony.mode() != Mode::Rehearsal {
        return Err(refused("this is not a rehearsal"));
    }
    if ceremony.script().sha256() != script.sha256() {
        return Err(refused("this is the rehearsal of another script"));
    }
    match ceremony.ending() {
        Some(Ending::Closed(Verdict::Refuse)) => {
            Err(refused("this rehearsal was refused at its end"))
        }
        Some(Ending::Closed(_)) => Ok(ShownRehearsal {
            head: record.transcript.head(),
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
        _ => Err(refused("this rehearsal was not completed")),
    }
}
