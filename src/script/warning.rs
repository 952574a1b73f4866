//! Warnings: what is allowed but should be known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::backup::{BackupPlan, ShareGroup};
use super::embedded;
use super::error::Warning;
use super::plan::{Backup, PersonRole};
use super::previous::Place;
use super::read::{BackupEntry, ChangeEntry, DistantEntry, Draft, KeyEntry, Log, Span};
use super::{Act, KeyId, PersonId, TokenSecret};
use crate::metadata::{KeyType, RootFormat};
use crate::record::TouchPolicy;
use crate::transfer::Destination;

/// The warnings of a script without errors, in the order of its lines.
pub(super) fn warnings(log: &Log<'_>, draft: &Draft) -> Vec<Warning> {
    let mut found = Found {
        log,
        warnings: Vec::new(),
    };
    found.spare_keys(draft);
    found.one_person(draft);
    found.administrator(draft);
    found.key_types(draft);
    found.profiles(draft);
    found.sample_keys(draft);
    found.activation(draft);
    found.attestation(draft);
    found.records(draft);
    found.rotation(draft);
    found.destroyed_keys(draft);
    found.publisher(draft);
    found.notary(draft);
    found.shares(draft);
    found.warnings.sort_by_key(|warning| warning.line);
    found.warnings
}

struct Found<'l, 't> {
    log: &'l Log<'t>,
    warnings: Vec<Warning>,
}

impl Found<'_, '_> {
    fn warn(&mut self, check: &'static str, span: &Span, message: String, hint: &str) {
        self.warnings.push(Warning {
            check,
            line: self.log.line(span),
            message,
            hint: hint.to_owned(),
        });
    }

    fn spare_keys(&mut self, draft: &Draft) {
        let Some(threshold) = draft.threshold() else {
            return;
        };
        let keys = draft.root_keys();
        let spare = usize::try_from(threshold.value)
            .ok()
            .and_then(|threshold| keys.checked_sub(threshold));
        if let Some(spare @ 0..=1) = spare {
            let loss = ["one key is", "two keys are"][spare];
            self.warn(
                "script.spare-keys",
                &threshold.span,
                format!("with a threshold of {threshold} and {keys} root keys, no root can be signed if {loss} lost"),
                "have at least two keys more than the threshold",
            );
        }
    }

    fn one_person(&mut self, draft: &Draft) {
        let Some(threshold) = draft.threshold() else {
            return;
        };
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        let staying = draft.keys.iter().filter(|key| key.stays());
        for holder in staying.filter_map(|key| key.holder.as_ref()) {
            *held.entry(holder.value.as_str()).or_default() += 1;
        }
        for (person, keys) in held
            .into_iter()
            .filter(|(_, keys)| *keys >= threshold.value)
        {
            let plural = if keys == 1 { "key" } else { "keys" };
            self.warn(
                "script.one-person",
                &threshold.span,
                format!("{person:?} holds {keys} {plural} and can sign a root alone"),
                "raise the threshold, or distribute the keys among more people",
            );
            if threshold.value == 1 {
                // It is true of every holder: report it once.
                break;
            }
        }
    }

    /// A make with which nobody has tried a ceremony, and a file that replaces a built-in profile; each once.
    fn profiles(&mut self, draft: &Draft) {
        let keys = draft.keys.iter().filter_map(|key| key.token.as_ref());
        let spares = draft.spares.iter().filter_map(|spare| spare.token.as_ref());
        let mut seen = BTreeSet::new();
        for profile in keys.chain(spares).filter_map(|it| it.profile.as_ref()) {
            if !seen.insert(&profile.value.name) {
                continue;
            }
            if !profile.value.is_tried() {
                self.warn(
                    "script.untried-profile",
                    &profile.span,
                    format!("the profile {} was not tried with any token", profile.value),
                    "try it with a throw-away token: conclave token trial",
                );
            }
            if profile.value.replaces_built_in() {
                self.warn(
                    "script.replaced-profile",
                    &profile.span,
                    format!("a file replaces the built-in profile {}", profile.value),
                    "compare its SHA-256 with that of the file you approved, or give it another name",
                );
            }
        }
    }

