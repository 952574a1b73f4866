//! The screen at work: it sleeps, takes in what woke it, and draws.

use std::io;
use std::os::unix::net::UnixStream;
use std::panic;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use signal_hook::consts::SIGTERM;

use crate::ceremony::FrontEnd;

use super::keyboard::{Keyboard, Typed};
use super::model::{Call, Model, Reply, Settings};
use super::proxy::Proxy;
use super::reply::Cmd;
use super::screens::view;
use super::terminal::{self, Terminal};
use super::update::{Msg, update};
use super::wake::{Sleeper, Woken};

/// How long the executor may take to stop after a signal, before the process ends without it. The record is on
/// the disk line by line: nothing is lost by that.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work` on a thread of its own, with the screen as its front end, until it returns and the room has
/// seen how it ended. The terminal is as before afterwards, whatever happens.
///
/// # Errors
/// When there is no terminal to draw on; then `work` was not begun.
///
/// # Panics
/// When `work` does; the terminal is restored first.
pub fn run<T: Send>(
    settings: Settings,
    work: impl FnOnce(&mut dyn FrontEnd) -> T + Send,
) -> io::Result<T> {
    let (call_sender, calls) = channel();
    let (replies, reply_receiver) = channel();
    let (wake, wake_sender) = UnixStream::pair()?;
    wake_sender.set_nonblocking(true)?;
    let sleeper = Sleeper::new(Keyboard::new(terminal::input()?), wake)?;
    let screen = Screen::open(settings, sleeper, calls, replies)?;
    thread::scope(|scope| {
        let executor = thread::Builder::new()
            .name("executor".to_owned())
            .spawn_scoped(scope, move || {
                work(&mut Proxy::new(call_sender, reply_receiver, wake_sender))
            })?;
        screen.follow();
        match executor.join() {
            Ok(result) => Ok(result),
            Err(panic) => panic::resume_unwind(panic),
        }
    })
}

/// The model with everything that it lives from.
struct Screen {
    model: Model,
    /// None once the terminal is gone.
    terminal: Option<Terminal>,
    sleeper: Sleeper,
    calls: Receiver<Call>,
    replies: Sender<Reply>,
    started: Instant,
    /// When the process was told to end.
    told_to_end: Option<Instant>,
}

impl Screen {
    fn open(
        settings: Settings,
        sleeper: Sleeper,
        calls: Receiver<Call>,
        replies: Sender<Reply>,
    ) -> io::Result<Self> {
        let terminal = Terminal::enter()?;
        let size = terminal.size()?;
        Ok(Self {
            model: Model::new(settings, size, Timestamp::now()),
            terminal: Some(terminal),
            sleeper,
            calls,
            replies,
            started: Instant::now(),
            told_to_end: None,
        })
    }

    /// Follows the executor until it has returned and the room has seen the end.
    fn follow(mut self) {
        self.draw();
        while !self.model.is_over() {
            let woken = match self.sleeper.sleep(self.until_next_tick()) {
                Ok(woken) => woken,
                Err(_) => self.lose_terminal(),
            };
            self.take_in(woken);
            self.draw();
            self.end_by_force();
        }
    }

    /// The clock on the screen shows seconds.
    fn until_next_tick(&self) -> Duration {
        let into_second = Timestamp::now().subsec_nanosecond().unsigned_abs();
        let to_second =
            Duration::from_secs(1).saturating_sub(Duration::from_nanos(into_second.into()));
        let to_wake = self
            .model
            .wakes_at()
            .map(|due| due.saturating_sub(self.started.elapsed()));
        to_wake.map_or(to_second, |to_wake| to_wake.min(to_second))
    }

    fn take_in(&mut self, woken: Woken) {
        if woken.to_end && self.told_to_end.is_none() {
            self.told_to_end = Some(Instant::now());
            self.update(Msg::Terminate);
        }
        if let Some(Ok(size)) = self.terminal.as_ref().map(Terminal::size)
            && size != self.model.size()
        {
            self.update(Msg::Resize(size.0, size.1));
        }
        self.update(Msg::Tick {
            now: self.started.elapsed(),
            clock: Timestamp::now(),
        });
        for typed in woken.typed {
            self.update(match typed {
                Typed::Key(key) => Msg::Key(key),
                Typed::Paste(text) => Msg::Paste(text),
            });
        }
        loop {
            match self.calls.try_recv() {
                Ok(call) => self.update(Msg::Call(call)),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.update(Msg::Finished);
                    break;
                }
            }
        }
    }

    fn update(&mut self, msg: Msg) {
        for cmd in update(&mut self.model, msg) {
            match cmd {
                // An executor that is gone wants no answer.
                Cmd::Reply(reply) => drop(self.replies.send(reply)),
            }
        }
    }

    fn draw(&mut self) {
        let Some(terminal) = &mut self.terminal else {
            return;
        };
        let model = &self.model;
        if terminal
            .draw(model.size(), |frame| view(model, frame))
            .is_err()
        {
            let woken = self.lose_terminal();
            self.take_in(woken);
        }
    }

    /// Nobody can see or answer any more: the executor is told to leave.
    fn lose_terminal(&mut self) -> Woken {
        self.terminal = None;
        Woken {
            to_end: true,
            ..Woken::default()
        }
    }

    /// Ends the process when the executor does not stop after a signal: it hangs in a token's module.
    fn end_by_force(&mut self) {
        if self
            .told_to_end
            .is_some_and(|since| since.elapsed() > PATIENCE)
        {
            self.terminal = None;
            let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
        }
    }
}
