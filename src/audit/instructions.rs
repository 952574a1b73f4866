//! `VERIFY.txt`: how to verify a ceremony without this program.
//!
//! The text is a shell script with explanations as comments.

mod approval_tokens;
mod backups;
mod restores;

use std::fmt::{self, Write as _};

use crate::ceremony::{Ceremony, Mode};
use crate::metadata::{Key, RootFormat, Scheme};
use crate::script::{KeyId, Proofs};
use crate::transcript::Transcript;
use crate::transfer::Occasion;
use crate::transfer::SigningRequest;
use crate::words::Digest;

use super::register::{collected_keys, public_key_path};
use crate::record::visible;

const TOOLS: &str = r#"# These instructions do not require Conclave, only a shell, sha256sum (GNU coreutils), OpenSSL 3 and Python 3.
# This file is a shell script. Read it, then run it in this directory:
#
#     sh VERIFY.txt
#
# It stops at the first failed check, with an exit status other than 0.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
is() {  # description, actual value, expected value
    [ "$2" = "$3" ] || { echo "[FAIL] $1: $2 instead of $3"; exit 1; }
    echo "[ok] $1: $2"
}
verifies() {  # description, then the command that verifies it
    what=$1; shift
    "$@" >"$work/output" 2>&1 || { cat "$work/output"; echo "[FAIL] $what"; exit 1; }
    echo "[ok] $what"
}

# 1. The files were not changed since they were written.

sha256sum --check --quiet --strict SHA256SUMS
echo "[ok] every file in SHA256SUMS is unchanged"
"#;

const CHAIN: &str = r#"
# 3. The transcript is complete. Each line of transcript.jsonl is an entry. Its "prev" is the SHA-256 of the previous
#    line without the line feed; the "prev" of the first line is 64 zeros. The SHA-256 of the last line is the
#    transcript digest. If it equals the digest on paper, no entry was changed, added or removed.

digest=$(python3 - <<'END'
import hashlib, json
digest, first = "0" * 64, None
for number, text in enumerate(open("transcript.jsonl", "rb"), 1):
    line = json.loads(text)
    first = first or line
    assert text.endswith(b"\n"), f"line {number} is incomplete"
    assert line["seq"] == number and line["prev"] == digest, f"line {number} does not follow the previous line"
    assert line["script"] == first["script"] and line["mode"] == first["mode"], f"line {number} belongs to another ceremony"
    digest = hashlib.sha256(text[:-1]).hexdigest()
assert first["script"] == hashlib.sha256(open("script.toml", "rb").read()).hexdigest(), "script.toml is another script"
print(digest)
END
)
"#;

const EXTRACT: &str = r#"
# 4. Extract the signed messages from the transcript. A proof of possession is a signature over five lines: a phrase
#    that differs between rehearsal and production, the SHA-256 of the script, the ID of the key in the script, the
#    occasion, and a random challenge. The signed part of a root is its canonical JSON, contained in the event
#    "root-composed".

python3 - "$work" <<'END'
import hashlib, json, pathlib, sys
work = pathlib.Path(sys.argv[1])
script = hashlib.sha256(open("script.toml", "rb").read()).hexdigest()
keys = {}
def folder(name):
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return "_" + name if name.startswith(".") else name
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    event, data = line["event"], line.get("data")
    of = work  # each further repository has its own folder
    if event == "in-repository":
        of = work / folder(data["repository"])
        event, data = data["event"]["event"], data["event"]["data"]
    of.mkdir(exist_ok=True)
    if event == "key-generated":
        keys[data["key"]] = data["public_key"]
    if event == "opened":
        keys.update(data.get("simulated_keys", {}))  # simulated keys replace enrolled keys
    if event in ("regeneration-decided", "spare-taken"):
        keys.pop(data["key"], None)  # another key replaces it
    if event == "possession-proven":
        proof = data["key"] + "." + data["occasion"]
        domain = "conclave proof of possession v1" + (", rehearsal" if line["mode"] == "rehearsal" else "")
        message = [domain, script, data["key"], data["occasion"], data["challenge"]]
        (work / (proof + ".message")).write_text("".join(part + "\n" for part in message))
        (work / (proof + ".signature")).write_bytes(bytes.fromhex(data["signature"]))
    if event == "root-composed":
        (of / "root.message").write_bytes(data["signed"].encode())
    if event == "opened" and data.get("simulated_root"):
        (work / "before.root.json").write_text(data["simulated_root"]["file"])
        for name, root in data.get("simulated_further_roots", {}).items():
            (work / folder(name)).mkdir()
            (work / folder(name) / "before.root.json").write_text(root["file"])
    if event in ("signed", "signature-collected"):
        (of / (data["key"] + ".root.signature")).write_bytes(bytes.fromhex(data["signature"]))
        (of / (data["key"] + ".root.keyid")).write_text(data["key_id"])
