//! A key is generated in its token, or imported into it, and read back.

use super::asking::{confirm, proceed, with_new_object, with_token};
use super::restore_key::restored_onto;
use crate::ceremony::at::At;
use crate::ceremony::attestation::AttestedKey;
use crate::ceremony::replay::{Applied, broken, contradiction, hold, require};
use crate::ceremony::{
    Ceremony, Check, Effect, EventKind, Generated, KeyAttestation, KeyEvent, Mode, Moment, Next,
};
use crate::certificate::attestation::{self, AttestationCheck, Refusal, TrustedRoots};
use crate::certificate::{Certificate, PublicKey};
use crate::metadata::Key;
use crate::record::{KeyAttributes, Provenance, TokenId, visible};
use crate::script::{Act, KeyId, Step, TokenSpec};
use crate::transfer::Occasion;
use crate::words::Digest;

/// The trusted attestation roots: those of manufacturers and of the script, and in a rehearsal that of simulated tokens.
pub(crate) fn trusted_roots(c: &Ceremony) -> TrustedRoots {
    let roots = c.script.attestation().trusted().clone();
    let simulated_tokens = c
        .progress
        .opening()
        .and_then(|opening| opening.simulated_attestation_root.as_ref());
    match simulated_tokens {
        // The rehearsal did not open with an invalid root.
        Some(pem) => roots.clone().with(pem.as_bytes()).unwrap_or(roots),
        None => roots,
    }
}

/// Verifies the attestation of a key. A chain that does not end at a trusted root proves nothing: that is the verdict.
///
/// # Errors
/// When the attestation is false: for another key or device, forged, or not as the script requires.
pub(crate) fn judge_attestation(
    c: &Ceremony,
    key: &KeyId,
    new: &AttestedKey<'_>,
    certificates: &[Certificate],
) -> Result<Option<KeyAttestation>, Refusal> {
    let Some((statement, supplied)) = certificates.split_first() else {
        return Ok(None);
    };
    let judged = |verdict| {
        Ok(Some(KeyAttestation {
            certificates: certificates.to_vec(),
            verdict,
        }))
    };
    let attestation = match attestation::verify(statement, supplied, &trusted_roots(c)) {
        Ok(attestation) => attestation,
        Err(refusal) if proves_nothing(refusal.check) => return judged(Err(refusal)),
        Err(refusal) => return Err(refusal),
    };
    attestation.require_key(new.public_key)?;
    attestation.require_serial(&new.token.serial)?;
    let summary = attestation.summary();
    let refuse = |detail: String| Err(AttestationCheck::Statement.refuse(detail));
    if summary.slot != hex::encode(new.object_id) {
        return refuse(format!(
            "the attestation is for slot {}, and the key is in slot {}",
            summary.slot,
            hex::encode(new.object_id)
        ));
    }
    let planned = c.token_spec(key).and_then(|token| token.slot);
    if let Some(planned) = planned
        && (planned.policy.pin != summary.pin_policy
            || planned.policy.touch != summary.touch_policy)
    {
        return refuse(format!(
            "the key has PIN policy {} and touch policy {}, and the script requires PIN policy {} and touch policy {}",
            summary.pin_policy, summary.touch_policy, planned.policy.pin, planned.policy.touch
        ));
    }
    judged(Ok(summary.clone()))
}

pub(crate) fn provenance_of(
    c: &Ceremony,
    key: &KeyId,
    new: &AttestedKey<'_>,
    attestation: Option<&KeyAttestation>,
) -> Provenance {
    if c.script.restores(key) {
        return Provenance::Restored;
    }
    let is_attested = attestation.is_some_and(|given| given.verdict.is_ok());
    match new.attributes.provenance() {
        Provenance::Claimed if is_attested => Provenance::Attested,
        Provenance::Imported if !c.script.imports(key) => Provenance::Unconfirmed,
        other => other,
    }
}

/// Whether the attestation proves nothing, rather than being false.
const fn proves_nothing(check: AttestationCheck) -> bool {
    matches!(
        check,
        AttestationCheck::Form | AttestationCheck::Chain | AttestationCheck::Overwritten
    )
}

/// Whether the label of a key marks it as generated in a rehearsal.
pub fn is_of_rehearsal(label: &str) -> bool {
    label.starts_with(REHEARSAL)
}

/// The label of a key in its token. It marks a rehearsal key wherever the key is found.
pub(crate) fn key_label(c: &Ceremony, key: &KeyId) -> String {
    let mut label = format!("{} {key}", c.script.repository());
    // A former key may still be on the token, under its own label.
    let former = c.keys.get(key).map_or(0, |state| state.former().len());
    if former > 0 {
        label = format!("{label} {}", former + 1);
    }
    match c.mode() {
        Mode::Rehearsal => format!("{REHEARSAL}{label}"),
        Mode::Production => label,
    }
}

