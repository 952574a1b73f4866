//! Decide, apply, next: each a match over inputs, events or acts that routes to the act concerned, and nothing else.

use crate::script::{Act, KeyId, Step};
use crate::transfer::PossessionProof;

use super::act::asking::{proceed, with_token};
use super::act::{
    approval, attendance, attest_clock, back_up_key, certify_key, collect_signatures, compose_root,
    custody, destroy_restored_key, destroy_shares, destroy_token_key, enroll_key, envelope,
    exception, export, failure, generate_key, identify_token, initialize_token, inspect_host, note,
    open_bag, open_share, opening, pause, read_script, restore_key, resuming, review_root, seal,
    set_pin, sign_off, sign_root, verify_backup, verify_request, verify_restored_key, verify_root,
    verify_token,
};
use super::approval::{Approval, people_of};
use super::at::At;
use super::check::Check;
use super::effect::{DoomedObject, Effect, Input, Moment, Outcome};
use super::event::{
    BackupEvent, CustodyEvent, Event, EventKind, HostEvent, KeyEvent, Mode, ParticipantEvent,
    ProgressEvent, RestoreEvent, RootEvent,
};
use super::failure::{Failure, FailureKind};
use super::next::Next;
use super::prompt::{Answer, Ask, Prompt};
use super::refusal::StepError;
use super::replay::{Applied, ReplayError, contradiction, require};
use super::request::{amend, decide, payload, restore, tokens};
use super::state::{Bag, Ceremony, Ending, PartDisposition};

/// An event that was decided, and the ceremony after it.
#[derive(Debug, Clone)]
pub struct Decision {
    pub event: Event,
    pub next: Ceremony,
}

impl Ceremony {
    /// The event of an input, before approval tokens have signed for those who approve it.
    ///
    /// # Errors
    /// When the input does not fit.
    pub fn propose(&self, input: Input, moment: &Moment) -> Result<Event, StepError> {
        let mut trial = self.clone();
        trial.is_trial = true;
        Ok(trial.decide(input, moment)?.event)
    }

