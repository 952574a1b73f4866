//! How a root of Notary gets to its server, and what its clients pin.

use std::fmt::Write as _;

use crate::metadata::{Key, RoleKind, RootDocument};
use crate::record::visible;

use super::consignment::{Consignment, numbered};

/// The shell script that brings a root to its server. Prose is comments.
pub(super) fn instructions(consignment: &Consignment<'_>) -> String {
    let root = consignment.root;
    let version = root.version();
    let first = if version == 1 {
        "# TARGETS is the first targets.json, signed by the targets key. Where nobody has one, README.md tells how\n\
         # the stock client publishes the root.\n\
         : \"${TARGETS:?the first targets.json}\"\n\
         set -- \"$@\" -F \"files=@$TARGETS;filename=targets\"\n\
         # Where the root lists a snapshot key of your own, and not the server's:\n\
         [ -z \"${SNAPSHOT:-}\" ] || set -- \"$@\" -F \"files=@$SNAPSHOT;filename=snapshot\"\n"
    } else {
        ""
    };
    format!(
        "#!/bin/sh\n\
         {banner}\
         # How root {version} gets to a server of Notary (Docker Content Trust). Prose is comments: read it, then run\n\
         #   sh INSTRUCTIONS.txt\n\
         # in the directory in which this lies. It stops at the first thing that is not as it should be.\n\
         set -eu\n\
         \n\
         # 1. Nothing was changed on the way.\n\
         sha256sum -c SHA256SUMS\n\
         \n\
         # 2. Which repository, where. CA is the certificate of the server's authority, if it is not a public one;\n\
         #    AUTHORIZATION is a header, where the server wants a token: \"Bearer …\".\n\
         {gun}\
         : \"${{SERVER:?the server, as in https://notary.docker.io}}\"\n\
         \n\
         # 3. The root verifies, and no client stumbles over it.\n\
         conclave root verify {files}\n\
         conclave root lint --gun \"$GUN\" root.json || echo 'the remarks above are for you to judge' >&2\n\
         \n\
         # 4. Up it goes, unless it is there. The server signs timestamp{snapshot} by itself, with keys that it must have made before.\n\
         ask() {{ curl ${{CA:+--cacert \"$CA\"}} ${{AUTHORIZATION:+-H \"Authorization: $AUTHORIZATION\"}} \"$@\"; }}\n\
         served=$(mktemp)\n\
         if ask -fs \"$SERVER/v2/$GUN/_trust/tuf/root.json\" -o \"$served\" && cmp -s root.json \"$served\"; then\n\
         \x20 echo \"$GUN: the server has this root already\"\n\
         else\n\
         \x20 set -- -F \"files=@root.json;filename=root\"\n\
         {first}\
         \x20 ask -fsS \"$@\" \"$SERVER/v2/$GUN/_trust/tuf/\"\n\
         fi\n\
         \n\
         # 5. What the server serves is what was signed.\n\
         ask -fsS \"$SERVER/v2/$GUN/_trust/tuf/root.json\" -o \"$served\"\n\
         cmp root.json \"$served\"\n\
         rm \"$served\"\n\
         echo \"$GUN: the server serves this root; clients that pin certificates need the pins of README.md\"\n\
         {further}{retired}",
        banner = if consignment.is_rehearsal {
            "# REHEARSAL: throw-away tokens signed this. No server that counts may ever get it.\n"
        } else {
            ""
        },
        files = numbered(consignment),
        further = further(&consignment.further),
        retired = retired(&consignment.key_files),
        gun = match gun(consignment) {
            Some(gun) => format!("GUN='{gun}'\n"),
            None => ": \"${GUN:?the name of the repository}\"\n".to_owned(),
        },
        snapshot = if lists_own_snapshot(root) {
            ""
        } else {
            " and snapshot"
        },
    )
}

/// The other repositories of the same ceremony.
fn further(folders: &[String]) -> String {
    if folders.is_empty() {
        return String::new();
    }
    format!(
        "\n\
         # 6. The same for the other repositories that were changed with this one. AUTHORIZATION is for all of them.\n\
         for folder in {}; do\n\
         \x20 (cd \"$folder\" && sh INSTRUCTIONS.txt)\n\
         done\n",
        folders.join(" ")
    )
}

/// What becomes of the file of a key that left the root. It comes last: nothing above it failed.
fn retired(key_files: &[String]) -> String {
    if key_files.is_empty() {
        return String::new();
    }
    let files: Vec<String> = key_files
        .iter()
        .map(|id| format!("    private/{id}.key, below ~/.docker/trust or ~/.notary"))
        .collect();
    format!(
        "\n\
         # Only now: every root was fetched back from its server.\n\
         cat <<'END'\n\
         Every new root was fetched back from its server. The old root key is in none of them. Its file can go, from every\n\
         machine and every backup that has it:\n\
         {}\n\
         with: shred -u FILE. What that is worth: a client that has a new root takes nothing from the old key any more, and\n\
         that is what protects it. Deleting protects those who have not fetched it yet, and those that pin the old certificate;\n\
         and on a flash disk, on a file system that copies on write, or in a backup, a copy may remain that nobody can\n\
         overwrite. So have all clients fetch, change their pins, and tell nobody the passphrase.\n\
         END\n",
        files.join("\n")
    )
}

