//! The root that is made, and the one that it builds on.

use super::{
    ACCOUNT, Field, LONGEST_REGISTER, MOST, MOST_VERSIONS, PINNED_DIGEST, PINNED_NAME, Pin, Table,
    Type,
};
use crate::metadata::limits::MAX_FILE_BYTES;
use crate::script::CUSTODY_LIST;
use crate::script::Kind;

pub(super) static ROOT: Table = Table {
    name: "[root]",
    about: "The root that is made. Its keys are the `[[key]]` tables.",
    fields: &[
        Field::required(
            "threshold",
            Type::Integer(1, 64),
            "threshold = 3",
            "Signatures that a root needs; leave at least two keys to spare.",
        )
        .of(&[Kind::Genesis]),
        Field::optional(
            "threshold",
            Type::Integer(1, 64),
            "threshold = 3",
            "Signatures that a root needs. The default is the threshold of the root before.",
        )
        .of(&[Kind::Rotation]),
        Field::required(
            "expires",
            Type::Time,
            "expires = \"2027-12-01T00:00:00Z\"",
            "Renew it well before. When the root expires.",
        ),
        Field::required(
            "destination",
            Type::Word(&[
                ("plain", "the TUF specification, and nothing else"),
                ("tuf-on-ci", "a repository of tuf-on-ci"),
                ("tough", "clients built on tough"),
                ("python-tuf", "clients built on python-tuf"),
                ("notary-v1", "Docker Content Trust (Notary v1)"),
            ]),
            "destination = \"plain\"",
            "Where the root is published. The root is checked against what clients there accept.",
        )
        .showing_word(),
        Field::when(
            "required, unless `destination` is `notary-v1`: then it is false",
            "consistent_snapshot",
            Type::Boolean,
            "consistent_snapshot = true",
            "File names in the repository carry versions and hashes.",
        )
        .of(&[Kind::Genesis]),
        Field::optional(
            "notary-v1",
            Type::Table(&NOTARY),
            "a table [root.notary-v1]",
            "What only Notary v1 needs.",
        ),
        Field::optional(
            "tuf-on-ci",
            Type::Table(&TUF_ON_CI),
            "a table [root.tuf-on-ci]",
            "What only tuf-on-ci needs.",
        ),
        Field::optional(
            "require_provenance",
            Type::Word(&[(
                "attested",
                "the maker's certificate shows that the key was generated in its token",
            )]),
            "require_provenance = \"attested\"",
            "What every key that comes into the root must prove of its origin.",
        ),
        Field::when(
            "required, unless `[root.notary-v1]` has a `template`",
            "roles",
            Type::Table(&ROLES),
            "tables [root.roles.timestamp], [root.roles.snapshot] and [root.roles.targets]",
            "The online roles.",
        )
        .of(&[Kind::Genesis]),
        Field::optional(
            "roles",
            Type::Table(&ROLES),
            "a table [root.roles.timestamp] with threshold and keys",
            "The online roles that change. A role that is left out stays as the root before has it.",
        )
        .of(&[Kind::Rotation]),
    ],
};

const ROLE_CASE: &str = "required in a genesis without a `template`";

static ROLES: Table = Table {
    name: "[root.roles]",
    about: "The roles that sign every day, with keys that are online. Only public keys come into the ceremony.",
    fields: &[
        Field::when(
            ROLE_CASE,
            "timestamp",
            Type::Table(&ROLE),
            "a table [root.roles.timestamp] with threshold and keys",
            "The role that signs the timestamp.",
        ),
        Field::when(
            ROLE_CASE,
            "snapshot",
            Type::Table(&ROLE),
            "a table [root.roles.snapshot] with threshold and keys",
            "The role that signs the snapshot.",
        ),
        Field::when(
            ROLE_CASE,
            "targets",
            Type::Table(&ROLE),
            "a table [root.roles.targets] with threshold and keys",
            "The role that signs the targets.",
        ),
    ],
};

static ROLE: Table = Table {
    name: "[root.roles.ROLE]",
    about: "An online role: `timestamp`, `snapshot` or `targets`.",
    fields: &[
        Field::required(
            "threshold",
            Type::Integer(1, 64),
            "threshold = 1",
            "Signatures that the role needs: at most as many as it has keys.",
        ),
        Field::required(
            "keys",
            Type::Tables(&ONLINE_KEY, MOST),
            "keys = [{ file = \"online/timestamp.pub.pem\", sha256 = \"…\" }]",
            "The public keys of the role.",
        ),
    ],
};

static ONLINE_KEY: Table = Table {
    name: "a key of [root.roles.ROLE]",
    about: "A public key of an online role: a pinned input file, and for tuf-on-ci where the private key is.",
    fields: &[
        Field::optional(
            "owner",
            ACCOUNT,
            "owner = \"@alice\"",
            "The account of the person who has the key, for tuf-on-ci.",
        ),
        Field::optional(
            "uri",
            Type::Line(500),
            "uri = \"gcpkms:…\"",
            "The service that has the key, for tuf-on-ci: `gcpkms:…`, `awskms:…` or `azurekms:…`. Not together with \
             `owner`.",
        ),
        PINNED_NAME,
        PINNED_DIGEST,
    ],
};

