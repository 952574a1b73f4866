//! People in a room: a front end that gives the usual answers, except where a test has somebody do otherwise.

// Each test binary uses its part of this.
#![allow(dead_code)]

use conclave::ceremony::{
    Answer, Ceremony, DrillResult, Fact, Failure, FrontEnd, Interrupt, Prompt, Recorded,
    SecretPrompt, SecretShown, StepError, TypedSecret, Waiting,
};
use conclave::secret::Pin;
use zeroize::Zeroizing;

/// What somebody says to a question; none for the usual answer.
type Says<'t> = Box<dyn FnMut(&Ceremony, &Prompt) -> Option<Result<Answer, Interrupt>> + 't>;
/// What somebody types where nobody else looks; none for what a rehearsal has ready.
type Types<'t> = Box<dyn FnMut(&SecretPrompt) -> Option<String> + 't>;
/// What somebody reads off a screen that is shown to them alone.
type Reads<'t> = Box<dyn FnMut(&SecretShown) + 't>;

/// The people, and what they heard.
#[derive(Default)]
pub(crate) struct People<'t> {
    pub(crate) says: Option<Says<'t>>,
    pub(crate) types: Option<Types<'t>>,
    pub(crate) reads: Option<Reads<'t>>,
    /// What did not work, and was recorded.
    pub(crate) failures: Vec<Failure>,
    /// Answers that were not taken.
    pub(crate) refused: Vec<String>,
    /// The names of the facts.
    pub(crate) names: Vec<String>,
    /// What people were told while they waited.
    pub(crate) waited_for: Vec<String>,
    pub(crate) result: Option<DrillResult>,
}

impl People<'_> {
    /// How often a fact was recorded.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.names.iter().filter(|one| *one == name).count()
    }

    /// What did not work, in its own words.
    pub(crate) fn told(&self) -> Vec<&str> {
        let failures = self.failures.iter();
        failures.map(|failure| failure.what.as_str()).collect()
    }
}

impl FrontEnd for People<'_> {
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        let said = self.says.as_mut().and_then(|says| says(ceremony, prompt));
        said.unwrap_or_else(|| Ok(prompt.ask.usual_answer()))
    }

    fn secret(&mut self, _: &Ceremony, prompt: &SecretPrompt) -> Result<TypedSecret, Interrupt> {
        let typed = self.types.as_mut().and_then(|types| types(prompt));
        let Some(text) = typed.or_else(|| prompt.given.clone()) else {
            panic!("nobody knows what to type: {prompt:?}");
        };
        Ok(TypedSecret {
            secret: Pin::new(Zeroizing::new(text)).unwrap(),
            word: None,
        })
    }

    fn show_secret(&mut self, _: &Ceremony, shown: SecretShown) -> Result<(), Interrupt> {
        if let Some(reads) = &mut self.reads {
            reads(&shown);
        }
        Ok(())
    }

    fn waiting(&mut self, _: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt> {
        self.waited_for.push(waiting.what.clone());
        Ok(())
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        if let Fact::Failed { failure } = &entry.event.fact {
            self.failures.push(failure.clone());
        }
        self.names.push(entry.event.fact.name());
        self.result = ceremony.drill_result();
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        self.refused.push(error.to_string());
    }
}
