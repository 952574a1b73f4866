//! Signing requests: everything that a key holder at another site needs to review a change, and nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::check::{Check, Refusal};
use super::form::{self, Kind};
use crate::metadata::{
    FrozenRoot, KeyId, RootDocument, RootFile, SignedRoot, TrustedRoot, verify_chain,
};
use crate::record::visible;
use crate::words::Digest;

/// Enough for a chain of a dozen large roots.
const LIMIT: usize = 16 << 20;

const KIND: Kind = Kind {
    name: "signing-request",
    limit: LIMIT,
    size: Check::RequestSize,
    form: Check::RequestForm,
    format: Check::RequestFormat,
};

/// A consistent request to sign one version of a root. [`SigningRequest::judge`] compares its chain with the root that
/// is trusted here.
#[derive(Debug, Clone)]
pub struct SigningRequest {
    repository: String,
    /// Consecutive root files, the base root last.
    chain: Vec<Vec<u8>>,
    documents: Vec<RootDocument>,
    base: TrustedRoot,
    payload: FrozenRoot,
    requested: Vec<RequestedSignature>,
}

/// A key that is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedSignature {
    /// The ID in the base root or in the payload.
    #[serde(rename = "keyid", deserialize_with = "form::line")]
    pub key_id: KeyId,
    /// An unverified claim.
    #[serde(deserialize_with = "form::line")]
    pub holder: String,
    /// How the key holder recognizes the token: serial number, bag number.
    #[serde(deserialize_with = "form::line")]
    pub token: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "form::line")]
    repository: String,
    sha256: Digest,
    requested: Vec<RequestedSignature>,
    payload: String,
    chain: Vec<String>,
}

/// The trust anchor where a request is judged.
#[derive(Debug, Clone, Copy)]
pub enum Anchor<'a> {
    /// A root that this machine trusts.
    Root(&'a TrustedRoot),
    /// The digest on the key holder's card.
    Card(Digest),
}

