//! A signing request: all that a key holder at another site needs to judge a change, and nothing else.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{Check, Refusal};
use super::form::{FORMAT, Kind, write};
use crate::metadata::{
    FrozenRoot, KeyId, RootDocument, RootFile, SignedRoot, TrustedRoot, verify_chain,
};
use crate::record::visible;
use crate::words::Digest;

/// The longest file that is read: a chain of a dozen large roots.
const LIMIT: usize = 16 << 20;

const KIND: Kind = Kind {
    name: "signing-request",
    limit: LIMIT,
    size: Check::RequestSize,
    form: Check::RequestForm,
    format: Check::RequestFormat,
};

/// A request to sign one version of a root. It verifies in itself: whether its chain is the one that
/// is trusted here is for [`SigningRequest::judge`] to say.
#[derive(Debug, Clone)]
pub struct SigningRequest {
    repository: String,
    /// The bytes of consecutive root files, the base root last.
    chain: Vec<Vec<u8>>,
    /// The same, read.
    documents: Vec<RootDocument>,
    base: TrustedRoot,
    payload: FrozenRoot,
    asked: Vec<RequestedSignature>,
}

/// A key that is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedSignature {
    /// Its ID, as base root or payload lists it.
    pub key_id: KeyId,
    /// Whose it is: a claim of whoever made the request.
    pub holder: String,
    /// By what the key holder knows the token: serial number, bag.
    pub token: String,
}

/// What is trusted at the place where a request is judged.
#[derive(Debug, Clone, Copy)]
pub enum Anchor<'a> {
    /// A root that this machine trusts.
    Root(&'a TrustedRoot),
    /// The digest on the key holder's paper card.
    Card(Digest),
}

impl SigningRequest {
    /// Makes a request. `chain` are the bytes of consecutive root files, of which the last is the base root.
    ///
    /// # Errors
    /// With the first check that would refuse it at the other site.
    pub fn new(
        repository: String,
        chain: Vec<Vec<u8>>,
        payload: FrozenRoot,
        asked: Vec<RequestedSignature>,
    ) -> Result<Self, Refusal> {
        let mut documents = Vec::with_capacity(chain.len());
        for bytes in &chain {
            let file = RootFile::read(bytes)
                .map_err(|remark| Refusal::new(Check::RequestChain, remark.to_string()))?;
            documents.push(file.into_document());
        }
        let base = verify(&chain)?;
        let (version, wanted) = (payload.version(), base.version() + 1);
        if version != wanted {
            let text = format!(
                "the payload is version {version}; after version {} comes {wanted}",
                base.version()
            );
            return Err(Refusal::new(Check::RequestVersion, text));
        }
        if asked.is_empty() {
            return Err(Refusal::new(Check::RequestAsked, "nobody is asked to sign"));
        }
        for (index, one) in asked.iter().enumerate() {
            let known = [base.document(), payload.document()]
                .iter()
                .any(|document| document.root_key(&one.key_id).is_some());
            let short = one.key_id.short();
            if !known {
                let text = format!(
                    "key {short} is no root key of version {} or {version}",
                    base.version()
                );
                return Err(Refusal::new(Check::RequestAsked, text));
            }
            if asked[..index]
                .iter()
                .any(|other| other.key_id == one.key_id)
            {
                let text = format!("key {short} is asked twice");
                return Err(Refusal::new(Check::RequestAsked, text));
            }
        }
        Ok(Self {
            repository,
            chain,
            documents,
            base,
            payload,
            asked,
        })
    }

