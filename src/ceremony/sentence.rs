//! From an event to its sentence, for the line mode, the transcript view and the report. The sentences are in the files of
//! the acts and requests.

use crate::record::visible;
use crate::script::Script;

use super::act::{
    approval, attendance, attest_clock, back_up_key, certify_key, collect_signatures, compose_root,
    destroy_restored_key, destroy_shares, destroy_token_key, enroll_key, envelope, exception,
    export, failure, generate_key, identify_token, initialize_token, inspect_host, note, open_bag,
    open_share, opening, pause, read_script, restore_key, resuming, review_root, seal, set_pin,
    sign_off, sign_root, verify_backup, verify_request, verify_restored_key, verify_root,
    verify_token,
};
use super::display_names::{DisplayNames, Names};
use super::event::{
    BackupEvent, CustodyEvent, Event, EventKind, HostEvent, KeyEvent, ParticipantEvent,
    ProgressEvent, RestoreEvent, RootEvent,
};
use super::request::{amend, payload, restore, tokens};

impl Event {
    /// The event in a sentence.
    pub fn narrate(&self, script: &Script, display_names: &DisplayNames) -> String {
        let names = &Names::new(script, display_names, &self.people);
        match &self.kind {
            EventKind::Progress(event) => of_progress(event, names),
            EventKind::Participants(event) => of_participants(event, names),
            EventKind::Host(event) => of_host(event, names),
            EventKind::Keys(event) => of_keys(event, names),
            EventKind::Custody(event) => of_custody(event, names),
            EventKind::Root(event) => of_root(event, names),
            EventKind::Backup(event) => of_backup(event, names),
            EventKind::Restore(event) => of_restore(event, names),
        }
    }
}

fn of_progress(event: &ProgressEvent, names: &Names<'_>) -> String {
    match event {
        ProgressEvent::Opened(opening) => opening::opened_sentence(opening, names),
        ProgressEvent::Resumed {
            machine,
            torn_bytes,
            ..
        } => resuming::resumed_sentence(machine, *torn_bytes),
        ProgressEvent::ScriptRead { .. } => read_script::script_read_sentence(names),
        ProgressEvent::Initialed { initials } => note::initialed_sentence(initials, names),
        ProgressEvent::Amended {
            amendment,
            approvals,
        } => amend::amended_sentence(amendment, approvals, names),
        ProgressEvent::Postponed { key } => tokens::postponed_sentence(key),
        ProgressEvent::BroughtForward { key } => tokens::brought_forward_sentence(key),
        ProgressEvent::SignedOff { verdict, remark } => {
            sign_off::signed_off_sentence(*verdict, remark, names)
        }
        ProgressEvent::Failed { failure } => failure::failed_sentence(failure),
        ProgressEvent::Retried => failure::retried_sentence(),
        ProgressEvent::ExceptionRecorded {
            report,
            waives,
            approvals,
        } => exception::exception_recorded_sentence(report, *waives, approvals, names),
        ProgressEvent::Aborted { reason } => sign_off::aborted_sentence(reason),
        ProgressEvent::Closed { status } => sign_off::closed_sentence(*status),
    }
}

fn of_participants(event: &ParticipantEvent, names: &Names<'_>) -> String {
    match event {
        ParticipantEvent::Attended {
            document,
            checked_by,
        } => attendance::attended_sentence(document, checked_by.as_ref(), names),
        ParticipantEvent::Awaited => attendance::awaited_sentence(names),
        ParticipantEvent::Substituted { name } => attendance::substituted_sentence(name, names),
        ParticipantEvent::CodeChosen => approval::code_chosen_sentence(names),
        ParticipantEvent::ApprovalTokenProven { .. } => approval::token_proven_sentence(names),
        ParticipantEvent::ApprovalTokenMissing { reason } => {
            approval::token_missing_sentence(reason, names)
        }
        ParticipantEvent::Left { reason } => attendance::left_sentence(reason, names),
    }
}

