//! `conclave token trial`: what a token of an unknown make can do, tried before anyone relies on it.

mod checks;
mod completion;

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::checks::{Area, Finding, Trial};
use super::pin_entry::PinEntry;
use super::{Failure, Status, as_json, print, select};
use crate::cli::profiles;
use crate::profile::{InitializedBy, Kind, Profile};
use crate::record::visible;
use crate::secret::Pin;
use crate::storage::{Mode, replace};
use crate::token::{Reader, Seen, TokenQuery, open_reader};

/// Try what a ceremony needs on a throw-away token, and write its profile.
///
/// EVERYTHING ON THE TOKEN IS ERASED. The token is initialized with the PINs that you enter; then each operation of each kind of
/// ceremony is tried: key types, signatures, a cold re-open, backup and restore, destruction. Afterwards the token is erased again.
/// With --out, the results complete the profile, or become a new one.
///
/// Exit status: 0 the token can be used for a genesis, 1 it cannot, 2 wrong usage or profile, 3 the token, 4 input or output,
/// 130 aborted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The profile to try: a name, or a path. Without it, the trial begins with the default of every field.
    #[arg(long, value_name = "PROFILE", required_unless_present = "module")]
    profile: Option<String>,
    /// The PKCS#11 module to load in place of the profile's
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,
    /// The throw-away token, by its label or serial number; not needed if there is only one blank token
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Erase this token without asking, by its label or serial number; "blank" for a blank token without a serial number
    #[arg(long, value_name = "TOKEN", conflicts_with = "token")]
    erase: Option<String>,
    /// Write the completed profile to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Read the SO PIN, then the PIN, from this file descriptor, one per line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Report as JSON on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let profile = profile(arguments)?;
    profiles::enter_environment([&profile])?;
    let mut reader = open_reader(&profile)?;
    let seen = choose(arguments, reader.as_mut())?;
    let is_vendors = profile.initialize.by == InitializedBy::Vendor;
    permit(arguments, reader.as_mut(), &seen)?;

    let mut pins = PinEntry::new(arguments.pin_fd)?;
    let length = &seen.state.pin_length;
    let so_pin = if is_vendors {
        None
    } else if !profile.initialize.so_pin {
        // The token ignores it.
        Some(
            Pin::new(Zeroizing::new("none".to_owned()))
                .map_err(|error| Failure::new(Status::Usage, error.to_string()))?,
        )
    } else if seen.state.initialized {
        Some(pins.existing("SO PIN")?)
    } else {
        Some(pins.new_pin("SO PIN", length)?)
    };
    let pin = if is_vendors {
        pins.existing("PIN")?
    } else {
        pins.new_pin("PIN", length)?
    };
    let trial = Trial::new(reader.as_mut(), &seen, so_pin, pin)?;
    let findings = trial.run();

    let completed = completion::complete(&profile, &findings)?;
    if let Some(out) = &arguments.out {
        replace(out, completed.as_bytes(), Mode::Public).map_err(|error| {
            Failure::new(Status::Io, error.to_string()).hint("give another file with --out")
        })?;
    }
    let rows = &findings.rows;
    print(&if arguments.json {
        format!("{:#}", report(&seen, rows))
    } else {
        table(&seen, rows)
    })?;
    match &arguments.out {
        Some(out) => eprintln!("wrote {}", out.display()),
        None => eprintln!("hint: --out NAME.toml writes the results as a profile"),
    }
    Ok(if findings.is_fit_for_genesis() {
        Status::Done
    } else {
        Status::Refused
    })
}

/// The profile to begin with, and its module.
fn profile(arguments: &Arguments) -> Result<Profile, Failure> {
    let mut profile = match &arguments.profile {
        Some(option) => profiles::load(option)?,
        None => completion::new_profile(arguments.module.as_deref(), arguments.out.as_deref())?,
    };
    if profile.kind != Kind::Pkcs11 {
        return Err(
            Failure::new(Status::Usage, "a trial is only for PKCS#11 modules")
                .hint("the profile yubikey-piv needs no trial"),
        );
    }
    if let Some(module) = &arguments.module {
        let module = std::path::absolute(module)
            .map_err(|error| Failure::new(Status::Io, error.to_string()))?;
        profile = profile.with_module(&module)?;
    }
    Ok(profile)
}

fn choose(arguments: &Arguments, reader: &mut dyn Reader) -> Result<Seen, Failure> {
    let selector = arguments.token.as_ref().or(arguments.erase.as_ref());
    match selector.map(String::as_str) {
        Some(selector) if selector != "blank" => select(reader, Some(selector)),
        _ if reader.profile().initialize.by == InitializedBy::Vendor => select(reader, None),
        _ => Ok(reader.find(&TokenQuery::blank(&reader.profile().name))?),
    }
}

/// Has the operator agree that the token is erased, after naming it and what it holds.
fn permit(arguments: &Arguments, reader: &mut dyn Reader, seen: &Seen) -> Result<(), Failure> {
    let held = reader.open(&seen.id)?.objects().unwrap_or_default();
    eprintln!("EVERYTHING ON THIS TOKEN WILL BE ERASED: {}", seen.id);
    for object in &held {
        eprintln!("  {} {:?}", object.kind, object.label);
    }
    if arguments.erase.is_some() {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Status::Usage,
            "nobody can be asked whether the token may be erased",
        )
        .hint("run the trial at a terminal, or name the token with --erase"));
    }
    eprint!("Type ERASE to erase it: ");
    let mut typed = String::new();
    io::stdin()
        .lock()
        .read_line(&mut typed)
        .map_err(|error| Failure::new(Status::Io, format!("cannot read the answer: {error}")))?;
    if typed.trim_end() == "ERASE" {
        Ok(())
    } else {
        Err(Failure::new(
            Status::Aborted,
            "aborted; nothing was changed",
        ))
    }
}

fn report(seen: &Seen, rows: &[Finding]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "area": row.area.as_str(),
                "what": row.what,
                "result": row.result.as_str(),
                "detail": row.detail,
            })
        })
        .collect();
    json!({ "token": as_json(&seen.id, &seen.state), "results": rows })
}

fn table(seen: &Seen, rows: &[Finding]) -> String {
    let width = |of: fn(&Finding) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (areas, whats) = (
        width(|row| row.area.as_str().len()),
        width(|row| row.what.chars().count()),
    );
    let mut lines = vec![visible(&seen.id.to_string())];
    let mut last: Option<Area> = None;
    for row in rows {
        let area = if last == Some(row.area) {
            ""
        } else {
            row.area.as_str()
        };
        last = Some(row.area);
        let line = format!(
            "  {area:areas$}  {:whats$}  {:9}  {}",
            row.what,
            row.result.as_str(),
            visible(&row.detail)
        );
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// The file stem as the name of a profile.
fn name_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?.to_lowercase();
    Profile::is_name(&stem).then_some(stem)
}
