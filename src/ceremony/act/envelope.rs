//! A secret of a token is sealed in an envelope.

use super::approval::decided;
use super::asking::approved;
use crate::ceremony::at::At;
use crate::ceremony::display_names::Names;
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::{Approval, Ask, Ceremony, Prompt};
use crate::script::{KeyId, Step, TokenSecret};

pub(crate) fn ask_envelope(
    c: &Ceremony,
    step: &Step,
    key: &KeyId,
    secret: TokenSecret,
    bag: Option<&str>,
) -> Prompt {
    let lines = sealing_lines(c, key, secret, bag);
    let usual = bag.map_or_else(|| usual_envelope(c), str::to_owned);
    let label = "Number on the bag".to_owned();
    approved(c, step, lines, Ask::Reading { label, usual })
}

pub(crate) fn sealing_lines(
    c: &Ceremony,
    key: &KeyId,
    secret: TokenSecret,
    bag: Option<&str>,
) -> Vec<String> {
    let by = c
        .script
        .key(key)
        .and_then(|plan| plan.secret(secret)?.set_by.as_ref())
        .map_or("", |person| c.name(person));
    let title = secret.title();
    let number = match bag {
        Some(bag) => format!("Use bag {bag}. Witness: read the number from the bag."),
        None => {
            "The bag that the script names was used already. Use a new bag. Witness: read its number."
                .to_owned()
        }
    };
    let token = c.token_title(key);
    let sealing = if secret == TokenSecret::ManagementKey {
        format!(
            "{by}: put the paper with the {title} of {token} in an opaque envelope, and seal it in a bag."
        )
    } else {
        format!(
            "Everyone else: look away. {by}: write the {title} of {token} on paper, put it in an opaque envelope, and seal it in a bag."
        )
    };
    vec![sealing, number]
}

/// The bag number that an automatic rehearsal enters: no bag exists there.
pub(crate) fn usual_envelope(c: &Ceremony) -> String {
    let mut numbered = (1..).map(|number| format!("simulated-envelope-{number}"));
    numbered.find(|bag| c.is_new_bag(bag)).unwrap_or_default()
}

pub(crate) fn sealed(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    secret: TokenSecret,
    bag: &str,
    approvals: &[Approval],
) -> Applied {
    decided(c, at, key, bag, approvals, "an envelope is sealed")?;
    let due = c
        .envelope_due()
        .map(|(key, secret, bag)| (key.clone(), secret, bag.map(str::to_owned)));
    match due {
        Some((of, which, planned)) if of == *key && which == secret => match planned {
            Some(planned) => require(
                planned == bag,
                "this is not the bag that the script or an amendment names",
            )?,
            None => require(c.is_new_bag(bag), "another bag has this number")?,
        },
        Some(_) | None => return Err(contradiction("this secret is not to be sealed now")),
    }
    c.keys_mut().seal_envelope(key, secret, bag)?;
    c.forget_failure();
    Ok(())
}

pub(crate) fn management_key_written_sentence(key: &KeyId, names: &Names<'_>) -> String {
    format!(
        "{} wrote down the management key of the token for {key} and typed it back. The token no longer stores it.",
        names.people
    )
}

pub(crate) fn envelope_sealed_sentence(
    key: &KeyId,
    secret: TokenSecret,
    bag: &str,
    approvals: &[Approval],
    names: &Names<'_>,
) -> String {
    format!(
        "The {} of the token for {key} was sealed in bag {bag}. Witnessed by {}.",
        secret.title(),
        names.approving(approvals)
    )
}
