//! `conclave script new` for a change of a root: the root is read, and each of its keys is named.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::basics::Basics;
use super::source::read_given;
use crate::cli::{Failure, Status};
use crate::metadata::{KeyId, RoleKind as RootRole, TrustedRoot, verify_chain};
use crate::record::CustodyList;
use crate::script::{ChangeTemplate, KeyDisposition, OnlineFiles};
use crate::words::Digest;

/// Files, by the names under which they are carried.
type NamedFiles = Vec<(String, Vec<u8>)>;

/// What becomes of the root that is changed
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Changing a root")]
pub(super) struct Change {
    /// Root files from the trust anchor to the root that changes, oldest first
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) previous: Vec<PathBuf>,
    /// The transcript digest of the previous ceremony: 32 words
    #[arg(long, value_name = "WORDS")]
    transcript_digest: Option<String>,
    /// The register of signed payloads of the previous ceremony: its keys/payloads.json
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
    /// The custody log of the previous ceremony: its keys/custody.jsonl
    #[arg(long, value_name = "FILE")]
    custody_log: Option<PathBuf>,
    /// How many keys are added
    #[arg(long, value_name = "N", default_value_t = 0)]
    add: u8,
    /// A key that goes, and whose token is here; its ID, or how it begins
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    remove: Vec<String>,
    /// A key that goes because it is lost or stolen
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    lost: Vec<String>,
    /// A key that stays, and does not sign this time
    #[arg(long, value_name = "KEYID", num_args = 1..)]
    absent: Vec<String>,
    /// A key that stays, and whose signature another site owes
    #[arg(long, value_name = "KEYID=SITE", num_args = 1..)]
    site: Vec<String>,
}

impl Change {
    /// Whether anything was said of a root that exists.
    pub(super) fn is_given(&self) -> bool {
        let lists = [&self.remove, &self.lost, &self.absent, &self.site];
        !self.previous.is_empty()
            || self.transcript_digest.is_some()
            || self.register.is_some()
            || self.custody_log.is_some()
            || self.add > 0
            || lists.into_iter().any(|list| !list.is_empty())
    }

    /// The script of the change, still to be written and judged.
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
        let mut say = |text: &str, disposition: KeyDisposition| {
            let mut meant = keys
                .iter_mut()
                .filter(|(id, _)| !text.is_empty() && id.as_str().starts_with(text));
            match (meant.next(), meant.next()) {
                (Some((_, known)), None) if *known == KeyDisposition::Keep => {
                    *known = disposition;
                    Ok(())
                }
                (Some(_), None) => Err(usage(format!("the key {text:?} is named twice"))),
                (Some(_), Some(_)) => Err(usage(format!("more than one key begins with {text:?}"))),
                (None, _) => Err(usage(format!("the root has no root key {text:?}"))
                    .hint("conclave root show tells its keys and their IDs")),
            }
        };
        for (texts, disposition) in [
            (&self.remove, KeyDisposition::Remove),
            (&self.lost, KeyDisposition::Lost),
            (&self.absent, KeyDisposition::Absent),
        ] {
            for text in texts {
                say(text, disposition.clone())?;
            }
        }
        for text in &self.site {
            let (id, site) = text
                .split_once('=')
                .ok_or_else(|| usage(format!("{text:?} is not KEYID=SITE")))?;
            say(id, KeyDisposition::Site(site.to_owned()))?;
        }
        let digest = self.transcript_digest.as_deref();
        let transcript_digest = digest.map(Digest::from_words).transpose();
        Ok(ChangeTemplate {
            template: template.to_owned(),
            title: basics.title.clone(),
            repository: basics.repository.clone(),
            not_before: basics.not_before,
            expires: basics.expires()?,
            chain,
            transcript_digest: transcript_digest
                .map_err(|error| usage(format!("--transcript-digest: {error}")))?,
            register: self.register.as_deref().map(carried).transpose()?,
            custody: self.custody_log.as_deref().map(carried).transpose()?,
            threshold: basics.threshold.map(u32::from),
            keys,
            added: self.add,
            key_type: basics.key_type,
            profile: basics.profile.clone(),
            online,
        })
    }

    /// The custody list that was given. One that is none is told when the script is judged.
    pub(super) fn custody(&self) -> Result<Option<CustodyList>, Failure> {
        let file = self.custody_log.as_deref().map(carried).transpose()?;
        Ok(file.and_then(|(_, bytes)| CustodyList::parse(&bytes).ok()))
    }

    /// The chain, by the names under which it is carried, and the root at its end.
    fn read(&self) -> Result<(NamedFiles, TrustedRoot), Failure> {
        let mut chain = Vec::new();
        for path in &self.previous {
            chain.push(carried(path)?);
        }
        if chain.is_empty() {
            return Err(usage("a change of a root needs the root".to_owned())
                .hint("give it with --previous 7.root.json"));
        }
        let report = verify_chain(chain.clone().into_iter(), Timestamp::now());
        let Some(root) = report.trusted().cloned() else {
            let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
            return Err(Failure::new(
                Status::Refused,
                format!("the root cannot be trusted: {}", reasons.join("; ")),
            )
            .hint("give the versions from the trust anchor on, in order, the newest last"));
        };
        let first = root.version() + 1 - chain.len() as u64;
        let files = chain.into_iter().zip(first..);
        let named =
            files.map(|((_, bytes), version)| (format!("previous/{version}.root.json"), bytes));
        Ok((named.collect(), root))
    }
}

/// A file that is carried, with the name that it has in the script.
fn carried(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let bytes = read_given(path)
        .map_err(|failure| failure.hint("give the files that the ceremony before left"))?;
    Ok((path.display().to_string(), bytes))
}

fn usage(what: String) -> Failure {
    Failure::new(Status::Usage, what)
}