    /// Reads a file, and verifies all that can be verified without knowing what is trusted here.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut members = KIND.open(bytes)?;
        let repository = members.line("repository")?;
        let chain = members.texts("chain")?;
        let payload = members.text("payload")?;
        let sha256 = members.digest("sha256")?;
        let asked = members.objects("asked", |members| {
            Ok(RequestedSignature {
                key_id: KeyId::new(members.line("keyid")?),
                holder: members.line("holder")?,
                token: members.line("token")?,
            })
        })?;
        members.end()?;
        let payload = FrozenRoot::from_signed_bytes(payload.as_bytes())
            .map_err(|error| Refusal::new(Check::RequestPayload, visible(&error.to_string())))?;
        if payload.digest() != sha256 {
            let text = format!(
                "the payload has the digest {}, the request says {}",
                payload.digest().short_hex(),
                sha256.short_hex()
            );
            return Err(Refusal::new(Check::RequestDigest, text));
        }
        let chain = chain.into_iter().map(String::into_bytes).collect();
        Self::new(repository, chain, payload, asked)
    }

    /// The file. For the same request its bytes are always the same.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let asked: Vec<Value> = self
            .asked
            .iter()
            .map(|one| json!({"keyid": one.key_id, "holder": one.holder, "token": one.token}))
            .collect();
        let chain: Vec<String> = self.chain.iter().map(|bytes| text(bytes)).collect();
        write(&json!({
            "conclave": KIND.name,
            "format": FORMAT,
            "repository": self.repository,
            "sha256": self.payload.digest(),
            "asked": asked,
            "payload": text(self.payload.signed_bytes()),
            "chain": chain,
        }))
    }

    /// The name by which its file goes: `8.root.request.json`.
    pub fn file_name(&self) -> String {
        format!("{}.root.request.json", self.payload.version())
    }

    /// The line of roots.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The root that the payload changes: the end of the request's own chain.
    pub const fn base(&self) -> &TrustedRoot {
        &self.base
    }

    /// The files of its chain, the base root last.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// What is to be signed.
    pub const fn payload(&self) -> &FrozenRoot {
        &self.payload
    }

    /// The keys that are asked to sign.
    pub fn asked(&self) -> &[RequestedSignature] {
        &self.asked
    }

    /// The payload with no signature on it yet.
    ///
    /// # Errors
    /// Never, for a request that was read: the payload follows the base root.
    pub fn unsigned(&self) -> Result<SignedRoot, Refusal> {
        SignedRoot::after(self.payload.clone(), self.base.clone())
            .map_err(|error| Refusal::new(Check::RequestVersion, error.to_string()))
    }

    /// Whether the request builds upon what is trusted here, at this time.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn judge(&self, anchor: Anchor<'_>, at: Timestamp) -> Result<(), Refusal> {
        match anchor {
            Anchor::Root(root) => self.follows(root)?,
            Anchor::Card(digest) => self.has_on_its_way(digest)?,
        }
        let expires = self.payload.document().expires();
        if expires.is_past(at) {
            let text = format!("version {} expired at {expires}", self.payload.version());
            return Err(Refusal::new(Check::RequestExpired, text));
        }
        Ok(())
    }

    fn follows(&self, trusted: &TrustedRoot) -> Result<(), Refusal> {
        let (here, asked) = (trusted.version(), self.payload.version());
        if here >= asked {
            let text =
                format!("it asks for version {asked}; version {here} is trusted here already");
            return Err(Refusal::new(Check::RequestReplayed, text));
        }
        let first = self.documents.first().map_or(0, RootDocument::version);
        if let Some(same) = self
            .documents
            .iter()
            .find(|document| document.version() == here)
        {
            if same.digest() == trusted.document().digest() {
                return Ok(());
            }
            let text = format!(
                "version {here} has the digest {} here and {} in the request",
                trusted.document().digest().short_hex(),
                same.digest().short_hex()
            );
            return Err(Refusal::new(Check::RequestBase, text));
        }
        // The version trusted here stands before the request's chain: the first of the chain must follow it.
        if first != here + 1 {
            let text = format!(
                "version {here} is trusted here, and the chain of the request begins with version {first}"
            );
            return Err(Refusal::new(Check::RequestGap, text));
        }
        let follows = self.chain.first().is_some_and(|bytes| {
            RootFile::read(bytes).is_ok_and(|file| is_signed_by(&file, trusted))
        });
        if follows {
            return Ok(());
        }
        let text = format!(
            "version {first} of the request is not signed by a threshold of the keys of version {here}, which is trusted here"
        );
        Err(Refusal::new(Check::RequestBase, text))
    }

    fn has_on_its_way(&self, digest: Digest) -> Result<(), Refusal> {
        if self
            .documents
            .iter()
            .any(|document| document.digest() == digest)
        {
            return Ok(());
        }
        if self.payload.digest() == digest {
            let text = format!(
                "the card is of version {}, which the request asks for: it is signed already",
                self.payload.version()
            );
            return Err(Refusal::new(Check::RequestReplayed, text));
        }
        let text = format!(
            "no version in the chain of the request has the digest {} of the card",
            digest.short_hex()
        );
        Err(Refusal::new(Check::RequestBase, text))
    }
}