    fn administrator(&mut self, draft: &Draft) {
        for person in &draft.people {
            let (Some(id), Some(roles)) = (&person.id, &person.roles) else {
                continue;
            };
            if person.is(PersonRole::Administrator) && person.is(PersonRole::KeyHolder) {
                self.warn(
                    "script.administrator",
                    &roles.span,
                    format!("the administrator {id:?} holds a key"),
                    "assign the key to someone other than the administrator",
                );
            }
        }
    }

    fn key_types(&mut self, draft: &Draft) {
        for kind in draft.keys.iter().filter_map(|key| key.key_type.as_ref()) {
            let is_tuf = draft.root.destination.as_ref();
            let is_tuf = is_tuf.is_none_or(|at| at.value.format() == RootFormat::Tuf);
            if kind.value == KeyType::EcdsaP384 && is_tuf {
                self.warn(
                    "script.key-type",
                    &kind.span,
                    "tough and tuf-js do not support P-384".to_owned(),
                    "use ecdsa-sha2-nistp256 or ed25519, which most clients verify",
                );
                break;
            }
        }
    }

    fn activation(&mut self, draft: &Draft) {
        for key in draft.keys.iter().filter(|key| key.is_made()) {
            let Some(make) = key.make() else {
                continue;
            };
            let said = |secret| {
                let mut entries = key
                    .activation
                    .iter()
                    .filter_map(|entry| entry.secret.as_ref());
                entries.any(|at| at.value == secret)
            };
            let silent: Vec<&str> = TokenSecret::of(make)
                .iter()
                .filter(|secret| **secret != TokenSecret::ManagementKey && !said(**secret))
                .map(|secret| secret.as_str())
                .collect();
            if let (false, Some(id)) = (silent.is_empty(), &key.id) {
                self.warn(
                    "script.activation",
                    &id.span,
                    format!(
                        "{:?} does not say who sets {}: by default, its holder sets and memorizes it",
                        id.value.as_str(),
                        silent.join(" and ")
                    ),
                    "add it to the list \"activation\" of the key",
                );
                // One warning is enough.
                break;
            }
        }
    }

    /// Weaker guarantees about keys on YubiKeys.
    fn attestation(&mut self, draft: &Draft) {
        for root in &draft.attestation.roots {
            self.warn(
                "script.attestation-root",
                &root.span,
                format!(
                    "attestations that end at {:?} are accepted, although it is not the built-in root of a manufacturer",
                    root.value.name
                ),
                "remove it if the keys are on YubiKeys: their manufacturer's roots are built in",
            );
        }
        for step in draft.keys.iter().filter_map(|key| draft.import_of(key)) {
            self.warn(
                "script.import",
                &step.span,
                "a key that is generated in the memory of this machine is permanently \"imported\": anyone who could read that memory may have a copy".to_owned(),
                "use act = \"generate-key\", unless the key needs a backup: the token then generates and attests its key",
            );
        }
        let tokens = draft.keys.iter().filter_map(|key| key.token.as_ref());
        let touch = tokens.filter_map(|token| token.touch_policy.as_ref());
        for policy in touch.filter(|at| at.value == TouchPolicy::Never) {
            self.warn(
                "script.policy",
                &policy.span,
                "a key that does not require a touch signs for any program that has its PIN"
                    .to_owned(),
                "remove touch_policy, so that each signature requires a touch",
            );
        }
    }

