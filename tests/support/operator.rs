//! Somebody who plays a ceremony line by line at a terminal.

use std::process::ExitStatus;

use crate::support::pty::{Size, Terminal};
use crate::support::rehearse::Rehearsal;

const CONCLAVE: &str = env!("CARGO_BIN_EXE_conclave");

/// How the questions of the line mode end.
const ENDS: [&str; 9] = [
    "> ",
    "  PIN: ",
    "  SO PIN: ",
    "  new PIN: ",
    "  new SO PIN: ",
    "PIN again: ",
    "  approval code: ",
    "  new approval code: ",
    "code again: ",
];

/// An operator, who gives the usual answers until something is of interest.
pub(crate) struct Operator {
    pub(crate) terminal: Terminal,
    /// What is typed for a PIN; empty takes the one that a rehearsal gives.
    pub(crate) pin: &'static str,
    /// All that was shown since the question before, with the question that waits for an answer.
    shown: String,
}

impl Operator {
    /// Begins a rehearsal with two tokens, one of which is enough.
    pub(crate) fn rehearse(rehearsal: &Rehearsal) -> Self {
        let out = rehearsal.out();
        let small = ["--tokens", "2", "--threshold", "1", "--until", "genesis"];
        let mut arguments = vec!["rehearse", "--plain", "--out", out.to_str().unwrap()];
        arguments.extend(small);
        Self::start(rehearsal, CONCLAVE, &arguments)
    }

    pub(crate) fn resume(rehearsal: &Rehearsal) -> Self {
        let genesis = rehearsal.genesis();
        let arguments = ["resume", "--plain", genesis.to_str().unwrap()];
        Self::start(rehearsal, CONCLAVE, &arguments)
    }

    /// Starts a program in the environment of a rehearsal.
    pub(crate) fn start(rehearsal: &Rehearsal, program: &str, arguments: &[&str]) -> Self {
        let (home, configuration) = (rehearsal.home(), rehearsal.beside("no-configuration"));
        let environment = [
            ("HOME", home.as_os_str()),
            ("SOFTHSM2_CONF", configuration.as_os_str()),
        ];
        Self {
            terminal: Terminal::spawn(program, arguments, &environment, Size::STANDARD),
            pin: "",
            shown: String::new(),
        }
    }

    /// Waits for the next question, and gives what is shown up to its end.
    pub(crate) fn question(&mut self) -> &str {
        let (before, end) = self.terminal.expect_any(&ENDS);
        self.shown = before + end;
        if end != "> " {
            assert!(!self.terminal.echoes(), "{}", self.shown);
        }
        &self.shown
    }

    /// Answers the question that waits.
    pub(crate) fn answer(&mut self, text: &str) {
        self.shown.clear();
        self.terminal.send(text);
        self.terminal.send("\r");
    }

    /// Answers, and waits for the next question.
    pub(crate) fn answer_and_see(&mut self, text: &str) -> &str {
        self.answer(text);
        self.question()
    }

    /// Gives the usual answers until a text is shown, and leaves the question that comes with it unanswered.
    pub(crate) fn play_until(&mut self, text: &str) {
        if self.shown.is_empty() {
            self.question();
        }
        while !self.shown.contains(text) {
            let asked = self.shown.lines().last().unwrap_or_default();
            let answer = if asked.contains("PIN") {
                self.pin
            } else if asked.contains("Type SIGN ROOT 1 to continue") {
                "SIGN ROOT 1"
            } else {
                ""
            };
            self.answer_and_see(answer);
        }
    }

    /// What was shown since the question before, with the question that waits.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Takes what has that text from the list that was shown last.
    pub(crate) fn choose(&mut self, text: &str) -> &str {
        let number = number_of(&self.shown, text);
        self.answer_and_see(&number)
    }

    /// Asks for something beside the question: its title, what is chosen (nothing where there is no choice), and
    /// what is typed at last.
    pub(crate) fn ask_for(&mut self, title: &str, chosen: &str, typed: Option<&str>) {
        self.answer_and_see("/options");
        self.choose(title);
        if !chosen.is_empty() {
            self.choose(chosen);
        }
        if let Some(typed) = typed {
            self.answer_and_see(typed);
        }
    }

    /// Gives the usual answers until the program has no more questions.
    pub(crate) fn play_until_ended(&mut self) {
        loop {
            let is_pin = self
                .shown
                .lines()
                .last()
                .unwrap_or_default()
                .contains("PIN");
            self.answer(if is_pin { self.pin } else { "" });
            match self.terminal.expect_any_or_end(&ENDS) {
                Some((before, end)) => self.shown = before + end,
                None => return,
            }
        }
    }

    /// Goes on to the end of the ceremony.
    pub(crate) fn play_to_the_end(&mut self) {
        self.play_until("Close the ceremony: press Enter");
        self.answer("");
        let status = self.terminal.finish();
        assert!(status.success(), "{status}: {}", self.terminal.transcript());
    }

    /// Waits until the program has ended.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.terminal.finish()
    }
}

/// The number under which the last list that was shown has a text.
pub(crate) fn number_of(shown: &str, text: &str) -> String {
    let lines = shown.lines().rev();
    let mut found = lines.filter_map(|line| {
        let (number, entry) = line.trim_start().split_once(' ')?;
        (number.parse::<u32>().is_ok() && entry.contains(text)).then(|| number.to_owned())
    });
    let number = found.next();
    number.unwrap_or_else(|| panic!("no {text:?} is offered: {shown}"))
}
