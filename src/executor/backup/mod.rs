//! The backup of a key: the key is wrapped, the key-encryption key is split, and all quorums are tested.

mod identity;
mod media;
mod opening;
mod paper;
mod restore;
mod typing;

use crate::backup::recipient::{self, EncryptError, Recipient};
use crate::backup::{
    BackupSet, Custodian, CustodianGroup, KeyEncryptionKey, Manifest, Protection, Refusal,
    SetError, SetFacts, SetPlan, share_sheet,
};
use crate::ceremony::{
    BackedUp, Failure, FailureKind, Mode, Outcome, Randomness, Waiting, WaitingOn, WrappedIn,
};
use crate::certificate::PublicKey;
use crate::document::QrError;
use crate::metadata::Scheme;
use crate::record::{Provenance, TokenId};
use crate::script::{Holds, KeyId, PersonId, ShareKeeping};
use crate::storage::Medium;
use crate::token::{Token, TokenError};
use crate::words::Digest;

use super::failure::{EffectError, EffectResult, failed};
use super::{Executor, ExecutorError, fill_random};

pub(super) use media::MediaRoom;
pub(super) use opening::Passphrases;
pub(super) use restore::Restoring;

/// After how many combinations of shares the front end shows the progress.
const PROGRESS_EVERY: u64 = 256;

/// A wrapped private key with its key-encryption key, until the shares are made.
pub(super) struct Wrapped {
    kek: KeyEncryptionKey,
    bytes: Vec<u8>,
    randomness: Randomness,
}

/// The same for an imported key, which cannot be wrapped again.
pub(super) struct HeldKey {
    key: KeyId,
    wrapped: Wrapped,
}

impl Wrapped {
    /// Wraps a key that is in memory.
    pub(super) fn in_memory(
        token: &mut dyn Token,
        key: &KeyId,
        private: &crate::secret::PrivateKey,
    ) -> Result<Self, TokenError> {
        let (kek, randomness) = fresh_key(token, key)?;
        Self::with(kek, randomness, private)
    }

    /// Wraps a key that old shares restored. Without its token, all randomness is from the system.
    fn restored(key: &KeyId, private: &crate::secret::PrivateKey) -> Result<Self, TokenError> {
        let (mut one, mut other) = (no_secret(), no_secret());
        fill_random(one.as_mut_slice()).map_err(|_| no_randomness())?;
        fill_random(other.as_mut_slice()).map_err(|_| no_randomness())?;
        let kek = KeyEncryptionKey::mix(&one, &other, key.as_str().as_bytes())
            .map_err(|_| no_randomness())?;
        Self::with(kek, Randomness::System, private)
    }

    fn with(
        kek: KeyEncryptionKey,
        randomness: Randomness,
        private: &crate::secret::PrivateKey,
    ) -> Result<Self, TokenError> {
        let bytes = kek.wrap(private).map_err(|error| TokenError::Unsupported {
            what: format!("have its key wrapped: {error}"),
        })?;
        Ok(Self {
            kek,
            bytes,
            randomness,
        })
    }

    /// Has a token wrap its key, and proves that the wrapped key is that key: it signs, in the token.
    fn in_token(
        token: &mut dyn Token,
        key: &KeyId,
        object_id: &[u8],
        public: &PublicKey,
    ) -> Result<Self, TokenError> {
        let (kek, randomness) = fresh_key(token, key)?;
        let wrapping = token.wrapping().ok_or_else(|| TokenError::Unsupported {
            what: "wrap a key".to_owned(),
        })?;
        let bytes = wrapping.wrap(object_id, kek.expose())?;
        let untrue = |problem: &str| TokenError::KeyMismatch {
            object_id: object_id.to_vec(),
            problem: problem.to_owned(),
        };
        let message = canary(public);
        let signature = wrapping.sign_wrapped(public, kek.expose(), &bytes, &message)?;
        let is_key = Scheme::for_public_key(public)
            .is_some_and(|scheme| scheme.verifies(public, &message, &signature));
        if !is_key {
            return Err(untrue("the wrapped key is another key"));
        }
        Ok(Self {
            kek,
            bytes,
            randomness,
        })
    }
}

/// The message that a wrapped key signs to prove its identity. It cannot be a root.
fn canary(public: &PublicKey) -> Vec<u8> {
    format!("conclave wrapped key canary v1\n{}\n", public.fingerprint()).into_bytes()
}

fn no_secret() -> zeroize::Zeroizing<[u8; 32]> {
    zeroize::Zeroizing::new([0; 32])
}

fn no_randomness() -> TokenError {
    TokenError::Unsupported {
        what: "receive random bytes: the operating system provides none".to_owned(),
    }
}