    /// Records of earlier ceremonies that are missing: what was signed in them is unknown.
    fn records(&mut self, draft: &Draft) {
        let (Some(previous), Some(before), Some(repository)) =
            (&draft.previous, draft.before(), &draft.repository)
        else {
            return;
        };
        let hint = "add keys/payloads.json of the previous ceremony as \"register\", and the digest on its closing note as \"transcript_digest\"; a root of another tool has neither";
        let mut warn = |message: String| {
            self.warn("script.previous-transcript", &previous.span, message, hint);
        };
        let version = before.version();
        let Some(payloads) = previous.payloads() else {
            return warn(format!(
                "without a register of signed payloads, this cannot check whether a conflicting root {} was signed earlier",
                version + 1
            ));
        };
        let digest = before.document().digest();
        if !payloads
            .of_version(repository, version)
            .any(|entry| entry.sha256 == digest)
        {
            warn(format!(
                "the register does not contain this root {version}: the transcript of the ceremony that signed it is missing"
            ));
        } else if !previous.names_transcript() {
            warn("the script does not name the transcript of the previous ceremony: a missing later transcript would go unnoticed".to_owned());
        }
        let newest = payloads.newest_reached(repository);
        if let Some(newest) = newest.filter(|newest| *newest > version) {
            warn(format!(
                "the register contains a signed root {newest}: root {version} is not the newest"
            ));
        }
    }

    /// Risks that a change of a root leaves.
    fn rotation(&mut self, draft: &Draft) {
        let lost = |key: &&DistantEntry| {
            key.place == Place::Lost && key.change.as_ref().is_some_and(ChangeEntry::stays)
        };
        for key in draft.distant.iter().filter(lost) {
            self.warn(
                "script.lost-key",
                &key.span,
                "a lost key stays in the root: anyone who has it can sign with it".to_owned(),
                "remove it with change = \"remove\"",
            );
        }
        let usable = draft.distant.iter().filter(|key| !lost(key)).count() + draft.keys.len();
        let makes: BTreeSet<(&str, Option<&str>)> = draft
            .keys
            .iter()
            .filter(|key| key.stays())
            .filter_map(|key| key.token.as_ref()?.make())
            .collect();
        let profiles = draft.keys.iter().filter_map(|key| key.token.as_ref());
        let mut profiles = profiles.filter_map(|token| token.profile.as_ref());
        if let (Some((profile, _)), 1, 2..) = (makes.first(), makes.len(), usable)
            && draft.distant.is_empty()
            && profiles.any(|it| it.value.name == *profile && it.value.hardware)
        {
            self.warn(
                "script.one-make",
                &draft.start,
                format!("every root key is on a token of the same model, with profile {profile}"),
                "use tokens of another model as well: one flaw would affect all keys",
            );
        }
    }

    /// Keys that stay in the root and are destroyed: no root may be signed after this one.
    fn destroyed_keys(&mut self, draft: &Draft) {
        let Some(threshold) = draft.threshold() else {
            return;
        };
        let destroyed: BTreeMap<&KeyId, &Span> = draft
            .steps
            .iter()
            .filter_map(|step| {
                let act = step.act.as_ref()?;
                let is_destroyed = matches!(act, Act::DestroyTokenKey { .. });
                Some((act.key().filter(|_| is_destroyed)?, &step.span))
            })
            .collect();
        let is_left = |key: &&KeyEntry| {
            let id = key.id.as_ref().map(|at| &at.value);
            key.stays() && id.is_none_or(|id| !destroyed.contains_key(id))
        };
        let distant = draft.distant.iter().filter(|key| {
            key.place != Place::Lost && key.change.as_ref().is_some_and(ChangeEntry::stays)
        });
        let usable = draft.keys.iter().filter(is_left).count() + distant.count();
        let is_enough = i64::try_from(usable).is_ok_and(|usable| usable >= threshold.value);
        if let Some(span) = destroyed.values().next().filter(|_| !is_enough) {
            self.warn(
                "script.destroyed-keys",
                span,
                format!(
                    "only {usable} usable root keys are left after this ceremony, but {} must sign: no later root can be signed",
                    threshold.value
                ),
                "destroy these keys only to retire the root",
            );
        }
    }

    /// What the destination would refuse in the trusted root, and still would in the new one unless this change fixes it.
    fn publisher(&mut self, draft: &Draft) {
        let (Some(destination), Some(before)) = (&draft.root.destination, draft.before()) else {
            return;
        };
        for objection in destination.value.objections(before.document()) {
            self.warn(
                "script.destination",
                &destination.span,
                format!("root {}: {objection}", before.version()),
                "fix it in this ceremony: change = \"move-id\" with owner = \"@alice\" rewrites a root key, [root.roles] an online key",
            );
        }
    }

