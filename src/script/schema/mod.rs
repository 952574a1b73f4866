//! What a ceremony script may say: one declaration per TOML table. The reader takes names, needs, examples, words and
//! limits from it, the comments of the ready scripts are its texts, and so is `docs/formats/script.md`.

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
    /// As messages and the reference call it: `[[key]]`.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of a table. A field that is not alike in all kinds of ceremonies is declared once for each group of kinds.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: Type,
    pub(super) need: Need,
    pub(super) kinds: &'static [Kind],
    /// A line that could be it; the hint where it is missing.
    pub(super) example: &'static str,
    /// Whole sentences. The first is the comment behind the field in the ready scripts.
    pub(super) about: &'static str,
    /// Whether that comment is the meaning of the word that is there.
    pub(super) shows_word: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Need {
    Required,
    Optional,
    /// Required or refused, as other fields have it; the reader decides.
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
    /// A text that the reader checks by a rule, in words.
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
    /// A name that could be the file's.
    pub(super) example: &'static str,
}

/// People, keys, and whatever else is listed.
pub(super) const MOST: usize = 64;
/// The longest custody list or register of payloads: each grows by a few lines with each ceremony.
const LONGEST_REGISTER: usize = 4 << 20;
/// What python-tuf's client walks at most, and more than any repository has used up.
const MOST_VERSIONS: usize = 256;
/// How tuf-on-ci names people.
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
/// Those that change a root.
const CHANGES: &[Kind] = &[Kind::Rotation, Kind::Renewal];
/// Those that make a root.
const ROOTS: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal];
/// Those in which keys may be made or come in.
const MAKING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Enrollment,
    Kind::Drill,
    Kind::Recovery,
];
/// Those that open shares.
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

impl Field {
    pub(super) const fn required(
        name: &'static str,
        value: Type,
        example: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            need: Need::Required,
            kinds: ALL,
            example,
            about,
            shows_word: false,
        }
    }

    pub(super) const fn optional(
        name: &'static str,
        value: Type,
        example: &'static str,
        about: &'static str,
    ) -> Self {
        let field = Self::required(name, value, example, about);
        Self {
            need: Need::Optional,
            ..field
        }
    }

    /// A field that is required in a case that other fields make.
    pub(super) const fn when(
        case: &'static str,
        name: &'static str,
        value: Type,
        example: &'static str,
        about: &'static str,
    ) -> Self {
        let field = Self::required(name, value, example, about);
        Self {
            need: Need::When(case),
            ..field
        }
    }

    const fn showing_word(self) -> Self {
        Self {
            shows_word: true,
            ..self
        }
    }

    /// Of these kinds of ceremonies only.
    const fn of(self, kinds: &'static [Kind]) -> Self {
        Self { kinds, ..self }
    }
}

impl Table {
    /// The field as it is declared for a kind of ceremony; for any, while the kind is not known.
    pub(super) fn field(&self, name: &str, kind: Option<Kind>) -> Option<&'static Field> {
        let mut fields = self.fields.iter();
        fields
            .find(|field| field.name == name && kind.is_none_or(|kind| field.kinds.contains(&kind)))
    }

    /// Whether there is such a field in some kind of ceremony.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

impl Type {
    /// How long a text or a list may be; what has no limit of its own is no longer than the script.
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

    /// What an item of a list can be.
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
    about: "A file beside the script, bound by its SHA-256. The ceremony uses exactly these bytes, and the ceremony \
            directory keeps a copy.",
    fields: &[PINNED_NAME, PINNED_DIGEST],
};

const PINNED_NAME: Field = Field::required(
    "file",
    Type::Text(
        "1 to 120 of A-Z, a-z, 0-9, `.`, `_`, `-`, `/`; relative to the script; no part is empty or starts with `.` or `-`",
    ),
    "file = \"online/timestamp.pub.pem\"",
    "The name of the file. A ceremony directory must not use the first part of the name itself.",
);

const PINNED_DIGEST: Field = Field::required(
    "sha256",
    Type::Text("64 lower-case hex characters"),
    "sha256 = \"…\", as `sha256sum` prints it",
    "The SHA-256 of the file. Compare it with the owner of the file.",
);

/// Every table with its heading, from the script down; each once.
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
