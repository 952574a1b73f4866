//! The keys of overlays: exception report, more options, abort, and pages to read.

use crate::ceremony::{Check, ExceptionReport, Interrupt};
use crate::script::PersonId;

use super::field::TextField;
use super::keys::{Action, scrolled};
use super::model::{AbortForm, ExceptionForm, Model, OfferForm, Overlay};
use super::reply::{Cmd, interrupt};
use super::screens;

/// An empty exception report, with the first two people who may approve it.
pub(super) fn exception(model: &Model) -> ExceptionForm {
    let mut places = 0..model.deciders().len();
    ExceptionForm {
        people: [places.next(), places.next()],
        has_check: !model.waivable().is_empty(),
        ..ExceptionForm::default()
    }
}

/// Performs an action on the overlay.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Cmd> {
    let deciders = model.deciders();
    let waivable = model.waivable();
    let (most, page) = screens::overlay_scrolling(model);
    let Some(overlay) = &mut model.overlay else {
        return Vec::new();
    };
    match overlay {
        Overlay::Help { scroll } => {
            if action == Action::Back {
                model.overlay = None;
            } else {
                *scroll = scrolled(*scroll, most, page, action);
            }
        }
        Overlay::Digests {
            is_transcript_first,
        } => {
            if action == Action::NextField {
                *is_transcript_first = !*is_transcript_first;
            } else {
                model.overlay = None;
            }
        }
        Overlay::Transcript { from_end } => {
            if action == Action::Back {
                model.overlay = None;
            } else {
                let from_top = most.saturating_sub(u16::try_from(*from_end).unwrap_or(most));
                *from_end = usize::from(most - scrolled(from_top, most, page, action));
            }
        }
        Overlay::Exception(form) => {
            form.notice = None;
            match action {
                Action::Back => model.overlay = None,
                Action::NextField => form.at = (form.at + 1) % form.lines(),
                Action::PreviousField => {
                    form.at = (form.at + form.lines() - 1) % form.lines();
                }
                Action::Up | Action::Down if form.at == ExceptionForm::CHECK => {
                    turn_check(form, waivable.len(), action);
                }
                Action::Up | Action::Down => turn(form, deciders.len(), action),
                Action::Submit if form.at + 1 < form.lines() => form.at += 1,
                Action::Submit => return submit_exception(model, &deciders, &waivable),
                _ => {}
            }
        }
        Overlay::Offers(form) => {
            form.notice = None;
            match action {
                Action::Submit => return submit_offer(model),
                Action::Back => back_in_offer(model),
                Action::Up => form.at = form.at.saturating_sub(1),
                Action::Down => form.at = (form.at + 1).min(form.list().len().saturating_sub(1)),
                _ => {}
            }
        }
        Overlay::Abort(form) => {
            form.notice = None;
            match action {
                Action::Back => model.overlay = None,
                Action::PreviousField => form.is_reason = !form.is_reason,
                Action::Submit => return submit_abort(model),
                _ => {}
            }
        }
    }
    Vec::new()
}

/// The menu of more options; `None` if there are none.
pub(super) fn offers(model: &Model) -> Option<OfferForm> {
    let offers = model.shown()?.offers();
    (!offers.is_empty()).then(|| OfferForm::new(offers))
}

/// Takes a choice or typed text, and submits the request when the form is complete.
fn submit_offer(model: &mut Model) -> Vec<Cmd> {
    let Some(Overlay::Offers(form)) = &mut model.overlay else {
        return Vec::new();
    };
    let value = match form.field() {
        Some(field) if field.choices.is_empty() => form.text.text().trim().to_owned(),
        Some(field) => field
            .choices
            .get(form.at)
            .map_or_else(String::new, |pick| pick.value.clone()),
        None => String::new(),
    };
    let Some((offer, values)) = &mut form.chosen else {
        form.chosen = Some((form.at, Vec::new()));
        form.at = 0;
        return Vec::new();
    };
    if value.is_empty() {
        form.notice = Some("this line is empty: type the text, or press Esc to go back");
        return Vec::new();
    }
    values.push(value);
    form.at = 0;
    form.text = TextField::new();
    let Some(offer) = form.offers.get(*offer) else {
        return Vec::new();
    };
    if values.len() < offer.fields.len() {
        return Vec::new();
    }
    let request = offer.with(std::mem::take(values));
    model.overlay = None;
    interrupt(model, Interrupt::Request(request))
}

