//! Signed roots for tests.

use serde_json::{Value, json};

use super::canonical_json::canonical;
use super::chain::{TrustedRoot, verify_chain};
use super::draft::RootDraft;
use super::key::Key;
use super::role::RoleKind;

#[path = "../../tests/support/signer.rs"]
mod signer;

pub(crate) use signer::Signer;
pub(super) use signer::ecdsa_signature_in_other_encodings;

/// One signer of each type.
pub(super) fn signers<const N: usize>(kinds: [&str; N]) -> [Signer; N] {
    kinds.map(|kind| match kind {
        "p256" => Signer::p256(),
        "p384" => Signer::p384(),
        "ed25519" => Signer::ed25519(),
        _ => panic!("{kind}"),
    })
}

/// An initial root with a threshold of 2, edited and then signed by its root keys.
pub(super) fn signed_genesis(
    root: &[&Signer],
    online: &Signer,
    edit: impl FnOnce(&mut Value),
) -> Vec<u8> {
    let mut draft = RootDraft::genesis("2031-01-01T00:00:00Z".parse().unwrap(), true);
    draft.set_role(RoleKind::Root, 2, root.iter().map(|signer| signer.key()));
    for kind in [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets] {
        draft.set_role(kind, 1, [online.key()]);
    }
    let mut signed = Value::Object(draft.freeze().unwrap().document().tree().clone());
    edit(&mut signed);
    sign_tree(&signed, root)
}

/// Signs a tree with those signers that are root keys in it.
pub(super) fn sign_tree(tree: &Value, signers: &[&Signer]) -> Vec<u8> {
    let bytes = canonical(tree).unwrap();
    let signatures: Vec<Value> = tree["roles"]["root"]["keyids"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|id| {
            let key = Key::from_object(&tree["keys"][id.as_str()?]).ok()?;
            let signer = signers
                .iter()
                .find(|signer| Some(signer.public()) == key.public())?;
            Some(json!({"keyid": id, "sig": hex::encode(signer.sign(&bytes))}))
        })
        .collect();
    serde_json::to_vec_pretty(&json!({"signatures": signatures, "signed": tree})).unwrap()
}

/// The newest root of a valid chain.
pub(super) fn trusted(files: impl IntoIterator<Item = Vec<u8>>) -> TrustedRoot {
    let files: Vec<_> = files
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| (format!("{}.root.json", index + 1), bytes))
        .collect();
    let report = verify_chain(files.into_iter(), "2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(report.reasons(), []);
    report.trusted().unwrap().clone()
}
