//! The checks of shares, manifests and wrapped keys.

use crate::record::check_table;

check_table! {
    /// A check of a backup. IDs are stable. Checks cannot be waived. `docs/formats/share.md` and
    /// `docs/formats/backup-manifest.md` list them.
    Check {
        ManifestSize "manifest.size" "The file is larger than 1 MiB."
        ManifestForm "manifest.form" "The file is not JSON or not a well-formed backup manifest: a member is missing, unknown or not valid."
        ManifestFormat "manifest.format" "The file is not a backup manifest, or its format is not supported."
        ManifestKey "manifest.key" "The public key is not supported in a root, or does not match its fingerprint."
        ManifestGroups "manifest.groups" "The groups are not valid for a share set, or a custodian or share is listed twice."
        ManifestSet "manifest.set" "The fingerprint of the set does not match the manifest."
        ShareWord "share.word" "A word is not in the word list."
        ShareLength "share.length" "The share does not have 33 words."
        ShareChecksum "share.checksum" "The checksum does not match: a word is wrong, or two words are swapped."
        ShareForm "share.form" "The decrypted text is not a share, or does not match its words."
        ShareSize "share.size" "The file is larger than 1 MiB."
        ShareChanged "share.changed" "The file is not the one in the manifest: it was changed, or encrypted again."
        ShareDecryption "share.decryption" "The file cannot be decrypted, or not with this identity or passphrase."
        ShareKey "share.key" "The share is for a different key or repository."
        ShareSet "share.set" "The share belongs to a different set."
        ShareSuperseded "share.superseded" "The share belongs to a superseded set."
        ShareDuplicate "share.duplicate" "The share was already entered."
        ShareCustodian "share.custodian" "The share belongs to a different custodian, or the custodian does not have a share of this set."
        ShareValue "share.value" "The share has a position in this set, but is not the original share."
        ShareCheckWords "share.check-words" "The check words do not match the share."
        RestoreTooFew "restore.too-few" "More shares are required."
        RestoreCombine "restore.combine" "The shares do not belong together."
        RestoreCommitment "restore.commitment" "The shares do not restore the key-encryption key of the set."
        RestoreWrapped "restore.wrapped" "The wrapped key is not the one in the manifest."
        RestoreUnwrap "restore.unwrap" "The wrapped key cannot be unwrapped with the key-encryption key."
        RestoreKey "restore.key" "The restored private key does not match the public key in the manifest."
    }
}

pub type Refusal = crate::record::Remark<Check>;

pub(super) fn by_meaning(check: Check) -> Refusal {
    Refusal::new(check, check.meaning())
}
