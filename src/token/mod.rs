//! Tokens: what a ceremony does with them, whatever make they are.
//!
//! A [`Reader`] gives access to all tokens of one make: it lists, finds and opens them.
//! A [`Token`] is one of them, opened. All calls of one reader and its tokens must come
//! from one thread at a time; both may move to another thread.

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
use query::only_one;
pub use query::{TokenQuery, token_uri};

/// What a token reports about itself that changes.
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
    /// Whether the PIN is entered on the token or its PIN pad.
    pub pin_pad: bool,
    /// Whether nothing can be written to it.
    pub write_protected: bool,
    /// The secrets that still have their factory defaults, which are public.
    pub at_factory_value: Vec<FactorySecret>,
}

/// That a token waits for a touch, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It blinks.
    Needed {
        /// How long it waits.
        within: Duration,
    },
    /// It was touched, or the time has expired.
    Over,
}

/// Notified about touches, on the thread that uses the token, which waits meanwhile.
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

/// A key pair to be generated.
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

/// A key pair that was generated, as read back from the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedKey {
    pub public: PublicKey,
    /// What the token reports about the private half.
    pub attributes: KeyAttributes,
}

/// A thread that panics leaves no incomplete state behind the locks of tokens.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tuf_scheme(public: &PublicKey) -> Result<Scheme, TokenError> {
    Scheme::for_public_key(public)
        .ok_or_else(|| TokenError::unsupported(format!("sign for TUF with {}", public.algorithm())))
}

/// The longest label of a token, in bytes.
const LONGEST_LABEL: usize = 32;

/// Checks that a token can have that label: 1 to 32 bytes, no control characters, and no spaces at its ends, because
/// tokens pad with spaces.
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

/// How a management key is written: the digits of a group, and the groups of a line.
const GROUP: usize = 4;
const GROUPS: usize = 4;

/// The lines of a management key as people write it: `2718 2818 2845 9045`.
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

/// Access to the tokens of one make.
pub trait Reader: Send {
    fn profile(&self) -> &Profile;

    /// Lists the tokens that are present, as freshly as possible without ending a login: while a token of this reader is
    /// logged in, a module that must be initialized again to notice others ([`crate::profile::Rescan::Reinitialize`]) may not
    /// show tokens that were inserted since.
    ///
    /// # Errors
    /// When the module or device fails.
    fn tokens(&mut self) -> Result<Vec<Seen>, TokenError>;

    /// Logs every token of this reader out, so that the next list is fresh. Tokens that were opened stay usable, and are
    /// found again at their next call.
    ///
    /// # Errors
    /// When the module or device fails.
    fn reset(&mut self) -> Result<(), TokenError>;

    /// Sets who is notified when one of its tokens waits for a touch.
    fn watch_touch(&mut self, _observer: TouchObserver) {}

    /// Opens a token that was seen, without a login. Open a token once at a time: a PKCS#11 login belongs to the process, so
    /// two handles share it.
    ///
    /// # Errors
    /// [`TokenError::NotFound`] when it is gone, [`TokenError::Ambiguous`] when several tokens match.
    fn open(&mut self, id: &TokenId) -> Result<Box<dyn Token>, TokenError>;

    /// Finds the only token that matches a query.
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
/// A token that was removed fails with [`TokenError::Removed`] from then on; inserted again, it must be opened again.
pub trait Token: Send {
    fn id(&self) -> &TokenId;

    /// Reads its state.
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

    /// Erases it and gives it an SO PIN and a label ([`check_label`]). A token that was initialized before accepts only its
    /// current SO PIN. The caller checks first whether it holds keys ([`Self::objects`]).
    ///
    /// # Errors
    /// [`TokenError::WrongPin`] for another SO PIN than its current one; when the label is not valid, or the token cannot be
    /// found again under it.
    fn initialize(&mut self, so_pin: &Pin, label: &str) -> Result<(), TokenError>;

    /// The same with the SO PIN entered on the device.
    ///
    /// # Errors
    /// As [`Self::initialize`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn initialize_on_device(&mut self, _label: &str) -> Result<(), TokenError> {
        Err(TokenError::unsupported("accept a PIN on the device"))
    }

