//! The new root, and the trusted root that it builds on.

use super::{
    ACCOUNT, Field, LONGEST_REGISTER, MOST, MOST_VERSIONS, PINNED_DIGEST, PINNED_NAME, Pin, Table,
    Type, field,
};
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::script::{CUSTODY_LIST, Kind};

const GENESIS: &[Kind] = &[Kind::Genesis];
const ROTATION: &[Kind] = &[Kind::Rotation];
const THRESHOLD: Type = Type::Integer(1, 64);

pub(super) static ROOT: Table = Table {
    name: "[root]",
    about: "The new root. Its keys are the `[[key]]` tables.",
    fields: &[
        field!(required "threshold" in GENESIS, THRESHOLD, "threshold = 3",
            "Signatures that a root needs; have at least two more keys than that."),
        field!(optional "threshold" in ROTATION, THRESHOLD, "threshold = 3",
            "Signatures that a root needs. The default is the threshold of the trusted root."),
        field!(required "expires", Type::Time, r#"expires = "2027-12-01T00:00:00Z""#,
            "When the root expires; renew it well before."),
        field!(required "destination", Type::Word(&[
            ("plain", "the TUF specification and nothing else"),
            ("tuf-on-ci", "a repository of tuf-on-ci"),
            ("tough", "clients built on tough"),
            ("python-tuf", "clients built on python-tuf"),
            ("notary-v1", "Docker Content Trust (Notary v1)"),
        ]), r#"destination = "plain""#,
            "Where the root is published. The root is checked against what clients there accept.")
        .showing_word(),
        field!(when("required, unless `destination` is `notary-v1`: then it is false")
            "consistent_snapshot" in GENESIS, Type::Boolean, "consistent_snapshot = true",
            "Whether file names in the repository include versions and hashes."),
        field!(optional "notary-v1", Type::Table(&NOTARY), "a table [root.notary-v1]", "Settings for Notary v1."),
        field!(optional "tuf-on-ci", Type::Table(&TUF_ON_CI), "a table [root.tuf-on-ci]", "Settings for tuf-on-ci."),
        field!(optional "require_provenance", Type::Word(&[
            ("attested", "the manufacturer's certificate shows that the key was generated in its token"),
        ]), r#"require_provenance = "attested""#,
            "The provenance that every key added to the root must prove."),
        field!(when("required, unless `[root.notary-v1]` has a `template`") "roles" in GENESIS, Type::Table(&ROLES),
            "tables [root.roles.timestamp], [root.roles.snapshot] and [root.roles.targets]",
            "The online roles."),
        field!(optional "roles" in ROTATION, Type::Table(&ROLES),
            "a table [root.roles.timestamp] with threshold and keys",
            "The online roles that change. A role that is left out stays as in the trusted root."),
    ],
};

const ROLE_CASE: &str = "required in a genesis without a `template`";

static ROLES: Table = Table {
    name: "[root.roles]",
    about: "The roles that sign every day with online keys. The ceremony needs only their public keys.",
    fields: &[
        field!(when(ROLE_CASE) "timestamp", Type::Table(&ROLE),
            "a table [root.roles.timestamp] with threshold and keys", "The role that signs the timestamp."),
        field!(when(ROLE_CASE) "snapshot", Type::Table(&ROLE),
            "a table [root.roles.snapshot] with threshold and keys", "The role that signs the snapshot."),
        field!(when(ROLE_CASE) "targets", Type::Table(&ROLE),
            "a table [root.roles.targets] with threshold and keys", "The role that signs the targets."),
    ],
};

static ROLE: Table = Table {
    name: "[root.roles.ROLE]",
    about: "An online role: `timestamp`, `snapshot` or `targets`.",
    fields: &[
        field!(required "threshold", THRESHOLD, "threshold = 1",
            "Signatures that the role needs: at most as many as it has keys."),
        field!(required "keys", Type::Tables(&ONLINE_KEY, MOST),
            r#"keys = [{ file = "online/timestamp.pub.pem", sha256 = "…" }]"#,
            "The public keys of the role."),
    ],
};

static ONLINE_KEY: Table = Table {
    name: "a key of [root.roles.ROLE]",
    about: "A public key of an online role: a pinned input file and, for tuf-on-ci, who or what holds the private key.",
    fields: &[
        field!(optional "owner", ACCOUNT, r#"owner = "@alice""#,
            "The account of the person who holds the key, for tuf-on-ci."),
        field!(optional "uri", Type::Line(500), r#"uri = "gcpkms:…""#,
            "The service that holds the key, for tuf-on-ci: `gcpkms:…`, `awskms:…` or `azurekms:…`. Do not use it with \
             `owner`."),
        PINNED_NAME,
        PINNED_DIGEST,
    ],
};

