//! What each act is called, what people do in it, and what it proves.

mod backup;
mod restore;

use crate::document::capitalized;
use crate::script::{
    Act, Fate, KeyId, KeyPlan, Medium, MediumId, PersonId, Place, Script, SecretPlan, TokenSecret,
};

impl Act {
    /// A line for a heading: `Generate the key of key holder 3`.
    #[must_use]
    pub fn title(&self, script: &Script) -> String {
        let version = script.root_version();
        match self {
            Self::Attendance => "Attendance".into(),
            Self::AttestClock => "Attest the clock".into(),
            Self::InspectHost => "Inspect this machine".into(),
            Self::ReadScript => "Read the script's digest aloud".into(),
            Self::Note { text, .. } => format!("Note: {}", beginning(text)),
            Self::OpenToken { key } => format!("Match {}", script.token_title(key)),
            Self::InitializeToken { key } => format!("Initialize {}", script.token_title(key)),
            Self::SetPin { key } => format!("Set the PIN of {}", script.pin_title(key)),
            Self::GenerateKey { key } => format!("Generate {}", script.key_title(key)),
            Self::ImportKey { key } => format!("Bring in {}", script.key_title(key)),
            Self::BackUpKey { key: Some(key) } => format!("Back up {}", script.key_title(key)),
            Self::ProveBackup { key: Some(key) } => {
                format!("Prove the backup of {}", script.key_title(key))
            }
            Self::BackUpKey { key: None } => {
                format!("New shares for {}", restore::subject(script))
            }
            Self::ProveBackup { key: None } => "Prove the new shares".into(),
            Self::DestroyShares => {
                format!("Destroy the old shares of {}", restore::subject(script))
            }
            Self::OpenShare { custodian } => restore::open_share_title(script, custodian),
            Self::RestoreKey { .. } => restore::restore_title(script),
            Self::ProveRestore { .. } => "Prove what was restored".into(),
            Self::Destroy { .. } => "Destroy what was restored".into(),
            Self::EnrollKey { key } => format!("Enroll {}", script.key_title(key)),
            Self::CertifyKey { key } => format!("Certify {}", script.key_title(key)),
            Self::JudgeRequest => format!("Judge the request for root {version}"),
            Self::ComposeRoot => format!("Compose root {version}"),
            Self::ReviewRoot => format!("Review root {version}"),
            Self::SignRoot => format!("Sign root {version}"),
            Self::CollectSignatures => format!("Collect the owed signatures of root {version}"),
            Self::VerifyRoot => format!("Verify root {version}"),
            Self::Export if !script.makes_root() => "Export the enrollment files".into(),
            Self::Export => format!("Export root {version}"),
            Self::ProveToken { key } => format!("Prove {}", script.token_title(key)),
            Self::Seal { key, .. } => format!("Seal {}", script.token_title(key)),
            Self::SealMedium { medium, .. } => format!("Seal the medium {medium}"),
            Self::Break { text: None } => "Break".into(),
            Self::Break { text: Some(text) } => format!("Break: {}", beginning(text)),
            Self::SignOff => "Sign off".into(),
        }
    }

