//! The steps: what every step has. The fields of each act are in its description, in `script::act`.

use super::{Table, Type, field};

pub(super) static STEP: Table = Table {
    name: "[[step]]",
    about: "A step. Every step has the fields of this table, and the fields of its act.",
    fields: &[
        field!(required "act", Type::Text("the name of an act, see below"), r#"act = "attendance""#,
            "What the step does."),
        field!(optional "id", Type::Id, r#"id = "closed-doors""#,
            "The name of the step in the transcript. The default is the name of the act and its object."),
        field!(optional "minutes", Type::Integer(1, 480), "minutes = 5",
            "The estimated duration, for the run sheet."),
    ],
};
