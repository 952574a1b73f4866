//! Ceremony scripts: the ready ones, those written from them, and every error with its place.

mod attested;
mod backup;
mod cases;
mod custody;
mod enrollment;
mod errors;
mod glossary;
mod mutation;
mod notary;
mod profiles;
mod ready;
mod reissue;
mod restore;
mod rotation;
mod sheets;
mod signing;
mod warnings;

use conclave::script::{Embedded, PinnedFileSource, Script, ScriptErrors, embedded};
use jiff::Timestamp;

fn genesis() -> &'static Embedded {
    let mut ready = embedded().iter();
    ready.find(|script| script.name == "genesis").unwrap()
}

fn day() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn parse(text: &str, files: &dyn PinnedFileSource) -> Result<Script, ScriptErrors> {
    Script::parse("genesis.toml", text, files, day())
}