    /// At most 17 characters, for a narrow list of steps.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Attendance => "Attendance",
            Self::AttestClock => "Clock",
            Self::InspectHost => "This machine",
            Self::ReadScript => "Script read out",
            Self::Note { .. } => "Note",
            Self::OpenToken { .. } => "Match token",
            Self::InitializeToken { .. } => "Initialize",
            Self::SetPin { .. } => "PIN",
            Self::GenerateKey { .. } => "Generate key",
            Self::ImportKey { .. } => "Import key",
            Self::BackUpKey { .. } => "Back up key",
            Self::ProveBackup { .. } => "Prove backup",
            Self::OpenShare { .. } => "Open share",
            Self::RestoreKey { .. } => "Restore key",
            Self::ProveRestore { .. } => "Prove restore",
            Self::Destroy { .. } => "Destroy",
            Self::DestroyShares => "Old shares",
            Self::EnrollKey { .. } => "Enroll key",
            Self::CertifyKey { .. } => "Certify key",
            Self::JudgeRequest => "Judge request",
            Self::ComposeRoot => "Compose root",
            Self::ReviewRoot => "Review",
            Self::SignRoot => "Sign",
            Self::CollectSignatures => "Collect",
            Self::VerifyRoot => "Verify",
            Self::Export => "Export",
            Self::ProveToken { .. } => "Prove token",
            Self::Seal { .. } => "Seal",
            Self::SealMedium { .. } => "Seal medium",
            Self::Break { .. } => "Break",
            Self::SignOff => "Sign off",
        }
    }

    /// What people do, one thing a line, for the run sheet and the screen.
    #[must_use]
    #[expect(
        clippy::too_many_lines,
        reason = "each act has its lines, and they are read side by side"
    )]
    pub fn instructions(&self, script: &Script) -> Vec<String> {
        let version = script.root_version();
        match self {
            Self::Attendance if script.is_solo() => lines(&[
                "One person acts alone, and the record says so everywhere: SOLO, UNWITNESSED.",
            ]),
            Self::Attendance if script.people().iter().any(|person| person.approval.is_some()) => lines(&[
                "Each person says their name and role. A witness looks at an identity document; its kind is recorded, never its number.",
                "Who has an own token for approvals puts it in: it signs a challenge. Each other but the administrator chooses a code, unseen.",
                "Whoever else is in the room is written on the run sheet.",
            ]),
            Self::Attendance => lines(&[
                "Each person says their name and role. A witness looks at an identity document; its kind is recorded, never its number.",
                "Each but the administrator then chooses a code, unseen: by it they approve what two people decide.",
                "Whoever else is in the room is written on the run sheet.",
            ]),
            Self::AttestClock if script.is_solo() => vec![format!(
                "The time on the screen is compared with another clock, or the right one is typed in. It may not be earlier than {}.",
                script.not_before()
            )],
            Self::AttestClock => vec![
                "Two witnesses, neither of them the administrator, each compare the clock on the screen with a clock that they brought.".into(),
                format!("Both confirm the date and time by their codes, or have the right one typed in first. It may not be earlier than {}.", script.not_before()),
            ],
            Self::InspectHost => lines(&[
                "The administrator starts the inspection of this machine; a witness reads the result.",
                "Every cable, card and stick that is not on the hardware list comes out.",
            ]),
            Self::ReadScript => lines(&[
                "The administrator reads the digest words of the script aloud from the screen.",
                "Everyone else compares each word with the printed run sheet, and says stop at the first that differs.",
            ]),
            Self::Note { text, .. } => text.lines().map(str::to_owned).collect(),
            Self::OpenToken { key } => open_token(script, key),
            Self::InitializeToken { key } => [
                format!("Everything on {} is erased now, and it takes its label.", script.token_short(key)),
                so_pin(script, key),
            ]
            .into_iter()
            .chain(management_key(script, key))
            .collect(),
            Self::SetPin { key } => set_pin(script, key),
            Self::GenerateKey { key } | Self::ImportKey { key } => generate_key(script, key),
            Self::BackUpKey { key } => backup::back_up(script, key.as_ref()),
            Self::ProveBackup { key } => backup::prove(script, key.as_ref()),
            Self::OpenShare { custodian } => restore::open_share(script, custodian),
            Self::RestoreKey { key } => restore::restore(script, key.as_ref()),
            Self::ProveRestore { key } => restore::prove(key.as_ref()),
            Self::Destroy { key } => restore::destroy(script, key.as_ref()),
            Self::DestroyShares => restore::destroy_shares(script),
            Self::EnrollKey { key } => enroll_key(script, key),
            Self::CertifyKey { .. } => certify_key(script),
            Self::JudgeRequest => lines(&[
                "The chain of the request is followed from the root that this machine trusts; on a machine that trusts none, the key holder types the digest words of the paper card.",
                "No other payload of the same version may have been signed before, in any record that was brought along.",
            ]),
            Self::ComposeRoot => vec![format!(
                "The administrator has root {version} put together from the script and the keys made today, and frozen. Nothing in it changes after this."
            )],
            Self::ReviewRoot => vec![
                "A witness reads aloud what is to be signed: keys by holder, thresholds, roles, expiry. Everyone compares it with the run sheet.".into(),
                "Two people read the digest words of the frozen root to each other; a witness writes them on the run sheet.".into(),
                format!("When everyone agrees, the administrator types the word that the screen asks for: SIGN ROOT {version}."),
            ],
            Self::SignRoot => vec![
                "Each key holder in turn puts in the token that the screen names, turns the others away, and types the PIN.".into(),
                "Every key signs, not only as many as the threshold wants. Each signature is verified before the next token is asked for.".into(),
            ],
            Self::CollectSignatures => vec![
                format!(
                    "The administrator has the signing request of root {version} written out, and it is sent to: {}.",
                    sites(script)
                ),
                "Each site judges it on its own machine, signs, and sends a small signature file back. Until then the ceremony may rest: leave it, and resume it when the file is here.".into(),
                "Each signature is verified before it is kept.".into(),
            ],
            Self::VerifyRoot => vec![format!(
                "The administrator has root {version} verified as a client would. A witness reads the verdict aloud."
            )],
            Self::Export if !script.makes_root() => lines(&[
                "The administrator has a file for each key written out, and read back: its public half, and the answer to the challenge.",
                "It may travel in any way. Each key holder later reads the fingerprint words of the own key out to those who take it in, over another channel: a telephone with a known voice.",
            ]),
            Self::Export => vec![
                format!("The administrator has root {version}, the public keys and the record written out, and read back."),
                "A witness compares the digest on the screen with the one written down at the review.".into(),
            ],
            Self::ProveToken { key } => vec![
                format!("{} puts in {}, which was out since it was last used.", actor(script, key), script.token_short(key)),
                format!("The others turn away. {} types the PIN from memory; the key answers a fresh challenge.", actor(script, key)),
                format!("{} takes the token out and keeps it.", actor(script, key)),
            ],
            Self::Seal { key, place, receiver } => seal(script, key, place, receiver.as_ref()),
            Self::SealMedium { medium, place, receiver } => seal_medium(script, medium, place, receiver.as_ref()),
            Self::Break { .. } => lines(&[
                "Every token is logged out, taken out, and put into a new tamper-evident bag, and so is every medium. Two people, neither of them the administrator, read each number.",
                "The program ends. A witness writes the head of the record, as the screen shows it, on the run sheet; the machine is switched off.",
                "To go on, also on another day or another machine: conclave resume. Attendance, clock and machine come again, the head is compared with the ink, and each bag is read, compared and opened.",
            ]),
            Self::SignOff => lines(&[
                "Each person says: agree, agree with reservation (which is written down), or refuse (with the reason), and signs the run sheet.",
                "A witness writes the head of the record, as the screen shows it, on the run sheet.",
            ]),
        }
    }

    /// What holds once the step is done, one claim a line. Empty where a person's word is all there is.
    #[must_use]
    #[expect(
        clippy::too_many_lines,
        reason = "each act has its claims, and they are read side by side"
    )]
    pub fn proves(&self, script: &Script) -> Vec<String> {
        let version = script.root_version();
        match self {
            Self::Attendance | Self::Note { .. } | Self::SignOff => Vec::new(),
            Self::Seal { .. } => {
                vec!["two people read the number of the bag in which the token leaves".into()]
            }
            Self::SealMedium { .. } => {
                vec!["two people read the number of the bag in which the medium leaves".into()]
            }
            Self::Break { .. } => vec![
                "what goes on after the break is this record and no other".into(),
                "nobody had the tokens in between".into(),
            ],
            Self::AttestClock if script.is_solo() => {
                vec!["one person stands for the date and time".into()]
            }
            Self::AttestClock => vec!["two people stand for the date and time".into()],
            Self::InspectHost => {
                vec!["whatever makes this machine unfit is known, and in the record".into()]
            }
            Self::ReadScript => vec!["the script that runs is the script that was printed".into()],
            Self::OpenToken { .. } => vec!["the token is the one that the script names".into()],
            Self::InitializeToken { .. } => {
                vec!["the token is blank, and carries the label of the script".into()]
            }
            Self::SetPin { .. } => vec!["the token opens with the key holder's PIN".into()],
            Self::GenerateKey { key } | Self::ImportKey { key } => {
                let kind = script.key(key).map(|key| key.key_type.to_string());
                let did = if script.imports(key) {
                    "took in"
                } else {
                    "made"
                };
                vec![
                    format!("the token {did} a key of type {}", kind.unwrap_or_default()),
                    "the public key reads back the same".into(),
                    "the key answers a fresh challenge".into(),
                ]
            }
            Self::BackUpKey { key: None } => lines(&[
                "every custodian's recipient was seen to open before anything was split",
                "every quorum of new shares restores the new key-encryption key, and that unwraps the key",
                "what was written reads back the same, and the wrapped key lies apart from the shares",
            ]),
            Self::BackUpKey { .. } => lines(&[
                "every custodian's recipient was seen to open before anything was split",
                "every quorum of shares restores the key-encryption key, and that unwraps the key",
                "what was written reads back the same, and the wrapped key lies apart from the shares",
                "the key leaves its token no more",
            ]),
            Self::ProveBackup { .. } => {
                lines(&["every custodian opened the own share, and it is of this set"])
            }
            Self::OpenShare { .. } => vec![restore::opened_share_proves(script)],
            Self::RestoreKey { .. } => restore::restore_proves(script),
            Self::ProveRestore { .. } => {
                vec!["what was restored signs, and the manifest's public key verifies it".into()]
            }
            Self::Destroy { .. } => vec!["nothing that was restored is left".into()],
            Self::DestroyShares => {
                vec![
                    "it is known what is left of the old set, and two people saw the rest go"
                        .into(),
                ]
            }
            Self::EnrollKey { key } if script.key(key).is_some() => vec![
                "the token holds the key that its enrollment file names".into(),
                "the key answers a fresh challenge".into(),
            ],
            Self::CertifyKey { .. } => vec![
                "the key signed its certificate, which names the repository".into(),
                "the certificate is not one of an authority, and ends no earlier than the root"
                    .into(),
            ],
            Self::EnrollKey { .. } => vec![
                "somebody has the private key, and signed for the file".into(),
                "two people heard from its holder that it is this key".into(),
            ],
            Self::JudgeRequest => vec![
                "what is asked for builds upon the root that is trusted here".into(),
                "nothing else was signed as this version, as far as the records tell".into(),
            ],
            Self::ComposeRoot => {
                vec!["the root says what the script says, and every key in it was proven".into()]
            }
            Self::ReviewRoot => vec!["people know what they sign, and by which digest".into()],
            Self::SignRoot => vec![
                "each signature verifies over the reviewed bytes".into(),
                format!(
                    "root {version} reaches its threshold of {}",
                    script.root().threshold
                ),
            ],
            Self::CollectSignatures => {
                vec!["each signature of another site verifies over the reviewed bytes".into()]
            }
            Self::VerifyRoot => {
                vec![format!(
                    "clients will accept root {version} until it expires"
                )]
            }
            Self::Export => vec!["what was written out reads back the same".into()],
            Self::ProveToken { .. } => vec![
                "the token keeps its key without power".into(),
                "the key holder knows the PIN".into(),
            ],
        }
    }
}

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn certify_key(script: &Script) -> Vec<String> {
    let validity = script.certificate_validity();
    let mut lines = vec![format!(
        "The token signs a certificate of its key for {}, valid until {}. Clients that pin certificates pin its ID.",
        script.certificate_name(),
        validity.until
    )];
    if script.is_wildcard() {
        lines.push(format!(
            "It is good for every repository whose name begins so: the administrator types the name, {}, to confirm it.",
            script.certificate_name()
        ));
    }
    lines
}

