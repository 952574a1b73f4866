//! `conclave rehearse`

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::audit::{CUSTODY, PAYLOADS, read_record};
use crate::backup::manifest_file;
use crate::ceremony::{BackupEvent, EventKind, Mode, Opening, ProgressEvent};
use crate::executor::{Executor, program_digest};
use crate::host;
use crate::metadata::{KeyType, RoleKind as RootRole, RootFile};
use crate::profile::Profile;
use crate::rehearsal::{
    OnlineKeys, OnlineKeysError, SimulatedTokens, TokenKind, recipients_of_nobody,
};
use crate::script::{
    CUSTODY_LIST, ChangeTemplate, DrillLevel, Keeper, KeyDisposition, Kind, OnlineFiles, Opens,
    RestoreTemplate, Script, ScriptErrors, ScriptTemplate, back_up,
};

use crate::storage::{
    FileError, Links, Mode as FileMode, WriteError, is_empty, make_folder, read, read_text, replace,
};

use super::conduct::{Show, absolute, conduct, create_directory, is_paused, record_failure};
use super::restart::{simulation_failure, with_simulated};
use super::script::{Source, tell_errors, tell_warnings};
use super::{Failure, Status};

const STORE: &str = "tokens";
/// Longer than any file that a ceremony of a rehearsal leaves to the next.
const MAX_BYTES: u64 = 64 << 20;
/// In the store of a whole life: a drill of the key that has shares follows the rotation.
const DRILL_FOLLOWS: &str = "drill-follows";
/// In the store of a whole life: type and token profile of the keys that the rotation adds, which follows the genesis.
const ROTATION_FOLLOWS: &str = "rotation-follows";

/// Rehearse a ceremony on throw-away tokens
///
/// With a script: that very script, byte for byte, with throw-away tokens in place of its own.
/// Without: the life of a root from its beginning, with throw-away keys for the online roles as well:
/// the first root, then the second, in which one token is replaced, then a drill in which shares restore a key.
/// Nothing that comes out may be trusted, and no configuration of the system is touched.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The script to rehearse
    script: Option<PathBuf>,
    /// Let it play by itself, and tell what happens
    #[arg(long, conflicts_with = "plain")]
    unattended: bool,
    /// Line by line, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Root keys, each with a token of its own [default: 5]
    #[arg(long, value_name = "N", conflicts_with = "script")]
    tokens: Option<u8>,
    /// Signatures that a root needs [default: more than half of the tokens]
    #[arg(long, value_name = "M", conflicts_with = "script")]
    threshold: Option<u8>,
    /// The type of the root keys
    #[arg(long, value_name = "T", conflicts_with = "script", default_value_t = KeyType::EcdsaP256)]
    key_type: KeyType,
    /// End after this ceremony [default: the whole life]; the genesis alone makes no shares
    #[arg(long, value_name = "KIND", conflicts_with = "script")]
    until: Option<Until>,
    /// What the throw-away tokens are
    ///
    /// yubikey: virtual YubiKeys, where they are installed, for every token (without a script) or for those that are
    /// YubiKeys in the script
    #[arg(long, value_name = "KIND", default_value = "softhsm")]
    token_kind: TokenKindArgument,
    /// Where everything goes: a directory that does not exist yet or is empty [default: a fresh one here]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The store of the throw-away tokens is made, and this process runs with it
    #[arg(long, hide = true)]
    prepared: bool,
}

/// What the throw-away tokens are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TokenKindArgument {
    /// SoftHSM.
    Softhsm,
    /// Virtual YubiKeys.
    Yubikey,
}

impl TokenKindArgument {
    const fn kind(self) -> TokenKind {
        match self {
            Self::Softhsm => TokenKind::SoftHsm,
            Self::Yubikey => TokenKind::YubiKey,
        }
    }

    /// The profile of the tokens of a rehearsal without a script.
    fn profile(self) -> String {
        match self {
            Self::Softhsm => "softhsm2",
            Self::Yubikey => "yubikey-piv",
        }
        .to_owned()
    }
}

