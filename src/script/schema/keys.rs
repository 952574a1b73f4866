//! Keys and their tokens.

use super::{
    ACCOUNT, CHANGES, Field, MAKING, MOST, NOT_SIGNING, Need, Pin, ROOTS, Table, Type, field,
};
use crate::script::Kind;

/// A public key in PEM form.
pub(in crate::script) const PUBLIC_KEY: Pin = Pin {
    longest: 64 << 10,
    example: "online/timestamp.pub.pem",
};

const ENROLLMENT: Pin = Pin {
    longest: 128 << 10,
    example: "enrollments/key-3.enrollment.json",
};

const ATTESTATION: Pin = Pin {
    longest: 64 << 10,
    example: "lisbon/Slot9CAttestation.pem",
};

const HOLDER: Field = field!(required "holder", Type::Id, r#"holder = "holder-1""#,
    "The person who holds the token; needs the role key-holder.");

const KEY_TOKEN: Field = field!(required "token", Type::Table(&TOKEN),
    r#"token = { profile = "softhsm2", label = "conclave-key-1" }"#,
    "The token that holds the key, or on which the key is generated.");

const ENROLLS: &str = "for a key that is added: `enrollment` or `attestation` enrolls it; with `site`, one of them is required";
const IS_HERE: Need = Need::When("required, unless the key has `site` or `status`");

