//! `conclave rehearse`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::audit::{CUSTODY, PAYLOADS, read_record};
use crate::backup::manifest_file;
use crate::ceremony::{BackupEvent, EventKind, Mode, Opening, ProgressEvent};
use crate::executor::{Executor, program_digest};
use crate::host;
use crate::metadata::{KeyType, RoleKind as RootRole, RootFile};
use crate::profile::Profile;
use crate::rehearsal::{SimulatedTokens, TokenKind, online_keys, recipients_of_nobody};
use crate::script::{
    CUSTODY_LIST, ChangeTemplate, DrillLevel, Keeper, KeyDisposition, Kind, OnlineFiles, Opens,
    RestoreTemplate, Script, ScriptErrors, ScriptTemplate, back_up,
};
use crate::storage::{Links, Mode as FileMode, is_empty, make_folder, read, read_text, replace};

use super::conduct::{Show, absolute, conduct, create_directory, opening, read_ceremony};
use super::output::print;
use super::restart::with_simulated;
use super::script::{Source, print_warnings};
use super::{Failure, Status, resume};

const STORE: &str = "tokens";
/// Longer than any file that a ceremony of a rehearsal leaves for the next.
const MAX_BYTES: u64 = 64 << 20;
/// In the store of a whole life: after the rotation, a drill of the key that has shares follows.
const DRILL_FOLLOWS: &str = "drill-follows";
/// In the store of a whole life: after the genesis, a rotation follows, with this key type and token profile.
const ROTATION_FOLLOWS: &str = "rotation-follows";

/// Rehearse a ceremony with simulated tokens
///
/// With a script: exactly that script, byte for byte, with simulated tokens in place of its own.
/// Without a script: the life of a root with throw-away keys for the online roles. It consists of three ceremonies:
/// the initial root, a rotation that replaces one token, and a drill that restores a key from its shares.
/// The results must not be trusted. The configuration of the system is not changed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The script to rehearse
    script: Option<PathBuf>,
    /// Let the rehearsal play by itself, and print each event
    #[arg(long, conflicts_with = "plain")]
    unattended: bool,
    /// Use line mode, for serial consoles and screen readers
    #[arg(long)]
    plain: bool,
    /// Number of root keys, each on its own token [default: 5]
    #[arg(long, value_name = "N", conflicts_with = "script")]
    tokens: Option<u8>,
    /// Number of signatures that a root requires [default: more than half of the tokens]
    #[arg(long, value_name = "M", conflicts_with = "script")]
    threshold: Option<u8>,
    /// Type of the root keys
    #[arg(long, value_name = "TYPE", conflicts_with = "script", default_value_t = KeyType::EcdsaP256)]
    key_type: KeyType,
    /// End after this ceremony [default: after the drill]; with `genesis`, no shares are made
    #[arg(long, value_name = "KIND", conflicts_with = "script")]
    until: Option<Until>,
    /// Kind of the simulated tokens
    ///
    /// yubikey: virtual YubiKeys, if they are installed. Without a script, all tokens are virtual YubiKeys; with a
    /// script, those that are YubiKeys in the script.
    #[arg(long, value_name = "KIND", default_value = "softhsm")]
    token_kind: TokenKindArgument,
    /// Directory of the rehearsal; must be new or empty [default: a new one in the current directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The store of the simulated tokens exists, and this process uses it
    #[arg(long, hide = true)]
    prepared: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TokenKindArgument {
    /// SoftHSM
    Softhsm,
    /// Virtual YubiKeys
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
    /// The initial root
    Genesis,
    /// The second root, in which one token is replaced
    Rotation,
    /// The drill, in which shares restore a key
    Drill,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let out = absolute(&arguments.out.clone().unwrap_or_else(fresh_directory))?;
    if !arguments.prepared {
        // Checked before anything is made.
        if let Some(path) = &arguments.script {
            Source::open(path)?.parse(Timestamp::UNIX_EPOCH)?;
        } else {
            write(&template(arguments, OnlineFiles::new()))?;
        }
        prepare(&out, arguments.token_kind.kind())?;
        let mut added = vec![Path::new("--prepared")];
        if arguments.out.is_none() {
            added.extend([Path::new("--out"), &out]);
        }
        return Err(with_simulated(&out.join(STORE), &added));
    }
    let _ = host::harden();
    let script = script(arguments, &out)?;
    if arguments.script.is_none() && arguments.until != Some(Until::Genesis) {
        let path = out.join(STORE).join(ROTATION_FOLLOWS);
        let profile = arguments.token_kind.profile();
        let follows = format!("{} {profile}\n", arguments.key_type);
        replace(&path, follows.as_bytes(), FileMode::Private)?;
        if arguments.until != Some(Until::Rotation) {
            let path = out.join(STORE).join(DRILL_FOLLOWS);
            replace(&path, b"", FileMode::Private)?;
        }
    }
    let genesis = out.join(script.kind().as_str());
    let show = || {
        if arguments.unattended {
            Ok(Show::Unattended)
        } else {
            Show::to_people(arguments.plain, None)
        }
    };
    let status = play(&out, script, arguments.script.is_some(), show()?)?;
    let status = play_rest(&genesis, status, show)?;
    print(format_args!("The rehearsal is in {}", out.display()))?;
    Ok(status)
}

