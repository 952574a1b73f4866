//! A terminal with a program in it, for tests that sit in the operator's chair.
//!
//! A test waits for what it expects to see, until a deadline; nothing here sleeps but who wants to know whether the
//! program does.
//!
//! ```ignore
//! let mut terminal = Terminal::conclave(&["token", "init", "--label", "root 1"], &env, Size::STANDARD);
//! terminal.expect("New SO PIN: ");
//! terminal.send("87654321\r");
//! assert!(terminal.finish().success());
//! ```

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// How long a program may take to show what is expected: long, for machines are busy at times.
const PATIENCE: Duration = Duration::from_secs(30);

/// More expectations than any ceremony has: a test whose text never comes, and that answers every question meanwhile, ends.
const MOST_EXPECTED: usize = 2000;

/// How many columns and rows a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

impl Size {
    /// 80×24.
    pub(crate) const STANDARD: Self = Self {
        columns: 80,
        rows: 24,
    };
}

/// A terminal with a program in it. Dropping it kills the program.
pub(crate) struct Terminal {
    /// The side on which the operator sits.
    master: File,
    output: Receiver<Vec<u8>>,
    exit: Receiver<ExitStatus>,
    /// `None` once the program has ended.
    process: Option<Pid>,
    /// All that the program wrote.
    written: Vec<u8>,
    /// How much of that earlier expectations have used up.
    used: usize,
    /// How many expectations there were of what it writes line by line.
    expected: usize,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts `conclave`.
    pub(crate) fn conclave<S: AsRef<OsStr>>(
        arguments: &[S],
        environment: &[(&str, &OsStr)],
        size: Size,
    ) -> Self {
        // Cargo names the program to tests and benches; examples name it themselves.
        let Some(program) = option_env!("CARGO_BIN_EXE_conclave") else {
            panic!("only tests and benches know where the program is");
        };
        Self::spawn(program, arguments, environment, size)
    }