/// The sites that owe a signature.
fn sites(script: &Script) -> String {
    let keys = script.distant_keys().iter();
    let sites = keys.filter_map(|key| match &key.place {
        Place::Site(site) => Some(format!("{site} ({})", key.id)),
        Place::Elsewhere(_) | Place::Absent | Place::Lost => None,
    });
    sites.collect::<Vec<_>>().join(", ")
}

fn open_token(script: &Script, key: &KeyId) -> Vec<String> {
    let Some(plan) = script.key(key) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(bag) = &plan.token.bag {
        lines.push(format!(
            "{} shows bag {bag}, unopened; a witness compares its number and seal, then it is opened.",
            actor(script, key)
        ));
    }
    let marks: Vec<String> = [
        ("manufacturer", &plan.token.manufacturer),
        ("model", &plan.token.model),
        ("serial number", &plan.token.serial),
    ]
    .into_iter()
    .filter_map(|(what, mark)| mark.as_ref().map(|mark| format!("{what} {mark}")))
    .collect();
    lines.push(format!(
        "{} puts in {} ({}), and no other.",
        actor(script, key),
        script.token_short(key),
        plan.token.profile
    ));
    if !marks.is_empty() {
        lines.push(format!("A witness compares: {}.", marks.join(", ")));
    }
    lines
}