for name, public_key in keys.items():
    assert open(f"keys/{name}.pub.pem").read() == public_key, f"keys/{name}.pub.pem differs from the transcript"
END
"#;

const ROOT_FILE: &str = r#"
#    The root file contains the signed message, exactly these signatures, and for each key ID the public key in keys/.
#    A key ID is the SHA-256 of the key object in canonical JSON; key IDs of the previous root are not changed.

python3 - "$work" "$root" "$before" <<'END'
import base64, hashlib, json, pathlib, subprocess, sys
work, root = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
before = json.load(open(sys.argv[3]))["signed"] if sys.argv[3] else None
signed = root["signed"]
assert signed == json.loads((work / "root.message").read_bytes(), strict=False), "another message was signed"
def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)
def public(document, key_id):
    text = document["keys"][key_id]["keyval"]["public"]
    if document["_type"] == "Root":  # Notary: a certificate
        show = ["openssl", "x509", "-pubkey", "-noout"]
        text = subprocess.run(show, input=base64.b64decode(text), stdout=subprocess.PIPE, check=True).stdout.decode()
    return text.strip()
def as_in_file(signature, pem):
    if signed["_type"] != "Root":
        return signature.hex()
    half = 48 if len(pem) > 200 else 32  # Notary: r and s, each with the length of the curve
    r, s = signature[4 : 4 + signature[3]], signature[6 + signature[3] :]
    raw = b"".join(int.from_bytes(part, "big").to_bytes(half, "big") for part in (r, s))
    return base64.b64encode(raw).decode()
documents = [signed] if before is None else [before, signed]
signatures = {}
for path in work.glob("*.root.keyid"):
    name, key_id = path.name.removesuffix(".root.keyid"), path.read_text()
    pem = open(f"keys/{name}.pub.pem").read()
    raw = base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:].hex()
    document = signed if key_id in signed["keys"] else before
    key = document["keys"][key_id]
    assert public(document, key_id) == (raw if key["keytype"] == "ed25519" else pem.strip()), name
    if before is None or key_id not in before["keys"]:
        assert key_id == hashlib.sha256(canonical(key).encode()).hexdigest(), name
    for other in documents:
        for other_id in other["roles"]["root"]["keyids"]:
            if public(other, other_id) == public(document, key_id):
                signatures[other_id] = as_in_file((work / f"{name}.root.signature").read_bytes(), pem)
assert signatures == {entry["keyid"]: entry["sig"] for entry in root["signatures"]}, "the signatures differ"
for document in documents:
    role = document["roles"]["root"]
    count = len({public(document, key_id) for key_id in role["keyids"] if key_id in signatures})
    assert count >= role["threshold"] > 0, "fewer signatures than the threshold"
    print(f"[ok] {count} of {len(role['keyids'])} keys of root {document['version']} signed; {role['threshold']} required")
if before is not None:
    assert signed["version"] == before["version"] + 1, "the version is not the next version"
END
"#;

/// The text of `VERIFY.txt`.
pub(super) fn instructions(ceremony: &Ceremony, transcript: &Transcript) -> String {
    let mut text = String::new();

    let _ = write_instructions(&mut text, ceremony, transcript);
    text
}

fn write_instructions(
    text: &mut String,
    ceremony: &Ceremony,
    transcript: &Transcript,
) -> fmt::Result {
    let script = ceremony.script();
    writeln!(text, "# How to verify this ceremony with standard tools")?;
    writeln!(text, "#")?;
    writeln!(text, "# {}: {}", ceremony.banner(), visible(script.title()))?;
    writeln!(text, "#")?;
    text.write_str(TOOLS)?;
    write_script(text, &script.sha256())?;
    text.write_str(CHAIN)?;
    writeln!(
        text,
        "is 'transcript digest' \"$digest\" {}",
        transcript.head()
    )?;
    write_words(text, &transcript.head())?;
    text.write_str(EXTRACT)?;
    write_keys(text, ceremony)?;
    write_root(text, ceremony, "")?;
    for (folder, view) in ceremony.further_in_folders() {
        writeln!(text)?;
        writeln!(
            text,
            "#    Repository {}:",
            visible(view.script().repository())
        )?;
        write_root(text, &view, &format!("{folder}/"))?;
    }
    approval_tokens::write_approval_tokens(text, ceremony)?;
    backups::write(text, ceremony)?;
    restores::write(text, ceremony)?;
    writeln!(text)?;
    writeln!(text, "echo 'all checks passed'")?;
    writeln!(text)?;
    text.write_str(
        "# What no tool can verify: compare the script digest, the root digest and the transcript digest with the digests\n\
         # that the participants wrote on paper. report.html and closing-note.txt are for reading.\n",
    )
}

