//! A signing request from another site is verified.

use super::asking::{confirm, prompt};
use crate::ceremony::at::At;
use crate::ceremony::replay::{Applied, broken, contradiction, require};
use crate::ceremony::{Ask, Ceremony, Check, EventKind, Prompt, ReplayError, RootEvent, StepError};
use crate::script::{Act, Signing, Step, Trust};
use crate::transfer::{Anchor, Judgment, Refusal};
use crate::words::Digest;

/// Why a payload or a request must not be signed, as a check of the ceremony.
#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err passes errors by value"
)]
pub(crate) fn refused(refusal: Refusal) -> ReplayError {
    let check = if refusal.check == crate::transfer::Check::Equivocation {
        Check::PayloadEquivocation
    } else {
        Check::RequestVerified
    };
    broken(check, refusal.to_string())
}

/// `card` is the digest that was typed from the paper card.
pub(crate) fn verify_request(
    c: &Ceremony,
    signing: &Signing,
    card: Option<Digest>,
) -> Result<Judgment, Refusal> {
    let anchor = match (&signing.trust, card) {
        (Trust::Root(root), _) => Anchor::Root(root),
        (Trust::Card, Some(digest)) => Anchor::Card(digest),
        // No digest was typed: no root matches this one.
        (Trust::Card, None) => Anchor::Card(Digest::of(b"")),
    };
    // The time for which the script was written: the same in every replay.
    signing.request.judge(anchor, c.script.not_before())?;
    c.judge_payload(signing.request.payload())
}

pub(crate) fn ask_judgment(c: &Ceremony, step: &Step) -> Prompt {
    let Some(signing) = c.script.signing() else {
        return confirm(c, step, [""; 0], "Continue");
    };
    let request = &signing.request;
    let (base, version) = (request.base(), request.payload().version());
    let mut lines = vec![format!(
        "{} requests a signature over root {version}, which changes root {}, digest {}.",
        request.repository(),
        base.version(),
        base.document().digest().short_hex()
    )];
    match &signing.trust {
        Trust::Root(root) => {
            lines.push(format!(
                "This machine trusts root {}. The chain in the request is verified from there.",
                root.version()
            ));
            confirm(c, step, lines, "Verify the request")
        }
        Trust::Card => {
            lines.push(
                "This machine does not trust a root yet. Type the digest words of the root from the paper card. The chain in the request is verified from there.".to_owned(),
            );
            let ask = Ask::Text {
                label: "Digest words on the card".to_owned(),
                default: None,
            };
            prompt(step, c.people_of(step), lines, ask)
        }
    }
}

pub(crate) fn decide_judgment(c: &Ceremony, text: &str) -> Result<EventKind, StepError> {
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
    Ok(EventKind::Root(RootEvent::RequestVerified {
        sha256: signing.request.payload().digest(),
        card,
        signed_before: judgment == Judgment::Again,
    }))
}

pub(crate) fn judged(
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
        .ok_or_else(|| contradiction("this ceremony has no signing request"))?;
    let payload = signing.request.payload().clone();
    require(
        payload.digest() == sha256,
        "the event names another payload",
    )?;
    let judgment = verify_request(c, signing, card).map_err(refused)?;
    require(
        signed_before == (judgment == Judgment::Again),
        "the event is wrong about an earlier signature over this payload",
    )?;
    let unsigned = signing
        .request
        .unsigned()
        .map_err(|refusal| contradiction(refusal.to_string()))?;
    c.root_mut().freeze(payload, unsigned);
    Ok(())
}

pub(crate) fn request_verified_sentence(
    sha256: &Digest,
    from_card: bool,
    signed_before: bool,
) -> String {
    let trusted = if from_card {
        "named on the paper card"
    } else {
        "that this machine trusts"
    };
    let before = if signed_before {
        " The same payload was signed before."
    } else {
        ""
    };
    format!(
        "The signing request was verified. Payload {} builds on the root {trusted}.{before}",
        sha256.short_hex()
    )
}
