//! Shares on paper.
use super::super::Executor;
use super::super::effects::Performed;
use crate::backup::BackupSet;
use crate::script::PersonId;
impl Executor<'_> {
    pub(super) fn have_paper_written(&mut self, _set: &BackupSet) -> Performed<Vec<PersonId>> {
        Ok(Vec::new())
    }
}
