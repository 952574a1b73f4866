//! An identity file whose plugin program asks its user something: the front end asks for it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use age::Callbacks;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::backup::{Opener, Refusal};
use crate::ceremony::{
    Failure, FailureKind, Interrupt, SecretPrompt, SecretPurpose, Waiting, WaitingOn,
};
use crate::record::visible;
use crate::script::PersonId;

use super::super::Executor;
use super::super::failure::{EffectError, EffectResult, failed};
use super::failure_of;

/// How often the front end learns that the plugin still runs.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// A request of a plugin program.
enum PluginRequest {
    /// Show a message.
    Say(String),
    /// Ask for a secret.
    Secret(String, Sender<Option<SecretString>>),
}

/// Sends the requests of a plugin program to the executor.
#[derive(Clone)]
struct Messenger(Sender<PluginRequest>);

impl Callbacks for Messenger {
    fn display_message(&self, message: &str) {
        // Nobody receives the messages of an abandoned plugin.
        let _ = self.0.send(PluginRequest::Say(visible(message)));
    }

    fn confirm(&self, message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        self.display_message(message);
        None
    }

    fn request_public_string(&self, _description: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let (answer, answered) = mpsc::channel();
        self.0
            .send(PluginRequest::Secret(visible(description), answer))
            .ok()?;
        answered.recv().ok().flatten()
    }
}

impl Executor<'_> {
    /// Decrypts something with the identity file of a custodian, on its own thread: a device may hang.
    pub(super) fn with_identity<T: Send + 'static>(
        &mut self,
        custodian: &PersonId,
        identity: Zeroizing<Vec<u8>>,
        open: impl FnOnce(&Opener) -> Result<T, Refusal> + Send + 'static,
    ) -> EffectResult<T> {
        let (asks, asked) = mpsc::channel();
        let (done, result) = mpsc::channel();
        let worker = thread::Builder::new()
            .name("identity".to_owned())
            .spawn(move || {
                let read = Opener::identities(&identity, &Messenger(asks));
                let opened = match &read {
                    Ok(opener) => open(opener).map_err(failure_of),
                    Err(error) => Err(Failure {
                        kind: FailureKind::File,
                        what: format!("this is not an identity file: {error}"),
                        hint: "enter the path of the file that age-plugin-NAME wrote, with a line AGE-PLUGIN-…"
                            .to_owned(),
                    }),
                };
                let _ = done.send(opened);
            });
        if worker.is_err() {
            return Err(canceled("the system cannot start a thread"));
        }
        self.listen(custodian, &asked, &result)
    }

    fn listen<T>(
        &mut self,
        custodian: &PersonId,
        asked: &Receiver<PluginRequest>,
        result: &Receiver<Result<T, Failure>>,
    ) -> EffectResult<T> {
        let begun = Instant::now();
        let mut said = Vec::new();
        loop {
            let heard = asked.recv_timeout(HEARTBEAT);
            // A plugin that has no more requests only has a result.
            let wait = match heard {
                Err(RecvTimeoutError::Disconnected) => HEARTBEAT,
                _ => Duration::ZERO,
            };
            match heard {
                Ok(PluginRequest::Say(text)) => said = vec![text],
                Ok(PluginRequest::Secret(about, answer)) => {
                    let prompt = SecretPrompt {
                        who: custodian.clone(),
                        purpose: SecretPurpose::IdentityPin,
                        about,
                        tries: None,
                        given: None,
                        digits_only: false,
                    };
                    let typed = self.front_end.secret(&self.ceremony, &prompt)?;
                    let secret = SecretString::from(typed.secret.expose().to_owned());
                    let _ = answer.send(Some(secret));
                }
                Err(_) => {}
            }
            match result.recv_timeout(wait) {
                Ok(Ok(opened)) => return Ok(opened),
                Ok(Err(failure)) => return Err(EffectError::Failed(failure)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(canceled("its plugin program ended without an answer"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let waiting = Waiting {
                what: "Decrypting with the identity; the device may need a touch".to_owned(),
                seen: said.clone(),
                elapsed: begun.elapsed(),
                on: WaitingOn::Token,
                touch: None,
            };
            match self.front_end.waiting(&self.ceremony, &waiting) {
                Ok(()) => {}
                Err(Interrupt::Cancel) => return Err(canceled("it was canceled")),
                Err(
                    interrupt @ (Interrupt::Exception { .. }
                    | Interrupt::Request(_)
                    | Interrupt::Abort { .. }
                    | Interrupt::Leave),
                ) => return Err(EffectError::Interrupted(interrupt)),
            }
        }
    }
}

fn canceled(why: &str) -> EffectError {
    failed(
        FailureKind::Canceled,
        format!("decryption with the identity failed: {why}"),
        "insert the device, and try again",
    )
}
