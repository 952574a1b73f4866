//! Custodians decrypt a test message before the key is split, and their share afterwards.

use std::collections::BTreeMap;
use std::path::Path;

use zeroize::Zeroizing;

use crate::backup::recipient::{self, Recipient};
use crate::backup::{Opener, Refusal};
use crate::ceremony::{
    Answer, Ask, FailureKind, OpenedBy, Outcome, Prompt, SecretPrompt, SecretPurpose,
};
use crate::script::{Holds, KeyId, PersonId, ShareKeeping};
use crate::secret::Passphrase;
use crate::storage::{Links, read};
use crate::words::Digest;

use super::super::failure::{EffectError, EffectResult, failed};
use super::super::{Executor, fill_random};
use super::{not_closed, refused, remove_folder};

/// The folder of test messages on a medium.
const TEST_MESSAGES: &str = "test-messages";
/// The words of a test message.
const TEST_WORDS: usize = 4;
/// The fewest characters of a passphrase.
const SHORTEST_PASSPHRASE: usize = 12;
/// Longer than any share file or wrapped key.
const MAX_SHARE_FILE: u64 = 1 << 20;

/// The passphrases of custodians, from the test message until their shares are encrypted.
#[derive(Debug, Default)]
pub(in crate::executor) struct Passphrases(BTreeMap<String, Passphrase>);

impl Passphrases {
    pub(super) fn of(&self, custodian: &str) -> Option<&Passphrase> {
        self.0.get(custodian)
    }
}

