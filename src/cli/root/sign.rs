//! `conclave root sign`: one key holder signs with one token, on their own machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;

use super::carried::read_file_up_to;
use super::carried::{LONGEST, refused};
use super::chain_files::ChainFiles;
use super::history::History;
use super::{Failure, Status};
use crate::certificate::PublicKey;
use crate::cli::conduct::{Show, absolute, conduct, create_directory, opening};
use crate::cli::output::display;
use crate::cli::profiles;
use crate::executor::{Executor, PeoplesHands, program_digest};
use crate::host;
use crate::metadata::{TrustedRoot, verify_chain};
use crate::profile::Profile;
use crate::script::{SigningPlan, TokenMark};
use crate::token::open_reader;
use crate::transfer::{Anchor, Check, Refusal, RequestedSignature, SigningRequest};

/// Sign a signing request with one token.
///
/// The request is checked before the token is used: its chain must start at the roots that this machine trusts
/// (--trust) or, without --trust, match the digest words on the key holder's card, which are typed. Earlier
/// ceremonies (--history) show whether a conflicting root was signed. Then the change is shown, and the key holder
/// confirms it by typing a word. The ceremony directory contains the transcript and, in export/, the signature file to
/// return.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The signing request
    request: PathBuf,
    /// Label or serial number of the token
    #[arg(long, value_name = "TOKEN")]
    token: String,
    /// The token profile
    #[arg(long, value_name = "PROFILE", default_value = "softhsm2")]
    profile: String,
    /// The ceremony directory; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Directories of earlier ceremonies, or payload registers, which show what was already signed
    #[arg(long, value_name = "DIR")]
    history: Vec<PathBuf>,
    /// The roots that this machine trusts, as for `root verify`; without them, the digest words on the card are typed
    #[arg(long, value_name = "PATH")]
    trust: Vec<PathBuf>,
    /// The ID of the signing key, if the request names several keys
    #[arg(long = "keyid", value_name = "ID")]
    key_id: Option<String>,
    /// The name of the key holder, if it differs from the request
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// The name of the witness; without one, the transcript records that there was none
    #[arg(long, value_name = "NAME")]
    witness: Option<String>,
    /// Keep a second copy of the transcript in this directory, on another medium
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
    /// Use line mode, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Read the PIN from this file descriptor
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let _ = host::harden();
    // Hashing the program takes as long as everything else before the first entry of the transcript.
    let program = thread::spawn(program_digest);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let refuse = |refusal: Refusal| refused(&arguments.request, &refusal);
    let bytes = read_file_up_to(&arguments.request, LONGEST)?;
    let request = SigningRequest::read(&bytes).map_err(refuse)?;
    let trusted = trusted(&arguments.trust)?;
    if let Some((_, root)) = &trusted {
        request.judge(Anchor::Root(root), now).map_err(refuse)?;
    }
    let register = History::read(&arguments.history)?.register;
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
            "it requests version {}, but version {newest} was already signed in an earlier ceremony",
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
    let script = Arc::new(plan.script()?);
    let path = absolute(&arguments.out)?;
    let mirror = arguments.mirror.as_deref().map(absolute).transpose()?;
    let directory = create_directory(&path, Arc::clone(&script), mirror.as_deref())?;
    let opening = || {
        let program = program.join().unwrap_or_default();
        opening(&script, program, mirror.as_deref())
    };
    conduct(
        Show::to_people(arguments.plain, arguments.pin_fd)?,
        &path,
        |front_end| Executor::begin_when(directory, opening, Box::new(PeoplesHands), front_end),
    )
}

type Trusted = (Vec<(String, Vec<u8>)>, TrustedRoot);

/// The roots that this machine trusts, as pinned input files, and the newest.
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
        return Err(Failure::refused(format!(
            "the roots of --trust are not valid: {}",
            reasons.join("; ")
        ))
        .hint("for details: conclave root verify PATH…"));
    };
    // The versions of a valid chain are consecutive.
    let last = root.version();
    let first = last + 1 - files.len() as u64;
    let files = (first..=last)
        .zip(files)
        .map(|(version, (_, bytes))| (format!("trusted/{version}.root.json"), bytes))
        .collect();
    Ok(Some((files, root.clone())))
}

/// The signing key: the one given with --keyid, the only one in the request, or the one on the token.
fn asked(
    arguments: &Arguments,
    request: &SigningRequest,
    profile: &Profile,
) -> Result<RequestedSignature, Failure> {
    let refuse =
        |text: String| refused(&arguments.request, &Refusal::new(Check::RequestNoKey, text));
    if let Some(id) = &arguments.key_id {
        let mut asked = request.requested().iter();
        return asked
            .find(|one| one.key_id.as_str() == id)
            .cloned()
            .ok_or_else(|| {
                refuse(format!(
                    "it does not request a signature from the key {}",
                    id.escape_debug()
                ))
            });
    }
    if let [only] = request.requested() {
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
        .requested()
        .iter()
        .find(is_held)
        .cloned()
        .ok_or_else(|| {
            refuse(format!(
                "the token {:?} has none of the {} keys in the request",
                arguments.token,
                request.requested().len()
            ))
        })
}

/// The public keys that are visible on the token without its PIN.
fn held_keys(arguments: &Arguments, profile: &Profile) -> Result<Vec<PublicKey>, Failure> {
    let mut reader = open_reader(profile)?;
    let seen = crate::cli::token::select(reader.as_mut(), Some(&arguments.token))?;
    let mut token = reader.open(&seen.id)?;
    Ok(token.keys()?.into_iter().map(|key| key.public).collect())
}

/// How the script identifies the token: by its label, unless the text looks like a serial number.
fn mark(arguments: &Arguments) -> Result<TokenMark, Failure> {
    let text = &arguments.token;
    if text.is_empty() || text.len() > 64 {
        return Err(Failure::usage(format!(
            "{text:?} is not the label or serial number of a token"
        ))
        .hint(format!(
            "to list the tokens: conclave token list --profile {}",
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
