//! People in a room: a front end that gives the usual answers, except where a test has somebody do otherwise.

use std::time::Duration;

use conclave::ceremony::{
    Answer, Ask, Ceremony, DrillResult, EventKind, Failure, FrontEnd, Interrupt, ProgressEvent,
    Prompt, Recorded, SecretPrompt, SecretPurpose, SecretShown, StepError, TypedSecret, Waiting,
};
use conclave::secret::Pin;
use zeroize::Zeroizing;

/// The PIN of every token that people set up in a production.
pub(crate) const PIN: &str = "13579246";
/// Their PINs of the security officer, and PUKs.
pub(crate) const SO_PIN: &str = "86420135";

/// What somebody says to a question; none for the usual answer.
type Says<'t> = Box<dyn FnMut(&Ceremony, &Prompt) -> Option<Result<Answer, Interrupt>> + 't>;
/// What somebody types where nobody else looks; none for what a rehearsal has ready.
type Types<'t> = Box<dyn FnMut(&SecretPrompt) -> Option<String> + 't>;
/// What somebody reads off a screen that is shown to them alone.
type Reads<'t> = Box<dyn FnMut(&SecretShown) + 't>;

/// What somebody does while something is waited for.
type Moves<'t> = Box<dyn FnMut(&Waiting) + 't>;

/// The people, and what they heard.
#[derive(Default)]
pub(crate) struct People<'t> {
    pub(crate) says: Option<Says<'t>>,
    pub(crate) types: Option<Types<'t>>,
    pub(crate) reads: Option<Reads<'t>>,
    pub(crate) moves: Option<Moves<'t>>,
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
        assert!(
            waiting.elapsed < Duration::from_secs(60),
            "nobody comes: {waiting:?}"
        );
        if let Some(moves) = &mut self.moves {
            moves(waiting);
        }
        self.waited_for.push(waiting.what.clone());
        Ok(())
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        if let EventKind::Progress(ProgressEvent::Failed { failure }) = &entry.event.kind {
            self.failures.push(failure.clone());
            assert!(self.failures.len() < 30, "it never works: {failure:?}");
        }
        self.names.push(entry.event.kind.name().to_owned());
        self.result = ceremony.drill_result();
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        self.refused.push(error.to_string());
    }
}

/// What people in a production say where nothing is usual: the number of a new bag.
pub(crate) fn says_in_production(prompt: &Prompt) -> Option<String> {
    match &prompt.ask {
        Ask::Reading { usual, .. } if usual.is_empty() => Some("A0000001".to_owned()),
        Ask::Text { default: None, .. } => Some("A0000001".to_owned()),
        _ => None,
    }
}

/// What people in a production type: codes of their own, and for every token the same PINs.
pub(crate) fn types_in_production(prompt: &SecretPrompt) -> String {
    match prompt.purpose {
        purpose if purpose.is_code() => format!("code of {}", prompt.who),
        SecretPurpose::SoPin
        | SecretPurpose::NewSoPin
        | SecretPurpose::Puk
        | SecretPurpose::NewPuk => SO_PIN.to_owned(),
        _ => PIN.to_owned(),
    }
}
