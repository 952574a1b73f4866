//! Reading a secret: from the terminal without echo, or from a file descriptor.
//!
//! Every byte is stored directly in a buffer that is wiped and never grows, so no copy remains. Canonical mode is off as
//! well, because the kernel's line buffer would keep a copy.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use zeroize::Zeroizing;

/// Longer than any typed secret.
const LONGEST: usize = 1024;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Asks for a secret on the terminal and reads one line without echo.
///
/// Input that was typed before the prompt, or that follows the line immediately, is discarded: pasted text answers at most
/// one question. Backspace and Ctrl-U edit the line. The terminal is restored in any case, even after a signal.
///
/// # Errors
/// [`ErrorKind::Interrupted`] on Ctrl-C or a signal that would end the process;
/// [`ErrorKind::UnexpectedEof`] on Ctrl-D or a lost terminal; [`ErrorKind::InvalidData`] when
/// it is not UTF-8 or too long; [`ErrorKind::NotConnected`] when there is no terminal.
pub fn read_secret(prompt: &str) -> io::Result<Zeroizing<String>> {
    let terminal = Terminal::find()?;
    let signals = Signals::watch()?;
    let no_echo = NoEcho::of(terminal.as_fd())?;
    terminal.write(prompt)?;
    let line = read_line(|| {
        signals.wait_for(terminal.as_fd())?;
        read_byte(terminal.as_fd())
    });
    drop(no_echo);
    terminal.write("\n")?;
    line
}

/// Shows a secret until Enter is pressed, on the alternate screen of the terminal, which has no scrollback.
///
/// # Errors
/// As for [`read_secret`]; the secret is removed from the screen in any case.
pub fn show_secret(before: &[String], secret: &[Zeroizing<String>], after: &str) -> io::Result<()> {
    let terminal = Terminal::find()?;
    let signals = Signals::watch()?;
    let no_echo = NoEcho::of(terminal.as_fd())?;
    let alternate_screen = AlternateScreen::enter(&terminal)?;
    for line in before {
        terminal.write(&format!("  {line}\r\n"))?;
    }
    terminal.write("\r\n")?;
    for line in secret {
        terminal.write("    ")?;
        terminal.write(line)?;
        terminal.write("\r\n")?;
    }
    terminal.write(&format!("\r\n  {after}"))?;
    let pressed = read_line(|| {
        signals.wait_for(terminal.as_fd())?;
        read_byte(terminal.as_fd())
    });
    drop(alternate_screen);
    drop(no_echo);
    pressed.map(drop)
}

/// The alternate screen of the terminal, cleared and left when this is dropped.
struct AlternateScreen<'a>(&'a Terminal);

impl<'a> AlternateScreen<'a> {
    fn enter(terminal: &'a Terminal) -> io::Result<Self> {
        terminal.write("\x1b[?1049h\x1b[2J\x1b[H")?;
        Ok(Self(terminal))
    }
}

impl Drop for AlternateScreen<'_> {
    fn drop(&mut self) {
        // This only fails if the terminal is gone, with everything on it.
        let _ = self.0.write("\x1b[2J\x1b[3J\x1b[H\x1b[?1049l");
    }
}

/// Secrets from a file descriptor that the caller of the program opened, one per line.
pub struct SecretLines(File);

impl SecretLines {
    /// Opens a descriptor by its number: `--pin-fd 3`.
    pub fn from_fd(number: u32) -> io::Result<Self> {
        // By name, because a number alone does not prove that no other value owns it.
        File::open(format!("/dev/fd/{number}")).map(Self)
    }

    /// The next line, without its end.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] when there is none; [`ErrorKind::InvalidData`] when it is
    /// not UTF-8 or too long.
    pub fn next_line(&mut self) -> io::Result<Zeroizing<String>> {
        let mut secret = Secret::default();
        loop {
            match read_byte(self.0.as_fd())? {
                Some(b'\n') => return secret.finish(),
                None if !secret.0.is_empty() => return secret.finish(),
                None => return Err(ErrorKind::UnexpectedEof.into()),
                Some(byte) => secret.push(byte)?,
            }
        }
    }
}

/// The secret so far. Its memory is allocated once, because a growing vector leaves copies.
struct Secret(Zeroizing<Vec<u8>>);

impl Default for Secret {
    fn default() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(LONGEST)))
    }
}

impl Secret {
    fn push(&mut self, byte: u8) -> io::Result<()> {
        if self.0.len() == LONGEST {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the line is too long",
            ));
        }
        self.0.push(byte);
        Ok(())
    }

    /// Removes the last character, which may have several bytes.
    fn pop(&mut self) {
        while let Some(byte) = self.0.pop() {
            if byte & 0b1100_0000 != 0b1000_0000 {
                break;
            }
        }
    }

    fn finish(mut self) -> io::Result<Zeroizing<String>> {
        match String::from_utf8(std::mem::take(&mut *self.0)) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "the line is not UTF-8",
                ))
            }
        }
    }
}

/// Reads one line of keys; `None` is the end of the input.
fn read_line(mut next: impl FnMut() -> io::Result<Option<u8>>) -> io::Result<Zeroizing<String>> {
    let mut secret = Secret::default();
    loop {
        match next()? {
            Some(b'\n' | b'\r') => return secret.finish(),
            Some(CTRL_C) => return Err(ErrorKind::Interrupted.into()),
            None | Some(CTRL_D) => return Err(ErrorKind::UnexpectedEof.into()),
            Some(BACKSPACE | DELETE) => secret.pop(),
            Some(CTRL_U) => secret.0.clear(),
            // Other control characters are kept, so that the secret is refused.
            Some(byte) => secret.push(byte)?,
        }
    }
}

