//! The ceremony opens: what a production and a rehearsal may bring.
use crate::ceremony::base_root::BaseRoot;
use crate::ceremony::check::Check;
use crate::ceremony::event::{Mode, Opening};
use crate::ceremony::replay::{Applied, contradiction, hold, require};
use crate::ceremony::state::{Ceremony, Generated};
use crate::certificate::PublicKey;
use crate::certificate::attestation::TrustedRoots;
use crate::metadata::Key;
use crate::record::Provenance;
use crate::script::{KeyId, PersonId};

/// What a rehearsal said of bags is nothing to go by in a production.
pub(in crate::ceremony) fn require_list_of(c: &Ceremony, mode: Mode) -> Applied {
    let lines = c.script.custody().lines();
    let rehearsed = Mode::Rehearsal.to_string();
    require(
        mode == Mode::Rehearsal || lines.iter().all(|line| line.mode != rehearsed),
        "the custody list is of a rehearsal",
    )
}

/// At the opening: a production takes no key that a rehearsal made, and a rehearsal takes simulated ones.
pub(in crate::ceremony) fn simulate_enrolled_keys(c: &mut Ceremony, opening: &Opening) -> Applied {
    if opening.mode == Mode::Production {
        require(
            opening.simulated_keys.is_empty(),
            "a production takes the keys that the script enrolls",
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
                    "{id} was made in a rehearsal, as {} says",
                    enrolled.file().file
                ),
            )?;
        }
        for (plan, key) in c.script.known_keys() {
            let fingerprint = key.public().map(PublicKey::fingerprint);
            hold(
                Check::KeyRehearsal,
                fingerprint.is_some_and(|known| !opening.rehearsal_keys.contains(&known)),
                &format!("{} was made in the rehearsal", plan.id),
            )?;
        }
        return Ok(());
    }
    let enrolled = c.script.enrolled();
    let wanted: Vec<(KeyId, Key)> = enrolled
        .map(|(id, enrolled)| (id.clone(), enrolled.enrollment.key().clone()))
        .chain(
            c.script
                .known_keys()
                .map(|(plan, key)| (plan.id.clone(), key.clone())),
        )
        .collect();
    let is_known = |id: &KeyId| {
        let mut known = c.script.known_keys();
        known.any(|(plan, _)| plan.id == *id)
    };
    let known: Vec<KeyId> = wanted
        .iter()
        .map(|(id, _)| id.clone())
        .filter(is_known)
        .collect();
    require(
        opening.simulated_keys.keys().eq({
            let mut names: Vec<&KeyId> = wanted.iter().map(|(id, _)| id).collect();
            names.sort_unstable();
            names
        }),
        "a rehearsal has a simulated key for each key that the script enrolls or backs up as it is, and for no other",
    )?;
    for (id, real) in wanted {
        let public = &opening.simulated_keys[&id];
        let algorithm = real.public().map(PublicKey::algorithm);
        require(
            algorithm == Some(public.algorithm()) && real.public() != Some(public),
            "the simulated key of an enrolled key is another key of the same kind",
        )?;
        let key = Key::from_public(public)
            .map_err(|error| contradiction(format!("not a key for a root: {error}")))?;
        let key = c.as_listed(&id, &key);
        if c.keys.contains(&id) {
            let generated = Generated {
                public_key: public.clone(),
                key,
                attributes: None,
                // A simulated token has no device that could speak for it.
                provenance: (!known.contains(&id)).then_some(Provenance::Claimed),
                attestation: None,
                stood_in: false,
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

/// In a rehearsal each approval token has a simulated one, and in a production none has.
pub(in crate::ceremony) fn require_simulated_of_approval_tokens(
    c: &Ceremony,
    opening: &Opening,
) -> Applied {
    let people = c.script.people().iter();
    let owners: Vec<&PersonId> = people
        .filter(|person| person.approval.is_some())
        .map(|person| &person.id)
        .collect();
    let wanted = match opening.mode {
        Mode::Rehearsal => owners,
        Mode::Production => Vec::new(),
    };
    let mut simulated = opening.simulated_approvals.keys();
    require(
        opening.simulated_approvals.len() == wanted.len()
            && simulated.all(|person| wanted.contains(&person)),
        "a rehearsal has a simulated token for each approval token, and a production has none",
    )
}

/// A rehearsal may have a set of its own in place of the script's, as like it as can be. A production has the
/// script's, and no set of a rehearsal.
pub(in crate::ceremony) fn require_set(c: &Ceremony, opening: &Opening) -> Applied {
    let Some(plan) = c.script.restore() else {
        return require(
            opening.simulated_set.is_none(),
            "nothing is restored, and no set stands in for one",
        );
    };
    let (real, is_rehearsal) = (plan.manifest.facts(), opening.mode == Mode::Rehearsal);
    hold(
        Check::KeyRehearsal,
        is_rehearsal || !real.is_rehearsal,
        "the set was made in a rehearsal: what it restores is in no production",
    )?;
    let Some(simulated) = &opening.simulated_set else {
        return require(
            !is_rehearsal || real.is_rehearsal,
            "a rehearsal restores from shares that were made for it",
        );
    };
    let simulated = simulated.facts();
    let is_alike = |(one, other): (
        &crate::backup::CustodianGroup,
        &crate::backup::CustodianGroup,
    )| {
        let of = |group: &crate::backup::CustodianGroup| -> Vec<(String, String)> {
            let custodians = group.custodians.iter();
            custodians
                .map(|one| (one.id.clone(), one.name.clone()))
                .collect()
        };
        one.threshold == other.threshold && of(one) == of(other)
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
        "the set that stands in for the script's has other people, other thresholds or another key",
    )
}

pub(in crate::ceremony) fn opened(c: &mut Ceremony, opening: &Opening) -> Applied {
    let is_rehearsal = opening.mode == Mode::Rehearsal;
    require(
        is_rehearsal == opening.simulated_tokens.is_some()
            && (is_rehearsal || opening.simulated_clock_offset == 0),
        "a rehearsal has simulated tokens and a simulated clock, and a production has none",
    )?;
    require(
        c.script.has_profiles(&opening.profiles),
        "a token profile is not the one with which the ceremony began",
    )?;
    if let Some(pem) = &opening.simulated_attestation_root {
        require(
            is_rehearsal,
            "attestations of a production end at roots of makers, or of the script",
        )?;
        TrustedRoots::default()
            .with(pem.as_bytes())
            .map_err(|error| contradiction(format!("no root of attestations: {error}")))?;
    }
    if let Some(simulated) = &opening.simulated_root {
        require(
            is_rehearsal,
            "a production changes the root that the script carries",
        )?;
        let real =
            BaseRoot::of(&c.script).ok_or_else(|| contradiction("a genesis changes no root"))?;
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
        is_rehearsal || !c.script.payloads().is_rehearsed(),
        "the register of payloads is of a rehearsal: what was signed there is for no production",
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
        return Err("a rehearsal has a simulated root for each further root".to_owned());
    }
    for at in 1..number {
        let script = c.script_of_root(at);
        let name = script.repository();
        let simulated = opening.simulated_further_roots.get(name);
        let simulated =
            simulated.ok_or_else(|| format!("there is no simulated root for the one of {name}"))?;
        if own.map(|own| &own.keys) != Some(&simulated.keys) {
            return Err(format!("the simulated root of {name} has other keys"));
        }
        let real = BaseRoot::of(script).ok_or("a genesis changes no root")?;
        let base = real.simulated(script, simulated)?;
        c.build_further_on(at, Some(base));
    }
    Ok(())
}
