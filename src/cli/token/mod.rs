//! `conclave token`: tokens outside of a ceremony.

mod attestation;
mod change_pin;
mod import;
mod init;
mod list;
mod pin_entry;
mod show;
mod trial;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::host;
use crate::profile::{Kind, Profile};
use crate::record::TokenId;
use crate::token::{Reader, Seen, TokenError, TokenQuery, TokenState, open_reader, token_uri};

use super::{Failure, Status, profiles};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Init(init::Arguments),
    Import(import::Arguments),
    ChangePin(change_pin::Arguments),
    /// Verify attestations of YubiKeys: signed statements that a key was generated in the device.
    #[command(subcommand)]
    Attestation(attestation::Command),
    Trial(trial::Arguments),
}

#[derive(Debug, clap::Args)]
struct ReaderArguments {
    /// The token profile: the name of a built-in profile, or the path of a profile file
    #[arg(long, value_name = "PROFILE", default_value = "softhsm2")]
    profile: String,
    /// The PKCS#11 module to load instead of the one in the profile
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,
}

pub(super) fn run(command: Command) -> Result<Status, Failure> {
    // These commands handle PINs.
    let _ = host::harden();
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::ChangePin(arguments) => change_pin::run(&arguments),
        Command::Attestation(command) => attestation::run(&command),
        Command::Trial(arguments) => trial::run(&arguments),
    }
}

impl ReaderArguments {
    fn reader(&self) -> Result<Box<dyn Reader>, Failure> {
        let mut profile = profiles::load(&self.profile)?;
        if let Some(module) = &self.module {
            let module = std::path::absolute(module)
                .map_err(|error| Failure::io(format!("{}: {error}", module.display())))?;
            profile = profile.with_module(&module)?;
        }
        profiles::enter_environment([&profile])?;
        Ok(open_reader(&profile)?)
    }
}

/// The token with this label, serial number or PKCS#11 URI, or the only initialized token.
pub(super) fn select(reader: &mut dyn Reader, selector: Option<&str>) -> Result<Seen, Failure> {
    let mut found = reader.tokens()?;
    let uri = selector.and_then(|text| TokenQuery::from_uri(&reader.profile().name, text));
    found.retain(|seen| match selector {
        Some(text) => {
            seen.id.label == text
                || seen.id.serial == text
                || uri.as_ref().is_some_and(|query| query.names(&seen.id))
        }
        None => seen.state.initialized,
    });
    let only = found.pop().ok_or_else(|| TokenError::NotFound {
        wanted: match selector {
            Some(text) => format!("token with label, serial number or PKCS#11 URI {text:?}"),
            None => "initialized token".to_owned(),
        },
    })?;
    if found.is_empty() {
        return Ok(only);
    }
    found.push(only);
    let found = found.into_iter().map(|seen| seen.id).collect();
    Err(TokenError::Ambiguous { found }.into())
}

fn as_json(id: &TokenId, state: &TokenState) -> Value {
    json!({
        "profile": id.profile,
        "manufacturer": id.manufacturer,
        "model": id.model,
        "serial": id.serial,
        "label": id.label,
        "uri": token_uri(id),
        "initialized": state.initialized,
        "pin_set": state.pin_set,
        "pin_tries": state.pin_tries,
        "so_pin_tries": state.so_pin_tries,
        "write_protected": state.write_protected,
        "at_factory_value": factory_names(state),
    })
}

/// The name of the security officer's PIN on such tokens.
fn officer_pin(profile: &Profile) -> &'static str {
    match profile.kind {
        Kind::YubikeyPiv => "PUK",
        _ => "SO PIN",
    }
}

/// The state of a token in a few words.
fn state_words(state: &TokenState) -> String {
    use crate::record::Tries;
    let mut words = if state.initialized {
        String::new()
    } else {
        "blank".to_owned()
    };
    let factory = factory_names(state).join(", ");
    if !factory.is_empty() {
        let separator = if words.is_empty() { "" } else { ", " };
        words = format!("{words}{separator}factory default {factory}");
    }
    if !state.initialized {
        return words;
    }
    let pin = match (state.pin_set, state.pin_tries) {
        (false, _) => "no PIN yet".to_owned(),
        (true, Tries::Unknown) => "PIN set".to_owned(),
        (true, Tries::Exactly(0)) => "PIN locked".to_owned(),
        (true, tries) => format!("PIN set, {tries}"),
    };
    words = if words.is_empty() {
        pin
    } else {
        format!("{pin}, {words}")
    };
    if state.write_protected {
        words.push_str(", write-protected");
    }
    words
}

/// The secrets that still have their factory defaults, which are public.
fn factory_names(state: &TokenState) -> Vec<String> {
    let secrets = state.at_factory_value.iter();
    secrets.map(ToString::to_string).collect()
}
