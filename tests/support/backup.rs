//! A key with its backup, made anew for each test: what the tests of shares play with.

use age::secrecy::ExposeSecret as _;
use age::{NoCallbacks, x25519};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use conclave::backup::recipient::{Recipient, encrypt};
use conclave::backup::{
    BackupSet, Collected, Custodian, CustodianGroup, KeyEncryptionKey, Manifest, Opener,
    Protection, Refusal, SetFacts, SetPlan, ShareEntry, SupersededSet, public_half,
};
use conclave::certificate::{Algorithm, PublicKey};
use conclave::record::Provenance;
use conclave::secret::PrivateKey;
use conclave::words::Digest;
use zeroize::Zeroizing;

/// Everything of one backup; the private parts of it as well.
pub(crate) struct Backup {
    pub(crate) private: Vec<u8>,
    pub(crate) set: BackupSet,
    pub(crate) manifest: Manifest,
    pub(crate) wrapped: Vec<u8>,
    /// By custodian, in the order of the set.
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) identities: Vec<x25519::Identity>,
}

/// A private key on P-256 with its public half.
pub(crate) fn key_pair() -> (Vec<u8>, PublicKey) {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let private = PrivateKey::new(Zeroizing::new(pkcs8.as_ref().to_vec()));
    let public = public_half(&private, Algorithm::P256).unwrap();
    (pkcs8.as_ref().to_vec(), public)
}

pub(crate) fn kek() -> KeyEncryptionKey {
    KeyEncryptionKey::mix(&random(), &random(), b"test").unwrap()
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}

pub(crate) fn custodian(number: usize, identity: &x25519::Identity) -> Custodian {
    let recipient = identity.to_public().to_string().parse().unwrap();
    Custodian {
        id: format!("custodian-{number}"),
        name: format!("Custodian {number}"),
        protection: Some(Protection::Recipients(vec![recipient])),
        on_paper: false,
    }
}

pub(crate) fn facts(
    groups_needed: u8,
    groups: &[(u8, u8)],
    public_key: PublicKey,
    identities: &[x25519::Identity],
) -> SetFacts {
    let mut numbered = (1..).zip(identities);
    let groups = groups
        .iter()
        .map(|(threshold, count)| CustodianGroup {
            threshold: *threshold,
            custodians: numbered
                .by_ref()
                .take(usize::from(*count))
                .map(|(number, identity)| custodian(number, identity))
                .collect(),
        })
        .collect();
    SetFacts {
        id: hex::encode(&random()[..4]),
        repository: "example.com/updates".to_owned(),
        key: "key-3".to_owned(),
        public_key,
        provenance: Provenance::WasExtractable,
        groups_needed,
        groups,
        created_at: "2026-12-01T09:00:00Z".parse().unwrap(),
        is_rehearsal: false,
        supersedes: Vec::new(),
    }
}

impl Backup {
    pub(crate) fn new(groups_needed: u8, groups: &[(u8, u8)]) -> Self {
        let (private, public) = key_pair();
        Self::of(private, public, groups_needed, groups, Vec::new())
    }

    /// One group of custodians, all of whom are needed, each with these recipients.
    pub(crate) fn recipient_kinds(recipients: &[Vec<Recipient>]) -> Self {
        let (private, public) = key_pair();
        let identities: Vec<_> = recipients
            .iter()
            .map(|_| x25519::Identity::generate())
            .collect();
        let count = u8::try_from(recipients.len()).unwrap();
        let mut facts = facts(1, &[(count, count)], public, &identities);
        for (custodian, recipients) in facts.groups[0].custodians.iter_mut().zip(recipients) {
            custodian.protection = Some(Protection::Recipients(recipients.clone()));
        }
        Self::made(private, facts, identities)
    }

    /// The same key, backed up anew.
    pub(crate) fn reissued(&self, groups_needed: u8, groups: &[(u8, u8)]) -> Self {
        let public = self.manifest.facts().public_key.clone();
        let old = vec![self.manifest.as_superseded()];
        Self::of(self.private.clone(), public, groups_needed, groups, old)
    }

    /// Of a key that is given.
    pub(crate) fn of(
        private: Vec<u8>,
        public: PublicKey,
        groups_needed: u8,
        groups: &[(u8, u8)],
        supersedes: Vec<SupersededSet>,
    ) -> Self {
        let count: u8 = groups.iter().map(|(_, count)| count).sum();
        let identities: Vec<_> = (0..count).map(|_| x25519::Identity::generate()).collect();
        let facts = SetFacts {
            supersedes,
            ..facts(groups_needed, groups, public, &identities)
        };
        Self::made(private, facts, identities)
    }

    fn made(private: Vec<u8>, facts: SetFacts, identities: Vec<x25519::Identity>) -> Self {
        let kek = kek();
        let clear = PrivateKey::new(Zeroizing::new(private.clone()));
        let wrapped = kek.wrap(&clear).unwrap();
        let plan = SetPlan::new(facts).unwrap();
        let set = BackupSet::split(&kek, plan, aws_lc_rs::rand::fill).unwrap();
        let files: Vec<Vec<u8>> = set
            .custodians()
            .map(|(custodian, share)| {
                let Some(Protection::Recipients(recipients)) = &custodian.protection else {
                    panic!("{custodian:?}");
                };
                encrypt(share.text().as_bytes(), recipients, &NoCallbacks).unwrap()
            })
            .collect();
        let digest_of = |id: &str| {
            let place = set.shares().iter().position(|s| s.label().custodian == id);
            place.map(|place| Digest::of(&files[place]))
        };
        let manifest = set.manifest(digest_of, &wrapped).unwrap();
        Self {
            private,
            set,
            manifest,
            wrapped,
            files,
            identities,
        }
    }

    /// What the custodian of that place opens the own file with.
    pub(crate) fn opener(&self, place: usize) -> Opener {
        let text = self.identities[place].to_string();
        let file = Zeroizing::new(text.expose_secret().as_bytes().to_vec());
        Opener::identities(&file, &NoCallbacks).unwrap()
    }
}

/// Opens a share file and adds the share.
pub(crate) trait AddFile {
    fn add_file(
        &mut self,
        file: &[u8],
        with: &Opener,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal>;
}

impl AddFile for Collected {
    fn add_file(
        &mut self,
        file: &[u8],
        with: &Opener,
        expected: Option<&str>,
    ) -> Result<&ShareEntry, Refusal> {
        let opened = self.manifest().open(file, with, expected)?;
        self.add_opened(opened, expected)
    }
}
