//! The field `enrolment` of `[[key]]`: a key that another ceremony made.

use super::carried::Carrier;
use super::fields::Value;
use super::log::At;
use crate::script::Enrolled;
use crate::transfer::Enrolment;

/// A little more than the longest that is read: the room of the format tells what is too long.
const LONGEST: usize = 128 << 10;

/// Reads `{ file = "…", sha256 = "…" }`, and verifies what the file claims.
pub(super) fn enrolled(value: &Value<'_, '_>, carrier: &mut Carrier<'_>) -> Option<At<Enrolled>> {
    let table = value.table("\"enrolment\"")?;
    let (named, file) = carrier.file(table, LONGEST, "enrolments/key-3.enrolment.json")?;
    let enrolment = Enrolment::read(&file.bytes)
        .map_err(|refusal| {
            named.fault(
                "script.enrolment",
                format!("{:?} is refused: {refusal}", file.name),
                "carry in the file as the ceremony that made the key left it: keys/ID.enrolment.json",
            );
        })
        .ok()?;
    value.at(Some(Enrolled {
        file: file.name,
        sha256: file.sha256,
        enrolment,
    }))
}
