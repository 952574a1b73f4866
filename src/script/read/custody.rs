//! The custody list, a pinned input file.

use super::fields::Value;
use super::log::{At, Log};
use super::pinned::PinnedFiles;
use crate::record::CustodyList;
use crate::script::PinnedFile;

pub(super) fn read(value: &Value<'_, '_>, files: &mut PinnedFiles<'_>) -> Option<At<CustodyList>> {
    let (_, file) = files.read(value)?;
    value.at(parse(value, &file))
}

/// The list in a file that was read.
pub(super) fn parse(value: &Value<'_, '_>, file: &PinnedFile) -> Option<CustodyList> {
    CustodyList::parse(&file.bytes)
        .map_err(|error| {
            value.error(
                "script.custody",
                format!("{:?} is no custody list: {error}", file.name),
                "carry in keys/custody.jsonl of the ceremony before, as it lies there",
            );
        })
        .ok()
}

/// A list of another line of roots says nothing about these tokens.
pub(super) fn of_repository(log: &Log<'_>, list: &At<CustodyList>, repository: &str) {
    let mut lines = list.value.lines().iter();
    if let Some(line) = lines.find(|line| line.repository != repository) {
        log.error(
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