/// One byte; `None` at the end.
fn read_byte(from: BorrowedFd<'_>) -> io::Result<Option<u8>> {
    let mut byte = Zeroizing::new([0]);
    let count = rustix::io::retry_on_intr(|| rustix::io::read(from, &mut *byte))?;
    Ok((count == 1).then_some(byte[0]))
}

/// The terminal of the operator.
enum Terminal {
    /// Standard input, with the prompt on standard error.
    Standard,
    /// The controlling terminal, if standard input is not a terminal.
    Controlling(File),
}

impl Terminal {
    fn find() -> io::Result<Self> {
        if isatty(io::stdin()) {
            return Ok(Self::Standard);
        }
        File::options()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map(Self::Controlling)
            .map_err(|_| io::Error::new(ErrorKind::NotConnected, "no terminal for typing a secret"))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Self::Standard => io::stderr().write_all(text.as_bytes()),
            Self::Controlling(file) => (&*file).write_all(text.as_bytes()),
        }
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Standard => rustix::stdio::stdin(),
            Self::Controlling(file) => file.as_fd(),
        }
    }
}

/// A terminal without echo and line buffer, until this is dropped.
struct NoEcho<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> NoEcho<'a> {
    fn of(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for NoEcho<'_> {
    fn drop(&mut self) {
        // This only fails if the terminal is gone, and then there is nothing to restore.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// The signals that would end the process while the terminal has no echo.
struct Signals {
    read: UnixStream,
    ids: Vec<signal_hook::SigId>,
}

/// False while a secret is read: then those signals must not end the process at once.
static AT_REST: OnceLock<Arc<AtomicBool>> = OnceLock::new();

impl Signals {
    fn watch() -> io::Result<Self> {
        let at_rest = Self::end_the_process_at_rest()?;
        let (read, write) = UnixStream::pair()?;
        let mut signals = Self {
            read,
            ids: Vec::new(),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            let write = OwnedFd::from(write.try_clone()?);
            let id = signal_hook::low_level::pipe::register(signal, write)?;
            signals.ids.push(id);
        }
        at_rest.store(false, Ordering::SeqCst);
        Ok(signals)
    }

    /// `signal-hook` does not restore the default action of a signal, so a handler does it from the first secret on.
    /// Signals that the program already handles are not changed.
    fn end_the_process_at_rest() -> io::Result<&'static AtomicBool> {
        if let Some(at_rest) = AT_REST.get() {
            return Ok(at_rest);
        }
        let at_rest = Arc::new(AtomicBool::new(true));
        let handled = handled_signals();
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            if handled & (1 << (signal - 1)) == 0 {
                signal_hook::flag::register_conditional_default(signal, Arc::clone(&at_rest))?;
            }
        }
        Ok(AT_REST.get_or_init(|| at_rest))
    }

    /// Waits for a byte from the terminal.
    fn wait_for(&self, terminal: BorrowedFd<'_>) -> io::Result<()> {
        let mut ready = [
            PollFd::new(&self.read, PollFlags::IN),
            PollFd::from_borrowed_fd(terminal, PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| poll(&mut ready, None))?;
        if ready[0].revents().is_empty() {
            Ok(())
        } else {
            Err(ErrorKind::Interrupted.into())
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(at_rest) = AT_REST.get() {
            at_rest.store(true, Ordering::SeqCst);
        }
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// The signals that this process catches or ignores, one bit each; 0 if `/proc` is missing.
fn handled_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter_map(|line| {
            line.strip_prefix("SigCgt:")
                .or_else(|| line.strip_prefix("SigIgn:"))
        })
        .filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .fold(0, |all, mask| all | mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek as _;

    fn typed(keys: &[u8]) -> io::Result<String> {
        let mut keys = keys.iter().copied();
        read_line(|| Ok(keys.next())).map(|line| line.to_string())
    }

    #[test]
    fn backspace_and_ctrl_u_edit_the_line() {
        assert_eq!(typed(b"123456\r").unwrap(), "123456");
        assert_eq!(typed(b"12x\x7f3\n").unwrap(), "123");
        assert_eq!(typed(b"\x7f\x0812\n").unwrap(), "12");
        assert_eq!(typed("aé€\x7f\x7fb\n".as_bytes()).unwrap(), "ab");
        assert_eq!(typed(b"wrong\x15right\n").unwrap(), "right");
        assert_eq!(typed(b"\n").unwrap(), "");
        // An arrow key is not swallowed: a PIN refuses it.
        assert_eq!(typed(b"1\x1b[D\n").unwrap(), "1\u{1b}[D");
    }

    #[test]
    fn input_that_ends_without_a_secret_is_an_error() {
        for (keys, kind) in [
            (&b"12\x03"[..], ErrorKind::Interrupted),
            (b"12\x04", ErrorKind::UnexpectedEof),
            (b"12", ErrorKind::UnexpectedEof),
            (b"\xff\n", ErrorKind::InvalidData),
            (&[b'1'; LONGEST + 1], ErrorKind::InvalidData),
        ] {
            assert_eq!(typed(keys).unwrap_err().kind(), kind, "{keys:?}");
        }
    }

    #[test]
    fn lines_of_a_descriptor_are_read_one_by_one() {
        use std::os::fd::AsRawFd as _;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all("12345678\n\né\nlast".as_bytes()).unwrap();
        file.rewind().unwrap();
        let number = u32::try_from(file.as_raw_fd()).unwrap();
        let mut lines = SecretLines::from_fd(number).unwrap();
        for expected in ["12345678", "", "é", "last"] {
            assert_eq!(*lines.next_line().unwrap(), expected);
        }
        let end = lines.next_line().unwrap_err();
        assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
    }
}