static NOTARY: Table = Table {
    name: "[root.notary-v1]",
    about: "Settings for a Notary v1 root, which has a certificate for each root key.",
    fields: &[
        field!(optional "certificate_name", Type::Line(100), r#"certificate_name = "docker.io/example/app""#,
            "The common name of the certificates: the name of the repository, or a prefix of it and `*`. The default \
             is `repository`."),
        field!(optional "certificate_expires", Type::Time, r#"certificate_expires = "2036-12-01T00:00:00Z""#,
            "When the certificates expire. The default is after 10 years, or with the root if that is later."),
        field!(optional "template", Type::File(Pin {
            longest: MAX_FILE_BYTES,
            example: "previous/template.root.json",
        }), r#"template = { file = "previous/template.root.json", sha256 = "…" }"#,
            "A root that `notary init` created and that was never published. Its online roles are used; its root key \
             is not."),
    ],
};

static TUF_ON_CI: Table = Table {
    name: "[root.tuf-on-ci]",
    about: "How long signatures are valid, and when roles are signed again.",
    fields: &[
        field!(optional "root", Type::Table(&PERIODS), "root = { expiry_days = 365, signing_days = 60 }",
            "The periods of the root role."),
        field!(optional "online", Type::Table(&PERIODS), "online = { expiry_days = 7, signing_days = 4 }",
            "The periods of the online roles."),
    ],
};

static PERIODS: Table = Table {
    name: "periods of [root.tuf-on-ci]",
    about: "The two periods of a role.",
    fields: &[
        field!(required "expiry_days", Type::Integer(1, 36_525), "expiry_days = 365",
            "For how many days a signature is valid."),
        field!(required "signing_days", Type::Integer(1, 36_525), "signing_days = 60",
            "How many days before expiry the role is signed again. Less than `expiry_days`."),
    ],
};

const OLDER_ROOT: Pin = Pin {
    longest: MAX_FILE_BYTES,
    example: "previous/7.root.json",
};

const CHAIN: Field = field!(optional "chain", Type::Files(OLDER_ROOT, MOST_VERSIONS),
    r#"chain = [{ file = "previous/6.root.json", sha256 = "…" }]"#,
    "The root versions before `root`, starting with the trust anchor. The chain is verified from there.");

const TRUSTED: Field = field!(required "root", Type::File(OLDER_ROOT),
    r#"root = { file = "previous/7.root.json", sha256 = "…" }"#,
    "The root that clients trust now.");

pub(super) static PREVIOUS: Table = Table {
    name: "[previous]",
    about: "The root that clients trust now, and what the ceremony that made it recorded.",
    fields: &[
        CHAIN,
        TRUSTED,
        field!(optional "transcript_digest", Type::Text("32 words"),
            r#"transcript_digest = "…", the 32 words written on the closing note"#,
            "The transcript digest of the previous ceremony, as written by hand on its closing note. It needs a \
             `register` that contains it."),
        field!(optional "custody_log", Type::File(Pin {
            longest: LONGEST_REGISTER,
            example: CUSTODY_LIST,
        }), r#"custody_log = { file = "previous/custody.jsonl", sha256 = "…" }"#,
            "The custody log of the previous ceremony, `keys/custody.jsonl`."),
        field!(optional "register", Type::File(Pin {
            longest: LONGEST_REGISTER,
            example: "previous/payloads.json",
        }), r#"register = { file = "previous/payloads.json", sha256 = "…" }"#,
            "The register of signed payloads of the previous ceremony, `keys/payloads.json`."),
    ],
};

pub(super) static FURTHER: Table = Table {
    name: "[[further_repository]]",
    about: "Another repository whose root has the same keys and changes in the same way.",
    fields: &[
        field!(required "name", Type::Line(100), r#"name = "docker.io/example/app""#,
            "The name of the repository, in the same form as `repository`."),
        CHAIN,
        TRUSTED,
    ],
};

pub(super) static ATTESTATION: Table = Table {
    name: "[attestation]",
    about: "Attestation roots to trust in addition to the built-in roots of manufacturers.",
    fields: &[field!(required "additional_roots", Type::Files(Pin {
            longest: 64 << 10,
            example: "attestation-root.pem",
        }, MOST), r#"additional_roots = [{ file = "attestation-root.pem", sha256 = "…" }]"#,
            "Root certificates, in PEM or DER form.")],
};