fn of_host(event: &HostEvent, names: &Names<'_>) -> String {
    match event {
        HostEvent::HostInspected { findings } => inspect_host::host_inspected_sentence(findings),
        HostEvent::ClockAttested {
            attested,
            offset,
            approvals,
            ..
        } => attest_clock::clock_attested_sentence(*attested, *offset, approvals, names),
        HostEvent::FindingsAcknowledged { approvals } => {
            inspect_host::findings_acknowledged_sentence(approvals, names)
        }
        HostEvent::KeyboardTested { .. } => tokens::keyboard_tested_sentence(names),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "each event has its arm, and they are read side by side"
)]
fn of_keys(event: &KeyEvent, names: &Names<'_>) -> String {
    match event {
        KeyEvent::TokenFound {
            key,
            token,
            blank,
            at_factory_value,
            interface,
        } => identify_token::token_found_sentence(
            key,
            token,
            *blank,
            at_factory_value,
            interface.as_ref(),
        ),
        KeyEvent::InitializeIntended { key, label } => {
            initialize_token::initialize_intended_sentence(key, label)
        }
        KeyEvent::TokenInitialized { key, token } => {
            initialize_token::token_initialized_sentence(key, token)
        }
        KeyEvent::PinSet { key } => set_pin::pin_set_sentence(key, names),
        KeyEvent::GenerateIntended { key, object_id, .. } => {
            generate_key::generate_intended_sentence(key, object_id)
        }
        KeyEvent::KeyGenerated {
            key,
            fingerprint,
            provenance,
            attributes,
            attestation,
            token,
            public_key: _,
        } => generate_key::key_generated_sentence(
            key,
            fingerprint,
            *provenance,
            attributes.local,
            attestation,
            token,
        ),
        KeyEvent::PossessionProven { key, occasion, .. } => {
            verify_token::possession_proven_sentence(key, *occasion)
        }
        KeyEvent::EnrollmentCompared {
            key,
            fingerprint,
            approvals,
        } => enroll_key::enrollment_compared_sentence(key, fingerprint, approvals, names),
        KeyEvent::RegenerationDecided {
            key,
            reason,
            approvals,
        } => tokens::regeneration_decided_sentence(key, reason, approvals, names),
        KeyEvent::SpareTaken {
            key,
            spare,
            reason,
            approvals,
        } => tokens::spare_taken_sentence(key, spare, reason, approvals, names),
        KeyEvent::KeyFilesFound { key, files } => {
            destroy_token_key::files_found_sentence(key, files)
        }
        KeyEvent::DestructionIntended {
            key,
            fingerprint,
            files,
            approvals,
        } => destroy_token_key::intended_sentence(key, fingerprint, files, approvals, names),
        KeyEvent::KeyFilesAttested {
            key,
            files,
            approvals,
            ..
        } => destroy_token_key::files_attested_sentence(key, files, approvals, names),
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
        } => tokens::key_orphaned_sentence(key, fingerprint, reason, approvals, names),
        KeyEvent::UnblockDecided { key, bag } => {
            tokens::unblock_decided_sentence(key, bag.as_deref(), names)
        }
        KeyEvent::ManagementKeyWritten { key } => {
            envelope::management_key_written_sentence(key, names)
        }
        KeyEvent::PinUnblocked { key } => tokens::pin_unblocked_sentence(key, names),
        KeyEvent::EnvelopeSealed {
            key,
            secret,
            bag,
            approvals,
        } => envelope::envelope_sealed_sentence(key, *secret, bag, approvals, names),
        KeyEvent::KeySkipped {
            key,
            reason,
            approvals,
        } => tokens::key_skipped_sentence(key, reason, approvals, names),
    }
}

fn of_custody(event: &CustodyEvent, names: &Names<'_>) -> String {
    match event {
        CustodyEvent::BagOpened { item, bag } => open_bag::bag_opened_sentence(item, bag, names),
        CustodyEvent::NewBagRead { item, bag } => seal::new_bag_read_sentence(item, bag, names),
        CustodyEvent::BagReadingsDiffered { bag, .. } => {
            seal::bag_readings_differed_sentence(bag, names)
        }
        CustodyEvent::Sealed {
            item,
            bag,
            receiver,
            place,
            approvals,
        } => seal::sealed_sentence(
            item,
            bag,
            names.of(receiver),
            place.as_deref(),
            approvals,
            names,
        ),
        CustodyEvent::PauseBegun { reason, approvals } => {
            pause::pause_begun_sentence(reason, approvals, names)
        }
        CustodyEvent::TokensRemoved => pause::tokens_removed_sentence(),
        CustodyEvent::Paused { at } => pause::paused_sentence(*at),
        CustodyEvent::DigestCompared { words } => pause::digest_compared_sentence(words, names),
    }
}