fn write_script(text: &mut String, digest: &Digest) -> fmt::Result {
    writeln!(text)?;
    writeln!(
        text,
        "# 2. The script is the one whose digest was read aloud at the start of the ceremony."
    )?;
    writeln!(text)?;
    writeln!(
        text,
        "is 'script digest' \"$(sha256sum <script.toml | cut -c 1-64)\" {digest}"
    )?;
    write_words(text, digest)
}

/// The digest in words, as it is on paper.
fn write_words(text: &mut String, digest: &Digest) -> fmt::Result {
    writeln!(text, "#    In words:")?;
    for words in digest.words().chunks(8) {
        writeln!(text, "#        {}", words.join(" "))?;
    }
    Ok(())
}

fn write_keys(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    writeln!(text)?;
    writeln!(
        text,
        "# 5. Each token contained the private key of its public key. A fingerprint is the SHA-256 of a public key in DER format."
    )?;
    write_verifiers(text, ceremony)?;
    for (plan, state) in ceremony.key_states() {
        let Some(generated) = state.generated() else {
            continue;
        };
        let path = public_key_path(&plan.id);
        writeln!(text)?;
        writeln!(
            text,
            "is 'fingerprint of {}' \"$(openssl pkey -pubin -in {path} -outform DER | sha256sum | cut -c 1-64)\" \\\n    {}",
            plan.id,
            generated.public_key.fingerprint()
        )?;
        write_enrolled(text, ceremony, &plan.id)?;
        let first = state.proof().map(|proof| proof.occasion);
        let again = state.is_reinserted().then_some(Occasion::Reinsertion);
        for occasion in first.into_iter().chain(again) {
            let proof = format!("{}.{}", plan.id, occasion.as_str());
            let what = format!(
                "proof of possession of {} at {}",
                plan.id,
                occasion.as_str()
            );
            let verifier = verifier_of(Scheme::for_public_key(&generated.public_key));
            writeln!(
                text,
                "verifies '{what}' {verifier} {path} \"$work/{proof}.signature\" \"$work/{proof}.message\""
            )?;
        }
    }
    for (distant, key) in ceremony.remote_keys() {
        let Some(public) = key.public() else { continue };
        writeln!(text)?;
        writeln!(
            text,
            "is 'fingerprint of {}' \"$(openssl pkey -pubin -in {} -outform DER | sha256sum | cut -c 1-64)\" \\\n    {}",
            distant.id,
            public_key_path(&distant.id),
            public.fingerprint()
        )?;
        write_enrolled(text, ceremony, &distant.id)?;
    }
    Ok(())
}

/// Checks that a key in `keys/` is the key of its enrollment file; in a rehearsal it is a simulated key.
fn write_enrolled(text: &mut String, ceremony: &Ceremony, id: &KeyId) -> fmt::Result {
    let Some(enrolled) = ceremony.enrolled_by(id) else {
        return Ok(());
    };
    if ceremony.mode() == Mode::Rehearsal {
        return Ok(());
    }
    let file = &enrolled.file().file;
    let take = match enrolled.proofs {
        Proofs::Enrollment(_) => format!(
            "python3 -c 'import json,sys; sys.stdout.write(json.load(open(sys.argv[1]))[\"public_key\"])' {file}"
        ),
        Proofs::Attestation { .. } => format!("openssl x509 -noout -pubkey -in {file}"),
    };
    writeln!(
        text,
        "is 'key {id} is the key of {file}' \\\n    \"$({take} | sha256sum | cut -c 1-64)\" \\\n    \"$(sha256sum <{path} | cut -c 1-64)\"",
        path = public_key_path(id),
    )
}

