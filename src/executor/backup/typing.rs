//! The words of a share, typed by a custodian: each must be in the word list, and a share with a wrong checksum is
//! corrected word by word.

use zeroize::Zeroizing;

use crate::backup::WORDS;
use crate::backup::slip39::{Completion, complete};
use crate::ceremony::{FailureKind, SecretPrompt, SecretPurpose, StepError, WordError};
use crate::script::PersonId;
use crate::secret::ShareWords;

use super::super::Executor;
use super::super::failure::{EffectResult, failed};

/// Words with a wrong checksum: only the wrong words are typed again.
pub(super) struct TypedWords {
    whose: PersonId,
    words: Vec<Zeroizing<String>>,
}

impl Executor<'_> {
    /// Has a custodian type the words of their share. `given` is what a simulated custodian types.
    pub(super) fn type_words(
        &mut self,
        custodian: &PersonId,
        given: Option<&ShareWords>,
    ) -> EffectResult<ShareWords> {
        let given: Vec<&str> =
            given.map_or_else(Vec::new, |words| words.expose().split(' ').collect());
        let typed = self.room.restoring.typed.take();
        let mut words = match typed.filter(|typed| typed.whose == *custodian) {
            Some(typed) => typed.words,
            None => Vec::new(),
        };
        if words.len() == WORDS {
            let again = self.ask_reading(
                custodian,
                vec![
                    "The checksum of the words is wrong: one word is wrong, or two are swapped. Compare each word with its number.".to_owned(),
                ],
                "Number of the word to type again, or 0 for all",
                String::new(),
            );
            let again = again.map(|again| again.trim().parse::<usize>());
            match again {
                Ok(Ok(number)) if (1..=WORDS).contains(&number) => {
                    let word = self.type_word(custodian, number, given.get(number - 1).copied());
                    match word {
                        Ok(word) => words[number - 1] = word,
                        Err(error) => {
                            self.keep_typed(custodian, words);
                            return Err(error);
                        }
                    }
                }
                Ok(Ok(_)) => words.clear(),
                Ok(Err(_)) => {
                    self.keep_typed(custodian, words);
                    return Err(failed(
                        FailureKind::NotDigits,
                        format!("not a number from 0 to {WORDS}"),
                        "nothing that was typed is lost; try again",
                    ));
                }
                Err(error) => {
                    self.keep_typed(custodian, words);
                    return Err(error);
                }
            }
        }
        while words.len() < WORDS {
            let number = words.len() + 1;
            match self.type_word(custodian, number, given.get(number - 1).copied()) {
                Ok(word) => words.push(word),
                Err(error) => {
                    self.keep_typed(custodian, words);
                    return Err(error);
                }
            }
        }
        let mut all = Zeroizing::new(String::with_capacity(WORDS * 12));
        for word in &words {
            if !all.is_empty() {
                all.push(' ');
            }
            all.push_str(word);
        }
        self.keep_typed(custodian, words);
        Ok(ShareWords::new(&all))
    }

    /// Wipes the typed words, unless they are to be corrected.
    pub(super) fn settle_typed(
        &mut self,
        custodian: &PersonId,
        words: ShareWords,
        is_correctable: bool,
    ) {
        drop(words);
        let is_whose = |typed: &mut TypedWords| typed.whose == *custodian;
        if !is_correctable {
            self.room.restoring.typed.take_if(is_whose);
        }
    }

    fn keep_typed(&mut self, custodian: &PersonId, words: Vec<Zeroizing<String>>) {
        self.room.restoring.typed = Some(TypedWords {
            whose: custodian.clone(),
            words,
        });
    }

    /// One word of a share that is entered.
    fn type_word(
        &mut self,
        custodian: &PersonId,
        number: usize,
        given: Option<&str>,
    ) -> EffectResult<Zeroizing<String>> {
        let name = self.name_of(custodian);
        let about = format!("word {number} of {WORDS}, the share of {name}");
        let word = self.ask_word(custodian, number, &about, given)?;
        Ok(Zeroizing::new(word.to_owned()))
    }

    /// Asks until a word of the list is typed, in full or as a unique prefix.
    pub(super) fn ask_word(
        &mut self,
        person: &PersonId,
        number: usize,
        about: &str,
        given: Option<&str>,
    ) -> EffectResult<&'static str> {
        loop {
            let prompt = SecretPrompt {
                who: person.clone(),
                purpose: SecretPurpose::ShareWord,
                about: about.to_owned(),
                tries: None,
                given: given.map(str::to_owned),
                digits_only: false,
            };
            let typed = self.ask_secret(&prompt)?;
            match complete(typed.expose()) {
                Completion::One(whole) => return Ok(whole),
                Completion::None | Completion::Several => {
                    self.word_refused(number, WordError::NoWord);
                }
            }
        }
    }

    pub(super) fn word_refused(&mut self, number: usize, why: WordError) {
        let error = StepError::ShareWord { number, why };
        self.front_end.not_accepted(&self.ceremony, &error);
    }
}
