//! The certificate of a recovery drill: its result, its participants and the status of each share. As text, as HTML and
//! as JSON, with the same content.

use serde_json::{Value, json};

use crate::backup::Manifest;
use crate::ceremony::{Ceremony, DrillResult, KeyBackup, Mode, Verdict};
use crate::document::{Block, Cell, Document, Table};
use crate::script::{DrillLevel, PersonId};
use crate::transcript::Transcript;
use crate::words::Digest;

const TEXT: &str = "certificate.txt";
const PAGE: &str = "certificate.html";
const JSON: &str = "certificate.json";

/// The documents for people.
pub(super) const TEXTS: [&str; 2] = [TEXT, PAGE];

/// The status of a share after a drill.
enum ShareStatus<'c> {
    /// It was entered; how.
    Proven(&'static str),
    /// It is considered lost; why.
    Lost(&'c str),
    NotRequested,
}

impl ShareStatus<'_> {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::Lost(_) => "lost",
            Self::NotRequested => "not-requested",
        }
    }
}

struct Certificate<'c> {
    ceremony: &'c Ceremony,
    manifest: &'c Manifest,
    level: DrillLevel,
    result: DrillResult,
    held: String,
    digest: Digest,
}

/// The files of the certificate of a drill that has ended; none for other ceremonies.
pub(super) fn certificate(ceremony: &Ceremony, transcript: &Transcript) -> Vec<(String, Vec<u8>)> {
    let parts = (
        ceremony.drill_result(),
        ceremony.set_at_hand(),
        ceremony.script().restore(),
    );
    let (Some(result), Some(manifest), Some(plan)) = parts else {
        return Vec::new();
    };
    if ceremony.ending().is_none() {
        return Vec::new();
    }
    let times = transcript.attested_times();
    let certificate = Certificate {
        ceremony,
        manifest,
        level: plan.level,
        result,
        held: times.last().map_or_else(String::new, ToString::to_string),
        digest: transcript.head(),
    };
    let page = certificate.page();
    vec![
        (TEXT.to_owned(), page.to_text().into_bytes()),
        (PAGE.to_owned(), page.to_html().into_bytes()),
        (JSON.to_owned(), certificate.json()),
    ]
}

