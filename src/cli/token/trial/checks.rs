//! The operations that are tried, in the order in which a ceremony needs them.

use std::collections::BTreeSet;

use crate::certificate::PublicKey;
use crate::metadata::{KeyType, Scheme};
use crate::profile::LabelForm;
use crate::record::{TokenId, Tries};
use crate::secret::Pin;
use crate::token::{
    GeneratedKey, HeldObject, KeyRequest, Reader, Seen, Token, TokenError, WrappingToken,
};

/// The label of the token and the beginning of the labels of its keys.
const LABEL: &str = "conclave-trial";

const MESSAGE: &[u8] = b"conclave token trial";

/// What a group of operations is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Initialize,
    Login,
    Genesis,
    Backup,
    End,
}

impl Area {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Login => "login",
            Self::Genesis => "keys",
            Self::Backup => "backup",
            Self::End => "end",
        }
    }
}

/// What came of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Works,
    Fails,
    NotTried,
}

impl Verdict {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Fails => "fails",
            Self::NotTried => "not tried",
        }
    }
}

/// An operation and what came of it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) area: Area,
    pub(super) what: String,
    pub(super) result: Verdict,
    /// Why it failed or was not tried, or what was noticed.
    pub(super) detail: String,
}

/// All that was found, and what the profile should say; `None` where the trial did not get that far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) rows: Vec<Finding>,
    pub(super) is_initialized: bool,
    pub(super) cannot_initialize: bool,
    pub(super) label: Option<LabelForm>,
    pub(super) types: Vec<KeyType>,
    pub(super) id_length: Option<usize>,
    pub(super) public_objects: Option<bool>,
    pub(super) destroy: Option<bool>,
    pub(super) reports_local: Option<bool>,
    pub(super) wraps: Vec<KeyType>,
    pub(super) unwraps: Vec<KeyType>,
    pub(super) confine: Option<bool>,
    /// The module and the token, with their versions.
    pub(super) versions: String,
}

impl Findings {
    /// Whether a token is set up, here or by its vendor, and some type of key was generated and signed.
    pub(super) fn is_fit_for_genesis(&self) -> bool {
        self.is_initialized && !self.types.is_empty()
    }
}

/// A trial under way.
pub(super) struct Trial<'r> {
    reader: &'r mut dyn Reader,
    id: TokenId,
    token: Box<dyn Token>,
    so_pin: Option<Pin>,
    pin: Pin,
    was_blank: bool,
    found: Findings,
}

type Attempt = Result<String, TokenError>;

impl<'r> Trial<'r> {
    pub(super) fn new(
        reader: &'r mut dyn Reader,
        seen: &Seen,
        so_pin: Option<Pin>,
        pin: Pin,
    ) -> Result<Self, TokenError> {
        Ok(Self {
            token: reader.open(&seen.id)?,
            reader,
            id: seen.id.clone(),
            so_pin,
            pin,
            was_blank: !seen.state.initialized,
            found: Findings::default(),
        })
    }

    pub(super) fn run(mut self) -> Findings {
        self.found.versions = match self.token.interface() {
            Ok(Some(interface)) => {
                format!("{}; firmware {}", interface.library, interface.firmware)
            }
            Ok(None) | Err(_) => format!("{} {}", self.id.manufacturer, self.id.model),
        };
        self.initialize();
        self.log_in();
        for key_type in KeyType::MADE {
            self.key(key_type);
        }
        for key_type in KeyType::MADE {
            self.back_up(key_type);
        }
        self.end();
        self.found
    }

    fn record(&mut self, area: Area, what: &str, attempt: Attempt) -> bool {
        let (result, detail) = match attempt {
            Ok(detail) => (Verdict::Works, detail),
            Err(error) => (Verdict::Fails, error.to_string()),
        };
        self.found.rows.push(Finding {
            area,
            what: what.to_owned(),
            result,
            detail,
        });
        result == Verdict::Works
    }

    fn not_tried(&mut self, area: Area, what: &str, why: &str) {
        self.found.rows.push(Finding {
            area,
            what: what.to_owned(),
            result: Verdict::NotTried,
            detail: why.to_owned(),
        });
    }