/// Resumes a ceremony, and then plays the rest of the whole life to which it may belong.
pub(super) fn resume(arguments: &resume::Arguments) -> Result<Status, Failure> {
    let status = resume::run(arguments)?;
    play_rest(&absolute(&arguments.directory)?, status, || {
        if arguments.unattended {
            Ok(Show::Unattended)
        } else {
            Show::to_people(arguments.plain, arguments.pin_fd)
        }
    })
}

/// The rest of a whole life, after a ceremony of it is done in this process or in the one that resumed it: the rotation
/// of the root, and then the drill of its backup.
fn play_rest(
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
    if read_ceremony(directory)?.0.is_paused() {
        return Ok(status);
    }
    let status = play_rotation(out, status, &show)?;
    play_drill(out, status, &show)
}

/// The rotation of a whole life, once and after its genesis.
fn play_rotation(
    out: &Path,
    status: Status,
    show: &impl Fn() -> Result<Show, Failure>,
) -> Result<Status, Failure> {
    let follows = read_text(&out.join(STORE).join(ROTATION_FOLLOWS), Links::Refuse, 256);
    let follows = follows.unwrap_or_default();
    let (key_type, profile) = follows.trim().split_once(' ').unwrap_or_default();
    match key_type.parse() {
        Ok(key_type) if !out.join(Kind::Rotation.as_str()).exists() => {
            let script = rotation(key_type, profile.to_owned(), out)?;
            play(out, script, false, show()?)
        }
        _ => Ok(status),
    }
}

/// The drill of a whole life, once and after its rotation.
fn play_drill(
    out: &Path,
    status: Status,
    show: &impl Fn() -> Result<Show, Failure>,
) -> Result<Status, Failure> {
    let directory = out.join(Kind::Rotation.as_str());
    let follows = out.join(STORE).join(DRILL_FOLLOWS).exists() && directory.exists();
    if !follows || status != Status::Done || out.join(Kind::Drill.as_str()).exists() {
        return Ok(status);
    }
    let (rotation, record) = read_ceremony(&directory)?;
    let last = record.transcript.entries().last();
    let is_closed = last.is_some_and(|entry| {
        matches!(
            entry.line.kind,
            EventKind::Progress(ProgressEvent::Closed { .. })
        )
    });
    if rotation.is_paused() || !is_closed {
        return Ok(status);
    }
    match drill(out, record.script.not_before())? {
        None => Ok(status),
        Some(script) => play(out, script, false, show()?),
    }
}

/// Plays one ceremony of the rehearsal to its end.
fn play(out: &Path, script: Script, is_given: bool, show: Show) -> Result<Status, Failure> {
    let mut tokens = SimulatedTokens::new(&out.join(STORE), &script)?;
    let is_unattended = matches!(show, Show::Unattended);
    if !is_unattended {
        tokens.show_touches()?;
    }
    // Without a given script, the keys of the root are simulated already.
    let simulated_root = if is_given {
        tokens.simulated_root(&script)?
    } else {
        None
    };
    let opening = Opening {
        mode: Mode::Rehearsal,
        export: "../export".to_owned(),
        simulated_tokens: Some(format!("../{STORE}")),
        simulated_attestation_root: tokens.attestation_root()?,
        simulated_further_roots: match &simulated_root {
            Some(own) => tokens.simulated_further_roots(&script, own)?,
            None => BTreeMap::new(),
        },
        simulated_root,
        simulated_keys: tokens.simulated_keys(&script)?,
        simulated_set: tokens.simulated_set(&script)?.map(Box::new),
        simulated_approvals: tokens.approval_tokens(&script)?,
        simulated_clock_offset: script.not_before().as_second() - Timestamp::now().as_second(),
        ..opening(&script, program_digest(), None)
    };
    let path = out.join(script.kind().as_str());
    let directory = create_directory(&path, script, None)?;
    let status = conduct(show, &path, |front_end| {
        Executor::begin(directory, opening, Box::new(tokens), front_end)
    })?;
    if is_unattended {
        resume::play_on(&path, status)
    } else {
        Ok(status)
    }
}

