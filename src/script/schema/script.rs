//! The script itself, and the small tables beside people, keys and root.

use super::keys::{KEY, SIGNING_KEY, SPARE};
use super::people::{BACKUP, PERSON};
use super::root::{ATTESTATION, FURTHER, PREVIOUS, ROOT};
use super::steps::STEP;
use super::{
    CHANGES, Field, LONGEST_REGISTER, MOST, MOST_VERSIONS, NOT_SIGNING, Pin, RESTORING, ROOTS,
    Table, Type,
};
use crate::script::CUSTODY_LIST;
use crate::script::Kind;

const REPOSITORY: &str = "repository = \"example.com/updates\"";
/// More than one person looks after.
const MOST_REPOSITORIES: usize = 256;

pub(in crate::script) static SCRIPT: Table = Table {
    name: "the script",
    about: "What stands above the first table.",
    fields: &[
        Field::required(
            "schema",
            Type::Integer(1, 1),
            "schema = 1",
            "The version of this language.",
        ),
        Field::required(
            "kind",
            Type::Word(&[
                ("genesis", "makes the root keys and signs the first root"),
                ("rotation", "changes keys, thresholds or online roles of a root"),
                ("renewal", "gives a root a later expiry, and changes nothing else"),
                ("signing", "signs a root that another site composed"),
                ("enrollment", "makes a key for a root that another site composes"),
                ("drill", "shows that the shares of a key restore it, and keeps nothing"),
                ("recovery", "restores a key from its shares onto a token"),
                ("backup", "makes shares of a key that exists"),
            ]),
            "kind = \"genesis\"",
            "What the ceremony is for.",
        ),
        Field::required(
            "title",
            Type::Line(100),
            "title = \"The first root of example.com/updates\"",
            "The title of the run sheet and of the report.",
        ),
        Field::required(
            "repository",
            Type::Line(100),
            REPOSITORY,
            "Names the line of roots, for good. Of A-Z, a-z, 0-9, `.`, `_`, `-`, `/`, `:`. For Notary, the GUN.",
        )
        .of(ROOTS),
        Field::required(
            "repository",
            Type::Line(100),
            REPOSITORY,
            "The line of roots for which the key is made.",
        )
        .of(&[Kind::Enrollment]),
        Field::required(
            "repository",
            Type::Line(100),
            REPOSITORY,
            "As in the manifest.",
        )
        .of(RESTORING),
        Field::required(
            "repository",
            Type::Line(100),
            REPOSITORY,
            "Must be the one that the request names.",
        )
        .of(&[Kind::Signing]),
        Field::required(
            "not_before",
            Type::Time,
            "not_before = \"2026-12-01T09:00:00Z\"",
            "The clock may not be earlier; all times are UTC.",
        ),
        Field::optional(
            "assurance",
            Type::Word(&[
                ("two-people", "the default: an administrator and at least two witnesses"),
                ("solo", "one person acts alone; for two, add witnesses and take this out"),
            ]),
            "assurance = \"solo\"",
            "How many people must agree. A signing is always `solo`.",
        )
        .showing_word(),
        Field::required(
            "request",
            Type::File(Pin {
                longest: 16 << 20,
                example: "2.root.request.json",
            }),
            "a table [request] with the file of the signing request",
            "The signing request: the chain up to the root that is changed, and the new root byte for byte.",
        )
        .of(&[Kind::Signing]),
        Field::optional(
            "trust",
            Type::Table(&TRUST),
            "a table [trust] with roots",
            "What this machine trusts. Without this table the key holder types the digest words of the paper card of \
             the last ceremony.",
        )
        .of(&[Kind::Signing]),
        Field::optional(
            "register",
            Type::File(Pin {
                longest: 16 << 20,
                example: "payloads.json",
            }),
            "a table [register] with the file payloads.json",
            "The register of the payloads that were signed before. No second root of the same version is signed.",
        )
        .of(&[Kind::Signing]),
        Field::required(
            "previous",
            Type::Table(&PREVIOUS),
            "a table [previous] with the root that is to be changed",
            "The root that is changed.",
        )
        .of(CHANGES),
        Field::optional(
            "further_repository",
            Type::Tables(&FURTHER, MOST_REPOSITORIES),
            "a table [[further_repository]] with name and root",
            "Other repositories whose roots change in the same ceremony.",
        )
        .of(CHANGES),
        Field::optional(
            "custody_log",
            Type::File(Pin {
                longest: LONGEST_REGISTER,
                example: CUSTODY_LIST,
            }),
            "custody_log = { file = \"previous/custody.jsonl\", sha256 = \"…\" }",
            "The custody list of the last ceremony, `keys/custody.jsonl`. A script with `[previous]` names it there.",
        )
        .of(NOT_SIGNING),
        Field::required(
            "root",
            Type::Table(&ROOT),
            "a table [root] with threshold, expires and roles",
            "The root that is made.",
        )
        .of(ROOTS),
        Field::optional(
            "attestation",
            Type::Table(&ATTESTATION),
            "a table [attestation] with additional_roots",
            "At which roots the attestations of tokens may end.",
        )
        .of(NOT_SIGNING),
        Field::optional(
            "person",
            Type::Tables(&PERSON, MOST),
            "a table [[person]] with id, name and roles",
            "The participants.",
        ),
        Field::optional(
            "key",
            Type::Tables(&KEY, MOST),
            "a table [[key]] with id, holder and token",
            "The root keys.",
        )
        .of(NOT_SIGNING),
        Field::optional(
            "key",
            Type::Tables(&SIGNING_KEY, MOST),
            "a table [[key]] with id, holder, token and key_id",
            "The one key that signs.",
        )
        .of(&[Kind::Signing]),
        Field::optional(
            "spare",
            Type::Tables(&SPARE, MOST),
            "a table [[spare]] with id and token",
            "Spare tokens, for when one fails before the root is composed.",
        )
        .of(NOT_SIGNING),
        Field::optional(
            "medium",
            Type::Tables(&MEDIUM, MOST),
            "a table [[medium]] with id and holds",
            "Storage media that go into bags as tokens do, or that hold a backup.",
        )
        .of(NOT_SIGNING),
        Field::optional(
            "backup",
            Type::Table(&BACKUP),
            "a table [backup] with groups",
            "Who gets a share of each key whose `backup` is `shares`.",
        )
        .of(NOT_SIGNING),
        Field::required(
            "restore",
            Type::Table(&RESTORE),
            "a table [restore] with the manifest of the shares",
            "The share set that the key is restored from.",
        )
        .of(&[Kind::Drill, Kind::Recovery]),
        Field::optional(
            "restore",
            Type::Table(&RESTORE),
            "a table [restore] with the manifest of the shares",
            "The share set that is superseded. A key that is on its token has none.",
        )
        .of(&[Kind::Backup]),
        Field::optional(
            "step",
            Type::Tables(&STEP, 1000),
            "a table [[step]] with act",
            "The steps, in the order in which they are done.",
        ),
    ],
};

