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

const TOOLS: &str = include_str!("instructions/tools.sh");

const CHAIN: &str = include_str!("instructions/chain.sh");

const EXTRACT: &str = include_str!("instructions/extract.sh");

const ROOT_FILE: &str = include_str!("instructions/root_file.sh");

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
