//! The screen as the executor sees it: a front end that asks across threads.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use crate::ceremony::{
    Answer, Ceremony, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretShown, StepError,
    TypedSecret, Waiting,
};

use super::model::{Call, RecordLine, Reply};

/// Sends what the executor says to the screen, and waits for the answer.
pub(super) struct Proxy {
    // Dropped in this order: when the screen is woken for the last time, the channel is closed already.
    calls: Sender<Call>,
    replies: Receiver<Reply>,
    wake: UnixStream,
}

impl Proxy {
    pub(super) const fn new(
        calls: Sender<Call>,
        replies: Receiver<Reply>,
        wake: UnixStream,
    ) -> Self {
        Self {
            calls,
            replies,
            wake,
        }
    }

    fn say(&mut self, call: Call) -> Result<(), Interrupt> {
        self.calls.send(call).map_err(|_| Interrupt::Leave)?;
        // A full pipe wakes the screen as well.
        let _ = self.wake.write(&[0]);
        Ok(())
    }

    fn ask_screen(&mut self, call: Call) -> Result<Reply, Interrupt> {
        self.say(call)?;
        self.replies.recv().map_err(|_| Interrupt::Leave)
    }
}

impl FrontEnd for Proxy {
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        match self.ask_screen(Call::Ask(Arc::new(ceremony.clone()), prompt.clone()))? {
            Reply::Answer(answer) => answer,
            _ => Err(Interrupt::Leave),
        }
    }

    fn secret(
        &mut self,
        ceremony: &Ceremony,
        prompt: &SecretPrompt,
    ) -> Result<TypedSecret, Interrupt> {
        match self.ask_screen(Call::Secret(Arc::new(ceremony.clone()), prompt.clone()))? {
            Reply::Secret(pin) => pin,
            _ => Err(Interrupt::Leave),
        }
    }

    fn show_secret(&mut self, ceremony: &Ceremony, shown: SecretShown) -> Result<(), Interrupt> {
        match self.ask_screen(Call::Show(Arc::new(ceremony.clone()), shown))? {
            Reply::Shown(seen) => seen,
            _ => Err(Interrupt::Leave),
        }
    }

    fn waiting(&mut self, ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt> {
        match self.ask_screen(Call::Waiting(Arc::new(ceremony.clone()), waiting.clone()))? {
            Reply::Waiting(go_on) => go_on,
            _ => Err(Interrupt::Leave),
        }
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        let line = RecordLine {
            number: entry.line,
            time: entry.time,
            head: entry.digest,
            text: entry
                .event
                .narrate(ceremony.script(), ceremony.display_names()),
        };
        let fact = Box::new(entry.event.kind.clone());
        // Without a screen nobody looks; the next question says so.
        let _ = self.say(Call::Recorded(Arc::new(ceremony.clone()), line, fact));
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        let _ = self.say(Call::NotAccepted {
            what: error.to_string(),
            hint: error.hint(),
        });
    }
}