/// A script that replaces the last key of the root that the rehearsal has made.
fn rotation(key_type: KeyType, profile: String, out: &Path) -> Result<Script, Failure> {
    let genesis = out.join(Kind::Genesis.as_str());
    let record = read_record(&genesis)?;
    let path = out.join("export/1.root.json");
    let root = read(&path, Links::Refuse, MAX_BYTES)?;
    let register = read(&genesis.join(PAYLOADS), Links::Refuse, MAX_BYTES)?;
    let custody = read(&genesis.join(CUSTODY), Links::Refuse, MAX_BYTES)?;
    let unreadable = |error: String| Failure::io(format!("{}: {error}", path.display()));
    let file = RootFile::read(&root).map_err(|remark| unreadable(remark.to_string()))?;
    let ids = file.document().role(RootRole::Root).key_ids();
    let (last, kept) = ids
        .split_last()
        .ok_or_else(|| unreadable("the root role has no keys".to_owned()))?;
    let mut keys: Vec<_> = kept
        .iter()
        .map(|id| (id.clone(), KeyDisposition::Keep))
        .collect();
    keys.push((last.clone(), KeyDisposition::Remove));
    let now = now();
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
    let text = template.write().map_err(Failure::usage)?;
    let pinned: BTreeMap<_, _> = template.files().collect();
    checked(Script::parse(
        "rotation.toml",
        &text,
        &pinned,
        template.not_before,
    ))
}

/// A script that restores the first key of the rehearsal that has shares; `None` if no key has shares.
fn drill(out: &Path, not_before: Timestamp) -> Result<Option<Script>, Failure> {
    let genesis = read_record(&out.join(Kind::Genesis.as_str()))?;
    let set = genesis.transcript.entries().iter().find_map(|entry| {
        let EventKind::Backup(BackupEvent::BackedUp(made)) = &entry.line.kind else {
            return None;
        };
        Some(made.manifest.clone())
    });
    let Some(set) = set else {
        return Ok(None);
    };
    let name = manifest_file(&set.facts().key, &set.facts().id);
    let template = RestoreTemplate {
        kind: Kind::Drill,
        level: DrillLevel::Full,
        title: None,
        not_before: now().max(not_before),
        manifest: (format!("restore/{name}"), set.to_file_bytes()),
        set,
        onto: None,
        opens: Opens::OwnDevice,
    };
    let text = template.write().map_err(Failure::usage)?;
    let pinned: BTreeMap<_, _> = [template.manifest.clone()].into();
    checked(Script::parse(
        "drill.toml",
        &text,
        &pinned,
        template.not_before,
    ))
    .map(Some)
}

fn checked(parsed: Result<Script, ScriptErrors>) -> Result<Script, Failure> {
    let script = parsed?;
    print_warnings(&script);
    Ok(script)
}

/// The given script, or one for an initial root.
fn script(arguments: &Arguments, out: &Path) -> Result<Script, Failure> {
    checked(if let Some(path) = &arguments.script {
        // The clock of a rehearsal starts at the date of the script, so that every script can be rehearsed.
        Source::open(path)?.parse(Timestamp::UNIX_EPOCH)
    } else {
        let online = online_keys(&out.join("online"))
            .map_err(|error| Failure::io(format!("cannot make the online keys: {error}")))?;
        let template = template(arguments, online.clone());
        let text = with_shares(arguments, write(&template)?)?;
        let pinned: BTreeMap<_, _> = online.into_values().flatten().collect();
        Script::parse("genesis.toml", &text, &pinned, template.not_before)
    })
}

/// In a whole life, the first key is backed up if its token can export it: two of three custodians restore it.
fn with_shares(arguments: &Arguments, text: String) -> Result<String, Failure> {
    let wraps = Profile::named(&arguments.token_kind.profile())
        .is_ok_and(|profile| profile.wraps(arguments.key_type));
    if arguments.until == Some(Until::Genesis) || !wraps {
        return Ok(text);
    }
    let recipients = recipients_of_nobody(3).into_iter().zip(1..);
    let keepers: Vec<Keeper> = recipients
        .map(|(recipient, n)| Keeper {
            name: format!("Custodian {n}"),
            recipient,
        })
        .collect();
    back_up(&text, "key-1", 2, &keepers).map_err(Failure::usage)
}

fn template(arguments: &Arguments, online: OnlineFiles) -> ScriptTemplate {
    let tokens = arguments.tokens.unwrap_or(5);
    let now = now();
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
        Failure::usage(error).hint("use at least two tokens more than the threshold, for example: --tokens 5 --threshold 3")
    })
}

/// The current time, in whole seconds.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
}

fn fresh_directory() -> PathBuf {
    PathBuf::from(now().strftime("rehearsal-%Y-%m-%dT%H%M%S").to_string())
}

/// Makes the directory, which must be empty, and the store of the simulated tokens in it.
fn prepare(out: &Path, kind: TokenKind) -> Result<(), Failure> {
    let empty = make_folder(out)
        .and_then(|()| is_empty(out))
        .map_err(|error| Failure::from(error).hint("choose a writable directory with --out DIR"))?;
    if !empty {
        return Err(Failure::usage(format!("{} is not empty", out.display()))
            .hint("choose a new directory with --out DIR"));
    }
    Ok(SimulatedTokens::prepare_store(&out.join(STORE), kind)?)
}
