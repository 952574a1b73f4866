//! Keys and their tokens.

use super::{ACCOUNT, CHANGES, Field, MAKING, MOST, NOT_SIGNING, Pin, ROOTS, Table, Type};
use crate::script::Kind;

/// A public key in PEM form.
pub(in crate::script) const PUBLIC_KEY: Pin = Pin {
    longest: 64 << 10,
    example: "online/timestamp.pub.pem",
};

const HOLDER: Field = Field::required(
    "holder",
    Type::Id,
    "holder = \"holder-1\"",
    "The person who has the token, a key-holder.",
);

const KEY_TOKEN: Field = Field::required(
    "token",
    Type::Table(&TOKEN),
    "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }",
    "The token that the key is on, or is made on.",
);

pub(super) static KEY: Table = Table {
    name: "[[key]]",
    about: "A key, and what happens to it. A rotation and a renewal list every key of the trusted root once.",
    fields: &[
        Field::required("id", Type::Id, "id = \"key-1\"", "The name by which steps refer to the key."),
        Field::required(
            "change",
            Type::Word(&[
                ("add", "a new key, made in this ceremony"),
                ("keep", "it stays"),
                ("move-id", "it stays, under the ID that the specification gives it"),
                ("remove", "it goes; if its token is here, it signs this once more"),
            ]),
            "change = \"keep\"",
            "What becomes of the key. A key that was made elsewhere is added by `enrollment` or `attestation`. In a genesis every key is added; in a renewal every key is kept.",
        )
        .of(&[Kind::Rotation]),
        Field::when(
            "required, unless the key is added",
            "key_id",
            Type::Line(200),
            "key_id = \"…\", as `conclave root show` prints it",
            "The ID of the key in the root before.",
        )
        .of(CHANGES),
        Field::required(
            "public_key",
            Type::File(PUBLIC_KEY),
            "public_key = { file = \"keys/key-1.pub.pem\", sha256 = \"…\" }",
            "The public key of the key that gets shares.",
        )
        .of(&[Kind::Backup]),
        Field::optional(
            "site",
            Type::Line(40),
            "site = \"Lisbon\"",
            "The token is at another site, which owes the signature. A key that is added at a site is enrolled. A key \
             with `site` or `status` has no `holder` and no `token`.",
        )
        .of(ROOTS),
        Field::optional(
            "status",
            Type::Word(&[
                ("absent", "it does not sign this time"),
                ("lost", "it never signs again"),
            ]),
            "status = \"absent\"",
            "Why the key does not sign. Not together with `site`.",
        )
        .of(CHANGES),
        Field::when(
            "optional, for a key with `site` or `status`",
            "held_by",
            Type::Line(60),
            "held_by = \"Ada Lindgren\"",
            "The name of the person who has the key, for the review of the root.",
        )
        .of(ROOTS),
        Field {
            need: super::Need::When("required, unless the key has `site` or `status`"),
            ..HOLDER
        }
        .of(NOT_SIGNING),
        Field {
            need: super::Need::When("required, unless the key has `site` or `status`"),
            ..KEY_TOKEN
        }
        .of(NOT_SIGNING),
        Field::when(
            "for a key that is added: either `enrollment` or `attestation` enrolls it; with `site`, one is required",
            "enrollment",
            Type::File(Pin {
                longest: 128 << 10,
                example: "enrollments/key-3.enrollment.json",
            }),
            "enrollment = { file = \"enrollments/key-6.enrollment.json\", sha256 = \"…\" }, or attestation = [{ file = … }, { file = … }]",
            "The enrollment file of a key that was made at another site.",
        )
        .of(MAKING),
        Field::when(
            "for a key that is added: either `enrollment` or `attestation` enrolls it; with `site`, one is required",
            "attestation",
            Type::Files(
                Pin {
                    longest: 64 << 10,
                    example: "lisbon/Slot9CAttestation.pem",
                },
                6,
            ),
            "attestation = [{ file = \"lisbon/attestation.pem\", sha256 = \"…\" }, { file = \"lisbon/f9.pem\", sha256 = \"…\" }]",
            "The attestation of the key by its YubiKey, and the certificates between it and a root: at least that of \
             slot f9.",
        )
        .of(MAKING),
        Field::when(
            "required for a key that is made; a key that exists or is enrolled has a type already",
            "type",
            Type::Word(&[
                ("ecdsa-sha2-nistp256", "P-256, verified by most clients"),
                ("ecdsa-sha2-nistp384", "P-384"),
                ("ed25519", "Ed25519, verified by most clients"),
                ("rsassa-pss-sha256", "RSA with 3072 bits"),
                ("rsassa-pss-sha256-4096", "RSA with 4096 bits"),
            ]),
            "type = \"ecdsa-sha2-nistp256\"",
            "The type of the key.",
        )
        .of(MAKING),
        Field::when(
            "required for a key that is made",
            "backup",
            Type::Word(&[
                ("none", "the backup of a root key is the other root keys"),
                ("shares", "the key is wrapped, and custodians get shares as `[backup]` has it"),
            ]),
            "backup = \"none\"",
            "Whether the key has a backup.",
        )
        .of(MAKING),
        Field::optional(
            "activation",
            Type::Tables(&SECRET, 8),
            "activation = [{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"memorized\" }]",
            "What opens the token, who sets it, and what becomes of it. The default is that the holder sets and \
             memorizes each secret; a management key is kept under the PIN.",
        )
        .of(NOT_SIGNING),
        Field::optional(
            "owner",
            ACCOUNT,
            "owner = \"@alice\"",
            "The account of the key holder, for tuf-on-ci.",
        )
        .of(NOT_SIGNING),
    ],
};