fn seal(script: &Script, key: &KeyId, place: &str, receiver: Option<&PersonId>) -> Vec<String> {
    let holder = actor(script, key);
    let mut lines = vec![
        format!(
            "{holder} puts {} into a new tamper-evident bag and closes it in front of all.",
            script.token_short(key)
        ),
        "Two people, neither of them the administrator, each read its number and have it typed in; the second does not look at the screen.".into(),
    ];
    let receiver = receiver
        .and_then(|receiver| script.person(receiver))
        .map_or(holder, |person| person.name.clone());
    lines.push(format!(
        "{receiver} takes the bag. It is kept here: {place}."
    ));
    lines
}

fn seal_medium(
    script: &Script,
    medium: &MediumId,
    place: &str,
    receiver: Option<&PersonId>,
) -> Vec<String> {
    let title = script
        .medium(&medium.into())
        .map_or_else(String::new, Medium::title);
    let named = receiver.and_then(|receiver| script.person(receiver));
    let receiver = named.map_or("The ceremony administrator", |person| &person.name);
    vec![
        format!("The administrator puts {title} into a new tamper-evident bag and closes it in front of all."),
        "Two people, neither of them the administrator, each read its number and have it typed in; the second does not look at the screen.".into(),
        format!("{receiver} takes the bag. It is kept here: {place}."),
    ]
}

