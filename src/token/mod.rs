//! Tokens: what a ceremony does with them, whatever make they are.
//!
//! A [`Reader`] is where tokens of one make are put in: it looks, finds and opens.
//! A [`Token`] is one of them, opened. All calls of one reader and its tokens belong
//! on one thread at a time; both may be handed to another.

mod error;
pub mod key_file;
pub mod piv;
pub mod pkcs11;
mod query;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{KeyType, Scheme};
use crate::profile::{EqualBlanks, Kind, Profile};
pub use crate::record::FactorySecret;
use crate::record::{KeyAttributes, TokenId, TokenInterface, Tries, UsePolicy};
use crate::secret::{Pin, PrivateKey};

pub use error::{PinRole, TokenError};
pub use query::TokenQuery;
use query::only_one;

/// What a token says about itself that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
// Independent facts, one flag of the token each.
#[allow(clippy::struct_excessive_bools)]
pub struct TokenState {
    /// Whether it was initialized: it has a label and an SO PIN.
    pub initialized: bool,
    /// Whether the user's PIN was set.
    pub pin_set: bool,
    /// Tries left for the user's PIN; exactly 0 when it is locked.
    pub pin_tries: Tries,
    /// Tries left for the SO PIN; exactly 0 when it is locked.
    pub so_pin_tries: Tries,
    /// How long a PIN may be, in bytes.
    pub pin_length: RangeInclusive<usize>,
    /// Whether private keys need a login.
    pub login_required: bool,
    /// Whether the PIN is typed on the token itself, which Conclave does not support.
    pub own_pin_pad: bool,
    /// Whether nothing can be written to it.
    pub write_protected: bool,
    /// What it still has as it left the factory, so that everybody knows it.
    pub at_factory_value: Vec<FactorySecret>,
}

/// That a token waits for a finger, or does not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It blinks, and waits for so long.
    Wanted {
        /// From now on.
        within: Duration,
    },
    /// It was touched, or the time is over.
    Over,
}

/// Who is told about touches. Called on the thread that uses the token, which waits meanwhile.
pub type TouchObserver = Arc<dyn Fn(Touch) + Send + Sync>;

/// A token that was seen in a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: TokenId,
    pub state: TokenState,
}

/// What kind of thing an object on a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    PublicKey,
    PrivateKey,
    SecretKey,
    Certificate,
    Other,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "public key",
            Self::PrivateKey => "private key",
            Self::SecretKey => "secret key",
            Self::Certificate => "certificate",
            Self::Other => "object",
        })
    }
}

/// An object that a token shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldObject {
    pub kind: ObjectKind,
    /// Its ID, `CKA_ID`; empty where it has none.
    pub object_id: Vec<u8>,
    /// Its label as the token gives it: text from outside, to be escaped.
    pub label: String,
}

/// A key pair whose public half a token shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// The ID that both halves share, `CKA_ID`.
    pub object_id: Vec<u8>,
    /// Its label as the token gives it: text from outside, to be escaped.
    pub label: String,
    pub public: PublicKey,
}

/// A key pair to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// The ID of both halves, `CKA_ID`: one that the token does not hold yet.
    pub object_id: Vec<u8>,
    /// The label of both halves: one that the token does not hold yet.
    pub label: String,
    pub key_type: KeyType,
    /// Whether the private half may be wrapped and taken out, for a backup.
    pub extractable: bool,
}

/// A key pair that was made, as read back from the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedKey {
    pub public: PublicKey,
    /// What the token says of the private half.
    pub attributes: KeyAttributes,
}

/// A panic of another thread leaves no half-done state behind the locks of tokens.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tuf_scheme(public: &PublicKey) -> Result<Scheme, TokenError> {
    Scheme::for_public_key(public)
        .ok_or_else(|| TokenError::unsupported(format!("sign for TUF with {}", public.algorithm())))
}

/// The longest label of a token, in bytes.
const LONGEST_LABEL: usize = 32;

/// Tells whether a token can have that label: 1 to 32 bytes, no control characters, no
/// spaces around it, for tokens pad with spaces.
///
/// # Errors
/// [`TokenError::Label`] when it cannot.
pub fn check_label(label: &str) -> Result<(), TokenError> {
    if label.is_empty()
        || label.len() > LONGEST_LABEL
        || label.chars().any(char::is_control)
        || label.trim() != label
    {
        return Err(TokenError::Label {
            label: label.to_owned(),
        });
    }
    Ok(())
}

