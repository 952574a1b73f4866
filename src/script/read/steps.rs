//! The tables `[[step]]`.

use super::fields::{Fields, Value};
use super::log::{At, Log, Span};
use crate::script::plan::Step;
use crate::script::schema;
use crate::script::{Act, KeyId, MediumId, PersonId, StepId};

/// A step as it was read.
pub(in crate::script) struct StepEntry {
    /// Of the act's name.
    pub(in crate::script) span: Span,
    pub(in crate::script) line: usize,
    /// `None` when the act or something in it was faulty.
    pub(in crate::script) act: Option<Act>,
    /// The key that the step names, and where.
    pub(in crate::script) key: Option<At<KeyId>>,
    pub(in crate::script) medium: Option<At<MediumId>>,
    /// The people who the step names, and where.
    pub(in crate::script) initials: Vec<At<PersonId>>,
    /// Who takes a bag, and where that stands.
    pub(in crate::script) receiver: Option<At<PersonId>>,
    /// Whose share it is about, and where that stands.
    pub(in crate::script) custodian: Option<At<PersonId>>,
    pub(in crate::script) id: Option<At<StepId>>,
    minutes: Option<u32>,
}

pub(super) fn read(log: &Log<'_>, tables: Vec<Fields<'_, '_>>) -> Vec<StepEntry> {
    let (mut notes, mut breaks) = (0, 0);
    let mut steps = Vec::new();
    for table in tables {
        let mut step = step(log, table);
        if let Some(act) = &step.act {
            let made = match act {
                Act::Note { .. } => {
                    notes += 1;
                    StepId::numbered(act.name(), notes)
                }
                Act::Break { .. } => {
                    breaks += 1;
                    StepId::numbered(act.name(), breaks)
                }
                _ => StepId::of(act.name(), act.object()),
            };
            step.id.get_or_insert(At {
                value: made,
                span: step.span.clone(),
            });
        }
        steps.push(step);
    }
    steps
}

fn step(log: &Log<'_>, mut fields: Fields<'_, '_>) -> StepEntry {
    let header = fields.span.clone();
    let line = log.line(&header);
    let named = fields.value("act");
    let span = named.as_ref().map_or(header, |value| value.span.clone());
    let name = named.as_ref().and_then(known);
    let mut entry = StepEntry {
        span,
        line,
        act: None,
        key: None,
        medium: None,
        initials: Vec::new(),
        receiver: None,
        custodian: None,
        id: None,
        minutes: None,
    };
    let Some(name) = name else {
        // What fields an unknown act has, nobody knows.
        return entry;
    };
    fields.rename(format!("a step {name:?}"));
    fields.extend(schema::of_act(name));
    entry.id = fields.read("id", Value::id);
    entry.minutes = fields.value("minutes").and_then(|value| minutes(&value));
    entry.act = match name {
        "note" => note(&mut fields, &mut entry.initials),
        "seal" => seal(&mut fields, &mut entry),
        "break" => Some(Act::Break {
            text: fields.value("text").and_then(|value| value.line()),
        }),
        "open-token" | "initialize-token" | "set-pin" | "generate-key" | "import-key"
        | "enroll-key" | "certify-key" | "prove-token" => {
            entry.key = fields.read("key", Value::id);
            entry.key.clone().and_then(|key| of_key(name, key.value))
        }
        "open-share" => {
            entry.custodian = fields.read("custodian", Value::id);
            entry.custodian.clone().map(|at| Act::OpenShare {
                custodian: at.value,
            })
        }
        "restore-key" | "prove-restore" | "back-up-key" | "prove-backup" | "destroy" => {
            let named = fields.value("key");
            entry.key = named.as_ref().and_then(|value| value.at(value.id()));
            let key = entry.key.clone().map(|at| at.value);
            (named.is_some() == key.is_some()).then(|| restoring(name, key))
        }
        _ => alone(name),
    };
    fields.finish();
    entry
}

fn known(value: &Value<'_, '_>) -> Option<&'static str> {
    let spellings = Act::KNOWN.map(|name| (name, name));
    value.one_of("script.act", &spellings)
}

