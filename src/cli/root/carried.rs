//! The files that travel between sites, as commands are given them: what each is, it says itself.

use std::io;
use std::path::Path;

use super::chain_files::read_file_up_to;
use super::{Failure, Status};
use crate::cli::output::display;
use crate::metadata::{RootFile, canonical_json};
use crate::storage::{Mode, replace};
use crate::transfer::{DetachedSignature, Refusal, SigningRequest};

/// The longest file that travels.
const LONGEST: usize = 16 << 20;

/// A file that was carried here.
pub(super) enum Carried {
    Request(Box<SigningRequest>),
    Signature(DetachedSignature),
    Root(Box<RootFile>),
}

impl Carried {
    /// Reads a file for what it says that it is; what says nothing is a root file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read_file_up_to(path, LONGEST)?;
        let parsed = canonical_json::parse(&bytes);
        let said = parsed.as_ref().ok().and_then(|value| {
            let said = value.get("conclave")?.as_str()?;
            Some(said.to_owned())
        });
        let refused = |refusal: Refusal| refused(path, &refusal);
        match said.as_deref() {
            Some("signing-request") => SigningRequest::read(&bytes)
                .map(|request| Self::Request(Box::new(request)))
                .map_err(refused),
            Some(_) => DetachedSignature::read(&bytes)
                .map(Self::Signature)
                .map_err(refused),
            // What was cut short says no more what it is.
            None if parsed.is_err() && !is_root(path) => DetachedSignature::read(&bytes)
                .map(Self::Signature)
                .map_err(refused),
            None => RootFile::read(&bytes)
                .map(|file| Self::Root(Box::new(file)))
                .map_err(|remark| {
                    Failure::new(Status::Refused, format!("{}: {remark}", display(path)))
                        .hint("fetch the file anew, or see docs/root-checks.md")
                }),
        }
    }
}

/// Whether a file is called as roots are.
fn is_root(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.ends_with("root.json"))
}

/// A refusal of something that traveled.
pub(super) fn refused(path: &Path, refusal: &Refusal) -> Failure {
    Failure::new(Status::Refused, format!("{}: {refusal}", display(path)))
        .hint("take nothing of it; ask whoever sent it, by another way, what they have: docs/formats explains every check")
}

/// Writes a file whole, or not at all; what was there before gives way.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes, Mode::Public).map_err(|error| {
        let what = format!("{}: {}", display(path), io::Error::from(error));
        Failure::new(Status::Io, what)
            .hint("look at the medium: is it there, is there room, may it be written?")
    })
}