/// How a management key is written: so many groups of so many digits to a line.
const GROUP: usize = 4;
const GROUPS: usize = 4;

/// A management key as people write it: `2718 2818 2845 9045`, a line after the other.
pub fn in_groups(key: &Pin) -> Vec<Zeroizing<String>> {
    let digits = key.expose().as_bytes();
    let lines = digits.chunks(GROUP * GROUPS).map(|line| {
        let mut text = Zeroizing::new(String::with_capacity(line.len() + GROUPS));
        for (index, digit) in line.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push(' ');
            }
            text.push(char::from(*digit));
        }
        text
    });
    lines.collect()
}

/// Where tokens of one make are put in.
pub trait Reader: Send {
    fn profile(&self) -> &Profile;

    /// Looks which tokens are there, as freshly as it can be done without ending a login:
    /// while a token of this reader is logged in, a module that must be initialized again to
    /// notice others ([`crate::profile::Rescan::Reinitialize`]) may not show those that came since.
    ///
    /// # Errors
    /// When the module or device fails.
    fn tokens(&mut self) -> Result<Vec<Seen>, TokenError>;

    /// Logs every token of this reader out, so that the next look is a fresh one in any case.
    /// Tokens that were opened stay usable, and find themselves again at their next call.
    ///
    /// # Errors
    /// When the module or device fails.
    fn reset(&mut self) -> Result<(), TokenError>;

    /// Has somebody told when one of its tokens waits for a finger. Makes that never do tell nothing.
    fn watch_touch(&mut self, _observer: TouchObserver) {}

    /// Opens a token that was seen. It is not logged in by that. To be opened once at a time:
    /// behind PKCS#11 a login belongs to the process, so that two handles share it.
    ///
    /// # Errors
    /// [`TokenError::NotFound`] when it is gone, [`TokenError::Ambiguous`] when it has a twin.
    fn open(&mut self, id: &TokenId) -> Result<Box<dyn Token>, TokenError>;

    /// Looks afresh and finds the one token that a query means.
    ///
    /// # Errors
    /// [`TokenError::NotFound`] when there is none, [`TokenError::Ambiguous`] when there are several.
    fn find(&mut self, query: &TokenQuery) -> Result<Seen, TokenError> {
        let mut found = self.tokens()?;
        found.retain(|seen| query.matches(seen));
        keep_one_blank(self.profile(), &mut found);
        only_one(found, |seen| seen.id.clone(), || query.to_string())
    }
}

/// Keeps the first of several blank tokens that cannot be told apart, where the profile allows that.
pub fn keep_one_blank(profile: &Profile, found: &mut Vec<Seen>) {
    let is_like_first = |seen: &Seen| !seen.state.initialized && seen.id == found[0].id;
    if profile.slots.equal_blanks == EqualBlanks::First && found.iter().all(is_like_first) {
        found.truncate(1);
    }
}

/// Opens the reader of a make.
///
/// # Errors
/// When its module cannot be loaded, or the service that it needs does not answer.
pub fn open_reader(profile: &Profile) -> Result<Box<dyn Reader>, TokenError> {
    Ok(match profile.kind {
        Kind::YubikeyPiv => Box::new(piv::YubiKeys::connect(profile)?),
        Kind::KeyFile => Box::new(key_file::KeyFiles::open(profile)),
        Kind::Pkcs11 => Box::new(pkcs11::Module::load(profile)?),
    })
}

/// A token that was opened. Dropping it logs it out.
///
/// A token that was pulled fails with [`TokenError::Removed`] from then on;
/// put back, it has to be opened again.
pub trait Token: Send {
    fn id(&self) -> &TokenId;

    /// Asks it for its state.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn state(&mut self) -> Result<TokenState, TokenError>;