static TRUST: Table = Table {
    name: "[trust]",
    about: "What this machine trusts.",
    fields: &[Field::required(
        "roots",
        Type::Files(
            Pin {
                longest: crate::metadata::limits::MAX_FILE_BYTES,
                example: "trusted/1.root.json",
            },
            MOST_VERSIONS,
        ),
        "roots = [{ file = \"trusted/1.root.json\", sha256 = \"…\" }]",
        "Root files from the trust anchor on, the oldest first. They may have expired.",
    )],
};

static MEDIUM: Table = Table {
    name: "[[medium]]",
    about: "A storage medium. A wrapped key and its shares never lie on the same one.",
    fields: &[
        Field::required(
            "id",
            Type::Id,
            "id = \"stick-a\"",
            "The name by which steps refer to it.",
        ),
        Field::optional(
            "serial",
            Type::Line(64),
            "serial = \"4C530001230607116123\"",
            "The serial number of the device, as the system reports it. It is compared.",
        ),
        Field::required(
            "holds",
            Type::Word(&[
                ("shares", "the encrypted shares of a backup"),
                ("wrapped-key", "the wrapped keys of a backup"),
                ("export", "what leaves for the online machine"),
                ("mirror", "the second copy of the transcript"),
            ]),
            "holds = \"export\"",
            "What is on it.",
        ),
    ],
};

const MANIFEST: Pin = Pin {
    longest: 1 << 20,
    example: "key-1.0123456789abcdef.manifest.json",
};

static RESTORE: Table = Table {
    name: "[restore]",
    about: "The share set, by its manifest. A manifest holds no secret.",
    fields: &[
        Field::required(
            "manifest",
            Type::File(MANIFEST),
            "manifest = { file = \"key-1.0123456789abcdef.manifest.json\", sha256 = \"…\" }",
            "The manifest of the share set, as it lies with the shares and with the record of the backup.",
        ),
        Field::optional(
            "superseded_by",
            Type::File(MANIFEST),
            "superseded_by = { file = \"key-1.fedcba9876543210.manifest.json\", sha256 = \"…\" }",
            "The manifest of the set that superseded it already. Then nothing is restored, and what is left of the \
             old set is destroyed.",
        )
        .of(&[Kind::Backup]),
        Field::required(
            "level",
            Type::Word(&[
                ("custody", "each share opens, and is of the set; none comes together with another"),
                ("quorum", "the shares restore the key-encryption key; nothing is unwrapped"),
                ("full", "the key itself is restored, signs a message that can be no root, and is destroyed again: in locked memory, or on a blank token"),
            ]),
            "level = \"full\"; or \"quorum\", or \"custody\"",
            "How far the drill goes.",
        )
        .of(&[Kind::Drill]),
        Field::optional(
            "reissue_within_days",
            Type::Integer(1, 365),
            "reissue_within_days = 30",
            "How soon a lost share is made good by a new set. The default is 30.",
        )
        .of(RESTORING),
    ],
};
