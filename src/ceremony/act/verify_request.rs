//! A signing request of another site is judged.
use super::asking::{go_on, prompt};
use crate::ceremony::at::At;
use crate::ceremony::check::Check;
use crate::ceremony::event::{EventKind, RootEvent};
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::refusal::StepError;
use crate::ceremony::replay::{Applied, ReplayError, broken, contradiction, require};
use crate::ceremony::state::Ceremony;
use crate::script::{Act, Signing, Step, Trust};
use crate::transfer::{Anchor, Judgment, Refusal};
use crate::words::Digest;

/// Why a payload or a request is not signed, as a check of the ceremony.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes errors by value"
)]
pub(in crate::ceremony) fn refused(refusal: Refusal) -> ReplayError {
    let check = if refusal.check == crate::transfer::Check::Equivocation {
        Check::PayloadEquivocation
    } else {
        Check::RequestJudged
    };
    broken(check, refusal.to_string())
}

/// Judges the request of a signing. `card` is the digest that was typed, where the trust is on paper.
pub(in crate::ceremony) fn verify_request(
    c: &Ceremony,
    signing: &Signing,
    card: Option<Digest>,
) -> Result<Judgment, Refusal> {
    let anchor = match (&signing.trust, card) {
        (Trust::Root(root), _) => Anchor::Root(root),
        (Trust::Card, Some(digest)) => Anchor::Card(digest),
        // Nothing typed is no digest of anything.
        (Trust::Card, None) => Anchor::Card(Digest::of(b"")),
    };
    // The time for which the script was written: the same in every replay.
    signing.request.judge(anchor, c.script.not_before())?;
    c.judge_payload(signing.request.payload())
}

pub(in crate::ceremony) fn ask_judgment(c: &Ceremony, step: &Step) -> Prompt {
    let Some(signing) = c.script.signing() else {
        return go_on(c, step, Vec::new(), "Go on");
    };
    let request = &signing.request;
    let (base, version) = (request.base(), request.payload().version());
    let mut lines = vec![format!(
        "{} asks for root {version}. It changes root {}, whose digest is {}.",
        request.repository(),
        base.version(),
        base.document().digest().short_hex()
    )];
    match &signing.trust {
        Trust::Root(root) => {
            lines.push(format!(
                "This machine trusts root {}. The chain of the request is followed from there.",
                root.version()
            ));
            go_on(c, step, lines, "Judge the request")
        }
        Trust::Card => {
            lines.push(
                "This machine trusts nothing yet. Type the digest words of the root from the paper card; the chain of the request is followed from there.".to_owned(),
            );
            let ask = Ask::Text {
                label: "Digest words on the card".to_owned(),
                default: None,
            };
            prompt(step, c.people_of(step), lines, ask)
        }
    }
}

pub(in crate::ceremony) fn decide_judgment(
    c: &Ceremony,
    text: &str,
) -> Result<EventKind, StepError> {
    let signing = c.script.signing().ok_or(StepError::NotAsked)?;
    let card = match &signing.trust {
        Trust::Root(_) => None,
        Trust::Card => Some(
            Digest::from_words(text)
                .or_else(|error| Digest::from_hex(text).map_err(|_| error))
                .map_err(StepError::NotADigest)?,
        ),
    };
    let judgment = verify_request(c, signing, card)
        .map_err(|refusal| ReplayError::Contradiction(refusal.to_string()))?;
    Ok(EventKind::Root(RootEvent::RequestJudged {
        sha256: signing.request.payload().digest(),
        card,
        signed_before: judgment == Judgment::Again,
    }))
}

pub(in crate::ceremony) fn judged(
    c: &mut Ceremony,
    at: &At<'_>,
    sha256: Digest,
    card: Option<Digest>,
    signed_before: bool,
) -> Applied {
    at.require_act(c, |act| *act == Act::VerifyRequest)?;
    let signing = c
        .script
        .signing()
        .ok_or_else(|| contradiction("nobody asks for a signature here"))?;
    let payload = signing.request.payload().clone();
    require(payload.digest() == sha256, "another payload was judged")?;
    let judgment = verify_request(c, signing, card).map_err(refused)?;
    require(
        signed_before == (judgment == Judgment::Again),
        "whether it was signed before is told wrongly",
    )?;
    let unsigned = signing
        .request
        .unsigned()
        .map_err(|refusal| contradiction(refusal.to_string()))?;
    c.root_mut().freeze(payload, unsigned);
    Ok(())
}

pub(in crate::ceremony) fn request_judged_sentence(
    sha256: &Digest,
    from_card: bool,
    signed_before: bool,
) -> String {
    format!(
        "The request for payload {} builds upon the root that {}{}.",
        sha256.short_hex(),
        if from_card {
            "the paper card names"
        } else {
            "this machine trusts"
        },
        if signed_before {
            "; the same payload was signed before"
        } else {
            ""
        }
    )
}