    /// How it was reached, for the transcript; `None` for makes without a PKCS#11 module.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn interface(&mut self) -> Result<Option<TokenInterface>, TokenError> {
        Ok(None)
    }

    /// Erases it and gives it an SO PIN and a label ([`check_label`]). A token that was
    /// initialized before takes only the SO PIN that it has. Whether it still holds
    /// keys is for the caller to ask first ([`Self::objects`]).
    ///
    /// # Errors
    /// [`TokenError::WrongPin`] for another SO PIN than the one it has; when the label is impossible,
    /// or the token cannot be found again under it.
    fn initialize(&mut self, so_pin: &Pin, label: &str) -> Result<(), TokenError>;

    /// The same with the SO PIN entered on the device.
    ///
    /// # Errors
    /// As [`Self::initialize`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn initialize_on_device(&mut self, _label: &str) -> Result<(), TokenError> {
        Err(TokenError::unsupported("take a PIN on the device"))
    }

    /// Sets the user's PIN, as the security officer. Leaves the token logged out.
    ///
    /// # Errors
    /// When the SO PIN is wrong, or the token does not like the new PIN.
    fn set_pin(&mut self, so_pin: &Pin, pin: &Pin) -> Result<(), TokenError>;

    /// The same with both PINs entered on the device.
    ///
    /// # Errors
    /// As [`Self::set_pin`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn set_pin_on_device(&mut self) -> Result<(), TokenError> {
        Err(TokenError::unsupported("take a PIN on the device"))
    }

    /// Changes the user's PIN. Leaves the token logged out.
    ///
    /// # Errors
    /// When the old PIN is wrong, or the token does not like the new one.
    fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), TokenError>;

    /// Logs the user in. A token that is logged in already is logged out first,
    /// so that success always means that this PIN is right.
    ///
    /// # Errors
    /// [`TokenError::WrongPin`], [`TokenError::PinLocked`], [`TokenError::PinNotSet`].
    fn login(&mut self, pin: &Pin) -> Result<(), TokenError>;

    /// The same with the PIN entered on the device.
    ///
    /// # Errors
    /// As [`Self::login`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn login_on_device(&mut self) -> Result<(), TokenError> {
        Err(TokenError::unsupported("take a PIN on the device"))
    }

    /// Logs the user out; nothing happens when nobody is logged in.
    ///
    /// # Errors
    /// When the device fails; the token counts as logged out all the same.
    fn logout(&mut self) -> Result<(), TokenError>;

    /// Every object that it shows: without a login, the public ones only.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError>;

    /// The key pairs whose public halves it shows, where possible without a login.
    /// Algorithms that Conclave does not know are left out; [`Self::objects`] has them.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError>;

    /// The key pair whose public half this is, if the token holds it; asked before anybody types a PIN.
    ///
    /// # Errors
    /// As [`Self::keys`].
    fn holding(&mut self, public: &PublicKey) -> Result<Option<HeldKey>, TokenError> {
        let held = self.keys()?.into_iter();
        Ok(held.into_iter().find(|held| held.public == *public))
    }

    /// Makes a key pair in the token and reads it back. What does not come back as it
    /// was asked for is destroyed again.
    ///
    /// # Errors
    /// [`TokenError::ObjectExists`], [`TokenError::LoginNeeded`], [`TokenError::Unsupported`],
    /// [`TokenError::KeyMismatch`].
    fn generate(&mut self, request: &KeyRequest) -> Result<GeneratedKey, TokenError>;

    /// Reads back the key pair that an interrupted [`Self::generate`] of this very request left, if it got so far.
    /// Half a pair of that ID is destroyed, so that the request can be made again.
    ///
    /// # Errors
    /// [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when what is there is not what was asked for.
    fn recover(&mut self, request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError>;

    /// Signs a message with the private key of that ID, in the form that TUF metadata carries:
    /// ECDSA as DER over SHA-256 (P-256) or SHA-384 (P-384), Ed25519 as 64 bytes,
    /// RSA as PSS with SHA-256 and a salt of 32 bytes. `public` says which kind it is.
    ///
    /// The signature is not verified here: whoever keeps it does that.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`], [`TokenError::Unsupported`],
    /// [`TokenError::TouchTimeout`].
    fn sign_by(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        scheme: Scheme,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError>;

    /// The same, by the scheme that TUF has for such keys.
    ///
    /// # Errors
    /// As [`Self::sign_by`].
    fn sign(
        &mut self,
        object_id: &[u8],
        public: &PublicKey,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let scheme = tuf_scheme(public)?;
        self.sign_by(object_id, public, scheme, message)
    }

    /// Whether somebody has to give the key that lets keys be made, since the token itself does not keep it: only
    /// makes that have such a key. The user must be logged in.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn wants_management_key(&mut self) -> Result<bool, TokenError> {
        Ok(false)
    }

    /// Takes that key as somebody typed it, until the user is logged out.
    ///
    /// # Errors
    /// [`TokenError::ManagementKey`] when it is not the token's.
    fn give_management_key(&mut self, _key: &Pin) -> Result<(), TokenError> {
        Err(TokenError::unsupported("take a management key"))
    }

    /// The management key that the token keeps under the PIN, for whoever writes it down; none where it keeps none.
    /// The user must be logged in.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn management_key(&mut self) -> Result<Option<Pin>, TokenError> {
        Ok(None)
    }

    /// Has the token keep its management key no more, after `written` proved to be that key: from now on
    /// only whoever wrote it down has it.
    ///
    /// # Errors
    /// [`TokenError::ManagementKey`] when what was written is not the token's key; nothing is changed then.
    fn release_management_key(&mut self, _written: &Pin) -> Result<(), TokenError> {
        Err(TokenError::unsupported("give its management key away"))
    }

    /// Says how keys that are made or imported from now on want to be used.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] for makes that have no such policies.
    fn set_use_policy(&mut self, _policy: UsePolicy) -> Result<(), TokenError> {
        Err(TokenError::unsupported(
            "hold a key to a PIN and touch policy",
        ))
    }

    /// Has the device state, signed, that a key was made inside it: the statement, then the
    /// certificate of the device. Neither is verified here.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] for makes that cannot, and for a key that was imported;
    /// [`TokenError::KeyNotFound`].
    fn attest(&mut self, _object_id: &[u8]) -> Result<Vec<Certificate>, TokenError> {
        Err(TokenError::unsupported("attest its keys"))
    }

    /// Brings in a key that was made elsewhere. Its provenance says so for ever.
    ///
    /// # Errors
    /// As [`Self::generate`]; [`TokenError::Unsupported`] for makes that take none.
    fn import(
        &mut self,
        _request: &KeyRequest,
        _key: &PrivateKey,
    ) -> Result<GeneratedKey, TokenError> {
        Err(TokenError::unsupported(
            "take in keys that were made elsewhere",
        ))
    }

    /// Destroys what an interrupted [`Self::import`] of this very request left, if it got so far.
    ///
    /// # Errors
    /// As [`Self::destroy`]; [`TokenError::KeyMismatch`] when what is there is not of this request.
    fn discard(&mut self, _request: &KeyRequest) -> Result<(), TokenError> {
        Ok(())
    }

    /// The same token as one whose keys can leave it wrapped, and come back. None for makes that cannot.
    fn wrapping(&mut self) -> Option<&mut dyn WrappingToken> {
        None
    }

    /// Random bytes of the token's own generator.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] when it has none.
    fn random(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError>;

    /// Destroys both halves of a key pair and makes sure that they are gone.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when
    /// something of that ID is still there afterwards.
    fn destroy(&mut self, object_id: &[u8]) -> Result<(), TokenError>;
}