/// Returns to the previous line of the form, to the menu, or to the ceremony.
fn back_in_offer(model: &mut Model) {
    let Some(Overlay::Offers(form)) = &mut model.overlay else {
        return;
    };
    form.at = 0;
    form.text = TextField::new();
    match &mut form.chosen {
        None => model.overlay = None,
        Some((_, values)) => {
            if values.pop().is_none() {
                form.chosen = None;
            }
        }
    }
}

/// Selects another person on the current line.
fn turn(form: &mut ExceptionForm, count: usize, action: Action) {
    let Some(place) = form
        .at
        .checked_sub(3)
        .and_then(|at| form.people.get_mut(at))
    else {
        return;
    };
    if let Some(index) = place {
        *index = match action {
            Action::Up => (*index + count - 1) % count,
            _ => (*index + 1) % count,
        };
    }
}

/// Selects another check to waive, or none.
fn turn_check(form: &mut ExceptionForm, count: usize, action: Action) {
    // Place 0 means no check.
    let places = count + 1;
    let place = form.waives.map_or(0, |index| index + 1);
    let place = match action {
        Action::Up => (place + places - 1) % places,
        _ => (place + 1) % places,
    };
    form.waives = place.checked_sub(1);
}

fn submit_exception(model: &mut Model, deciders: &[PersonId], waivable: &[Check]) -> Vec<Cmd> {
    let needed = model
        .shown()
        .map_or(2, |ceremony| ceremony.approvals_needed());
    let Some(Overlay::Exception(form)) = &mut model.overlay else {
        return Vec::new();
    };
    let empty = (0..3).find(|at| {
        form.text(*at)
            .is_none_or(|field| field.text().trim().is_empty())
    });
    if let Some(at) = empty {
        form.at = at;
        form.notice = Some("this line is empty: describe it in a few words");
        return Vec::new();
    }
    let named = form.people.iter().flatten();
    let people: Vec<PersonId> = named
        .filter_map(|place| deciders.get(*place).cloned())
        .take(needed)
        .collect();
    if people.len() < needed {
        form.notice = Some("the script does not have two people who may approve exceptions");
        return Vec::new();
    }
    if people.first() == people.get(1) {
        form.notice = Some("two different people must approve");
        return Vec::new();
    }
    let waives = form.waives.and_then(|at| waivable.get(at).copied());
    let text = |field: &TextField| field.text().trim().to_owned();
    let report = ExceptionReport {
        expected: text(&form.expected),
        happened: text(&form.happened),
        decided: text(&form.decided),
    };
    model.overlay = None;
    interrupt(
        model,
        Interrupt::Exception {
            report,
            waives,
            people,
        },
    )
}

fn submit_abort(model: &mut Model) -> Vec<Cmd> {
    let Some(Overlay::Abort(form)) = &mut model.overlay else {
        return Vec::new();
    };
    match form.word.text() {
        AbortForm::LEAVE => {
            model.overlay = None;
            interrupt(model, Interrupt::Leave)
        }
        AbortForm::ABORT if !form.is_reason => {
            form.is_reason = true;
            Vec::new()
        }
        AbortForm::ABORT if form.reason.text().trim().is_empty() => {
            form.notice = Some("type the reason, for the transcript");
            Vec::new()
        }
        AbortForm::ABORT => {
            let reason = form.reason.text().trim().to_owned();
            model.overlay = None;
            interrupt(model, Interrupt::Abort { reason })
        }
        _ => {
            form.is_reason = false;
            form.notice = Some("type exactly ABORT or LEAVE, or press Esc to continue");
            Vec::new()
        }
    }
}
