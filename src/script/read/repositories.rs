//! The tables `[[further_repository]]`.

use jiff::Timestamp;

use super::fields::Fields;
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use super::previous;
use crate::metadata::TrustedRoot;
use crate::script::{FurtherRepository, PinnedFile, Previous};
use crate::transfer::PayloadRegister;

pub(in crate::script) struct RepositoryEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) name: Option<At<String>>,
    pub(in crate::script) root: Option<At<TrustedRoot>>,
    chain: Vec<PinnedFile>,
}

pub(super) fn read(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    at: Option<Timestamp>,
) -> RepositoryEntry {
    let span = fields.span.clone();
    let name = fields.read("name", super::repository);
    let (root, chain) = previous::chain(&mut fields, files, at);
    fields.finish();
    RepositoryEntry {
        span,
        name,
        root,
        chain,
    }
}

impl RepositoryEntry {
    pub(super) fn complete(self) -> Option<FurtherRepository> {
        Some(FurtherRepository {
            name: self.name?.value,
            previous: Previous {
                chain: self.chain,
                root: self.root?.value,
                transcript_digest: None,
                custody: None,
                register: None,
                payloads: PayloadRegister::default(),
            },
        })
    }
}
