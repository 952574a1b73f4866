//! Key files that are destroyed: which there are, and how they are erased.

use std::path::PathBuf;

use crate::ceremony::{FailureKind, Outcome};
use crate::record::{TokenId, visible};
use crate::script::KeyId;
use crate::token::TokenError;
use crate::token::key_file::{self, KeyFile, trust_folders};

use super::Executor;
use super::failure::{EffectResult, failed};

impl Executor<'_> {
    /// Searches the trust folders for every file of a key. What is left of interrupted erasures is removed first.
    pub(super) fn find_key_files(
        &mut self,
        token: &TokenId,
        interrupted: &[String],
    ) -> EffectResult<Outcome> {
        let id = token.serial.clone();
        let begun: Vec<PathBuf> = interrupted.iter().map(PathBuf::from).collect();
        let found = self.call("Searching for key files", move |_| {
            key_file::finish_erasing(&begun)?;
            let files = key_file::files_of(&id, &trust_folders())?;
            for file in &files {
                KeyFile::read(file)?.require_root()?;
            }
            Ok(files)
        })?;
        if found.is_empty() && interrupted.is_empty() {
            let wanted = format!("key file {}.key", token.serial);
            return Err(TokenError::NotFound { wanted }.into());
        }
        let paths = found.into_iter().map(|path| {
            let text = path.into_os_string().into_string().ok();
            text.filter(|text| *visible(text) == *text).ok_or_else(|| {
                failed(
                    FailureKind::File,
                    format!(
                        "the path of a file of key {} has unprintable characters",
                        token.serial
                    ),
                    "rename the folder that the key file is in",
                )
            })
        });
        Ok(Outcome::KeyFilesFound(paths.collect::<EffectResult<_>>()?))
    }

    /// Erases these files of a key after one was opened by its passphrase, and searches for others.
    pub(super) fn erase_key_files(
        &mut self,
        key: &KeyId,
        token: &TokenId,
        files: &[String],
    ) -> EffectResult<Outcome> {
        self.log_in_at(key.as_str(), key, token)?;
        let id = token.serial.clone();
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        self.call("Erasing the key files", move |tokens| {
            tokens.forget();
            key_file::erase(&id, &files, &trust_folders())
        })?;
        Ok(Outcome::KeyDestroyed)
    }
}
