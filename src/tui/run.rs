//! The loop of the screen: sleep, update, draw.

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

/// How long the executor may take to stop after a signal before the process ends without it. Nothing is lost, because
/// every entry of the transcript is already on the disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work` on its own thread, with the screen as its front end, until it returns and the participants have seen the
/// end. The terminal is restored in any case. An error means that there is no terminal and `work` was not started.
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

/// The model with its inputs and outputs.
struct Screen {
    model: Model,
    /// `None` if the terminal is gone.
    terminal: Option<Terminal>,
    sleeper: Sleeper,
    calls: Receiver<Call>,
    replies: Sender<Reply>,
    started: Instant,
    /// When the process received a signal to end.
    ending_since: Option<Instant>,
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
            ending_since: None,
        })
    }

    /// Follows the executor until it has returned and the participants have seen the end.
    fn follow(mut self) {
        self.draw();
        while !self.model.is_over() {
            let woken = match self.sleeper.sleep(self.until_next_tick()) {
                Ok(woken) => woken,
                Err(_) => self.lose_terminal(),
            };
            self.handle(woken);
            self.draw();
            self.end_by_force();
        }
    }

    /// The clock on the screen changes every second.
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

    fn handle(&mut self, woken: Woken) {
        if woken.to_end && self.ending_since.is_none() {
            self.ending_since = Some(Instant::now());
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
                // An executor that has returned does not need an answer.
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
            self.handle(woken);
        }
    }

    /// Without a terminal, the executor is asked to leave.
    fn lose_terminal(&mut self) -> Woken {
        self.terminal = None;
        Woken {
            to_end: true,
            ..Woken::default()
        }
    }

    /// Ends the process if the executor does not stop after a signal, because it hangs in the module of a token.
    fn end_by_force(&mut self) {
        if self
            .ending_since
            .is_some_and(|since| since.elapsed() > PATIENCE)
        {
            self.terminal = None;
            let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
        }
    }
}