pub(super) static SIGNING_KEY: Table = Table {
    name: "[[key]]",
    about: "The key that signs. The request has its type.",
    fields: &[
        Field::required(
            "id",
            Type::Id,
            "id = \"key\"",
            "The name by which steps refer to the key.",
        ),
        Field::required(
            "key_id",
            Type::Line(200),
            "key_id = \"…\", as the request names it",
            "The ID of a key that the request asks to sign.",
        ),
        HOLDER,
        KEY_TOKEN,
    ],
};

const PROFILE: Pin = Pin {
    longest: crate::profile::LONGEST,
    example: "my-hsm.toml",
};

pub(super) static TOKEN: Table = Table {
    name: "\"token\"",
    about: "How to tell the right token from others. What is given is compared; what is left out is not.",
    fields: &[
        Field::required(
            "profile",
            Type::Profile(PROFILE),
            "profile = \"softhsm2\"",
            "The [token profile](profile.md): its name, or `{ file = \"my-hsm.toml\", sha256 = \"…\" }` for a profile next to \
             the script.",
        ),
        Field::optional(
            "manufacturer",
            Type::Line(64),
            "manufacturer = \"Yubico\"",
            "The manufacturer, as the token reports it.",
        ),
        Field::optional(
            "model",
            Type::Line(64),
            "model = \"YubiKey 5\"",
            "The model, as the token reports it.",
        ),
        Field::optional(
            "serial",
            Type::Line(64),
            "serial = \"15835999\"",
            "The serial number, as the token reports it.",
        ),
        Field::optional(
            "bag",
            Type::Line(64),
            "bag = \"B0001234\"",
            "The number of the tamper-evident bag that the token arrives in.",
        ),
        Field::optional(
            "label",
            Type::Line(32),
            "label = \"conclave-key-1\"",
            "The label that the token gets when it is initialized. At most 32 bytes, and no space at its ends.",
        ),
        Field::optional(
            "slot",
            Type::Text("`9a`, `9c`, `9d`, `9e`, or `82` to `95`"),
            "slot = \"9c\"",
            "The slot of the key on a YubiKey. The default is `9c`, which is for signatures.",
        ),
        Field::optional(
            "pin_policy",
            Type::Word(&[
                ("always", "each signature requires the PIN; the default"),
                ("once", "the first signature requires the PIN"),
            ]),
            "pin_policy = \"always\"",
            "When a YubiKey requires the PIN.",
        ),
        Field::optional(
            "touch_policy",
            Type::Word(&[
                ("always", "each signature requires a touch; the default"),
                ("cached", "a touch holds for 15 seconds"),
                ("never", "no signature requires a touch"),
            ]),
            "touch_policy = \"always\"",
            "When a YubiKey requires a touch.",
        ),
    ],
};

static SECRET: Table = Table {
    name: "an item of \"activation\"",
    about: "A secret that opens a token. The secret itself is never in a script.",
    fields: &[
        Field::required(
            "type",
            Type::Word(&[
                (
                    "user-pin",
                    "the PIN of the key holder, who sets it and nobody else",
                ),
                (
                    "so-pin",
                    "sets a new PIN when that is locked, on a PKCS#11 token",
                ),
                ("puk", "sets a new PIN when that is locked, on a YubiKey"),
                ("management-key", "makes and imports keys on a YubiKey"),
            ]),
            SECRET_EXAMPLE,
            "The secret.",
        ),
        Field::optional(
            "set_by",
            Type::Id,
            "set_by = \"holder-1\"",
            "Who sets it. Nobody sets a secret that is discarded or kept under the PIN.",
        ),
        Field::required(
            "disposition",
            Type::Word(&[
                ("memorized", "whoever set it knows it by heart"),
                (
                    "sealed",
                    "it is written down and sealed into the bag of that number: bag = \"B0000001\"",
                ),
                (
                    "discarded",
                    "it is random, set by nobody and seen by nobody: a locked token is lost then",
                ),
                (
                    "pin-protected",
                    "the token keeps it, and releases it with the PIN",
                ),
            ]),
            SECRET_EXAMPLE,
            "What becomes of it.",
        ),
        Field::when(
            "required where `disposition` is `sealed`",
            "bag",
            Type::Line(64),
            "bag = \"B0000001\"",
            "The number of the bag that it is sealed into.",
        ),
    ],
};

const SECRET_EXAMPLE: &str =
    "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"sealed\", bag = \"B0000001\" }";

pub(super) static SPARE: Table = Table {
    name: "[[spare]]",
    about: "A token that may stand in for one that fails before the root is composed. Two people decide to take it.",
    fields: &[
        Field::required(
            "id",
            Type::Id,
            "id = \"spare-1\"",
            "The name of the spare token.",
        ),
        Field::required(
            "token",
            Type::Table(&TOKEN),
            "token = { profile = \"softhsm2\", label = \"conclave-spare-1\" }",
            "The token.",
        ),
        Field::optional(
            "keys",
            Type::List(&Type::Id, MOST),
            "keys = [\"key-1\"]",
            "The keys for which it may be taken; not an empty list. The default is any key on a token of its profile.",
        ),
    ],
};
