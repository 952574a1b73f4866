//! What must hold of any chain, not only of the chains that somebody thought of.

use std::sync::LazyLock;

use conclave::metadata::{
    ChainReport, RoleKind, RootDraft, RootFile, SignedRoot, TrustedRoot, verify_chain,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::signer::Signer;

fn judge(files: &[Vec<u8>]) -> ChainReport {
    let named = files.iter().map(|bytes| (String::new(), bytes.clone()));
    verify_chain(named, "2030-01-01T00:00:00Z".parse().unwrap())
}

/// Version 1: keys 0 to 3, threshold 2. Version 2: keys 2 to 5, threshold 3.
struct Rotation {
    signers: [Signer; 6],
    first: Vec<u8>,
    trusted: TrustedRoot,
    draft: RootDraft,
}

impl Rotation {
    fn new() -> Self {
        let signers = [
            Signer::p256(),
            Signer::ed25519(),
            Signer::p384(),
            Signer::rsa(),
            Signer::p256(),
            Signer::ed25519(),
        ];
        let online = Signer::p256();
        let mut draft = RootDraft::genesis("2031-01-01T00:00:00Z".parse().unwrap(), true);
        draft.set_role(RoleKind::Root, 2, signers[..4].iter().map(Signer::key));
        for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
            draft.set_role(kind, 1, [online.key()]);
        }
        let mut first = SignedRoot::new(draft.freeze().unwrap());
        for signer in &signers[..4] {
            sign(&mut first, signer);
        }
        let first = first.to_file_bytes();
        let trusted = judge(std::slice::from_ref(&first))
            .trusted()
            .unwrap()
            .clone();
        let mut draft = RootDraft::after(&trusted).unwrap();
        draft.set_role(RoleKind::Root, 3, signers[2..].iter().map(Signer::key));
        Self {
            signers,
            first,
            trusted,
            draft,
        }
    }

    fn second(&self, by: impl IntoIterator<Item = usize>) -> SignedRoot {
        let frozen = self.draft.clone().freeze().unwrap();
        let mut signed = SignedRoot::after(frozen, self.trusted.clone()).unwrap();
        for index in by {
            sign(&mut signed, &self.signers[index]);
        }
        signed
    }
}

fn sign(root: &mut SignedRoot, signer: &Signer) {
    let signature = signer.sign(root.frozen().signed_bytes());
    root.attach(signer.key().id(), &signature).unwrap();
}

static ROTATION: LazyLock<Rotation> = LazyLock::new(Rotation::new);

#[test]
fn any_subset_of_signers_counts_for_what_it_is() {
    for subset in 0u32..64 {
        let by = || (0..6).filter(|index| subset & (1 << index) != 0);
        let old = by().filter(|index| *index < 4).count();
        let new = by().filter(|index| *index >= 2).count();
        let enough = old >= 2 && new >= 3;
        let signed = ROTATION.second(by());
        assert_eq!(signed.is_complete(), enough, "{subset:06b}");
        let progress = signed.progress();
        assert_eq!(progress.previous.unwrap().have, old as u64, "{subset:06b}");
        assert_eq!(progress.own.have, new as u64, "{subset:06b}");
        let report = judge(&[ROTATION.first.clone(), signed.to_file_bytes()]);
        assert_eq!(report.is_accepted(), enough, "{subset:06b}");
        let version = if enough { 2 } else { 1 };
        assert_eq!(report.version(), Some(version), "{subset:06b}");
    }
}

/// What happens to a byte.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(u8),
    Insert(u8),
    Remove,
    Swap,
    CutOff,
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, at: usize) {
        match self {
            Self::Replace(byte) => bytes[at] = *byte,
            Self::Insert(byte) => bytes.insert(at, *byte),
            Self::Remove => drop(bytes.remove(at)),
            Self::Swap => {
                let other = (at + 1) % bytes.len();
                bytes.swap(at, other);
            }
            Self::CutOff => bytes.truncate(at),
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        any::<u8>().prop_map(Mutation::Replace),
        proptest::sample::select(b"0123456789abcdef\"{}[],:\\ ".to_vec())
            .prop_map(Mutation::Replace),
        any::<u8>().prop_map(Mutation::Insert),
        Just(Mutation::Remove),
        Just(Mutation::Swap),
        Just(Mutation::CutOff),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_changed_byte_is_refused_or_changes_nothing_signed(
        which in 0..2usize,
        at in any::<Index>(),
        mutation in mutation(),
    ) {
        static CHAIN: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
            [ROTATION.first.clone(), ROTATION.second(0..6).to_file_bytes()]
        });
        let mut files = CHAIN.clone();
        let at = at.index(files[which].len());
        mutation.apply(&mut files[which], at);
        let report = judge(&files);
        if report.is_accepted() {
            for (file, before) in files.iter().zip(CHAIN.iter()) {
                let signed = |bytes: &[u8]| {
                    RootFile::read(bytes).unwrap().document().signed_bytes().to_vec()
                };
                prop_assert_eq!(signed(file), signed(before));
            }
        } else {
            let last = if which == 0 { None } else { Some(1) };
            prop_assert_eq!(report.version(), last);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let report = judge(&[bytes]);
        prop_assert!(!report.is_accepted());
    }
}