pub(crate) fn require_provenance(
    c: &Ceremony,
    provenance: Provenance,
    attestation_simulated: bool,
    attestation: Option<&KeyAttestation>,
) -> Applied {
    let Some(wanted) = c.script.root().require_provenance else {
        return Ok(());
    };
    if attestation_simulated || provenance == wanted {
        return Ok(());
    }
    let why = match attestation.map(|given| &given.verdict) {
        Some(Err(refusal)) => refusal.to_string(),
        Some(Ok(_)) | None => "its token does not attest it".to_owned(),
    };
    Err(broken(
        Check::KeyProvenance,
        format!(
            "the script requires provenance {wanted}, and the provenance of this key is {provenance}: {why}"
        ),
    ))
}

/// Whether a key of this ceremony, or a former one, is this key.
pub(crate) fn has_public_key(c: &Ceremony, public_key: &PublicKey) -> bool {
    c.keys.iter().any(|(_, state)| {
        let now = state.generated().map(|generated| &generated.public_key);
        let before = state.former().iter().map(|former| &former.public_key);
        now.into_iter().chain(before).any(|key| key == public_key)
    })
}

pub(crate) fn next_made(c: &Ceremony, step: &Step, key: &KeyId, action: &str) -> Next {
    let state = &c.keys[key];
    if c.owes_management_key(key) {
        return with_token(c, key, |token| Effect::HandOverManagementKey {
            key: key.clone(),
            token,
        });
    }
    if state.generated().is_some() {
        return super::verify_token::prove(c, key, Occasion::Generation);
    }
    let is_imported = c.script.imports(key);
    let Some((object_id, label)) = state.announced_object().cloned() else {
        let line = if is_imported {
            "The key is generated in the locked memory of this machine, imported into the token, and wiped from memory. It is read back and must sign a fresh challenge."
        } else {
            "The key is generated inside the token and read back. It must sign a fresh challenge."
        };
        return Next::Ask(confirm(c, step, [line], action));
    };
    let Some(plan) = c.script.key(key) else {
        return proceed(c, step);
    };
    let effect = if is_imported {
        Effect::ImportKey
    } else {
        Effect::GenerateKey
    };
    with_new_object(c, plan, (object_id, label), effect)
}

const fn is_it(act: &Act) -> bool {
    matches!(act, Act::GenerateKey { .. } | Act::ImportKey { .. })
}

pub(crate) fn management_key_written(c: &mut Ceremony, at: &At<'_>, key: &KeyId) -> Applied {
    at.key(c, key, is_it)?;
    require(
        c.owes_management_key(key),
        "the management key of this token stays on it, was written down already, or is still needed",
    )?;
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.write_management_key();
    Ok(())
}

pub(crate) fn announced(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    object_id: &[u8],
    label: &str,
) -> Applied {
    at.key(c, key, |act| act.makes().is_some())?;
    c.keys_mut()
        .change(key)?
        .announce_generation(object_id, label)
}

/// A new key as its token returned it.
pub(crate) struct NewKey<'e> {
    pub(crate) token: &'e TokenId,
    pub(crate) public_key: &'e PublicKey,
    pub(crate) fingerprint: Digest,
    pub(crate) attributes: KeyAttributes,
    pub(crate) provenance: Provenance,
    pub(crate) attestation: &'e [Certificate],
}

pub(crate) fn generated(c: &mut Ceremony, at: &At<'_>, key: &KeyId, new: &NewKey<'_>) -> Applied {
    at.key(c, key, |act| act.makes().is_some())?;
    let NewKey {
        token,
        public_key,
        attributes,
        provenance,
        ..
    } = *new;
    require(
        public_key.fingerprint() == new.fingerprint,
        "the fingerprint is not that of the public key",
    )?;
    let listed = Key::from_public(public_key)
        .map_err(|error| contradiction(format!("the key cannot be a root key: {error}")))?;
    let wanted = c.script.key(key).map(|plan| plan.key_type);
    require(
        wanted.is_some_and(|wanted| wanted.algorithm() == public_key.algorithm()),
        "the key type is not the one in the script",
    )?;
    hold(
        Check::KeyNonExtractable,
        attributes.sensitive != Some(false)
            && (attributes.extractable != Some(true) || c.script.backs_up(key)),
        "the token reports that the private key can be read or exported",
    )?;
    hold(
        Check::KeyRehearsal,
        !c.is_of_rehearsal(&public_key.fingerprint()),
        "the key was generated in the rehearsal",
    )?;
    require(
        !has_public_key(c, public_key),
        "this key is already used in this ceremony",
    )?;
    let announced = c.keys[key].announced_object();
    let attested = AttestedKey {
        token,
        object_id: announced.map_or(&[], |(object_id, _)| object_id),
        public_key,
        attributes,
    };
    let judged = judge_attestation(c, key, &attested, new.attestation)
        .map_err(|refusal| broken(Check::KeyAttestation, refusal.to_string()))?;
    require(
        provenance_of(c, key, &attested, judged.as_ref()) == provenance,
        "the provenance does not follow from the attributes and the attestation",
    )?;
    let attestation_simulated = c.is_attestation_simulated(key, token);
    require_provenance(c, provenance, attestation_simulated, judged.as_ref())?;
    let is_restored = c.script.restores(key);
    require(
        attestation_simulated
            || is_restored
            || !c.script.imports(key)
            || attributes.local != Some(true),
        "the script imports the key, but the token reports that it was generated there",
    )?;
    let generated = Generated {
        public_key: public_key.clone(),
        key: c.as_listed(key, &listed),
        attributes: Some(attributes),
        provenance: Some(provenance),
        attestation: judged,
        attestation_simulated,
    };
    c.custody_mut().use_token();
    c.keys_mut().change(key)?.generate(token, generated)?;
    if is_restored {
        restored_onto(c, public_key)?;
    }
    Ok(())
}

