//! How a share is checked, and how the key is restored, with Conclave and without: what stands on every sheet, so that
//! paper alone is enough. Each command stands in a line of its own, indented by four spaces, as it is typed.

use super::label::ShareLabel;
use crate::document::{Block, Document, Mark};

/// What stands inside the encrypted file, after the words.
pub(super) fn inside(label: &ShareLabel) -> String {
    let place = &label.place;
    let (members, groups) = (place.members_needed, place.groups_needed);
    let groups = if place.groups > 1 {
        format!(", in {groups} of {} groups,", place.groups)
    } else {
        String::new()
    };
    let mut page = Document::new("");
    page.paragraph(format!(
        "Keep these words secret. Whoever has {members} such texts of a group{groups} and the file {} has \
         the private key. This text is for the screen alone: no printer, no file, no photograph.",
        label.wrapped_file()
    ));
    both(&mut page, label);
    format!("\n{}", page.to_text())
}

/// What stands inside and outside.
pub(super) fn both(page: &mut Document, label: &ShareLabel) {
    let (file, wrapped, key) = (label.share_file(), label.wrapped_file(), &label.key);
    let manifest = label.manifest_file();
    page.subheading("How to check the share, once a year");
    page.paragraph("With Conclave, which compares it with the manifest of the set:");
    command(
        page,
        &[
            &format!("conclave share check {file}"),
            "--identity IDENTITY",
            &format!("--manifest {manifest}"),
        ],
    );
    page.paragraph(
        "Without Conclave: open it as in step 1 below. Its lines Public key and Set are those of the sheet on \
         paper, and it has 33 words.",
    );
    page.subheading("How to restore the key with Conclave");
    page.paragraph(
        "A recovery ceremony brings the key onto a new token. It wants the manifest, the wrapped key and \
         the custodians:",
    );
    command(page, &["conclave script new recovery"]);
    page.subheading("How to restore the key without Conclave");
    page.paragraph(
        "With age, shamir-mnemonic 0.3 or later (Python's package shamir-mnemonic[cli]) and OpenSSL 3, on \
         a machine without a network. Work in a directory that lies in memory:",
    );
    command(page, &["cd /dev/shm"]);
    number(
        page,
        1,
        "Each custodian opens the own file. IDENTITY is the file with the custodian's age identity or SSH \
         key; without -i IDENTITY it asks for the passphrase:",
    );
    command(page, &["age --decrypt -i IDENTITY", &file]);
    number(
        page,
        2,
        "Put the shares of a quorum together. Type the 33 words of each share into one line, without their \
         numbers:",
    );
    command(page, &["shamir recover"]);
    page.paragraph(
        "It says \"Your master secret is:\" and 64 characters. These are KEK in step 3.",
    );
    number(page, 3, "Unwrap the private key:");
    command(
        page,
        &[
            "openssl enc -d -id-aes256-wrap-pad -iv a65959a6 -K KEK",
            &format!("-in {wrapped}"),
            &format!("-out {key}.der"),
        ],
    );
    number(
        page,
        4,
        "It is the right one if this prints the Public key above:",
    );
    command(
        page,
        &[
            &format!("openssl pkey -inform DER -in {key}.der"),
            "-pubout -outform DER | sha256sum",
        ],
    );
    number(
        page,
        5,
        &format!(
            "{key}.der is the private key, PKCS #8 in DER, which OpenSSL signs with and tokens import. When it is \
             where it belongs, switch the machine off: what lies in memory is gone then."
        ),
    );
}

fn number(page: &mut Document, number: u8, text: &str) {
    page.push(Block::Item(Mark::Number(number), text.into()));
}

fn command(page: &mut Document, parts: &[&str]) {
    let parts = parts.iter().map(Into::into).collect();
    page.push(Block::Command(parts));
}