    /// Sets the user PIN, as the security officer. Leaves the token logged out.
    ///
    /// # Errors
    /// When the SO PIN is wrong, or the token refuses the new PIN.
    fn set_pin(&mut self, so_pin: &Pin, pin: &Pin) -> Result<(), TokenError>;

    /// The same with both PINs entered on the device.
    ///
    /// # Errors
    /// As [`Self::set_pin`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn set_pin_on_device(&mut self) -> Result<(), TokenError> {
        Err(TokenError::unsupported("accept a PIN on the device"))
    }

    /// Changes the user PIN. Leaves the token logged out.
    ///
    /// # Errors
    /// When the old PIN is wrong, or the token refuses the new one.
    fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), TokenError>;

    /// Logs the user in. A token that is already logged in is logged out first, so that success always means that this PIN
    /// is right.
    ///
    /// # Errors
    /// [`TokenError::WrongPin`], [`TokenError::PinLocked`], [`TokenError::PinNotSet`].
    fn login(&mut self, pin: &Pin) -> Result<(), TokenError>;

    /// The same with the PIN entered on the device.
    ///
    /// # Errors
    /// As [`Self::login`]; [`TokenError::Unsupported`] for makes without a PIN pad.
    fn login_on_device(&mut self) -> Result<(), TokenError> {
        Err(TokenError::unsupported("accept a PIN on the device"))
    }

    /// Logs the user out, if logged in.
    ///
    /// # Errors
    /// When the device fails; the token still counts as logged out.
    fn logout(&mut self) -> Result<(), TokenError>;

    /// Every object that it shows: without a login, only the public ones.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn objects(&mut self) -> Result<Vec<HeldObject>, TokenError>;

    /// The key pairs whose public halves it shows, where possible without a login. Keys of algorithms that Conclave does not
    /// support are omitted; [`Self::objects`] includes them.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn keys(&mut self) -> Result<Vec<HeldKey>, TokenError>;

    /// The key pair with this public half, if the token holds it; looked up before a PIN is typed.
    ///
    /// # Errors
    /// As [`Self::keys`].
    fn holding(&mut self, public: &PublicKey) -> Result<Option<HeldKey>, TokenError> {
        let held = self.keys()?.into_iter();
        Ok(held.into_iter().find(|held| held.public == *public))
    }

    /// Generates a key pair in the token and reads it back. A pair that is not as requested is destroyed again.
    ///
    /// # Errors
    /// [`TokenError::ObjectExists`], [`TokenError::LoginNeeded`], [`TokenError::Unsupported`],
    /// [`TokenError::KeyMismatch`].
    fn generate(&mut self, request: &KeyRequest) -> Result<GeneratedKey, TokenError>;

    /// Reads back the key pair that an interrupted [`Self::generate`] of the same request left, if it was generated. Half a
    /// pair is destroyed, so that the request can be repeated.
    ///
    /// # Errors
    /// [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when the pair is not as requested.
    fn recover(&mut self, request: &KeyRequest) -> Result<Option<GeneratedKey>, TokenError>;

    /// Signs a message with the private key of that ID, in the form that TUF metadata contains:
    /// ECDSA as DER over SHA-256 (P-256) or SHA-384 (P-384), Ed25519 as 64 bytes,
    /// RSA as PSS with SHA-256 and a salt of 32 bytes. `public` determines the algorithm.
    ///
    /// The caller verifies the signature before it is kept.
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

    /// The same, with the scheme that TUF has for such keys.
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

    /// Whether the management key, without which no key is generated, must be entered because the token does not store it.
    /// The user must be logged in.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn needs_management_key(&mut self) -> Result<bool, TokenError> {
        Ok(false)
    }

    /// Uses the management key as it was typed, until the user is logged out.
    ///
    /// # Errors
    /// [`TokenError::ManagementKey`] when it is wrong.
    fn enter_management_key(&mut self, _key: &Pin) -> Result<(), TokenError> {
        Err(TokenError::unsupported("accept a management key"))
    }

    /// The management key that the token stores behind the PIN, to be written down. The user must be logged in.
    ///
    /// # Errors
    /// When the token is gone or fails.
    fn management_key(&mut self) -> Result<Option<Pin>, TokenError> {
        Ok(None)
    }

    /// Deletes the management key from the token's storage, after `written` has proven to be that key: from now on it is only
    /// on paper.
    ///
    /// # Errors
    /// [`TokenError::ManagementKey`] when the written key is wrong; nothing is changed then.
    fn release_management_key(&mut self, _written: &Pin) -> Result<(), TokenError> {
        Err(TokenError::unsupported("release its management key"))
    }

    /// Sets the PIN and touch policy of keys that are generated or imported from now on.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] for makes that have no such policies.
    fn set_use_policy(&mut self, _policy: UsePolicy) -> Result<(), TokenError> {
        Err(TokenError::unsupported("enforce a PIN and touch policy"))
    }

    /// Has the device attest that a key was generated inside it: the statement, then the certificate of the device. The
    /// caller verifies both.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] for makes that cannot, and for an imported key;
    /// [`TokenError::KeyNotFound`].
    fn attest(&mut self, _object_id: &[u8]) -> Result<Vec<Certificate>, TokenError> {
        Err(TokenError::unsupported("attest its keys"))
    }

    /// Imports a key that was generated elsewhere.
    ///
    /// # Errors
    /// As [`Self::generate`]; [`TokenError::Unsupported`] for makes that do not import keys.
    fn import(
        &mut self,
        _request: &KeyRequest,
        _key: &PrivateKey,
    ) -> Result<GeneratedKey, TokenError> {
        Err(TokenError::unsupported("import keys"))
    }

    /// Destroys the key that an interrupted [`Self::import`] of the same request left, if it was imported.
    ///
    /// # Errors
    /// As [`Self::destroy`]; [`TokenError::KeyMismatch`] when the key is not of this request.
    fn discard(&mut self, _request: &KeyRequest) -> Result<(), TokenError> {
        Ok(())
    }

    /// The same token, to wrap and unwrap its keys; `None` for makes that cannot.
    fn wrapping(&mut self) -> Option<&mut dyn WrappingToken> {
        None
    }

    /// Random bytes from the token.
    ///
    /// # Errors
    /// [`TokenError::Unsupported`] when it has no generator.
    fn random(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, TokenError>;

    /// Destroys both halves of a key pair and verifies that they are gone.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when
    /// an object of that ID is still on the token afterwards.
    fn destroy(&mut self, object_id: &[u8]) -> Result<(), TokenError>;
}

