//! The offers in a state of the ceremony, and their forms.

use crate::ceremony::act::attendance::DOCUMENTS;
use crate::ceremony::act::destroy_token_key;
use crate::ceremony::state::{Ceremony, KEYBOARD_LINE};
use crate::script::{Act, KeyId, PersonId};

use strum::IntoEnumIterator as _;

use super::{Field, Offer, Pick, RequestKind, payload, restore, tokens};

/// The requests that are possible now. There are none before enough people can approve them.
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
    RequestKind::iter()
        .map(|kind| Offer {
            kind,
            fields: form(c, kind),
        })
        .filter(|offer| {
            // Without anything to choose from, there is no offer.
            let first = offer.fields.first();
            let comes_or_goes = matches!(
                offer.kind,
                RequestKind::Arrive | RequestKind::Leave | RequestKind::CodeInstead
            );
            if offer.kind == RequestKind::Pause {
                c.may_pause()
            } else if c.is_pausing() && !comes_or_goes {
                // During a pause nothing else is decided.
                false
            } else {
                first.is_some_and(|field| !field.choices.is_empty())
            }
        })
        .collect()
}

/// The requests before attendance is complete: those about approval tokens.
fn offers_at_attendance(c: &Ceremony) -> Vec<Offer> {
    let mut people = c.script.people().iter();
    if !people.any(|person| c.may_choose_code(&person.id)) {
        return Vec::new();
    }
    [RequestKind::CodeInstead, RequestKind::TestKeyboard]
        .map(|kind| Offer {
            kind,
            fields: form(c, kind),
        })
        .into()
}

#[expect(
    clippy::too_many_lines,
    reason = "one form for each kind of request, and nothing else"
)]
fn form(c: &Ceremony, kind: RequestKind) -> Vec<Field> {
    let of = |wanted: &dyn Fn(&PersonId) -> bool| {
        let people = c.script.people().iter();
        people
            .filter(|person| wanted(&person.id))
            .map(|person| Pick::new(&person.id, c.name(&person.id)))
            .collect::<Vec<_>>()
    };
    let keys = |wanted: &dyn Fn(&KeyId) -> bool| {
        let plans = c.script.keys().iter();
        plans
            .filter(|plan| wanted(&plan.id))
            .map(|plan| Pick::new(&plan.id, tokens::key_text(c, &plan.id)))
            .collect::<Vec<_>>()
    };
    let why = || Field::typed("reason");
    match kind {
        RequestKind::Arrive => vec![
            Field::chosen("person", of(&|id| c.is_away(id))),
            Field::chosen(
                "identified by",
                DOCUMENTS.map(|kind| Pick::new(&kind, kind)).to_vec(),
            ),
            Field::chosen("checked by", of(&|id| c.participants.is_here(id))),
        ],
        RequestKind::Leave => vec![Field::chosen("person", of(&|id| c.may_leave(id))), why()],
        RequestKind::CodeInstead => vec![
            Field::chosen("person", of(&|id| c.may_choose_code(id))),
            why(),
        ],
        RequestKind::AmendName => vec![
            Field::chosen("person", of(&|_| true)),
            Field::typed("correct name"),
        ],
        RequestKind::AmendSubstitute => vec![Field::chosen(
            "substitute",
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
                .filter(|step| !c.progress.is_done(step.index))
                .filter_map(|step| Some(Pick::new(&step.id, c.note(&step.id)?)))
                .collect();
            vec![Field::chosen("note", notes), Field::typed("correct text")]
        }
        RequestKind::AmendMinutes => {
            let steps = c.script.steps().iter();
            let steps = steps
                .filter(|step| !c.progress.is_done(step.index))
                .map(|step| Pick::new(&step.id, step.act.title(&c.script)))
                .collect();
            vec![
                Field::chosen("step", steps),
                Field::typed("correct minutes"),
            ]
        }
        RequestKind::AbandonPayload => vec![
            Field::chosen("conflicting root", payload::payload_picks(c)),
            why(),
        ],
        RequestKind::DeclareShareLost => {
            vec![Field::chosen("share of", restore::share_picks(c)), why()]
        }
        RequestKind::FailDrill => vec![Field::chosen("drill", restore::drill_picks(c)), why()],
        RequestKind::Pause => vec![why()],
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
            vec![Field::chosen("token", bags), Field::typed("correct number")]
        }
        RequestKind::AmendEnvelope => vec![
            Field::chosen("bag", tokens::envelope_picks(c)),
            Field::typed("correct number"),
        ],
        RequestKind::Postpone => vec![Field::chosen("key", keys(&|key| c.may_postpone(key)))],
        RequestKind::BringForward => {
            vec![Field::chosen("key", keys(&|key| c.may_bring_forward(key)))]
        }
        RequestKind::Regenerate => {
            vec![
                Field::chosen("key", keys(&|key| c.may_regenerate(key))),
                why(),
            ]
        }
        RequestKind::TakeSpare => {
            vec![Field::chosen("spare", tokens::spare_picks(c)), why()]
        }
        RequestKind::Orphan => {
            let pending = |key: &KeyId| c.keys[key].to_destroy().is_some();
            vec![Field::chosen("key", keys(&pending)), why()]
        }
        RequestKind::AttestKeyFiles => {
            let is_missing = |key: &KeyId| destroy_token_key::may_attest(c, key);
            vec![Field::chosen("key", keys(&is_missing))]
        }
        RequestKind::Skip => {
            vec![Field::chosen("key", keys(&|key| c.may_skip(key))), why()]
        }
        RequestKind::TestKeyboard => {
            vec![
                Field::chosen("person", of(&|id| c.participants.is_here(id))),
                Field::typed(&format!("type {KEYBOARD_LINE}")),
            ]
        }
    }
}

impl Ceremony {
    /// The requests that are possible now, in the order of the menu.
    pub fn offers(&self) -> Vec<Offer> {
        offers(self)
    }
}