impl SigningRequest {
    /// `chain`: consecutive root files, the base root last.
    ///
    /// # Errors
    /// The first check that would refuse the request at the other site.
    pub fn new(
        repository: String,
        chain: Vec<Vec<u8>>,
        payload: FrozenRoot,
        requested: Vec<RequestedSignature>,
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
            let text = format!("the payload is version {version} instead of {wanted}");
            return Err(Refusal::new(Check::RequestVersion, text));
        }
        let refuse_keys = |text: &str| Err(Refusal::new(Check::RequestKeys, text));
        if requested.is_empty() {
            return refuse_keys("no key is asked to sign");
        }
        for (index, RequestedSignature { key_id, .. }) in requested.iter().enumerate() {
            let short = key_id.short();
            if base.root_key(key_id).or(payload.root_key(key_id)).is_none() {
                return refuse_keys(&format!(
                    "key {short} is not a root key of version {} or {version}",
                    base.version()
                ));
            }
            let mut earlier = requested[..index].iter();
            if earlier.any(|other| other.key_id == *key_id) {
                return refuse_keys(&format!("key {short} is listed twice"));
            }
        }
        Ok(Self {
            repository,
            chain,
            documents,
            base,
            payload,
            requested,
        })
    }

    /// Reads a file and verifies everything except the trust anchor.
    ///
    /// # Errors
    /// The first check that refuses the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let file: File = KIND.read(bytes)?;
        let payload = FrozenRoot::from_signed_bytes(file.payload.as_bytes())
            .map_err(|error| Refusal::new(Check::RequestPayload, visible(&error.to_string())))?;
        if payload.digest() != file.sha256 {
            let text = format!(
                "the digest of the payload is {}, not {}",
                payload.digest().short_hex(),
                file.sha256.short_hex()
            );
            return Err(Refusal::new(Check::RequestDigest, text));
        }
        let chain = file.chain.into_iter().map(String::into_bytes).collect();
        Self::new(file.repository, chain, payload, file.requested)
    }

    pub fn to_file_bytes(&self) -> Vec<u8> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        KIND.write(&File {
            repository: self.repository.clone(),
            sha256: self.payload.digest(),
            requested: self.requested.clone(),
            payload: text(self.payload.signed_bytes()),
            chain: self.chain.iter().map(|bytes| text(bytes)).collect(),
        })
    }

    /// The file name: `8.root.request.json`.
    pub fn file_name(&self) -> String {
        format!("{}.root.request.json", self.payload.version())
    }

    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The root that the payload changes: the last of the chain.
    pub const fn base(&self) -> &TrustedRoot {
        &self.base
    }

    /// The files of the chain, the base root last.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    pub const fn payload(&self) -> &FrozenRoot {
        &self.payload
    }

    pub fn requested(&self) -> &[RequestedSignature] {
        &self.requested
    }

    /// The payload without signatures.
    ///
    /// # Errors
    /// Never, because [`Self::new`] checked that the payload follows the base root.
    pub fn unsigned(&self) -> Result<SignedRoot, Refusal> {
        SignedRoot::after(self.payload.clone(), self.base.clone())
            .map_err(|error| Refusal::new(Check::RequestVersion, error.to_string()))
    }

    /// Checks that the request builds on the trust anchor and has not expired.
    ///
    /// # Errors
    /// The first check that refuses the request.
    pub fn judge(&self, anchor: Anchor<'_>, at: Timestamp) -> Result<(), Refusal> {
        match anchor {
            Anchor::Root(root) => self.check_follows(root)?,
            Anchor::Card(digest) => self.check_contains(digest)?,
        }
        let expires = self.payload.document().expires();
        if expires.is_past(at) {
            let text = format!("version {} expired at {expires}", self.payload.version());
            return Err(Refusal::new(Check::RequestExpired, text));
        }
        Ok(())
    }

    fn check_follows(&self, trusted: &TrustedRoot) -> Result<(), Refusal> {
        let (here, requested) = (trusted.version(), self.payload.version());
        if here >= requested {
            let text = format!(
                "the request is for version {requested}, but version {here} is already trusted here"
            );
            return Err(Refusal::new(Check::RequestReplayed, text));
        }
        let mut documents = self.documents.iter();
        if let Some(same) = documents.find(|document| document.version() == here) {
            if same.digest() == trusted.digest() {
                return Ok(());
            }
            let text = format!(
                "the digest of version {here} is {} here, but {} in the request",
                trusted.digest().short_hex(),
                same.digest().short_hex()
            );
            return Err(Refusal::new(Check::RequestBase, text));
        }
        // The trusted version is not in the chain, so the chain must start with its successor.
        let first = self.documents.first().map_or(0, RootDocument::version);
        if first != here + 1 {
            let text = format!(
                "version {here} is trusted here, but the chain of the request starts with version {first}"
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
            "version {first} in the request is not signed by a threshold of the root keys of version {here}, which is trusted here"
        );
        Err(Refusal::new(Check::RequestBase, text))
    }

    fn check_contains(&self, digest: Digest) -> Result<(), Refusal> {
        let mut documents = self.documents.iter();
        if documents.any(|document| document.digest() == digest) {
            return Ok(());
        }
        if self.payload.digest() == digest {
            let text = format!(
                "the card is for version {}, which the request asks to sign: it was already signed",
                self.payload.version()
            );
            return Err(Refusal::new(Check::RequestReplayed, text));
        }
        let text = format!(
            "the chain of the request does not contain a version with the digest {} on the card",
            digest.short_hex()
        );
        Err(Refusal::new(Check::RequestBase, text))
    }
}