    /// Share sets that one person can use alone, or that cannot lose a share.
    fn shares(&mut self, draft: &Draft) {
        let plan = draft.backup.as_ref().and_then(BackupEntry::plan);
        let (Some(entry), Some(plan)) = (&draft.backup, plan) else {
            return;
        };
        let alone = |group: &ShareGroup| group.threshold == 1;
        if plan.group_threshold == 1
            && let Some(group) = plan.groups.iter().find(|group| alone(group))
        {
            let who: Vec<&str> = group.custodians.iter().map(PersonId::as_str).collect();
            self.warn(
                "script.share-quorum",
                &entry.span,
                format!(
                    "{} alone is a quorum: one share restores the key",
                    who.join(", or ")
                ),
                "require at least two custodians: threshold = 2",
            );
        }
        for person in plan.custodians() {
            let holds = |key: &&KeyEntry| {
                key.holder
                    .as_ref()
                    .is_some_and(|holder| holder.value == *person)
                    && key
                        .backup
                        .as_ref()
                        .is_some_and(|at| at.value == Backup::Shares)
            };
            if let Some(key) = draft
                .keys
                .iter()
                .find(holds)
                .and_then(|key| key.id.as_ref())
            {
                self.warn(
                    "script.share-holder",
                    &entry.span,
                    format!(
                        "{:?} holds {:?} and has a share of it: this share does not involve another person",
                        person.as_str(),
                        key.value.as_str()
                    ),
                    "give the shares of a key to people who do not hold it",
                );
            }
        }
        // Is there still a quorum if any one share is lost?
        let loser = plan.custodians().find(|lost| {
            let groups = plan.groups.iter().map(|group| ShareGroup {
                threshold: group.threshold,
                custodians: group
                    .custodians
                    .iter()
                    .filter(|custodian| custodian != lost)
                    .cloned()
                    .collect(),
            });
            let left = BackupPlan {
                group_threshold: plan.group_threshold,
                groups: groups.collect(),
            };
            left.quorums() == 0
        });
        if let Some(loser) = loser {
            self.warn(
                "script.spare-shares",
                &entry.span,
                format!(
                    "no share may be lost: without the share of {:?} there is no quorum",
                    loser.as_str()
                ),
                "have at least one more custodian than the threshold",
            );
        }
    }

    /// What Notary's own tools cannot do with the root, although its server and clients accept it.
    fn notary(&mut self, draft: &Draft) {
        let destination = draft.root.destination.as_ref().map(|at| at.value);
        if destination != Some(Destination::NotaryV1) {
            return;
        }
        if let Some(threshold) = draft.threshold().filter(|threshold| threshold.value > 1) {
            self.warn(
                "script.notary-threshold",
                &threshold.span,
                format!("{threshold} keys must sign: Notary servers and clients accept that, but Notary's own tools cannot sign such a root"),
                "use Conclave for every later root",
            );
        }
        let (Some(expires), Some(not_before)) = (&draft.root.expires, draft.not_before) else {
            return;
        };
        let half_a_year = SignedDuration::from_hours(24 * 183);
        if not_before
            .checked_add(half_a_year)
            .is_ok_and(|soon| expires.value < soon)
        {
            self.warn(
                "script.notary-expiry",
                &expires.span,
                "with less than 6 months left, `notary publish` and `docker trust` try to sign the root again, and fail without its key".to_owned(),
                "use a later date: roots of Notary's own tools expire after 10 years",
            );
        }
    }

    fn sample_keys(&mut self, draft: &Draft) {
        for role in &draft.root.roles {
            for key in role
                .keys
                .iter()
                .filter(|key| embedded::is_sample(&key.value.key))
            {
                self.warn(
                    "script.sample-key",
                    &key.span,
                    format!(
                        "{:?} is a sample key: nobody has its private key",
                        key.value.file
                    ),
                    "use the public key of your own service: a production refuses sample keys",
                );
            }
        }
    }
}