    /// Turns an input into an event, and applies it.
    ///
    /// # Errors
    /// When the input does not fit; the ceremony is as it was.
    pub fn decide(&self, input: Input, moment: &Moment) -> Result<Decision, StepError> {
        if typed_texts(&input).any(|text| text.chars().any(char::is_control)) {
            return Err(StepError::Control);
        }
        let event = event_of(self, input, moment)?;
        match self.apply(&event) {
            Ok(next) => Ok(Decision { event, next }),
            // A token may return a wrong answer: this is a failure of the token, and it is recorded.
            Err(ReplayError::Contradiction(what) | ReplayError::Check { what, .. })
                if is_from_token(&event.kind) =>
            {
                let event = failed(self, untrue(what));
                let next = self.apply(&event)?;
                Ok(Decision { event, next })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The ceremony after an event: no effects, and the same live and in replay.
    ///
    /// # Errors
    /// When the event cannot have happened in this state.
    pub fn apply(&self, event: &Event) -> Result<Self, ReplayError> {
        require_possible(self, event)?;
        let mut next = self.clone();
        change(&mut next, &At::new(event, self.current_step()))?;
        while settle(&mut next) {}
        settle_order(&mut next);
        if next.has_approval_tokens() {
            let trail = event.trail(next.progress.trail());
            next.progress_mut().follow(trail);
        }
        Ok(next)
    }

    /// What comes next. It depends on the state only, so that resuming needs nothing else.
    pub fn next(&self) -> Next {
        if let Some(ending) = self.ending() {
            return Next::Done(ending.clone());
        }
        if self.is_paused() {
            return Next::Rest;
        }
        let Some(step) = self.current_step() else {
            return Next::Ask(sign_off::ask_to_close(self));
        };
        if let Some(failure) = self.failure() {
            return Next::Ask(failure::ask_after(self, step, failure));
        }
        if let Some(person) = self.next_without_code() {
            return Next::Do(match self.approval_key(&person) {
                Some(public_key) => Effect::ProveApprovalToken { person, public_key },
                None => Effect::ChooseCode { person },
            });
        }
        if self.needs_rehearsal() {
            return Next::Ask(exception::ask_without_rehearsal(self, step));
        }
        if let Some(request) = self.custody_asks(step) {
            return custody::next(self, step, request);
        }
        if let Some(person) = self.required_attendance(step) {
            return Next::Ask(attendance::ask_attendance(self, step, &person));
        }
        if let Some(next) = next_before_step(self, step) {
            return next;
        }
        match self.repository_at_hand() {
            Some(view) => naming_repository(&view, next_in(&view, step)),
            None if self.names_repository(&step.act) => {
                naming_repository(self, next_in(self, step))
            }
            None => next_in(self, step),
        }
    }
}

/// Rules for every event.
fn require_possible(c: &Ceremony, event: &Event) -> Applied {
    if c.ending().is_some() {
        return Err(ReplayError::Over);
    }
    let is_opening = matches!(event.kind, EventKind::Progress(ProgressEvent::Opened(_)));
    if is_opening != c.opening().is_none() {
        return Err(ReplayError::Opening);
    }
    let is_resumption = matches!(
        event.kind,
        EventKind::Progress(ProgressEvent::Resumed { .. })
    );
    require(
        !c.is_paused() || is_resumption,
        "the ceremony is paused and must be resumed first",
    )?;
    require(
        !c.is_pausing() || !is_about_order(&event.kind),
        "decisions about tokens are not possible during a pause",
    )?;
    for person in &event.people {
        require(
            c.script.person(person).is_some(),
            &format!("the script has no person {person:?}"),
        )?;
    }
    let current = c.current_step().map(|step| &step.id);
    match &event.step {
        Some(found) if current != Some(found) => Err(ReplayError::Step {
            expected: current.map_or_else(|| "the end".to_owned(), ToString::to_string),
            found: found.to_string(),
        }),
        Some(_) | None => Ok(()),
    }
}

const fn is_about_order(event: &EventKind) -> bool {
    matches!(
        event,
        EventKind::Progress(
            ProgressEvent::Postponed { .. }
                | ProgressEvent::BroughtForward { .. }
                | ProgressEvent::Amended { .. }
        ) | EventKind::Keys(
            KeyEvent::RegenerationDecided { .. }
                | KeyEvent::SpareTaken { .. }
                | KeyEvent::KeyDestroyed { .. }
                | KeyEvent::KeyOrphaned { .. }
                | KeyEvent::UnblockDecided { .. }
                | KeyEvent::PinUnblocked { .. }
                | KeyEvent::EnvelopeSealed { .. }
                | KeyEvent::KeySkipped { .. }
        ) | EventKind::Root(RootEvent::PayloadAbandoned { .. })
    )
}

/// Routes an event to the act that it belongs to.
fn change(c: &mut Ceremony, at: &At<'_>) -> Applied {
    match &at.event.kind {
        EventKind::Progress(event) => change_progress(c, at, event),
        EventKind::Participants(event) => change_participants(c, at, event),
        EventKind::Host(event) => change_host(c, at, event),
        EventKind::Keys(event) => change_keys(c, at, event),
        EventKind::Custody(event) => change_custody(c, at, event),
        EventKind::Root(event) => change_root(c, at, event),
        EventKind::Backup(event) => change_backup(c, at, event),
        EventKind::Restore(event) => change_restore(c, at, event),
    }
}

fn change_progress(c: &mut Ceremony, at: &At<'_>, event: &ProgressEvent) -> Applied {
    match event {
        ProgressEvent::Opened(opening) => opening::opened(c, opening),
        ProgressEvent::Resumed { digest, .. } => resuming::resumed(c, *digest),
        ProgressEvent::ScriptRead { sha256 } => read_script::read(c, at, *sha256),
        ProgressEvent::Initialed { initials } => note::initialed(c, at, initials),
        ProgressEvent::SignedOff { verdict, remark } => {
            sign_off::signed_off(c, at, *verdict, remark)
        }
        ProgressEvent::Postponed { key } => tokens::postponed(c, key),
        ProgressEvent::BroughtForward { key } => tokens::brought_forward(c, key),
        ProgressEvent::Amended {
            amendment,
            approvals,
        } => amend::amended(c, at, amendment, approvals),
        ProgressEvent::Failed { failure } => failure::failed(c, failure),
        ProgressEvent::Retried => c.progress_mut().retry(),
        ProgressEvent::ExceptionRecorded {
            report,
            waives,
            approvals,
        } => exception::recorded(c, at, report, *waives, approvals),
        ProgressEvent::Aborted { reason } => {
            let reason = reason.clone();
            c.progress_mut().end(Ending::Aborted { reason });
            Ok(())
        }
        ProgressEvent::Closed { status } => sign_off::closed(c, *status),
    }
}

fn change_participants(c: &mut Ceremony, at: &At<'_>, event: &ParticipantEvent) -> Applied {
    match event {
        ParticipantEvent::Attended {
            document,
            checked_by,
        } => attendance::attended(c, at, document, checked_by.as_ref()),
        ParticipantEvent::Awaited => attendance::awaited(c, at),
        ParticipantEvent::Substituted { name } => attendance::substituted(c, at, name),
        ParticipantEvent::CodeChosen => approval::code_chosen(c, at),
        ParticipantEvent::ApprovalTokenProven {
            challenge,
            signature,
        } => approval::token_proven(c, at, challenge, signature),
        ParticipantEvent::ApprovalTokenMissing { reason } => approval::token_missing(c, at, reason),
        ParticipantEvent::Left { reason } => attendance::left(c, at, reason),
    }
}

fn change_host(c: &mut Ceremony, at: &At<'_>, event: &HostEvent) -> Applied {
    match event {
        HostEvent::ClockAttested {
            machine,
            attested,
            offset,
            approvals,
        } => attest_clock::attested(c, at, *machine, *attested, *offset, approvals),
        HostEvent::HostInspected { findings } => inspect_host::inspected(c, at, findings),
        HostEvent::FindingsAcknowledged { approvals } => {
            inspect_host::acknowledged(c, at, approvals)
        }
        HostEvent::KeyboardTested { typed } => tokens::keyboard_tested(c, at, typed),
    }
}

#[expect(clippy::too_many_lines, reason = "a row for each event")]
fn change_keys(c: &mut Ceremony, at: &At<'_>, event: &KeyEvent) -> Applied {
    match event {
        KeyEvent::TokenFound {
            key,
            token,
            at_factory_value,
            ..
        } => identify_token::found(c, at, key, token, at_factory_value),
        KeyEvent::InitializeIntended { key, label } => {
            initialize_token::announced(c, at, key, label)
        }
        KeyEvent::TokenInitialized { key, token } => {
            initialize_token::initialized(c, at, key, token)
        }
        KeyEvent::PinSet { key } => set_pin::pin_set(c, at, key),
        KeyEvent::ManagementKeyWritten { key } => generate_key::management_key_written(c, at, key),
        KeyEvent::GenerateIntended {
            key,
            object_id,
            label,
        } => generate_key::announced(c, at, key, object_id, label),
        KeyEvent::KeyGenerated {
            key,
            token,
            public_key,
            fingerprint,
            attributes,
            provenance,
            attestation,
        } => {
            let new = generate_key::NewKey {
                token,
                public_key,
                fingerprint: *fingerprint,
                attributes: *attributes,
                provenance: *provenance,
                attestation,
            };
            generate_key::generated(c, at, key, &new)
        }
        KeyEvent::PossessionProven {
            key,
            occasion,
            challenge,
            signature,
        } => {
            let proof = PossessionProof {
                script: c.script.sha256(),
                occasion: *occasion,
                challenge: *challenge,
                signature: signature.as_bytes().to_vec(),
            };
            verify_token::proven(c, at, key, proof)
        }
        KeyEvent::EnrollmentCompared {
            key,
            fingerprint,
            approvals,
        } => enroll_key::compared(c, at, key, *fingerprint, approvals),
        KeyEvent::RegenerationDecided {
            key,
            reason,
            approvals,
        } => tokens::regeneration_decided(c, at, key, reason, approvals),
        KeyEvent::SpareTaken {
            key,
            spare,
            reason,
            approvals,
        } => tokens::spare_taken(c, at, key, spare, reason, approvals),
        KeyEvent::KeyDestroyed { key, fingerprint } => tokens::key_destroyed(c, key, fingerprint),
        KeyEvent::KeyOrphaned {
            key,
            fingerprint,
            reason,
            approvals,
        } => tokens::key_orphaned(c, at, key, fingerprint, reason, approvals),
        KeyEvent::UnblockDecided { key, bag } => {
            tokens::unblocking_decided(c, at, key, bag.as_ref())
        }
        KeyEvent::PinUnblocked { key } => tokens::pin_unblocked(c, key),
        KeyEvent::EnvelopeSealed {
            key,
            secret,
            bag,
            approvals,
        } => envelope::sealed(c, at, key, *secret, bag, approvals),
        KeyEvent::KeySkipped {
            key,
            reason,
            approvals,
        } => tokens::skipped(c, at, key, reason, approvals),
        KeyEvent::KeyFilesFound { key, files } => destroy_token_key::files_found(c, at, key, files),
        KeyEvent::DestructionIntended {
            key,
            fingerprint,
            files,
            approvals,
        } => destroy_token_key::announced(c, at, key, *fingerprint, files, approvals),
        KeyEvent::KeyFilesAttested {
            key,
            fingerprint,
            files,
            approvals,
        } => destroy_token_key::files_attested(c, at, key, *fingerprint, files, approvals),
        KeyEvent::TokenKeyDestroyed {
            key,
            fingerprint,
            files,
        } => destroy_token_key::destroyed(c, at, key, *fingerprint, files),
    }
}

fn change_custody(c: &mut Ceremony, at: &At<'_>, event: &CustodyEvent) -> Applied {
    match event {
        CustodyEvent::BagOpened { item, bag } => open_bag::opened(c, at, item, bag),
        CustodyEvent::NewBagRead { item, bag } => seal::new_bag_read(c, at, item, bag),
        CustodyEvent::BagReadingsDiffered { item, bag } => {
            seal::readings_differed(c, at, item, bag)
        }
        CustodyEvent::Sealed {
            item,
            bag,
            receiver,
            place,
            approvals,
        } => {
            let bag = Bag {
                number: bag.clone(),
                receiver: receiver.clone(),
                place: place.clone(),
            };
            seal::sealed(c, at, item, bag, approvals)
        }
        CustodyEvent::PauseBegun { reason, approvals } => pause::begun(c, at, reason, approvals),
        CustodyEvent::TokensRemoved => pause::tokens_removed(c, at),
        CustodyEvent::Paused { at: time } => pause::paused(c, at, *time),
        CustodyEvent::DigestCompared { words } => pause::digest_compared(c, at, words),
    }
}

fn change_root(c: &mut Ceremony, at: &At<'_>, event: &RootEvent) -> Applied {
    match event {
        RootEvent::CertifyIntended { key, name } => certify_key::announced(c, at, key, name),
        RootEvent::KeyCertified { key, certificate } => {
            certify_key::certified(c, at, key, certificate)
        }
        RootEvent::RootComposed {
            version,
            signed,
            sha256,
        } => compose_root::composed(c, at, *version, signed, *sha256),
        RootEvent::RequestVerified {
            sha256,
            card,
            signed_before,
        } => verify_request::judged(c, at, *sha256, *card, *signed_before),
        RootEvent::ReviewConfirmed { sha256, typed } => {
            review_root::reviewed(c, at, *sha256, typed)
        }
        RootEvent::SignIntended {
            key,
            sha256,
            repeat,
        } => sign_root::announced(c, at, key, *sha256, *repeat),
        RootEvent::Signed {
            key,
            key_id,
            signature,
        } => sign_root::signed(c, at, key, key_id, signature),
        RootEvent::RequestWritten { file } => collect_signatures::request_written(c, at, file),
        RootEvent::SignatureExpected { key } => collect_signatures::signature_expected(c, at, key),
        RootEvent::SignatureCollected {
            key,
            key_id,
            signature,
            transcript: _,
        } => collect_signatures::signature_collected(c, at, key, key_id, signature),
        RootEvent::SignatureSkipped { key, reason } => {
            collect_signatures::signature_skipped(c, at, key, reason)
        }
        RootEvent::RootVerified {
            version,
            file_sha256,
            signatures,
            threshold,
            previous,
        } => {
            let said = verify_root::Verified {
                version: *version,
                file_sha256: *file_sha256,
                signatures: *signatures,
                threshold: *threshold,
                previous: *previous,
            };
            verify_root::verified(c, at, &said)
        }
        RootEvent::InRepository { repository, event } => {
            require(
                is_of_one_root(event),
                "this event is not about a single root",
            )?;
            c.in_repository(repository, |c| change_root(c, at, event))
                .unwrap_or_else(|| {
                    Err(contradiction(format!(
                        "the script has no further repository {repository:?}"
                    )))
                })
        }
        RootEvent::ExportIntended { files } => export::announced(c, at, files),
        RootEvent::Exported { files } => export::exported(c, at, files),
        RootEvent::PayloadAbandoned {
            version,
            sha256,
            reason,
            approvals,
        } => payload::abandoned(c, at, *version, *sha256, reason, approvals),
    }
}

const fn is_of_one_root(event: &RootEvent) -> bool {
    matches!(
        event,
        RootEvent::CertifyIntended { .. }
            | RootEvent::KeyCertified { .. }
            | RootEvent::RootComposed { .. }
            | RootEvent::ReviewConfirmed { .. }
            | RootEvent::SignIntended { .. }
            | RootEvent::Signed { .. }
            | RootEvent::RootVerified { .. }
    )
}

fn change_backup(c: &mut Ceremony, at: &At<'_>, event: &BackupEvent) -> Applied {
    match event {
        BackupEvent::RecipientProven {
            custodian,
            recipients,
            by,
        } => back_up_key::recipient_proven(c, at, custodian, recipients, *by),
        BackupEvent::BackupIntended { key, id } => back_up_key::announced(c, at, key, id),
        BackupEvent::BackedUp(made) => back_up_key::backed_up(c, at, made),
        BackupEvent::ExtractionDisabled { key, attributes } => {
            back_up_key::extraction_disabled(c, at, key, *attributes)
        }
        BackupEvent::ShareOpened {
            key,
            set,
            custodian,
            by,
        } => verify_backup::share_opened(c, at, key, *set, custodian, *by),
        BackupEvent::SupersededPartDestroyed {
            set,
            custodian,
            approvals,
        } => {
            let disposition = PartDisposition::Destroyed;
            destroy_shares::accounted_for(c, at, *set, custodian.as_ref(), disposition, approvals)
        }
        BackupEvent::SupersededPartRetained {
            set,
            custodian,
            reason,
            approvals,
        } => {
            let reason = reason.clone();
            let disposition = PartDisposition::Retained { reason };
            destroy_shares::accounted_for(c, at, *set, custodian.as_ref(), disposition, approvals)
        }
    }
}

fn change_restore(c: &mut Ceremony, at: &At<'_>, event: &RestoreEvent) -> Applied {
    match event {
        RestoreEvent::ShareEntered { set, custodian, by } => {
            open_share::entered(c, at, *set, custodian, *by)
        }
        RestoreEvent::ShareDeclaredLost {
            custodian,
            reason,
            approvals,
        } => restore::share_declared_lost(c, at, custodian, reason, approvals),
        RestoreEvent::SharesCombined { set } => restore_key::combined(c, at, *set),
        RestoreEvent::KeyRestored { set, fingerprint } => {
            restore_key::restored(c, at, *set, *fingerprint)
        }
        RestoreEvent::RestoredKeyProven {
            challenge,
            signature,
        } => verify_restored_key::proven(c, at, challenge, signature),
        RestoreEvent::RestoredKeyDestroyed { fingerprint } => {
            destroy_restored_key::destroyed(c, at, *fingerprint)
        }
        RestoreEvent::DrillFailed { reason, approvals } => {
            restore::drill_failed(c, at, reason, approvals)
        }
    }
}

/// Finishes the current step if it is done.
fn settle(c: &mut Ceremony) -> bool {
    let done = c.current_step().filter(|step| is_done(c, step));
    let done = done.map(|step| step.index);
    if let Some(step) = done {
        c.progress_mut().finish(step);
    }
    done.is_some()
}

/// Keys whose steps are all done are neither postponed nor brought forward.
fn settle_order(c: &mut Ceremony) {
    let is_over = |key: &&KeyId| c.first_of_block(key).is_none();
    let over: Vec<KeyId> = c.progress.out_of_order().filter(is_over).cloned().collect();
    if !over.is_empty() {
        c.progress_mut().restore_order(&over);
    }
}

fn is_done(c: &Ceremony, step: &Step) -> bool {
    match &step.act {
        Act::Attendance => attendance::is_done(c),
        Act::AttestClock => c.clock_offset().is_some(),
        // Done when the findings are acknowledged, or there are none.
        Act::InspectHost => c.findings().is_some_and(<[_]>::is_empty),
        Act::ReadScript => c.progress.is_script_read(),
        Act::Note { initials, .. } => note::is_done(c, step, initials),
        Act::IdentifyToken { key } => c.keys[key].token().is_some(),
        Act::InitializeToken { key } => c.keys[key].is_initialized(),
        Act::SetPin { key } => set_pin::is_done(c, key),
        Act::GenerateKey { key } | Act::ImportKey { key } => generate_key::is_done(c, key),
        Act::BackUpKey { key } => back_up_key::is_done(c, key.as_ref()),
        Act::VerifyBackup { key } => verify_backup::is_done(c, key.as_ref()),
        Act::DestroyShares => c.next_superseded_part().is_none(),
        Act::OpenShare { custodian } => c.is_share_settled(custodian),
        Act::RestoreKey { .. } => restore_key::is_done(c),
        Act::VerifyRestoredKey { .. } => verify_restored_key::is_done(c),
        Act::DestroyRestoredKey { .. } => destroy_restored_key::is_done(c),
        Act::EnrollKey { key } => c.is_enrolled(key),
        Act::CertifyKey { .. }
        | Act::ComposeRoot
        | Act::VerifyRequest
        | Act::ReviewRoot
        | Act::VerifyRoot => c.is_settled_everywhere(&step.act),
        Act::SignRoot => c.next_signer().is_none(),
        Act::CollectSignatures => collect_signatures::is_done(c),
        Act::Export => !c.exported().is_empty(),
        Act::VerifyToken { key } => verify_token::is_done(c, key),
        Act::DestroyTokenKey { key } => destroy_token_key::is_done(c, key),
        Act::Seal { key, .. } => seal::is_done(c, key),
        Act::SealMedium { medium, .. } => c.custody.is_kept(&medium.into()),
        // Done when the pause is.
        Act::Break { .. } => false,
        Act::SignOff => sign_off::is_done(c),
    }
}

/// What comes before the step continues: a former key is destroyed, a PIN is unblocked, a secret is sealed.
fn next_before_step(c: &Ceremony, step: &Step) -> Option<Next> {
    let key = c.key_at_hand()?;
    let state = &c.keys[key];
    if let Some(former) = state.to_destroy() {
        return Some(Next::Do(Effect::DestroyKey {
            key: key.clone(),
            spare: former.spare.clone(),
            token: former.token.clone(),
            object: DoomedObject::Known(former.object_id.clone()),
            public_key: former.public_key.clone(),
        }));
    }
    if state.is_unblocking() {
        return Some(with_token(c, key, |token| Effect::UnblockPin {
            key: key.clone(),
            token,
        }));
    }
    c.envelope_due()
        .map(|(key, secret, bag)| Next::Ask(envelope::ask_envelope(c, step, key, secret, bag)))
}

fn naming_repository(c: &Ceremony, next: Next) -> Next {
    if let Next::Ask(mut prompt) = next {
        let line = format!("Repository {}:", c.script.repository());
        prompt.lines.insert(0, line);
        Next::Ask(prompt)
    } else {
        next
    }
}

fn next_in(c: &Ceremony, step: &Step) -> Next {
    match &step.act {
        Act::AttestClock => Next::Ask(attest_clock::ask_clock(c, step)),
        Act::InspectHost => inspect_host::next(c, step),
        Act::ReadScript => Next::Ask(read_script::ask_read(c, step)),
        Act::Note { initials, .. } => Next::Ask(note::ask_initials(c, step, initials)),
        Act::IdentifyToken { key } => Next::Do(Effect::FindToken { key: key.clone() }),
        Act::InitializeToken { key } => initialize_token::next_initialize(c, step, key),
        Act::SetPin { key } => set_pin::next(c, key),
        Act::GenerateKey { key } => generate_key::next_made(c, step, key, "Generate the key"),
        Act::ImportKey { key } => generate_key::next_made(c, step, key, "Import the key"),
        Act::EnrollKey { key } => enroll_key::next(c, step, key),
        Act::CertifyKey { key } => certify_key::next_certify(c, step, key),
        Act::BackUpKey { key } => back_up_key::next(c, step, key.as_ref()),
        Act::VerifyBackup { key } => verify_backup::next(c, step, key.as_ref()),
        Act::OpenShare { custodian } => open_share::next_open_share(c, step, custodian),
        Act::RestoreKey { key } => restore_key::next(c, step, key.as_ref()),
        Act::VerifyRestoredKey { key } => verify_restored_key::next(c, step, key.as_ref()),
        Act::DestroyRestoredKey { key } => destroy_restored_key::next(c, step, key.as_ref()),
        Act::DestroyShares => destroy_shares::next_destroy_shares(c, step),
        Act::ComposeRoot => compose_root::next(c, step),
        Act::VerifyRequest => Next::Ask(verify_request::ask_judgment(c, step)),
        Act::ReviewRoot => Next::Ask(review_root::ask_review(c, step)),
        Act::SignRoot => sign_root::next_sign(c, step),
        Act::CollectSignatures => collect_signatures::next_owed(c, step),
        Act::VerifyRoot => verify_root::next(c, step),
        Act::Export => export::next(c, step),
        Act::VerifyToken { key } => {
            verify_token::prove(c, key, crate::transfer::Occasion::Reinsertion)
        }
        Act::DestroyTokenKey { key } => destroy_token_key::next(c, step, key),
        // People and bags are handled before the step continues: there is nothing left to do here.
        Act::Attendance | Act::Seal { .. } | Act::SealMedium { .. } | Act::Break { .. } => {
            proceed(c, step)
        }
        Act::SignOff => Next::Ask(sign_off::ask_sign_off(c, step)),
    }
}

fn event_of(c: &Ceremony, input: Input, moment: &Moment) -> Result<Event, StepError> {
    match input {
        Input::Open(opening) => Ok(overall(ProgressEvent::Opened(Box::new(opening)))),
        Input::Resume {
            conclave,
            program,
            machine,
            digest,
            torn_bytes,
        } => Ok(overall(ProgressEvent::Resumed {
            conclave,
            program,
            machine,
            digest,
            torn_bytes,
        })),
        Input::Answer { answer, approvals } => event_of_answer(c, answer, approvals, moment),
        Input::Outcome(outcome) => Ok(event_of_outcome(c, outcome)?
            .unwrap_or_else(|failure| failed(c, failure::as_simulated(c, failure)))),
        Input::Exception {
            report,
            waives,
            approvals,
        } => exception::decide_exception(c, report, waives, approvals),
        Input::Request { request, approvals } => decide::decide_request(c, &request, approvals),
        Input::Abort { reason } if reason.trim().is_empty() => Err(StepError::Empty),
        Input::Abort { reason } => Ok(overall(ProgressEvent::Aborted { reason })),
    }
}

/// The texts that people typed.
fn typed_texts(input: &Input) -> impl Iterator<Item = &str> {
    let texts: Vec<&str> = match input {
        Input::Answer {
            answer: Answer::Text(text) | Answer::Choice { remark: text, .. },
            ..
        }
        | Input::Abort { reason: text } => vec![text],
        Input::Request { request, .. } => request.values.iter().map(String::as_str).collect(),
        Input::Exception { report, .. } => {
            vec![&report.expected, &report.happened, &report.decided]
        }
        Input::Answer {
            answer: Answer::Enter,
            ..
        }
        | Input::Open(_)
        | Input::Resume { .. }
        | Input::Outcome(_) => Vec::new(),
    };
    texts.into_iter()
}

/// A typed or chosen answer, checked against its prompt.
struct Given {
    /// The text, or the ID of the choice.
    text: String,
    remark: String,
}

fn given(c: &Ceremony, prompt: &Prompt, answer: Answer) -> Result<Given, StepError> {
    let mut remark = String::new();
    let text = match (&prompt.ask, answer) {
        (Ask::Enter { .. }, Answer::Enter) => String::new(),
        (Ask::Word { word }, Answer::Text(typed)) => {
            if typed.trim() != word {
                return Err(StepError::NotTheWord {
                    expected: word.clone(),
                });
            }
            word.clone()
        }
        (
            Ask::Choice { options, .. },
            Answer::Choice {
                index,
                remark: said,
            },
        ) => {
            let choice = options.get(index).ok_or(StepError::NotAnAnswer)?;
            said.trim().clone_into(&mut remark);
            if choice.wants_remark && remark.is_empty() {
                return Err(StepError::Empty);
            }
            choice.id.to_owned()
        }
        (Ask::Reading { usual, .. }, Answer::Text(typed)) => match typed.trim() {
            // The bag of a simulated token has no number.
            "" if c.mode() == Mode::Rehearsal => usual.clone(),
            "" => return Err(StepError::Empty),
            typed => typed.to_owned(),
        },
        (Ask::Clock, Answer::Text(typed)) => typed.trim().to_owned(),
        (Ask::Text { default, .. }, Answer::Text(typed)) => match (typed.trim(), default) {
            ("", Some(default)) => default.clone(),
            ("", None) => return Err(StepError::Empty),
            (typed, _) => typed.to_owned(),
        },
        (Ask::Enter { .. }, Answer::Choice { .. } | Answer::Text(_))
        | (Ask::Choice { .. }, Answer::Enter | Answer::Text(_))
        | (
            Ask::Word { .. } | Ask::Reading { .. } | Ask::Clock | Ask::Text { .. },
            Answer::Enter | Answer::Choice { .. },
        ) => return Err(StepError::NotAnAnswer),
    };
    Ok(Given { text, remark })
}

fn event_of_answer(
    c: &Ceremony,
    answer: Answer,
    approvals: Vec<Approval>,
    moment: &Moment,
) -> Result<Event, StepError> {
    let Next::Ask(prompt) = c.next() else {
        return Err(StepError::NotAsked);
    };
    let given = given(c, &prompt, answer)?;
    let Some(step) = c.current_step() else {
        return Ok(overall(ProgressEvent::Closed {
            status: c.worst_verdict(),
        }));
    };
    if c.failure().is_some() {
        return Ok(failure::answered(c, &given.text, prompt.who));
    }
    if c.needs_rehearsal() {
        let report = exception::unrehearsed(c, given.text);
        return exception::decide_exception(c, report, Some(Check::RehearsalShown), approvals);
    }
    let people = if prompt.approval {
        people_of(&approvals)
    } else {
        prompt.who
    };
    if let Some(request) = c.custody_asks(step) {
        let kind = custody::answered(c, step, request, given.text, approvals, moment)?;
        return Ok(c.at_step(people, kind));
    }
    if let Some(person) = c.required_attendance(step) {
        let event = attendance::answered(c, &person, &given.text)?;
        return Ok(c.at_step(vec![person], EventKind::Participants(event)));
    }
    if let Some((key, secret, _)) = c.envelope_due() {
        let event = KeyEvent::EnvelopeSealed {
            key: key.clone(),
            secret,
            bag: given.text,
            approvals,
        };
        return Ok(c.at_step(people, EventKind::Keys(event)));
    }
    let kind = match c.repository_at_hand() {
        Some(view) => in_repository(&view, answered(&view, step, given, approvals, moment)?),
        None => answered(c, step, given, approvals, moment)?,
    };
    Ok(c.at_step(people, kind))
}

/// The event of an answer in a step.
fn answered(
    c: &Ceremony,
    step: &Step,
    given: Given,
    approvals: Vec<Approval>,
    moment: &Moment,
) -> Result<EventKind, StepError> {
    let Given { text, remark } = given;
    match &step.act {
        Act::AttestClock => attest_clock::attest_clock(c, &text, moment.machine_time, approvals),
        Act::InspectHost => Ok(EventKind::Host(HostEvent::FindingsAcknowledged {
            approvals,
        })),
        Act::ReadScript => Ok(EventKind::Progress(ProgressEvent::ScriptRead {
            sha256: c.script.sha256(),
        })),
        Act::Note { .. } => Ok(EventKind::Progress(ProgressEvent::Initialed {
            initials: text,
        })),
        Act::InitializeToken { key } => Ok(EventKind::Keys(KeyEvent::InitializeIntended {
            key: key.clone(),
            label: c.token_label(key),
        })),
        Act::GenerateKey { key } | Act::ImportKey { key } | Act::RestoreKey { key: Some(key) } => {
            Ok(generate_key::announcing(c, key, moment))
        }
        Act::DestroyShares => destroy_shares::event_of_superseded_part(c, &text, remark, approvals),
        Act::BackUpKey { key } => back_up_key::intend_backup(c, key.as_ref(), moment),
        Act::EnrollKey { key } => enroll_key::decide_enrollment(c, key, approvals),
        Act::CertifyKey { key } => Ok(EventKind::Root(RootEvent::CertifyIntended {
            key: key.clone(),
            name: c.script.certificate_name().to_owned(),
        })),
        Act::ComposeRoot => compose_root::composing(c),
        Act::VerifyRequest => verify_request::decide_judgment(c, &text),
        Act::ReviewRoot => Ok(EventKind::Root(RootEvent::ReviewConfirmed {
            sha256: sign_root::frozen_digest(c)?,
            typed: text,
        })),
        Act::SignRoot => sign_root::signing(c),
        Act::CollectSignatures => collect_signatures::decide_owed(c, &text, remark),
        Act::VerifyRoot => verify_root::verifying(c),
        Act::Export => Ok(EventKind::Root(RootEvent::ExportIntended {
            files: export::exported_files(c),
        })),
        Act::SignOff => sign_off::answered(&text, remark),
        Act::DestroyTokenKey { key } => {
            destroy_token_key::answered(c, key, approvals).ok_or(StepError::NotAsked)
        }
        Act::Attendance
        | Act::IdentifyToken { .. }
        | Act::SetPin { .. }
        | Act::VerifyBackup { .. }
        | Act::OpenShare { .. }
        | Act::RestoreKey { key: None }
        | Act::VerifyRestoredKey { .. }
        | Act::DestroyRestoredKey { .. }
        | Act::VerifyToken { .. }
        | Act::Seal { .. }
        | Act::SealMedium { .. }
        | Act::Break { .. } => Err(StepError::NotAsked),
    }
}

/// The event of an outcome, or a failure about which the participants decide.
#[expect(clippy::too_many_lines, reason = "a row for each outcome")]
fn event_of_outcome(c: &Ceremony, outcome: Outcome) -> Result<Result<Event, Failure>, StepError> {
    let step = c.current_step().ok_or(StepError::NotAsked)?;
    let here = |kind| Ok(Ok(c.at_step(c.people_of(step), kind)));
    let by = |person, kind| Ok(Ok(c.at_step(vec![person], kind)));
    let at_hand = || c.key_at_hand().cloned().ok_or(StepError::NotAsked);
    match outcome {
        Outcome::Failed(failure) => Ok(Err(failure)),
        Outcome::CodeChosen => {
            let person = c.next_without_code().ok_or(StepError::NotAsked)?;
            let event = ParticipantEvent::CodeChosen;
            by(person, EventKind::Participants(event))
        }
        Outcome::ApprovalTokenAnswered {
            person,
            challenge,
            signature,
        } => {
            let event = ParticipantEvent::ApprovalTokenProven {
                challenge,
                signature: signature.into(),
            };
            by(person, EventKind::Participants(event))
        }
        Outcome::HostInspected(findings) => {
            here(EventKind::Host(HostEvent::HostInspected { findings }))
        }
        Outcome::TokenFound {
            token,
            blank,
            at_factory_value,
            interface,
        } => here(EventKind::Keys(KeyEvent::TokenFound {
            key: at_hand()?,
            token,
            blank,
            at_factory_value,
            interface,
        })),
        Outcome::TokenInitialized { token } => {
            let key = at_hand()?;
            here(EventKind::Keys(KeyEvent::TokenInitialized { key, token }))
        }
        Outcome::PinSet => {
            let key = at_hand()?;
            let event = set_pin::event_of_pin(c, key);
            Ok(Ok(c.at_step(c.people_at_hand(step), event)))
        }
        Outcome::ManagementKeyWritten => {
            let key = at_hand()?;
            let writer = c.management_writer(&key).ok_or(StepError::NotAsked)?;
            let event = KeyEvent::ManagementKeyWritten { key };
            by(writer, EventKind::Keys(event))
        }
        Outcome::KeyDestroyed => event_of_destruction(c, step).map(Ok),
        Outcome::KeyFilesFound(files) => here(EventKind::Keys(KeyEvent::KeyFilesFound {
            key: at_hand()?,
            files,
        })),
        Outcome::KeyGenerated {
            token,
            public_key,
            attributes,
            attestation,
        } => {
            let key = step.act.makes().ok_or(StepError::NotAsked)?;
            here(generate_key::event_of_new_key(
                c,
                key,
                token,
                public_key,
                attributes,
                attestation,
            ))
        }
        Outcome::RecipientProven {
            custodian,
            recipients,
            by: opened_by,
        } => {
            let event = BackupEvent::RecipientProven {
                custodian: custodian.clone(),
                recipients,
                by: opened_by,
            };
            by(custodian, EventKind::Backup(event))
        }
        Outcome::BackedUp(made) => here(EventKind::Backup(BackupEvent::BackedUp(made))),
        Outcome::ExtractionDisabled(attributes) => {
            here(back_up_key::event_of_extraction(c, step, attributes)?)
        }
        Outcome::ShareOpened {
            custodian,
            by: opened_by,
        } => {
            let event = verify_backup::event_of_share(c, step, custodian.clone(), opened_by)?;
            by(custodian, EventKind::Backup(event))
        }
        Outcome::ShareEntered { custodian, way } => {
            let event = open_share::event_of_share(c, custodian.clone(), way)?;
            by(custodian, EventKind::Restore(event))
        }
        Outcome::SharesCombined => here(restore_key::event_of_combination(c)?),
        Outcome::Restored => here(restore_key::event_of_key(c)?),
        Outcome::RestoredForgotten => here(destroy_restored_key::event_of_destruction(c)?),
        Outcome::Answered {
            challenge,
            signature,
        } => here(event_of_proof(step, challenge, signature)?),
        Outcome::Signed(signature) => event_of_signing(c, step, signature),
        Outcome::TokensRemoved => here(EventKind::Custody(CustodyEvent::TokensRemoved)),
        Outcome::RequestWritten(file) => here(EventKind::Root(RootEvent::RequestWritten { file })),
        Outcome::Collected { signature, record } => {
            here(collect_signatures::collected(c, signature, record)?)
        }
        Outcome::Exported => here(EventKind::Root(RootEvent::Exported {
            files: export::exported_files(c),
        })),
    }
}

/// The destruction of a restored key, a root key, or a former key.
fn event_of_destruction(c: &Ceremony, step: &Step) -> Result<Event, StepError> {
    let people = c.people_of(step);
    if matches!(step.act, Act::DestroyRestoredKey { .. }) {
        return Ok(c.at_step(people, destroy_restored_key::event_of_destruction(c)?));
    }
    if matches!(step.act, Act::DestroyTokenKey { .. }) {
        let event = destroy_token_key::event_of_destruction(c, step);
        return Ok(c.at_step(people, event.ok_or(StepError::NotAsked)?));
    }
    let key = c.key_at_hand().cloned().ok_or(StepError::NotAsked)?;
    let former = c.keys[&key].to_destroy().ok_or(StepError::NotAsked)?;
    let fingerprint = former.public_key.fingerprint();
    let event = KeyEvent::KeyDestroyed { key, fingerprint };
    Ok(c.at_step(c.people_at_hand(step), EventKind::Keys(event)))
}

fn event_of_proof(
    step: &Step,
    challenge: [u8; 32],
    signature: Vec<u8>,
) -> Result<EventKind, StepError> {
    if matches!(step.act, Act::VerifyRestoredKey { .. }) {
        return Ok(EventKind::Restore(RestoreEvent::RestoredKeyProven {
            challenge,
            signature: signature.into(),
        }));
    }
    verify_token::event_of_answer(step, challenge, signature).ok_or(StepError::NotAsked)
}

fn event_of_signing(
    c: &Ceremony,
    step: &Step,
    signature: Vec<u8>,
) -> Result<Result<Event, Failure>, StepError> {
    let signed = if let Some(view) = c.repository_at_hand() {
        event_of_signature(&view, step, signature)?
            .map(|(people, kind)| (people, in_repository(&view, kind)))
    } else {
        event_of_signature(c, step, signature)?
    };
    Ok(signed.map(|(people, kind)| c.at_step(people, kind)))
}

type Signed = (Vec<crate::script::PersonId>, EventKind);

fn event_of_signature(
    c: &Ceremony,
    step: &Step,
    signature: Vec<u8>,
) -> Result<Result<Signed, Failure>, StepError> {
    if let Act::CertifyKey { key } = &step.act {
        let event = certify_key::event_of_certificate(c, key, &signature);
        return Ok(match event {
            Some(event) => Ok((c.people_of(step), event)),
            None => Err(untrue(
                "the token did not return a valid certificate signature".to_owned(),
            )),
        });
    }
    if step.act != Act::SignRoot {
        return Err(StepError::NotAsked);
    }
    let (holder, event) = sign_root::event_of_signature(c, signature)?;
    Ok(Ok((vec![holder], event)))
}

fn overall(event: ProgressEvent) -> Event {
    Event {
        step: None,
        people: Vec::new(),
        kind: EventKind::Progress(event),
    }
}

fn failed(c: &Ceremony, failure: Failure) -> Event {
    c.at_step(
        Vec::new(),
        EventKind::Progress(ProgressEvent::Failed { failure }),
    )
}

fn untrue(what: String) -> Failure {
    Failure {
        kind: FailureKind::InvalidAnswer,
        what,
        hint: "try again; if the token gives a false answer again, stop using it and replace it"
            .to_owned(),
    }
}

/// An event of a root, as the transcript records it for the repository in focus.
fn in_repository(view: &Ceremony, kind: EventKind) -> EventKind {
    if let EventKind::Root(event) = kind {
        EventKind::Root(RootEvent::InRepository {
            repository: view.script.repository().to_owned(),
            event: Box::new(event),
        })
    } else {
        kind
    }
}

/// Whether a contradiction in the event comes from a token, and not from people.
const fn is_from_token(event: &EventKind) -> bool {
    match event {
        EventKind::Keys(event) => matches!(
            event,
            KeyEvent::TokenFound { .. }
                | KeyEvent::TokenInitialized { .. }
                | KeyEvent::KeyGenerated { .. }
                | KeyEvent::PossessionProven { .. }
        ),
        EventKind::Backup(event) => matches!(event, BackupEvent::ExtractionDisabled { .. }),
        EventKind::Restore(event) => matches!(event, RestoreEvent::RestoredKeyProven { .. }),
        EventKind::Participants(event) => {
            matches!(event, ParticipantEvent::ApprovalTokenProven { .. })
        }
        EventKind::Root(event) => is_signature(event),
        EventKind::Progress(_) | EventKind::Host(_) | EventKind::Custody(_) => false,
    }
}

const fn is_signature(event: &RootEvent) -> bool {
    if let RootEvent::InRepository { event, .. } = event {
        return is_signature(event);
    }
    matches!(
        event,
        RootEvent::KeyCertified { .. }
            | RootEvent::Signed { .. }
            | RootEvent::SignatureCollected { .. }
    )
}
