//! Where a root is published: requirements, and the package with its instructions.

use std::fmt::Write as _;

use super::consignment::{Consignment, numbered, root_name};
use super::{notary, tuf_on_ci};
use crate::metadata::{Client, RoleKind, RootDocument, RootFormat};
use crate::record::UnknownName;
use crate::words::Digest;

/// The kind of repository that publishes the metadata.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[strum(parse_err_ty = UnknownName, parse_err_fn = unknown)]
pub enum Destination {
    /// Files on any web server.
    Plain,
    /// A Git repository of tuf-on-ci.
    TufOnCi,
    /// A repository of tough's `tuftool`.
    Tough,
    /// A repository of a program that uses python-tuf.
    PythonTuf,
    /// A server of Notary v1 (Docker Content Trust).
    #[strum(serialize = "notary-v1")]
    NotaryV1,
}

fn unknown(name: &str) -> UnknownName {
    UnknownName::new(
        "destination",
        name,
        Destination::ALL.map(Destination::as_str),
    )
}

const INSTRUCTIONS: &str = "INSTRUCTIONS.txt";
const README: &str = "README.md";
const SUMS: &str = "SHA256SUMS";

impl Destination {
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::TufOnCi,
        Self::Tough,
        Self::PythonTuf,
        Self::NotaryV1,
    ];

    pub const fn format(self) -> RootFormat {
        match self {
            Self::NotaryV1 => RootFormat::Notary,
            _ => RootFormat::Tuf,
        }
    }

    /// The name in scripts and options.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The client that reads the published metadata, if the destination determines it.
    pub const fn own_client(self) -> Option<Client> {
        match self {
            Self::Plain => None,
            Self::Tough => Some(Client::Tough),
            Self::TufOnCi | Self::PythonTuf => Some(Client::PythonTuf),
            Self::NotaryV1 => Some(Client::Notary),
        }
    }

    /// The reasons why the destination would refuse a root.
    pub fn objections(self, root: &RootDocument) -> Vec<String> {
        match self {
            Self::TufOnCi => tuf_on_ci::objections(root),
            _ => Vec::new(),
        }
    }

    /// The files of the package, by name: the root files, `root.json` for new clients, the instructions, and the digests.
    pub fn package(self, consignment: &Consignment<'_>) -> Vec<(String, Vec<u8>)> {
        let numbered = |(version, bytes): &(u64, Vec<u8>)| (root_name(*version), bytes.clone());
        let mut files: Vec<_> = consignment.files.iter().map(numbered).collect();
        if let Some((_, newest)) = consignment.files.last() {
            files.push(("root.json".to_owned(), newest.clone()));
        }
        let instructions = self.instructions(consignment).into_bytes();
        files.push((INSTRUCTIONS.to_owned(), instructions));
        if self == Self::NotaryV1 {
            files.push((README.to_owned(), notary::readme(consignment).into_bytes()));
        }
        files.sort();
        let mut sums = String::new();
        for (name, bytes) in &files {
            let _ = writeln!(sums, "{}  {name}", Digest::of(bytes));
        }
        files.push((SUMS.to_owned(), sums.into_bytes()));
        files
    }

    /// Whether a file of a package is derived from the others.
    pub fn is_derived(name: &str) -> bool {
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        [INSTRUCTIONS, README, SUMS].contains(&name)
    }

    /// A shell script with explanations as comments.
    fn instructions(self, consignment: &Consignment<'_>) -> String {
        if self == Self::NotaryV1 {
            return notary::instructions(consignment);
        }
        let newest = consignment.root.version();
        let files = numbered(consignment);
        let banner = if consignment.is_rehearsal {
            "# REHEARSAL: simulated tokens signed this root. Do not distribute it to production clients.\n"
        } else {
            ""
        };
        let mut text = format!(
            "#!/bin/sh\n\
             {banner}\
             # How to publish root {newest}. Read the comments, then copy the commands, or run\n\
             #   sh INSTRUCTIONS.txt\n\
             # in this directory on the machine that publishes the metadata. The script stops at the first\n\
             # problem. It is safe to run it again.\n\
             set -eu\n\
             \n\
             # 1. Check that the files were not changed.\n\
             sha256sum -c SHA256SUMS\n\
             \n\
             # 2. Verify the chain.\n\
             conclave root verify {files}\n\n"
        );
        text.push_str(&self.placing(&files, newest));
        text.push_str(&online_notes(self, consignment));
        let _ = write!(
            text,
            "# {step}. Check that the server serves the signed files, and verify the chain from version 1.\n\
             #    URL is where clients fetch metadata, without a slash at the end.\n\
             : \"${{URL:?set it to the address where clients fetch metadata}}\"\n\
             served=$(mktemp -d)\n\
             n=1\n\
             while [ \"$n\" -le {newest} ]; do\n\
             \x20 curl -fsS \"$URL/$n.root.json\" -o \"$served/$n.root.json\"\n\
             \x20 n=$((n + 1))\n\
             done\n\
             for file in {files}; do cmp \"$file\" \"$served/$file\"; done\n\
             conclave root verify \"$served\"\n\
             rm -r \"$served\"\n",
            step = if self == Self::TufOnCi { 5 } else { 4 },
        );
        text
    }

    fn placing(self, files: &str, newest: u64) -> String {
        match self {
            Self::TufOnCi => format!(
                "# 3. Add the files to the Git repository. CHECKOUT is a clean checkout of its main branch.\n\
                 #    tuf-on-ci keeps all versions in metadata/root_history/ and the newest one as metadata/root.json.\n\
                 : \"${{CHECKOUT:?set it to a clean checkout of the tuf-on-ci repository}}\"\n\
                 mkdir -p \"$CHECKOUT/metadata/root_history\"\n\
                 for file in {files}; do\n\
                 \x20 if [ -e \"$CHECKOUT/metadata/root_history/$file\" ]; then\n\
                 \x20   cmp \"$file\" \"$CHECKOUT/metadata/root_history/$file\"\n\
                 \x20 else\n\
                 \x20   install -m 644 \"$file\" \"$CHECKOUT/metadata/root_history/$file\"\n\
                 \x20 fi\n\
                 done\n\
                 install -m 644 {newest}.root.json \"$CHECKOUT/metadata/root.json\"\n\
                 git -C \"$CHECKOUT\" switch -C sign/root-{newest}\n\
                 git -C \"$CHECKOUT\" add metadata\n\
                 git -C \"$CHECKOUT\" diff --cached --quiet || git -C \"$CHECKOUT\" commit -m \"Root version {newest}\"\n\
                 git -C \"$CHECKOUT\" push origin sign/root-{newest}\n\
                 \n\
                 # 4. tuf-on-ci opens a signing event for the branch sign/root-{newest}. Check that it reports the root\n\
                 #    as signed and valid. Then merge it, and wait until the repository is published.\n\n"
            ),
            Self::Plain | Self::Tough | Self::PythonTuf | Self::NotaryV1 => format!(
                "# 3. Copy the files to the other metadata. METADATA is the directory that the server serves as URL.\n\
                 #    A version that clients may have fetched is never replaced.\n\
                 : \"${{METADATA:?set it to the directory of the metadata}}\"\n\
                 for file in {files}; do\n\
                 \x20 if [ -e \"$METADATA/$file\" ]; then\n\
                 \x20   cmp \"$file\" \"$METADATA/$file\"\n\
                 \x20 else\n\
                 \x20   install -m 644 \"$file\" \"$METADATA/.$file\" && mv \"$METADATA/.$file\" \"$METADATA/$file\"\n\
                 \x20 fi\n\
                 done\n\
                 {}\n",
                match self {
                    Self::Tough => format!(
                        "# From now on, give tuftool the newest root: tuftool update --root \"$METADATA/{newest}.root.json\" …\n"
                    ),
                    Self::PythonTuf => format!(
                        "# Programs that use python-tuf read it with Metadata.from_file(f\"{{METADATA}}/{newest}.root.json\").\n"
                    ),
                    _ => "# For new clients, which do not have a root yet, copy the newest root under a fixed name:\n\
                         install -m 644 root.json \"$METADATA/root.json\"\n"
                        .to_owned(),
                }
            ),
        }
    }
}

/// The metadata that must be signed again if keys of online roles change.
fn online_notes(destination: Destination, consignment: &Consignment<'_>) -> String {
    let Some(previous) = consignment.previous else {
        return String::new();
    };
    let changed: Vec<_> = [RoleKind::Timestamp, RoleKind::Snapshot, RoleKind::Targets]
        .into_iter()
        .filter(|kind| {
            let (old, new) = (previous.role(*kind), consignment.root.role(*kind));
            old.key_ids() != new.key_ids() || old.threshold() != new.threshold()
        })
        .map(RoleKind::as_str)
        .collect();
    if changed.is_empty() {
        return String::new();
    }
    let roles = changed.join(", ");
    let how = match destination {
        Destination::Tough => format!(
            "#      tuftool update --root \"$METADATA/{}.root.json\" --key NEW-KEY … (increase each version by one)\n",
            consignment.root.version()
        ),
        Destination::TufOnCi => {
            "#      tuf-on-ci does this when the signing event is merged.\n".to_owned()
        }
        _ => String::new(),
    };
    format!(
        "#    The keys of {roles} change with this version. Sign this metadata again with the new keys now,\n\
         #    because clients with the new root refuse signatures by the old keys.\n{how}\n"
    )
}
