//! What the room may ask for beside answering: offers, each with a short form. Front ends show any offer; what
//! it leads to is decided here.

use crate::ceremony::refusal::StepError;
use crate::ceremony::state::KEYBOARD_LINE;
pub(super) mod amend;
pub(super) mod payload;
pub(super) mod restore;
pub(super) mod tokens;

use crate::script::{Act, KeyId, PersonId, PersonRole, TokenSecret};

use super::act::attendance::DOCUMENTS;
use super::amendment::Amendment;
use super::approval::{Approval, people_of};
use super::event::{
    CustodyEvent, Event, EventKind, KeyEvent, ParticipantEvent, ProgressEvent, RestoreEvent,
    RootEvent,
};
use super::state::Ceremony;

/// Something that the room may ask for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is.
    pub kind: RequestKind,
    /// The form, line by line.
    pub fields: Vec<Field>,
}

/// One line of an offer's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub label: String,
    /// What may be chosen; empty where a text is typed.
    pub choices: Vec<Pick>,
}

/// Something to choose on a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// How a request names it.
    pub value: String,
    /// As people read it.
    pub text: String,
}

/// What the room asks for: an offer with its form filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// The lines of the form, in their order.
    pub values: Vec<String>,
}

/// The kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// Somebody who was awaited, or had left, comes.
    Arrive,
    /// Somebody leaves.
    Leave,
    /// A name is corrected.
    AmendName,
    /// The substitute whom the script lists takes somebody's place.
    AmendSubstitute,
    /// The text of a note is corrected.
    AmendNote,
    /// The minutes of a step are corrected.
    AmendMinutes,
    /// The number of a bag is corrected.
    AmendBag,
    /// The number of the bag for a secret of a token is corrected.
    AmendEnvelope,
    /// A key holder's block is put off.
    Postpone,
    /// A key holder's block is done now.
    TakeUp,
    /// A key is made anew on its token.
    Regenerate,
    /// A spare stands in for a token.
    TakeSpare,
    /// A key that was given up stays where it is.
    Orphan,
    /// Nothing more is asked of a key.
    Skip,
    /// The keyboard's test line is typed.
    TestKeyboard,
    /// A person whose own token is not here approves by a code.
    CodeInstead,
    /// A payload that was signed before is given up, so that another takes its version.
    GiveUpPayload,
    /// A share counts as lost.
    GiveUpShare,
    /// A drill ends without a restored key.
    FailDrill,
    /// Everything is put away, and the ceremony is taken up again later.
    Pause,
}

impl RequestKind {
    /// What it is, for a menu.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Arrive => "Somebody comes",
            Self::Leave => "Somebody leaves",
            Self::AmendName => "Correct a name",
            Self::AmendSubstitute => "A substitute takes a place",
            Self::AmendNote => "Correct the text of a note",
            Self::AmendMinutes => "Correct the minutes of a step",
            Self::AmendBag => "Correct the number of a bag",
            Self::AmendEnvelope => "Correct the number of an envelope's bag",
            Self::Postpone => "Put off a key holder's steps",
            Self::TakeUp => "Do another key holder's steps now",
            Self::Regenerate => "Make a key anew on its token",
            Self::TakeSpare => "Take a spare token",
            Self::Orphan => "Leave an old key as an orphan",
            Self::Skip => "Go on without a key",
            Self::CodeInstead => "Approve by a code: the own token is missing",
            Self::TestKeyboard => "Test the keyboard, to have letters in PINs",
            Self::GiveUpPayload => "Give up an earlier payload of this version",
            Self::GiveUpShare => "Give a share up: it counts as lost",
            Self::FailDrill => "End the drill as failed",
            Self::Pause => "Pause the ceremony",
        }
    }

    /// Whether it is a way out when a token fails.
    #[must_use]
    pub const fn is_way_out(self) -> bool {
        matches!(
            self,
            Self::Postpone
                | Self::Regenerate
                | Self::TakeSpare
                | Self::Orphan
                | Self::Skip
                | Self::GiveUpShare
                | Self::FailDrill
                | Self::TestKeyboard
                | Self::CodeInstead
        )
    }

    /// Whether two people must approve it.
    #[must_use]
    pub const fn needs_approval(self) -> bool {
        match self {
            Self::Arrive
            | Self::Leave
            | Self::Postpone
            | Self::TakeUp
            | Self::TestKeyboard
            | Self::CodeInstead => false,
            Self::AmendName
            | Self::AmendSubstitute
            | Self::AmendNote
            | Self::AmendMinutes
            | Self::AmendBag
            | Self::AmendEnvelope
            | Self::Regenerate
            | Self::TakeSpare
            | Self::Orphan
            | Self::Skip
            | Self::GiveUpPayload
            | Self::GiveUpShare
            | Self::FailDrill
            | Self::Pause => true,
        }
    }
}

