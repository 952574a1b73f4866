//! A rotation with keys in memory, for tests.

use serde_json::json;

use super::{DetachedSignature, RequestedSignature, SigningRequest};
use crate::certificate::PublicKey;
use crate::metadata::{
    FrozenRoot, KeyId, RoleKind, RootDraft, SignedRoot, TrustedRoot, canonical, verify_chain,
};

pub(super) use crate::metadata::testing::Signer;

pub(super) const REPOSITORY: &str = "example.com/updates";

/// Version 1 has the keys 0 to 3, version 2 the keys 2 to 4. The threshold of both is 2.
pub(super) struct Scene {
    signers: [Signer; 5],
    first: Vec<u8>,
    base: TrustedRoot,
    payload: FrozenRoot,
    /// Two signatures of each of the first four keys.
    pub(super) many: Vec<DetachedSignature>,
}

pub(super) fn expires() -> jiff::Timestamp {
    "2031-01-01T00:00:00Z".parse().unwrap()
}

pub(super) fn trusted(files: &[Vec<u8>]) -> TrustedRoot {
    let files = files.iter().map(|bytes| (String::new(), bytes.clone()));
    let report = verify_chain(files, "2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(report.reasons(), []);
    report.trusted().unwrap().clone()
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::build(false)
    }

    /// In version 1, the ID of key 0 covers `keyid_hash_algorithms`. Version 2 has the specified ID.
    pub(super) fn with_old_id() -> Self {
        Self::build(true)
    }

    fn build(old_id: bool) -> Self {
        let signers = [
            Signer::p256(),
            Signer::ed25519(),
            Signer::p384(),
            Signer::rsa(),
            Signer::p256(),
        ];
        let online = Signer::p256();
        let mut draft = RootDraft::genesis(expires(), true);
        draft.set_role(RoleKind::Root, 2, signers[..4].iter().map(Signer::key));
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [online.key()]);
        }
        let mut tree = draft.freeze().unwrap().document().tree().clone();
        if old_id {
            let id = signers[0].key().id().as_str().to_owned();
            let object = tree["keys"]
                .as_object_mut()
                .unwrap()
                .shift_remove(&id)
                .unwrap();
            let mut hashed = object.clone();
            hashed["keyid_hash_algorithms"] = json!(["sha256", "sha512"]);
            let old = KeyId::of(&hashed);
            tree["keys"][old.as_str()] = object;
            for listed in tree["roles"]["root"]["keyids"].as_array_mut().unwrap() {
                if *listed == json!(id) {
                    *listed = json!(old);
                }
            }
        }
        let tree = serde_json::Value::Object(tree);
        let mut first =
            SignedRoot::new(FrozenRoot::from_signed_bytes(&canonical(&tree).unwrap()).unwrap());
        for signer in &signers[..4] {
            let signature = signer.sign(first.frozen().signed_bytes());
            for id in first.ids_of(signer.public()) {
                first.attach(&id, &signature).unwrap();
            }
        }
        let first = first.to_file_bytes();
        let base = trusted(std::slice::from_ref(&first));
        let mut tree = {
            let mut draft = RootDraft::after(&base).unwrap();
            let kept = if old_id { 0..5 } else { 2..5 };
            draft.set_role(RoleKind::Root, 2, signers[kept].iter().map(Signer::key));
            draft.freeze().unwrap().document().tree().clone()
        };
        if old_id {
            // The draft would keep the ID.
            let text = serde_json::to_string(&tree).unwrap();
            let public = signers[0].public();
            let document = base.document();
            let (old, _) = document
                .role_keys(RoleKind::Root)
                .find(|(_, listed)| listed.key().public() == Some(public))
                .unwrap();
            let text = text.replace(old.as_str(), signers[0].key().id().as_str());
            tree = serde_json::from_str(&text).unwrap();
        }
        let bytes = canonical(&serde_json::Value::Object(tree)).unwrap();
        let payload = FrozenRoot::from_signed_bytes(&bytes).unwrap();
        let mut scene = Self {
            signers,
            first,
            base,
            payload,
            many: Vec::new(),
        };
        scene.many = (0..8).map(|index| scene.detached(index % 4)).collect();
        scene
    }

    pub(super) fn public(&self, signer: usize) -> &PublicKey {
        self.signers[signer].public()
    }

    pub(super) fn id(&self, signer: usize) -> KeyId {
        self.signers[signer].key().id().clone()
    }

    pub(super) fn base(&self) -> &TrustedRoot {
        &self.base
    }

    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    pub(super) fn payload(&self) -> &FrozenRoot {
        &self.payload
    }

    pub(super) fn requested(&self) -> Vec<RequestedSignature> {
        vec![RequestedSignature {
            key_id: self.id(3),
            holder: "Grace Hopper".to_owned(),
            token: "YubiKey 15 835 999, bag A0012345".to_owned(),
        }]
    }

    pub(super) fn request(&self) -> SigningRequest {
        SigningRequest::new(
            REPOSITORY.to_owned(),
            vec![self.first.clone()],
            self.payload.clone(),
            self.requested(),
        )
        .unwrap()
    }

    pub(super) fn detached(&self, signer: usize) -> DetachedSignature {
        self.signed_by(&self.signers[signer])
    }

    pub(super) fn sign(&self, signer: usize, message: &[u8]) -> Vec<u8> {
        self.signers[signer].sign(message)
    }

    pub(super) fn detached_by_stranger(&self) -> DetachedSignature {
        self.signed_by(&Signer::ed25519())
    }

    fn signed_by(&self, signer: &Signer) -> DetachedSignature {
        DetachedSignature {
            repository: REPOSITORY.to_owned(),
            version: self.payload.version(),
            sha256: self.payload.digest(),
            key_id: signer.key().id().clone(),
            signature: signer.sign(self.payload.signed_bytes()),
        }
    }

    /// The finished version 2.
    pub(super) fn second(&self) -> Vec<u8> {
        let mut root = SignedRoot::after(self.payload.clone(), self.base.clone()).unwrap();
        for signer in &self.signers {
            let signature = signer.sign(self.payload.signed_bytes());
            root.attach(signer.key().id(), &signature).unwrap();
        }
        root.to_file_bytes()
    }
}