    fn initialize(&mut self) {
        let Some(so_pin) = self.so_pin.take() else {
            self.not_tried(Area::Initialize, "token", "the vendor's tool does it");
            self.found.is_initialized = true;
            return;
        };
        let kept = self.id.label.clone();
        let initialized = self.token.initialize(&so_pin, LABEL);
        if let Err(TokenError::Unsupported { .. }) = initialized {
            self.found.cannot_initialize = true;
        }
        self.id = self.token.id().clone();
        self.found.label = match &initialized {
            Ok(()) if self.id.label == LABEL => Some(LabelForm::Given),
            Ok(()) => Some(LabelForm::Kept),
            Err(_) => None,
        };
        let note = match self.found.label {
            Some(LabelForm::Kept) => format!("it keeps its label {kept:?}"),
            _ => String::new(),
        };
        if self.record(Area::Initialize, "token", initialized.map(|()| note)) {
            let pin_set = self.token.set_pin(&so_pin, &self.pin);
            self.found.is_initialized =
                self.record(Area::Initialize, "PIN", pin_set.map(|()| String::new()));
            let state = self.token.state().map(|state| state.initialized);
            let blank = match state {
                Ok(true) if self.was_blank => Ok(String::new()),
                Ok(true) => Ok("the token was not blank before".to_owned()),
                Ok(false) => Err(TokenError::Unsupported {
                    what: "report that it is initialized".to_owned(),
                }),
                Err(error) => Err(error),
            };
            self.record(Area::Initialize, "blank and not blank", blank);
            let held = self.token.objects();
            let held = held.map(|held| match held.len() {
                0 => String::new(),
                _ => format!("it holds {}", kinds(&held)),
            });
            self.record(Area::Initialize, "empty token", held);
        }
        self.so_pin = Some(so_pin);
    }

    fn log_in(&mut self) {
        if let Some(wrong) = wrong_pin(&self.pin) {
            let attempt = match self.token.login(&wrong) {
                Err(TokenError::WrongPin { tries, .. }) => Ok(match tries {
                    Tries::Unknown => "the token does not report the tries left".to_owned(),
                    tries => tries.to_string(),
                }),
                Err(error) => Err(error),
                Ok(()) => Err(TokenError::Unsupported {
                    what: "refuse a wrong PIN".to_owned(),
                }),
            };
            self.record(Area::Login, "wrong PIN refused", attempt);
        }
        let attempt = self.token.login(&self.pin).map(|()| String::new());
        if self.record(Area::Login, "PIN accepted", attempt) {
            let random = self.token.random(32).map(|_| String::new());
            self.record(Area::Login, "random bytes", random);
        }
    }

    fn request(&self, key_type: KeyType, extractable: bool) -> KeyRequest {
        let mut object_id = vec![0; self.found.id_length.unwrap_or(8)];
        // Without random bytes the ID is fixed, which is good enough on an empty token.
        let _ = aws_lc_rs::rand::fill(&mut object_id);
        if object_id.iter().all(|byte| *byte == 0) {
            object_id.fill(1);
        }
        KeyRequest {
            label: format!("{LABEL}-{}", hex::encode(&object_id)),
            object_id,
            key_type,
            extractable,
        }
    }

    /// Generates a key, with a shorter ID where the token refuses a long one.
    fn generate(
        &mut self,
        key_type: KeyType,
        extractable: bool,
    ) -> Result<(KeyRequest, GeneratedKey), TokenError> {
        let request = self.request(key_type, extractable);
        match self.token.generate(&request) {
            Ok(made) => {
                self.found.id_length.get_or_insert(request.object_id.len());
                Ok((request, made))
            }
            Err(error) if self.found.id_length.is_none() => {
                let short = KeyRequest {
                    object_id: vec![2],
                    ..request
                };
                let made = self.token.generate(&short).map_err(|_| error)?;
                self.found.id_length = Some(1);
                Ok((short, made))
            }
            Err(error) => Err(error),
        }
    }