/// A ceremony in the life of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Until {
    /// The first root.
    Genesis,
    /// The second root, in which one token is replaced.
    Rotation,
    /// The drill in which shares restore a key.
    Drill,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let out = absolute(&arguments.out.clone().unwrap_or_else(fresh_directory))?;
    if !arguments.prepared {
        // Judged before anything is made.
        if let Some(path) = &arguments.script {
            if let Err(errors) = Source::open(path)?.parse(Timestamp::UNIX_EPOCH) {
                return Ok(tell_errors(&errors));
            }
        } else {
            write(&template(arguments, OnlineFiles::new()))?;
        }
        prepare(&out, arguments.token_kind.kind())?;
        return Err(run_again_in(&out, arguments.out.is_some()));
    }
    let _ = host::harden();
    let script = match script(arguments, &out)? {
        Ok(script) => script,
        Err(status) => return Ok(status),
    };
    if arguments.script.is_none() && arguments.until != Some(Until::Genesis) {
        let path = out.join(STORE).join(ROTATION_FOLLOWS);
        let follows = format!(
            "{} {}\n",
            arguments.key_type,
            arguments.token_kind.profile()
        );
        let unwritten = |error: WriteError| Failure::new(Status::Io, error.to_string());
        replace(&path, follows.as_bytes(), FileMode::Private).map_err(unwritten)?;
        if arguments.until != Some(Until::Rotation) {
            let path = out.join(STORE).join(DRILL_FOLLOWS);
            replace(&path, b"", FileMode::Private).map_err(unwritten)?;
        }
    }
    let genesis = out.join(script.kind().as_str());
    let as_asked = || {
        if arguments.unattended {
            Ok(Show::Unattended)
        } else {
            Show::to_people(arguments.plain, None)
        }
    };
    let status = play(&out, script, arguments.script.is_some(), as_asked()?)?;
    let status = go_on(&genesis, status, as_asked)?;
    println!("The rehearsal is in {}", out.display());
    Ok(status)
}

/// A whole life: once its genesis is done, in this process or in one that took it up, the root that was made is
/// changed as well; and then what its backup restores is seen.
pub(super) fn go_on(
    directory: &Path,
    status: Status,
    show: impl Fn() -> Result<Show, Failure>,
) -> Result<Status, Failure> {
    let is_of_life = [Kind::Genesis, Kind::Rotation]
        .iter()
        .any(|kind| directory.ends_with(kind.as_str()));
    let Some(out) = directory
        .parent()
        .filter(|_| is_of_life && status == Status::Done)
    else {
        return Ok(status);
    };
    if is_paused(directory)? {
        return Ok(status);
    }
    let status = rotate_on(out, status, &show)?;
    drill_on(out, status, &show)
}

/// The rotation of a whole life, once and after its genesis.
fn rotate_on(
    out: &Path,
    status: Status,
    show: &impl Fn() -> Result<Show, Failure>,
) -> Result<Status, Failure> {
    let follows = read_text(&out.join(STORE).join(ROTATION_FOLLOWS), Links::Refuse, 256);
    let follows = follows.unwrap_or_default();
    let (key_type, profile) = follows.trim().split_once(' ').unwrap_or_default();
    let Ok(key_type) = key_type.parse() else {
        return Ok(status);
    };
    if out.join(Kind::Rotation.as_str()).exists() {
        return Ok(status);
    }
    match rotation(key_type, profile.to_owned(), out)? {
        Ok(script) => play(out, script, false, show()?),
        Err(faulty) => Ok(faulty),
    }
}

/// The drill of a whole life, once and after its rotation.
fn drill_on(
    out: &Path,
    status: Status,
    show: &impl Fn() -> Result<Show, Failure>,
) -> Result<Status, Failure> {
    let rotation = out.join(Kind::Rotation.as_str());
    let follows = out.join(STORE).join(DRILL_FOLLOWS).exists() && rotation.exists();
    let is_next = follows && status == Status::Done && !is_paused(&rotation)?;
    if !is_next || out.join(Kind::Drill.as_str()).exists() {
        return Ok(status);
    }
    let record = read_record(&rotation).map_err(|error| record_failure(&error))?;
    let last = record.transcript.entries().last();
    if !last.is_some_and(|entry| {
        matches!(
            entry.line.kind,
            EventKind::Progress(ProgressEvent::Closed { .. })
        )
    }) {
        return Ok(status);
    }
    match drill(out, record.script.not_before())? {
        None => Ok(status),
        Some(Ok(script)) => play(out, script, false, show()?),
        Some(Err(faulty)) => Ok(faulty),
    }
}

