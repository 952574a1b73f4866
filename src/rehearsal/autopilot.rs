//! A front end without people: it gives the usual answer to everything, and tells what happens.

use std::io::Write;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::ceremony::{
    Answer, Ceremony, Failure, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretShown,
    StepError, TypedSecret, Waiting, WaitingOn,
};
use crate::script::{Act, StepId};
use crate::secret::Pin;

/// No simulated token takes that long to be put in.
const PATIENCE: Duration = Duration::from_secs(30);

/// A front end that plays an unremarkable ceremony by itself. At the first thing that does not work it leaves:
/// the ceremony can be resumed.
#[derive(Debug)]
pub struct Autopilot<W> {
    narration: W,
    step: Option<StepId>,
    asked_in_vain: bool,
    hindrance: Option<String>,
    is_of_files: bool,
}

impl<W: Write> Autopilot<W> {
    /// An autopilot that tells what happens, a line for each event.
    pub const fn new(narration: W) -> Self {
        Self {
            narration,
            step: None,
            asked_in_vain: false,
            hindrance: None,
            is_of_files: false,
        }
    }

    /// What made it leave, if it did.
    pub fn hindrance(&self) -> Option<&str> {
        self.hindrance.as_deref()
    }

    /// Whether that was a matter of files, and not of a token.
    pub const fn is_of_files(&self) -> bool {
        self.is_of_files
    }

    fn leave(&mut self, why: String) -> Interrupt {
        self.hindrance = Some(why);
        Interrupt::Leave
    }

    fn tell(&mut self, line: &str) {
        // Who does not listen to the narration does not stop the ceremony.
        let _ = writeln!(self.narration, "{line}");
    }
}

impl<W: Write> FrontEnd for Autopilot<W> {
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        if let Some(Failure { what, .. }) = ceremony.failure() {
            let what = what.clone();
            self.is_of_files = ceremony
                .current_step()
                .is_some_and(|step| step.act == Act::Export);
            return Err(self.leave(what));
        }
        if std::mem::replace(&mut self.asked_in_vain, true) {
            let lines = prompt.lines.join(" ");
            return Err(self.leave(lines));
        }
        Ok(prompt.ask.usual_answer())
    }

    fn secret(
        &mut self,
        _ceremony: &Ceremony,
        prompt: &SecretPrompt,
    ) -> Result<TypedSecret, Interrupt> {
        let given = prompt.given.clone().unwrap_or_default();
        Pin::new(Zeroizing::new(given))
            .map(|pin| TypedSecret::given(pin, prompt))
            .map_err(|error| {
                self.leave(format!(
                    "nobody is here to type the {} of {}: {error}",
                    prompt.purpose.title(),
                    prompt.who
                ))
            })
    }

    fn show_secret(&mut self, _ceremony: &Ceremony, _shown: SecretShown) -> Result<(), Interrupt> {
        // Nobody writes it down: the rehearsal knows it.
        Ok(())
    }

    fn waiting(&mut self, _ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt> {
        if waiting.on == WaitingOn::People && waiting.elapsed > PATIENCE {
            return Err(self.leave(format!("nobody is here to: {}", waiting.what)));
        }
        Ok(())
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        self.asked_in_vain = false;
        let script = ceremony.script();
        if entry.event.step.is_some() && entry.event.step != self.step {
            self.step.clone_from(&entry.event.step);
            let step = self.step.as_ref().and_then(|id| script.step(id));
            if let Some(step) = step {
                let number = script
                    .steps()
                    .iter()
                    .position(|other| other.id == step.id)
                    .map_or(0, |index| index + 1);
                let title = format!(
                    "\n[{number} of {}] {}",
                    script.steps().len(),
                    step.act.title(script)
                );
                self.tell(&title);
            }
        }
        let line = format!(
            "  {} {}",
            entry.time,
            entry.event.narrate(script, ceremony.display_names())
        );
        self.tell(&line);
    }

    fn not_accepted(&mut self, _ceremony: &Ceremony, error: &StepError) {
        self.hindrance = Some(error.to_string());
    }
}
