//! The steps: what every step has. The fields of each act are in its description, in `script::act`.

use super::{Field, Table, Type};

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