impl Certificate<'_> {
    fn facts(&self, page: &mut Document) {
        let facts = self.manifest.facts();
        page.fact("Result", self.result_in_words());
        let level = self.level.as_str();
        page.fact("Level", format!("{level}: {}", self.meaning()));
        page.fact("Held", &self.held);
        page.fact("Repository", &facts.repository);
        page.fact("Key", &facts.key);
        page.fact("Fingerprint", facts.public_key.fingerprint());
        page.fact("Share set", self.manifest.set());
        page.fact("Share set created", facts.created_at);
        if let DrillResult::PassedWithLosses {
            quorums_left,
            reissue_by,
        } = &self.result
        {
            page.fact("Remaining quorums", quorums_left);
            match self.ceremony.reissued_backup().and_then(KeyBackup::made) {
                Some(made) => page.fact("New share set", made.manifest.set()),
                None => page.fact("New share set due by", reissue_by),
            }
        }
        if self.level >= DrillLevel::Quorum {
            let combined = self.ceremony.restore().combined();
            let names: Vec<&str> = combined.iter().map(|person| self.name(person)).collect();
            match names.as_slice() {
                [] => page.fact("Combined", "no"),
                names => page.fact("Combined", format!("the shares of {}", names.join(", "))),
            }
        }
        if self.level == DrillLevel::Full {
            let state = self.ceremony.restore();
            let yes = |done: bool| if done { "yes" } else { "no" };
            page.fact("Restored", yes(state.is_restored()));
            page.fact("Signed and verified", yes(state.is_proven()));
            page.fact("Destroyed, and verified", yes(state.is_destroyed()));
        }
    }

    fn name<'p>(&'p self, person: &'p PersonId) -> &'p str {
        self.ceremony
            .display_names()
            .name(self.ceremony.script(), person)
    }

    fn result_in_words(&self) -> String {
        match &self.result {
            DrillResult::Failed { reason } => format!("{}: {reason}", self.result.title()),
            result => result.title().to_owned(),
        }
    }

    const fn meaning(&self) -> &'static str {
        match self.level {
            DrillLevel::Custody => "each share opens and belongs to the set",
            DrillLevel::Quorum => {
                "the shares restore the key-encryption key of the set; the key is not unwrapped"
            }
            DrillLevel::Full => {
                "the key is restored, signs a message that cannot be a root, and is destroyed"
            }
        }
    }

    /// Each share of the set: its custodian and its status.
    fn shares(&self) -> impl Iterator<Item = (String, ShareStatus<'_>)> {
        self.manifest.shares().iter().map(|share| {
            let label = share.label();
            let state = self.ceremony.restore();
            let of = |person: &PersonId| person.as_str() == label.custodian;
            let lost = state.lost().iter().find(|(person, _)| of(person));
            let shown = state.entered().iter().find(|(person, _)| of(person));
            let status = match (lost, shown) {
                (Some((_, reason)), _) => ShareStatus::Lost(reason),
                (None, Some((_, by))) => ShareStatus::Proven(by.title()),
                (None, None) => ShareStatus::NotRequested,
            };
            (label.who(), status)
        })
    }

    /// The participants: ID, name, roles, and verdict at sign-off.
    fn people(&self) -> impl Iterator<Item = (&PersonId, String, String, Option<Verdict>)> {
        let people = self.ceremony.script().people().iter();
        let here = self.ceremony.sign_offs();
        let attended = self.ceremony.attendance();
        people
            .filter(move |person| {
                attended.contains_key(&person.id) || here.contains_key(&person.id)
            })
            .map(move |person| {
                let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
                let verdict = here.get(&person.id).map(|(verdict, _)| *verdict);
                (
                    &person.id,
                    self.name(&person.id).to_owned(),
                    roles.join(", "),
                    verdict,
                )
            })
    }

    fn page(&self) -> Document {
        let title = "Certificate of a recovery drill";
        let mut page = Document::new(title);
        match self.ceremony.mode() {
            Mode::Rehearsal => page.alarm(format!(
                "{}: simulated shares; this certificate does not apply to the real ones",
                self.ceremony.banner()
            )),
            Mode::Production => page.banner(self.ceremony.banner()),
        }
        page.title(title);
        self.facts(&mut page);
        page.heading("Shares");
        for (who, status) in self.shares() {
            let status = match status {
                ShareStatus::Proven(how) => how.to_owned(),
                ShareStatus::Lost(reason) => format!("LOST: {reason}"),
                ShareStatus::NotRequested => "not requested".to_owned(),
            };
            page.paragraph(format!("{who}: {status}"));
        }
        page.heading("Participants");
        let columns = [
            ("Name", 18),
            ("Role", 14),
            ("Verdict", 14),
            ("Signature", 28),
        ];
        let mut table = Table::new(&columns);
        for (_, name, roles, verdict) in self.people() {
            let verdict = verdict.map_or_else(
                || "did not sign off".to_owned(),
                |verdict| verdict.to_string(),
            );
            table.row([name.into(), roles.into(), verdict.into(), Cell::Blank(1)]);
        }
        page.push(Block::Table(table));
        page.heading("Transcript digest");
        page.digest(&self.digest);
        page.paragraph(
            "This certificate is derived from transcript.jsonl in the same directory. To verify it: conclave transcript verify DIR",
        );
        page
    }

    fn json(&self) -> Vec<u8> {
        let facts = self.manifest.facts();
        let shares: Vec<Value> = self
            .manifest
            .shares()
            .iter()
            .zip(self.shares())
            .map(|(share, (_, status))| {
                json!({
                    "custodian": share.label().custodian,
                    "name": share.label().name,
                    "status": status.as_str(),
                    "how": match status {
                        ShareStatus::Proven(how) => Some(how),
                        ShareStatus::Lost(_) | ShareStatus::NotRequested => None,
                    },
                    "reason": match status {
                        ShareStatus::Lost(reason) => Some(reason),
                        ShareStatus::Proven(_) | ShareStatus::NotRequested => None,
                    },
                })
            })
            .collect();
        let people: Vec<Value> = self
            .people()
            .map(|(id, name, roles, verdict)| {
                json!({
                    "id": id,
                    "name": name,
                    "roles": roles,
                    "verdict": verdict.map(|verdict| verdict.to_string()),
                })
            })
            .collect();
        let state = self.ceremony.restore();
        let (quorums_left, reissue_by) = match &self.result {
            DrillResult::PassedWithLosses {
                quorums_left,
                reissue_by,
            } => (Some(*quorums_left), Some(reissue_by.to_string())),
            _ => (None, None),
        };
        let certificate = json!({
            "conclave": "drill-certificate",
            "format": 1,
            "mode": self.ceremony.mode().to_string(),
            "result": match self.result {
                DrillResult::Passed => "passed",
                DrillResult::PassedWithLosses { .. } => "passed-with-losses",
                DrillResult::Failed { .. } => "failed",
            },
            "reason": match &self.result {
                DrillResult::Failed { reason } => Some(reason),
                _ => None,
            },
            "quorums_left": quorums_left,
            "reissue_by": reissue_by,
            "replaced_by": self.ceremony.reissued_backup().and_then(KeyBackup::made).map(|made| made.manifest.set()),
            "level": self.level.as_str(),
            "held": self.held,
            "repository": facts.repository,
            "key": facts.key,
            "fingerprint": facts.public_key.fingerprint(),
            "set": self.manifest.set(),
            "set_made_at": facts.created_at.to_string(),
            "shares": shares,
            "combined": state.combined(),
            "restored": state.is_restored(),
            "proven": state.is_proven(),
            "destroyed": state.is_destroyed(),
            "people": people,
            "transcript_digest": self.digest,
        });
        let mut bytes = serde_json::to_vec_pretty(&certificate).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}
