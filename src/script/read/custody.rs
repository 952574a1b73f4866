//! The custody log, a pinned input file.

use super::fields::Value;
use super::log::{At, Log};
use super::pinned::PinnedFiles;
use crate::record::CustodyList;
use crate::script::PinnedFile;

pub(super) fn read(value: &Value<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<At<CustodyList>> {
    let (_, file) = files.read(value)?;
    value.at(parse(value, &file))
}

/// The log in a file that was read.
pub(super) fn parse(value: &Value<'_, '_>, file: &PinnedFile) -> Option<CustodyList> {
    CustodyList::parse(&file.bytes)
        .map_err(|error| {
            value.error(
                "script.custody",
                format!("{:?} is not a custody log: {error}", file.name),
                "use keys/custody.jsonl of the previous ceremony, unchanged",
            );
        })
        .ok()
}

/// The log of another repository does not cover these tokens.
pub(super) fn of_repository(log: &Log<'_>, list: &At<CustodyList>, repository: &str) {
    let mut lines = list.value.lines().iter();
    if let Some(line) = lines.find(|line| line.repository != repository) {
        log.error(
            "script.custody",
            &list.span,
            format!(
                "line {} of the custody log is about {:?}, but this script is for {repository:?}",
                line.seq, line.repository
            ),
            "use the custody log of this repository",
        );
    }
}
