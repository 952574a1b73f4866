//! The chain of root versions, from the trust anchor to the newest (specification, section 5.3).
//!
//! Every hop N → N+1 needs a threshold of N's root keys and a threshold of N+1's
//! own. A hop depends on the keys of the version before it, not on its verdict, so
//! hops are judged side by side on all cores; the verdicts are taken in order, so
//! that the first faulty version is the one reported.

mod findings;
mod line;
mod report;

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use self::findings::Findings;
use super::authority::ListedKey;
use super::authority_cache::AuthorityCache;
use super::check::{Check, Remark};
use super::document::RootDocument;
use super::expires::Expires;
use super::key_id::KeyId;
use super::limits::MAX_VERSIONS;
use super::role::{Role, RoleKind};
use super::root_file::RootFile;
use super::tally::{Count, Tally, tally};

pub use report::ChainReport;

/// A root that a chain of signatures ties to the trust anchor. Only [`verify_chain`] makes one.
#[derive(Debug, Clone)]
pub struct TrustedRoot {
    document: Arc<RootDocument>,
}

impl TrustedRoot {
    /// The version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.document.version()
    }

    /// When it expires. A root that has expired can still be rotated.
    #[must_use]
    pub fn expires(&self) -> &Expires {
        self.document.expires()
    }

    /// A role.
    #[must_use]
    pub fn role(&self, kind: RoleKind) -> &Role {
        self.document.role(kind)
    }

    /// The keys by their IDs.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, &ListedKey)> {
        self.document.keys().iter()
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &RootDocument {
        &self.document
    }
}

/// Verifies a chain of root files, in order: the first is the trust anchor, which
/// must be signed by a threshold of its own keys. Names are for the report alone.
/// Only the last version's expiry counts; `at` is the time that it is judged at.
pub fn verify_chain(
    files: impl Iterator<Item = (String, Vec<u8>)> + Send,
    at: Timestamp,
) -> ChainReport {
    match try_verify_chain(files.map(Ok::<_, Infallible>), at) {
        Ok(report) => report,
        Err(never) => match never {},
    }
}

/// [`verify_chain`] over files that are fetched as it goes.
///
/// # Errors
/// When a file could not be fetched, and no version before it was refused.
pub fn try_verify_chain<E: Send>(
    files: impl Iterator<Item = Result<(String, Vec<u8>), E>> + Send,
    at: Timestamp,
) -> Result<ChainReport, E> {
    let mut walk = Walk::default();
    line::run(files, |link, hop| walk.step(link, hop))?;
    Ok(walk.report(at))
}

/// A file of the chain, read.
struct Link {
    name: String,
    file: Result<Arc<RootFile>, Remark>,
}

impl Link {
    fn read(name: String, bytes: &[u8], cache: &mut AuthorityCache) -> Self {
        let file = RootFile::read_with(bytes, cache).map(Arc::new);
        Self { name, file }
    }
}

/// What signatures make of one version.
struct Hop {
    /// Under the version before it; `None` for the trust anchor.
    old: Option<Count>,
    /// Under its own keys.
    new: Count,
    remarks: Vec<Remark>,
}

impl Hop {
    /// Judges a file by the one before it; the trust anchor by itself.
    fn judge(previous: Option<&RootFile>, file: &RootFile) -> Self {
        let own = file.document();
        let Some(previous) = previous else {
            let Tally {
                counts: [new],
                remarks,
            } = tally(file, [own]);
            let old = None;
            return Self { old, new, remarks };
        };
        let Tally {
            counts: [old, new],
            remarks,
        } = tally(file, [previous.document(), own]);
        let old = Some(old);
        Self { old, new, remarks }
    }

    fn refusals(&self) -> Vec<Remark> {
        let refusal = |check, whose: &str, count: Count| {
            Remark::new(
                check,
                format!(
                    "{} of the {} signatures that {whose} needs",
                    count.have, count.need
                ),
            )
        };
        let mut refusals = Vec::new();
        if let Some(old) = self.old.filter(|count| !count.is_reached()) {
            refusals.push(refusal(
                Check::ChainOldThreshold,
                "the root role of the version before it",
                old,
            ));
        }
        if !self.new.is_reached() {
            let check = match self.old {
                Some(_) => Check::ChainNewThreshold,
                None => Check::ChainAnchorThreshold,
            };
            refusals.push(refusal(check, "its own root role", self.new));
        }
        refusals
    }
}

