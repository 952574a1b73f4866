//! Tables of checks with stable IDs and meanings, and the remarks that checks make.

use std::error::Error;
use std::fmt::{self, Debug, Display};

use serde::Serialize;

/// The effect of a check on the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The check rejects the file.
    Decides,
    /// The check is reported only.
    Reports,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark<C> {
    pub check: C,
    /// For people. Untrusted text in it is escaped.
    pub detail: String,
}

impl<C> Remark<C> {
    pub fn new(check: C, detail: impl Into<String>) -> Self {
        Self {
            check,
            detail: detail.into(),
        }
    }

    /// The same remark with the name of the file.
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

impl<C: Debug + Display> Error for Remark<C> {}

/// Declares an enum of checks. Each row has a variant, a stable ID and a meaning. Tables declared with
/// `as weight: Weight` also have the value of that property between ID and meaning.
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
            /// All checks, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable ID.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

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
            pub const fn $property(self) -> $kind {
                match self { $(Self::$variant => $kind::$value,)+ }
            }
        }
    };
}
pub(crate) use check_table;