impl Offer {
    /// The offer with its form filled in.
    #[must_use]
    pub const fn with(&self, values: Vec<String>) -> Request {
        Request {
            kind: self.kind,
            values,
        }
    }
}

impl Field {
    pub(super) fn typed(label: &str) -> Self {
        Self::chosen(label, Vec::new())
    }

    pub(super) fn chosen(label: &str, choices: Vec<Pick>) -> Self {
        Self {
            label: label.to_owned(),
            choices,
        }
    }
}

impl Pick {
    pub(super) fn new(value: &(impl ToString + ?Sized), text: impl Into<String>) -> Self {
        Self {
            value: value.to_string(),
            text: text.into(),
        }
    }
}

/// What the room may ask for now. Nothing before there are people who could approve it.
#[must_use]
pub(in crate::ceremony) fn offers(c: &Ceremony) -> Vec<Offer> {
    let is_at_work = c
        .current_step()
        .is_some_and(|step| step.act != Act::Attendance)
        && c.progress.ending().is_none()
        && !c.is_paused()
        && c.approvers().len() >= c.approvals_needed();
    if !is_at_work {
        return offers_at_attendance(c);
    }
    [
        RequestKind::Arrive,
        RequestKind::Leave,
        RequestKind::AmendName,
        RequestKind::AmendSubstitute,
        RequestKind::AmendNote,
        RequestKind::AmendMinutes,
        RequestKind::AmendBag,
        RequestKind::AmendEnvelope,
        RequestKind::Postpone,
        RequestKind::TakeUp,
        RequestKind::Regenerate,
        RequestKind::TakeSpare,
        RequestKind::Orphan,
        RequestKind::Skip,
        RequestKind::TestKeyboard,
        RequestKind::CodeInstead,
        RequestKind::GiveUpPayload,
        RequestKind::GiveUpShare,
        RequestKind::FailDrill,
        RequestKind::Pause,
    ]
    .into_iter()
    .map(|kind| Offer {
        kind,
        fields: form(c, kind),
    })
    .filter(|offer| {
        // A choice among nothing cannot be made.
        let first = offer.fields.first();
        let comes_or_goes = matches!(
            offer.kind,
            RequestKind::Arrive | RequestKind::Leave | RequestKind::CodeInstead
        );
        match offer.kind {
            RequestKind::Pause => c.may_pause(),
            // While bags are being read, nothing else is decided.
            _ if c.is_pausing() && !comes_or_goes => false,
            _ => first.is_some_and(|field| !field.choices.is_empty()),
        }
    })
    .collect()
}

/// What may be asked for before attendance is complete: what an own token may need.
pub(in crate::ceremony) fn offers_at_attendance(c: &Ceremony) -> Vec<Offer> {
    let mut people = c.script.people().iter();
    if !people.any(|person| c.may_go_without_token(&person.id)) {
        return Vec::new();
    }
    [RequestKind::CodeInstead, RequestKind::TestKeyboard]
        .map(|kind| Offer {
            kind,
            fields: form(c, kind),
        })
        .into()
}

