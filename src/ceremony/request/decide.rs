//! The event of a request, and the lines that are read aloud before it.

use crate::ceremony::act::destroy_token_key;
use crate::ceremony::amendment::Amendment;
use crate::ceremony::approval::{Approval, people_of};
use crate::ceremony::event::{
    CustodyEvent, Event, EventKind, HostEvent, KeyEvent, ParticipantEvent, ProgressEvent,
    RestoreEvent, RootEvent,
};
use crate::ceremony::refusal::StepError;
use crate::ceremony::state::{Ceremony, KEYBOARD_LINE};
use crate::script::{KeyId, PersonRole, TokenSecret};
use crate::words::Digest;

use super::offers::offers;
use super::{Request, RequestKind, amend, payload, restore, tokens};

impl Ceremony {
    /// The lines that are read aloud before two people approve a request.
    ///
    /// # Errors
    /// When it is not offered, or its form is not filled in as it should be.
    pub fn read_aloud(&self, request: &Request) -> Result<Vec<String>, StepError> {
        let event = event_of_request(self, request, Vec::new())?;
        Ok(lines_of(self, &event).unwrap_or_else(|| {
            vec![format!(
                "{}: {}",
                request.kind.title(),
                request.values.join(", ")
            )]
        }))
    }
}

fn lines_of(c: &Ceremony, event: &EventKind) -> Option<Vec<String>> {
    if let EventKind::Progress(ProgressEvent::Amended { amendment, .. }) = event {
        let (from, to) = amendment.change();
        return Some(vec![
            format!("Read the change aloud: {}.", amendment.subject()),
            format!("Old: {from}"),
            format!("New: {to}"),
        ]);
    }
    if let EventKind::Root(RootEvent::PayloadAbandoned { sha256, reason, .. }) = event {
        return Some(payload::read_aloud_of_payload(c, *sha256, reason));
    }
    match event {
        EventKind::Keys(event) => tokens::read_aloud_of_tokens(c, event),
        EventKind::Restore(event) => restore::read_aloud_of_restore(c, event),
        EventKind::Progress(_)
        | EventKind::Participants(_)
        | EventKind::Host(_)
        | EventKind::Custody(_)
        | EventKind::Root(_)
        | EventKind::Backup(_) => None,
    }
}

pub(in crate::ceremony) fn decide_request(
    c: &Ceremony,
    request: &Request,
    approvals: Vec<Approval>,
) -> Result<Event, StepError> {
    let people = if request.kind.needs_approval() {
        people_of(&approvals)
    } else if matches!(
        request.kind,
        RequestKind::Postpone | RequestKind::BringForward
    ) {
        c.with_role(PersonRole::Administrator, 1)
    } else {
        let who = request.values.first();
        who.and_then(|who| who.parse().ok()).into_iter().collect()
    };
    let event = event_of_request(c, request, approvals)?;
    Ok(c.at_step(people, event))
}

