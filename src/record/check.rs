//! What the tables of checks have in common: each check has a stable ID and a meaning, and what it says is a remark.

use std::error::Error;
use std::fmt::{self, Debug, Display};

use serde::Serialize;

/// What a check does to a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It refuses what is judged.
    Decides,
    /// It is reported, and decides nothing.
    Reports,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark<C> {
    pub check: C,
    /// A sentence for a person. Foreign text in it is escaped.
    pub detail: String,
}

impl<C> Remark<C> {
    pub fn new(check: C, detail: impl Into<String>) -> Self {
        Self {
            check,
            detail: detail.into(),
        }
    }

    /// The same remark, told of a file.
    pub fn of_file(self, name: &str) -> Self {
        Self {
            detail: format!("{}: {}", name.escape_debug(), self.detail),
            ..self
        }
    }
}

impl<C: Display> Display for Remark<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.detail)
    }
}

/// A remark of a check that refuses can be returned as an error.
impl<C: Debug + Display> Error for Remark<C> {}

/// Makes an enum of checks from a table with a row for each: its variant, its stable ID, and what it means. A table
/// whose checks differ in a property has its value between the two: `as weight: Weight`.
macro_rules! check_table {
    (
        $(#[$about:meta])*
        $table:ident { $($variant:ident $id:literal $meaning:literal)+ }
    ) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $table {
            $(#[doc = $meaning] #[serde(rename = $id)] $variant,)+
        }

        impl $table {
            /// Every check, in the order of its document.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable ID.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }

        impl std::fmt::Display for $table {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.id())
            }
        }
    };
    (
        $(#[$about:meta])*
        $table:ident as $property:ident: $kind:ident {
            $($variant:ident $id:literal $value:ident $meaning:literal)+
        }
    ) => {
        $crate::record::check_table! {
            $(#[$about])*
            $table { $($variant $id $meaning)+ }
        }

        impl $table {
            /// What the table says of it beside its meaning.
            pub const fn $property(self) -> $kind {
                match self { $(Self::$variant => $kind::$value,)+ }
            }
        }
    };
}
pub(crate) use check_table;
