//! Every check of shares, manifests and wrapped keys, by its stable ID.

use crate::record::check_table;

check_table! {
    /// A check of a backup. Each refuses, and none can be waived. `docs/formats/share.md` and
    /// `docs/formats/backup-manifest.md` list them.
    Check {
        ManifestSize "manifest.size" "The file is larger than 1 MiB."
        ManifestForm "manifest.form" "The file is not JSON, or lacks the form of a backup manifest: a member is missing, unknown or of another kind."
        ManifestFormat "manifest.format" "The file says that it is something else than a backup manifest, or of a format that is not known here."
        ManifestKey "manifest.key" "The fingerprint is not that of the public key, or that is none that a root may have."
        ManifestGroups "manifest.groups" "No share set can have such groups, or a custodian or file stands in them twice."
        ManifestSet "manifest.set" "The fingerprint of the set is not that of what stands in the manifest."
        ShareWord "share.word" "A word is not one of the 1,024 words."
        ShareLength "share.length" "A share of 256 bits has 33 words, and no other number."
        ShareChecksum "share.checksum" "The checksum of the words does not fit: a word is wrong, or two have changed places."
        ShareForm "share.form" "What was opened is not the text of a share, or its words contradict it."
        ShareSize "share.size" "The file is larger than any share."
        ShareChanged "share.changed" "The file is not the one that the manifest has: it was changed, or encrypted anew."
        ShareClosed "share.closed" "The file does not open: with this identity or passphrase, or at all."
        ShareKey "share.key" "The share is of another key, or of another repository."
        ShareSet "share.set" "The share is of another set."
        ShareSuperseded "share.superseded" "The share is of a set that was replaced by this one."
        ShareTwice "share.twice" "The share was entered already."
        ShareCustodian "share.custodian" "The share is another custodian's."
        ShareValue "share.value" "The words are those of a share of this set and place, but not the ones that were made for it."
        ShareCheckWords "share.check-words" "The check words are not those that stand inside the share."
        RestoreTooFew "restore.too-few" "Shares are lacking."
        RestoreCombine "restore.combine" "The shares do not fit together."
        RestoreCommitment "restore.commitment" "What the shares restore is not the key-encryption key of the set."
        RestoreWrapped "restore.wrapped" "The wrapped key is not the one that the manifest has."
        RestoreUnwrap "restore.unwrap" "The wrapped key does not open with the key-encryption key."
        RestoreKey "restore.key" "The private key that was unwrapped is not the one of the manifest's public key."
    }
}

/// Why a share, a manifest or a wrapped key is not taken.
pub type Refusal = crate::record::Remark<Check>;