/// Plays one ceremony of the rehearsal to its end.
fn play(out: &Path, script: Script, is_carried: bool, show: Show) -> Result<Status, Failure> {
    let mut simulated_tokens = SimulatedTokens::new(&out.join(STORE), &script)
        .map_err(|error| simulation_failure(&error))?;
    if !matches!(show, Show::Unattended) {
        simulated_tokens
            .show_touches()
            .map_err(|e| simulation_failure(&e))?;
    }
    let attestation_root = simulated_tokens
        .attestation_root()
        .map_err(|e| simulation_failure(&e))?;
    let simulated_root = if is_carried {
        simulated_tokens
            .simulated_root(&script)
            .map_err(|e| simulation_failure(&e))?
    } else {
        // The keys of the root are simulated already.
        None
    };
    let simulated_further_roots = match &simulated_root {
        Some(own) => simulated_tokens
            .simulated_further_roots(&script, own)
            .map_err(|e| simulation_failure(&e))?,
        None => BTreeMap::new(),
    };
    let simulated_keys = simulated_tokens
        .simulated_keys(&script)
        .map_err(|e| simulation_failure(&e))?;
    let simulated_set = simulated_tokens
        .simulated_set(&script)
        .map_err(|e| simulation_failure(&e))?;
    let opening = Opening {
        mode: Mode::Rehearsal,
        conclave: env!("CARGO_PKG_VERSION").to_owned(),
        program: program_digest(),
        machine: host::machine(),
        export: "../export".to_owned(),
        simulated_tokens: Some(format!("../{STORE}")),
        mirror: None,
        rehearsal: None,
        simulated_attestation_root: attestation_root,
        simulated_root,
        simulated_further_roots,
        simulated_keys,
        simulated_set: simulated_set.map(Box::new),
        rehearsal_keys: Vec::new(),
        simulated_approvals: simulated_tokens
            .approval_tokens(&script)
            .map_err(|error| simulation_failure(&error))?,
        profiles: script.profile_digests(),
        simulated_clock_offset: script.not_before().as_second() - Timestamp::now().as_second(),
    };
    let path = out.join(script.kind().as_str());
    let directory = create_directory(&path, script, None)?;
    let is_unattended = matches!(show, Show::Unattended);
    let status = conduct(show, &path, |front_end| {
        Executor::begin(directory, opening, Box::new(simulated_tokens), front_end)
    })?;
    if is_unattended {
        super::resume::play_on(&path, status)
    } else {
        Ok(status)
    }
}

/// A script that replaces the last key of the root that the rehearsal has made.
fn rotation(
    key_type: KeyType,
    profile: String,
    out: &Path,
) -> Result<Result<Script, Status>, Failure> {
    let genesis = out.join(Kind::Genesis.as_str());
    let record = read_record(&genesis).map_err(|error| record_failure(&error))?;
    let path = out.join("export/1.root.json");
    let unreadable = |what: String| Failure::new(Status::Io, format!("{}: {what}", path.display()));
    let read = |path: &Path| {
        read(path, Links::Refuse, MAX_BYTES)
            .map_err(|error| Failure::new(Status::Io, error.to_string()))
    };
    let root = read(&path)?;
    let register = read(&genesis.join(PAYLOADS))?;
    let custody = read(&genesis.join(CUSTODY))?;
    let file = RootFile::read(&root).map_err(|remark| unreadable(remark.to_string()))?;
    let ids = file.document().role(RootRole::Root).key_ids();
    let (last, kept) = ids
        .split_last()
        .ok_or_else(|| unreadable("no keys".to_owned()))?;
    let mut keys: Vec<_> = kept
        .iter()
        .map(|id| (id.clone(), KeyDisposition::Keep))
        .collect();
    keys.push((last.clone(), KeyDisposition::Remove));
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let template = ChangeTemplate {
        template: "rotation".to_owned(),
        title: Some("Replace one root key of rehearsal.example/updates".to_owned()),
        repository: record.script.repository().to_owned(),
        not_before: now.max(record.script.not_before()),
        expires: now + SignedDuration::from_hours(365 * 24),
        chain: vec![("previous/1.root.json".to_owned(), root)],
        transcript_digest: Some(record.transcript.head()),
        register: Some(("previous/payloads.json".to_owned(), register)),
        custody: Some((CUSTODY_LIST.to_owned(), custody)),
        threshold: None,
        keys,
        added: 1,
        key_type,
        profile,
        online: OnlineFiles::new(),
    };
    let text = template
        .write()
        .map_err(|error| Failure::new(Status::Usage, error.to_string()))?;
    let carried: BTreeMap<_, _> = template.files().collect();
    Ok(judged(Script::parse(
        "rotation.toml",
        &text,
        &carried,
        template.not_before,
    )))
}

/// A script that restores the first key of the rehearsal that has shares; none where no key has any.
fn drill(out: &Path, not_before: Timestamp) -> Result<Option<Result<Script, Status>>, Failure> {
    let genesis = read_record(&out.join(Kind::Genesis.as_str()));
    let genesis = genesis.map_err(|error| record_failure(&error))?;
    let made = genesis.transcript.entries().iter().find_map(|entry| {
        let EventKind::Backup(BackupEvent::BackedUp(made)) = &entry.line.kind else {
            return None;
        };
        Some(made.manifest.clone())
    });
    let Some(set) = made else {
        return Ok(None);
    };
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let name = manifest_file(&set.facts().key, &set.facts().id);
    let template = RestoreTemplate {
        kind: Kind::Drill,
        level: DrillLevel::Full,
        title: None,
        not_before: now.max(not_before),
        manifest: (format!("restore/{name}"), set.to_file_bytes()),
        set,
        onto: None,
        opens: Opens::OwnDevice,
    };
    let text = template
        .write()
        .map_err(|error| Failure::new(Status::Usage, error.to_string()))?;
    let carried: BTreeMap<_, _> = [template.manifest.clone()].into();
    Ok(Some(judged(Script::parse(
        "drill.toml",
        &text,
        &carried,
        template.not_before,
    ))))
}

