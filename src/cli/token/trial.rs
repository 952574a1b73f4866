//! `conclave token trial`: what a token of an unknown make can do, tried before anyone relies on it.

mod checks;
mod completion;

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::checks::{Area, Finding, Trial};
use super::{Failure, Status, as_json, officer_pin, select};
use crate::cli::output::{display, print_as};
use crate::cli::profiles;
use crate::cli::secrets::Secrets;
use crate::profile::{InitializedBy, Kind, Profile};
use crate::record::visible;
use crate::secret::Pin;
use crate::storage::{Mode, replace};
use crate::token::{Reader, Seen, TokenQuery, open_reader};

/// Test on a spare token whether its make can do what ceremonies need, and write its profile.
///
/// ERASES EVERYTHING ON THE TOKEN. Initializes the token with the PINs that you enter, and tries what each kind of
/// ceremony does: generate keys, sign, sign after a restart of the module, back up, restore, destroy. Then erases the
/// token again. With --out, writes a profile with the results.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The profile to start from: a built-in name or a path; without it, every field has its default
    #[arg(long, value_name = "PROFILE", required_unless_present = "module")]
    profile: Option<String>,
    /// The PKCS#11 module to load instead of the one in the profile
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,
    /// Label or serial number of the token to erase; not needed if only one blank token is connected
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Erase the token with this label or serial number without asking; "blank" selects the only blank token
    #[arg(long, value_name = "TOKEN", conflicts_with = "token")]
    erase: Option<String>,
    /// Write the completed profile to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Read the SO PIN and then the PIN from this file descriptor, one per line
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Print the results as JSON
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

    let pins = Secrets::new(arguments.pin_fd)?;
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
        Some(pins.existing_pin(officer_pin(&profile))?)
    } else {
        Some(pins.new_pin("SO PIN", length)?)
    };
    let pin = if is_vendors {
        pins.existing_pin("PIN")?
    } else {
        pins.new_pin("PIN", length)?
    };
    let trial = Trial::new(reader.as_mut(), &seen, so_pin, pin)?;
    let findings = trial.run();

    let completed = completion::complete(&profile, &findings)?;
    if let Some(out) = &arguments.out {
        replace(out, completed.as_bytes(), Mode::Public)
            .map_err(|error| Failure::io(error).hint("choose another file with --out"))?;
    }
    let rows = &findings.rows;
    print_as(
        arguments.json,
        || report(&seen, rows),
        || table(&seen, rows),
    )?;
    match &arguments.out {
        Some(out) => eprintln!("wrote {}", display(out)),
        None => eprintln!(
            "hint: to write the results as a profile, run the trial again with --out NAME.toml"
        ),
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
        return Err(Failure::usage("trials are only for PKCS#11 tokens")
            .hint("use the profile yubikey-piv without a trial"));
    }
    if let Some(module) = &arguments.module {
        let module = std::path::absolute(module).map_err(Failure::io)?;
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
        return Err(Failure::usage(
            "cannot ask whether the token may be erased: there is no terminal",
        )
        .hint("run the trial at a terminal, or select the token with --erase"));
    }
    eprint!("Type ERASE to erase it: ");
    let mut typed = String::new();
    io::stdin()
        .lock()
        .read_line(&mut typed)
        .map_err(|error| Failure::io(format!("cannot read the answer: {error}")))?;
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