/// How far the chain was walked.
#[derive(Default)]
struct Walk {
    /// The last version that was verified.
    last: Option<(String, Arc<RootFile>)>,
    walked: u64,
    reasons: Vec<Remark>,
    findings: Findings,
}

impl Walk {
    /// Takes the next file with what signatures make of it.
    fn step(&mut self, link: Link, hop: Option<Hop>) -> ControlFlow<()> {
        let Link { name, file } = link;
        let refuse = |walk: &mut Self, refusals: Vec<Remark>| {
            walk.reasons
                .extend(refusals.into_iter().map(|refusal| refusal.of_file(&name)));
            ControlFlow::Break(())
        };
        if self.walked >= MAX_VERSIONS {
            let limit = format!("a chain of more than {MAX_VERSIONS} versions is not walked");
            return refuse(self, vec![Remark::new(Check::ChainLimit, limit)]);
        }
        let file = match file {
            Ok(file) => file,
            Err(refusal) => return refuse(self, vec![refusal]),
        };
        for remark in file.remarks() {
            self.findings.add(&name, remark.clone());
        }
        let previous = self.last.as_ref().map(|(_, file)| file);
        if let Some(refusal) = previous.and_then(|previous| skipped(previous, &file)) {
            return refuse(self, vec![refusal]);
        }
        let format = file.document().format();
        if let Some(before) = previous.map(|before| before.document().format())
            && before != format
        {
            let text =
                format!("it is in the format {format}, and the version before it is in {before}");
            return refuse(self, vec![Remark::new(Check::ChainFormat, text)]);
        }
        let version = file.document().version();
        if let Some(named) = version_in(&name).filter(|named| *named != version) {
            let text = format!("it holds version {version}, not {named}");
            return refuse(self, vec![Remark::new(Check::FileName, text)]);
        }
        let Some(hop) = hop else {
            // Only a file that could not be read, or that follows one, has no hop.
            return ControlFlow::Break(());
        };
        let refusals = hop.refusals();
        for remark in hop.remarks {
            self.findings.add(&name, remark);
        }
        if !refusals.is_empty() {
            return refuse(self, refusals);
        }
        if let Some(previous) = previous {
            let (before, now) = (previous.document().expires(), file.document().expires());
            if now.instant() < before.instant() {
                self.findings.add(
                    &name,
                    Remark::new(
                        Check::RootExpiresEarlier,
                        "it expires before the version before it",
                    ),
                );
            }
        }
        self.walked += 1;
        self.last = Some((name, file));
        ControlFlow::Continue(())
    }

    fn report(mut self, at: Timestamp) -> ChainReport {
        if self.walked == 0 && self.reasons.is_empty() {
            let nothing = Remark::new(Check::ChainEmpty, "there is no root file to judge");
            self.reasons.push(nothing);
        }
        let Some((name, file)) = self.last else {
            return ChainReport::new(None, false, self.reasons, self.findings.into_remarks());
        };
        let document = file.document();
        let expired = document.expires().is_past(at);
        if expired && self.reasons.is_empty() {
            let text = format!(
                "it expired at {}",
                document.expires().as_str().escape_debug()
            );
            self.reasons
                .push(Remark::new(Check::RootExpired, text).of_file(&name));
        }
        if self.reasons.is_empty()
            && let Some(text) = document.outlived_certificates(at)
        {
            self.reasons
                .push(Remark::new(Check::RootCertificate, text).of_file(&name));
        }
        let trusted = TrustedRoot {
            document: Arc::new(document.clone()),
        };
        ChainReport::new(
            Some(trusted),
            expired,
            self.reasons,
            self.findings.into_remarks(),
        )
    }
}

/// Whether a file is not the version that follows.
fn skipped(previous: &RootFile, file: &RootFile) -> Option<Remark> {
    let (before, now) = (previous.document().version(), file.document().version());
    (now != before + 1).then(|| {
        Remark::new(
            Check::ChainVersion,
            format!(
                "it is version {now}, and version {} must follow",
                before + 1
            ),
        )
    })
}

/// The N of a file name `N.root.json`.
fn version_in(name: &str) -> Option<u64> {
    let file_name = name
        .rsplit_once('/')
        .map_or(name, |(_, file_name)| file_name);
    file_name.strip_suffix(".root.json")?.parse().ok()
}
