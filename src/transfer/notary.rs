//! Instructions for publishing a root on a Notary server, and the pins for clients.

use std::fmt::Write as _;

use crate::metadata::{Key, RoleKind, RootDocument};
use crate::record::visible;

use super::consignment::{Consignment, numbered};

/// A shell script with explanations as comments.
pub(super) fn instructions(consignment: &Consignment<'_>) -> String {
    let root = consignment.root;
    let version = root.version();
    let first = if version == 1 {
        "# TARGETS is the first targets.json, signed by the targets key. If you do not have one, README.md describes\n\
         # how to publish the root with the stock client.\n\
         : \"${TARGETS:?set it to the first targets.json}\"\n\
         set -- \"$@\" -F \"files=@$TARGETS;filename=targets\"\n\
         # SNAPSHOT is needed if the root contains your snapshot key instead of the server's.\n\
         [ -z \"${SNAPSHOT:-}\" ] || set -- \"$@\" -F \"files=@$SNAPSHOT;filename=snapshot\"\n"
    } else {
        ""
    };
    format!(
        "#!/bin/sh\n\
         {banner}\
         # How to publish root {version} on a Notary server (Docker Content Trust). Read the comments, then run\n\
         #   sh INSTRUCTIONS.txt\n\
         # in this directory. The script stops at the first problem.\n\
         set -eu\n\
         \n\
         # 1. Check that the files were not changed.\n\
         sha256sum -c SHA256SUMS\n\
         \n\
         # 2. Set the repository and the server. CA is the certificate of the server's private certificate authority, if\n\
         #    it has one. AUTHORIZATION is the header \"Bearer …\", if the server requires a token.\n\
         {gun}\
         : \"${{SERVER:?set it to the server, for example https://notary.docker.io}}\"\n\
         \n\
         # 3. Verify the root, and check it for problems with clients.\n\
         conclave root verify {files}\n\
         conclave root lint --gun \"$GUN\" root.json || echo 'check the remarks above before you continue' >&2\n\
         \n\
         # 4. Upload the root, unless the server already has it. The server signs timestamp{snapshot} itself, with keys that\n\
         #    it generated earlier.\n\
         ask() {{ curl ${{CA:+--cacert \"$CA\"}} ${{AUTHORIZATION:+-H \"Authorization: $AUTHORIZATION\"}} \"$@\"; }}\n\
         served=$(mktemp)\n\
         if ask -fs \"$SERVER/v2/$GUN/_trust/tuf/root.json\" -o \"$served\" && cmp -s root.json \"$served\"; then\n\
         \x20 echo \"$GUN: the server already has this root\"\n\
         else\n\
         \x20 set -- -F \"files=@root.json;filename=root\"\n\
         {first}\
         \x20 ask -fsS \"$@\" \"$SERVER/v2/$GUN/_trust/tuf/\"\n\
         fi\n\
         \n\
         # 5. Check that the server serves the signed root.\n\
         ask -fsS \"$SERVER/v2/$GUN/_trust/tuf/root.json\" -o \"$served\"\n\
         cmp root.json \"$served\"\n\
         rm \"$served\"\n\
         echo \"$GUN: the server serves this root; clients that pin certificates need the pins in README.md\"\n\
         {further}{retired}",
        banner = if consignment.is_rehearsal {
            "# REHEARSAL: simulated tokens signed this root. Do not upload it to a production server.\n"
        } else {
            ""
        },
        files = numbered(consignment),
        further = further(&consignment.further),
        retired = retired(&consignment.key_files),
        gun = match gun(consignment) {
            Some(gun) => format!("GUN='{gun}'\n"),
            None => ": \"${GUN:?set it to the name of the repository}\"\n".to_owned(),
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
         # 6. Publish the other repositories of this ceremony. AUTHORIZATION applies to all of them.\n\
         for folder in {}; do\n\
         \x20 (cd \"$folder\" && sh INSTRUCTIONS.txt)\n\
         done\n",
        folders.join(" ")
    )
}

/// How to delete the key files of removed keys. This is the last part, so that nothing failed before it.
fn retired(key_files: &[String]) -> String {
    if key_files.is_empty() {
        return String::new();
    }
    let files: Vec<String> = key_files
        .iter()
        .map(|id| format!("    private/{id}.key in ~/.docker/trust or ~/.notary"))
        .collect();
    format!(
        "\n\
         # All roots were fetched back from their servers.\n\
         cat <<'END'\n\
         All new roots were fetched back from their servers. None of them contains the old root key. Now delete its file\n\
         with shred -u FILE on every machine and in every backup:\n\
         {}\n\
         A client that has a new root no longer accepts signatures by the old key. Deleting the file protects clients that\n\
         have not fetched the new root yet or pin the old certificate. On flash storage, on copy-on-write file systems and\n\
         in backups, copies can remain that cannot be overwritten. Therefore make sure that all clients fetch the new\n\
         root, change their pins, and do not disclose the passphrase.\n\
         END\n",
        files.join("\n")
    )
}

/// The keys of the root with both IDs, the pins for clients, and how to publish the root.
pub(super) fn readme(consignment: &Consignment<'_>) -> String {
    let root = consignment.root;
    let name = gun(consignment).unwrap_or("GUN");
    let mut text = format!(
        "# Root {version} of {name}\n\n\
         A root for Notary v1 (Docker Content Trust). It expires at {expires}.\n\n\
         ## Root keys\n\n\
         The threshold is {threshold}. root.json, pins and `docker trust inspect` use the ID of the certificate; \
         `notary key list` and file names use the canonical ID.\n\n",
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
        "\n## Pins for clients\n\n\
         Add the pins to `~/.notary/config.json`, or to the file given with `notary -c`. Without trust on first use (TOFU), \
         clients do not trust any other root:\n\n\
         ```json\n\
         {{\"trust_pinning\": {{\"disable_tofu\": true, \"certs\": {{\"{name}\": [{pins}]}}}}}}\n\
         ```\n\n\
         Renewing a certificate changes the ID. Add the new pin before the new root is published, and remove the old pin \
         when no client needs it any longer. Clients with a cached older root update automatically. New clients with only \
         the old pins do not.\n\n\
         ## Publishing\n\n\
         `INSTRUCTIONS.txt` checks the files, uploads them and fetches the root back:\n\n\
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
    text.push_str("The upload itself is one command:\n\n```sh\n");
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
            "## Publishing with the stock client\n\n\
             The stock client can publish the first root if its online keys are those of an unpublished root that \
             `notary init` created (`template` in the script):\n\n\
             ```sh\n\
             M=\"$TRUST_DIR/tuf/{name}/metadata\"     # TRUST_DIR: ~/.notary, or the client's -d\n\
             cp root.json \"$M/root.json\"\n\
             rm -f \"$M/snapshot.json\"\n\
             rm \"$TRUST_DIR/private/TEMPORARY.key\"   # the root key that notary init created; see `notary key list`\n\
             notary publish {name}\n\
             ```\n"
        );
    }
    text
}

/// The name of the repository, if necessary from a certificate.
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

/// Whether the repository has its own snapshot key. Notary clients generate ECDSA keys, and servers Ed25519 keys.
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
