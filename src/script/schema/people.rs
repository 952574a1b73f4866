//! The participants, and which of them get shares.

use super::keys::{PUBLIC_KEY, TOKEN};
use super::{MOST, RESTORING, Table, Type, field};
use crate::script::Kind;

/// The longest public SSH key is one of RSA with 16,384 bits.
const RECIPIENT: Type = Type::Line(4000);

/// Kinds in which a person may get a share.
const KEEPING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Backup,
];
/// Kinds in which only new shares are opened.
const NEW_SHARES: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
];

const WHERE: Type = Type::Word(&[
    ("own-device", "on a device of their own; the default"),
    ("here", "on this machine, with a hardware identity"),
]);

pub(super) static PERSON: Table = Table {
    name: "[[person]]",
    about: "A participant.",
    fields: &[
        field!(required "id", Type::Id, r#"id = "holder-1""#,
            "The name by which the script refers to the person. A custodian of an existing share set has the ID from \
             the manifest."),
        field!(required "name", Type::Line(60), r#"name = "Ada Lindgren""#, "The name, as it is read aloud."),
        field!(required "roles", Type::List(&Type::Word(&[
            ("administrator", "operates the program; exactly one"),
            ("witness", "checks each step and records exceptions; at least two, and never the administrator"),
            ("key-holder", "holds a root key, and is the only one who knows the PIN of its token"),
            ("custodian", "keeps a share of a backup"),
        ]), MOST), r#"roles = ["key-holder"]"#, "What the person does; at least one role."),
        field!(optional "substitute", Type::Line(60), r#"substitute = "Bela Kovacs""#,
            "The name of the person who may come instead."),
        field!(optional "approval", Type::Table(&APPROVAL),
            r#"approval = { token = { profile = "yubikey-piv", serial = "15835999" }, public_key = { file = "approval/witness-1.pub.pem", sha256 = "…" } }"#,
            "An approval token, in place of the approval code that the person chooses at attendance."),
        field!(optional "recipient" in KEEPING, RECIPIENT, r#"recipient = "age1…""#,
            "How the person keeps a share: encrypted to this recipient (`age1…` or a public SSH key), or `passphrase`, \
             or `paper`. In a drill and in a backup, the person gets a new share."),
        field!(when("optional, with `recipient`") "second_recipient" in KEEPING, RECIPIENT,
            r#"second_recipient = "age1…""#,
            "A second recipient whose identity is kept sealed elsewhere. Either identity opens the share."),
        field!(optional "opens" in RESTORING, WHERE, r#"opens = "here""#, "Where the person opens a share."),
        field!(when("optional, with an age or SSH `recipient`") "opens" in NEW_SHARES, WHERE, r#"opens = "here""#,
            "Where the person opens the share."),
    ],
};

static APPROVAL: Table = Table {
    name: "\"approval\"",
    about: "A token with which a person approves, in place of an approval code. Its key must not be a root key.",
    fields: &[
        field!(required "token", Type::Table(&TOKEN),
            r#"token = { profile = "yubikey-piv", serial = "15835999" }"#,
            "The token."),
        field!(required "public_key", Type::File(PUBLIC_KEY),
            r#"public_key = { file = "approval/witness-1.pub.pem", sha256 = "…" }"#,
            "Its public key."),
    ],
};

pub(super) static BACKUP: Table = Table {
    name: "[backup]",
    about: "How the key-encryption key is split. Two groups and `group_threshold = 1` mean \"2 of 3 officers, or 3 of 5 \
            board members\".",
    fields: &[
        field!(optional "group_threshold", Type::Integer(1, 16), "group_threshold = 1",
            "How many groups are needed to restore the key. The default is all groups."),
        field!(required "groups", Type::Tables(&GROUP, MOST),
            r#"groups = [{ threshold = 2, custodians = ["custodian-1", "custodian-2", "custodian-3"] }]"#,
            "The groups of custodians."),
    ],
};

static GROUP: Table = Table {
    name: "a group of [backup]",
    about: "A group of custodians, and how many of them are needed.",
    fields: &[
        field!(required "threshold", Type::Integer(1, 16), "threshold = 2",
            "How many custodians of the group are needed."),
        field!(required "custodians", Type::List(&Type::Id, MOST), r#"custodians = ["custodian-1"]"#,
            "The people in the group; each needs the role custodian."),
    ],
};