/// Whether a threshold of a trusted root's keys signed a file.
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
        .map(|(index, bytes)| (format!("root {} in the chain", index + 1), bytes.clone()));
    // An expired base root can still be changed, so the time does not matter.
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
    use serde_json::{Value, json};
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
        assert_eq!(read.requested(), SCENE.requested());
        assert_eq!(read.base().version(), 1);
        assert_eq!(read.file_name(), "2.root.request.json");
    }

    #[test]
    fn an_inconsistent_request_is_refused_by_its_check() {
        let good: Value = serde_json::from_slice(&SCENE.request().to_file_bytes()).unwrap();
        let second = json!(String::from_utf8(SCENE.second()).unwrap());
        let (first, key) = (good["chain"][0].clone(), good["requested"][0].clone());
        let extended = |mut object: Value| {
            object["more"] = json!(1);
            object
        };
        for (name, value, check) in [
            ("more", json!(1), Check::RequestForm),
            (
                "requested",
                json!([extended(key.clone())]),
                Check::RequestForm,
            ),
            ("chain", json!("x"), Check::RequestForm),
            ("repository", json!("a\nb"), Check::RequestForm),
            ("format", json!(9), Check::RequestFormat),
            ("payload", json!("{}"), Check::RequestPayload),
            ("payload", json!("{ }"), Check::RequestPayload),
            ("sha256", json!(Digest::of(b"")), Check::RequestDigest),
            ("chain", json!([]), Check::RequestChain),
            ("chain", json!(["{}"]), Check::RequestChain),
            ("chain", json!([second, first]), Check::RequestChain),
            ("chain", json!([second]), Check::RequestVersion),
            ("chain", json!([first, second]), Check::RequestVersion),
            ("requested", json!([]), Check::RequestKeys),
            ("requested", json!([key, key]), Check::RequestKeys),
            (
                "requested",
                json!([{"keyid": "00", "holder": "x", "token": "x"}]),
                Check::RequestKeys,
            ),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            let refusal = SigningRequest::read(bad.to_string().as_bytes()).unwrap_err();
            assert_eq!(refusal.check, check, "{refusal}");
        }
        let long = vec![b' '; LIMIT + 1];
        let refusal = SigningRequest::read(&long).unwrap_err();
        assert_eq!(refusal.check, Check::RequestSize);
    }

    #[test]
    fn a_request_must_build_on_the_trust_anchor() {
        let request = SCENE.request();
        let judge = |anchor| {
            request
                .judge(anchor, now())
                .map_err(|refusal| refusal.check)
        };
        assert_eq!(judge(Anchor::Root(SCENE.base())), Ok(()));
        assert_eq!(judge(Anchor::Card(SCENE.base().digest())), Ok(()));
        let other = Scene::new();
        let newest = trusted(&[SCENE.first().to_vec(), SCENE.second()]);
        for (root, check) in [
            (other.base(), Check::RequestBase),
            (&newest, Check::RequestReplayed),
        ] {
            assert_eq!(judge(Anchor::Root(root)), Err(check));
            assert_eq!(judge(Anchor::Card(root.digest())), Err(check));
        }
        let late = request.judge(Anchor::Root(SCENE.base()), expires());
        assert_eq!(late.unwrap_err().check, Check::RequestExpired);
    }

    #[test]
    fn a_chain_that_starts_after_the_trusted_version_must_follow_it() {
        let third = |scene: &Scene| {
            let base = trusted(&[scene.first().to_vec(), scene.second()]);
            let mut draft = crate::metadata::RootDraft::after(&base).unwrap();
            draft.set_expires("2032-01-01T00:00:00Z".parse().unwrap());
            SigningRequest::new(
                REPOSITORY.to_owned(),
                vec![scene.second()],
                draft.freeze().unwrap(),
                scene.requested(),
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
                SCENE.requested(),
            )
            .unwrap()
        };
        assert_eq!(check(&fourth, SCENE.base()), Err(Check::RequestGap));
    }

    proptest! {
        /// A flipped bit is detected, or does not change the payload and the base root.
        #[test]
        fn no_damage_changes_what_would_be_signed(at: proptest::sample::Index, bit in 0u8..8) {
            let mut bytes = SCENE.request().to_file_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(read) = SigningRequest::read(&bytes) {
                prop_assert_eq!(read.payload().digest(), SCENE.payload().digest());
                prop_assert_eq!(read.base().digest(), SCENE.base().digest());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = SigningRequest::read(&bytes);
        }
    }
}