/// A key-encryption key from the randomness of the system and, if it has some, of the token.
fn fresh_key(
    token: &mut dyn Token,
    key: &KeyId,
) -> Result<(KeyEncryptionKey, Randomness), TokenError> {
    let (mut system, mut other) = (no_secret(), no_secret());
    fill_random(system.as_mut_slice()).map_err(|_| no_randomness())?;
    let randomness = match token.random(32) {
        Ok(bytes) => {
            other.copy_from_slice(&bytes);
            Randomness::SystemAndToken
        }
        Err(TokenError::Unsupported { .. }) => {
            fill_random(other.as_mut_slice()).map_err(|_| no_randomness())?;
            Randomness::System
        }
        Err(error) => return Err(error),
    };
    let kek = KeyEncryptionKey::mix(&system, &other, key.as_str().as_bytes())
        .map_err(|_| no_randomness())?;
    Ok((kek, randomness))
}

impl Executor<'_> {
    /// Keeps an imported key, wrapped, until the step that backs it up.
    pub(super) fn hold_wrapped(&mut self, key: &KeyId, wrapped: Option<Wrapped>) {
        self.room.held_key = wrapped.map(|wrapped| HeldKey {
            key: key.clone(),
            wrapped,
        });
    }

    /// Backs a key up. The key-encryption key and the shares in clear exist in this call alone.
    pub(super) fn back_up_key(
        &mut self,
        key: &KeyId,
        token: Option<&TokenId>,
        public: &PublicKey,
        id: &str,
        void: &[String],
    ) -> EffectResult<Outcome> {
        let shares_on = self.medium(Holds::Shares)?;
        let keys_on = self.medium(Holds::WrappedKey)?;
        self.require_apart(&shares_on, &keys_on)?;
        let media = [&shares_on.medium, &keys_on.medium];
        for medium in media {
            for id in void.iter().map(String::as_str).chain([id]) {
                remove_folder(medium, &self::folder(key, id))?;
            }
        }
        let held = self.room.held_key.take_if(|held| held.key == *key);
        let (wrapped, wrapped_in) = match (held, token) {
            (Some(held), _) => (held.wrapped, WrappedIn::Memory),
            (None, Some(token)) => (self.wrap_in_token(key, token, public)?, WrappedIn::Token),
            (None, None) => (self.wrap_restored(key)?, WrappedIn::Memory),
        };
        let made = match self.make_set(key, id, public, &wrapped, media) {
            Ok(made) => made,
            Err(error) => {
                if wrapped_in == WrappedIn::Memory && token.is_some() {
                    // The next attempt needs it.
                    self.hold_wrapped(key, Some(wrapped));
                }
                return Err(error);
            }
        };
        Ok(Outcome::BackedUp(Box::new(BackedUp {
            key: key.clone(),
            manifest: made.manifest,
            quorums: made.quorums,
            randomness: wrapped.randomness,
            wrapped_in,
            shares_on: shares_on.seen,
            wrapped_on: keys_on.seen,
            typed_back: made.typed_back,
        })))
    }

    fn wrap_in_token(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        public: &PublicKey,
    ) -> EffectResult<Wrapped> {
        if self.is_attesting(token) {
            return Err(failed(
                FailureKind::Unsupported,
                format!("the key-encryption key of {key} is no longer in memory"),
                "generate the key again (press o): this key cannot be backed up",
            ));
        }
        self.bring(key)?;
        self.await_exactly(key, token)?;
        let object_id = self.object_of(key, token, public)?;
        self.log_in_seen(key, token)?;
        let (name, public) = (key.clone(), public.clone());
        self.with_token(key, token, "Wrapping the key", move |open| {
            Wrapped::in_token(open.token.as_mut(), &name, &object_id, &public)
        })
    }

    /// Wraps the key that old shares restored, without a token.
    fn wrap_restored(&self, key: &KeyId) -> EffectResult<Wrapped> {
        let private = self.room.restoring.restored().ok_or_else(|| {
            failed(
                FailureKind::SecretLost,
                "the restored key is not in memory",
                "press Ctrl-C, then run: conclave resume DIR; the shares are collected again",
            )
        })?;
        Wrapped::restored(key, private).map_err(EffectError::from)
    }

    /// Splits the key-encryption key, writes the set, reads it back, and tests it.
    fn make_set(
        &mut self,
        key: &KeyId,
        id: &str,
        public: &PublicKey,
        wrapped: &Wrapped,
        [shares, wrapped_keys]: [&Medium; 2],
    ) -> EffectResult<MadeSet> {
        let plan = self.set_plan(key, id, public)?;
        let set =
            BackupSet::split(&wrapped.kek, plan, fill_random).map_err(|failure| match failure {
                SetError::Random(error) => EffectError::Broken(error),
                SetError::Repeats => EffectError::Broken(ExecutorError::Random),
            })?;
        let quorums = self.try_every_quorum(&set)?;
        let mut files = Vec::new();
        for (custodian, share) in set.custodians() {
            let text = share.text();
            if let Some(file) = self.closed(custodian, text.as_bytes())? {
                files.push((custodian.id.clone(), file));
            }
        }
        let typed_back = self.have_paper_written(&set)?;
        let digest_of = |custodian: &str| {
            let mut files = files.iter();
            let (_, file) = files.find(|(id, _)| id == custodian)?;
            Some(Digest::of(file))
        };
        let manifest = set.manifest(digest_of, &wrapped.bytes).map_err(refused)?;
        let about = manifest.to_file_bytes();
        let folder = folder(key, id);
        let path = |name: &str| format!("{folder}/{name}");
        for (custodian, file) in &files {
            shares.write_once(&path(&set.plan().share_file(custodian)), file)?;
        }
        for (custodian, share) in set.custodians() {
            let file = files.iter().find(|(id, _)| *id == custodian.id);
            let file = file.map(|(_, bytes)| bytes.as_slice());
            let sheet = share_sheet(share.label(), custodian, file).map_err(no_sheet)?;
            let [text, page] = share.label().sheet_files();
            shares.write_once(&path(&text), sheet.to_text().as_bytes())?;
            shares.write_once(&path(&page), sheet.to_html().as_bytes())?;
        }
        let name = set.plan().manifest_file();
        shares.write_once(&path(&name), &about)?;
        wrapped_keys.write_once(&path(&name), &about)?;
        wrapped_keys.write_once(&path(&set.plan().wrapped_file()), &wrapped.bytes)?;
        Ok(MadeSet {
            manifest,
            quorums,
            typed_back,
        })
    }

    /// The set of a key: the people and groups of the script, and the recipients that decrypted a test message.
    fn set_plan(&self, key: &KeyId, id: &str, public: &PublicKey) -> EffectResult<SetPlan> {
        let ceremony = self.ceremony();
        let script = ceremony.script();
        let cannot = |what: String| {
            failed(
                FailureKind::Unsupported,
                format!("cannot make a share set of {key}: {what}"),
                "abort the ceremony, and fix [backup] in the script",
            )
        };
        let plan = script
            .backup()
            .ok_or_else(|| cannot("the script has no custodians".to_owned()))?;
        let mut groups = Vec::with_capacity(plan.groups.len());
        for group in &plan.groups {
            let custodians = group.custodians.iter();
            let custodians = custodians
                .map(|person| self.custodian(person).map_err(&cannot))
                .collect::<Result<_, _>>()?;
            groups.push(CustodianGroup {
                threshold: group.threshold,
                custodians,
            });
        }
        let known = ceremony.provenance_of_backed(key);
        let time = ceremony.time(jiff::Timestamp::now());
        let created_at = jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
        SetPlan::new(SetFacts {
            id: id.to_owned(),
            repository: script.repository().to_owned(),
            key: key.to_string(),
            public_key: public.clone(),
            // A key that can leave its token is at best one that was extractable.
            provenance: known.unwrap_or(Provenance::WasExtractable),
            groups_needed: plan.group_threshold,
            groups,
            created_at,
            is_rehearsal: ceremony.mode() == Mode::Rehearsal,
            supersedes: ceremony.superseded_sets(key),
        })
        .map_err(|error| cannot(error.to_string()))
    }

    fn custodian(&self, person: &PersonId) -> Result<Custodian, String> {
        let ceremony = self.ceremony();
        let script = ceremony.script();
        let keeping = script.person(person).and_then(|one| one.keeping.as_ref());
        let closing = match keeping {
            Some(ShareKeeping::Recipient { .. }) => {
                let recipients = ceremony.proven_recipients(person).unwrap_or_default();
                let read = recipients.iter().map(|text| text.parse::<Recipient>());
                let read: Result<Vec<_>, _> = read.collect();
                Some(Protection::Recipients(
                    read.map_err(|error| error.to_string())?,
                ))
            }
            Some(ShareKeeping::Passphrase) => Some(Protection::Passphrase),
            Some(ShareKeeping::Paper) | None => None,
        };
        Ok(Custodian {
            id: person.to_string(),
            name: ceremony.display_names().name(script, person).to_owned(),
            on_paper: closing.is_none(),
            protection: closing,
        })
    }

    /// The encrypted file of a share; none for a share on paper.
    fn closed(&self, custodian: &Custodian, text: &[u8]) -> EffectResult<Option<Vec<u8>>> {
        let closed = match &custodian.protection {
            None => return Ok(None),
            Some(Protection::Recipients(recipients)) => {
                recipient::encrypt(text, recipients, &age::NoCallbacks)
            }
            Some(Protection::Passphrase) => {
                let passphrase = self.room.passphrases.of(&custodian.id).ok_or_else(|| {
                    failed(
                        FailureKind::SecretLost,
                        format!(
                            "the passphrase of {} is no longer in memory",
                            custodian.name
                        ),
                        "press Ctrl-C, then run: conclave resume DIR; it is asked for again",
                    )
                })?;
                recipient::encrypt_under(text, passphrase)
            }
        };
        closed
            .map(Some)
            .map_err(|error| not_closed(&custodian.name, &error))
    }

    /// Tests every quorum, and shows the progress.
    fn try_every_quorum(&mut self, set: &BackupSet) -> EffectResult<u64> {
        let all = set.combinations();
        let begun = std::time::Instant::now();
        let (front_end, ceremony) = (&mut *self.front_end, &self.ceremony);
        let mut interrupt = None;
        set.try_every_quorum(|tried| {
            if tried % PROGRESS_EVERY != 0 || interrupt.is_some() {
                return;
            }
            let waiting = Waiting {
                what: format!("Testing every quorum of shares: {tried} of {all} combinations"),
                seen: vec![bar(tried, all)],
                elapsed: begun.elapsed(),
                on: WaitingOn::Token,
                touch: None,
            };
            interrupt = front_end.waiting(ceremony, &waiting).err();
        })
        .map_err(refused)?;
        match interrupt {
            Some(interrupt) => Err(EffectError::Interrupted(interrupt)),
            None => Ok(self
                .ceremony()
                .script()
                .backup()
                .map_or(0, crate::script::BackupPlan::quorums)),
        }
    }

    /// Makes a key non-extractable.
    pub(super) fn disable_extraction(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        public: &PublicKey,
    ) -> EffectResult<Outcome> {
        self.bring(key)?;
        self.await_exactly(key, token)?;
        let object_id = self.object_of(key, token, public)?;
        self.log_in_seen(key, token)?;
        let attributes =
            self.with_token(key, token, "Making the key non-extractable", move |open| {
                let wrapping = open
                    .token
                    .wrapping()
                    .ok_or_else(|| TokenError::Unsupported {
                        what: "make a key non-extractable".to_owned(),
                    })?;
                wrapping.make_non_extractable(&object_id)
            })?;
        Ok(Outcome::ExtractionDisabled(attributes))
    }
}

