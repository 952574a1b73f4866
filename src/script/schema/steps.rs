//! The steps: what every step has, and what its act adds.

use super::{Field, MOST, Need, Table, Type};

pub(super) static STEP: Table = Table {
    name: "[[step]]",
    about: "A step. Every step has the fields of this table, and those of its act.",
    fields: &[
        Field::required(
            "act",
            Type::Text("the name of an act, see below"),
            "act = \"attendance\"",
            "What the step does.",
        ),
        Field::optional(
            "id",
            Type::Id,
            "id = \"closed-doors\"",
            "The name of the step in the transcript. The default is the act and what it is about.",
        ),
        Field::optional(
            "minutes",
            Type::Integer(1, 480),
            "minutes = 5",
            "How long it takes, as an estimate for the run sheet.",
        ),
    ],
};

const KEY: Field = Field::required(
    "key",
    Type::Id,
    "key = \"key-1\"",
    "The key that the step is about.",
);

const RESTORED_KEY: Field = Field {
    need: Need::When("optional, for a key on a token"),
    about: "The key. Without it, the step is about the key that old shares restored into memory.",
    ..KEY
};

const SEAL: &[Field] = &[
    Field::optional(
        "medium",
        Type::Id,
        "medium = \"stick-a\"",
        "The medium that is sealed, in place of a token.",
    ),
    Field {
        need: Need::When("required, unless there is a `medium`"),
        about: "The key whose token is sealed.",
        ..KEY
    },
    Field::required(
        "place",
        Type::Line(100),
        "place = \"Safe of key holder 1\"",
        "Where the bag is kept from now on.",
    ),
    Field::optional(
        "receiver",
        Type::Id,
        "receiver = \"holder-1\"",
        "Who takes the bag. The default is the key holder; for a medium, the administrator.",
    ),
];

const NOTE: &[Field] = &[
    Field::required(
        "text",
        Type::Lines(2000),
        "text = \"Check the seal of the bag.\"",
        "What is read aloud or done.",
    ),
    Field::required(
        "initials",
        Type::List(&Type::Id, MOST),
        "initials = [\"witness-1\"]",
        "Who initials the note; at least one person, each once.",
    ),
];

const BREAK: &[Field] = &[Field::optional(
    "text",
    Type::Line(100),
    "text = \"Lunch\"",
    "What the break is for.",
)];

const SHARE: &[Field] = &[Field::required(
    "custodian",
    Type::Id,
    "custodian = \"custodian-1\"",
    "The custodian whose share is opened.",
)];

/// What an act has beside the fields of every step.
pub(in crate::script) fn of_act(act: &str) -> &'static [Field] {
    match act {
        "note" => NOTE,
        "seal" => SEAL,
        "break" => BREAK,
        "open-share" => SHARE,
        "open-token" | "initialize-token" | "set-pin" | "generate-key" | "import-key"
        | "enroll-key" | "certify-key" | "prove-token" => &[KEY],
        "restore-key" | "prove-restore" | "back-up-key" | "prove-backup" | "destroy" => {
            &[RESTORED_KEY]
        }
        _ => &[],
    }
}
