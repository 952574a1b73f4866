//! How to check a share and restore the key, with and without Conclave. Every sheet contains these instructions, so that
//! the paper is sufficient. Each command is on a separate line, indented by four spaces.

use super::label::ShareLabel;
use crate::document::{Block, Document, Mark};

/// The text after the words in the encrypted file.
pub(super) fn inside(label: &ShareLabel) -> String {
    let place = &label.place;
    let (members, groups) = (place.members_needed, place.groups_needed);
    let of_groups = if place.groups > 1 {
        format!(" for each of {groups} groups")
    } else {
        String::new()
    };
    let mut page = Document::new("");
    page.paragraph(format!(
        "Keep these words secret. Anyone who has {members} of these texts{of_groups} and the file {} can restore the \
         private key. Show this text on the screen only. Do not print, save or photograph it.",
        label.wrapped_file()
    ));
    both(&mut page, label);
    format!("\n{}", page.to_text())
}

/// The text in the encrypted file and on the sheet.
pub(super) fn both(page: &mut Document, label: &ShareLabel) {
    let (file, wrapped, key) = (label.share_file(), label.wrapped_file(), &label.key);
    let manifest = label.manifest_file();
    page.subheading("How to check the share once a year");
    page.paragraph("With Conclave, compare the share with the manifest of the set:");
    command(
        page,
        &[
            &format!("conclave share check {file}"),
            "--identity IDENTITY",
            &format!("--manifest {manifest}"),
        ],
    );
    page.paragraph(
        "Without Conclave, open the file as in step 1 below. Check that the lines Public key and Set match the printed \
         sheet, and that there are 33 words.",
    );
    page.subheading("How to restore the key with Conclave");
    page.paragraph(
        "A recovery ceremony restores the key to a new token. It requires the manifest, the wrapped key and the \
         custodians:",
    );
    command(page, &["conclave script new recovery"]);
    page.subheading("How to restore the key without Conclave");
    page.paragraph(
        "Use age, shamir-mnemonic 0.3 or later (the Python package shamir-mnemonic[cli]) and OpenSSL 3 on a machine \
         without a network connection. Work in a directory that is in memory:",
    );
    command(page, &["cd /dev/shm"]);
    number(
        page,
        1,
        "Each custodian opens their file. IDENTITY is the file with the custodian's age identity or SSH key. If the \
         file is encrypted with a passphrase, omit -i IDENTITY and enter the passphrase:",
    );
    command(page, &["age --decrypt -i IDENTITY", &file]);
    number(
        page,
        2,
        "Combine the shares of a quorum. Type the 33 words of each share on one line, without their numbers:",
    );
    command(page, &["shamir recover"]);
    page.paragraph(
        "The command prints \"Your master secret is:\" and 64 characters. Use these characters as KEK in step 3.",
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
        "Check the private key. This command must print the value of Public key above:",
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
            "{key}.der is the private key in PKCS #8 DER form. OpenSSL can sign with it, and tokens can import it. When \
             you have imported it, switch off the machine to erase its memory."
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