    fn sign(&mut self, request: &KeyRequest, public: &PublicKey) -> Result<(), TokenError> {
        let signature = self.token.sign(&request.object_id, public, MESSAGE)?;
        verify(request, public, &signature)
    }

    fn key(&mut self, key_type: KeyType) {
        let name = key_type.as_str();
        let (request, made) = match self.generate(key_type, false) {
            Ok(made) => made,
            Err(error) => {
                self.record(Area::Genesis, &format!("generate {name}"), Err(error));
                return;
            }
        };
        let local = made.attributes.local;
        self.found.reports_local =
            Some(self.found.reports_local != Some(false) && local == Some(true));
        let note = match (local, made.attributes.extractable) {
            (Some(true), Some(false)) => String::new(),
            (Some(true), _) => "it does not report that the key cannot leave the token".to_owned(),
            (Some(false), _) => "it reports that the key was not generated in it".to_owned(),
            (None, _) => "it does not report where the key was generated".to_owned(),
        };
        self.record(Area::Genesis, &format!("generate {name}"), Ok(note));
        let signed = self.sign(&request, &made.public).map(|()| String::new());
        let signs = self.record(Area::Genesis, &format!("sign with {name}"), signed);
        let cold = self.reopen_and_sign(&request, &made.public);
        if self.record(
            Area::Genesis,
            &format!("sign with {name} after a re-open"),
            cold,
        ) && signs
        {
            self.found.types.push(key_type);
        }
        let destroyed = self.destroy(&request, &made.public);
        let works = self.record(Area::Genesis, &format!("destroy {name}"), destroyed);
        self.found.destroy = Some(self.found.destroy != Some(false) && works);
    }

    /// Opens the token again, as after it was removed and inserted; the module is initialized again if possible.
    fn reopen(&mut self) -> Result<(), TokenError> {
        self.token.logout().or_else(ignore_removed)?;
        self.reader.reset()?;
        self.reader.tokens()?;
        self.token = self.reader.open(&self.id)?;
        Ok(())
    }

    fn reopen_and_sign(&mut self, request: &KeyRequest, public: &PublicKey) -> Attempt {
        self.reopen()?;
        let shown = match self.token.holding(public) {
            Ok(held) => held.is_some(),
            Err(TokenError::LoginNeeded) => false,
            Err(error) => return Err(error),
        };
        self.token.login(&self.pin)?;
        if !shown {
            self.found.public_objects = Some(true);
        }
        self.found.public_objects.get_or_insert(false);
        if self.token.holding(public)?.is_none() {
            return Err(TokenError::KeyNotFound {
                object_id: request.object_id.clone(),
            });
        }
        self.sign(request, public)?;
        Ok(if shown {
            String::new()
        } else {
            "the public key is visible only after the login".to_owned()
        })
    }

    fn destroy(&mut self, request: &KeyRequest, public: &PublicKey) -> Attempt {
        self.token.destroy(&request.object_id)?;
        self.reopen()?;
        self.token.login(&self.pin)?;
        match self.token.holding(public)? {
            None => Ok(String::new()),
            Some(_) => Err(mismatch(request, "it is still there after a re-open")),
        }
    }

