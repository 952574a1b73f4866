//! `conclave script new drill|recovery --manifest …`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::basics::Basics;
use super::source::read_given;
use crate::backup::Manifest;
use crate::cli::output::display;
use crate::cli::{Failure, Status};
use crate::script::{DrillLevel, Kind, Opens, RestoreTemplate};

/// What is restored in a drill or a recovery.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A drill, or a recovery")]
pub(super) struct Restore {
    /// The manifest of the share set, as it lies with the shares and with the record of the backup
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// How far a drill goes [default: full]
    #[arg(long, value_name = "LEVEL")]
    level: Option<LevelArgument>,
    /// In a full drill: onto a blank token of that profile, in place of locked memory
    #[arg(long, value_name = "PROFILE")]
    onto: Option<String>,
    /// Custodians open their files on this machine, with hardware identities
    #[arg(long)]
    opens_here: bool,
}

/// How far a drill goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelArgument {
    /// Shares open, and are of the set.
    Custody,
    /// Shares restore the key-encryption key.
    Quorum,
    /// The key is restored, signs, and is destroyed.
    Full,
}

impl Restore {
    /// Whether anything of it was given.
    pub(super) const fn is_given(&self) -> bool {
        self.manifest.is_some() || self.level.is_some() || self.onto.is_some() || self.opens_here
    }

    /// The manifest, where it was given.
    pub(super) fn manifest(&self) -> Option<&Path> {
        self.manifest.as_deref()
    }

    /// Whether nothing but a manifest was given.
    pub(super) const fn is_manifest_alone(&self) -> bool {
        self.manifest.is_some() && self.level.is_none() && self.onto.is_none() && !self.opens_here
    }

    /// What the script is to say, of a drill or a recovery.
    pub(super) fn template(&self, kind: Kind, basics: &Basics) -> Result<RestoreTemplate, Failure> {
        let path = self.manifest.as_deref().ok_or_else(|| {
            Failure::new(Status::Usage, "nobody said from which share set")
                .hint("give --manifest KEY.ID.manifest.json, which lies with the shares")
        })?;
        let shown = display(path);
        let bytes = read_given(path)?;
        let set = Manifest::read(&bytes).map_err(|refusal| {
            Failure::new(Status::Usage, format!("{shown} is no manifest: {refusal}"))
                .hint("give KEY.ID.manifest.json, which lies with the shares")
        })?;
        if set.facts().repository != basics.repository {
            return Err(Failure::new(
                Status::Usage,
                format!(
                    "{shown} is of {}, not of {}",
                    set.facts().repository,
                    basics.repository
                ),
            )
            .hint("give the repository that the manifest names, with --repository"));
        }
        let level = match self.level {
            Some(LevelArgument::Custody) => DrillLevel::Custody,
            Some(LevelArgument::Quorum) => DrillLevel::Quorum,
            Some(LevelArgument::Full) | None => DrillLevel::Full,
        };
        let onto = match kind {
            Kind::Recovery => Some(self.onto.clone().unwrap_or_else(|| basics.profile.clone())),
            _ => self.onto.clone(),
        };
        if level != DrillLevel::Full && (onto.is_some() || kind == Kind::Recovery) {
            return Err(Failure::new(
                Status::Usage,
                "nothing comes onto a token in a drill of that level",
            )
            .hint("leave out --onto, or --level"));
        }
        let name = path
            .file_name()
            .unwrap_or(Path::new("manifest.json").as_os_str());
        Ok(RestoreTemplate {
            kind,
            level,
            title: basics.title.clone(),
            not_before: basics.not_before,
            manifest: (format!("restore/{}", name.to_string_lossy()), bytes),
            set,
            onto,
            opens: if self.opens_here {
                Opens::Here
            } else {
                Opens::OwnDevice
            },
        })
    }
}
