//! Enrolled keys: for this repository, each once, and none that the trusted root already has.

use crate::metadata::RoleKind;
use crate::script::read::{At, Draft, KeyEntry, Log};
use crate::script::{Enrolled, SlotPlan};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    for key in &draft.keys {
        device(log, key);
    }
    let here = draft.keys.iter().filter_map(|key| key.enrolled.as_ref());
    let distant = draft.distant.iter().filter_map(|key| key.enrolled.as_ref());
    let mut seen: Vec<&At<Enrolled>> = Vec::new();
    for enrolled in here.chain(distant) {
        let claims = enrolled.value.enrollment.claims();
        if let Some(repository) = &draft.repository
            && claims.repository != *repository
        {
            log.error(
                "script.enrollment",
                &enrolled.span,
                format!(
                    "{:?} is for a key of {:?}, not of {repository:?}",
                    enrolled.value.file().file,
                    claims.repository
                ),
                "have a key generated for this repository: a key is used for one repository only",
            );
        }
        let is_same = |other: &&&At<Enrolled>| {
            other.value.enrollment.claims().public_key == claims.public_key
        };
        match seen.iter().find(is_same) {
            Some(first) => log.error(
                "script.duplicate",
                &enrolled.span,
                format!(
                    "{:?} is for a key that is already enrolled in line {}",
                    enrolled.value.file().file,
                    log.line(&first.span)
                ),
                "enroll each key once",
            ),
            None => seen.push(enrolled),
        }
        let listed = draft.before().and_then(|root| {
            let mut keys = root.document().role_keys(RoleKind::Root);
            keys.find(|(_, listed)| listed.key().public() == Some(&claims.public_key))
        });
        if let Some((id, _)) = listed {
            log.error(
                "script.duplicate",
                &enrolled.span,
                format!("the root already has this key, as {id}"),
                format!("keep it: key_id = \"{id}\" and change = \"keep\""),
            );
        }
    }
}

/// The attestation of a key agrees with the token in the script.
fn device(log: &Log<'_>, key: &KeyEntry) {
    let (Some(token), Some(enrolled)) = (&key.token, &key.enrolled) else {
        return;
    };
    let Some(said) = enrolled.value.enrollment.attestation() else {
        return;
    };
    if let Some(serial) = &token.serial
        && serial.value != said.serial
    {
        log.error(
            "script.attestation",
            &serial.span,
            format!(
                "the key was generated in YubiKey {}, not in {:?}",
                said.serial, serial.value
            ),
            "use the serial number from the attestation, or the attestation of the other YubiKey",
        );
    }
    let usual = SlotPlan::default();
    let slot = token.slot.as_ref().map_or(usual.number, |at| at.value);
    let pin = token.pin_policy.as_ref();
    let pin = pin.map_or(usual.policy.pin, |at| at.value);
    let touch = token.touch_policy.as_ref();
    let touch = touch.map_or(usual.policy.touch, |at| at.value);
    if format!("{slot:02x}") != said.slot || pin != said.pin_policy || touch != said.touch_policy {
        log.error(
            "script.attestation",
            &enrolled.span,
            format!(
                "the key is in slot {}, PIN {}, touch {}, but the script has slot {slot:02x}, PIN {pin}, touch {touch}",
                said.slot, said.pin_policy, said.touch_policy
            ),
            "set slot, pin_policy and touch_policy in \"token\" as in the attestation",
        );
    }
}
