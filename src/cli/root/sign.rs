//! `conclave root sign`: one key holder, one token, one signature, on a machine of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;

use jiff::Timestamp;

use super::carried::refused;
use super::chain_files::{ChainFiles, read_file_up_to};
use super::history::History;
use super::{Failure, Status};
use crate::ceremony::{Mode, Opening};
use crate::certificate::PublicKey;
use crate::cli::conduct::{Show, absolute, conduct, create_directory};
use crate::cli::output::display;
use crate::cli::profiles;
use crate::cli::script::tell_errors;
use crate::executor::{Executor, PeoplesHands, program_digest};
use crate::host;
use crate::metadata::{TrustedRoot, verify_chain};
use crate::profile::Profile;
use crate::script::{SigningPlan, TokenMark};
use crate::token::open_reader;
use crate::transfer::{Anchor, Check, Refusal, RequestedSignature, SigningRequest};

/// The longest request.
const LONGEST: usize = 16 << 20;

/// Sign what a signing request asks for, with one token.
///
/// The request is judged before a token is touched: its chain from the root that this machine trusts (--trust),
/// or from the digest words of the key holder's paper card, which are typed; and whether anything else was signed
/// as that version (--history). Then the change is shown in words, and the exact word is typed.
/// The ceremony directory holds the record and, in export/, the signature file that goes back.
///
/// Exit status: 0 signed, 1 refused by a check, 2 wrong usage, 3 the token, 4 input or output, 5 the machine,
/// 130 aborted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The signing request
    request: PathBuf,
    /// The token, by its label or serial number
    #[arg(long, value_name = "T")]
    token: String,
    /// The make of the token
    #[arg(long, value_name = "PROFILE", default_value = "softhsm2")]
    profile: String,
    /// The ceremony directory: one that does not exist yet or is empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The record of an earlier ceremony or signing, or a register of payloads: what was signed before
    #[arg(long, value_name = "DIR", num_args = 1..)]
    history: Vec<PathBuf>,
    /// The roots that this machine trusts, as for `root verify`; without it the words of the card are typed
    #[arg(long, value_name = "PATH", num_args = 1..)]
    trust: Vec<PathBuf>,
    /// Which key signs, where the request asks for several
    #[arg(long = "keyid", value_name = "ID")]
    key_id: Option<String>,
    /// The key holder's name, where it is not as the request says
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// Who watches; without a witness the record says that nobody did
    #[arg(long, value_name = "NAME")]
    witness: Option<String>,
    /// Keep a second copy of the record here, on another medium
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Line by line, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Take the PIN from a descriptor
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let _ = host::harden();
    // Hashing the program takes as long as all that comes before the first line of the transcript.
    let program = thread::spawn(program_digest);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let refuse = |refusal: Refusal| refused(&arguments.request, &refusal);
    let bytes = read_file_up_to(&arguments.request, LONGEST)?;
    let request = SigningRequest::read(&bytes).map_err(refuse)?;
    let trusted = trusted(&arguments.trust)?;
    if let Some((_, root)) = &trusted {
        request.judge(Anchor::Root(root), now).map_err(refuse)?;
    }
    let history = History::read(&arguments.history)?;
    let register = history.register();
    register
        .judge(
            request.repository(),
            request.payload().version(),
            request.payload().digest(),
        )
        .map_err(refuse)?;
    if let Some(newest) = register
        .newest_reached(request.repository())
        .filter(|newest| *newest > request.payload().version())
    {
        let text = format!(
            "it asks for version {}; version {newest} was signed already, by the records",
            request.payload().version()
        );
        return Err(refuse(Refusal::new(Check::RequestReplayed, text)));
    }
    let profile = profiles::load(&arguments.profile)?;
    profiles::enter_environment([&profile])?;
    let asked = asked(arguments, &request, &profile)?;
    let plan = SigningPlan {
        request: (request.file_name(), bytes),
        trusted: trusted.map(|(files, _)| files).unwrap_or_default(),
        register: (!register.is_empty())
            .then(|| ("payloads.json".to_owned(), register.to_file_bytes())),
        repository: request.repository().to_owned(),
        version: request.payload().version(),
        not_before: now,
        holder: arguments.holder.clone().unwrap_or(asked.holder),
        witness: arguments.witness.clone(),
        key_id: asked.key_id,
        profile_file: profile.file(),
        profile: profile.name,
        token: mark(arguments)?,
    };
    let script = match plan.script() {
        Ok(script) => script,
        Err(errors) => return Ok(tell_errors(&errors)),
    };
    let script_profiles = script.profile_digests();
    let path = absolute(&arguments.out)?;
    let mirror = arguments.mirror.as_deref().map(absolute).transpose()?;
    let directory = create_directory(&path, script, mirror.as_deref())?;
    let opening = || Opening {
        mode: Mode::Production,
        conclave: env!("CARGO_PKG_VERSION").to_owned(),
        program: program.join().unwrap_or_default(),
        export: "export".to_owned(),
        simulated_tokens: None,
        mirror: mirror.as_ref().map(|path| path.display().to_string()),
        machine: host::machine(),
        rehearsal: None,
        simulated_set: None,
        rehearsal_keys: Vec::new(),
        simulated_attestation_root: None,
        simulated_root: None,
        simulated_further_roots: BTreeMap::new(),
        simulated_keys: BTreeMap::new(),
        simulated_approvals: BTreeMap::new(),
        simulated_clock_offset: 0,
        profiles: script_profiles,
    };
    conduct(
        Show::to_people(arguments.plain, arguments.pin_fd)?,
        &path,
        |front_end| Executor::begin_when(directory, opening, Box::new(PeoplesHands), front_end),
    )
}

