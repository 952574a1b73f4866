//! `conclave script new backup` and `conclave share reissue`: shares for an existing key.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::source::read_given;
use crate::backup::Manifest;
use crate::cli::Failure;
use crate::cli::output::display;
use crate::metadata::Key;
use crate::script::{BackupSource, BackupTemplate, Keeper, NamedFile};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Backup of an existing key")]
pub(in crate::cli) struct Backup {
    /// A custodian of a share: their name, and age1…, a public SSH key, "passphrase" or "paper"
    #[arg(long = "custodian", value_name = "NAME=RECIPIENT", num_args = 1..)]
    custodians: Vec<String>,
    /// The manifest of the set that replaced the old set; the rest of the old set is destroyed, and no shares are made
    #[arg(long, value_name = "FILE")]
    superseded_by: Option<PathBuf>,
    /// The public key of a key on a token that can export it wrapped; instead of --manifest
    #[arg(long, value_name = "FILE", requires = "key")]
    public_key: Option<PathBuf>,
    /// The ID of that key in the script
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
}

/// The other options of a backup.
pub(in crate::cli) struct BackupOptions<'a> {
    pub(in crate::cli) manifest: Option<&'a Path>,
    pub(in crate::cli) repository: Option<&'a str>,
    pub(in crate::cli) title: Option<&'a str>,
    pub(in crate::cli) not_before: Timestamp,
    pub(in crate::cli) threshold: Option<u8>,
    pub(in crate::cli) profile: &'a str,
}

impl Backup {
    /// Whether any of these options was given.
    pub(super) const fn is_given(&self) -> bool {
        !self.custodians.is_empty()
            || self.superseded_by.is_some()
            || self.public_key.is_some()
            || self.key.is_some()
    }

    pub(in crate::cli) fn template(
        &self,
        options: &BackupOptions<'_>,
    ) -> Result<BackupTemplate, Failure> {
        let keepers = self.keepers()?;
        let (source, repository) = match (options.manifest, &self.public_key, &self.key) {
            (Some(path), None, _) => self.of_shares(path)?,
            (None, Some(path), Some(key)) => {
                let bytes = read_given(path)?;
                Key::from_file(&bytes).map_err(|error| {
                    Failure::usage(format!("{} is not a public key: {error}", display(path)))
                        .hint("give keys/KEY.pub.pem from the ceremony that generated the key")
                })?;
                let source = BackupSource::Token {
                    key: key.clone(),
                    public_key: (format!("public-keys/{}", name(path)), bytes),
                    profile: options.profile.to_owned(),
                };
                (source, None)
            }
            _ => {
                return Err(Failure::usage("the key to back up is missing").hint(
                    "give --manifest KEY.ID.manifest.json of its old share set, or --public-key FILE --key NAME",
                ));
            }
        };
        if let (Some(of_set), Some(asked)) = (&repository, options.repository)
            && of_set != asked
        {
            return Err(Failure::usage(format!(
                "the manifest is for the repository {of_set}, not {asked}"
            ))
            .hint(format!("use --repository {of_set}")));
        }
        let repository = repository.or_else(|| options.repository.map(str::to_owned));
        let makes = self.superseded_by.is_none();
        if makes == keepers.is_empty() {
            let (error, hint) = if makes {
                (
                    "the custodians of the new shares are missing",
                    "give --custodian NAME=RECIPIENT for each custodian",
                )
            } else {
                (
                    "a set that was already replaced does not get new custodians",
                    "give either --custodian or --superseded-by",
                )
            };
            return Err(Failure::usage(error).hint(hint));
        }
        let count = u8::try_from(keepers.len()).unwrap_or(u8::MAX);
        Ok(BackupTemplate {
            repository: repository.unwrap_or_default(),
            title: options.title.map(str::to_owned),
            not_before: options.not_before,
            source,
            threshold: options.threshold.unwrap_or(count / 2 + 1),
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
            Failure::usage("--custodian requires a name and a recipient")
                .hint("for example: --custodian \"Ada Lindgren=age1…\", or =passphrase, or =paper")
        })
    }
}

/// The pinned input files of such a script.
pub(in crate::cli) fn pinned_files(template: &BackupTemplate) -> Vec<NamedFile> {
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

/// A manifest, and the file as the script pins it.
pub(super) fn manifest(path: &Path) -> Result<(NamedFile, Manifest), Failure> {
    let bytes = read_given(path)?;
    let set = Manifest::read(&bytes).map_err(|refusal| {
        Failure::usage(format!("{} is not a manifest: {refusal}", display(path)))
            .hint("give KEY.ID.manifest.json, which is stored with the shares")
    })?;
    Ok(((format!("restore/{}", name(path)), bytes), set))
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