/// A token out of which a private key can be taken under a key-encryption key of 256 bits, and into which it can be
/// brought again: AES-KWP (RFC 5649) over PKCS #8. The key-encryption key is in the token for the time of one call,
/// may wrap and unwrap, and nothing else.
pub trait WrappingToken: Token {
    /// Wraps the private key of that ID.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::Unsupported`] when the token does not
    /// wrap, or does not let this key out.
    fn wrap(
        &mut self,
        object_id: &[u8],
        key_encryption_key: &[u8; 32],
    ) -> Result<Vec<u8>, TokenError>;

    /// Has a wrapped private key sign in the token, as [`Token::sign`] does, and leaves nothing of it there: so that
    /// what was wrapped is seen to be that key, and is in no memory but the token's.
    ///
    /// # Errors
    /// As [`Self::unwrap`] and [`Token::sign`].
    fn sign_wrapped(
        &mut self,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError>;

    /// Sees to it that the private key of that ID leaves the token no more, for good, and reads back what the token
    /// says of it now.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when it could leave still.
    fn make_non_extractable(&mut self, object_id: &[u8]) -> Result<KeyAttributes, TokenError>;

    /// Brings in a private key that was wrapped here or elsewhere, with its public half beside it. Whether the two
    /// belong together, only a signature shows.
    ///
    /// # Errors
    /// [`TokenError::ObjectExists`], [`TokenError::LoginNeeded`]; [`TokenError::NotUnwrapped`] when the wrapped key
    /// is not of this key-encryption key, or was changed; [`TokenError::KeyMismatch`].
    fn unwrap(
        &mut self,
        request: &KeyRequest,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<GeneratedKey, TokenError>;
}
