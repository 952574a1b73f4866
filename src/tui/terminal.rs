//! The terminal, which is restored in any case.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, style};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, TerminalOptions, Viewport};
use rustix::termios::{isatty, tcgetwinsize};

/// A terminal in raw mode, with the alternate screen, until this is dropped.
pub(super) struct Terminal {
    screen: ratatui::Terminal<CrosstermBackend<File>>,
    device: File,
    _silence: Silence,
    _panics: Panics,
}

impl Terminal {
    pub(super) fn enter() -> io::Result<Self> {
        let device = output()?;
        // Messages of panics are kept until the screen is gone.
        let panics = Panics::keep();
        // With NO_COLOR, crossterm would drop colors but also reset bold and reverse. The theme handles NO_COLOR instead.
        style::force_color_output(true);
        crossterm::terminal::enable_raw_mode()?;
        let area = Self::area_of(&device)?;
        let backend = CrosstermBackend::new(device.try_clone()?);
        let screen = ratatui::Terminal::with_options(
            backend,
            TerminalOptions {
                viewport: Viewport::Fixed(area),
            },
        )?;
        // From now on, dropping it restores everything.
        let mut terminal = Self {
            screen,
            device,
            _silence: Silence::begin()?,
            _panics: panics,
        };
        execute!(
            terminal.device,
            EnterAlternateScreen,
            Clear(ClearType::All),
            EnableBracketedPaste
        )?;
        Ok(terminal)
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let area = Self::area_of(&self.device)?;
        Ok((area.width, area.height))
    }

    /// Draws, and writes the changes.
    pub(super) fn draw(
        &mut self,
        size: (u16, u16),
        view: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<()> {
        let area = Rect::new(0, 0, size.0, size.1);
        // Terminals that support this show only complete frames; others ignore it.
        execute!(self.device, BeginSynchronizedUpdate)?;
        if self.screen.get_frame().area() != area {
            // Terminals move their content when their size changes.
            execute!(self.device, Clear(ClearType::All))?;
            self.screen.resize(area)?;
        }
        self.screen.draw(view)?;
        execute!(self.device, EndSynchronizedUpdate)
    }

    fn area_of(device: &File) -> io::Result<Rect> {
        let size = tcgetwinsize(device)?;
        // Some terminals do not report their size: assume the smallest supported one.
        let known = |cells, otherwise| if cells == 0 { otherwise } else { cells };
        Ok(Rect::new(
            0,
            0,
            known(size.ws_col, 80),
            known(size.ws_row, 24),
        ))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = execute!(
            self.device,
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = self.device.flush();
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// The terminal to draw on: standard output, or else the controlling terminal.
fn output() -> io::Result<File> {
    let stdout = rustix::stdio::stdout();
    if isatty(stdout) {
        return Ok(File::from(rustix::io::fcntl_dupfd_cloexec(stdout, 3)?));
    }
    File::options().read(true).write(true).open("/dev/tty")
}

/// The terminal to read keys from: standard input, or else the controlling terminal.
pub(super) fn input() -> io::Result<File> {
    let stdin = rustix::stdio::stdin();
    if isatty(stdin) {
        return Ok(File::from(rustix::io::fcntl_dupfd_cloexec(stdin, 3)?));
    }
    File::options().read(true).write(true).open("/dev/tty")
}

/// Discards what modules print while the screen is drawn.
struct Silence {
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Silence {
    fn begin() -> io::Result<Self> {
        let nowhere = File::options().write(true).open("/dev/null")?;
        let silence = Self {
            stdout: rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?,
            stderr: rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?,
        };
        io::stdout().flush()?;
        rustix::stdio::dup2_stdout(nowhere.as_fd())?;
        rustix::stdio::dup2_stderr(nowhere.as_fd())?;
        Ok(silence)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = rustix::stdio::dup2_stdout(self.stdout.as_fd());
        let _ = rustix::stdio::dup2_stderr(self.stderr.as_fd());
    }
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Messages of panics, kept until the screen is gone and they can be read.
struct Panics {
    messages: Arc<Mutex<Vec<String>>>,
    before: Arc<Mutex<Option<Hook>>>,
}

impl Panics {
    fn keep() -> Self {
        let before = Arc::new(Mutex::new(Some(panic::take_hook())));
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("without a name");
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(format!("thread '{name}' {info}"));
        }));
        Self { messages, before }
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        // While a thread panics, hooks cannot be changed, but the messages are still printed.
        if !std::thread::panicking() {
            drop(panic::take_hook());
            let before = self
                .before
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(before) = before {
                panic::set_hook(before);
            }
        }
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        for message in messages.drain(..) {
            let _ = writeln!(io::stderr(), "{message}");
        }
    }
}
