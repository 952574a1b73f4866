//! A secret of a token is sealed into an envelope.
use super::approval::decided;
use super::asking::prompt;
use crate::ceremony::approval::Approval;
use crate::ceremony::approval::strengths_of;
use crate::ceremony::at::At;
use crate::ceremony::prompt::{Ask, Prompt};
use crate::ceremony::replay::{Applied, contradiction, require};
use crate::ceremony::state::Ceremony;
use crate::ceremony::telling::Telling;
use crate::script::{KeyId, Step, TokenSecret};

/// Asks for the number of the bag into which a secret is sealed.
pub(in crate::ceremony) fn ask_envelope(
    c: &Ceremony,
    step: &Step,
    key: &KeyId,
    secret: TokenSecret,
    bag: Option<&str>,
) -> Prompt {
    let lines = sealing_lines(c, key, secret, bag);
    let usual = bag.map_or_else(|| usual_envelope(c), str::to_owned);
    let label = "Number on the bag".to_owned();
    let ask = Ask::Reading { label, usual };
    let mut prompt = prompt(step, c.usual_approvers(), lines, ask);
    prompt.approval = true;
    prompt
}

/// How a secret is sealed, for those who do it.
pub(in crate::ceremony) fn sealing_lines(
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
        Some(bag) => format!("It is bag {bag}. A witness reads the number from the bag."),
        None => {
            "The bag that the script names is used up: take a new one. A witness reads its number."
                .to_owned()
        }
    };
    if secret == TokenSecret::ManagementKey {
        let token = c.token_title(key);
        return vec![
            format!(
                "{by} puts the paper with the {title} of {token} into an envelope that nothing shines through, and seals it into a bag."
            ),
            number,
        ];
    }
    vec![
        format!(
            "The others turn away. {by} writes the {title} of {} on paper, puts it into an envelope that nothing shines through, and seals it into a bag.",
            c.token_title(key)
        ),
        number,
    ]
}

/// What a rehearsal that plays by itself says that it read from a new bag: none is there.
pub(in crate::ceremony) fn usual_envelope(c: &Ceremony) -> String {
    let mut numbered = (1..).map(|number| format!("simulated-envelope-{number}"));
    numbered.find(|bag| c.is_new_bag(bag)).unwrap_or_default()
}

pub(in crate::ceremony) fn sealed(
    c: &mut Ceremony,
    at: &At<'_>,
    key: &KeyId,
    secret: TokenSecret,
    bag: &str,
    approvals: &[Approval],
) -> Applied {
    decided(c, at, key, bag, approvals, "what is sealed is witnessed")?;
    let due = c
        .envelope_due()
        .map(|(key, secret, bag)| (key.clone(), secret, bag.map(str::to_owned)));
    match due {
        Some((of, which, planned)) if of == *key && which == secret => match planned {
            Some(planned) => require(
                planned == bag,
                "that is not the bag that the script names, and no amendment names it",
            )?,
            None => require(c.is_new_bag(bag), "that number is another bag's")?,
        },
        Some(_) | None => return Err(contradiction("nothing of the kind is to be sealed")),
    }
    c.keys_mut().seal_envelope(key, secret, bag)?;
    c.progress_mut().forget_failure();
    Ok(())
}

pub(in crate::ceremony) fn management_key_written_sentence(
    key: &KeyId,
    telling: &Telling<'_>,
) -> String {
    let Telling { people, .. } = *telling;
    format!(
        "{people} wrote the management key of the token for {key} down and typed it back; the token keeps it no more."
    )
}

pub(in crate::ceremony) fn envelope_sealed_sentence(
    key: &KeyId,
    secret: TokenSecret,
    bag: &str,
    approvals: &[Approval],
    telling: &Telling<'_>,
) -> String {
    let Telling { people, .. } = *telling;
    format!(
        "The {} of the token for {key} was sealed into bag {bag}, as {people} saw ({}).",
        secret.title(),
        strengths_of(approvals)
    )
}
