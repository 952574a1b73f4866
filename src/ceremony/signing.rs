//! Signing at another site: a request is judged by what is trusted there and by what was signed before, shown as
//! a change in words, and signed by one key.

use std::collections::BTreeSet;

use crate::metadata::{self, Participant, RoleKind, RootChange, RootDiff, RootDocument, Signer};
use crate::script::{Place, Signing, Step, Trust};
use crate::transfer::{Anchor, DetachedSignature, Judgment, Refusal};
use crate::words::Digest;

use super::decide::StepError;
use super::event::EventKind;
use super::fold::ReplayError;
use super::prompt::{Ask, Prompt};
use super::state::Ceremony;

impl Ceremony {
    /// Judges the request of a signing. `card` is the digest that was typed, where the trust is on paper.
    pub(super) fn judge_request(
        &self,
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
        signing.request.judge(anchor, self.script.not_before())?;
        self.judge_payload(signing.request.payload())
    }

    pub(super) fn ask_judgment(&self, step: &Step) -> Prompt {
        let Some(signing) = self.script.signing() else {
            return self.go_on(step, Vec::new(), "Go on");
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
                self.go_on(step, lines, "Judge the request")
            }
            Trust::Card => {
                lines.push(
                    "This machine trusts nothing yet. Type the digest words of the root from the paper card; the chain of the request is followed from there.".to_owned(),
                );
                let ask = Ask::Text {
                    label: "Digest words on the card".to_owned(),
                    default: None,
                };
                Self::prompt(step, self.people_of(step), lines, ask)
            }
        }
    }

    pub(super) fn decide_judgment(&self, text: &str) -> Result<EventKind, StepError> {
        let signing = self.script.signing().ok_or(StepError::NotAsked)?;
        let card = match &signing.trust {
            Trust::Root(_) => None,
            Trust::Card => Some(
                Digest::from_words(text)
                    .or_else(|error| Digest::from_hex(text).map_err(|_| error))
                    .map_err(StepError::NotADigest)?,
            ),
        };
        let judgment = self
            .judge_request(signing, card)
            .map_err(|refusal| ReplayError::Contradiction(refusal.to_string()))?;
        Ok(EventKind::RequestJudged {
            sha256: signing.request.payload().digest(),
            card,
            again: judgment == Judgment::Again,
        })
    }

    /// The change that a request asks for, in words, with the digest of what will be signed.
    pub(super) fn request_lines(&self, signing: &Signing) -> Vec<String> {
        let request = &signing.request;
        let (old, new) = (request.base().document(), request.payload().document());
        let mut lines = vec![format!(
            "Root {} of {}, expires {}.",
            new.version(),
            self.script.repository(),
            new.expires(),
        )];
        let diff = RootDiff::between(old, new);
        let (alarming, others): (Vec<_>, Vec<_>) = diff
            .changes()
            .iter()
            .partition(|change| change.is_alarming());
        lines.extend(alarming.iter().map(|change| format!("ALARM: {change}")));
        lines.extend(others.iter().map(ToString::to_string));
        lines.extend(
            diff.consequences()
                .iter()
                .map(|consequence| format!("=> {consequence}")),
        );
        for (document, whose) in [(old, old.version()), (new, new.version())] {
            let role = document.role(RoleKind::Root);
            lines.push(format!(
                "Root {whose}: {} of {} keys must sign.",
                role.threshold(),
                role.key_ids().len()
            ));
        }
        lines.push("Digest of what will be signed:".to_owned());
        let digest = request.payload().digest();
        lines.extend(digest.grouped_hex());
        lines.extend(digest.words().chunks(8).map(|words| words.join(" ")));
        lines
    }

    /// Who signs, as one site knows it: its own key, and for all others that they may.
    pub(super) fn signing_change(&self, signing: &Signing) -> RootChange {
        let (old, new) = (
            signing.request.base().document(),
            signing.request.payload().document(),
        );
        let has = |document: &RootDocument, public| {
            document
                .role_keys(RoleKind::Root)
                .any(|(_, listed)| listed.key().public() == Some(public))
        };
        let mut publics = Vec::new();
        let mut participants = Vec::new();
        for (id, listed) in [old, new]
            .into_iter()
            .flat_map(|d| d.role_keys(RoleKind::Root))
        {
            let Some(public) = listed.key().public() else {
                continue;
            };
            if publics.contains(&public) {
                continue;
            }
            publics.push(public);
            let is_here = self
                .keys
                .values()
                .filter_map(|state| state.generated())
                .any(|key| key.public_key == *public);
            participants.push(Participant {
                name: id.short(),
                before: has(old, public),
                after: has(new, public),
                signer: if is_here { Signer::Here } else { Signer::Owed },
            });
        }
        RootChange {
            participants,
            threshold_before: Some(old.role(RoleKind::Root).threshold()),
            threshold_after: new.role(RoleKind::Root).threshold(),
        }
    }

    /// The signatures that were made here, each as a file for those who asked.
    #[must_use]
    pub fn detached_signatures(&self) -> Vec<DetachedSignature> {
        let (Some(_), Some(frozen)) = (self.script.signing(), &self.frozen) else {
            return Vec::new();
        };
        self.script
            .keys()
            .iter()
            .filter_map(|plan| {
                let signature = self.keys.get(&plan.id)?.signature.clone()?;
                Some(DetachedSignature {
                    repository: self.script.repository().to_owned(),
                    version: frozen.version(),
                    sha256: frozen.digest(),
                    key_id: plan.change.before()?.id.clone(),
                    signature,
                })
            })
            .collect()
    }

    /// The IDs of keys at other sites that this ceremony asks to sign.
    #[must_use]
    pub fn owed_elsewhere(&self) -> BTreeSet<metadata::KeyId> {
        let Some(signed) = &self.signed else {
            return BTreeSet::new();
        };
        self.script
            .distant_keys()
            .iter()
            .filter(|key| matches!(key.place, Place::Site(_)))
            .filter_map(|key| self.distant_key(&key.id)?.public())
            .flat_map(|public| signed.ids_of(public))
            .collect()
    }

    /// Whether the exact word was typed over the frozen root.
    #[must_use]
    pub const fn is_reviewed(&self) -> bool {
        self.reviewed
    }
}