    /// Starts a program whose controlling terminal this is.
    pub(crate) fn spawn<S: AsRef<OsStr>>(
        program: &str,
        arguments: &[S],
        environment: &[(&str, &OsStr)],
        size: Size,
    ) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, winsize(size)).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let open = || -> Stdio {
            let path = OsString::from_vec(name.clone().into_bytes());
            File::options()
                .read(true)
                .write(true)
                .open(path)
                .unwrap()
                .into()
        };
        // It makes a session of its own with this terminal, and becomes the program.
        let mut child = Command::new("setsid")
            .args(["--ctty", "--wait", program])
            .args(arguments)
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .envs(environment.iter().copied())
            .stdin(open())
            .stdout(open())
            .stderr(open())
            .spawn()
            .unwrap_or_else(|error| panic!("setsid of util-linux: {error}"));

        let process = Pid::from_child(&child);
        let (exited, exit) = channel();
        thread::spawn(move || exited.send(child.wait().unwrap()));
        let master = File::from(master);
        let (wrote, output) = channel();
        let mut reader = master.try_clone().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of the last program is an error on Linux (EIO), and an end elsewhere.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if wrote.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            master,
            output,
            exit,
            process: Some(process),
            written: Vec::new(),
            used: 0,
            expected: 0,
            screen: vt100::Parser::new(cells(size.rows), cells(size.columns), 0),
        }
    }

    /// Waits until the program writes a text that no earlier expectation has used up, and
    /// gives what it wrote before. For programs that write line by line.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.expect_any(&[text]).0
    }

    /// Waits until the program writes one of several texts, and gives what it wrote before the first of
    /// them, and which it is.
    pub(crate) fn expect_any<'t>(&mut self, texts: &[&'t str]) -> (String, &'t str) {
        let what = format!("one of {texts:?}");
        let found = self.expect_any_or_end(texts);
        found.unwrap_or_else(|| self.give_up(&what, "it ended"))
    }

    /// The same; none when the program ends without writing any of them.
    pub(crate) fn expect_any_or_end<'t>(&mut self, texts: &[&'t str]) -> Option<(String, &'t str)> {
        self.expected += 1;
        if self.expected > MOST_EXPECTED {
            self.give_up(
                &format!("one of {texts:?}"),
                "too many questions were answered",
            );
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let fresh = &self.written[self.used..];
            let found = texts
                .iter()
                .filter_map(|text| {
                    let at = fresh
                        .windows(text.len())
                        .position(|part| part == text.as_bytes())?;
                    Some((at, *text))
                })
                .min_by_key(|(at, _)| *at);
            if let Some((at, text)) = found {
                let before = String::from_utf8_lossy(&fresh[..at]).into_owned();
                self.used += at + text.len();
                return Some((before, text));
            }
            if !self.receive(end, &format!("one of {texts:?}")) {
                return None;
            }
        }
    }

    /// Waits until the screen is as it should be; `what` describes that. For programs that draw.
    pub(crate) fn expect_screen(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while self.is_drawing() || !is_so(self.screen.screen()) {
            self.take_output(end, what);
        }
    }

    /// Whether the program is in the middle of a frame, as it says by a synchronized update.
    fn is_drawing(&self) -> bool {
        let last = |marker: &[u8]| {
            let mut places = self.written.windows(marker.len());
            places.rposition(|place| place == marker)
        };
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }

    /// Waits until a text stands somewhere on the screen.
    pub(crate) fn expect_on_screen(&mut self, text: &str) {
        self.expect_screen(&format!("{text:?} on the screen"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Types.
    pub(crate) fn send(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Changes the size, of which the program is told by a signal.
    pub(crate) fn resize(&mut self, size: Size) {
        self.screen
            .screen_mut()
            .set_size(cells(size.rows), cells(size.columns));
        tcsetwinsize(&self.master, winsize(size)).unwrap();
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.process.expect("the program still runs"), signal).unwrap();
    }

    /// The kernel kills the program when it makes a file longer than that, in bytes.
    pub(crate) fn limit_files(&self, length: u64) {
        let limit = Rlimit {
            current: Some(length),
            maximum: None,
        };
        prlimit(self.process, Resource::Fsize, limit).unwrap();
    }

    /// The program's process ID.
    pub(crate) fn process_id(&self) -> i32 {
        let process = self.process.expect("the program still runs");
        process.as_raw_nonzero().get()
    }

    /// Asks nothing of the program for so long, and gives the time that the processor spent on it meanwhile, on all
    /// its threads.
    pub(crate) fn leave_alone(&self, for_so_long: Duration) -> Duration {
        let spent = || {
            let stat =
                std::fs::read_to_string(format!("/proc/{}/stat", self.process_id())).unwrap();
            let after_name = stat.rsplit(')').next().unwrap();
            let fields: Vec<u64> = after_name
                .split_whitespace()
                .map(|field| field.parse().unwrap_or(0))
                .collect();
            // utime and stime, in hundredths of a second.
            Duration::from_millis(10 * (fields[11] + fields[12]))
        };
        let before = spent();
        std::thread::sleep(for_so_long);
        spent().saturating_sub(before)
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// The screen.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// The screen as text.
    pub(crate) fn screen_text(&self) -> String {
        self.screen.screen().contents()
    }

    /// All that the program wrote so far, escape sequences included.
    pub(crate) fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Waits until the program ends, and takes in what it still writes.
    pub(crate) fn finish(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while self.receive(end, "its end") {}
        let left = end.saturating_duration_since(Instant::now());
        let status = self.exit.recv_timeout(left);
        let status = status.unwrap_or_else(|_| self.give_up("its end", "it still runs"));
        self.process = None;
        status
    }

    fn take_output(&mut self, end: Instant, expected: &str) {
        if !self.receive(end, expected) {
            self.give_up(expected, "it ended");
        }
    }

    /// Takes in what the program writes next; false when nothing more will come.
    fn receive(&mut self, end: Instant, expected: &str) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.written.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => self.give_up(expected, "the time is over"),
        }
    }

    fn give_up(&self, expected: &str, why: &str) -> ! {
        panic!(
            "waiting for {expected}: {why}. The screen:\n{}\nNot used up yet:\n{}",
            self.screen_text(),
            String::from_utf8_lossy(&self.written[self.used..]).escape_debug(),
        )
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(process) = self.process
            && self.exit.try_recv().is_err()
        {
            // It may end at this moment by itself.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

fn winsize(size: Size) -> Winsize {
    Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}