pub(crate) fn is_done(c: &Ceremony, key: &KeyId) -> bool {
    c.keys[key].is_proven() && !c.owes_management_key(key) && c.envelope_due().is_none()
}

/// False statements of the token are found when the event is applied.
pub(crate) fn event_of_new_key(
    c: &Ceremony,
    key: &KeyId,
    token: TokenId,
    public_key: PublicKey,
    attributes: KeyAttributes,
    attestation: Vec<Certificate>,
) -> EventKind {
    let announced = c.keys.get(key).and_then(|state| state.announced_object());
    let attested = AttestedKey {
        token: &token,
        object_id: announced.map_or(&[], |(object_id, _)| object_id),
        public_key: &public_key,
        attributes,
    };
    let judged = judge_attestation(c, key, &attested, &attestation)
        .ok()
        .flatten();
    EventKind::Keys(KeyEvent::KeyGenerated {
        key: key.clone(),
        fingerprint: public_key.fingerprint(),
        provenance: provenance_of(c, key, &attested, judged.as_ref()),
        attributes,
        attestation,
        public_key,
        token,
    })
}

const REHEARSAL: &str = "REHEARSAL ";

/// The object ID is a fresh one, or the slot in the script.
pub(crate) fn announcing(c: &Ceremony, key: &KeyId, moment: &Moment) -> EventKind {
    let token = c.script.key(key).map(|plan| &plan.token);
    let slot = token.and_then(TokenSpec::slot);
    let id = token.map(|token| token.profile.new_object_id(&moment.fresh));
    EventKind::Keys(KeyEvent::GenerateIntended {
        key: key.clone(),
        object_id: slot.or(id).unwrap_or_else(|| moment.fresh.to_vec()),
        label: key_label(c, key),
    })
}

/// The key is to be destroyed and generated again on its token: its steps are done again.
pub(crate) fn regenerate(c: &mut Ceremony, key: &KeyId) -> Applied {
    c.backup_mut().discard(key);
    c.keys_mut().regenerate(key)?;
    undo(c, key, |act| {
        act.makes().is_some() || matches!(act, Act::BackUpKey { .. } | Act::CertifyKey { .. })
    });
    c.change_all_roots(|root| root.forget_certificate(key));
    Ok(())
}

/// The steps of a key are done again, before those of other keys.
pub(crate) fn undo(c: &mut Ceremony, key: &KeyId, which: impl Fn(&Act) -> bool) {
    let steps = c.script.steps().iter();
    let again: Vec<_> = steps
        .filter(|step| {
            let of_block = step.act.enrolls() == Some(key) && which(&step.act);
            // The backup that was proven was that of the former key.
            let is_of_backup =
                matches!(&step.act, Act::VerifyBackup { key: Some(of) } if of == key);
            of_block || is_of_backup
        })
        .map(|step| step.index)
        .collect();
    c.progress_mut().reopen(again);
    c.progress_mut().bring_forward(key);
}

pub(crate) fn generate_intended_sentence(key: &KeyId, object_id: &[u8]) -> String {
    format!(
        "About to generate {key} as object {}.",
        hex::encode(object_id)
    )
}

pub(crate) fn key_generated_sentence(
    key: &KeyId,
    fingerprint: &Digest,
    provenance: Provenance,
    local: Option<bool>,
    attestation: &[Certificate],
    token: &TokenId,
) -> String {
    format!(
        "{key} was generated and read back: fingerprint {}, provenance {provenance}{}.",
        fingerprint.short_hex(),
        by_whom(provenance, local, token, attestation)
    )
}

fn by_whom(
    provenance: Provenance,
    local: Option<bool>,
    token: &TokenId,
    attestation: &[Certificate],
) -> String {
    match provenance {
        Provenance::Attested => format!(" by YubiKey {}", visible(&token.serial)),
        Provenance::Unconfirmed => match local {
            Some(_) => {
                ", because the token reports that the key was not generated in it".to_owned()
            }
            None => ", because the token does not report where the key was generated".to_owned(),
        },
        _ if attestation.is_empty() => String::new(),
        _ => "; its attestation does not end at a trusted root".to_owned(),
    }
}
