//! An event in a sentence, for the line mode, the transcript view and the report.

use crate::record::visible;
use crate::script::{ItemId, PersonId, Script};

use super::act::{
    collect_signatures, destroy_token_key, enroll_key, envelope, generate_key, identify_token,
    initialize_token, set_pin, verify_request, verify_root, verify_token,
};
use super::approval::strengths_of;
use super::display_names::DisplayNames;
use super::event::{
    BackupEvent, CustodyEvent, Event, EventKind, ExportedFile, HostEvent, KeyEvent, Mode,
    ParticipantEvent, ProgressEvent, Randomness, RestoreEvent, RootEvent, WrappedIn,
};
use super::request::tokens;
use super::telling::Telling;

impl Event {
    /// The event in a sentence.
    pub fn narrate(&self, script: &Script, display_names: &DisplayNames) -> String {
        let telling = Telling {
            script,
            display_names,
            ids: &self.people,
            people: &display_names.names(script, &self.people),
        };
        match &self.kind {
            EventKind::Progress(event) => of_progress(event, &telling),
            EventKind::Participants(event) => of_participants(event, &telling),
            EventKind::Host(event) => of_host(event, &telling),
            EventKind::Keys(event) => of_keys(event, &telling),
            EventKind::Custody(event) => of_custody(event, &telling),
            EventKind::Root(event) => of_root(event, &telling),
            EventKind::Backup(event) => of_backup(event, &telling),
            EventKind::Restore(event) => of_restore(event, &telling),
        }
    }
}

