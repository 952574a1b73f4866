//! The ceremony opens: what a production and a rehearsal may use.

use std::collections::{BTreeMap, BTreeSet};

use crate::backup::CustodianGroup;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::{BaseRoot, Ceremony, Check, Generated, Mode, Opening};
use crate::certificate::PublicKey;
use crate::certificate::attestation::TrustedRoots;
use crate::metadata::Key;
use crate::record::Provenance;
use crate::script::{KeyId, PersonId};

/// A production must not rely on the custody list of a rehearsal.
pub(crate) fn require_list_of(c: &Ceremony, mode: Mode) -> Applied {
    let lines = c.script.custody().lines();
    let rehearsed = Mode::Rehearsal.to_string();
    require(
        mode == Mode::Rehearsal || lines.iter().all(|line| line.mode != rehearsed),
        "the custody list is from a rehearsal",
    )
}

/// A production does not enroll a key from a rehearsal; a rehearsal uses simulated keys.
pub(crate) fn simulate_enrolled_keys(c: &mut Ceremony, opening: &Opening) -> Applied {
    if opening.mode == Mode::Production {
        require(
            opening.simulated_keys.is_empty(),
            "a production enrolls the keys of the script, not simulated keys",
        )?;
        for (id, enrolled) in c.script.enrolled() {
            let claims = enrolled.enrollment.claims();
            let is_known = opening
                .rehearsal_keys
                .contains(&claims.public_key.fingerprint());
            hold(
                Check::KeyRehearsal,
                !claims.is_rehearsal && !is_known,
                &format!(
                    "{id} was generated in a rehearsal, according to {}",
                    enrolled.file().file
                ),
            )?;
        }
        for (plan, key) in c.script.known_keys() {
            let fingerprint = key.public().map(PublicKey::fingerprint);
            hold(
                Check::KeyRehearsal,
                fingerprint.is_some_and(|known| !opening.rehearsal_keys.contains(&known)),
                &format!("{} was generated in the rehearsal", plan.id),
            )?;
        }
        return Ok(());
    }
    // A simulated token has no device that could attest its keys.
    let enrolled = c.script.enrolled().map(|(id, enrolled)| {
        let key = enrolled.enrollment.key().clone();
        (id.clone(), (key, Some(Provenance::Claimed)))
    });
    let known = c.script.known_keys();
    let known = known.map(|(plan, key)| (plan.id.clone(), (key.clone(), None)));
    let wanted: BTreeMap<KeyId, (Key, Option<Provenance>)> = enrolled.chain(known).collect();
    require(
        opening.simulated_keys.keys().eq(wanted.keys()),
        "a rehearsal needs one simulated key for each key that the script enrolls or backs up unchanged",
    )?;
    for (id, (real, provenance)) in wanted {
        let public = &opening.simulated_keys[&id];
        let algorithm = real.public().map(PublicKey::algorithm);
        require(
            algorithm == Some(public.algorithm()) && real.public() != Some(public),
            "a simulated key must be a different key of the same type",
        )?;
        let key = Key::from_public(public)
            .map_err(|error| contradiction(format!("the key cannot be a root key: {error}")))?;
        let key = c.as_listed(&id, &key);
        if c.keys.contains(&id) {
            let generated = Generated {
                public_key: public.clone(),
                key,
                attributes: None,
                provenance,
                attestation: None,
                attestation_simulated: false,
            };
            c.keys_mut().exists(&id, Some(generated))?;
        } else if c.keys.remote(&id).is_some() {
            c.keys_mut().take_remote(&id, key);
        } else {
            return Err(contradiction(format!("the script has no key {id}")));
        }
    }
    Ok(())
}

/// In a rehearsal each approval token is simulated, and in a production none is.
pub(crate) fn require_simulated_of_approval_tokens(c: &Ceremony, opening: &Opening) -> Applied {
    let people = c.script.people().iter();
    let wanted: BTreeSet<&PersonId> = people
        .filter(|person| person.approval.is_some() && opening.mode == Mode::Rehearsal)
        .map(|person| &person.id)
        .collect();
    require(
        opening.simulated_approvals.keys().eq(wanted),
        "a rehearsal needs a simulated token for each approval token, and a production must not have any",
    )
}

