//! The token worker: a thread for all token calls, so that a call that hangs can be abandoned.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::ceremony::Interrupt;
use crate::script::{KeyId, Script};
use crate::token::{Reader, Seen, Token, TokenError, Touch, TouchObserver, open_reader};

/// How often the front end learns that a call still runs.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// How long a module may take to shut down before the worker is abandoned.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

type Job = Box<dyn FnOnce(&mut TokenAccess) + Send>;

/// The executor's side of the token worker.
pub struct TokenWorker {
    jobs: Option<Sender<Job>>,
    worker: Option<Worker>,
    touch: TouchWatch,
}

/// The thread, and a channel that closes when it has shut down.
struct Worker {
    thread: JoinHandle<()>,
    ended: Receiver<()>,
}

/// Until when a token waits for a touch.
#[derive(Clone, Default)]
pub(super) struct TouchWatch(Arc<Mutex<Option<Instant>>>);

impl TouchWatch {
    /// How long the token still waits for a touch.
    pub(super) fn left(&self) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn observer(&self) -> TouchObserver {
        let until = Arc::clone(&self.0);
        Arc::new(move |touch| {
            let mut until = until.lock().unwrap_or_else(PoisonError::into_inner);
            *until = match touch {
                Touch::Needed { within } => Some(Instant::now() + within),
                Touch::Over => None,
            };
        })
    }
}

/// The readers of a worker, and the token that is open.
pub(super) struct TokenAccess {
    /// The script has the profiles of the tokens.
    script: Arc<Script>,
    readers: BTreeMap<String, Box<dyn Reader>>,
    open: Option<OpenedToken>,
    touch: TouchWatch,
}

/// The token that is being worked with.
pub(super) struct OpenedToken {
    pub(super) key: KeyId,
    pub(super) token: Box<dyn Token>,
    pub(super) logged_in: bool,
}

/// Why a call has no result.
pub(super) enum Unanswered {
    /// The participants requested something else first; the call was abandoned.
    Interrupted(Interrupt),
    /// The worker was abandoned earlier, or it panicked.
    NoWorker,
}

impl TokenWorker {
    /// Starts a worker.
    pub fn open(script: Arc<Script>) -> Self {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let touch = TouchWatch::default();
        let of_worker = touch.clone();
        let (at_work, ended) = mpsc::channel();
        let worker = thread::Builder::new()
            .name("token".to_owned())
            .spawn(move || {
                let _at_work: Sender<()> = at_work;
                let mut tokens = TokenAccess {
                    script,
                    readers: BTreeMap::new(),
                    open: None,
                    touch: of_worker,
                };
                // One signature is all that this process makes: its module loads while the first line is prepared.
                if let (Some(_), [key]) = (tokens.script.signing(), tokens.script.keys()) {
                    let profile = key.token.profile.name.clone();
                    let _ = tokens.reader(&profile);
                }
                for job in inbox {
                    job(&mut tokens);
                }
            });
        let worker = worker.ok().map(|thread| Worker { thread, ended });
        Self {
            jobs: worker.is_some().then_some(jobs),
            worker,
            touch,
        }
    }

    /// Whether a token waits for a touch.
    pub(super) fn touch(&self) -> TouchWatch {
        self.touch.clone()
    }

    /// Runs a job, and waits for it. `heartbeat` receives the elapsed time and may stop the waiting: the worker is then
    /// abandoned.
    pub(super) fn call<R: Send + 'static>(
        &mut self,
        mut heartbeat: impl FnMut(Duration) -> Result<(), Interrupt>,
        job: impl FnOnce(&mut TokenAccess) -> R + Send + 'static,
    ) -> Result<R, Unanswered> {
        let Some(jobs) = &self.jobs else {
            return Err(Unanswered::NoWorker);
        };
        let (answer, answered) = mpsc::sync_channel(1);
        let begun = Instant::now();
        let sent = jobs.send(Box::new(move |tokens: &mut TokenAccess| {
            // Nobody receives the answer of an abandoned call.
            let _ = answer.send(job(tokens));
        }));
        if sent.is_err() {
            self.jobs = None;
            return Err(Unanswered::NoWorker);
        }
        loop {
            match answered.recv_timeout(HEARTBEAT) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(interrupt) = heartbeat(begun.elapsed()) {
                        self.abandon();
                        return Err(Unanswered::Interrupted(interrupt));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.jobs = None;
                    return Err(Unanswered::NoWorker);
                }
            }
        }
    }

    /// Abandons the worker: it may never answer.
    fn abandon(&mut self) {
        self.jobs = None;
        self.worker = None;
    }
}

impl Drop for TokenWorker {
    /// Waits until the worker has shut down: if the process ends while a module is being finalized, two threads finalize
    /// it at once, which may hang.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(worker) = self.worker.take()
            && worker.ended.recv_timeout(SHUTDOWN_TIMEOUT) != Err(RecvTimeoutError::Timeout)
        {
            // A worker that panicked has already shut down.
            let _ = worker.thread.join();
        }
    }
}

impl TokenAccess {
    fn reader(&mut self, profile: &str) -> Result<&mut Box<dyn Reader>, TokenError> {
        if !self.readers.contains_key(profile) {
            let found = self.script.profile(profile);
            let found = found.ok_or_else(|| TokenError::NotFound {
                wanted: format!("token profile {profile}"),
            })?;
            let mut reader = open_reader(&found)?;
            reader.watch_touch(self.touch.observer());
            self.readers.insert(profile.to_owned(), reader);
        }
        self.readers
            .get_mut(profile)
            .ok_or_else(|| TokenError::NotFound {
                wanted: format!("{profile} reader"),
            })
    }

    /// Whether the token that is open for a key is still inserted.
    pub(super) fn has_still(&mut self, key: &KeyId, id: &crate::record::TokenId) -> bool {
        self.open.as_mut().is_some_and(|open| {
            open.key == *key && open.token.id() == id && open.token.state().is_ok()
        })
    }

    /// Lists the inserted tokens.
    pub(super) fn look(&mut self, profile: &str) -> Result<Vec<Seen>, TokenError> {
        self.reader(profile)?.tokens()
    }

    /// Closes the open token, and logs all tokens out.
    pub(super) fn remove_tokens(&mut self) -> Result<(), TokenError> {
        self.open = None;
        for reader in self.readers.values_mut() {
            reader.reset()?;
        }
        Ok(())
    }

    /// The token of a key; it is opened if it is not the open one.
    pub(super) fn take(
        &mut self,
        key: &KeyId,
        id: &crate::record::TokenId,
    ) -> Result<&mut OpenedToken, TokenError> {
        let same = |open: &OpenedToken| open.key == *key && open.token.id() == id;
        if !self.open.as_ref().is_some_and(same) {
            self.open = None;
            let token = self.reader(&id.profile)?.open(id)?;
            self.open = Some(OpenedToken {
                key: key.clone(),
                token,
                logged_in: false,
            });
        }
        self.open.as_mut().ok_or(TokenError::Removed)
    }

    /// Opens a token for one call; the open token is closed.
    pub(super) fn open_alone(
        &mut self,
        id: &crate::record::TokenId,
    ) -> Result<Box<dyn Token>, TokenError> {
        self.open = None;
        self.reader(&id.profile)?.open(id)
    }

    /// Closes the open token: it was removed, or its session is unreliable.
    pub(super) fn forget(&mut self) {
        self.open = None;
    }
}
