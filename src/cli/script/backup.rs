//! `conclave script new backup`, and `conclave share reissue`: shares for a key that exists.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::source::read_given;
use crate::backup::Manifest;
use crate::cli::output::display;
use crate::cli::{Failure, Status};
use crate::metadata::Key;
use crate::script::{BackupSource, BackupTemplate, Keeper, NamedFile};

/// Who gets shares, and of what.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A backup of a key that exists")]
pub(in crate::cli) struct Backup {
    /// A custodian who gets a share: a name, =, and age1…, a public SSH key, "passphrase" or "paper"; once for each
    #[arg(long = "custodian", value_name = "NAME=RECIPIENT", num_args = 1..)]
    custodians: Vec<String>,
    /// The manifest of the set that took the place of the old one: what is left of that is destroyed, and nothing made
    #[arg(long, value_name = "FILE")]
    superseded_by: Option<PathBuf>,
    /// The public key of a key on its token, which lets it out wrapped; in place of --manifest
    #[arg(long, value_name = "FILE", requires = "key")]
    public_key: Option<PathBuf>,
    /// How the script calls that key
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
}

/// What else a backup is told by a command.
pub(in crate::cli) struct BackupOptions<'a> {
    pub(in crate::cli) manifest: Option<&'a Path>,
    pub(in crate::cli) repository: Option<&'a str>,
    pub(in crate::cli) title: Option<&'a str>,
    pub(in crate::cli) not_before: Timestamp,
    pub(in crate::cli) threshold: Option<u8>,
    pub(in crate::cli) profile: &'a str,
}

impl Backup {
    /// Whether anything of it was given.
    pub(super) const fn is_given(&self) -> bool {
        !self.custodians.is_empty()
            || self.superseded_by.is_some()
            || self.public_key.is_some()
            || self.key.is_some()
    }

    /// What the script is to say.
    pub(in crate::cli) fn template(
        &self,
        told: &BackupOptions<'_>,
    ) -> Result<BackupTemplate, Failure> {
        let keepers = self.keepers()?;
        let (source, repository) = match (told.manifest, &self.public_key, &self.key) {
            (Some(path), None, _) => self.of_shares(path)?,
            (None, Some(path), Some(key)) => {
                let bytes = read_given(path)?;
                Key::from_file(&bytes).map_err(|error| {
                    let what = format!("{} is no public key: {error}", display(path));
                    Failure::new(Status::Usage, what)
                        .hint("give keys/KEY.pub.pem of the ceremony that made the key")
                })?;
                let source = BackupSource::Token {
                    key: key.clone(),
                    public_key: (format!("public-keys/{}", name(path)), bytes),
                    profile: told.profile.to_owned(),
                };
                (source, None)
            }
            _ => {
                return Err(Failure::new(Status::Usage, "nobody said which key gets shares").hint(
                    "give --manifest KEY.ID.manifest.json of its old set, or --public-key FILE --key NAME",
                ));
            }
        };
        if let (Some(of_set), Some(asked)) = (&repository, told.repository)
            && of_set != asked
        {
            let what = format!("the set is of {of_set}, not of {asked}");
            return Err(Failure::new(Status::Usage, what)
                .hint("give the repository that the manifest names, with --repository"));
        }
        let repository = repository.or_else(|| told.repository.map(str::to_owned));
        let makes = self.superseded_by.is_none();
        if makes == keepers.is_empty() {
            let (what, hint) = if makes {
                (
                    "nobody gets a share",
                    "give --custodian NAME=RECIPIENT, once for each",
                )
            } else {
                (
                    "what took the place of the set is there already",
                    "give --custodian or --superseded-by, not both",
                )
            };
            return Err(Failure::new(Status::Usage, what).hint(hint));
        }
        let count = u8::try_from(keepers.len()).unwrap_or(u8::MAX);
        Ok(BackupTemplate {
            repository: repository.unwrap_or_default(),
            title: told.title.map(str::to_owned),
            not_before: told.not_before,
            source,
            threshold: told.threshold.unwrap_or(count / 2 + 1),
            keepers,
        })
    }

    fn of_shares(&self, path: &Path) -> Result<(BackupSource, Option<String>), Failure> {
        let (manifest, set) = manifest(path)?;
        let superseded_by = match &self.superseded_by {
            Some(path) => Some(self::manifest(path)?.0),
            None => None,
        };
        let repository = set.facts().repository.clone();
        let source = BackupSource::Shares {
            manifest,
            set: Box::new(set),
            superseded_by,
        };
        Ok((source, Some(repository)))
    }

    fn keepers(&self) -> Result<Vec<Keeper>, Failure> {
        let one = |text: &String| {
            let (name, recipient) = text.split_once('=')?;
            Some(Keeper {
                name: name.trim().to_owned(),
                recipient: recipient.trim().to_owned(),
            })
        };
        let all = self.custodians.iter().map(one);
        all.collect::<Option<_>>().ok_or_else(|| {
            Failure::new(Status::Usage, "a custodian is a name and a recipient")
                .hint("write --custodian \"Ada Lindgren=age1…\", or =passphrase, or =paper")
        })
    }
}

/// The files that such a script carries.
pub(in crate::cli) fn carried(template: &BackupTemplate) -> Vec<NamedFile> {
    match &template.source {
        BackupSource::Token { public_key, .. } => vec![public_key.clone()],
        BackupSource::Shares {
            manifest,
            superseded_by,
            ..
        } => std::iter::once(manifest)
            .chain(superseded_by)
            .cloned()
            .collect(),
    }
}

fn manifest(path: &Path) -> Result<(NamedFile, Manifest), Failure> {
    let bytes = read_given(path)?;
    let set = Manifest::read(&bytes).map_err(|refusal| {
        let what = format!("{} is no manifest: {refusal}", display(path));
        Failure::new(Status::Usage, what)
            .hint("give KEY.ID.manifest.json, which lies with the shares")
    })?;
    Ok(((format!("restore/{}", name(path)), bytes), set))
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