/// The root of a repository; `folder` is the folder of a further repository, with a slash at its end.
fn write_root(text: &mut String, ceremony: &Ceremony, folder: &str) -> fmt::Result {
    let Some(root) = ceremony.frozen() else {
        return Ok(());
    };
    let version = root.version();
    writeln!(text)?;
    writeln!(
        text,
        "# 6. Root {version} is the root that was reviewed, and each of its signatures is valid."
    )?;
    writeln!(text)?;
    if ceremony.script().signing().is_some() {
        let mut pinned = ceremony.script().pinned_files();
        let request = pinned.find(|file| SigningRequest::read(&file.bytes).is_ok());
        writeln!(
            text,
            "python3 -c 'import json, sys; open(sys.argv[2], \"wb\").write(json.load(open(sys.argv[1]))[\"payload\"].encode())' {} \"$work/root.message\"",
            request.map_or("", |file| file.name.as_str())
        )?;
    }
    writeln!(
        text,
        "is 'digest of root {version}' \"$(sha256sum <\"$work/{folder}root.message\" | cut -c 1-64)\" {}",
        root.digest()
    )?;
    write_words(text, &root.digest())?;
    writeln!(text)?;
    for (id, key) in signers(ceremony) {
        writeln!(
            text,
            "verifies 'signature of root {version} by {id}' {} {} \"$work/{folder}{id}.root.signature\" \"$work/{folder}root.message\"",
            verifier_of(root_scheme(ceremony, key)),
            public_key_path(id),
        )?;
    }
    if ceremony.verified().is_some() {
        writeln!(text)?;
        writeln!(text, "root=root/{folder}{version}.root.json")?;
        writeln!(text, "before={}", file_before(ceremony, folder))?;
        let work = format!("\"$work/{}\"", folder.trim_end_matches('/'));
        text.write_str(&match folder {
            "" => ROOT_FILE.to_owned(),
            _ => ROOT_FILE.replacen("\"$work\"", &work, 1),
        })?;
    }
    Ok(())
}

/// The scheme of a key's signature of the root: Notary uses SHA-256 for every curve.
fn root_scheme(ceremony: &Ceremony, key: &Key) -> Option<Scheme> {
    let format = ceremony.frozen().map(|root| root.document().format());
    match (format, key.scheme()) {
        (Some(RootFormat::Notary), Some(Scheme::EcdsaP384)) => Some(Scheme::EcdsaP384Sha256),
        (_, scheme) => scheme,
    }
}

/// The keys that signed the root: those in the ceremony, and those at other sites.
fn signers(ceremony: &Ceremony) -> impl Iterator<Item = (&KeyId, &Key)> {
    let here = ceremony
        .key_states()
        .filter(|(plan, _)| ceremony.has_signed(&plan.id))
        .filter_map(|(plan, _)| Some((&plan.id, &ceremony.generated(&plan.id)?.key)));
    here.chain(collected_keys(ceremony))
}

/// The path of the previous root: empty in a genesis; in a rehearsal, the simulated root is extracted from the transcript.
fn file_before(ceremony: &Ceremony, folder: &str) -> String {
    let is_simulated = ceremony
        .opening()
        .is_some_and(|opening| opening.simulated_root.is_some());
    match ceremony.script().previous() {
        None => "''".to_owned(),
        Some(_) if is_simulated => format!("\"$work/{folder}before.root.json\""),
        Some(previous) => previous
            .chain
            .last()
            .map_or_else(|| "''".to_owned(), |file| file.name.clone()),
    }
}

/// The shell functions that verify a signature: public key, signature, message.
fn write_verifiers(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    let schemes: Vec<_> = ceremony
        .key_states()
        .filter_map(|(_, state)| Scheme::for_public_key(&state.generated()?.public_key))
        .chain(signers(ceremony).filter_map(|(_, key)| root_scheme(ceremony, key)))
        .chain(collected_keys(ceremony).filter_map(|(_, key)| key.scheme()))
        .chain(approval_tokens::schemes(ceremony))
        .chain(restores::scheme(ceremony))
        .collect();
    writeln!(text)?;
    for scheme in [
        Scheme::EcdsaP256,
        Scheme::EcdsaP384,
        Scheme::EcdsaP384Sha256,
        Scheme::Ed25519,
        Scheme::RsaPssSha256,
    ] {
        if schemes.contains(&scheme) {
            let command = match scheme {
                Scheme::EcdsaP256 | Scheme::EcdsaP384Sha256 => {
                    "dgst -sha256 -verify \"$1\" -signature \"$2\" \"$3\""
                }
                Scheme::EcdsaP384 => "dgst -sha384 -verify \"$1\" -signature \"$2\" \"$3\"",
                Scheme::Ed25519 => {
                    "pkeyutl -verify -pubin -inkey \"$1\" -rawin -sigfile \"$2\" -in \"$3\""
                }
                _ => {
                    "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \\\n        \
                     -verify \"$1\" -signature \"$2\" \"$3\""
                }
            };
            writeln!(
                text,
                "{}() {{  # public key, signature, message\n    openssl {command}\n}}",
                verifier_of(Some(scheme))
            )?;
        }
    }
    Ok(())
}

/// The name of the shell function for a scheme.
const fn verifier_of(scheme: Option<Scheme>) -> &'static str {
    match scheme {
        Some(Scheme::EcdsaP256) => "ecdsa_p256",
        Some(Scheme::EcdsaP384) => "ecdsa_p384",
        Some(Scheme::EcdsaP384Sha256) => "ecdsa_p384_sha256",
        Some(Scheme::Ed25519) => "ed25519",
        _ => "rsa_pss",
    }
}
