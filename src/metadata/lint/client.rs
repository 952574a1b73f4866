//! The TUF clients whose behavior was tested.

use serde::Serialize;

use crate::record::UnknownName;

/// An implementation that reads root metadata.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownName, parse_err_fn = unknown)]
pub enum Client {
    /// python-tuf 7.0.1, with securesystemslib 1.6.0.
    PythonTuf,
    /// tough 0.24.
    Tough,
    /// tuf-js 5.0.1.
    TufJs,
    /// go-tuf 2.
    GoTuf,
    /// sigstore-tuf 0.15.1, the Rust client of Sigstore.
    Sigstore,
    /// Notary 0.7 (Docker Content Trust).
    Notary,
}

fn unknown(name: &str) -> UnknownName {
    let names = Client::TUF.into_iter().chain([Client::Notary]);
    UnknownName::new("client", name, names.map(Into::into))
}

impl Client {
    /// The clients of TUF 1.0.
    pub const TUF: [Self; 5] = [
        Self::PythonTuf,
        Self::Tough,
        Self::TufJs,
        Self::GoTuf,
        Self::Sigstore,
    ];
}
