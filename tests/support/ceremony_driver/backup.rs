//! Backups without a machine: real shares of a key-encryption key that wraps a key of no account.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use conclave::backup::recipient::Recipient;
use conclave::backup::{
    BackupSet, Custodian, CustodianGroup, KeyEncryptionKey, Protection, SetFacts, SetPlan,
};
use conclave::ceremony::{
    BackedUp, Ceremony, Mode, OpenedBy, Outcome, Randomness, SeenMedium, WrappedIn,
};
use conclave::certificate::PublicKey;
use conclave::record::Provenance;
use conclave::script::{Holds, Keeper, KeyId, PersonId, Script, ShareKeeping, back_up};
use conclave::secret::PrivateKey;
use conclave::words::Digest;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Recipients of nobody: the identities were thrown away.
pub(crate) const RECIPIENTS: [&str; 3] = [
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
    "passphrase",
];

/// A genesis with two keys of P-256, the first of which is backed up: two of three custodians restore it.
pub(crate) fn with_backup() -> Arc<Script> {
    super::parse(&backup_text())
}

/// Its text.
pub(crate) fn backup_text() -> String {
    let script = super::genesis(&[conclave::metadata::KeyType::EcdsaP256; 2], 1);
    let keepers: Vec<Keeper> = RECIPIENTS
        .iter()
        .zip(1..)
        .map(|(recipient, n)| Keeper {
            name: format!("Custodian {n}"),
            recipient: (*recipient).to_owned(),
        })
        .collect();
    back_up(script.text(), "key-1", 2, &keepers).unwrap()
}

/// What a custodian does with a test message.
pub(crate) fn recipient_proven(ceremony: &Ceremony, custodian: &PersonId) -> Outcome {
    let keeping = ceremony.script().person(custodian).unwrap().keeping.clone();
    let (recipients, by) = match keeping.unwrap() {
        ShareKeeping::Recipient {
            recipient, second, ..
        } => (
            std::iter::once(recipient).chain(second).collect(),
            ceremony.opening_of(custodian).unwrap(),
        ),
        ShareKeeping::Passphrase => (Vec::new(), OpenedBy::Passphrase),
        ShareKeeping::Paper => panic!("nothing is proven of paper"),
    };
    Outcome::RecipientProven {
        custodian: custodian.clone(),
        recipients,
        by,
    }
}

/// The set of a key, as the executor would have made it.
pub(crate) fn backed_up(
    ceremony: &Ceremony,
    key: &KeyId,
    id: &str,
    public_key: &PublicKey,
) -> BackedUp {
    let script = ceremony.script();
    let plan = script.backup().unwrap();
    let custodian = |person: &PersonId| {
        let recipients = ceremony.proven_recipients(person);
        let closing = match script.person(person).unwrap().keeping.as_ref().unwrap() {
            ShareKeeping::Recipient { .. } => Some(Protection::Recipients(
                recipients
                    .unwrap()
                    .iter()
                    .map(|text| text.parse::<Recipient>().unwrap())
                    .collect(),
            )),
            ShareKeeping::Passphrase => Some(Protection::Passphrase),
            ShareKeeping::Paper => None,
        };
        Custodian {
            id: person.to_string(),
            name: ceremony.display_names().name(script, person).to_owned(),
            on_paper: closing.is_none(),
            protection: closing,
        }
    };
    let groups = plan.groups.iter().map(|group| CustodianGroup {
        threshold: group.threshold,
        custodians: group.custodians.iter().map(custodian).collect(),
    });
    let facts = SetFacts {
        id: id.to_owned(),
        repository: script.repository().to_owned(),
        key: key.to_string(),
        public_key: public_key.clone(),
        provenance: ceremony
            .provenance_of_backed(key)
            .unwrap_or(Provenance::WasExtractable),
        groups_needed: plan.group_threshold,
        groups: groups.collect(),
        created_at: script.not_before(),
        is_rehearsal: ceremony.mode() == Mode::Rehearsal,
        supersedes: ceremony.superseded_sets(key),
    };
    let (kek, set) = split(facts);
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
    let wrapped = kek.wrap(&PrivateKey::new(Zeroizing::new(pkcs8))).unwrap();
    let manifest = set
        .manifest(|custodian| Some(Digest::of(custodian.as_bytes())), &wrapped)
        .unwrap();
    let seen = |holds: Holds| SeenMedium {
        medium: script.medium_for(holds).unwrap().id.clone(),
        device: format!("device of {}", holds.as_str()),
    };
    BackedUp {
        key: key.clone(),
        manifest,
        quorums: plan.quorums(),
        randomness: Randomness::SystemAndToken,
        wrapped_in: if script.imports(key) || script.key(key).is_none() {
            WrappedIn::Memory
        } else {
            WrappedIn::Token
        },
        shares_on: seen(Holds::Shares),
        wrapped_on: seen(Holds::WrappedKey),
        typed_back: plan
            .custodians()
            .filter(|person| ceremony.opening_of(person) == Some(OpenedBy::Paper))
            .cloned()
            .collect(),
    }
}

/// A set of shares that is the same each time, and the key-encryption key that it is of.
pub(crate) fn split(facts: SetFacts) -> (KeyEncryptionKey, BackupSet) {
    let kek = KeyEncryptionKey::new(Box::new(Zeroizing::new([7; 32])));
    let mut counter = 0_u64;
    let random = |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            counter += 1;
            let digest = Digest::of(&counter.to_be_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
        Ok::<(), std::convert::Infallible>(())
    };
    let set = BackupSet::split(&kek, SetPlan::new(facts).unwrap(), random).unwrap();
    (kek, set)
}
