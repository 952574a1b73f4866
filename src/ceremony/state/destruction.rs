//! How far the destruction of a key is, and how it is known that the key is gone.

use std::collections::BTreeMap;

use crate::ceremony::replay::{Applied, require};
use crate::script::PersonId;

use super::intent::Intent;

/// The destruction of a key in its token or, for a key in files, of every file of it.
#[derive(Debug, Clone, Default)]
pub struct Destruction {
    /// The paths of the key files that two people approved; none for a token.
    intent: Intent<Vec<String>>,
    /// The key files that were there when the trust folders were last searched.
    found: Option<Vec<String>>,
    /// Files that were gone after an interruption, with those who attested that they were erased.
    attested: BTreeMap<String, Vec<PersonId>>,
    /// The files that were erased, once the key was seen to be gone.
    erased: Option<Vec<String>>,
}

impl Destruction {
    /// Whether the key is gone, by proof or by attestation.
    pub fn is_done(&self) -> bool {
        let is_attested = !self.attested.is_empty()
            && self.found.as_ref().is_some_and(Vec::is_empty)
            && self.missing().next().is_none();
        self.erased.is_some() || is_attested
    }

    /// The key files that Conclave erased and saw to be gone.
    pub fn erased(&self) -> &[String] {
        self.erased.as_deref().unwrap_or_default()
    }

    /// The key files of which people attested that they are gone, after an interruption.
    pub fn attested(&self) -> impl Iterator<Item = (&String, &Vec<PersonId>)> {
        let is_proven = |file: &&String| self.erased().contains(file);
        self.attested
            .iter()
            .filter(move |(file, _)| !is_proven(file))
    }

    pub(in crate::ceremony) const fn intent(&self) -> &Intent<Vec<String>> {
        &self.intent
    }

    /// The key files that are to be erased; none before the trust folders were searched.
    pub(in crate::ceremony) fn found(&self) -> Option<&[String]> {
        self.found.as_deref()
    }

    /// Announced files that are not there, and of which nobody attested that they were erased.
    pub(in crate::ceremony) fn missing(&self) -> impl Iterator<Item = &String> {
        let announced = self.intent.get().into_iter().flatten();
        let found = self.found.as_deref().unwrap_or_default();
        announced.filter(|file| !found.contains(file) && !self.attested.contains_key(*file))
    }

    /// Whether two people approved the destruction of all that was found.
    pub(in crate::ceremony) fn is_announced(&self) -> bool {
        let found = self.found.as_deref().unwrap_or_default();
        let announced = self.intent.get();
        announced.is_some_and(|announced| found.iter().all(|file| announced.contains(file)))
    }

    pub(in crate::ceremony) fn find(&mut self, files: &[String]) {
        self.found = Some(files.to_vec());
    }

    /// Announces that these files are erased: again, if more were found after an interruption.
    pub(in crate::ceremony) fn announce(&mut self, files: &[String]) -> Applied {
        require(!self.is_done(), "the key was already destroyed")?;
        require(
            files == self.found.as_deref().unwrap_or_default(),
            "the files are not those that were found",
        )?;
        require(
            !self.is_announced(),
            "the destruction was already announced",
        )?;
        let before = self.intent.get().into_iter().flatten().cloned();
        let mut all: Vec<String> = before.collect();
        all.extend(
            files
                .iter()
                .filter(|file| !all.contains(file))
                .cloned()
                .collect::<Vec<_>>(),
        );
        self.intent = match self.intent {
            Intent::None => Intent::Recorded(all),
            Intent::Recorded(_) | Intent::Interrupted(_) => Intent::Interrupted(all),
        };
        Ok(())
    }

    /// The announced files that are missing were erased before the interruption, as these people attest.
    pub(in crate::ceremony) fn attest(&mut self, files: &[String], people: &[PersonId]) -> Applied {
        require(
            matches!(self.intent, Intent::Interrupted(_)) && self.found.is_some(),
            "the destruction of this key was not interrupted",
        )?;
        require(
            !files.is_empty() && self.missing().eq(files),
            "the files are not those that are missing",
        )?;
        let attested = files.iter().map(|file| (file.clone(), people.to_vec()));
        self.attested.extend(attested);
        Ok(())
    }

