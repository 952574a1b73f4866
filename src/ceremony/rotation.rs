//! What a change of a root means for its keys: which of them sign, under which IDs, and what both thresholds say.

use crate::metadata::{self, Participant, Progress, RoleKind, RootChange, RootDocument, Signer};
use crate::script::{KeyId, KeyPlan, Place};

use super::base_root::BaseRoot;
use super::state::{Ceremony, Owed};

impl Ceremony {
    /// The IDs under which a key of the script stands in the root before and in the new one, each once, the one
    /// that counts for the newest root last. None before the root was composed.
    #[must_use]
    pub fn root_key_ids(&self, key: &KeyId) -> Vec<metadata::KeyId> {
        let here = self
            .keys
            .get(key)
            .and_then(|state| Some(&state.generated.as_ref()?.public_key));
        let public = here.or_else(|| self.distant_key(key)?.public());
        let (Some(public), Some(frozen)) = (public, &self.frozen) else {
            return Vec::new();
        };
        let mut ids: Vec<metadata::KeyId> = Vec::new();
        let before = self.base_root.as_ref().map(|f| f.root.document());
        for document in before.into_iter().chain([frozen.document()]) {
            for id in ids_of(document, public) {
                ids.retain(|known| known != id);
                ids.push(id.clone());
            }
        }
        ids
    }

    /// By which scheme a key signs the root, where that is not the one that TUF has for such keys.
    pub(super) fn signing_scheme(&self, key: &KeyId) -> Option<metadata::Scheme> {
        let ids = self.root_key_ids(key);
        let mut keys = self.signed.iter().flat_map(metadata::SignedRoot::root_keys);
        let (_, key) = keys.find(|(id, key)| key.is_of_notary() && ids.contains(id))?;
        key.scheme()
    }

    /// Who signs and who must, with what is known now.
    #[must_use]
    pub fn root_change(&self) -> RootChange {
        if let Some(signing) = self.script.signing() {
            return self.signing_change(signing);
        }
        let here = self.key_states().map(|(plan, state)| Participant {
            name: plan.id.to_string(),
            before: plan.change.before().is_some(),
            after: plan.change.stays(),
            signer: match state.forgone() {
                Some(_) if !state.has_signed() => Signer::Never,
                _ => Signer::Here,
            },
        });
        let distant = self.script.distant_keys().iter().map(|key| Participant {
            name: key.id.to_string(),
            before: key.change.before().is_some(),
            after: key.change.stays(),
            signer: match key.place {
                Place::Site(_) => match self.owed.get(&key.id) {
                    Some(Owed::Skipped { .. }) => Signer::Never,
                    Some(Owed::Collected) => Signer::Here,
                    _ => Signer::Owed,
                },
                Place::Elsewhere(_) | Place::Absent | Place::Lost => Signer::Never,
            },
        });
        RootChange {
            participants: here.chain(distant).collect(),
            threshold_before: self.base_root().map(BaseRoot::threshold),
            threshold_after: u64::from(self.script.root().threshold),
        }
    }

    /// The counters of the signing: under the root before, if there is one, and under the new one.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let none_yet = |need| metadata::Count { have: 0, need };
        self.signed.as_ref().map_or_else(
            || {
                let change = self.root_change();
                Progress {
                    previous: change.threshold_before.map(none_yet),
                    own: none_yet(change.threshold_after),
                }
            },
            metadata::SignedRoot::progress,
        )
    }

    /// What the room needs to know before a key signs a change: the counters, which token to bring, who still owes.
    pub(super) fn signing_lines(&self, plan: &KeyPlan) -> Vec<String> {
        let token = self
            .keys
            .get(&plan.id)
            .and_then(|state| state.token.as_ref());
        let token = token.map_or_else(|| self.script.token_title(&plan.id), ToString::to_string);
        let bag = plan.token.bag.as_ref();
        let bag = bag.map_or_else(String::new, |bag| format!(", bag {bag}"));
        let mut lines = vec![
            format!("{}.", self.counters()),
            format!(
                "Bring {token}{bag}: {} ({}).",
                plan.id,
                self.name(&plan.holder)
            ),
        ];
        let owing: Vec<String> = self
            .script
            .distant_keys()
            .iter()
            .filter(|key| {
                self.owed
                    .get(&key.id)
                    .is_some_and(|owed| !owed.is_settled())
            })
            .map(|key| format!("{} ({})", key.title(), key.id))
            .collect();
        if !owing.is_empty() {
            lines.push(format!("Still owed: {}.", owing.join(", ")));
        }
        lines
    }

    /// `root 7 keys 2/3 · root 8 keys 3/3`
    #[must_use]
    pub fn counters(&self) -> String {
        let Progress { previous, own } = self.progress();
        let version = self.script.root_version();
        let of = |version: u64, count: metadata::Count| {
            format!("root {version} keys {}/{}", count.have, count.need)
        };
        match previous {
            Some(previous) => format!("{} · {}", of(version - 1, previous), of(version, own)),
            None => of(version, own),
        }
    }
}

fn ids_of<'d>(
    document: &'d RootDocument,
    public: &crate::certificate::PublicKey,
) -> impl Iterator<Item = &'d metadata::KeyId> {
    document
        .role_keys(RoleKind::Root)
        .filter(move |(_, listed)| listed.key().public() == Some(public))
        .map(|(id, _)| id)
}