fn of_root(event: &RootEvent, names: &Names<'_>) -> String {
    match event {
        RootEvent::CertifyIntended { key, name } => {
            certify_key::certify_intended_sentence(key, name)
        }
        RootEvent::KeyCertified { key, .. } => certify_key::key_certified_sentence(key),
        RootEvent::PayloadAbandoned {
            version,
            sha256,
            reason,
            approvals,
        } => payload::payload_abandoned_sentence(*version, sha256, reason, approvals, names),
        RootEvent::RootComposed {
            version, sha256, ..
        } => compose_root::root_composed_sentence(*version, sha256),
        RootEvent::ReviewConfirmed { sha256, typed } => {
            review_root::review_confirmed_sentence(sha256, typed)
        }
        RootEvent::SignIntended { key, repeat, .. } => {
            sign_root::sign_intended_sentence(key, *repeat)
        }
        RootEvent::Signed { key, key_id, .. } => sign_root::signed_sentence(key, key_id),
        RootEvent::RequestWritten { file } => collect_signatures::request_written_sentence(file),
        RootEvent::SignatureExpected { key } => {
            collect_signatures::signature_expected_sentence(key)
        }
        RootEvent::SignatureCollected {
            key,
            key_id,
            transcript,
            ..
        } => collect_signatures::signature_collected_sentence(key, key_id, transcript.as_ref()),
        RootEvent::SignatureSkipped { key, reason } => {
            collect_signatures::signature_skipped_sentence(key, reason)
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
        RootEvent::ExportIntended { files } => export::export_intended_sentence(files),
        RootEvent::Exported { files } => export::exported_sentence(files),
        RootEvent::RequestVerified {
            sha256,
            card,
            signed_before,
        } => verify_request::request_verified_sentence(sha256, card.is_some(), *signed_before),
        RootEvent::InRepository { repository, event } => {
            format!("{}: {}", visible(repository), of_root(event, names))
        }
    }
}

fn of_backup(event: &BackupEvent, names: &Names<'_>) -> String {
    match event {
        BackupEvent::RecipientProven { by, .. } => {
            back_up_key::recipient_proven_sentence(*by, names)
        }
        BackupEvent::BackupIntended { key, id } => back_up_key::backup_intended_sentence(key, id),
        BackupEvent::BackedUp(made) => back_up_key::backed_up_sentence(made),
        BackupEvent::ExtractionDisabled { key, .. } => {
            back_up_key::extraction_disabled_sentence(key)
        }
        BackupEvent::ShareOpened { key, set, by, .. } => {
            verify_backup::share_opened_sentence(key, set, *by, names)
        }
        BackupEvent::SupersededPartDestroyed { set, custodian, .. } => {
            destroy_shares::part_destroyed_sentence(set, custodian.as_deref(), names)
        }
        BackupEvent::SupersededPartRetained {
            set,
            custodian,
            reason,
            ..
        } => destroy_shares::part_retained_sentence(set, custodian.as_deref(), reason, names),
    }
}

fn of_restore(event: &RestoreEvent, names: &Names<'_>) -> String {
    match event {
        RestoreEvent::ShareEntered { set, by, .. } => {
            open_share::share_entered_sentence(set, *by, names)
        }
        RestoreEvent::ShareDeclaredLost {
            custodian, reason, ..
        } => restore::share_declared_lost_sentence(custodian, reason, names),
        RestoreEvent::SharesCombined { set } => restore_key::shares_combined_sentence(set),
        RestoreEvent::KeyRestored { set, fingerprint } => {
            restore_key::key_restored_sentence(set, fingerprint)
        }
        RestoreEvent::RestoredKeyProven { .. } => {
            verify_restored_key::restored_key_proven_sentence()
        }
        RestoreEvent::RestoredKeyDestroyed { fingerprint } => {
            destroy_restored_key::restored_key_destroyed_sentence(fingerprint)
        }
        RestoreEvent::DrillFailed { reason, .. } => restore::drill_failed_sentence(reason, names),
    }
}