    /// The key was seen to be gone, after these files were erased.
    pub(in crate::ceremony) fn finish(&mut self, files: &[String]) -> Applied {
        require(
            self.is_announced() && !self.is_done() && self.missing().next().is_none(),
            "the destruction of this key was not announced, or is already done",
        )?;
        require(
            files == self.found.as_deref().unwrap_or_default(),
            "the files are not those that were found",
        )?;
        self.erased = Some(files.to_vec());
        Ok(())
    }

    /// Something failed, or the process ended: files that were announced may be gone.
    pub(super) fn interrupt(&mut self) {
        self.intent.interrupt();
        if !self.is_done() {
            self.found = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn people() -> Vec<PersonId> {
        vec!["ada".parse().unwrap(), "bob".parse().unwrap()]
    }

    /// Two files were announced, and the process ended.
    fn interrupted(found: &[&str]) -> Destruction {
        let mut destruction = Destruction::default();
        destruction.find(&files(&["a", "b"]));
        destruction.announce(&files(&["a", "b"])).unwrap();
        destruction.interrupt();
        destruction.find(&files(found));
        destruction
    }

    #[test]
    fn what_was_announced_and_erased_is_proven() {
        let mut destruction = Destruction::default();
        assert!(destruction.finish(&[]).is_err());
        destruction.find(&files(&["a", "b"]));
        assert!(destruction.announce(&files(&["a"])).is_err());
        destruction.announce(&files(&["a", "b"])).unwrap();
        assert!(destruction.announce(&files(&["a", "b"])).is_err());
        assert!(destruction.finish(&files(&["a"])).is_err());
        destruction.finish(&files(&["a", "b"])).unwrap();
        assert!(destruction.is_done());
        assert_eq!(destruction.erased(), files(&["a", "b"]));
        assert!(destruction.finish(&files(&["a", "b"])).is_err());
    }

    #[test]
    fn files_that_are_gone_are_attested_only_after_an_interruption() {
        let mut destruction = Destruction::default();
        destruction.find(&files(&["a"]));
        destruction.announce(&files(&["a"])).unwrap();
        destruction.find(&[]);
        assert!(destruction.attest(&files(&["a"]), &people()).is_err());
        destruction.interrupt();
        assert!(
            destruction.attest(&files(&["a"]), &people()).is_err(),
            "the folders were not searched"
        );
        destruction.find(&[]);
        assert!(!destruction.is_done());
        assert!(
            destruction.finish(&[]).is_err(),
            "absence alone proves nothing"
        );
        assert!(destruction.attest(&files(&["b"]), &people()).is_err());
        destruction.attest(&files(&["a"]), &people()).unwrap();
        assert!(destruction.is_done() && destruction.erased().is_empty());
        assert_eq!(destruction.attested().next().unwrap().1, &people());
    }

    #[test]
    fn what_is_left_after_an_interruption_is_erased_and_the_rest_attested() {
        let mut destruction = interrupted(&["b"]);
        assert!(destruction.attest(&files(&["b"]), &people()).is_err());
        assert!(destruction.finish(&files(&["b"])).is_err());
        destruction.attest(&files(&["a"]), &people()).unwrap();
        assert!(!destruction.is_done());
        destruction.finish(&files(&["b"])).unwrap();
        assert_eq!(destruction.erased(), files(&["b"]));
        assert_eq!(destruction.attested().count(), 1);
    }

    #[test]
    fn another_file_is_announced_as_well_before_it_is_erased() {
        let mut destruction = interrupted(&["b", "c"]);
        destruction.attest(&files(&["a"]), &people()).unwrap();
        assert!(destruction.finish(&files(&["b", "c"])).is_err());
        destruction.announce(&files(&["b", "c"])).unwrap();
        destruction.finish(&files(&["b", "c"])).unwrap();
    }

    #[test]
    fn a_file_that_comes_back_after_it_was_attested_is_erased_and_proven() {
        let mut destruction = interrupted(&[]);
        destruction.attest(&files(&["a", "b"]), &people()).unwrap();
        assert!(destruction.is_done());
        let mut destruction = interrupted(&["b"]);
        destruction.attest(&files(&["a"]), &people()).unwrap();
        destruction.interrupt();
        destruction.find(&files(&["a", "b"]));
        destruction.finish(&files(&["a", "b"])).unwrap();
        assert_eq!(destruction.attested().count(), 0);
    }
}
