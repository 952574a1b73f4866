//! The tables `[[further_repository]]`.

use jiff::Timestamp;

use super::carried::PinnedFiles;
use super::fields::Fields;
use super::log::{At, Span};
use super::previous;
use crate::metadata::TrustedRoot;
use crate::script::plan::Kind;
use crate::script::{FurtherRepository, PinnedFile, Previous};
use crate::transfer::PayloadRegister;

/// A further repository, as it was read.
pub(in crate::script) struct RepositoryEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) name: Option<At<String>>,
    pub(in crate::script) root: Option<At<TrustedRoot>>,
    chain: Vec<PinnedFile>,
}

/// More than one person looks after.
const MOST_REPOSITORIES: usize = 256;

/// Reads the tables; only a change of a root has them.
pub(super) fn read(
    fields: &mut Fields<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
    kind: Kind,
    at: Option<Timestamp>,
) -> Vec<RepositoryEntry> {
    if !matches!(kind, Kind::Rotation | Kind::Renewal) {
        return Vec::new();
    }
    let tables = fields.tables("further_repository", MOST_REPOSITORIES);
    let read = |mut fields: Fields<'_, '_>| {
        let span = fields.span.clone();
        let name = fields
            .required("name", "name = \"docker.io/example/app\"")
            .and_then(|value| value.at(super::repository(&value)));
        let (root, chain) = previous::chain(&mut fields, carrier, at);
        fields.finish();
        RepositoryEntry {
            span,
            name,
            root,
            chain,
        }
    };
    tables.into_iter().map(read).collect()
}

impl RepositoryEntry {
    pub(super) fn complete(self) -> Option<FurtherRepository> {
        Some(FurtherRepository {
            name: self.name?.value,
            previous: Previous {
                chain: self.chain,
                root: self.root?.value,
                record: None,
                custody: None,
                register: None,
                payloads: PayloadRegister::default(),
            },
        })
    }
}
