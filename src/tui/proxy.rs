//! The front end of the executor: it passes calls and replies between threads.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use crate::ceremony::{
    Answer, Ceremony, FrontEnd, Interrupt, Prompt, Recorded, SecretPrompt, SecretShown, StepError,
    TypedSecret, Waiting,
};

use super::model::{Call, Reply, TranscriptLine};

pub(super) struct Proxy {
    // Dropped in this order: the channel is closed before the screen is woken for the last time.
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

    fn send(&mut self, call: Call) -> Result<(), Interrupt> {
        self.calls.send(call).map_err(|_| Interrupt::Leave)?;
        // A full pipe wakes the screen as well.
        let _ = self.wake.write(&[0]);
        Ok(())
    }

    fn ask_screen(&mut self, call: Call) -> Result<Reply, Interrupt> {
        self.send(call)?;
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
            Reply::Waiting(answer) => answer,
            _ => Err(Interrupt::Leave),
        }
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        let line = TranscriptLine {
            number: entry.line,
            time: entry.time,
            digest: entry.digest,
            text: entry
                .event
                .narrate(ceremony.script(), ceremony.display_names()),
        };
        let event = Box::new(entry.event.kind.clone());
        // If the screen is gone, the next request fails.
        let _ = self.send(Call::Recorded(Arc::new(ceremony.clone()), line, event));
    }

    fn not_accepted(&mut self, _: &Ceremony, error: &StepError) {
        let _ = self.send(Call::NotAccepted {
            what: error.to_string(),
            hint: error.hint(),
        });
    }
}