/// Who sets the SO PIN or the PUK, unseen.
fn so_pin(script: &Script, key: &KeyId) -> String {
    let secret = script
        .key(key)
        .map_or(TokenSecret::SoPin, KeyPlan::ruling_secret);
    let plan = script.key(key).and_then(|plan| plan.secret(secret));
    let title = secret.title();
    match plan {
        Some(SecretPlan {
            fate: Fate::Discarded,
            ..
        }) => format!(
            "The {title} is random: nobody sees it, and it is forgotten once the PIN is set."
        ),
        _ => format!(
            "The others turn away. {} alone types the {title}: a new one, twice, where the token has none.",
            setter(script, key, plan)
        ),
    }
}

/// What is changed on a YubiKey beside the PUK.
fn management_key(script: &Script, key: &KeyId) -> Option<String> {
    let plan = script.key(key)?;
    plan.token.slot?;
    let kept = if plan.management_writer().is_some() {
        "until it is written down"
    } else {
        "from then on"
    };
    Some(format!(
        "Its management key becomes a random one, which lies on the YubiKey behind the PIN {kept}. The values of the factory open nothing any more once the PIN is set."
    ))
}

/// Who sets a secret, at the head of a sentence: the key holder, or somebody by name.
fn setter(script: &Script, key: &KeyId, plan: Option<&SecretPlan>) -> String {
    let by = plan.and_then(|plan| plan.set_by.as_ref());
    let holder = script.key(key).map(|key| &key.holder);
    match by
        .filter(|by| Some(*by) != holder)
        .and_then(|by| script.person(by))
    {
        Some(person) => person.name.clone(),
        None => actor(script, key),
    }
}

fn set_pin(script: &Script, key: &KeyId) -> Vec<String> {
    let mut lines = vec![format!(
        "The others turn away. {} alone types a new user PIN, twice.",
        actor(script, key)
    )];
    let Some(plan) = script.key(key) else {
        return lines;
    };
    let is_kept = |secret: TokenSecret| plan.envelopes().any(|(sealed, _)| sealed == secret);
    if is_kept(TokenSecret::UserPin) {
        lines.push("Nobody else learns the PIN.".into());
    } else {
        lines.push("Nobody else learns the PIN, and it is written nowhere in this room.".into());
    }
    let sealed = plan.envelopes();
    for (secret, bag) in sealed.filter(|(secret, _)| *secret != TokenSecret::ManagementKey) {
        lines.push(format!(
            "{} writes the {} down, unseen, and seals it into bag {bag}. A witness reads the number, and two people approve.",
            setter(script, key, plan.secret(secret)),
            secret.title()
        ));
    }
    lines
}

