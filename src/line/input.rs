//! Lines from the terminal, and the signals that come instead of them.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How often signals are checked.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// What happened instead of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-C.
    Break,
    /// The terminal is gone, or the process was asked to end.
    Leave,
}

/// Standard input, line by line.
pub(super) struct Input {
    interrupted: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    buffer: VecDeque<u8>,
    is_terminal: bool,
}

impl Input {
    /// Takes standard input, and the signals that would end the process.
    pub(super) fn open() -> io::Result<Self> {
        let input = Self {
            interrupted: Arc::new(AtomicBool::new(false)),
            ended: Arc::new(AtomicBool::new(false)),
            buffer: VecDeque::new(),
            is_terminal: io::stdin().is_terminal(),
        };
        signal_hook::flag::register(SIGINT, Arc::clone(&input.interrupted))?;
        for signal in [SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&input.ended))?;
        }
        Ok(input)
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// The signal that ends a wait, if one arrived.
    pub(super) fn stopped(&self) -> Option<Stop> {
        if self.ended.load(Ordering::SeqCst) {
            Some(Stop::Leave)
        } else if self.interrupted.swap(false, Ordering::SeqCst) {
            Some(Stop::Break)
        } else {
            None
        }
    }

    /// The next line, without surrounding white space.
    pub(super) fn line(&mut self) -> Result<String, Stop> {
        loop {
            if let Some(line) = self.buffered_line() {
                return Ok(line);
            }
            if let Some(stop) = self.stopped() {
                return Err(stop);
            }
            let stdin = rustix::stdio::stdin();
            let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut ready, Some(&LOOK_EVERY)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => return Err(Stop::Leave),
            }
            let mut bytes = [0; 4096];
            match rustix::io::read(stdin, &mut bytes) {
                Ok(0) => return Err(Stop::Leave),
                Ok(count) => self.buffer.extend(&bytes[..count]),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Err(Stop::Leave),
            }
        }
    }

    /// Discards what was typed before the question appeared.
    pub(super) fn discard(&mut self) {
        if self.is_terminal {
            self.buffer.clear();
            // If the terminal is gone, the next read reports it.
            let _ = rustix::termios::tcflush(
                rustix::stdio::stdin(),
                rustix::termios::QueueSelector::IFlush,
            );
        }
    }

    fn buffered_line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        line.pop();
        Some(String::from_utf8_lossy(&line).trim().to_owned())
    }
}
