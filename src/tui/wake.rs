//! Sleeping until keys, the executor, signals or the clock wake the screen.

use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};

use super::keyboard::{Keyboard, Typed};

/// The signals that end the process.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// How long the rest of a key sequence may take, and so the delay of Escape.
const REST_OF_KEY: Duration = Duration::from_millis(50);

pub(super) struct Sleeper {
    /// `None` if it is gone.
    keyboard: Option<Keyboard>,
    /// `None` if it has ended: a closed stream would always wake the screen.
    executor: Option<UnixStream>,
    signals: Signals,
}

/// Why the screen woke.
#[derive(Debug, Default)]
pub(super) struct Woken {
    pub typed: Vec<Typed>,
    /// A signal that ends the process arrived, or the terminal is gone.
    pub to_end: bool,
}

impl Sleeper {
    /// Calls of the executor are announced on `executor`.
    pub(super) fn new(keyboard: Keyboard, executor: UnixStream) -> io::Result<Self> {
        executor.set_nonblocking(true)?;
        Ok(Self {
            keyboard: Some(keyboard),
            executor: Some(executor),
            signals: Signals::watch()?,
        })
    }

    /// Sleeps until something happens, at most `at_most`.
    pub(super) fn sleep(&mut self, at_most: Duration) -> io::Result<Woken> {
        let has_beginning = self.keyboard.as_ref().is_some_and(Keyboard::has_beginning);
        let at_most = if has_beginning {
            at_most.min(REST_OF_KEY)
        } else {
            // Slightly too long rather than too short, which would require another sleep.
            at_most + Duration::from_millis(1)
        };
        let timeout = Timespec::try_from(at_most).map_err(io::Error::other)?;
        let mut ready = vec![PollFd::new(&self.signals.read, PollFlags::IN)];
        if let Some(executor) = &self.executor {
            ready.push(PollFd::new(executor, PollFlags::IN));
        }
        if let Some(keyboard) = &self.keyboard {
            ready.push(PollFd::from_borrowed_fd(keyboard.as_fd(), PollFlags::IN));
        }
        match poll(&mut ready, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let keyboard = match &self.keyboard {
            Some(_) => ready.last().map_or(PollFlags::empty(), PollFd::revents),
            None => PollFlags::empty(),
        };
        drop(ready);
        if self.executor.as_mut().is_some_and(is_closed) {
            self.executor = None;
        }
        is_closed(&mut self.signals.read);
        let typed = self.read(keyboard, has_beginning);
        Ok(Woken {
            typed,
            to_end: self.keyboard.is_none() || self.signals.to_end.swap(false, Ordering::SeqCst),
        })
    }

    fn read(&mut self, ready: PollFlags, has_beginning: bool) -> Vec<Typed> {
        let Some(keyboard) = &mut self.keyboard else {
            return Vec::new();
        };
        if ready.contains(PollFlags::IN) {
            if let Ok(typed) = keyboard.read() {
                return typed;
            }
        } else if ready.is_empty() {
            let rest = if has_beginning {
                keyboard.flush()
            } else {
                None
            };
            return rest.into_iter().collect();
        }
        self.keyboard = None;
        Vec::new()
    }
}

/// Reads everything, and returns whether the stream is closed.
fn is_closed(stream: &mut UnixStream) -> bool {
    let mut buffer = [0; 256];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// The signals that are handled while the screen is drawn.
struct Signals {
    read: UnixStream,
    to_end: Arc<AtomicBool>,
    /// Without a screen, ending signals have their default action.
    at_rest: Arc<AtomicBool>,
    ids: Vec<SigId>,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let mut signals = Self {
            read,
            to_end: Arc::default(),
            at_rest: Arc::default(),
            ids: Vec::new(),
        };
        for signal in ENDING {
            let flag = Arc::clone(&signals.to_end);
            signals.ids.push(signal_hook::flag::register(signal, flag)?);
            // `signal-hook` does not restore the default action of a signal, so this does.
            let at_rest = Arc::clone(&signals.at_rest);
            signal_hook::flag::register_conditional_default(signal, at_rest)?;
        }
        for signal in ENDING.into_iter().chain([SIGWINCH]) {
            let write = OwnedFd::from(write.try_clone()?);
            let id = signal_hook::low_level::pipe::register(signal, write)?;
            signals.ids.push(id);
        }
        Ok(signals)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.at_rest.store(true, Ordering::SeqCst);
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
