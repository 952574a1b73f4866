//! The schema of ceremony scripts: one declaration per TOML table. The reader takes names, needs, examples, words and
//! limits from it; the comments of the ready scripts and `docs/formats/script.md` are generated from it.

mod comments;
mod keys;
mod people;
mod root;
mod script;
mod steps;

use super::Kind;

pub(super) use comments::annotate;
pub(super) use keys::PUBLIC_KEY;
pub(super) use script::SCRIPT;

/// A table of a script.
pub(super) struct Table {
    /// As messages and the reference name it: `[[key]]`.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of a table. A field that differs between kinds of ceremony is declared once for each group of kinds.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: Type,
    pub(super) need: Need,
    pub(super) kinds: &'static [Kind],
    /// An example line; the hint when the field is missing.
    pub(super) example: &'static str,
    /// Whole sentences. The first one is the comment after the field in the ready scripts.
    pub(super) about: &'static str,
    /// Whether that comment is the meaning of the current word instead.
    pub(super) shows_word: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Need {
    Required,
    Optional,
    /// Required or refused, depending on other fields; the reader decides.
    When(&'static str),
}

/// What a value can be.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Id,
    /// One line of at most so many characters.
    Line(usize),
    /// Lines of at most so many characters together.
    Lines(usize),
    /// A text that the reader checks by this rule.
    Text(&'static str),
    /// One of these words, each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    /// A whole number in a range, both ends included.
    Integer(i64, i64),
    Boolean,
    Time,
    /// At most so many.
    List(&'static Self, usize),
    Table(&'static Table),
    /// At most so many, as `[[name]]` or as a list of `{ … }`.
    Tables(&'static Table, usize),
    File(Pin),
    Files(Pin, usize),
    /// The name of a token profile, or a pinned input file that is one.
    Profile(Pin),
}

/// A pinned input file: `{ file = "…", sha256 = "…" }`.
#[derive(Clone, Copy)]
pub(super) struct Pin {
    /// In bytes.
    pub(super) longest: usize,
    /// An example of a file name.
    pub(super) example: &'static str,
}

/// Of people, keys, and everything else that is listed.
pub(super) const MOST: usize = 64;
/// The longest custody log or register of payloads: each grows by a few lines with each ceremony.
const LONGEST_REGISTER: usize = 4 << 20;
/// The most that python-tuf's client follows, and more than any repository has used.
const MOST_VERSIONS: usize = 256;
/// A person, as tuf-on-ci names them.
const ACCOUNT: Type = Type::Line(64);

pub(super) const ALL: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Recovery,
    Kind::Backup,
];
/// Kinds that change a root.
const CHANGES: &[Kind] = &[Kind::Rotation, Kind::Renewal];
/// Kinds that make a root.
const ROOTS: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal];
/// Kinds in which keys may be generated, enrolled or restored.
const MAKING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Recovery,
];
/// Kinds that open shares.
const RESTORING: &[Kind] = &[Kind::Drill, Kind::Recovery, Kind::Backup];
const NOT_SIGNING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Recovery,
    Kind::Backup,
];

/// A field, in one row: whether it is needed, its name, the kinds of ceremony that have it (all unless stated), its value,
/// an example, and what it means.
macro_rules! field {
    ($need:ident $(($case:expr))? $name:literal $(in $kinds:expr)?, $value:expr, $example:expr, $about:expr) => {
        $crate::script::schema::Field {
            name: $name,
            value: $value,
            need: field!(@$need $($case)?),
            kinds: field!(@kinds $($kinds)?),
            example: $example,
            about: $about,
            shows_word: false,
        }
    };
    (@required) => { $crate::script::schema::Need::Required };
    (@optional) => { $crate::script::schema::Need::Optional };
    (@when $case:expr) => { $crate::script::schema::Need::When($case) };
    (@kinds) => { $crate::script::schema::ALL };
    (@kinds $kinds:expr) => { $kinds };
}
pub(in crate::script) use field;

impl Field {
    const fn showing_word(self) -> Self {
        Self {
            shows_word: true,
            ..self
        }
    }
}

impl Table {
    /// The field as declared for a kind of ceremony; for any kind while it is not known.
    pub(super) fn field(&self, name: &str, kind: Option<Kind>) -> Option<&'static Field> {
        let mut fields = self.fields.iter();
        fields
            .find(|field| field.name == name && kind.is_none_or(|kind| field.kinds.contains(&kind)))
    }

    pub(super) fn declares(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

impl Type {
    /// The maximum length of a text or a list; without a limit of its own, the size of the script is the limit.
    pub(super) const fn most(&self) -> usize {
        match *self {
            Self::Line(most)
            | Self::Lines(most)
            | Self::List(_, most)
            | Self::Tables(_, most)
            | Self::Files(_, most) => most,
            Self::Id
            | Self::Text(_)
            | Self::Word(_)
            | Self::Integer(..)
            | Self::Boolean
            | Self::Time
            | Self::Table(_)
            | Self::File(_)
            | Self::Profile(_) => usize::MAX,
        }
    }

    /// The type of an item of a list.
    pub(super) const fn item(&self) -> Self {
        match *self {
            Self::List(item, _) => *item,
            Self::Tables(table, _) => Self::Table(table),
            Self::Files(pin, _) => Self::File(pin),
            other => other,
        }
    }
}

/// The table that stands for a pinned input file.
pub(super) static FILE: Table = Table {
    name: "pinned input file",
    about: "A file next to the script, bound by its SHA-256. The ceremony uses exactly these bytes, and the ceremony \
            directory keeps a copy.",
    fields: &[PINNED_NAME, PINNED_DIGEST],
};

const PINNED_NAME: Field = field!(required "file", Type::Text(
        "1 to 120 of A-Z, a-z, 0-9, `.`, `_`, `-`, `/`; relative to the script; no part is empty or starts with `.` or `-`",
    ), r#"file = "online/timestamp.pub.pem""#,
    "The name of the file. Its first part must not be a name that a ceremony directory itself uses.");

const PINNED_DIGEST: Field = field!(required "sha256", Type::Text("64 lower-case hex characters"),
    r#"sha256 = "…", as `sha256sum` prints it"#,
    "The SHA-256 of the file. Compare it with the owner of the file.");

/// Every table once, with its heading, starting with the script.
pub(super) fn tables() -> Vec<(String, &'static Table)> {
    let mut found = Vec::new();
    collect(&mut found, "The script".to_owned(), &SCRIPT);
    found.push(("Pinned input files".to_owned(), &FILE));
    found
}

fn collect(found: &mut Vec<(String, &'static Table)>, heading: String, table: &'static Table) {
    if found.iter().any(|(_, known)| std::ptr::eq(*known, table)) {
        return;
    }
    found.push((heading, table));
    for field in table.fields {
        if let Type::Table(inner) | Type::Tables(inner, _) = field.value {
            let name = inner.name.replace('"', "`");
            let name = if name.starts_with('[') {
                format!("`{name}`")
            } else {
                name
            };
            let heading = match field.kinds {
                [Kind::Signing] => format!("{name} of a signing"),
                _ => name,
            };
            collect(found, heading, inner);
        }
    }
}