/// A token that exports a private key wrapped under a key-encryption key of 256 bits, and imports it again: AES-KWP (RFC
/// 5649) over PKCS #8. The key-encryption key is in the token for one call only, and can only wrap and unwrap.
pub trait WrappingToken: Token {
    /// Wraps the private key of that ID.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::Unsupported`] when the token does not wrap keys,
    /// or not this key.
    fn wrap(
        &mut self,
        object_id: &[u8],
        key_encryption_key: &[u8; 32],
    ) -> Result<Vec<u8>, TokenError>;

    /// Signs with a wrapped private key in the token, as [`Token::sign`] does, and leaves nothing of it there. This proves that
    /// the wrapped key is that key, and unwraps it only in the token.
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

    /// Makes the private key of that ID permanently non-extractable, and reads back its attributes.
    ///
    /// # Errors
    /// [`TokenError::KeyNotFound`], [`TokenError::LoginNeeded`]; [`TokenError::KeyMismatch`] when it is still extractable.
    fn make_non_extractable(&mut self, object_id: &[u8]) -> Result<KeyAttributes, TokenError>;

    /// Imports a wrapped private key and its public half. Only a signature shows whether the two belong together.
    ///
    /// # Errors
    /// [`TokenError::ObjectExists`], [`TokenError::LoginNeeded`]; [`TokenError::NotUnwrapped`];
    /// [`TokenError::KeyMismatch`].
    fn unwrap(
        &mut self,
        request: &KeyRequest,
        public: &PublicKey,
        key_encryption_key: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<GeneratedKey, TokenError>;
}
