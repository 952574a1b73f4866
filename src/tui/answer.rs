//! Turns typed text and choices into answers.

use crate::ceremony::{Answer, Ask, TypedSecret};
use crate::secret::Pin;

use super::field::{SecretField, TextField};
use super::keys::Action;
use super::model::{
    AbortForm, Asking, Entering, Input, Model, Notice, Overlay, Reply, Request, Stage,
};
use super::play;
use super::reply::{Cmd, answered};

/// Moves the cursor among choices.
pub(super) fn choose(model: &mut Model, action: Action) {
    if let Request::Ask(Asking {
        prompt,
        input: Input::Choice { at, .. },
        ..
    }) = &mut model.request
        && let Ask::Choice { options, .. } = &prompt.ask
    {
        let last = options.len().saturating_sub(1);
        *at = match action {
            Action::Up => at.saturating_sub(1),
            _ => (*at + 1).min(last),
        };
    }
}

/// Discards what was typed.
pub(super) fn back(model: &mut Model) {
    match &mut model.request {
        Request::Ask(asking) => {
            if let Input::Choice { is_remark, .. } = &mut asking.input {
                *is_remark = false;
            }
        }
        // The last try is kept: the only options are to stop, or to use it later.
        Request::Secret(Entering {
            stage: Stage::LastTry(_),
            ..
        }) => model.overlay = Some(Overlay::Abort(AbortForm::default())),
        Request::Secret(entering) => {
            entering.field = SecretField::default();
            entering.stage = Stage::First;
        }
        Request::Show(showing) => showing.is_open = false,
        Request::None | Request::Waiting(_) => {}
    }
    model.notice = None;
}

/// Answers with what was typed or chosen, if it is valid.
pub(super) fn submit(model: &mut Model) -> Vec<Cmd> {
    match &mut model.request {
        Request::Ask(asking) => match submit_ask(asking) {
            Ok(answer) => answered(model, Reply::Answer(Ok(answer))),
            Err(notice) => {
                model.notice = notice;
                Vec::new()
            }
        },
        Request::Secret(entering) => match submit_secret(entering) {
            Ok(secret) => {
                let word = entering.word.take();
                answered(model, Reply::Secret(Ok(TypedSecret { secret, word })))
            }
            Err(notice) => {
                model.notice = notice;
                Vec::new()
            }
        },
        // First everyone else looks away; then it is shown; then it is removed.
        Request::Show(showing) if !showing.is_open => {
            showing.is_open = true;
            Vec::new()
        }
        Request::Show(_) => answered(model, Reply::Shown(Ok(()))),
        Request::None | Request::Waiting(_) => Vec::new(),
    }
}

/// The answer, or why there is none yet; without a notice if more input is needed.
fn submit_ask(asking: &mut Asking) -> Result<Answer, Option<Notice>> {
    match &mut asking.input {
        Input::Choice {
            at,
            remark,
            is_remark,
        } => {
            let Ask::Choice { options, .. } = &asking.prompt.ask else {
                return Ok(Answer::Enter);
            };
            let wants_remark = options.get(*at).is_some_and(|option| option.wants_remark);
            if wants_remark && !*is_remark {
                *is_remark = true;
                return Err(None);
            }
            if wants_remark && remark.text().trim().is_empty() {
                return Err(Some(Notice {
                    what: "this choice requires a remark".to_owned(),
                    hint: "type the remark, or press Esc to choose again".to_owned(),
                }));
            }
            Ok(Answer::Choice {
                index: *at,
                remark: if wants_remark {
                    remark.text().trim().to_owned()
                } else {
                    String::new()
                },
            })
        }
        Input::Text(field) => {
            let has_default = !matches!(asking.prompt.ask, Ask::Text { default: None, .. });
            if !has_default && field.text().trim().is_empty() {
                return Err(Some(Notice {
                    what: "an answer is required".to_owned(),
                    hint: "type the answer, then press Enter".to_owned(),
                }));
            }
            Ok(Answer::Text(std::mem::take(field).text().to_owned()))
        }
        Input::Enter => Ok(Answer::Enter),
    }
}

/// The PIN, or why there is none yet; without a notice if more input is needed.
fn submit_secret(entering: &mut Entering) -> Result<Pin, Option<Notice>> {
    let notice = |what: &str, hint: &str| {
        Err(Some(Notice {
            what: what.to_owned(),
            hint: hint.to_owned(),
        }))
    };
    if let Stage::LastTry(field) = &mut entering.stage {
        if Some(field.text()) != entering.prompt.word_first() {
            *field = TextField::default();
            return notice(
                "no try was used",
                "type exactly LAST TRY to use the last try, or press Esc to keep it",
            );
        }
        entering.word = Some(field.text().to_owned());
        entering.stage = Stage::First;
        return Err(None);
    }
    if entering.field.is_one_time_password() {
        entering.field = SecretField::default();
        return notice(
            "a security key typed a one-time password instead of a PIN; no try was used",
            "touch the key only when the screen asks for it; now type the PIN",
        );
    }
    let pin = if entering.field.is_empty() && entering.prompt.given.is_some() {
        return play::given(entering);
    } else {
        entering.field.take()
    };
    let pin = match pin {
        Ok(pin) => pin,
        Err(error) => return notice(&error.to_string(), "type it again"),
    };
    if !entering.prompt.purpose.is_new() {
        return Ok(pin);
    }
    match std::mem::replace(&mut entering.stage, Stage::First) {
        Stage::Again(first) if first.same_as(&pin) => Ok(pin),
        Stage::Again(_) => notice(
            "the two entries differ; nothing was set",
            "type the new secret again, twice",
        ),
        _ => {
            entering.stage = Stage::Again(pin);
            Err(None)
        }
    }
}