fn judged(parsed: Result<Script, ScriptErrors>) -> Result<Script, Status> {
    match parsed {
        Ok(script) => {
            tell_warnings(&script);
            Ok(script)
        }
        Err(errors) => Err(tell_errors(&errors)),
    }
}

/// The script that was asked for, or one for a first root.
fn script(arguments: &Arguments, out: &Path) -> Result<Result<Script, Status>, Failure> {
    let parsed = if let Some(path) = &arguments.script {
        // A rehearsal's clock starts at the script's own date, so that no script is too old to be rehearsed.
        Source::open(path)?.parse(Timestamp::UNIX_EPOCH)
    } else {
        let online = OnlineKeys::generate_in(&out.join("online"))
            .map_err(|error: OnlineKeysError| Failure::new(Status::Io, error.to_string()))?;
        let template = template(arguments, online.public_files());
        let text = with_shares(arguments, write(&template)?)?;
        let carried: BTreeMap<_, _> = online.public_files().into_values().flatten().collect();
        Script::parse("genesis.toml", &text, &carried, template.not_before)
    };
    Ok(judged(parsed))
}

/// In a whole life, the first key is backed up, where its token lets it out: two of three custodians restore it.
fn with_shares(arguments: &Arguments, text: String) -> Result<String, Failure> {
    let wraps = Profile::named(&arguments.token_kind.profile())
        .is_ok_and(|profile| profile.wraps(arguments.key_type));
    if arguments.until == Some(Until::Genesis) || !wraps {
        return Ok(text);
    }
    let keepers: Vec<Keeper> = recipients_of_nobody(3)
        .into_iter()
        .zip(1..)
        .map(|(recipient, n)| Keeper {
            name: format!("Custodian {n}"),
            recipient,
        })
        .collect();
    back_up(&text, "key-1", 2, &keepers)
        .map_err(|error| Failure::new(Status::Usage, error.to_string()))
}

fn template(arguments: &Arguments, online: OnlineFiles) -> ScriptTemplate {
    let tokens = arguments.tokens.unwrap_or(5);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "rehearsal.example/updates".to_owned(),
        tokens,
        threshold: arguments.threshold.unwrap_or(tokens / 2 + 1),
        key_type: arguments.key_type,
        profile: arguments.token_kind.profile(),
        not_before: now,
        expires: now + SignedDuration::from_hours(365 * 24),
        online,
    }
}

fn write(template: &ScriptTemplate) -> Result<String, Failure> {
    template.write().map_err(|error| {
        Failure::new(Status::Usage, error.to_string())
            .hint("have at least two tokens more than the threshold")
    })
}

fn fresh_directory() -> PathBuf {
    let stamp: String = Timestamp::now()
        .to_string()
        .chars()
        .take_while(|letter| *letter != '.' && *letter != 'Z')
        .filter(|letter| *letter != ':')
        .collect();
    PathBuf::from(format!("rehearsal-{stamp}"))
}

/// Makes the directory, which must be empty, and the store of the simulated tokens in it.
fn prepare(out: &Path, kind: TokenKind) -> Result<(), Failure> {
    let failed = |error: FileError| {
        Failure::new(Status::Io, error.to_string())
            .hint("give a directory that can be written, with --out DIR")
    };
    if !make_folder(out)
        .and_then(|()| is_empty(out))
        .map_err(failed)?
    {
        return Err(Failure::new(
            Status::Usage,
            format!("{} exists already and is not empty", out.display()),
        )
        .hint("give a directory that does not exist yet, with --out DIR"));
    }
    SimulatedTokens::prepare_store(&out.join(STORE), kind)
        .map_err(|error| simulation_failure(&error))
}

/// Becomes the same program once more: a module reads its environment when it is loaded, and a process cannot
/// safely change its own. Comes back only when that fails.
fn run_again_in(out: &Path, is_named: bool) -> Failure {
    let mut command = match with_simulated(&out.join(STORE)) {
        Ok(command) => command,
        Err(failure) => return failure,
    };
    command.args(std::env::args_os().skip(1)).arg("--prepared");
    if !is_named {
        command.arg("--out").arg(out);
    }
    let error = command.exec();
    Failure::new(
        Status::Io,
        format!("this program cannot be started again: {error}"),
    )
}
