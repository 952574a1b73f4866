//! A front end without people: it gives the usual answer to every prompt, and prints the events.

use std::io::Write;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::ceremony::{
    Answer, Ceremony, Failure, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretShown,
    StepError, TypedSecret, Waiting, WaitingOn,
};
use crate::script::{Act, StepId};
use crate::secret::Pin;

/// Longer than the insertion of any simulated token.
const PATIENCE: Duration = Duration::from_secs(30);

/// A front end that plays a ceremony by itself. At the first failure it leaves, and the ceremony can be resumed.
#[derive(Debug)]
pub struct Autopilot<W> {
    output: W,
    step: Option<StepId>,
    has_asked: bool,
    obstacle: Option<String>,
    is_of_files: bool,
}

impl<W: Write> Autopilot<W> {
    /// Prints a line for each event.
    pub const fn new(output: W) -> Self {
        Self {
            output,
            step: None,
            has_asked: false,
            obstacle: None,
            is_of_files: false,
        }
    }

    /// Why it left, if it did.
    pub fn obstacle(&self) -> Option<&str> {
        self.obstacle.as_deref()
    }

    /// Whether it left because of a file, not of a token.
    pub const fn is_of_files(&self) -> bool {
        self.is_of_files
    }

    fn leave(&mut self, obstacle: String) -> Interrupt {
        self.obstacle = Some(obstacle);
        Interrupt::Leave
    }

    fn print(&mut self, line: &str) {
        // A closed output does not stop the ceremony.
        let _ = writeln!(self.output, "{line}");
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
        if std::mem::replace(&mut self.has_asked, true) {
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
                    "cannot type the {} of {}: {error}",
                    prompt.purpose.title(),
                    prompt.who
                ))
            })
    }

    fn show_secret(&mut self, _ceremony: &Ceremony, _shown: SecretShown) -> Result<(), Interrupt> {
        // It is not written down, because the rehearsal knows it.
        Ok(())
    }

    fn waiting(&mut self, _ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt> {
        if waiting.on == WaitingOn::People && waiting.elapsed > PATIENCE {
            return Err(self.leave(format!("waited in vain: {}", waiting.what)));
        }
        Ok(())
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        self.has_asked = false;
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
                self.print(&title);
            }
        }
        let line = format!(
            "  {} {}",
            entry.time,
            entry.event.narrate(script, ceremony.display_names())
        );
        self.print(&line);
    }

    fn not_accepted(&mut self, _ceremony: &Ceremony, error: &StepError) {
        self.obstacle = Some(error.to_string());
    }
}
