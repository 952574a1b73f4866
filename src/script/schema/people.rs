//! The participants, and who of them gets shares.

use super::keys::{PUBLIC_KEY, TOKEN};
use super::{Field, MOST, Need, RESTORING, Table, Type};
use crate::script::Kind;

/// The longest public SSH key is one of RSA with 16,384 bits.
const RECIPIENT: Type = Type::Line(4000);

/// Those in which a share may go to a person.
const KEEPING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Backup,
];
/// Those in which only new shares are opened.
const NEW_SHARES: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
];

const WHERE: Type = Type::Word(&[
    ("own-device", "on a device of their own, the default"),
    ("here", "on this machine, with a hardware identity"),
]);

pub(super) static PERSON: Table = Table {
    name: "[[person]]",
    about: "A participant.",
    fields: &[
        Field::required(
            "id",
            Type::Id,
            "id = \"holder-1\"",
            "The name by which the script refers to the person. A custodian of a share set has the ID that the \
             manifest has.",
        ),
        Field::required(
            "name",
            Type::Line(60),
            "name = \"Ada Lindgren\"",
            "The name, as it is read aloud.",
        ),
        Field::required(
            "roles",
            Type::List(
                &Type::Word(&[
                    ("administrator", "performs the script; exactly one"),
                    (
                        "witness",
                        "checks, and records exceptions; at least two, and never the administrator",
                    ),
                    ("key-holder", "has a root key, and alone knows the PIN of its token"),
                    ("custodian", "keeps a share of a backup"),
                ]),
                MOST,
            ),
            "roles = [\"key-holder\"]",
            "What the person does; at least one role.",
        ),
        Field::optional(
            "substitute",
            Type::Line(60),
            "substitute = \"Bela Kovacs\"",
            "Who may come instead.",
        ),
        Field::optional(
            "approval",
            Type::Table(&APPROVAL),
            "approval = { token = { profile = \"yubikey-piv\", serial = \"15835999\" }, public_key = { file = \"approval/witness-1.pub.pem\", sha256 = \"…\" } }",
            "An approval token, in place of the approval code that the person chooses at attendance.",
        ),
        Field::optional(
            "recipient",
            RECIPIENT,
            "recipient = \"age1…\"",
            "How the person keeps a share: encrypted to this recipient, `age1…` or a public SSH key; or `passphrase`; \
             or `paper`. In a drill and in a backup, the person gets a new share.",
        )
        .of(KEEPING),
        Field {
            need: Need::When("optional, with `recipient`"),
            ..Field::optional(
                "second_recipient",
                RECIPIENT,
                "second_recipient = \"age1…\"",
                "One more recipient, whose identity is sealed elsewhere. Either opens the share.",
            )
        }
        .of(KEEPING),
        Field::optional("opens", WHERE, "opens = \"here\"", "Where the person opens a share.").of(RESTORING),
        Field::when(
            "optional, with an age or SSH `recipient`",
            "opens",
            WHERE,
            "opens = \"here\"",
            "Where the person opens the share.",
        )
        .of(NEW_SHARES),
    ],
};

static APPROVAL: Table = Table {
    name: "\"approval\"",
    about: "A token by which a person approves what two people decide. Its key must not be a root key.",
    fields: &[
        Field::required(
            "token",
            Type::Table(&TOKEN),
            "token = { profile = \"yubikey-piv\", serial = \"15835999\" }",
            "The token.",
        ),
        Field::required(
            "public_key",
            Type::File(PUBLIC_KEY),
            "public_key = { file = \"approval/witness-1.pub.pem\", sha256 = \"…\" }",
            "Its public key.",
        ),
    ],
};

pub(super) static BACKUP: Table = Table {
    name: "[backup]",
    about: "How the key-encryption key is split. Two groups and `group_threshold = 1` say \"2 of 3 officers, or 3 of 5 \
            board members\".",
    fields: &[
        Field::optional(
            "group_threshold",
            Type::Integer(1, 16),
            "group_threshold = 1",
            "How many groups restore the key. The default is all of them.",
        ),
        Field::required(
            "groups",
            Type::Tables(&GROUP, MOST),
            "groups = [{ threshold = 2, custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"] }]",
            "The groups of custodians.",
        ),
    ],
};

static GROUP: Table = Table {
    name: "a group of [backup]",
    about: "A group of custodians. As many as its threshold restore the part of the group.",
    fields: &[
        Field::required(
            "threshold",
            Type::Integer(1, 16),
            "threshold = 2",
            "How many custodians of the group are needed.",
        ),
        Field::required(
            "custodians",
            Type::List(&Type::Id, MOST),
            "custodians = [\"custodian-1\"]",
            "The people of the group; each needs the role custodian.",
        ),
    ],
};