pub(in crate::ceremony) fn form(c: &Ceremony, kind: RequestKind) -> Vec<Field> {
    let of = |wanted: &dyn Fn(&PersonId) -> bool| {
        let people = c.script.people().iter();
        people
            .filter(|person| wanted(&person.id))
            .map(|person| Pick::new(&person.id, c.name(&person.id)))
            .collect::<Vec<_>>()
    };
    match kind {
        RequestKind::Arrive => vec![
            Field::chosen("who comes", of(&|id| c.is_away(id))),
            Field::chosen(
                "known by",
                DOCUMENTS.map(|kind| Pick::new(&kind, kind)).to_vec(),
            ),
            Field::chosen("checked by", of(&|id| c.participants.is_here(id))),
        ],
        RequestKind::Leave => vec![
            Field::chosen("who leaves", of(&|id| c.may_leave(id))),
            Field::typed("why"),
        ],
        RequestKind::CodeInstead => vec![
            Field::chosen("who", of(&|id| c.may_go_without_token(id))),
            Field::typed("why"),
        ],
        RequestKind::AmendName => vec![
            Field::chosen("whose name", of(&|_| true)),
            Field::typed("the right name"),
        ],
        RequestKind::AmendSubstitute => vec![Field::chosen(
            "who takes whose place",
            c.script
                .people()
                .iter()
                .filter(|person| c.is_away(&person.id))
                .filter_map(|person| {
                    let other = c.stand_in(&person.id)?;
                    let text = format!("{other} for {}", c.name(&person.id));
                    Some(Pick::new(&person.id, text))
                })
                .collect(),
        )],
        RequestKind::AmendNote => {
            let steps = c.script.steps().iter();
            let notes = steps
                .filter(|step| !c.progress.is_done(&step.id))
                .filter_map(|step| Some(Pick::new(&step.id, c.note(&step.id)?)))
                .collect();
            vec![
                Field::chosen("which note", notes),
                Field::typed("the right text"),
            ]
        }
        RequestKind::AmendMinutes => {
            let steps = c.script.steps().iter();
            let steps = steps
                .filter(|step| !c.progress.is_done(&step.id))
                .map(|step| Pick::new(&step.id, step.act.title(&c.script)))
                .collect();
            vec![
                Field::chosen("which step", steps),
                Field::typed("the right minutes"),
            ]
        }
        RequestKind::GiveUpPayload => payload::form_of_payloads(c),
        RequestKind::GiveUpShare | RequestKind::FailDrill => restore::form_of_restore(c, kind),
        RequestKind::Pause => vec![Field::typed("why")],
        RequestKind::AmendBag => {
            let keys = c.script.keys().iter();
            let bags = keys
                .filter(|plan| c.keys[&plan.id].token().is_none())
                .map(|plan| {
                    let bag = c.bag(&plan.id).unwrap_or("no bag");
                    let text = format!("{}: {bag}", c.script.token_title(&plan.id));
                    Pick::new(&plan.id, text)
                })
                .collect();
            vec![
                Field::chosen("which token", bags),
                Field::typed("the right number"),
            ]
        }
        RequestKind::AmendEnvelope
        | RequestKind::Postpone
        | RequestKind::TakeUp
        | RequestKind::Regenerate
        | RequestKind::TakeSpare
        | RequestKind::Orphan
        | RequestKind::Skip => tokens::form_of_tokens(c, kind),
        RequestKind::TestKeyboard => {
            vec![
                Field::chosen("who types", of(&|id| c.participants.is_here(id))),
                Field::typed(&format!("type {KEYBOARD_LINE}")),
            ]
        }
    }
}

/// What a request would change, to be read aloud before two people approve it.
///
/// # Errors
/// When the room may not ask for it.
pub(in crate::ceremony) fn read_aloud(
    c: &Ceremony,
    request: &Request,
) -> Result<Vec<String>, StepError> {
    Ok(match fact_of_request(c, request)? {
        EventKind::Progress(ProgressEvent::Amended { amendment, .. }) => {
            let (from, to) = amendment.change();
            vec![
                format!("Read aloud what changes: {}.", amendment.subject()),
                format!("The script says: {from}"),
                format!("From now on: {to}"),
            ]
        }
        EventKind::Root(RootEvent::PayloadAbandoned { sha256, reason, .. }) => {
            payload::read_aloud_of_payload(c, sha256, &reason)
        }
        fact => tokens::read_aloud_of_tokens(c, &fact)
            .or_else(|| restore::read_aloud_of_restore(c, &fact))
            .unwrap_or_else(|| {
                vec![format!(
                    "{}: {}",
                    request.kind.title(),
                    request.values.join(", ")
                )]
            }),
    })
}

