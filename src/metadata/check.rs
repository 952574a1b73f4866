//! Every check of root metadata by its stable ID.

use crate::record::{Weight, check_table};

check_table! {
    /// A check of root metadata. Its ID never changes its meaning; `docs/root-checks.md` lists them.
    Check as weight: Weight {
        FileSize "file.size" Decides "The file is larger than 4 MiB."
        JsonBom "json.bom" Decides "A byte order mark stands before the text."
        JsonUtf8 "json.utf8" Decides "The text is not UTF-8."
        JsonSyntax "json.syntax" Decides "The file is not JSON, or a string has a lone surrogate."
        JsonDuplicateMember "json.duplicate-member" Decides "A member stands twice in one object: readers differ in which one they take."
        JsonNumber "json.number" Decides "A number is not an integer within ±2^53."
        JsonDepth "json.depth" Decides "Arrays and objects are nested deeper than 120 levels."
        JsonTrailing "json.trailing" Decides "Something follows the JSON text."
        FileForm "file.form" Decides "The file is not an object with an object `signed` and a list `signatures`."
        SignatureForm "signature.form" Decides "An entry of `signatures` is not an object with texts `keyid` and `sig`."
        SignatureLimit "signature.limit" Decides "There are more than 1,024 signatures."
        SignatureDuplicateKeyId "signature.duplicate-keyid" Decides "A key ID stands twice in `signatures`."
        RootType "root.type" Decides "`_type` is not `root`."
        RootSpecVersion "root.spec-version" Decides "`spec_version` is missing, or not a version 1."
        RootVersion "root.version" Decides "`version` is not an integer from 1 to 2^53."
        RootExpiresForm "root.expires-form" Decides "`expires` is not a date and time that exists."
        RootConsistentSnapshot "root.consistent-snapshot" Decides "`consistent_snapshot` is not a boolean."
        RootForm "root.form" Decides "`keys` or `roles` is missing or not an object."
        KeyForm "key.form" Decides "A key is not an object with texts `keytype` and `scheme` and an object `keyval`."
        KeyLimit "key.limit" Decides "There are more than 1,024 keys, or key IDs in a role."
        KeyId "key.id" Decides "No known rule explains the ID of a key of the root role."
        RoleMissing "role.missing" Decides "One of the roles root, timestamp, snapshot and targets is missing."
        RoleForm "role.form" Decides "A role is not an object with a list of texts `keyids`."
        RoleThreshold "role.threshold" Decides "A threshold is not an integer of at least 1."
        ChainEmpty "chain.empty" Decides "There is no root file to judge."
        ChainLimit "chain.limit" Decides "The chain has more than 100,000 versions."
        ChainVersion "chain.version" Decides "A version is not the one before it plus one."
        FileName "file.name" Decides "A file `N.root.json` does not hold version N: no client would get it where it belongs."
        ChainAnchorThreshold "chain.anchor-threshold" Decides "The trust anchor is not signed by a threshold of its own root keys."
        ChainOldThreshold "chain.old-threshold" Decides "A version is not signed by a threshold of the root keys of the version before it."
        ChainNewThreshold "chain.new-threshold" Decides "A version is not signed by a threshold of its own root keys."
        ChainFormat "chain.format" Decides "A version is in another format than the one before it: TUF 1.0, or Notary's."
        RootCertificate "root.certificate" Decides "The last version, of Notary, has fewer root keys with certificates that are valid now than its threshold: no client takes it, nor any that follows."
        RootExpired "root.expired" Decides "The last version has expired. As the sole reason: every hop verifies."

        FileLarge "file.large" Reports "The file is larger than the 512,000 bytes that clients download."
        FileNotaryForm "file.notary-form" Reports "A root of Notary is not written, byte for byte, as Notary's server writes it: the server takes it, and clients refuse what follows."
        FileUnsignedMember "file.unsigned-member" Reports "The file has members beside `signed` and `signatures`, which no signature covers."
        RootSpecVersionForm "root.spec-version-form" Reports "`spec_version` is not of the form MAJOR.MINOR.PATCH."
        RootExpiresOddForm "root.expires-odd-form" Reports "`expires` is not of the form YYYY-MM-DDTHH:MM:SSZ: clients refuse fractions and offsets."
        RootExpiresEarlier "root.expires-earlier" Reports "A version expires before the one before it."
        RootNoConsistentSnapshot "root.no-consistent-snapshot" Reports "`consistent_snapshot` is missing: some clients refuse the file."
        KeyIdRule "key.id-rule" Reports "A key ID follows another rule than the specification's."
        KeyIdUnexplained "key.id-unexplained" Reports "No known rule explains the ID of a key outside the root role."
        KeyUnusable "key.unusable" Reports "Conclave cannot verify with a key: its signatures never count."
        KeyPrivate "key.private" Reports "A key object has a PRIVATE key in it. Whoever has the file can sign."
        KeySamePublicKey "key.same-public-key" Reports "One public key stands under two key IDs. It counts once."
        KeyUnused "key.unused" Reports "A key belongs to no role."
        RoleUnknown "role.unknown" Reports "There is a role that root metadata does not have."
        RoleKeyMissing "role.key-missing" Reports "A role names a key ID that is not among the keys."
        RoleDuplicateKeyId "role.duplicate-keyid" Reports "A role names a key ID twice. It counts once."
        RoleUnreachable "role.unreachable" Reports "A role has fewer keys that can be verified than its threshold."
        SignatureUnknownKey "signature.unknown-key" Reports "A signature names a key that is no root key of this version nor of the one before it."
        SignatureEmpty "signature.empty" Reports "A signature is an empty place-holder: the key has not signed."
        SignatureInvalid "signature.invalid" Reports "A signature of a root key does not verify. It does not count."
    }
}

/// What a check has to say about root metadata.
pub type Remark = crate::record::Remark<Check>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_of_one_form() {
        let ids: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(ids.len(), Check::ALL.len());
        for id in ids {
            let (subject, what) = id.split_once('.').unwrap();
            for part in [subject, what] {
                assert!(!part.is_empty(), "{id}");
                assert!(
                    part.bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                    "{id}"
                );
            }
        }
    }
}