impl Executor<'_> {
    /// Has a custodian decrypt a test message.
    pub(in crate::executor) fn prove_recipient(
        &mut self,
        custodian: &PersonId,
    ) -> EffectResult<Outcome> {
        let mut random = Zeroizing::new([0; 32]);
        fill_random(random.as_mut_slice()).map_err(EffectError::Broken)?;
        let words: Vec<&str> = Digest::of(random.as_slice()).words();
        let words = words[..TEST_WORDS].join(" ");
        let text = format!(
            "A test message of a backup for {}.\nRead these words aloud: {words}\n",
            self.ceremony().script().repository()
        );
        let by = self.ceremony().opening_of(custodian);
        let name = self.name_of(custodian);
        if by == Some(OpenedBy::Passphrase) {
            let passphrase = self.ask_passphrase(custodian, SecretPurpose::NewSharePassphrase)?;
            let file = recipient::encrypt_under(text.as_bytes(), &passphrase)
                .map_err(|error| not_closed(&name, &error))?;
            let again = self.ask_passphrase(custodian, SecretPurpose::SharePassphrase)?;
            let opened = Opener::passphrase(&again).open(&file).map_err(refused)?;
            Self::require_words(&name, &words, &words_in(&opened))?;
            self.room
                .passphrases
                .0
                .insert(custodian.to_string(), passphrase);
            return Ok(Outcome::RecipientProven {
                custodian: custodian.clone(),
                recipients: Vec::new(),
                by: OpenedBy::Passphrase,
            });
        }
        let recipients = self.recipients(custodian)?;
        let file = recipient::encrypt(text.as_bytes(), &recipients, &age::NoCallbacks)
            .map_err(|error| not_closed(&name, &error))?;
        let by = by.unwrap_or(OpenedBy::OwnDevice);
        let read = if by == OpenedBy::IdentityHere {
            let opened = self.open_here(custodian, move |opener| opener.open(&file))?;
            words_in(&opened)
        } else {
            let medium = self.medium(Holds::Shares)?.medium;
            remove_folder(&medium, TEST_MESSAGES)?;
            let message = format!("{TEST_MESSAGES}/{custodian}.age");
            medium.write_once(&message, &file)?;
            let path = medium.path().join(message);
            let given = match self.simulated_opener(custodian)? {
                Some(opener) => words_in(&opener.open(&file).map_err(refused)?),
                None => String::new(),
            };
            let read = self.ask_reading(
                custodian,
                vec![
                    format!("A test message for {name} is in {}.", path.display()),
                    format!("{name}: decrypt it on your own device with age -d -i IDENTITY, and read its {TEST_WORDS} words aloud."),
                ],
                "Words of the test message",
                given,
            )?;
            remove_folder(&medium, TEST_MESSAGES)?;
            read
        };
        Self::require_words(&name, &words, &read)?;
        Ok(Outcome::RecipientProven {
            custodian: custodian.clone(),
            recipients: recipients.iter().map(ToString::to_string).collect(),
            by,
        })
    }

    /// Has a custodian decrypt their share from the medium.
    pub(in crate::executor) fn open_own_share(
        &mut self,
        key: &KeyId,
        custodian: &PersonId,
    ) -> EffectResult<Outcome> {
        let backup = self.ceremony().backup_of(key);
        let Some(made) = backup.and_then(|backup| backup.made()).cloned() else {
            return Err(failed(
                FailureKind::InvalidAnswer,
                format!("{key} has no backup"),
                "abort the ceremony, and check the transcript",
            ));
        };
        let medium = self.medium(Holds::Shares)?.medium;
        let manifest = made.manifest;
        let entry = manifest.share_of(custodian.as_str()).ok_or_else(|| {
            refused(Refusal::new(
                crate::backup::Check::ShareCustodian,
                format!("{custodian} does not have a share of this set"),
            ))
        })?;
        let folder = super::folder(key, &manifest.facts().id);
        let name = format!("{folder}/{}", entry.label().share_file());
        let path = medium.path().join(&name);
        let file = medium.read(&name, MAX_SHARE_FILE)?;
        // A damaged file is noticed before anybody tries to decrypt it.
        if entry.file() != Some(Digest::of(&file)) {
            return Err(refused(Refusal::new(
                crate::backup::Check::ShareChanged,
                format!(
                    "{} is not the file that was written for {}",
                    path.display(),
                    entry.label().who()
                ),
            )));
        }
        let by = self.ceremony().opening_of(custodian);
        let name = self.name_of(custodian);
        let by = by.unwrap_or(OpenedBy::OwnDevice);
        match by {
            OpenedBy::Passphrase => {
                let passphrase = self.ask_passphrase(custodian, SecretPurpose::SharePassphrase)?;
                let phrase = Opener::passphrase(&passphrase);
                let opened = manifest
                    .open(&file, &phrase, Some(custodian.as_str()))
                    .map_err(refused)?;
                manifest.check_share(&opened).map_err(refused)?;
            }
            OpenedBy::IdentityHere => {
                let (known, who) = (manifest.clone(), custodian.to_string());
                self.open_here(custodian, move |opener| {
                    let opened = known.open(&file, opener, Some(&who))?;
                    known.check_share(&opened).map(drop)
                })?;
            }
            OpenedBy::OwnDevice | OpenedBy::Paper => {
                let given = match self.simulated_opener(custodian)? {
                    Some(opener) => manifest
                        .open(&file, &opener, Some(custodian.as_str()))
                        .map_err(refused)?
                        .check_words()
                        .to_owned(),
                    None => String::new(),
                };
                let read = self.ask_reading(
                    custodian,
                    vec![
                        format!("The share of {name} is in {}.", path.display()),
                        format!("{name}: decrypt it on your own device with age -d -i IDENTITY, and read its check words aloud. Never read the numbered words."),
                    ],
                    "Check words",
                    given,
                )?;
                manifest
                    .check_words(custodian.as_str(), &read)
                    .map_err(refused)?;
            }
        }
        Ok(Outcome::ShareOpened {
            custodian: custodian.clone(),
            by,
        })
    }

    /// Decrypts something with the identity of a custodian, on this machine.
    pub(super) fn open_here<T: Send + 'static>(
        &mut self,
        custodian: &PersonId,
        open: impl FnOnce(&Opener) -> Result<T, Refusal> + Send + 'static,
    ) -> EffectResult<T> {
        if let Some(opener) = self.simulated_opener(custodian)? {
            return open(&opener).map_err(refused);
        }
        let name = self.name_of(custodian);
        let path = self.ask_reading(
            custodian,
            vec![format!(
                "{name}: insert your device and enter the path of its identity file. The file identifies the device and has no private key."
            )],
            "Path of the identity file",
            String::new(),
        )?;
        let identity = Zeroizing::new(read_brought(Path::new(path.trim()))?);
        self.with_identity(custodian, identity, open)
    }

    /// The recipients of a share: those of the script, or of the simulated custodian.
    fn recipients(&mut self, custodian: &PersonId) -> EffectResult<Vec<Recipient>> {
        let person = self.ceremony().script().person(custodian);
        let keeping = person.and_then(|person| person.keeping.clone());
        let Some(ShareKeeping::Recipient {
            recipient, second, ..
        }) = keeping
        else {
            return Ok(Vec::new());
        };
        let mut texts: Vec<String> = std::iter::once(recipient).chain(second).collect();
        if let Some(simulated_tokens) = self.room.hands.simulated_recipients(custodian, texts.len())
        {
            texts = simulated_tokens.map_err(|error| simulated_failed(custodian, &error))?;
        }
        let read: Result<Vec<Recipient>, _> = texts.iter().map(|text| text.parse()).collect();
        read.map_err(|error| {
            failed(
                FailureKind::Unsupported,
                format!("invalid recipient of {custodian}: {error}"),
                "abort the ceremony, and fix the script",
            )
        })
    }

    /// The identity of a simulated custodian; none in a production.
    pub(super) fn simulated_opener(
        &mut self,
        custodian: &PersonId,
    ) -> EffectResult<Option<Opener>> {
        let Some(identity) = self.room.hands.simulated_identity(custodian) else {
            return Ok(None);
        };
        let identity = identity.map_err(|error| simulated_failed(custodian, &error))?;
        let opener = Opener::identities(&identity, &age::NoCallbacks);
        opener.map(Some).map_err(|error| {
            failed(
                FailureKind::File,
                format!("invalid identity of the simulated custodian {custodian}: {error}"),
                "check that nothing changed in the directory of the rehearsal",
            )
        })
    }

    pub(super) fn ask_passphrase(
        &mut self,
        custodian: &PersonId,
        purpose: SecretPurpose,
    ) -> EffectResult<Passphrase> {
        let prompt = SecretPrompt {
            who: custodian.clone(),
            purpose,
            about: format!("the share of {}", self.name_of(custodian)),
            tries: None,
            given: self.room.hands.given_passphrase(custodian),
            digits_only: !self.ceremony().is_keyboard_tested(),
        };
        let typed = self.ask_secret(&prompt)?;
        if typed.expose().chars().count() < SHORTEST_PASSPHRASE {
            return Err(failed(
                FailureKind::NotDigits,
                format!("a share passphrase needs at least {SHORTEST_PASSPHRASE} characters"),
                "choose several words; test the keyboard first (press o) to use letters",
            ));
        }
        Passphrase::new(Zeroizing::new(typed.expose().to_owned())).map_err(|error| {
            failed(
                FailureKind::NotDigits,
                error.to_string(),
                "choose another passphrase",
            )
        })
    }

    /// Asks for a text that a custodian reads aloud. It is not shown beforehand.
    pub(super) fn ask_reading(
        &mut self,
        custodian: &PersonId,
        lines: Vec<String>,
        label: &str,
        given: String,
    ) -> EffectResult<String> {
        let prompt = Prompt {
            step: self.ceremony().current_step().map(|step| step.id.clone()),
            who: vec![custodian.clone()],
            lines,
            ask: Ask::Reading {
                label: label.to_owned(),
                usual: given.clone(),
            },
            approval: false,
        };
        match self.front_end.ask(&self.ceremony, &prompt)? {
            // A simulated custodian reads it.
            Answer::Text(text) if text.trim().is_empty() => Ok(given),
            Answer::Text(text) => Ok(text),
            Answer::Enter | Answer::Choice { .. } => Ok(String::new()),
        }
    }

    fn require_words(name: &str, wanted: &str, read: &str) -> EffectResult<()> {
        let plain = |text: &str| {
            let words = text.split_whitespace().map(str::to_lowercase);
            words.collect::<Vec<_>>()
        };
        if plain(wanted) == plain(read) {
            return Ok(());
        }
        Err(failed(
            FailureKind::InvalidAnswer,
            format!("the words of {name} are not those of the test message"),
            "try again with a new test message; if it cannot be decrypted, abort the ceremony and correct the recipient in the script",
        ))
    }

    pub(super) fn name_of(&self, person: &PersonId) -> String {
        let ceremony = self.ceremony();
        ceremony
            .display_names()
            .name(ceremony.script(), person)
            .to_owned()
    }
}

/// The words of a test message that was opened.
fn words_in(opened: &[u8]) -> String {
    let text = String::from_utf8_lossy(opened);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Read these words aloud: "));
    line.unwrap_or_default().to_owned()
}

/// A file at a path that a person entered.
pub(super) fn read_brought(path: &Path) -> EffectResult<Vec<u8>> {
    Ok(read(path, Links::Follow, MAX_SHARE_FILE)?)
}

fn simulated_failed(custodian: &PersonId, error: &std::io::Error) -> EffectError {
    failed(
        FailureKind::File,
        format!("cannot make an identity for the simulated custodian {custodian}: {error}"),
        "check that the directory of the rehearsal is writable",
    )
}