pub(super) static KEY: Table = Table {
    name: "[[key]]",
    about: "A root key and what happens to it. A rotation and a renewal list every key of the trusted root once.",
    fields: &[
        field!(required "id", Type::Id, r#"id = "key-1""#, "The name by which steps refer to the key."),
        field!(required "change" in &[Kind::Rotation], Type::Word(&[
            ("add", "a new key, generated in this ceremony"),
            ("keep", "the key stays"),
            ("move-id", "the key stays, under the ID that the specification defines"),
            ("remove", "the key is removed; if its token is present, it signs this root"),
        ]), r#"change = "keep""#,
            "What happens to the key. A key that was generated elsewhere is added with `enrollment` or `attestation`. \
             In a genesis every key is added; in a renewal every key is kept."),
        field!(when("required, unless the key is added") "key_id" in CHANGES, Type::Line(200),
            r#"key_id = "…", as `conclave root show` prints it"#,
            "The ID of the key in the trusted root."),
        field!(required "public_key" in &[Kind::Backup], Type::File(PUBLIC_KEY),
            r#"public_key = { file = "keys/key-1.pub.pem", sha256 = "…" }"#,
            "The public key of the key that gets shares."),
        field!(optional "site" in ROOTS, Type::Line(40), r#"site = "Lisbon""#,
            "The other site that holds the token. Its signature is collected from there, except for a first root. A \
             key that is added at a site is enrolled. A key with `site` or `status` has no `holder` and no `token`."),
        field!(optional "status" in CHANGES, Type::Word(&[
            ("absent", "the key does not sign this root"),
            ("lost", "the key never signs again"),
        ]), r#"status = "absent""#, "Why the key does not sign. Do not use it with `site`."),
        field!(when("optional, for a key with `site` or `status`") "held_by" in ROOTS, Type::Line(60),
            r#"held_by = "Ada Lindgren""#,
            "The name of the person who holds the key, for the review of the root."),
        Field {
            need: IS_HERE,
            kinds: NOT_SIGNING,
            ..HOLDER
        },
        Field {
            need: IS_HERE,
            kinds: NOT_SIGNING,
            ..KEY_TOKEN
        },
        field!(when(ENROLLS) "enrollment" in MAKING, Type::File(ENROLLMENT),
            r#"enrollment = { file = "enrollments/key-6.enrollment.json", sha256 = "…" }, or attestation = [{ file = … }, { file = … }]"#,
            "The enrollment file of a key that was generated at another site."),
        field!(when(ENROLLS) "attestation" in MAKING, Type::Files(ATTESTATION, 6),
            r#"attestation = [{ file = "lisbon/attestation.pem", sha256 = "…" }, { file = "lisbon/f9.pem", sha256 = "…" }]"#,
            "The attestation of the key by its YubiKey, and the certificates up to a trusted root: at least the \
             certificate of slot f9."),
        field!(when("required for a key that is generated; an existing or enrolled key already has a type")
            "type" in MAKING, Type::Word(&[
            ("ecdsa-sha2-nistp256", "P-256; most clients verify it"),
            ("ecdsa-sha2-nistp384", "P-384"),
            ("ed25519", "Ed25519; most clients verify it"),
            ("rsassa-pss-sha256", "RSA, 3072 bits"),
            ("rsassa-pss-sha256-4096", "RSA, 4096 bits"),
        ]), r#"type = "ecdsa-sha2-nistp256""#, "The type of the key."),
        field!(when("required for a key that is generated") "backup" in MAKING, Type::Word(&[
            ("none", "the other root keys are the backup"),
            ("shares", "the key is wrapped, and custodians get shares as `[backup]` defines"),
        ]), r#"backup = "none""#, "How the key is backed up."),
        field!(optional "activation" in NOT_SIGNING, Type::Tables(&SECRET, 8),
            r#"activation = [{ type = "user-pin", set_by = "holder-1", disposition = "memorized" }]"#,
            "Who sets each secret of the token, and how the secret is kept afterwards. By default the holder sets and \
             memorizes each secret, and the token keeps the management key protected by the PIN."),
        field!(optional "owner" in NOT_SIGNING, ACCOUNT, r#"owner = "@alice""#,
            "The key holder's account, for tuf-on-ci."),
    ],
};

pub(super) static SIGNING_KEY: Table = Table {
    name: "[[key]]",
    about: "The key that signs. The signing request defines its type.",
    fields: &[
        field!(required "id", Type::Id, r#"id = "key""#, "The name by which steps refer to the key."),
        field!(required "key_id", Type::Line(200), r#"key_id = "…", as in the signing request"#,
            "The ID of a key that the request asks to sign."),
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
    about: "How to identify a token. Fields that are given are compared; fields that are left out are not.",
    fields: &[
        field!(required "profile", Type::Profile(PROFILE), r#"profile = "softhsm2""#,
            "The [token profile](profile.md): its name, or `{ file = \"my-hsm.toml\", sha256 = \"…\" }` for a profile next to \
             the script."),
        field!(optional "manufacturer", Type::Line(64), r#"manufacturer = "Yubico""#,
            "The manufacturer, as the token reports it."),
        field!(optional "model", Type::Line(64), r#"model = "YubiKey 5""#,
            "The model, as the token reports it."),
        field!(optional "serial", Type::Line(64), r#"serial = "15835999""#,
            "The serial number, as the token reports it."),
        field!(optional "bag", Type::Line(64), r#"bag = "B0001234""#,
            "The number of the tamper-evident bag in which the token arrives."),
        field!(optional "label", Type::Line(32), r#"label = "conclave-key-1""#,
            "The label that the token gets when it is initialized. At most 32 bytes, without leading or trailing \
             spaces."),
        field!(optional "slot", Type::Text("`9a`, `9c`, `9d`, `9e`, or `82` to `95`"), r#"slot = "9c""#,
            "The slot of the key on a YubiKey. The default is `9c`, the slot for signatures."),
        field!(optional "pin_policy", Type::Word(&[
            ("always", "each signature requires the PIN; the default"),
            ("once", "the first signature requires the PIN"),
        ]), r#"pin_policy = "always""#, "When a YubiKey requires the PIN."),
        field!(optional "touch_policy", Type::Word(&[
            ("always", "each signature requires a touch; the default"),
            ("cached", "one touch is valid for 15 seconds"),
            ("never", "no signature requires a touch"),
        ]), r#"touch_policy = "always""#, "When a YubiKey requires a touch."),
    ],
};

static SECRET: Table = Table {
    name: "an item of \"activation\"",
    about: "A secret that gives access to a token. The secret itself is never in a script.",
    fields: &[
        field!(required "type", Type::Word(&[
            ("user-pin", "the PIN of the key holder; only the holder sets it"),
            ("so-pin", "sets a new PIN when the PIN is locked, on a PKCS#11 token"),
            ("puk", "sets a new PIN when the PIN is locked, on a YubiKey"),
            ("management-key", "authorizes generating and importing keys on a YubiKey"),
        ]), SECRET_EXAMPLE, "Which secret it is."),
        field!(optional "set_by", Type::Id, r#"set_by = "holder-1""#,
            "Who sets it. Leave it out for a secret that is discarded or protected by the PIN."),
        field!(required "disposition", Type::Word(&[
            ("memorized", "the person who sets it memorizes it"),
            ("sealed", "it is written down and sealed into the bag with this number: bag = \"B0000001\""),
            ("discarded", "it is random, and nobody sets or sees it: a locked token cannot be unlocked"),
            ("pin-protected", "the token stores it and releases it with the PIN"),
        ]), SECRET_EXAMPLE, "How the secret is kept afterwards."),
        field!(when("required where `disposition` is `sealed`") "bag", Type::Line(64), r#"bag = "B0000001""#,
            "The number of the bag that the secret is sealed into."),
    ],
};

const SECRET_EXAMPLE: &str =
    r#"{ type = "so-pin", set_by = "holder-1", disposition = "sealed", bag = "B0000001" }"#;

pub(super) static SPARE: Table = Table {
    name: "[[spare]]",
    about: "A token that replaces one that fails before the root is composed. Two people decide to use it.",
    fields: &[
        field!(required "id", Type::Id, r#"id = "spare-1""#, "The name of the spare token."),
        field!(required "token", Type::Table(&TOKEN),
            r#"token = { profile = "softhsm2", label = "conclave-spare-1" }"#,
            "The token."),
        field!(optional "keys", Type::List(&Type::Id, MOST), r#"keys = ["key-1"]"#,
            "The keys for which it may be used; not an empty list. The default is any key on a token of the same \
             profile."),
    ],
};
