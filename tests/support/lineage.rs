//! A line of roots with a history: every kind of change, one version after the other.

use std::fs;
use std::path::Path;

use conclave::metadata::{FrozenRoot, RoleKind, RootDraft, SignedRoot, TrustedRoot, verify_chain};

use crate::support::signer::Signer;

/// The root keys that a version has, by their places among the signers; the threshold; and which online keys.
type Policy = (&'static [usize], u32, usize);

/// A change each: genesis, renewal, add, threshold up, remove, replace, threshold down, other online keys, several
/// at once, the same people with all new keys, and more renewals.
const POLICIES: [Policy; 13] = [
    (&[0, 1, 2], 2, 0),
    (&[0, 1, 2], 2, 0),
    (&[0, 1, 2, 3], 2, 0),
    (&[0, 1, 2, 3], 3, 0),
    (&[0, 1, 2], 3, 0),
    (&[0, 1, 4], 3, 0),
    (&[0, 1, 4], 2, 0),
    (&[0, 1, 4], 2, 1),
    (&[1, 4, 5, 6], 2, 0),
    (&[7, 8, 9, 10], 3, 1),
    (&[7, 8, 9, 10], 3, 1),
    (&[8, 9, 10], 2, 1),
    (&[8, 9, 10], 2, 1),
];

pub(crate) struct Lineage {
    pub(crate) signers: Vec<Signer>,
    online: [Signer; 2],
    /// The files, version 1 first.
    pub(crate) files: Vec<Vec<u8>>,
}

pub(crate) fn trusted(files: &[Vec<u8>]) -> TrustedRoot {
    let named = files
        .iter()
        .enumerate()
        .map(|(index, bytes)| (format!("{}.root.json", index + 1), bytes.clone()));
    let report = verify_chain(named, "2030-01-01T00:00:00Z".parse().unwrap());
    assert!(report.reasons().is_empty(), "{:?}", report.reasons());
    report.trusted().unwrap().clone()
}

impl Lineage {
    /// As many versions as there are kinds of change; at most as many as asked for.
    pub(crate) fn new(versions: usize) -> Self {
        let signers: Vec<_> = (0..11)
            .map(|index| match index % 3 {
                0 => Signer::p256(),
                _ => Signer::ed25519(),
            })
            .collect();
        let mut lineage = Self {
            signers,
            online: [Signer::p256(), Signer::p256()],
            files: Vec::new(),
        };
        for number in 0..versions.min(POLICIES.len()) {
            let frozen = lineage.frozen(number);
            let mut root = lineage.unsigned(frozen);
            let before = if number == 0 {
                &[]
            } else {
                POLICIES[number - 1].0
            };
            for signer in before.iter().chain(POLICIES[number].0) {
                lineage.sign(&mut root, *signer);
            }
            lineage.files.push(root.to_file_bytes());
        }
        lineage
    }

    /// The version after the last one, unsigned: the change that comes next.
    pub(crate) fn next(&self) -> FrozenRoot {
        self.frozen(self.files.len())
    }

    /// The places of the keys that may sign the version after the last one.
    pub(crate) fn may_sign(&self) -> Vec<usize> {
        let number = self.files.len();
        let mut all: Vec<_> = POLICIES[number - 1].0.to_vec();
        all.extend(POLICIES[number].0);
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(crate) fn unsigned(&self, frozen: FrozenRoot) -> SignedRoot {
        if self.files.is_empty() {
            return SignedRoot::new(frozen);
        }
        SignedRoot::after(frozen, trusted(&self.files)).unwrap()
    }

    pub(crate) fn sign(&self, root: &mut SignedRoot, signer: usize) {
        let signer = &self.signers[signer];
        let signature = signer.sign(root.frozen().signed_bytes());
        root.attach(signer.key().id(), &signature).unwrap();
    }

    fn frozen(&self, number: usize) -> FrozenRoot {
        let (keys, threshold, online) = POLICIES[number];
        let years = i64::try_from(number).unwrap();
        let expires = jiff::Timestamp::from_second(1_956_528_000 + years * 31_536_000).unwrap();
        let mut draft = if number == 0 {
            RootDraft::genesis(expires, true)
        } else {
            RootDraft::after(&trusted(&self.files)).unwrap()
        };
        draft.set_expires(expires);
        let keys = keys.iter().map(|index| self.signers[*index].key());
        draft.set_role(RoleKind::Root, threshold, keys);
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [self.online[online].key()]);
        }
        draft.freeze().unwrap()
    }

    /// Writes `1.root.json`, `2.root.json` … into a directory.
    pub(crate) fn write_roots(&self, directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        for (index, bytes) in self.files.iter().enumerate() {
            fs::write(directory.join(format!("{}.root.json", index + 1)), bytes).unwrap();
        }
    }

    /// Writes the private keys of the other roles, as the last version names them: PKCS#8 in PEM.
    pub(crate) fn write_online(&self, directory: &Path) {
        use base64::Engine as _;
        fs::create_dir_all(directory).unwrap();
        let online = &self.online[POLICIES[self.files.len() - 1].2];
        let text = base64::engine::general_purpose::STANDARD.encode(online.pkcs8());
        let lines: Vec<_> = text.as_bytes().chunks(64).collect();
        let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        for line in lines {
            pem.push_str(std::str::from_utf8(line).unwrap());
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        for role in ["timestamp", "snapshot", "targets"] {
            fs::write(directory.join(format!("{role}.pem")), &pem).unwrap();
        }
    }
}
