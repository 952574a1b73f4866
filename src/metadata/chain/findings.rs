//! The findings of a whole chain. The same finding in many versions is reported once, so that neither the report nor
//! memory grows with the chain.

use std::collections::BTreeMap;

use crate::metadata::check::{Check, Remark};

/// The number of different findings that are kept for each check.
const MAX_PER_CHECK: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Findings {
    by_check: BTreeMap<Check, Vec<Sighting>>,
    dropped: BTreeMap<Check, u64>,
}

/// A finding and the files that have it.
#[derive(Debug)]
struct Sighting {
    detail: String,
    first: String,
    last: String,
    files: u64,
}

impl Findings {
    pub(super) fn extend(&mut self, file: &str, remarks: impl IntoIterator<Item = Remark>) {
        for remark in remarks {
            self.add(file, remark);
        }
    }

    fn add(&mut self, file: &str, remark: Remark) {
        let sightings = self.by_check.entry(remark.check).or_default();
        let known = sightings
            .iter_mut()
            .find(|sighting| sighting.detail == remark.detail);
        if let Some(sighting) = known {
            if sighting.last != file {
                sighting.files += 1;
                file.clone_into(&mut sighting.last);
            }
        } else if sightings.len() < MAX_PER_CHECK {
            sightings.push(Sighting {
                detail: remark.detail,
                first: file.to_owned(),
                last: file.to_owned(),
                files: 1,
            });
        } else {
            *self.dropped.entry(remark.check).or_default() += 1;
        }
    }

    pub(super) fn into_remarks(self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for (check, sightings) in self.by_check {
            for sighting in sightings {
                let remark = Remark::new(check, sighting.detail);
                remarks.push(match sighting.files {
                    1 => remark.of_file(&sighting.first),
                    files => remark.of_file(&format!(
                        "{} … {} ({files} files)",
                        sighting.first, sighting.last
                    )),
                });
            }
            if let Some(more) = self.dropped.get(&check) {
                remarks.push(Remark::new(check, format!("{more} more findings")));
            }
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_in_many_files_is_reported_once() {
        let mut findings = Findings::default();
        for file in ["1.root.json", "2.root.json", "3.root.json"] {
            findings.add(file, Remark::new(Check::KeyUnused, "a"));
        }
        findings.add("2.root.json", Remark::new(Check::KeyUnused, "b"));
        let remarks = findings.into_remarks().into_iter();
        let details: Vec<_> = remarks.map(|remark| remark.detail).collect();
        let all = "1.root.json … 3.root.json (3 files): a";
        assert_eq!(details, [all, "2.root.json: b"]);
    }

    #[test]
    fn the_number_of_findings_is_bounded() {
        let mut findings = Findings::default();
        for number in 0..100 {
            findings.add("x", Remark::new(Check::KeyUnused, number.to_string()));
        }
        let remarks = findings.into_remarks();
        assert_eq!(remarks.len(), MAX_PER_CHECK + 1);
        assert_eq!(remarks[MAX_PER_CHECK].detail, "36 more findings");
    }
}