type Trusted = (Vec<(String, Vec<u8>)>, TrustedRoot);

/// The roots that this machine trusts, as the script carries them, and the newest.
fn trusted(paths: &[PathBuf]) -> Result<Option<Trusted>, Failure> {
    if paths.is_empty() {
        return Ok(None);
    }
    let files = ChainFiles::find(paths)?
        .read()
        .collect::<Result<Vec<_>, _>>()?;
    let report = verify_chain(files.iter().cloned(), Timestamp::UNIX_EPOCH);
    let Some(root) = report.trusted() else {
        let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
        return Err(Failure::new(
            Status::Refused,
            format!("the roots of --trust do not verify: {}", reasons.join("; ")),
        )
        .hint("conclave root verify tells more"));
    };
    // The newest has the highest number, and each before it one less.
    let last = root.version();
    let first = last + 1 - files.len() as u64;
    let files = (first..=last)
        .zip(files)
        .map(|(version, (_, bytes))| (format!("trusted/{version}.root.json"), bytes))
        .collect();
    Ok(Some((files, root.clone())))
}

/// The key that is to sign: the one that is named, the only one, or the one that the token shows.
fn asked(
    arguments: &Arguments,
    request: &SigningRequest,
    profile: &Profile,
) -> Result<RequestedSignature, Failure> {
    let refuse = |text: String| {
        refused(
            &arguments.request,
            &Refusal::new(Check::RequestNotAsked, text),
        )
    };
    if let Some(id) = &arguments.key_id {
        let mut asked = request.asked().iter();
        return asked
            .find(|one| one.key_id.as_str() == id)
            .cloned()
            .ok_or_else(|| {
                refuse(format!(
                    "it does not ask the key {} to sign",
                    id.escape_debug()
                ))
            });
    }
    if let [only] = request.asked() {
        return Ok(only.clone());
    }
    let held = held_keys(arguments, profile)?;
    let documents = [request.payload().document(), request.base().document()];
    let is_held = |one: &&RequestedSignature| {
        documents
            .iter()
            .filter_map(|document| document.root_key(&one.key_id)?.public())
            .any(|public| held.contains(public))
    };
    request
        .asked()
        .iter()
        .find(is_held)
        .cloned()
        .ok_or_else(|| {
            refuse(format!(
                "the token {:?} holds none of the {} keys that it asks to sign",
                arguments.token,
                request.asked().len()
            ))
        })
}

/// The public keys that the token shows without a PIN.
fn held_keys(arguments: &Arguments, profile: &Profile) -> Result<Vec<PublicKey>, Failure> {
    let mut reader = open_reader(profile)?;
    let seen = crate::cli::token::select(reader.as_mut(), Some(&arguments.token))?;
    let mut token = reader.open(&seen.id)?;
    Ok(token.keys()?.into_iter().map(|key| key.public).collect())
}

/// By what the script names the token: a label, unless only a serial number looks like that.
fn mark(arguments: &Arguments) -> Result<TokenMark, Failure> {
    let text = &arguments.token;
    if text.is_empty() || text.len() > 64 {
        return Err(Failure::new(
            Status::Usage,
            "a token is named by its label or its serial number",
        )
        .hint(format!(
            "conclave token list --profile {}",
            display(std::path::Path::new(&arguments.profile))
        )));
    }
    let is_serial = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(if is_serial {
        TokenMark::Serial(text.clone())
    } else {
        TokenMark::Label(text.clone())
    })
}