/// The event of a request.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind of request, and nothing else"
)]
fn event_of_request(
    c: &Ceremony,
    request: &Request,
    approvals: Vec<Approval>,
) -> Result<EventKind, StepError> {
    require_filled_in(c, request)?;
    let values = &request.values;
    let subject = values[0].as_str();
    // The reason, or the right value.
    let second = values.get(1).map_or("", |value| value.trim()).to_owned();
    let amendment = match request.kind {
        RequestKind::Arrive => {
            return Ok(EventKind::Participants(ParticipantEvent::Attended {
                document: second,
                checked_by: values.get(2).and_then(|who| who.parse().ok()),
            }));
        }
        RequestKind::Leave => {
            return Ok(EventKind::Participants(ParticipantEvent::Left {
                reason: second,
            }));
        }
        RequestKind::CodeInstead => {
            return Ok(EventKind::Participants(
                ParticipantEvent::ApprovalTokenMissing { reason: second },
            ));
        }
        RequestKind::Pause => {
            return Ok(EventKind::Custody(CustodyEvent::PauseBegun {
                reason: subject.trim().to_owned(),
                approvals,
            }));
        }
        RequestKind::AbandonPayload => {
            return Ok(EventKind::Root(RootEvent::PayloadAbandoned {
                version: c.script.root_version(),
                sha256: Digest::from_hex(subject).map_err(|_| StepError::NotAnAnswer)?,
                reason: second,
                approvals,
            }));
        }
        RequestKind::DeclareShareLost => {
            return Ok(EventKind::Restore(RestoreEvent::ShareDeclaredLost {
                custodian: parsed(subject)?,
                reason: second,
                approvals,
            }));
        }
        RequestKind::FailDrill => {
            return Ok(EventKind::Restore(RestoreEvent::DrillFailed {
                reason: second,
                approvals,
            }));
        }
        RequestKind::Postpone => {
            let key = parsed(subject)?;
            return Ok(EventKind::Progress(ProgressEvent::Postponed { key }));
        }
        RequestKind::BringForward => {
            let key = parsed(subject)?;
            return Ok(EventKind::Progress(ProgressEvent::BroughtForward { key }));
        }
        RequestKind::Regenerate => {
            return Ok(EventKind::Keys(KeyEvent::RegenerationDecided {
                key: parsed(subject)?,
                reason: second,
                approvals,
            }));
        }
        RequestKind::TakeSpare => {
            let (key, spare) = subject.split_once(' ').ok_or(StepError::NotAnAnswer)?;
            return Ok(EventKind::Keys(KeyEvent::SpareTaken {
                key: parsed(key)?,
                spare: parsed(spare)?,
                reason: second,
                approvals,
            }));
        }
        RequestKind::Orphan => {
            let key: KeyId = parsed(subject)?;
            let former = c.keys.get(&key).and_then(|state| state.to_destroy());
            return Ok(EventKind::Keys(KeyEvent::KeyOrphaned {
                fingerprint: former
                    .ok_or(StepError::NotOffered)?
                    .public_key
                    .fingerprint(),
                key,
                reason: second,
                approvals,
            }));
        }
        RequestKind::AttestKeyFiles => {
            let event = destroy_token_key::attesting(c, &parsed(subject)?, approvals);
            return event.ok_or(StepError::NotOffered);
        }
        RequestKind::Skip => {
            return Ok(EventKind::Keys(KeyEvent::KeySkipped {
                key: parsed(subject)?,
                reason: second,
                approvals,
            }));
        }
        RequestKind::TestKeyboard if second == KEYBOARD_LINE => {
            return Ok(EventKind::Host(HostEvent::KeyboardTested { typed: second }));
        }
        RequestKind::TestKeyboard => return Err(StepError::Keyboard { typed: second }),
        RequestKind::AmendName => {
            let person = parsed(subject)?;
            let from = c.name(&person).to_owned();
            let to = second;
            Amendment::Name { person, from, to }
        }
        RequestKind::AmendSubstitute => {
            let person = parsed(subject)?;
            let from = c.name(&person).to_owned();
            let to = c.stand_in(&person).ok_or(StepError::NotAnAnswer)?;
            Amendment::Substitute { person, from, to }
        }
        RequestKind::AmendNote => {
            let step = parsed(subject)?;
            let from = c.note(&step).unwrap_or_default().to_owned();
            let to = second;
            Amendment::Note { step, from, to }
        }
        RequestKind::AmendMinutes => {
            let step = parsed(subject)?;
            let from = c.minutes(&step);
            let to = second.parse().map_err(|_| StepError::NotAnAnswer)?;
            Amendment::Minutes { step, from, to }
        }
        RequestKind::AmendBag => {
            let key = parsed(subject)?;
            let from = c.bag(&key).map(str::to_owned);
            let to = second;
            Amendment::Bag { key, from, to }
        }
        RequestKind::AmendEnvelope => {
            let (key, secret) = envelope(subject)?;
            let from = c.envelope_bag(&key, secret).unwrap_or_default().to_owned();
            Amendment::Envelope {
                key,
                secret,
                from,
                to: second,
            }
        }
    };
    match amend::objection(c, &amendment) {
        None => Ok(EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals,
        })),
        Some(why) => Err(StepError::NotAmended(why)),
    }
}

fn require_filled_in(c: &Ceremony, request: &Request) -> Result<(), StepError> {
    let offers = offers(c);
    let offer = offers
        .iter()
        .find(|offer| offer.kind == request.kind)
        .ok_or(StepError::NotOffered)?;
    let values = &request.values;
    if values.len() != offer.fields.len() {
        return Err(StepError::NotAnAnswer);
    }
    for (field, value) in offer.fields.iter().zip(values) {
        if value.trim().is_empty() {
            return Err(StepError::Empty);
        }
        let is_offered = field.choices.iter().any(|pick| pick.value == *value);
        if !field.choices.is_empty() && !is_offered {
            return Err(StepError::NotAnAnswer);
        }
    }
    Ok(())
}

fn envelope(text: &str) -> Result<(KeyId, TokenSecret), StepError> {
    let (key, secret) = text.split_once(' ').ok_or(StepError::NotAnAnswer)?;
    let secret = TokenSecret::named(secret).ok_or(StepError::NotAnAnswer)?;
    Ok((parsed(key)?, secret))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StepError> {
    text.parse().map_err(|_| StepError::NotAnAnswer)
}