/// Whether a threshold of a trusted root's keys signed a file, as a client counts.
fn is_signed_by(file: &RootFile, trusted: &TrustedRoot) -> bool {
    let message = file.document().signed_bytes();
    let signers: std::collections::HashSet<_> = file
        .signatures()
        .iter()
        .filter_map(|entry| {
            let key = trusted.document().root_key(entry.key_id())?;
            let bytes = entry.bytes()?;
            key.public().filter(|_| key.verifies(message, &bytes))
        })
        .collect();
    let threshold = trusted.role(crate::metadata::RoleKind::Root).threshold();
    signers.len() as u64 >= threshold
}

fn verify(chain: &[Vec<u8>]) -> Result<TrustedRoot, Refusal> {
    let files = chain
        .iter()
        .enumerate()
        .map(|(index, bytes)| (format!("root {} of the chain", index + 1), bytes.clone()));
    // A base root that has expired can still be changed, so the time does not decide.
    let report = verify_chain(files, Timestamp::UNIX_EPOCH);
    report.trusted().cloned().ok_or_else(|| {
        let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
        Refusal::new(Check::RequestChain, reasons.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::testing::{REPOSITORY, Scene, Signer, expires, trusted};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_reads_what_it_writes() {
        let request = SCENE.request();
        let bytes = request.to_file_bytes();
        let read = SigningRequest::read(&bytes).unwrap();
        assert_eq!(read.to_file_bytes(), bytes);
        assert_eq!(read.repository(), REPOSITORY);
        assert_eq!(read.chain(), [SCENE.first().to_vec()]);
        assert_eq!(read.payload().digest(), SCENE.payload().digest());
        assert_eq!(read.asked(), SCENE.asked());
        assert_eq!(read.base().version(), 1);
        assert_eq!(read.file_name(), "2.root.request.json");
    }

    #[test]
    fn a_request_that_contradicts_itself_is_refused_with_its_reason() {
        let good: Value = serde_json::from_slice(&SCENE.request().to_file_bytes()).unwrap();
        let second = String::from_utf8(SCENE.second()).unwrap();
        for (edit, check) in [
            (
                (&|value: &mut Value| value["more"] = json!(1)) as &dyn Fn(&mut Value),
                Check::RequestForm,
            ),
            (
                &|value| value["asked"][0]["more"] = json!(1),
                Check::RequestForm,
            ),
            (&|value| value["chain"] = json!("x"), Check::RequestForm),
            (
                &|value| value["repository"] = json!("a\nb"),
                Check::RequestForm,
            ),
            (&|value| value["format"] = json!(9), Check::RequestFormat),
            (
                &|value| value["payload"] = json!("{}"),
                Check::RequestPayload,
            ),
            (
                &|value| value["payload"] = json!("{ }"),
                Check::RequestPayload,
            ),
            (
                &|value| value["sha256"] = json!(crate::words::Digest::of(b"")),
                Check::RequestDigest,
            ),
            (&|value| value["chain"] = json!([]), Check::RequestChain),
            (
                &|value| value["chain"][0] = json!("{}"),
                Check::RequestChain,
            ),
            (
                &|value| value["chain"] = json!([second, value["chain"][0]]),
                Check::RequestChain,
            ),
            (
                &|value| value["chain"] = json!([second]),
                Check::RequestVersion,
            ),
            (
                &|value| value["chain"] = json!([value["chain"][0], second]),
                Check::RequestVersion,
            ),
            (&|value| value["asked"] = json!([]), Check::RequestAsked),
            (
                &|value| value["asked"][0]["keyid"] = json!("00"),
                Check::RequestAsked,
            ),
            (
                &|value| value["asked"] = json!([value["asked"][0], value["asked"][0]]),
                Check::RequestAsked,
            ),
        ] {
            let mut bad = good.clone();
            edit(&mut bad);
            let refusal = SigningRequest::read(bad.to_string().as_bytes()).unwrap_err();
            assert_eq!(refusal.check, check, "{refusal}");
        }
        let long = vec![b' '; LIMIT + 1];
        let refusal = SigningRequest::read(&long).unwrap_err();
        assert_eq!(refusal.check, Check::RequestSize);
    }

    #[test]
    fn it_must_build_upon_what_is_trusted_here() {
        let request = SCENE.request();
        let judge = |anchor| {
            request
                .judge(anchor, now())
                .map_err(|refusal| refusal.check)
        };
        assert_eq!(judge(Anchor::Root(SCENE.base())), Ok(()));
        assert_eq!(
            judge(Anchor::Card(SCENE.base().document().digest())),
            Ok(())
        );
        let other = Scene::new();
        assert_eq!(judge(Anchor::Root(other.base())), Err(Check::RequestBase));
        assert_eq!(
            judge(Anchor::Card(other.base().document().digest())),
            Err(Check::RequestBase)
        );
        let newest = trusted(&[SCENE.first().to_vec(), SCENE.second()]);
        assert_eq!(judge(Anchor::Root(&newest)), Err(Check::RequestReplayed));
        assert_eq!(
            judge(Anchor::Card(newest.document().digest())),
            Err(Check::RequestReplayed)
        );
        let late = request.judge(Anchor::Root(SCENE.base()), expires());
        assert_eq!(late.unwrap_err().check, Check::RequestExpired);
    }

    #[test]
    fn a_chain_that_begins_after_the_trusted_version_must_follow_it() {
        let third = |scene: &Scene| {
            let base = trusted(&[scene.first().to_vec(), scene.second()]);
            let mut draft = crate::metadata::RootDraft::after(&base).unwrap();
            draft.set_expires("2032-01-01T00:00:00Z".parse().unwrap());
            SigningRequest::new(
                REPOSITORY.to_owned(),
                vec![scene.second()],
                draft.freeze().unwrap(),
                scene.asked(),
            )
            .unwrap()
        };
        let request = third(&SCENE);
        let check = |request: &SigningRequest, root| {
            request
                .judge(Anchor::Root(root), now())
                .map_err(|refusal| refusal.check)
        };
        assert_eq!(check(&request, SCENE.base()), Ok(()));
        let other = Scene::new();
        assert_eq!(check(&request, other.base()), Err(Check::RequestBase));
        let fourth = {
            let mut root = request.unsigned().unwrap();
            let stranger = Signer::p256();
            assert!(root.attach(stranger.key().id(), &[]).is_err());
            for index in 2..5 {
                let signature = SCENE.sign(index, request.payload().signed_bytes());
                root.attach(&SCENE.id(index), &signature).unwrap();
            }
            let third = root.to_file_bytes();
            let base = trusted(&[SCENE.second(), third.clone()]);
            let draft = crate::metadata::RootDraft::after(&base).unwrap();
            SigningRequest::new(
                REPOSITORY.to_owned(),
                vec![third],
                draft.freeze().unwrap(),
                SCENE.asked(),
            )
            .unwrap()
        };
        assert_eq!(check(&fourth, SCENE.base()), Err(Check::RequestGap));
    }

    proptest! {
        /// A bit that flips anywhere is noticed, or changes nothing of what would be signed.
        #[test]
        fn no_damage_changes_what_would_be_signed(at: proptest::sample::Index, bit in 0u8..8) {
            let mut bytes = SCENE.request().to_file_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(read) = SigningRequest::read(&bytes) {
                prop_assert_eq!(read.payload().digest(), SCENE.payload().digest());
                prop_assert_eq!(
                    read.base().document().digest(),
                    SCENE.base().document().digest()
                );
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = SigningRequest::read(&bytes);
        }
    }
}