/// The folder of a set, on either medium.
fn folder(key: &KeyId, id: &str) -> String {
    format!("{key}-{id}")
}

/// A set that was written and tested.
struct MadeSet {
    manifest: Manifest,
    quorums: u64,
    typed_back: Vec<PersonId>,
}

/// `[######····] 60 %`.
fn bar(done: u64, all: u64) -> String {
    const WIDTH: u64 = 40;
    let full = done
        .saturating_mul(WIDTH)
        .checked_div(all)
        .unwrap_or(0)
        .min(WIDTH);
    let percent = done.saturating_mul(100).checked_div(all).unwrap_or(0);
    let part = |letter: &str, count: u64| letter.repeat(usize::try_from(count).unwrap_or(0));
    format!(
        "[{}{}] {percent} %",
        part("#", full),
        part(".", WIDTH - full)
    )
}

/// Removes an incomplete set of an interrupted attempt: its shares restore nothing.
fn remove_folder(medium: &Medium, name: &str) -> EffectResult<()> {
    medium.remove_folder(name).map_err(|error| {
        failed(
            FailureKind::File,
            format!(
                "{} cannot be removed: {}",
                error.path.display(),
                error.problem
            ),
            "it belongs to an incomplete set: remove it, and try again",
        )
    })
}

fn no_sheet(error: QrError) -> EffectError {
    failed(
        FailureKind::File,
        format!("cannot make a share sheet: {error}"),
        "abort the ceremony, and use a shorter recipient for the custodian: age1… instead of an SSH key",
    )
}

/// A failed check of a backup.
fn refused(refusal: Refusal) -> EffectError {
    EffectError::Failed(failure_of(refusal))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes errors by value"
)]
fn failure_of(refusal: Refusal) -> Failure {
    Failure {
        kind: FailureKind::InvalidAnswer,
        what: refusal.to_string(),
        hint: "nothing that was entered or written is lost; try again".to_owned(),
    }
}

fn not_closed(who: &str, error: &EncryptError) -> EffectError {
    failed(
        FailureKind::File,
        format!("cannot encrypt to {who}: {error}"),
        "install age-plugin-NAME in the PATH of this machine if the recipient belongs to a plugin",
    )
}
