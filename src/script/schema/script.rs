//! The script itself, and the small tables other than people, keys and root.

use super::keys::{KEY, SIGNING_KEY, SPARE};
use super::people::{BACKUP, PERSON};
use super::root::{ATTESTATION, FURTHER, PREVIOUS, ROOT};
use super::steps::STEP;
use super::{
    CHANGES, LONGEST_REGISTER, MOST, MOST_VERSIONS, NOT_SIGNING, Pin, RESTORING, ROOTS, Table,
    Type, field,
};
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::script::{CUSTODY_LIST, Kind};

const SIGNING: &[Kind] = &[Kind::Signing];
const BACKUPS: &[Kind] = &[Kind::Backup];
const REPOSITORY: &str = r#"repository = "example.com/updates""#;
const MANIFEST_TABLE: &str = "a table [restore] with the manifest of the shares";
/// More than one person looks after.
const MOST_REPOSITORIES: usize = 256;

pub(in crate::script) static SCRIPT: Table = Table {
    name: "the script",
    about: "The fields above the first table.",
    fields: &[
        field!(required "schema", Type::Integer(1, 1), "schema = 1", "The version of the script format."),
        field!(required "kind", Type::Word(&[
            ("genesis", "generates the root keys and signs the first root"),
            ("rotation", "changes keys, thresholds or online roles of a root"),
            ("renewal", "gives a root a later expiry and changes nothing else"),
            ("signing", "signs a root that another site composed"),
            ("enrollment", "generates a key for a root that another site composes"),
            ("drill", "shows that shares restore a key, and keeps nothing"),
            ("recovery", "restores a key from its shares onto a token"),
            ("backup", "makes shares for an existing key"),
        ]), r#"kind = "genesis""#, "The purpose of the ceremony."),
        field!(required "title", Type::Line(100), r#"title = "The first root of example.com/updates""#,
            "The title of the run sheet and of the report."),
        field!(required "repository" in ROOTS, Type::Line(100), REPOSITORY,
            "The permanent name of the repository. Of A-Z, a-z, 0-9, `.`, `_`, `-`, `/`, `:`. For Notary, the GUN."),
        field!(required "repository" in &[Kind::Enrollment], Type::Line(100), REPOSITORY,
            "The repository for whose root the key is generated."),
        field!(required "repository" in RESTORING, Type::Line(100), REPOSITORY,
            "The repository that the manifest names."),
        field!(required "repository" in SIGNING, Type::Line(100), REPOSITORY,
            "The repository that the request names."),
        field!(required "not_before", Type::Time, r#"not_before = "2026-12-01T09:00:00Z""#,
            "The clock must not be earlier; all times are UTC."),
        field!(optional "assurance", Type::Word(&[
            ("two-people", "the default: an administrator and at least two witnesses"),
            ("solo", "one person acts alone; for two people, add witnesses and delete this line"),
        ]), r#"assurance = "solo""#,
            "How many people must agree. A signing is always `solo`.")
        .showing_word(),
        field!(required "request" in SIGNING, Type::File(Pin {
            longest: 16 << 20,
            example: "2.root.request.json",
        }), "a table [request] with the file of the signing request",
            "The signing request: the chain up to the trusted root, and the new root byte for byte."),
        field!(optional "trust" in SIGNING, Type::Table(&TRUST), "a table [trust] with roots",
            "What this machine trusts. Without this table, the key holder types the digest words from the paper card \
             of the last ceremony."),
        field!(optional "register" in SIGNING, Type::File(Pin {
            longest: 16 << 20,
            example: "payloads.json",
        }), "a table [register] with the file payloads.json",
            "The register of signed payloads. No second root of the same version is signed."),
        field!(required "previous" in CHANGES, Type::Table(&PREVIOUS),
            "a table [previous] with the root that is to be changed", "The root that is changed."),
        field!(optional "further_repository" in CHANGES, Type::Tables(&FURTHER, MOST_REPOSITORIES),
            "a table [[further_repository]] with name and root",
            "Other repositories whose roots change in the same ceremony."),
        field!(optional "custody_log" in NOT_SIGNING, Type::File(Pin {
            longest: LONGEST_REGISTER,
            example: CUSTODY_LIST,
        }), r#"custody_log = { file = "previous/custody.jsonl", sha256 = "…" }"#,
            "The custody log of the previous ceremony, `keys/custody.jsonl`. A script with `[previous]` names it \
             there."),
        field!(required "root" in ROOTS, Type::Table(&ROOT), "a table [root] with threshold, expires and roles",
            "The new root."),
        field!(optional "attestation" in NOT_SIGNING, Type::Table(&ATTESTATION),
            "a table [attestation] with additional_roots", "Additional attestation roots."),
        field!(optional "person", Type::Tables(&PERSON, MOST), "a table [[person]] with id, name and roles",
            "The participants."),
        field!(optional "key" in NOT_SIGNING, Type::Tables(&KEY, MOST), "a table [[key]] with id, holder and token",
            "The root keys."),
        field!(optional "key" in SIGNING, Type::Tables(&SIGNING_KEY, MOST),
            "a table [[key]] with id, holder, token and key_id", "The one key that signs."),
        field!(optional "spare" in NOT_SIGNING, Type::Tables(&SPARE, MOST), "a table [[spare]] with id and token",
            "Spare tokens, in case one fails before the root is composed."),
        field!(optional "medium" in NOT_SIGNING, Type::Tables(&MEDIUM, MOST), "a table [[medium]] with id and holds",
            "Storage media that are sealed into bags or that hold a backup."),
        field!(optional "backup" in NOT_SIGNING, Type::Table(&BACKUP), "a table [backup] with groups",
            "Who gets a share of each key whose `backup` is `shares`."),
        field!(required "restore" in &[Kind::Drill, Kind::Recovery], Type::Table(&RESTORE), MANIFEST_TABLE,
            "The share set that the key is restored from."),
        field!(optional "restore" in BACKUPS, Type::Table(&RESTORE), MANIFEST_TABLE,
            "The share set that is superseded. Leave it out for a key that is on its token."),
        field!(optional "step", Type::Tables(&STEP, 1000), "a table [[step]] with act", "The steps, in order."),
    ],
};

static TRUST: Table = Table {
    name: "[trust]",
    about: "What this machine trusts.",
    fields: &[field!(required "roots", Type::Files(Pin {
        longest: MAX_FILE_BYTES,
        example: "trusted/1.root.json",
    }, MOST_VERSIONS), r#"roots = [{ file = "trusted/1.root.json", sha256 = "…" }]"#,
        "Root files, oldest first, starting with the trust anchor. They may have expired.")],
};

static MEDIUM: Table = Table {
    name: "[[medium]]",
    about: "A storage medium. A wrapped key and its shares are never on the same medium.",
    fields: &[
        field!(required "id", Type::Id, r#"id = "stick-a""#, "The name by which steps refer to the medium."),
        field!(optional "serial", Type::Line(64), r#"serial = "4C530001230607116123""#,
            "The serial number of the device, as the system reports it. It is compared."),
        field!(required "holds", Type::Word(&[
            ("shares", "the encrypted shares of a backup"),
            ("wrapped-key", "the wrapped keys of a backup"),
            ("export", "the export for the online machine"),
            ("mirror", "the second copy of the transcript"),
        ]), r#"holds = "export""#, "What is on the medium."),
    ],
};

const MANIFEST: Pin = Pin {
    longest: 1 << 20,
    example: "key-1.0123456789abcdef.manifest.json",
};

static RESTORE: Table = Table {
    name: "[restore]",
    about: "The share set, identified by its manifest. A manifest contains no secret.",
    fields: &[
        field!(required "manifest", Type::File(MANIFEST),
            r#"manifest = { file = "key-1.0123456789abcdef.manifest.json", sha256 = "…" }"#,
            "The manifest of the share set. A copy is kept with the shares and in the ceremony directory of the backup."),
        field!(optional "superseded_by" in BACKUPS, Type::File(MANIFEST),
            r#"superseded_by = { file = "key-1.fedcba9876543210.manifest.json", sha256 = "…" }"#,
            "The manifest of the set that has superseded this one. With it, nothing is restored, and what remains of \
             the old set is destroyed."),
        field!(required "level" in &[Kind::Drill], Type::Word(&[
            ("custody", "each share opens and belongs to the set; shares are not combined"),
            ("quorum", "the shares restore the key-encryption key; nothing is unwrapped"),
            ("full", "the key is restored, signs a message that cannot be a root, and is destroyed again: in locked memory, or on a blank token"),
        ]), r#"level = "full", "quorum" or "custody""#, "How far the drill goes."),
        field!(optional "reissue_within_days" in RESTORING, Type::Integer(1, 365), "reissue_within_days = 30",
            "Within how many days a lost share must be replaced by a new set. The default is 30."),
    ],
};