    fn back_up(&mut self, key_type: KeyType) {
        let name = key_type.as_str();
        let area = Area::Backup;
        if !self.found.types.contains(&key_type) {
            return;
        }
        if self.token.wrapping().is_none() {
            self.not_tried(
                area,
                &format!("wrap {name}"),
                "the token does not wrap keys",
            );
            return;
        }
        let mut kek = [0; 32];
        if aws_lc_rs::rand::fill(&mut kek).is_err() {
            self.not_tried(area, &format!("wrap {name}"), "no random bytes");
            return;
        }
        let (request, made) = match self.generate(key_type, true) {
            Ok(made) => made,
            Err(error) => {
                self.record(area, &format!("generate extractable {name}"), Err(error));
                return;
            }
        };
        let public = made.public;
        let wrapped = match self.with_wrapping(|token| token.wrap(&request.object_id, &kek)) {
            Ok(wrapped) => wrapped,
            Err(error) => {
                self.record(area, &format!("wrap {name}"), Err(error));
                let _ = self.token.destroy(&request.object_id);
                return;
            }
        };
        let once = self
            .with_wrapping(|token| token.sign_wrapped(&public, &kek, &wrapped, MESSAGE))
            .and_then(|signature| verify(&request, &public, &signature));
        let proven = self.record(area, &format!("wrap {name}"), once.map(|()| String::new()));
        let confined = self.with_wrapping(|token| token.make_non_extractable(&request.object_id));
        let confined = confined.and_then(|_| {
            match self.with_wrapping(|token| token.wrap(&request.object_id, &kek)) {
                Ok(_) => Err(mismatch(&request, "the token still wraps it")),
                Err(_) => Ok(String::new()),
            }
        });
        let works = self.record(area, &format!("confine {name}"), confined);
        self.found.confine = Some(self.found.confine != Some(false) && works);
        if proven {
            self.found.wraps.push(key_type);
        }
        if let Err(error) = self.token.destroy(&request.object_id) {
            self.record(area, &format!("restore {name}"), Err(error));
            return;
        }
        let restored = self
            .with_wrapping(|token| token.unwrap(&request, &public, &kek, &wrapped))
            .and_then(|_| self.sign(&request, &public));
        if self.record(
            area,
            &format!("restore {name}"),
            restored.map(|()| String::new()),
        ) {
            self.found.unwraps.push(key_type);
        }
        let _ = self.token.destroy(&request.object_id);
    }

    fn with_wrapping<T>(
        &mut self,
        work: impl FnOnce(&mut dyn WrappingToken) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        match self.token.wrapping() {
            Some(token) => work(token),
            None => Err(TokenError::Unsupported {
                what: "wrap keys".to_owned(),
            }),
        }
    }

    /// Erases the token again, and looks whether anything is left.
    fn end(&mut self) {
        // A vendor's token is not erased; its keys were destroyed one by one.
        if let Some(so_pin) = self.so_pin.take().filter(|_| self.found.label.is_some()) {
            let erased = self
                .token
                .initialize(&so_pin, LABEL)
                .and_then(|()| self.token.set_pin(&so_pin, &self.pin));
            self.id = self.token.id().clone();
            self.record(Area::End, "token erased", erased.map(|()| String::new()));
        }
        let left = self.left();
        self.record(Area::End, "nothing is left behind", left);
    }

    fn left(&mut self) -> Attempt {
        self.reopen()?;
        self.token.login(&self.pin)?;
        let mut held = self.token.objects()?;
        held.retain(|object| object.label.starts_with(LABEL));
        let _ = self.token.logout();
        match held.len() {
            0 => Ok(String::new()),
            _ => Err(TokenError::ObjectExists {
                label: held[0].label.clone(),
                object_id: held[0].object_id.clone(),
            }),
        }
    }
}

fn verify(request: &KeyRequest, public: &PublicKey, signature: &[u8]) -> Result<(), TokenError> {
    let scheme = Scheme::for_public_key(public);
    if scheme.is_some_and(|scheme| scheme.verifies(public, MESSAGE, signature)) {
        Ok(())
    } else {
        Err(mismatch(request, "its signature does not verify"))
    }
}

fn mismatch(request: &KeyRequest, problem: &str) -> TokenError {
    TokenError::KeyMismatch {
        object_id: request.object_id.clone(),
        problem: problem.to_owned(),
    }
}

fn ignore_removed(error: TokenError) -> Result<(), TokenError> {
    match error {
        TokenError::Removed => Ok(()),
        other => Err(other),
    }
}

fn kinds(held: &[HeldObject]) -> String {
    let kinds: BTreeSet<String> = held.iter().map(|object| object.kind.to_string()).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// The PIN with another first character.
fn wrong_pin(pin: &Pin) -> Option<Pin> {
    let first = pin.expose().chars().next()?;
    let other = if first == '0' { '1' } else { '0' };
    let rest = pin.expose().get(first.len_utf8()..)?;
    let mut wrong = zeroize::Zeroizing::new(String::with_capacity(pin.expose().len()));
    wrong.push(other);
    wrong.push_str(rest);
    Pin::new(wrong).ok()
}