fn of_progress(event: &ProgressEvent, telling: &Telling<'_>) -> String {
    let Telling { people, script, .. } = *telling;
    match event {
        ProgressEvent::Opened(opening) => format!(
            "{} opened: {} of {}, script {}.",
            match opening.mode {
                Mode::Rehearsal => "Rehearsal",
                Mode::Production => "Ceremony",
            },
            script.title(),
            script.repository(),
            script.sha256().short_hex()
        ),
        ProgressEvent::Resumed {
            torn_bytes: 0,
            machine,
            ..
        } => format!("Taken up again, on {machine}."),
        ProgressEvent::Resumed {
            torn_bytes,
            machine,
            ..
        } => format!(
            "Taken up again, on {machine}; {torn_bytes} bytes of a line that was cut short are left out."
        ),
        ProgressEvent::ScriptRead { .. } => {
            format!("The digest of the script was read aloud and compared by {people}.")
        }
        ProgressEvent::Initialed { initials } => {
            format!("{people} initialed the note: {initials}.")
        }
        ProgressEvent::Amended {
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
        ProgressEvent::Postponed { key } => format!("The steps of {key} were put off."),
        ProgressEvent::BroughtForward { key } => format!("The steps of {key} are done now."),
        ProgressEvent::SignedOff { verdict, remark } if remark.is_empty() => {
            format!("{people} {verdict}.")
        }
        ProgressEvent::SignedOff { verdict, remark } => format!("{people} {verdict}: {remark}."),
        ProgressEvent::Failed { failure } => format!("It did not work: {}.", failure.what),
        ProgressEvent::Retried => "Tried again.".to_owned(),
        ProgressEvent::ExceptionRecorded {
            report,
            waives,
            approvals,
        } => format!(
            "Exception: expected {}; happened {}; decided {} by {people} ({}).{}",
            report.expected,
            report.happened,
            report.decided,
            strengths_of(approvals),
            waives.map_or_else(String::new, |check| format!(" It waives {check}."))
        ),
        ProgressEvent::Aborted { reason } => format!("Broken off: {reason}."),
        ProgressEvent::Closed { status } => format!("Closed. The worst verdict: {status}."),
    }
}

fn of_participants(event: &ParticipantEvent, telling: &Telling<'_>) -> String {
    let Telling {
        people,
        script,
        display_names,
        ..
    } = *telling;
    match event {
        ParticipantEvent::Attended {
            document,
            checked_by,
        } => match checked_by {
            Some(checker) => format!(
                "{people} is here, by: {document}, checked by {}.",
                display_names.name(script, checker)
            ),
            None => format!("{people} is here, by: {document}, checked by nobody."),
        },
        ParticipantEvent::Awaited => format!("{people} is not here yet, and is awaited."),
        ParticipantEvent::Substituted { name } => {
            let id = telling.ids.first().map_or("", PersonId::as_str);
            format!("{name} takes the place of {id}, as the script allows.")
        }
        ParticipantEvent::CodeChosen => format!("{people} chose an approval code, unseen."),
        ParticipantEvent::ApprovalTokenProven { .. } => {
            format!("The own token of {people} answered: {people} approves by it.")
        }
        ParticipantEvent::ApprovalTokenMissing { reason } => {
            format!("{people} approves by a code, for the own token does not answer: {reason}.")
        }
        ParticipantEvent::Left { reason } => format!("{people} left: {reason}."),
    }
}

fn of_host(event: &HostEvent, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    match event {
        HostEvent::HostInspected { findings } if findings.is_empty() => {
            "The machine was inspected; nothing was found.".to_owned()
        }
        HostEvent::HostInspected { findings } => format!(
            "The machine was inspected; found: {}.",
            findings
                .iter()
                .map(|finding| finding.check.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ),
        HostEvent::ClockAttested {
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
        HostEvent::FindingsAcknowledged { approvals } => format!(
            "{people} saw what was found, and decided to go on ({}).",
            strengths_of(approvals)
        ),
        HostEvent::KeyboardTested { .. } => {
            format!("{people} typed the test line: the keyboard gives what its keys show.")
        }
    }
}

fn of_keys(event: &KeyEvent, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    match event {
        KeyEvent::TokenFound {
            key,
            token,
            blank,
            at_factory_value,
        } => identify_token::token_found_sentence(key, token, *blank, at_factory_value),
        KeyEvent::InitializeIntended { key, label } => {
            initialize_token::initialize_intended_sentence(key, label)
        }
        KeyEvent::TokenInitialized { key, token } => {
            initialize_token::token_initialized_sentence(key, token)
        }
        KeyEvent::PinSet { key } => set_pin::pin_set_sentence(key, telling),
        KeyEvent::GenerateIntended { key, object_id, .. } => {
            generate_key::generate_intended_sentence(key, object_id)
        }
        KeyEvent::KeyGenerated {
            key,
            fingerprint,
            provenance,
            attestation,
            token,
            ..
        } => {
            generate_key::key_generated_sentence(key, fingerprint, *provenance, attestation, token)
        }
        KeyEvent::PossessionProven { key, occasion, .. } => {
            verify_token::possession_proven_sentence(key, *occasion)
        }
        KeyEvent::EnrollmentCompared {
            key,
            fingerprint,
            approvals,
        } => enroll_key::enrollment_compared_sentence(key, fingerprint, approvals, telling),
        KeyEvent::RegenerationDecided {
            key,
            reason,
            approvals,
        } => tokens::regeneration_decided_sentence(key, reason, approvals, telling),
        KeyEvent::SpareTaken {
            key,
            spare,
            reason,
            approvals,
        } => tokens::spare_taken_sentence(key, spare, reason, approvals, telling),
        KeyEvent::KeyFilesFound { key, files } => {
            destroy_token_key::files_found_sentence(key, files)
        }
        KeyEvent::DestructionIntended {
            key,
            fingerprint,
            files,
            approvals,
        } => destroy_token_key::intended_sentence(key, fingerprint, files, approvals, telling),
        KeyEvent::KeyFilesAttested {
            key,
            files,
            approvals,
            ..
        } => destroy_token_key::files_attested_sentence(key, files, approvals, telling),
        KeyEvent::TokenKeyDestroyed {
            key,
            fingerprint,
            files,
        } => destroy_token_key::destroyed_sentence(key, fingerprint, files),
        KeyEvent::KeyDestroyed { key, fingerprint } => {
            tokens::key_destroyed_sentence(key, fingerprint)
        }
        KeyEvent::KeyOrphaned {
            key,
            fingerprint,
            reason,
            approvals,
        } => tokens::key_orphaned_sentence(key, fingerprint, reason, approvals, telling),
        KeyEvent::UnblockDecided { key, bag } => {
            tokens::unblock_decided_sentence(key, bag.as_deref(), telling)
        }
        KeyEvent::ManagementKeyWritten { key } => {
            envelope::management_key_written_sentence(key, telling)
        }
        KeyEvent::PinUnblocked { key } => tokens::pin_unblocked_sentence(key, telling),
        KeyEvent::EnvelopeSealed {
            key,
            secret,
            bag,
            approvals,
        } => envelope::envelope_sealed_sentence(key, *secret, bag, approvals, telling),
        KeyEvent::KeySkipped {
            key,
            reason,
            approvals,
        } => format!(
            "The ceremony goes on without {key}, as {people} decided ({}): {reason}.",
            strengths_of(approvals)
        ),
    }
}

fn of_custody(event: &CustodyEvent, telling: &Telling<'_>) -> String {
    let Telling {
        people,
        script,
        display_names,
        ..
    } = *telling;
    match event {
        CustodyEvent::BagOpened { item, bag } => format!(
            "{people} read bag {bag} of {}; it is the one on record, and was opened.",
            named(script, item)
        ),
        CustodyEvent::NewBagRead { item, bag } => {
            let item = named(script, item);
            format!("{people} read the number of the new bag for {item}: {bag}.")
        }
        CustodyEvent::BagReadingsDiffered { bag, .. } => {
            format!("{people} read another number: {bag}. The bag is read again, by both.")
        }
        CustodyEvent::Sealed {
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
        CustodyEvent::PauseBegun { reason, approvals } if approvals.is_empty() => {
            format!("A pause begins: {reason}.")
        }
        CustodyEvent::PauseBegun { reason, approvals } => format!(
            "A pause begins: {reason}. Approved by {people} ({}).",
            strengths_of(approvals)
        ),
        CustodyEvent::TokensRemoved => "All tokens are logged out and taken out.".to_owned(),
        CustodyEvent::Paused { at } => {
            format!("Paused at {at}. A witness writes down the head of the record in ink.")
        }
        CustodyEvent::DigestCompared { words } => format!(
            "{people} read the head of the record from the ink; it is this record's: {words} …"
        ),
    }
}

fn of_root(event: &RootEvent, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    match event {
        RootEvent::CertifyIntended { key, name } => {
            format!("{key} is about to sign its certificate, for {name}.")
        }
        RootEvent::KeyCertified { key, .. } => format!("{key} signed its certificate."),
        RootEvent::PayloadAbandoned {
            version,
            sha256,
            reason,
            approvals,
        } => format!(
            "Another payload of version {version}, {}, was given up by {people} ({}), and its signatures are void: {reason}.",
            sha256.short_hex(),
            strengths_of(approvals)
        ),
        RootEvent::RootComposed {
            version, sha256, ..
        } => format!(
            "Root {version} is composed and frozen: {}.",
            sha256.short_hex()
        ),
        RootEvent::ReviewConfirmed { sha256, typed } => {
            format!("{} was reviewed; typed: {typed}.", sha256.short_hex())
        }
        RootEvent::SignIntended { key, repeat, .. } => format!(
            "{key} is about to sign{}.",
            if *repeat {
                " the same bytes again, for an earlier try was interrupted"
            } else {
                ""
            }
        ),
        RootEvent::Signed { key, key_id, .. } => format!(
            "{key} signed, and the signature verifies; key ID {}.",
            key_id.short()
        ),
        RootEvent::RequestWritten { file } => format!(
            "The signing request for other sites was written: {}, SHA-256 {}.",
            file.name,
            file.sha256.short_hex()
        ),
        RootEvent::SignatureExpected { key } => {
            format!("The signature of {key} is said to be here.")
        }
        RootEvent::SignatureCollected {
            key,
            key_id,
            transcript: record,
            ..
        } => collect_signatures::signature_collected_sentence(key, key_id, record.as_ref()),
        RootEvent::SignatureSkipped { key, reason } => {
            format!("The signature of {key} is not waited for: {reason}.")
        }
        RootEvent::RootVerified {
            version,
            signatures,
            threshold,
            previous,
            ..
        } => verify_root::root_verified_sentence(
            *version,
            *signatures,
            *threshold,
            previous.as_ref(),
        ),
        RootEvent::ExportIntended { files } => {
            format!("About to be exported: {}.", names_of(files))
        }
        RootEvent::Exported { files } => {
            format!("Exported, read back and compared: {}.", names_of(files))
        }
        RootEvent::RequestJudged {
            sha256,
            card,
            signed_before,
        } => verify_request::request_judged_sentence(sha256, card.is_some(), *signed_before),
        RootEvent::InRepository { repository, event } => {
            format!("{}: {}", visible(repository), of_root(event, telling))
        }
    }
}

fn of_backup(event: &BackupEvent, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    match event {
        BackupEvent::RecipientProven { by, .. } => {
            format!("{people} opened a test message {}.", by.title())
        }
        BackupEvent::BackupIntended { key, id } => {
            format!("{key} is about to be backed up, in folders called {key}-{id}.")
        }
        BackupEvent::BackedUp(made) => format!(
            "{} was wrapped {} and what wrapped it was split into set {}; its shares are on {} ({}), the wrapped key on {} ({}). All {} quorums restored it from memory, and it was wiped ({}).",
            made.key,
            match made.wrapped_in {
                WrappedIn::Token => "in its token",
                WrappedIn::Memory => "in locked memory",
            },
            made.manifest.set().short_hex(),
            made.shares_on.medium,
            made.shares_on.device,
            made.wrapped_on.medium,
            made.wrapped_on.device,
            made.quorums,
            match made.randomness {
                Randomness::SystemAndToken => "random from the system and the token",
                Randomness::System => "random from the system alone",
            }
        ),
        BackupEvent::ExtractionDisabled { key, .. } => {
            format!("{key} leaves its token no more, and the token says so.")
        }
        BackupEvent::ShareOpened { key, set, by, .. } => format!(
            "{people} opened the own share of {key}, set {}, {}.",
            set.short_hex(),
            by.title()
        ),
        BackupEvent::SupersededPartDestroyed { set, custodian, .. } => format!(
            "{people} saw {} of the old set {} destroyed.",
            part(custodian.as_deref()),
            set.short_hex()
        ),
        BackupEvent::SupersededPartRetained {
            set,
            custodian,
            reason,
            ..
        } => format!(
            "{people} say that {} of the old set {} was not destroyed, and stays on the list: {reason}.",
            part(custodian.as_deref()),
            set.short_hex()
        ),
    }
}

fn of_restore(event: &RestoreEvent, telling: &Telling<'_>) -> String {
    let Telling { people, .. } = *telling;
    match event {
        RestoreEvent::ShareEntered { set, by, .. } => format!(
            "The share of {people}, set {}: {}.",
            set.short_hex(),
            by.title()
        ),
        RestoreEvent::ShareDeclaredLost {
            custodian, reason, ..
        } => format!("{people} gave the share of {custodian} up, which counts as lost: {reason}."),
        RestoreEvent::SharesCombined { set } => format!(
            "The shares restored the key-encryption key of set {}, which was wiped.",
            set.short_hex()
        ),
        RestoreEvent::KeyRestored { set, fingerprint } => format!(
            "The key {} was restored from set {} into locked memory.",
            fingerprint.short_hex(),
            set.short_hex()
        ),
        RestoreEvent::RestoredKeyProven { .. } => {
            "What was restored signed a message that can be no root, and the signature verifies."
                .to_owned()
        }
        RestoreEvent::RestoredKeyDestroyed { fingerprint } => format!(
            "What was restored of the key {} was destroyed, and is gone.",
            fingerprint.short_hex()
        ),
        RestoreEvent::DrillFailed { reason, .. } => {
            format!("{people} ended the drill as failed: {reason}.")
        }
    }
}

/// What lies in a bag, by its name in the script.
fn named(script: &Script, item: &ItemId) -> String {
    match script.medium(item) {
        Some(medium) => medium.title(),
        None => format!("the token for {item}"),
    }
}

fn part(custodian: Option<&str>) -> String {
    match custodian {
        Some(custodian) => format!("the share of {}", crate::record::visible(custodian)),
        None => "every copy of the wrapped key".to_owned(),
    }
}

fn names_of(files: &[ExportedFile]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    names.join(", ")
}