pub(in crate::ceremony) fn decide_request(
    c: &Ceremony,
    request: &Request,
    given: Vec<Approval>,
) -> Result<Event, StepError> {
    let mut fact = fact_of_request(c, request)?;
    let mut people = Vec::new();
    match &mut fact {
        EventKind::Progress(ProgressEvent::Amended { approvals, .. })
        | EventKind::Custody(CustodyEvent::PauseBegun { approvals, .. })
        | EventKind::Keys(
            KeyEvent::RegenerationDecided { approvals, .. }
            | KeyEvent::SpareTaken { approvals, .. }
            | KeyEvent::KeyOrphaned { approvals, .. }
            | KeyEvent::Skipped { approvals, .. },
        )
        | EventKind::Root(RootEvent::PayloadAbandoned { approvals, .. })
        | EventKind::Restore(
            RestoreEvent::ShareGivenUp { approvals, .. }
            | RestoreEvent::DrillFailed { approvals, .. },
        ) => {
            people = people_of(&given);
            *approvals = given;
        }
        EventKind::Progress(ProgressEvent::Postponed { .. } | ProgressEvent::TakenUp { .. }) => {
            people = c.with_role(PersonRole::Administrator, 1);
        }
        _ => people.extend(request.values.first().and_then(|who| who.parse().ok())),
    }
    Ok(c.at_step(people, fact))
}

/// What a request leads to, still without approvals.
pub(in crate::ceremony) fn fact_of_request(
    c: &Ceremony,
    request: &Request,
) -> Result<EventKind, StepError> {
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
    let subject = values[0].as_str();
    let to = values.get(1).map_or("", |value| value.trim()).to_owned();
    let amendment = match request.kind {
        RequestKind::Arrive => {
            return Ok(EventKind::Participants(ParticipantEvent::Attended {
                document: to,
                checked_by: values.get(2).and_then(|who| who.parse().ok()),
            }));
        }
        RequestKind::Leave => {
            return Ok(EventKind::Participants(ParticipantEvent::Left {
                reason: to,
            }));
        }
        RequestKind::CodeInstead => {
            return Ok(EventKind::Participants(
                ParticipantEvent::ApprovalTokenMissing { reason: to },
            ));
        }
        RequestKind::Pause => {
            return Ok(EventKind::Custody(CustodyEvent::PauseBegun {
                reason: subject.trim().to_owned(),
                approvals: Vec::new(),
            }));
        }
        RequestKind::GiveUpPayload => {
            let fact = payload::fact_of_payload_request(c, request);
            return fact.ok_or(StepError::NotAnAnswer);
        }
        RequestKind::GiveUpShare | RequestKind::FailDrill => {
            return restore::fact_of_restore_request(request);
        }
        RequestKind::AmendName => {
            let person = parsed(subject)?;
            let from = c.name(&person).to_owned();
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
            Amendment::Note { step, from, to }
        }
        RequestKind::AmendMinutes => {
            let step = parsed(subject)?;
            let from = c.minutes(&step);
            let to = to.parse().map_err(|_| StepError::NotAnAnswer)?;
            Amendment::Minutes { step, from, to }
        }
        RequestKind::AmendBag => {
            let key = parsed(subject)?;
            let from = c.bag(&key).map(str::to_owned);
            Amendment::Bag { key, from, to }
        }
        RequestKind::AmendEnvelope => {
            let (key, secret) = envelope(subject)?;
            let from = c.envelope_bag(&key, secret).unwrap_or_default().to_owned();
            Amendment::Envelope {
                key,
                secret,
                from,
                to,
            }
        }
        _ => return tokens::fact_of_token_request(c, request),
    };
    match amend::objection(c, &amendment) {
        None => Ok(EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals: Vec::new(),
        })),
        Some(why) => Err(StepError::NotAmended(why)),
    }
}

fn envelope(text: &str) -> Result<(KeyId, TokenSecret), StepError> {
    let (key, secret) = text.split_once(' ').ok_or(StepError::NotAnAnswer)?;
    let secret = TokenSecret::named(secret).ok_or(StepError::NotAnAnswer)?;
    Ok((parsed(key)?, secret))
}

pub(in crate::ceremony) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StepError> {
    text.parse().map_err(|_| StepError::NotAnAnswer)
}

impl Ceremony {
    /// What may be asked for now beside answering, in the order in which it is offered.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        offers(self)
    }

    /// What is read aloud before two people approve a request.
    ///
    /// # Errors
    /// When it is not offered, or its form is not filled in as it should be.
    pub fn read_aloud(&self, request: &Request) -> Result<Vec<String>, StepError> {
        read_aloud(self, request)
    }
}
