//! Where a root goes from here: what the destination asks for, and the instructions to bring it there.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use super::consignment::{Consignment, numbered, root_name};
use super::{notary, tuf_on_ci};
use crate::metadata::{Client, RoleKind, RootDocument, RootFormat};
use crate::words::Digest;

/// What publishes the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Files on any web server.
    Plain,
    /// A Git repository that tuf-on-ci runs.
    TufOnCi,
    /// A repository that `tuftool`, of tough, keeps.
    Tough,
    /// A repository that a program with python-tuf keeps.
    PythonTuf,
    /// A server of Notary v1, as Docker Content Trust has it.
    NotaryV1,
}

/// A text that names no [`Destination`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no destination; there are plain, tuf-on-ci, tough, python-tuf, notary-v1")]
pub struct UnknownDestination {
    /// The text.
    pub name: String,
}

/// The name of the instructions in a package.
const INSTRUCTIONS: &str = "INSTRUCTIONS.txt";
/// The name of what people want to know beside them.
const README: &str = "README.md";
/// The name of the list of digests in a package.
const SUMS: &str = "SHA256SUMS";

impl Destination {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::TufOnCi,
        Self::Tough,
        Self::PythonTuf,
        Self::NotaryV1,
    ];

    /// The format of roots there.
    pub const fn format(self) -> RootFormat {
        match self {
            Self::NotaryV1 => RootFormat::Notary,
            _ => RootFormat::Tuf,
        }
    }

    /// The name, as options give it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TufOnCi => "tuf-on-ci",
            Self::Tough => "tough",
            Self::PythonTuf => "python-tuf",
            Self::NotaryV1 => "notary-v1",
        }
    }

    /// The client that reads what the destination publishes, where that is told by its name.
    pub const fn own_client(self) -> Option<Client> {
        match self {
            Self::Plain => None,
            Self::Tough => Some(Client::Tough),
            Self::TufOnCi | Self::PythonTuf => Some(Client::PythonTuf),
            Self::NotaryV1 => Some(Client::Notary),
        }
    }

    /// What the destination would not take in a root, a sentence each.
    pub fn objections(self, root: &RootDocument) -> Vec<String> {
        match self {
            Self::TufOnCi => tuf_on_ci::objections(root),
            _ => Vec::new(),
        }
    }

    /// All that goes there, by name: the versions, the newest under the name for newcomers, how they get to clients,
    /// and the digests of all.
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

    /// Whether a file of a package follows from the others, and is made anew with them.
    pub fn is_made_anew(name: &str) -> bool {
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        [INSTRUCTIONS, README, SUMS].contains(&name)
    }

    /// How the files get to clients: a shell script whose prose is comments, to be followed to the letter.
    fn instructions(self, consignment: &Consignment<'_>) -> String {
        if self == Self::NotaryV1 {
            return notary::instructions(consignment);
        }
        let newest = consignment.root.version();
        let files = numbered(consignment);
        let banner = if consignment.is_rehearsal {
            "# REHEARSAL: throw-away tokens signed this. No client that counts may ever get it.\n"
        } else {
            ""
        };
        let mut text = format!(
            "#!/bin/sh\n\
             {banner}\
             # How root {newest} gets to its clients. Prose is comments: read it, then copy the commands, or run\n\
             #   sh INSTRUCTIONS.txt\n\
             # in the directory in which this lies, on the machine that publishes. It stops at the first thing\n\
             # that is not as it should be. Running it again does no harm.\n\
             set -eu\n\
             \n\
             # 1. Nothing was changed on the way.\n\
             sha256sum -c SHA256SUMS\n\
             \n\
             # 2. The chain verifies.\n\
             conclave root verify {files}\n\n"
        );
        text.push_str(&self.placing(&files, newest));
        text.push_str(&online_notes(self, consignment));
        let _ = write!(
            text,
            "# {step}. What the server serves now is what was signed, and verifies from version 1 on.\n\
             #    URL is where clients fetch metadata, without a slash at the end.\n\
             : \"${{URL:?where clients fetch metadata}}\"\n\
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
                "# 3. Into the Git repository. CHECKOUT is a clean checkout of its main branch.\n\
                 #    tuf-on-ci keeps every version in metadata/root_history/, and the newest as metadata/root.json.\n\
                 : \"${{CHECKOUT:?a clean checkout of the repository of tuf-on-ci}}\"\n\
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
                 # 4. tuf-on-ci opens a signing event for the branch sign/root-{newest}. Its report must say that the root\n\
                 #    is signed and valid; merge it, and wait until the repository is published.\n\n"
            ),
            Self::Plain | Self::Tough | Self::PythonTuf | Self::NotaryV1 => format!(
                "# 3. To the other metadata. METADATA is the directory that the server serves as URL.\n\
                 #    A version that clients have seen is never replaced by other bytes.\n\
                 : \"${{METADATA:?the directory of the metadata}}\"\n\
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
                        "# tuftool takes the newest root by its path: from now on, tuftool update --root \"$METADATA/{newest}.root.json\" …\n"
                    ),
                    Self::PythonTuf => format!(
                        "# A program with python-tuf reads it so: Metadata.from_file(f\"{{METADATA}}/{newest}.root.json\")\n"
                    ),
                    _ => "# For newcomers, who have no root yet, the newest one under a name that does not change:\n\
                         install -m 644 root.json \"$METADATA/root.json\"\n"
                        .to_owned(),
                }
            ),
        }
    }
}

/// What has to be signed anew when keys of online roles change.
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
            "#      tuftool update --root \"$METADATA/{}.root.json\" --key NEW-KEY … (its versions go up by one)\n",
            consignment.root.version()
        ),
        Destination::TufOnCi => {
            "#      tuf-on-ci does that by itself when the signing event is merged.\n".to_owned()
        }
        _ => String::new(),
    };
    format!(
        "#    The keys of {roles} change with this version. Have that metadata signed anew by the new keys now:\n\
         #    clients that have the new root refuse what the old keys signed.\n{how}\n"
    )
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Destination {
    type Err = UnknownDestination;

    fn from_str(name: &str) -> Result<Self, UnknownDestination> {
        Self::ALL
            .into_iter()
            .find(|destination| destination.as_str() == name)
            .ok_or_else(|| UnknownDestination { name: name.into() })
    }
}
