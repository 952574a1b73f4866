//! `conclave script new drill|recovery --manifest …`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::backup::manifest;
use super::basics::Basics;
use crate::cli::Failure;
use crate::cli::output::display;
use crate::script::{DrillLevel, Kind, Opens, RestoreTemplate};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Drill or recovery")]
pub(super) struct Restore {
    /// The manifest of the share set, a copy of which is stored with the shares and with the transcript
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The level of a drill [default: full]
    #[arg(long, value_name = "LEVEL")]
    level: Option<LevelArgument>,
    /// In a full drill, restore the key to a blank token with this profile instead of to memory
    #[arg(long, value_name = "PROFILE")]
    onto: Option<String>,
    /// Custodians open their shares on this machine, with hardware identities
    #[arg(long)]
    opens_here: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelArgument {
    /// The shares open and belong to the set
    Custody,
    /// The shares restore the key-encryption key
    Quorum,
    /// The key is restored, signs, and is destroyed
    Full,
}

impl Restore {
    /// Whether any of these options was given.
    pub(super) const fn is_given(&self) -> bool {
        self.manifest.is_some() || self.level.is_some() || self.onto.is_some() || self.opens_here
    }

    pub(super) fn manifest(&self) -> Option<&Path> {
        self.manifest.as_deref()
    }

    /// Whether only the manifest was given.
    pub(super) const fn is_manifest_alone(&self) -> bool {
        self.manifest.is_some() && self.level.is_none() && self.onto.is_none() && !self.opens_here
    }

    pub(super) fn template(&self, kind: Kind, basics: &Basics) -> Result<RestoreTemplate, Failure> {
        let path = self.manifest.as_deref().ok_or_else(|| {
            Failure::usage("the share set to restore from is missing")
                .hint("give --manifest KEY.ID.manifest.json, which is stored with the shares")
        })?;
        let (manifest, set) = manifest(path)?;
        let repository = &set.facts().repository;
        if *repository != basics.repository {
            return Err(Failure::usage(format!(
                "{} is for the repository {repository}, not {}",
                display(path),
                basics.repository
            ))
            .hint(format!("use --repository {repository}")));
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
            return Err(
                Failure::usage("only a full drill restores a key to a token")
                    .hint("omit --onto or --level"),
            );
        }
        Ok(RestoreTemplate {
            kind,
            level,
            title: basics.title.clone(),
            not_before: basics.not_before,
            manifest,
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