fn alone(name: &str) -> Option<Act> {
    Some(match name {
        "attendance" => Act::Attendance,
        "attest-clock" => Act::AttestClock,
        "inspect-host" => Act::InspectHost,
        "read-script" => Act::ReadScript,
        "judge-request" => Act::JudgeRequest,
        "compose-root" => Act::ComposeRoot,
        "review-root" => Act::ReviewRoot,
        "sign-root" => Act::SignRoot,
        "collect-signatures" => Act::CollectSignatures,
        "verify-root" => Act::VerifyRoot,
        "export" => Act::Export,
        "destroy-shares" => Act::DestroyShares,
        "sign-off" => Act::SignOff,
        _ => return None,
    })
}

fn restoring(name: &str, key: Option<KeyId>) -> Act {
    match name {
        "restore-key" => Act::RestoreKey { key },
        "prove-restore" => Act::ProveRestore { key },
        "back-up-key" => Act::BackUpKey { key },
        "prove-backup" => Act::ProveBackup { key },
        _ => Act::Destroy { key },
    }
}

fn of_key(name: &str, key: KeyId) -> Option<Act> {
    Some(match name {
        "open-token" => Act::OpenToken { key },
        "initialize-token" => Act::InitializeToken { key },
        "set-pin" => Act::SetPin { key },
        "generate-key" => Act::GenerateKey { key },
        "import-key" => Act::ImportKey { key },
        "enroll-key" => Act::EnrollKey { key },
        "certify-key" => Act::CertifyKey { key },
        "prove-token" => Act::ProveToken { key },
        _ => return None,
    })
}

fn seal(fields: &mut Fields<'_, '_>, entry: &mut StepEntry) -> Option<Act> {
    let medium = fields.value("medium");
    entry.medium = medium.as_ref().and_then(|value| value.at(value.id()));
    if medium.is_none() {
        entry.key = fields
            .required("key")
            .and_then(|value| value.at(value.id()));
    }
    let place = fields.value("place").and_then(|value| value.line());
    entry.receiver = fields.read("receiver", Value::id);
    let receiver = entry.receiver.as_ref().map(|at| at.value.clone());
    if medium.is_some() {
        return Some(Act::SealMedium {
            medium: entry.medium.as_ref()?.value.clone(),
            place: place?,
            receiver,
        });
    }
    Some(Act::Seal {
        key: entry.key.as_ref()?.value.clone(),
        place: place?,
        receiver,
    })
}

fn note(fields: &mut Fields<'_, '_>, initials: &mut Vec<At<PersonId>>) -> Option<Act> {
    let text = fields.value("text").and_then(|value| value.line());
    let people = fields.value("initials")?;
    let items = people.items()?;
    if items.is_empty() {
        people.fault(
            "script.note",
            "\"initials\" is empty",
            "name at least one person, as in [\"witness-1\"]",
        );
    }
    for item in &items {
        if let Some(person) = item.at(item.id::<PersonId>()) {
            if initials.iter().any(|known| known.value == person.value) {
                item.fault(
                    "script.twice",
                    format!("\"initials\" has {:?} twice", person.value.as_str()),
                    "take one out",
                );
            }
            initials.push(person);
        }
    }
    Some(Act::Note {
        text: text?,
        initials: initials.iter().map(|at| at.value.clone()).collect(),
    })
}

fn minutes(value: &Value<'_, '_>) -> Option<u32> {
    let number = value.integer()?;
    let range = value.range();
    let minutes = u32::try_from(number).ok();
    let minutes = minutes.filter(|_| range.contains(&number));
    if minutes.is_none() {
        value.fault(
            "script.minutes",
            format!("a step cannot take {number} minutes"),
            format!("give {} to {}, or leave it out", range.start(), range.end()),
        );
    }
    minutes
}

impl StepEntry {
    pub(in crate::script) fn complete(self) -> Option<Step> {
        Some(Step {
            id: self.id?.value,
            act: self.act?,
            minutes: self.minutes,
            line: self.line,
        })
    }
}
