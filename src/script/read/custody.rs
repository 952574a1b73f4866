//! The custody list that is carried in.

use super::carried::PinnedFiles;
use super::fields::Value;
use super::log::{At, Log};
use crate::record::CustodyList;
use crate::script::{CUSTODY_LIST, PinnedFile};

/// A list grows by a few lines with each ceremony.
pub(super) const LONGEST_LIST: usize = 4 << 20;

/// Reads `custody = { file = "…", sha256 = "…" }`.
pub(super) fn read(
    value: &Value<'_, '_>,
    carrier: &mut PinnedFiles<'_>,
) -> Option<At<CustodyList>> {
    let table = value.table("\"custody\"")?;
    let (_, file) = carrier.file(table, LONGEST_LIST, CUSTODY_LIST)?;
    value.at(parse(value, &file))
}

/// The list in a file that was read.
pub(super) fn parse(value: &Value<'_, '_>, file: &PinnedFile) -> Option<CustodyList> {
    CustodyList::parse(&file.bytes)
        .map_err(|error| {
            value.fault(
                "script.custody",
                format!("{:?} is no custody list: {error}", file.name),
                "carry in keys/custody.jsonl of the ceremony before, as it lies there",
            );
        })
        .ok()
}

/// A list of another line of roots says nothing about these tokens.
pub(super) fn of_repository(log: &Log<'_>, list: &At<CustodyList>, repository: &str) {
    let foreign = list.value.lines().iter();
    let mut foreign = foreign.filter(|line| line.repository != repository);
    if let Some(line) = foreign.next() {
        log.fault(
            "script.custody",
            &list.span,
            format!(
                "line {} of the custody list is about {:?}, and this script about {repository:?}",
                line.seq, line.repository
            ),
            "carry in the list of this line of roots",
        );
    }
}
