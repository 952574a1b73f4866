//! `conclave script new` for a change of a root: what happens to each of its keys.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::basics::Basics;
use super::source::read_given;
use crate::cli::Failure;
use crate::metadata::{KeyId, RoleKind as RootRole, TrustedRoot, verify_chain};
use crate::record::CustodyList;
use crate::script::{ChangeTemplate, KeyDisposition, OnlineFiles};
use crate::words::Digest;

/// Pinned input files, by name.
type NamedFiles = Vec<(String, Vec<u8>)>;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Changing a root")]
pub(super) struct Change {
    /// The versions of the root from the trust anchor to the newest, in order
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) previous: Vec<PathBuf>,
    /// The transcript digest of the previous ceremony, in words
    #[arg(long, value_name = "WORDS")]
    transcript_digest: Option<String>,
    /// The payload register of the previous ceremony: its keys/payloads.json
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
    /// The custody log of the previous ceremony: its keys/custody.jsonl
    #[arg(long, value_name = "FILE")]
    custody_log: Option<PathBuf>,
    /// Number of keys to add
    #[arg(long, value_name = "N", default_value_t = 0)]
    add: u8,
    /// Keys to remove whose tokens are in the ceremony; the key ID or a unique prefix of it
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    remove: Vec<String>,
    /// Keys to remove because they are lost or stolen
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    lost: Vec<String>,
    /// Keys that stay, but do not sign this time
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    absent: Vec<String>,
    /// Keys that stay, and sign at another site
    #[arg(long, value_name = "KEYID=SITE", num_args = 1..)]
    site: Vec<String>,
}

impl Change {
    /// Whether any of these options was given.
    pub(super) fn is_given(&self) -> bool {
        let lists = [&self.remove, &self.lost, &self.absent, &self.site];
        !self.previous.is_empty()
            || self.transcript_digest.is_some()
            || self.register.is_some()
            || self.custody_log.is_some()
            || self.add > 0
            || lists.into_iter().any(|list| !list.is_empty())
    }

    pub(super) fn template(
        &self,
        template: &str,
        basics: &Basics,
        online: OnlineFiles,
    ) -> Result<ChangeTemplate, Failure> {
        let (chain, root) = self.read()?;
        let ids = root.role(RootRole::Root).key_ids();
        let mut keys: Vec<(KeyId, KeyDisposition)> = ids
            .iter()
            .map(|id| (id.clone(), KeyDisposition::Keep))
            .collect();
        let mut set = |text: &str, disposition: KeyDisposition| {
            let mut meant = keys
                .iter_mut()
                .filter(|(id, _)| !text.is_empty() && id.as_str().starts_with(text));
            match (meant.next(), meant.next()) {
                (Some((_, known)), None) if *known == KeyDisposition::Keep => {
                    *known = disposition;
                    Ok(())
                }
                (Some(_), None) => Err(Failure::usage(format!("the key {text:?} is given twice"))
                    .hint("give each key with one option only")),
                (Some(_), Some(_)) => Err(Failure::usage(format!(
                    "{text:?} is the prefix of several key IDs"
                ))
                .hint("give more characters of the key ID")),
                (None, _) => Err(Failure::usage(format!("the root has no root key {text:?}"))
                    .hint("to list its key IDs: conclave root show FILE")),
            }
        };
        for (texts, disposition) in [
            (&self.remove, KeyDisposition::Remove),
            (&self.lost, KeyDisposition::Lost),
            (&self.absent, KeyDisposition::Absent),
        ] {
            for text in texts {
                set(text, disposition.clone())?;
            }
        }
        for text in &self.site {
            let (id, site) = text
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("{text:?} is not KEYID=SITE")))?;
            set(id, KeyDisposition::Site(site.to_owned()))?;
        }
        let digest = self.transcript_digest.as_deref();
        Ok(ChangeTemplate {
            template: template.to_owned(),
            title: basics.title.clone(),
            repository: basics.repository.clone(),
            not_before: basics.not_before,
            expires: basics.expires()?,
            chain,
            transcript_digest: digest
                .map(Digest::from_words)
                .transpose()
                .map_err(wrong_words)?,
            register: self.register.as_deref().map(read_pinned).transpose()?,
            custody: self.custody_log.as_deref().map(read_pinned).transpose()?,
            threshold: basics.threshold.map(u32::from),
            keys,
            added: self.add,
            key_type: basics.key_type,
            profile: basics.profile.clone(),
            online,
        })
    }

    /// The custody log that was given. The check of the script reports an invalid one.
    pub(super) fn custody(&self) -> Result<Option<CustodyList>, Failure> {
        let file = self.custody_log.as_deref().map(read_pinned).transpose()?;
        Ok(file.and_then(|(_, bytes)| CustodyList::parse(&bytes).ok()))
    }

    /// The chain as pinned input files, and the root at its end.
    fn read(&self) -> Result<(NamedFiles, TrustedRoot), Failure> {
        let mut chain = Vec::new();
        for path in &self.previous {
            chain.push(read_pinned(path)?);
        }
        if chain.is_empty() {
            return Err(Failure::usage("the root to change is missing")
                .hint("give all its versions, for example: --previous 1.root.json 2.root.json"));
        }
        let report = verify_chain(chain.clone().into_iter(), Timestamp::now());
        let Some(root) = report.trusted().cloned() else {
            let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
            return Err(Failure::refused(format!(
                "the chain of root versions is not valid: {}",
                reasons.join("; ")
            ))
            .hint("give all versions in order, for example: --previous 1.root.json 2.root.json"));
        };
        let first = root.version() + 1 - chain.len() as u64;
        let files = chain.into_iter().zip(first..);
        let named =
            files.map(|((_, bytes), version)| (format!("previous/{version}.root.json"), bytes));
        Ok((named.collect(), root))
    }
}

fn read_pinned(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let bytes = read_given(path)
        .map_err(|failure| failure.hint("give a file from the previous ceremony directory"))?;
    Ok((path.display().to_string(), bytes))
}

fn wrong_words(error: impl Display) -> Failure {
    Failure::usage(format!("--transcript-digest: {error}"))
        .hint("type the 32 words from the closing note of the previous ceremony")
}
