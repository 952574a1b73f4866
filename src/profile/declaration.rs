//! How a table of a profile is declared: once, for the reader, the defaults and the reference.

/// A table, as the reference describes it.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) about: &'static [&'static str],
    pub(super) fields: &'static [Field],
}

/// A field of a table, as the reference describes it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: &'static str,
    pub(super) about: &'static [&'static str],
    pub(super) words: Words,
}

/// The words that a field takes, each with its meaning.
pub(super) type Words = &'static [(&'static str, &'static [&'static str])];

/// What a value can be, as the reference describes it.
pub(super) trait Described {
    const VALUE: &'static str;
    const WORDS: Words = &[];
}

impl Described for bool {
    const VALUE: &'static str = "`true` or `false`";
}
impl Described for u64 {
    const VALUE: &'static str = "number";
}
impl Described for usize {
    const VALUE: &'static str = "number";
}
impl Described for String {
    const VALUE: &'static str = "text";
}
impl Described for Option<String> {
    const VALUE: &'static str = "text";
}
impl Described for std::path::PathBuf {
    const VALUE: &'static str = "path";
}
impl Described for crate::metadata::KeyType {
    const VALUE: &'static str = "key type";
}
impl<T> Described for std::collections::BTreeMap<String, T> {
    const VALUE: &'static str = "table of texts";
}
impl<T: Described> Described for Vec<T> {
    const VALUE: &'static str = if T::WORDS.is_empty() {
        "list"
    } else {
        "list of words of the list below"
    };
    const WORDS: Words = T::WORDS;
}

/// Declares a table: a struct of public fields with defaults. Fields after `skipping` are not in the file.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $table:ident as $name:literal {
            $( $(#[doc = $field_about:literal])+ $field:ident: $type:ty = $default:expr, )+
        }
        $( skipping { $( $(#[doc = $extra_about:literal])+ $extra:ident: $extra_type:ty, )+ } )?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $table {
            $( $(#[doc = $field_about])+ pub $field: $type, )+
            $( $( $(#[doc = $extra_about])+ #[serde(skip)] pub $extra: $extra_type, )+ )?
        }

        impl Default for $table {
            fn default() -> Self {
                Self {
                    $( $field: $default, )+
                    $( $( $extra: Default::default(), )+ )?
                }
            }
        }

        impl $crate::profile::declaration::Described for $table {
            const VALUE: &'static str = "table";
        }

        impl $table {
            pub(in crate::profile) const TABLE: $crate::profile::declaration::Table =
                $crate::profile::declaration::Table {
                    name: $name,
                    about: &[$($about),+],
                    fields: &[ $( $crate::profile::declaration::Field {
                        name: stringify!($field),
                        value: <$type as $crate::profile::declaration::Described>::VALUE,
                        about: &[$($field_about),+],
                        words: <$type as $crate::profile::declaration::Described>::WORDS,
                    }, )+ ],
                };
        }
    };
}

/// Declares an enum whose variants are words of a profile.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        $name:ident { $( $(#[doc = $meaning:literal])+ $variant:ident = $word:literal, )+ }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[doc = $meaning])+ #[serde(rename = $word)] $variant, )+
        }

        impl $crate::profile::declaration::Described for $name {
            const VALUE: &'static str = "one word of the list below";
            const WORDS: $crate::profile::declaration::Words =
                &[$( ($word, &[$($meaning),+]), )+];
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// As profiles spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }
    };
}

pub(super) use {table, words};
