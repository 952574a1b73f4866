//! An event in a sentence, for the line mode, the transcript view and the report.

mod backup;
mod restore;

use crate::record::{FactorySecret, Provenance, TokenId, visible};
use crate::script::{ItemId, PersonId, Script};
use crate::transfer::Occasion;

use super::approval::strengths_of;
use super::display_names::DisplayNames;
use super::event::{Event, EventKind, Mode};

impl EventKind {
    /// Its kind, as it stands in the transcript: `key-generated`.
    #[must_use]
    pub fn name(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| Some(value.get("event")?.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

impl Event {
    /// What happened, in one sentence. `cast` says who went by which name when it had happened. Names have no
    /// control characters.
    #[must_use]
    pub fn narrate(&self, script: &Script, display_names: &DisplayNames) -> String {
        if let EventKind::InRepository { repository, fact } = &self.fact {
            let inner = Self {
                fact: EventKind::clone(fact),
                ..self.clone()
            };
            let told = inner.narrate(script, display_names);
            return format!("{}: {told}", visible(repository));
        }
        self.narrate_own(script, display_names)
    }

    /// The same, of what concerns the script's own repository.
    fn narrate_own(&self, script: &Script, display_names: &DisplayNames) -> String {
        let people = display_names.names(script, &self.people);
        match &self.fact {
            EventKind::Opened(opening) => format!(
                "{} opened: {} of {}, script {}.",
                match opening.mode {
                    Mode::Rehearsal => "Rehearsal",
                    Mode::Production => "Ceremony",
                },
                script.title(),
                script.repository(),
                script.sha256().short_hex()
            ),
            EventKind::Resumed {
                torn_bytes: 0,
                machine,
                ..
            } => format!("Taken up again, on {machine}."),
            EventKind::Resumed {
                torn_bytes,
                machine,
                ..
            } => format!(
                "Taken up again, on {machine}; {torn_bytes} bytes of a line that was cut short are left out."
            ),
            EventKind::HostInspected { findings } if findings.is_empty() => {
                "The machine was inspected; nothing was found.".to_owned()
            }
            EventKind::HostInspected { findings } => format!(
                "The machine was inspected; found: {}.",
                findings
                    .iter()
                    .map(|finding| finding.check.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            EventKind::ScriptRead { .. } => {
                format!("The digest of the script was read aloud and compared by {people}.")
            }
            EventKind::Initialled { initials } => {
                format!("{people} initialled the note: {initials}.")
            }
            EventKind::TokenFound {
                key,
                token,
                blank,
                at_factory_value,
            } => format!(
                "The token for {key} is there: {token}{}{}.",
                if *blank && !token.label.is_empty() {
                    ", blank"
                } else {
                    ""
                },
                from_factory(at_factory_value)
            ),
            EventKind::InitializeIntended { key, label } => {
                format!("The token for {key} is about to be initialized as \"{label}\".")
            }
            EventKind::TokenInitialized { key, token } => {
                format!("The token for {key} is initialized: {token}.")
            }
            EventKind::PinSet { key } => format!("{people} set the PIN of the token for {key}."),
            EventKind::GenerateIntended { key, object_id, .. } => {
                format!("{key} is about to be generated, as object {object_id}.")
            }
            EventKind::KeyGenerated {
                key,
                fingerprint,
                provenance,
                attestation,
                token,
                ..
            } => format!(
                "{key} was generated and read back: fingerprint {}, provenance {provenance}{}.",
                fingerprint.short_hex(),
                by_whom(*provenance, token, attestation)
            ),
            EventKind::PossessionProven { key, occasion, .. } => match occasion {
                Occasion::Generation => format!("The token answered a fresh challenge with {key}."),
                Occasion::Adoption => format!(
                    "The token answered a fresh challenge with {key}, which was made before this ceremony."
                ),
                Occasion::Reinsertion => {
                    format!("Put in again, the token answered a fresh challenge with {key}.")
                }
            },
            EventKind::EnrollmentCompared {
                key,
                fingerprint,
                approvals,
            } => format!(
                "{people} compared the fingerprint of {} with what its holder read out: {} ({}).",
                script.key_title(key),
                fingerprint.short_hex(),
                strengths_of(approvals)
            ),
            _ => self
                .narrate_backup(&people)
                .or_else(|| self.narrate_restore(&people))
                .or_else(|| self.narrate_custody(script, display_names, &people))
                .unwrap_or_else(|| self.narrate_people(script, display_names, &people)),
        }
    }

    /// The same, for what people do and agree upon.
    fn narrate_people(
        &self,
        script: &Script,
        display_names: &DisplayNames,
        people: &str,
    ) -> String {
        match &self.fact {
            EventKind::Attended {
                document,
                checked_by,
            } => match checked_by {
                Some(checker) => format!(
                    "{people} is here, by: {document}, checked by {}.",
                    display_names.name(script, checker)
                ),
                None => format!("{people} is here, by: {document}, checked by nobody."),
            },
            EventKind::Awaited => format!("{people} is not here yet, and is awaited."),
            EventKind::Substituted { name } => {
                let id = self.people.first().map_or("", PersonId::as_str);
                format!("{name} takes the place of {id}, as the script allows.")
            }
            EventKind::CodeChosen => format!("{people} chose an approval code, unseen."),
            EventKind::ApprovalTokenProven { .. } => {
                format!("The own token of {people} answered: {people} approves by it.")
            }
            EventKind::ApprovalTokenMissing { reason } => {
                format!("{people} approves by a code, for the own token does not answer: {reason}.")
            }
            EventKind::Left { reason } => format!("{people} left: {reason}."),
            EventKind::Amended {
                amendment,
                approvals,
            } => {
                let (from, to) = amendment.change();
                format!(
                    "Amendment: {} was \"{from}\" and is \"{to}\". Read aloud and approved by {people} ({}).",
                    amendment.subject(),
                    strengths_of(approvals)
                )
            }
            EventKind::ClockAttested {
                attested,
                offset,
                approvals,
                ..
            } => format!(
                "The clock is attested by {people}: {attested}{} ({}).",
                if *offset == 0 {
                    String::new()
                } else {
                    format!(", {offset:+} seconds from the machine's")
                },
                strengths_of(approvals)
            ),
            EventKind::FindingsAcknowledged { approvals } => format!(
                "{people} saw what was found, and decided to go on ({}).",
                strengths_of(approvals)
            ),
            _ => self
                .narrate_tokens(script, people)
                .unwrap_or_else(|| self.narrate_root(people)),
        }
    }

    /// The same, for bags and pauses.
    fn narrate_custody(
        &self,
        script: &Script,
        display_names: &DisplayNames,
        people: &str,
    ) -> Option<String> {
        Some(match &self.fact {
            EventKind::BagOpened { item, bag } => format!(
                "{people} read bag {bag} of {}; it is the one on record, and was opened.",
                named(script, item)
            ),
            EventKind::NewBagRead { item, bag } => {
                let item = named(script, item);
                format!("{people} read the number of the new bag for {item}: {bag}.")
            }
            EventKind::BagReadingsDiffered { bag, .. } => {
                format!("{people} read another number: {bag}. The bag is read again, by both.")
            }
            EventKind::Sealed {
                item,
                bag,
                receiver,
                place,
                approvals,
            } => {
                let item = named(script, item);
                let receiver = display_names.name(script, receiver);
                let place = place.as_ref().map_or_else(
                    || "for the time of the pause".to_owned(),
                    |place| format!("to be kept here: {place}"),
                );
                format!(
                    "The same number was read once more: {item} is in bag {bag}. {receiver} takes it, {place}. Approved by {people} ({}).",
                    strengths_of(approvals)
                )
            }
            EventKind::PauseBegun { reason, approvals } if approvals.is_empty() => {
                format!("A pause begins: {reason}.")
            }
            EventKind::PauseBegun { reason, approvals } => format!(
                "A pause begins: {reason}. Approved by {people} ({}).",
                strengths_of(approvals)
            ),
            EventKind::TokensPutAway => "All tokens are logged out and taken out.".to_owned(),
            EventKind::Paused { at } => {
                format!("Paused at {at}. A witness writes down the head of the record in ink.")
            }
            EventKind::HeadCompared { words } => format!(
                "{people} read the head of the record from the ink; it is this record's: {words} …"
            ),
            _ => return None,
        })
    }

    /// The same, for what happens to tokens beside the usual.
    fn narrate_tokens(&self, script: &Script, people: &str) -> Option<String> {
        Some(match &self.fact {
            EventKind::CertifyIntended { key, name } => {
                format!("{key} is about to sign its certificate, for {name}.")
            }
            EventKind::KeyCertified { key, .. } => format!("{key} signed its certificate."),
            EventKind::Postponed { key } => format!("The steps of {key} were put off."),
            EventKind::TakenUp { key } => format!("The steps of {key} are done now."),
            EventKind::RegenerationDecided {
                key,
                reason,
                approvals,
            } => format!(
                "{key} is to be destroyed and made anew, as {people} decided ({}): {reason}.",
                strengths_of(approvals)
            ),
            EventKind::SpareTaken {
                key,
                spare,
                reason,
                approvals,
            } => format!(
                "{spare} takes the place of {}, as {people} decided ({}): {reason}.",
                script.token_title(key),
                strengths_of(approvals)
            ),
            EventKind::KeyDestroyed { key, fingerprint } => format!(
                "The old key of {key}, fingerprint {}, was destroyed; its token does not hold it any more.",
                fingerprint.short_hex()
            ),
            EventKind::KeyOrphaned {
                key,
                fingerprint,
                reason,
                approvals,
            } => format!(
                "The old key of {key}, fingerprint {}, was not destroyed and is an orphan, as {people} decided ({}): {reason}.",
                fingerprint.short_hex(),
                strengths_of(approvals)
            ),
            EventKind::UnblockDecided { key, bag: None } => {
                format!("{people} decided to unblock the PIN of the token for {key}.")
            }
            EventKind::UnblockDecided {
                key,
                bag: Some(bag),
            } => format!(
                "{people} decided to unblock the PIN of the token for {key}; bag {bag} is opened for it."
            ),
            EventKind::ManagementKeyWritten { key } => format!(
                "{people} wrote the management key of the token for {key} down and typed it back; the token keeps it no more."
            ),
            EventKind::PinUnblocked { key } => {
                format!("The PIN of the token for {key} was unblocked; {people} set a new one.")
            }
            EventKind::EnvelopeSealed {
                key,
                secret,
                bag,
                approvals,
            } => format!(
                "The {} of the token for {key} was sealed into bag {bag}, as {people} saw ({}).",
                secret.title(),
                strengths_of(approvals)
            ),
            EventKind::PayloadAbandoned {
                version,
                sha256,
                reason,
                approvals,
            } => format!(
                "Another payload of version {version}, {}, was given up by {people} ({}), and its signatures are void: {reason}.",
                sha256.short_hex(),
                strengths_of(approvals)
            ),
            EventKind::Skipped {
                key,
                reason,
                approvals,
            } => format!(
                "The ceremony goes on without {key}, as {people} decided ({}): {reason}.",
                strengths_of(approvals)
            ),
            EventKind::KeyboardTested { .. } => {
                format!("{people} typed the test line: the keyboard gives what its keys show.")
            }
            _ => return None,
        })
    }

    /// The same, for what concerns the root and the end of the ceremony.
    fn narrate_root(&self, people: &str) -> String {
        match &self.fact {
            EventKind::RootComposed {
                version, sha256, ..
            } => format!(
                "Root {version} is composed and frozen: {}.",
                sha256.short_hex()
            ),
            EventKind::ReviewConfirmed { sha256, typed } => {
                format!("{} was reviewed; typed: {typed}.", sha256.short_hex())
            }
            EventKind::SignIntended { key, repeat, .. } => format!(
                "{key} is about to sign{}.",
                if *repeat {
                    " the same bytes again, for an earlier try was interrupted"
                } else {
                    ""
                }
            ),
            EventKind::Signed { key, key_id, .. } => format!(
                "{key} signed, and the signature verifies; key ID {}.",
                key_id.get(..8).unwrap_or(key_id)
            ),
            EventKind::RequestWritten { file } => format!(
                "The signing request for other sites was written: {}, SHA-256 {}.",
                file.name,
                file.sha256.short_hex()
            ),
            EventKind::SignatureExpected { key } => {
                format!("The signature of {key} is said to be here.")
            }
            EventKind::SignatureCollected { .. } => narrate_collected(&self.fact),
            EventKind::SignatureSkipped { key, reason } => {
                format!("The signature of {key} is not waited for: {reason}.")
            }
            EventKind::RootVerified {
                version,
                signatures,
                threshold,
                previous,
                ..
            } => {
                let before = previous.map_or_else(String::new, |counted| {
                    format!(
                        "; of root {}, {} of {}",
                        version.saturating_sub(1),
                        counted.signatures,
                        counted.threshold
                    )
                });
                format!(
                    "Root {version} verifies: {signatures} signatures, {threshold} are needed{before}."
                )
            }
            EventKind::ExportIntended { files } => format!(
                "About to be exported: {}.",
                files
                    .iter()
                    .map(|file| file.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            EventKind::Exported { files } => format!(
                "Exported, read back and compared: {}.",
                files
                    .iter()
                    .map(|file| file.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            EventKind::SignedOff { verdict, remark } if remark.is_empty() => {
                format!("{people} {verdict}.")
            }
            EventKind::SignedOff { verdict, remark } => format!("{people} {verdict}: {remark}."),
            EventKind::Failed { failure } => format!("It did not work: {}.", failure.what),
            EventKind::Retried => "Tried again.".to_owned(),
            EventKind::ExceptionRecorded {
                sheet,
                waives,
                approvals,
            } => format!(
                "Exception: expected {}; happened {}; decided {} by {people} ({}).{}",
                sheet.expected,
                sheet.happened,
                sheet.decided,
                strengths_of(approvals),
                waives.map_or_else(String::new, |check| format!(" It waives {check}."))
            ),
            EventKind::Aborted { reason } => format!("Broken off: {reason}."),
            EventKind::Closed { status } => format!("Closed. The worst verdict: {status}."),
            _ => self.narrate_travel(),
        }
    }

    /// The same, for what comes from other sites and goes there.
    fn narrate_travel(&self) -> String {
        match &self.fact {
            EventKind::RequestJudged {
                sha256,
                card,
                again,
            } => format!(
                "The request for payload {} builds upon the root that {}{}.",
                sha256.short_hex(),
                match card {
                    Some(_) => "the paper card names",
                    None => "this machine trusts",
                },
                if *again {
                    "; the same payload was signed before"
                } else {
                    ""
                }
            ),
            _ => String::new(),
        }
    }
}

fn narrate_collected(fact: &EventKind) -> String {
    let EventKind::SignatureCollected {
        key,
        key_id,
        record,
        ..
    } = fact
    else {
        return String::new();
    };
    let record = record.as_ref().map_or_else(
        || "the record of its signing did not come".to_owned(),
        |record| {
            let head = record.head.short_hex();
            format!(
                "it was signed at {}, under the record {head}",
                record.signed
            )
        },
    );
    format!(
        "The signature of {key} came from its site, and verifies; key ID {}; {record}.",
        key_id.get(..8).unwrap_or(key_id)
    )
}

/// What lies in a bag, by its name in the script.
fn named(script: &Script, item: &ItemId) -> String {
    match script.medium(item) {
        Some(medium) => medium.title(),
        None => format!("the token for {item}"),
    }
}

/// Who attests a key, after its provenance.
fn by_whom(provenance: Provenance, token: &TokenId, attestation: &[String]) -> String {
    match provenance {
        Provenance::Attested => format!(" by YubiKey {}", visible(&token.serial)),
        _ if attestation.is_empty() => String::new(),
        _ => ", for its attestation leads to no root that is trusted".to_owned(),
    }
}

/// What a token still has as it left the factory, at the end of a sentence.
fn from_factory(secrets: &[FactorySecret]) -> String {
    let names: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; still as from the factory: {}", names.join(", "))
    }
}