static NOTARY: Table = Table {
    name: "[root.notary-v1]",
    about: "What a root of Notary v1 has beside a TUF root: a certificate for each root key.",
    fields: &[
        Field::optional(
            "certificate_name",
            Type::Line(100),
            "certificate_name = \"docker.io/example/app\"",
            "The common name of the certificates: the name of the repository, or its beginning and `*`. The default is `repository`.",
        ),
        Field::optional(
            "certificate_expires",
            Type::Time,
            "certificate_expires = \"2036-12-01T00:00:00Z\"",
            "When the certificates expire. The default is 10 years, or as long as the root.",
        ),
        Field::optional(
            "template",
            Type::File(Pin {
                longest: MAX_FILE_BYTES,
                example: "previous/template.root.json",
            }),
            "template = { file = \"previous/template.root.json\", sha256 = \"…\" }",
            "A root that `notary init` made and nobody published. Its online roles are taken over; its root key is not.",
        ),
    ],
};

static TUF_ON_CI: Table = Table {
    name: "[root.tuf-on-ci]",
    about: "How long roles are valid, and when they are signed again.",
    fields: &[
        Field::optional(
            "root",
            Type::Table(&PERIODS),
            "root = { expiry_days = 365, signing_days = 60 }",
            "The periods of the root role.",
        ),
        Field::optional(
            "online",
            Type::Table(&PERIODS),
            "online = { expiry_days = 7, signing_days = 4 }",
            "The periods of the online roles.",
        ),
    ],
};

static PERIODS: Table = Table {
    name: "periods of [root.tuf-on-ci]",
    about: "The two periods of a role.",
    fields: &[
        Field::required(
            "expiry_days",
            Type::Integer(1, 36_525),
            "expiry_days = 365",
            "For how many days a signature is valid.",
        ),
        Field::required(
            "signing_days",
            Type::Integer(1, 36_525),
            "signing_days = 60",
            "How many days before that end the role is signed again. Less than `expiry_days`.",
        ),
    ],
};

const OLDER_ROOT: Pin = Pin {
    longest: MAX_FILE_BYTES,
    example: "previous/7.root.json",
};

const CHAIN: Field = Field::optional(
    "chain",
    Type::Files(OLDER_ROOT, MOST_VERSIONS),
    "chain = [{ file = \"previous/6.root.json\", sha256 = \"…\" }]",
    "The versions before `root`, from the trust anchor on. Export replays the chain from there.",
);

const TRUSTED: Field = Field::required(
    "root",
    Type::File(OLDER_ROOT),
    "root = { file = \"previous/7.root.json\", sha256 = \"…\" }",
    "The root that clients trust now.",
);

pub(super) static PREVIOUS: Table = Table {
    name: "[previous]",
    about: "The root that clients trust now, and what the ceremony that made it left behind.",
    fields: &[
        CHAIN,
        TRUSTED,
        Field::optional(
            "transcript_digest",
            Type::Text("32 words"),
            "transcript_digest = \"…\", the 32 words on the closing note",
            "The transcript digest of the ceremony before, as it is written by hand on the closing note. It needs a `register` that \
             knows it.",
        ),
        Field::optional(
            "custody_log",
            Type::File(Pin {
                longest: LONGEST_REGISTER,
                example: CUSTODY_LIST,
            }),
            "custody_log = { file = \"previous/custody.jsonl\", sha256 = \"…\" }",
            "The custody list of the ceremony before, `keys/custody.jsonl`.",
        ),
        Field::optional(
            "register",
            Type::File(Pin {
                longest: LONGEST_REGISTER,
                example: "previous/payloads.json",
            }),
            "register = { file = \"previous/payloads.json\", sha256 = \"…\" }",
            "The register of signed payloads of the ceremony before, `keys/payloads.json`.",
        ),
    ],
};

pub(super) static FURTHER: Table = Table {
    name: "[[further_repository]]",
    about: "Another repository whose root has the same keys and changes in the same way.",
    fields: &[
        Field::required(
            "name",
            Type::Line(100),
            "name = \"docker.io/example/app\"",
            "The name of the repository, as `repository`.",
        ),
        CHAIN,
        TRUSTED,
    ],
};

pub(super) static ATTESTATION: Table = Table {
    name: "[attestation]",
    about: "Roots of attestation beside those of the makers, which the program knows.",
    fields: &[Field::required(
        "additional_roots",
        Type::Files(
            Pin {
                longest: 64 << 10,
                example: "attestation-root.pem",
            },
            MOST,
        ),
        "additional_roots = [{ file = \"attestation-root.pem\", sha256 = \"…\" }]",
        "Root certificates, in PEM or DER form.",
    )],
};
