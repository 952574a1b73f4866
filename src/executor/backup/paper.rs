//! Shares on paper: shown to the custodian only, written by hand, and typed back word by word.

use zeroize::Zeroizing;

use crate::backup::{BackupSet, OpenedShare};
use crate::ceremony::{Mode, SecretShown, WordError};
use crate::script::PersonId;
use crate::secret::ShareWords;

use super::super::Executor;
use super::super::failure::EffectResult;

/// Words in a row, as share sheets have them.
const ROW: usize = 3;

impl Executor<'_> {
    /// Has each custodian who keeps a share on paper write it down and type it back.
    pub(super) fn have_paper_written(&mut self, set: &BackupSet) -> EffectResult<Vec<PersonId>> {
        let plan = self.ceremony().script().backup();
        let people: Vec<PersonId> = plan
            .into_iter()
            .flat_map(crate::script::BackupPlan::custodians)
            .cloned()
            .collect();
        let mut written = Vec::new();
        for ((custodian, share), person) in set.custodians().zip(people) {
            if custodian.on_paper {
                self.have_share_written(&person, share)?;
                written.push(person);
            }
        }
        Ok(written)
    }

    fn have_share_written(&mut self, person: &PersonId, share: &OpenedShare) -> EffectResult<()> {
        let words = share.words();
        let label = share.label();
        let about = format!("{}, set {}", label.who(), label.set.short_hex());
        let each: Vec<&str> = words.expose().split(' ').collect();
        let shown = SecretShown {
            who: person.clone(),
            title: "share".to_owned(),
            about: about.clone(),
            advice: vec![
                "Turn the screen so that nobody else sees it. Write each word in its row of the share sheet. The check words are not secret; write them in their place. Next, you type the words back: four letters of each word are enough.".to_owned(),
                format!("Check words: {}", share.check_words()),
            ],
            lines: rows(&each),
        };
        self.front_end.show_secret(&self.ceremony, shown)?;
        let mut typed = Zeroizing::new(String::with_capacity(words.expose().len() + 1));
        for (word, number) in each.iter().copied().zip(1..) {
            let word = self.have_word_typed(person, &about, word, number, each.len())?;
            typed.push_str(word);
            typed.push(' ');
        }
        // Equal words have an equal checksum.
        debug_assert!(ShareWords::new(&typed).same_as(&words));
        Ok(())
    }

    /// Asks for a word until it is the one that was shown.
    fn have_word_typed<'w>(
        &mut self,
        person: &PersonId,
        about: &str,
        word: &'w str,
        number: usize,
        of: usize,
    ) -> EffectResult<&'w str> {
        let is_rehearsal = self.ceremony().mode() == Mode::Rehearsal;
        let about = format!("word {number} of {of}, {about}");
        loop {
            let given = is_rehearsal.then_some(word);
            if self.ask_word(person, number, &about, given)? == word {
                return Ok(word);
            }
            self.word_refused(number, WordError::OtherWord);
        }
    }
}

/// Numbered rows, as on the share sheet.
fn rows(words: &[&str]) -> Vec<Zeroizing<String>> {
    let row = |(row, words): (usize, &[&str])| {
        // Enough capacity: a text that grows leaves unwiped copies.
        let mut line = Zeroizing::new(String::with_capacity(64));
        for (place, word) in words.iter().enumerate() {
            let number = (row * ROW + place + 1).to_string();
            for _ in number.len()..4 {
                line.push(' ');
            }
            line.push_str(&number);
            line.push(' ');
            line.push_str(word);
            for _ in word.len()..10 {
                line.push(' ');
            }
        }
        line
    };
    words.chunks(ROW).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use crate::backup::slip39;

    use super::*;

    #[test]
    fn rows_are_numbered() {
        let words: Vec<&str> = slip39::completions("a").take(33).collect();
        let rows = rows(&words);
        assert_eq!(rows.len(), 11);
        assert!(rows[0].starts_with("   1 "));
        assert!(rows[10].starts_with("  31 "));
    }
}