/// What people want to know of a root of Notary: its keys under both IDs, what clients pin, how it is published.
pub(super) fn readme(consignment: &Consignment<'_>) -> String {
    let root = consignment.root;
    let name = gun(consignment).unwrap_or("GUN");
    let mut text = format!(
        "# Root {version} of {name}\n\n\
         For Notary v1, as Docker Content Trust uses it. It expires {expires}.\n\n\
         ## Root keys\n\n\
         {threshold} of these must sign. In root.json, pins and `docker trust inspect` a key has the ID of its certificate; \
         `notary key list` and file names have the canonical ID.\n\n",
        version = root.version(),
        expires = root.expires(),
        threshold = root.role(RoleKind::Root).threshold(),
    );
    let mut pins = Vec::new();
    for (id, listed) in root.role_keys(RoleKind::Root) {
        let key = listed.key();
        let canonical = key.canonical_id().map(|id| id.to_string());
        let _ = writeln!(
            text,
            "- {}\n  - certificate ID `{id}`\n  - canonical ID `{}`",
            key.describe(),
            canonical.unwrap_or_default()
        );
        pins.push(format!("\"{id}\""));
    }
    let _ = write!(
        text,
        "\n## What clients pin\n\n\
         In `~/.notary/config.json`, or the file given with `notary -c`. Without TOFU a client trusts no other root:\n\n\
         ```json\n\
         {{\"trust_pinning\": {{\"disable_tofu\": true, \"certs\": {{\"{name}\": [{pins}]}}}}}}\n\
         ```\n\n\
         A key under a renewed certificate has another ID: add the new pin before the new root is published, and take the \
         old one out when no client needs it. A client that has an older root cached follows by itself; a new one with the \
         old pins alone does not.\n\n\
         ## To the server\n\n\
         `INSTRUCTIONS.txt` checks the files, uploads and fetches back:\n\n\
         ```sh\n\
         SERVER=https://notary.example.com {targets}sh INSTRUCTIONS.txt\n\
         ```\n\n",
        pins = pins.join(", "),
        targets = if root.version() == 1 {
            "TARGETS=targets.json "
        } else {
            ""
        },
    );
    text.push_str("It comes down to one command:\n\n```sh\n");
    let _ = writeln!(
        text,
        "curl -F \"files=@root.json;filename=root\"{} https://notary.example.com/v2/{name}/_trust/tuf/\n```\n",
        if root.version() == 1 {
            " -F \"files=@targets.json;filename=targets\""
        } else {
            ""
        }
    );
    if root.version() == 1 {
        let _ = write!(
            text,
            "## Without an uploader\n\n\
             The stock client can bring the first root, if the online keys in it are those of a root that `notary init` made and \
             that was never published (the script's `template`):\n\n\
             ```sh\n\
             M=\"$TRUST_DIR/tuf/{name}/metadata\"     # TRUST_DIR: ~/.notary, or the client's -d\n\
             cp root.json \"$M/root.json\"\n\
             rm -f \"$M/snapshot.json\"\n\
             rm \"$TRUST_DIR/private/THROW-AWAY.key\"   # the root key that notary init made: `notary key list` names it\n\
             notary publish {name}\n\
             ```\n"
        );
    }
    text
}

/// The name of the repository: as it is known, or as certificates name it.
fn gun<'a>(consignment: &Consignment<'a>) -> Option<&'a str> {
    if let Some(repository) = consignment.repository {
        return Some(repository);
    }
    let mut keys = consignment.root.role_keys(RoleKind::Root);
    let leaf = keys.find_map(|(_, listed)| listed.key().certificates().first())?;
    let name = leaf.subject_name()?;
    let is_plain = !name.ends_with('*') && visible(name) == name && !name.contains('\'');
    is_plain.then_some(name)
}

/// Whether the snapshot key is the repository's own: then it is a curve of people, not of the server.
fn lists_own_snapshot(root: &RootDocument) -> bool {
    let keys = |kind| -> Vec<_> {
        let keys = root.role_keys(kind);
        keys.filter_map(|(_, listed)| listed.key().public().cloned())
            .collect()
    };
    keys(RoleKind::Snapshot) == keys(RoleKind::Targets)
        || root
            .role_keys(RoleKind::Snapshot)
            .all(|(_, listed)| Key::key_type(listed.key()) == "ecdsa")
            && root
                .role_keys(RoleKind::Timestamp)
                .all(|(_, listed)| Key::key_type(listed.key()) == "ed25519")
}