fn generate_key(script: &Script, key: &KeyId) -> Vec<String> {
    let kind = script.key(key).map(|key| key.key_type.to_string());
    let title = script.key_title(key);
    let kind = kind.unwrap_or_default();
    let mut lines = vec![if script.imports(key) {
        format!(
            "This machine makes {title}, of type {kind}, in its locked memory, brings it into the token and forgets it. Its provenance is \"imported\" for ever."
        )
    } else {
        format!("The token makes {title}, of type {kind}.")
    }];
    if let Some(slot) = script.key(key).and_then(|key| key.token.slot) {
        lines.push(format!(
            "The key lives in slot {:02x}. It wants the PIN: {}; a touch: {}. The YubiKey blinks when it waits for a touch.",
            slot.number, slot.policy.pin, slot.policy.touch
        ));
        if script.imports(key) {
            lines.push("No device can attest a key that it did not make.".to_owned());
        } else {
            lines.push(
            "The YubiKey states, signed, that it made the key itself. The statement is verified up to a root of its maker, and kept with the record.".to_owned(),
            );
        }
    }
    lines.extend([
        format!(
            "A witness writes the first fingerprint words of the key on the run sheet. {} takes the token out and keeps it.",
            actor(script, key)
        ),
    ]);
    if let Some(plan) = script.key(key)
        && plan.management_writer().is_some()
    {
        let writer = setter(script, key, plan.secret(TokenSecret::ManagementKey));
        lines.push(format!(
            "The others turn away. {writer} writes the management key down from the screen and types it back; then the YubiKey keeps it no more."
        ));
        let sealed = plan.envelopes();
        for (_, bag) in sealed.filter(|(secret, _)| *secret == TokenSecret::ManagementKey) {
            lines.push(format!("{writer} seals the paper into bag {bag}. A witness reads the number, and two people approve."));
        }
    }
    lines
}

fn enroll_key(script: &Script, key: &KeyId) -> Vec<String> {
    let enrolled = script.enrolled().find(|(id, _)| *id == key);
    let Some((_, enrolled)) = enrolled else {
        return Vec::new();
    };
    let words = enrolled
        .enrollment
        .claims()
        .public_key
        .fingerprint()
        .words();
    let words = words.chunks(8).map(|words| words.join(" "));
    let file = format!(
        "{} is the key of {}. The first words of its fingerprint:",
        script.key_title(key),
        enrolled.file().file
    );
    let mut lines = vec![capitalized(&file)];
    lines.extend(words.take(1));
    match script.distant_key(key) {
        None => lines.push(format!(
            "The others turn away. {} types the PIN; the key answers a fresh challenge. Without an answer it stands in no root.",
            actor(script, key)
        )),
        Some(distant) => {
            lines.push(format!(
                "The key holder at {} reads all 32 words aloud, over a channel by which this file did not come: a telephone with a known voice.",
                distant.title()
            ));
            lines.push("Two people, neither of them the administrator, each compare every word with the screen, and confirm it by their codes.".into());
        }
    }
    lines
}

/// `Key holder 3`, at the head of a sentence.
fn actor(script: &Script, key: &KeyId) -> String {
    capitalized(&script.holder_title(key))
}

/// The first words of a text: at most 40 characters of its first line.
fn beginning(text: &str) -> String {
    const ROOM: usize = 40;
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= ROOM && line.len() == text.trim().len() {
        return line.to_owned();
    }
    let cut: String = line.chars().take(ROOM).collect();
    let whole_words = match cut.rfind(' ') {
        Some(space) if line.chars().count() > ROOM => &cut[..space],
        _ => &cut,
    };
    format!("{} …", whole_words.trim_end_matches(['.', ',', ':', ' ']))
}
