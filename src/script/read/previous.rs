//! The table `[previous]`.

use jiff::Timestamp;

use super::custody;
use super::fields::{Fields, Value};
use super::log::{At, Span};
use super::pinned::PinnedFiles;
use crate::metadata::{TrustedRoot, verify_chain};
use crate::record::CustodyList;
use crate::script::{PinnedFile, Previous};
use crate::transfer::PayloadRegister;
use crate::words::Digest;

pub(in crate::script) struct PreviousEntry {
    pub(in crate::script) span: Span,
    pub(in crate::script) root: Option<At<TrustedRoot>>,
    chain: Vec<PinnedFile>,
    transcript_digest: Option<Digest>,
    custody: Option<PinnedFile>,
    pub(super) custody_list: Option<At<CustodyList>>,
    register: Option<PinnedFile>,
    payloads: PayloadRegister,
}

/// Reads the table. The chain is verified at `not_before`.
pub(super) fn read(
    mut fields: Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    at: Option<Timestamp>,
) -> PreviousEntry {
    let span = fields.span.clone();
    let (root, chain) = chain(&mut fields, files, at);
    let digest = fields
        .value("transcript_digest")
        .and_then(|value| Some((transcript_digest(&value)?, value)));
    let mut file_of = |name| {
        let value = fields.value(name)?;
        let (_, file) = files.read(&value)?;
        Some((value, file))
    };
    let custody = file_of("custody_log");
    let register = file_of("register");
    let custody_list = custody
        .as_ref()
        .and_then(|(value, file)| value.at(custody::parse(value, file)));
    fields.finish();
    let payloads = register
        .as_ref()
        .and_then(|(value, file)| payloads(value, file))
        .unwrap_or_default();
    // A register that cannot be read was reported.
    if let (Some((head, value)), true) = (&digest, register.is_none() || !payloads.is_empty())
        && !payloads.has_transcript(head)
    {
        value.error(
            "script.previous-transcript",
            "the register does not contain the transcript that the script names: the transcript of a ceremony is missing",
            "use keys/payloads.json of the ceremony whose digest is on paper, with its hash, as \"register\"",
        );
    }
    let transcript_digest = digest.map(|(digest, _)| digest);
    let custody = custody.map(|(_, file)| file);
    let register = register.map(|(_, file)| file);
    PreviousEntry {
        span,
        root,
        chain,
        transcript_digest,
        custody,
        custody_list,
        register,
        payloads,
    }
}

/// Reads `root` and `chain`: the root if the chain verifies, and all versions.
pub(super) fn chain(
    fields: &mut Fields<'_, '_>,
    files: &mut PinnedFiles<'_>,
    at: Option<Timestamp>,
) -> (Option<At<TrustedRoot>>, Vec<PinnedFile>) {
    let older = fields.value("chain").map(|value| {
        let items = value.items().unwrap_or_default();
        let files = items.iter().map(|item| Some(files.read(item)?.1));
        files.collect::<Option<Vec<_>>>()
    });
    let newest = fields
        .value("root")
        .and_then(|value| Some((files.read(&value)?.1, value)));
    // A missing date or file was reported.
    let older = older.unwrap_or_else(|| Some(Vec::new()));
    let (Some(at), Some(mut chain), Some((newest, value))) = (at, older, newest) else {
        return (None, Vec::new());
    };
    chain.push(newest);
    let root = trusted(&value, &chain, at);
    (value.at(root), chain)
}

/// The root, if the chain verifies from the first version.
fn trusted(value: &Value<'_, '_>, chain: &[PinnedFile], at: Timestamp) -> Option<TrustedRoot> {
    let files = chain
        .iter()
        .map(|file| (file.name.clone(), file.bytes.clone()));
    let report = verify_chain(files.collect::<Vec<_>>().into_iter(), at);
    if let Some(root) = report.trusted() {
        return Some(root.clone());
    }
    let reasons: Vec<String> = report.reasons().iter().map(ToString::to_string).collect();
    value.error(
        "script.previous-root",
        format!("the root cannot be trusted: {}", reasons.join("; ")),
        "use the root that clients trust now; \"chain\" lists the versions before it, the trust anchor first",
    );
    None
}

fn transcript_digest(value: &Value<'_, '_>) -> Option<Digest> {
    let text = value.raw()?;
    Digest::from_words(text)
        .map_err(|error| {
            value.error(
                "script.previous-transcript",
                format!("\"transcript_digest\" is not a transcript digest: {error}"),
                "copy the 32 words that are written by hand on the closing note of the previous ceremony",
            );
        })
        .ok()
}

impl PreviousEntry {
    pub(in crate::script) fn payloads(&self) -> Option<&PayloadRegister> {
        self.register.as_ref().map(|_| &self.payloads)
    }

    /// Whether the script names the transcript of the previous ceremony.
    pub(in crate::script) const fn names_transcript(&self) -> bool {
        self.transcript_digest.is_some()
    }

    pub(in crate::script) fn complete(self) -> Option<Previous> {
        Some(Previous {
            chain: self.chain,
            root: self.root?.value,
            transcript_digest: self.transcript_digest,
            custody: self.custody,
            register: self.register,
            payloads: self.payloads,
        })
    }
}

pub(super) fn payloads(value: &Value<'_, '_>, file: &PinnedFile) -> Option<PayloadRegister> {
    PayloadRegister::read(&file.bytes)
        .map_err(|refusal| {
            value.error(
                "script.register",
                format!("{:?} was refused: {refusal}", file.name),
                "use keys/payloads.json of the previous ceremony",
            );
        })
        .ok()
}