/// A rehearsal may use a simulated set that is as similar to the script's set as possible. A production uses the
/// script's set, which must not be from a rehearsal.
pub(crate) fn require_set(c: &Ceremony, opening: &Opening) -> Applied {
    let Some(plan) = c.script.restore() else {
        return require(
            opening.simulated_set.is_none(),
            "the script does not restore a key, so there cannot be a simulated set",
        );
    };
    let (real, is_rehearsal) = (plan.manifest.facts(), opening.mode == Mode::Rehearsal);
    hold(
        Check::KeyRehearsal,
        is_rehearsal || !real.is_rehearsal,
        "the share set was made in a rehearsal and cannot be used in a production",
    )?;
    let Some(simulated) = &opening.simulated_set else {
        return require(
            !is_rehearsal || real.is_rehearsal,
            "a rehearsal restores from a simulated set, not from real shares",
        );
    };
    let simulated = simulated.facts();
    let is_alike = |(one, other): (&CustodianGroup, &CustodianGroup)| {
        let mut pairs = one.custodians.iter().zip(&other.custodians);
        one.threshold == other.threshold
            && one.custodians.len() == other.custodians.len()
            && pairs.all(|(one, other)| (&one.id, &one.name) == (&other.id, &other.name))
    };
    require(
        is_rehearsal
            && simulated.is_rehearsal
            && simulated.key == real.key
            && simulated.repository == real.repository
            && simulated.public_key.algorithm() == real.public_key.algorithm()
            && simulated.groups_needed == real.groups_needed
            && simulated.groups.len() == real.groups.len()
            && simulated.groups.iter().zip(&real.groups).all(is_alike),
        "the simulated set differs from the script's set in its people, thresholds or key",
    )
}

pub(crate) fn opened(c: &mut Ceremony, opening: &Opening) -> Applied {
    let is_rehearsal = opening.mode == Mode::Rehearsal;
    require(
        is_rehearsal == opening.simulated_tokens.is_some()
            && (is_rehearsal || opening.simulated_clock_offset == 0),
        "a rehearsal needs simulated tokens, and a production must not have simulated tokens or a simulated clock",
    )?;
    require(
        c.script.has_profiles(&opening.profiles),
        "a token profile is not the one with which the ceremony began",
    )?;
    if let Some(pem) = &opening.simulated_attestation_root {
        require(
            is_rehearsal,
            "a production accepts only attestation roots of manufacturers or of the script",
        )?;
        TrustedRoots::default()
            .with(pem.as_bytes())
            .map_err(|error| {
                contradiction(format!(
                    "the simulated attestation root is not valid: {error}"
                ))
            })?;
    }
    if let Some(simulated) = &opening.simulated_root {
        require(
            is_rehearsal,
            "a production changes the root that the script names, not a simulated root",
        )?;
        let real = BaseRoot::of(&c.script)
            .ok_or_else(|| contradiction("a genesis does not change a root"))?;
        let simulated = real
            .simulated(&c.script, simulated)
            .map_err(contradiction)?;
        c.build_on(Some(simulated));
    }
    simulate_further_roots(c, opening).map_err(contradiction)?;
    simulate_enrolled_keys(c, opening)?;
    require_list_of(c, opening.mode)?;
    hold(
        Check::KeyRehearsal,
        is_rehearsal || !c.script.payloads().is_rehearsal(),
        "the payload register is from a rehearsal and cannot be used in a production",
    )?;
    require_simulated_of_approval_tokens(c, opening)?;
    require_set(c, opening)?;
    c.progress_mut().open(opening.clone());
    Ok(())
}

fn simulate_further_roots(c: &mut Ceremony, opening: &Opening) -> Result<(), String> {
    let own = opening.simulated_root.as_ref();
    if own.is_none() && opening.simulated_further_roots.is_empty() {
        return Ok(());
    }
    let number = c.number_of_roots();
    if opening.simulated_further_roots.len() + 1 != number {
        return Err("a rehearsal needs a simulated root for each further repository".to_owned());
    }
    for at in 1..number {
        let script = c.script_of_root(at);
        let name = script.repository();
        let simulated = opening.simulated_further_roots.get(name);
        let simulated =
            simulated.ok_or_else(|| format!("there is no simulated root for {name}"))?;
        if own.map(|own| &own.keys) != Some(&simulated.keys) {
            return Err(format!("the simulated root of {name} has other keys"));
        }
        let real = BaseRoot::of(script).ok_or("a genesis does not change a root")?;
        let base = real.simulated(script, simulated)?;
        c.build_further_on(at, Some(base));
    }
    Ok(())
}

pub(crate) fn opened_sentence(opening: &Opening, names: &Names<'_>) -> String {
    let what = match opening.mode {
        Mode::Rehearsal => "Rehearsal",
        Mode::Production => "Ceremony",
    };
    let script = names.script;
    format!(
        "{what} opened: {}, repository {}, script {}.",
        script.title(),
        script.repository(),
        script.sha256().short_hex()
    )
}
