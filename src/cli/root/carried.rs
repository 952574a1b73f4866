//! The files that sites exchange, identified by their content.

use std::fmt::Display;
use std::path::Path;

use super::Failure;
use crate::cli::output::display;
use crate::metadata::{RootFile, canonical_json};
use crate::storage::{Links, read_start};
use crate::transfer::{DetachedSignature, Refusal, SigningRequest};

/// Longer than any file that sites exchange.
pub(super) const LONGEST: usize = 16 << 20;

/// Reads a file, at most one byte more than the limit: the parser then reports that it is too long.
pub(in crate::cli) fn read_file_up_to(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    Ok(read_start(path, Links::Follow, limit as u64)?)
}

/// A file that sites exchange.
pub(super) enum ExchangedFile {
    Request(Box<SigningRequest>),
    Signature(DetachedSignature),
    Root(Box<RootFile>),
}

impl ExchangedFile {
    /// Reads a file by the type that its content names; without one, it is a root file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read_file_up_to(path, LONGEST)?;
        let parsed = canonical_json::parse(&bytes);
        let kind = parsed.as_ref().ok().and_then(|value| {
            let kind = value.get("conclave")?.as_str()?;
            Some(kind.to_owned())
        });
        let refused = |refusal: Refusal| refused(path, &refusal);
        match kind.as_deref() {
            Some("signing-request") => SigningRequest::read(&bytes)
                .map(|request| Self::Request(Box::new(request)))
                .map_err(refused),
            Some(_) => DetachedSignature::read(&bytes)
                .map(Self::Signature)
                .map_err(refused),
            // A truncated file no longer names its type.
            None if parsed.is_err() && !is_root(path) => DetachedSignature::read(&bytes)
                .map(Self::Signature)
                .map_err(refused),
            None => RootFile::read(&bytes)
                .map(|file| Self::Root(Box::new(file)))
                .map_err(|remark| refused_root(path, &remark)),
        }
    }
}

/// Whether a file is named like a root file.
fn is_root(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.ends_with("root.json"))
}

pub(super) fn refused_root(path: &Path, remark: &impl Display) -> Failure {
    Failure::refused(format!("{}: {remark}", display(path)))
        .hint("fetch the file again; docs/root-checks.md explains each check")
}

/// A file from another site was refused.
pub(super) fn refused(path: &Path, refusal: &Refusal) -> Failure {
    Failure::refused(format!("{}: {refusal}", display(path)))
        .hint("do not use the file; ask its sender over another channel for a new copy; docs/formats explains each check")
}
