//! The line mode as a front end.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::ceremony::{
    Answer, Ask, Ceremony, ExceptionReport, FrontEnd, Interrupt, Mode, Prompt, Recorded, Request,
    SecretPrompt, SecretPurpose, SecretShown, StepError, TypedSecret, Waiting, WaitingOn,
};
use crate::document::{capitalized, wrapping};
use crate::record::visible;
use crate::script::{PersonId, StepId};
use crate::secret::Pin;

use super::input::{Input, Stop};
use super::secret_input::{SecretLines, read_secret, show_secret};

const WIDTH: usize = 78;

/// How often a wait is reported; more often would overwhelm a screen reader.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// What can be typed at any prompt instead of an answer.
const COMMANDS: [(&str, &str); 5] = [
    (
        "/options",
        "more options: corrections, people who arrive or leave",
    ),
    ("/exception", "record an exception to the script"),
    ("/transcript", "show the transcript so far"),
    ("/abort", "abort, or leave and resume later"),
    ("/help", "show this list"),
];

/// The ceremony line by line: prompts and events are printed, answers are read from standard input.
pub struct LineMode<W: Write> {
    input: Input,
    pins: Option<SecretLines>,
    output: BufWriter<W>,
    step: Option<StepId>,
    reported: Duration,
    /// The remaining seconds for a touch when they were last reported.
    touch: Option<u64>,
    transcript: Vec<String>,
}

impl<W: Write> LineMode<W> {
    /// Uses standard input. PINs are read from `pins` if it is given, or else from the terminal.
    pub fn new(output: W, pins: Option<SecretLines>) -> io::Result<Self> {
        Ok(Self {
            input: Input::open()?,
            pins,
            output: BufWriter::new(output),
            step: None,
            reported: Duration::ZERO,
            touch: None,
            transcript: Vec::new(),
        })
    }

    fn say(&mut self, text: &str) {
        // If the terminal is gone, the next prompt fails.
        let _ = writeln!(self.output, "{}", visible(text));
    }

    fn say_wrapped(&mut self, first: &str, text: &str) {
        let rest = " ".repeat(first.chars().count());
        // Always one paragraph. A long word is not broken, so that it can be copied.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let options = wrapping(WIDTH)
            .initial_indent(first)
            .subsequent_indent(&rest)
            .break_words(false);
        for line in textwrap::wrap(&text, options) {
            self.say(&line);
        }
    }

    /// Counts down while a token waits for a touch.
    fn say_touch(&mut self, left: Option<Duration>) {
        let Some(left) = left.map(|left| left.as_secs()) else {
            self.touch = None;
            return;
        };
        let is_due = self
            .touch
            .is_none_or(|reported| left + REPORT_EVERY.as_secs() <= reported);
        if is_due {
            self.touch = Some(left);
            self.say(&format!("  TOUCH THE TOKEN that blinks. {left} s left."));
        }
    }

    fn ask_inline(&mut self, text: &str) -> Result<String, Stop> {
        let _ = write!(self.output, "{}", visible(text));
        let _ = self.output.flush();
        self.input.line()
    }

    /// Prints the current step when it changes.
    fn say_step(&mut self, ceremony: &Ceremony) {
        let Some(step) = ceremony.current_step() else {
            return;
        };
        if self.step.as_ref() == Some(&step.id) {
            return;
        }
        self.step = Some(step.id.clone());
        let script = ceremony.script();
        let number = script
            .steps()
            .iter()
            .position(|other| other.id == step.id)
            .map_or(0, |index| index + 1);
        let (title, lines, proves) = (
            step.act.title(script),
            step.act.instructions(script),
            step.act.proves(script),
        );
        self.say("");
        self.say(&format!(
            "[{number} of {}] {title}    {}",
            script.steps().len(),
            ceremony.banner()
        ));
        for line in lines.into_iter().chain(ceremony.amended(step)) {
            self.say_wrapped("  ", &line);
        }
        if !proves.is_empty() {
            self.say("  This step proves:");
            for line in proves {
                self.say_wrapped("  - ", &line);
            }
        }
    }

    /// Handles a signal instead of a line.
    fn interrupt(&mut self, ceremony: &Ceremony, stop: Stop) -> Result<(), Interrupt> {
        match stop {
            Stop::Leave => Err(Interrupt::Leave),
            Stop::Break => self.ask_to_abort(ceremony),
        }
    }

    /// Confirms Ctrl-C.
    fn ask_to_abort(&mut self, _ceremony: &Ceremony) -> Result<(), Interrupt> {
        self.say("");
        self.say("Nothing is lost. Type one of these words:");
        self.say("  LEAVE  to stop now and resume later");
        self.say("  ABORT  to abort the ceremony permanently");
        self.say("Or press Enter to continue.");
        match self.ask_inline("> ").as_deref() {
            Ok("LEAVE") | Err(_) => Err(Interrupt::Leave),
            Ok("ABORT") => {
                self.say("Keys and files remain where they are. The transcript records that the ceremony was aborted.");
                self.say("A new script can use the proven keys: conclave script new --adopt DIR.");
                match self.ask_inline("Reason (press Enter not to abort): ") {
                    Ok(reason) if reason.is_empty() => Ok(()),
                    Ok(reason) => Err(Interrupt::Abort { reason }),
                    Err(Stop::Leave) => Err(Interrupt::Leave),
                    Err(Stop::Break) => Ok(()),
                }
            }
            Ok(_) => Ok(()),
        }
    }

    fn command(&mut self, ceremony: &Ceremony, line: &str) -> Result<(), Interrupt> {
        match line {
            "/abort" => self.ask_to_abort(ceremony),
            "/options" => match self.other(ceremony) {
                Ok(Some(request)) => Err(Interrupt::Request(request)),
                Ok(None) => Ok(()),
                Err(stop) => self.interrupt(ceremony, stop),
            },
            "/transcript" => {
                for line in self.transcript.clone() {
                    self.say(&line);
                }
                Ok(())
            }
            "/exception" => match self.exception(ceremony) {
                Ok(Some(interrupt)) => Err(interrupt),
                Ok(None) => Ok(()),
                Err(stop) => self.interrupt(ceremony, stop),
            },
            _ => {
                for (command, what) in COMMANDS {
                    self.say(&format!("  {command:<12} {what}"));
                }
                self.say("  Ctrl-C       same as /abort");
                Ok(())
            }
        }
    }

    /// Fills in an exception report; `None` if it was canceled.
    fn exception(&mut self, ceremony: &Ceremony) -> Result<Option<Interrupt>, Stop> {
        self.say("Exception report (press Enter on an empty line to cancel)");
        let mut texts = Vec::new();
        for question in ["  Expected: ", "  Happened: ", "  Decided:  "] {
            let text = self.ask_inline(question)?;
            if text.is_empty() {
                return Ok(None);
            }
            texts.push(text);
        }
        self.say("  Two people approve it; the ceremony administrator cannot:");
        for id in ceremony.deciders() {
            self.say(&format!("    {id:<12} {}", ceremony.name(&id)));
        }
        let mut people: Vec<PersonId> = Vec::new();
        while people.len() < ceremony.approvals_needed() {
            let typed = self.ask_inline(&format!("  Person {}: ", people.len() + 1))?;
            if typed.is_empty() {
                return Ok(None);
            }
            match typed.parse::<PersonId>() {
                Ok(id) if ceremony.script().person(&id).is_some() && !people.contains(&id) => {
                    people.push(id);
                }
                _ => self.say("  Type the ID of a person in this list who was not entered before."),
            }
        }
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let report = ExceptionReport {
            expected: next(),
            happened: next(),
            decided: next(),
        };
        let waivable = ceremony.waivable();
        let mut waives = None;
        if !waivable.is_empty() {
            self.say("  Does it waive a check? (press Enter if it only records what happened)");
            let texts = waivable.iter().map(|check| check.meaning());
            waives = self.pick("  Number > ", texts)?.map(|at| waivable[at]);
        }
        Ok(Some(Interrupt::Exception {
            report,
            waives,
            people,
        }))
    }

    /// Lets the participants choose an option and fill in its form; `None` if it was canceled.
    fn other(&mut self, ceremony: &Ceremony) -> Result<Option<Request>, Stop> {
        let offers = ceremony.offers();
        if offers.is_empty() {
            self.say("  There are no more options until attendance is complete.");
            return Ok(None);
        }
        self.say("More options (press Enter on an empty line to cancel)");
        let titles = offers.iter().map(|offer| offer.kind.title());
        let Some(at) = self.pick("  Number > ", titles)? else {
            return Ok(None);
        };
        let offer = &offers[at];
        let mut values = Vec::new();
        for field in &offer.fields {
            let value = if field.choices.is_empty() {
                self.ask_inline(&format!("  {} > ", capitalized(&field.label)))?
            } else {
                self.say(&format!("  {}:", capitalized(&field.label)));
                let texts = field.choices.iter().map(|pick| pick.text.as_str());
                match self.pick("  Number > ", texts)? {
                    Some(at) => field.choices[at].value.clone(),
                    None => return Ok(None),
                }
            };
            if value.is_empty() {
                return Ok(None);
            }
            values.push(value);
        }
        Ok(Some(offer.with(values)))
    }

    /// The index of the chosen item; `None` if nothing was chosen.
    fn pick<'t>(
        &mut self,
        question: &str,
        texts: impl ExactSizeIterator<Item = &'t str>,
    ) -> Result<Option<usize>, Stop> {
        let count = texts.len();
        for (index, text) in texts.enumerate() {
            self.say_wrapped(&format!("    {:>2} ", index + 1), text);
        }
        loop {
            let typed = self.ask_inline(question)?;
            if typed.is_empty() {
                return Ok(None);
            }
            match typed.parse::<usize>() {
                Ok(number) if (1..=count).contains(&number) => return Ok(Some(number - 1)),
                _ => self.say("  Type one of the numbers."),
            }
        }
    }

    /// One answer; `None` if the line was a command or not valid.
    fn one_answer(&mut self, ceremony: &Ceremony, ask: &Ask) -> Result<Option<Answer>, Interrupt> {
        let question = match ask {
            Ask::Enter { action } => format!("  {action}: press Enter > "),
            Ask::Word { word } => format!("  Type {word} to continue > "),
            Ask::Choice { label, options } => {
                self.say(&format!("  {label}"));
                for (index, choice) in options.iter().enumerate() {
                    self.say(&format!("    {} {}", index + 1, choice.text));
                }
                "  Number (Enter: 1) > ".to_owned()
            }
            Ask::Clock => {
                self.say(&format!(
                    "  The clock of this machine shows {}.",
                    ceremony.machine_time(Timestamp::now())
                ));
                self.say("  If it is right within a minute, press Enter. Otherwise type the right time in UTC,");
                "  for example 2026-12-01T09:41:00Z > ".to_owned()
            }
            Ask::Reading { label, usual } if ceremony.mode() == Mode::Rehearsal => {
                format!("  {label} (rehearsal: press Enter for {usual}) > ")
            }
            Ask::Reading { label, .. } => format!("  {label} > "),
            Ask::Text { label, default } => match default.as_deref() {
                Some("") | None => format!("  {label} > "),
                Some(default) => format!("  {label} (Enter: {default}) > "),
            },
        };
        self.input.discard();
        let line = match self.ask_inline(&question) {
            Ok(line) => line,
            Err(stop) => {
                self.interrupt(ceremony, stop)?;
                return Ok(None);
            }
        };
        if !self.input.is_terminal() {
            self.say("");
        }
        if line.starts_with('/') {
            self.command(ceremony, &line)?;
            return Ok(None);
        }
        Ok(match ask {
            Ask::Enter { .. } if line.is_empty() => Some(Answer::Enter),
            Ask::Enter { .. } => {
                self.say("  Press Enter on an empty line to continue, or type /help.");
                None
            }
            Ask::Word { .. } | Ask::Clock | Ask::Reading { .. } | Ask::Text { .. } => {
                Some(Answer::Text(line))
            }
            Ask::Choice { options, .. } => {
                let index = if line.is_empty() {
                    Some(0)
                } else {
                    line.parse::<usize>()
                        .ok()
                        .and_then(|number| number.checked_sub(1))
                        .filter(|index| *index < options.len())
                };
                let Some(index) = index else {
                    self.say("  Type one of the numbers, or /help.");
                    return Ok(None);
                };
                let mut remark = String::new();
                if options[index].wants_remark {
                    match self.ask_inline("  Describe it in a few words > ") {
                        Ok(text) => remark = text,
                        Err(stop) => {
                            self.interrupt(ceremony, stop)?;
                            return Ok(None);
                        }
                    }
                }
                Some(Answer::Choice { index, remark })
            }
        })
    }

    /// One entry of a PIN.
    fn one_pin(&mut self, title: &str, given: Option<&str>) -> Result<Zeroizing<String>, Stop> {
        let typed = match &mut self.pins {
            Some(pins) => pins.next_line(),
            // In a rehearsal with input from a file, nobody can type.
            None if given.is_some() && !self.input.is_terminal() => Ok(Zeroizing::default()),
            None => {
                let _ = self.output.flush();
                read_secret(&format!("  {}: ", visible(title)))
            }
        };
        match typed {
            Ok(text) if text.is_empty() => Ok(Zeroizing::new(given.unwrap_or_default().to_owned())),
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                Err(self.input.stopped().unwrap_or(Stop::Break))
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                self.say(&format!("  {error}"));
                Ok(Zeroizing::default())
            }
            Err(error) => {
                self.say(&format!("  Cannot read the PIN: {error}."));
                Err(Stop::Leave)
            }
        }
    }

    /// Shows a secret to one person.
    fn show_once(&mut self, shown: &SecretShown) -> Result<(), Stop> {
        self.ask_inline("  Press Enter to show it > ")?;
        let _ = self.output.flush();
        let before = [format!(
            "The {} for {}:",
            shown.title,
            visible(&shown.about)
        )];
        let after = "Press Enter when it is written down. It is not shown again. ";
        show_secret(&before, &shown.lines, after).map_err(|error| {
            if error.kind() == ErrorKind::Interrupted {
                return self.input.stopped().unwrap_or(Stop::Break);
            }
            self.say(&format!("  Cannot show it: {error}."));
            Stop::Leave
        })
    }

    /// A PIN, typed twice if it is new; `None` if it must be typed again.
    fn try_pin(&mut self, prompt: &SecretPrompt) -> Result<Option<Pin>, Stop> {
        let title = prompt.purpose.title();
        let given = prompt.given.as_deref();
        let pin = match Pin::new(self.one_pin(title, given)?) {
            Ok(pin) => pin,
            Err(error) => {
                self.say(&format!("  {error}; type it again."));
                return Ok(None);
            }
        };
        if !prompt.purpose.is_new() || self.pins.is_some() {
            return Ok(Some(pin));
        }
        let again = Pin::new(self.one_pin(&format!("{title} again"), given)?);
        if again.is_ok_and(|again| again.same_as(&pin)) {
            Ok(Some(pin))
        } else {
            self.say("  The two entries differ; nothing was changed. Type it again.");
            Ok(None)
        }
    }

    /// Confirms the last try before the token locks.
    fn confirm_last_try(&mut self, word: &str) -> Result<bool, Stop> {
        self.say("  This is the last try before the token locks.");
        let typed = self.ask_inline(&format!(
            "  Type {word} to use it, or press Enter to keep it > "
        ))?;
        Ok(typed == word)
    }
}

impl<W: Write> FrontEnd for LineMode<W> {
    fn ask(&mut self, ceremony: &Ceremony, prompt: &Prompt) -> Result<Answer, Interrupt> {
        self.reported = Duration::ZERO;
        self.touch = None;
        self.say_step(ceremony);
        let names: Vec<_> = prompt.who.iter().map(|id| ceremony.name(id)).collect();
        if !names.is_empty() {
            self.say(&format!("  Who: {}", names.join(", ")));
        }
        for line in &prompt.lines {
            self.say_wrapped("  ", line);
        }
        loop {
            if let Some(answer) = self.one_answer(ceremony, &prompt.ask)? {
                return Ok(answer);
            }
        }
    }

    fn secret(
        &mut self,
        ceremony: &Ceremony,
        prompt: &SecretPrompt,
    ) -> Result<TypedSecret, Interrupt> {
        self.say_step(ceremony);
        let (name, about) = (ceremony.name(&prompt.who), &prompt.about);
        let title = prompt.purpose.title();
        let text = match prompt.purpose {
            SecretPurpose::NewApprovalCode => {
                format!(
                    "{name}: choose an approval code of at least four characters. Everyone else: look away."
                )
            }
            SecretPurpose::ApprovalCode => {
                format!(
                    "{name}: enter your approval code to approve: {about}. Everyone else: look away."
                )
            }
            _ => format!("{name}: enter the {title} for {about}. Everyone else: look away."),
        };
        self.say_wrapped("  ", &text);
        if let Some(tries) = prompt.tries {
            self.say(&format!("  Tries: {tries}."));
        }
        if prompt.digits_only {
            self.say("  Use digits only: the keyboard layout was not tested.");
        }
        if let Some(given) = &prompt.given {
            self.say(&format!(
                "  Rehearsal: it is {given}. Press Enter to use it."
            ));
        }
        loop {
            let tried = match prompt.word_first() {
                Some(word) => match self.confirm_last_try(word) {
                    Ok(true) => self.try_pin(prompt),
                    Ok(false) => Err(Stop::Break),
                    Err(stop) => Err(stop),
                },
                None => self.try_pin(prompt),
            };
            match tried {
                Ok(Some(secret)) => {
                    let word = prompt.word_first().map(str::to_owned);
                    return Ok(TypedSecret { secret, word });
                }
                Ok(None) => {}
                Err(stop) => self.interrupt(ceremony, stop)?,
            }
        }
    }

    fn show_secret(&mut self, ceremony: &Ceremony, shown: SecretShown) -> Result<(), Interrupt> {
        self.say_step(ceremony);
        let name = ceremony.name(&shown.who);
        let text = format!(
            "{name}: write down the {} for {} by hand. Everyone else: look away from the screen.",
            shown.title, shown.about
        );
        self.say_wrapped("  ", &text);
        for advice in &shown.advice {
            self.say_wrapped("  ", advice);
        }
        if !self.input.is_terminal() && ceremony.mode() == Mode::Rehearsal {
            self.say("  Not shown, because the input of this rehearsal comes from a file.");
            return Ok(());
        }
        loop {
            match self.show_once(&shown) {
                Ok(()) => return Ok(()),
                Err(stop) => self.interrupt(ceremony, stop)?,
            }
        }
    }

    fn waiting(&mut self, ceremony: &Ceremony, waiting: &Waiting) -> Result<(), Interrupt> {
        if waiting.elapsed < self.reported {
            self.reported = Duration::ZERO;
        }
        self.say_touch(waiting.touch);
        let is_first = self.reported.is_zero() && waiting.on == WaitingOn::People;
        if is_first {
            self.say_step(ceremony);
        }
        if is_first || waiting.elapsed >= self.reported + REPORT_EVERY {
            self.say(&format!(
                "  {} … {} s (Ctrl-C: stop waiting)",
                waiting.what,
                waiting.elapsed.as_secs()
            ));
            for line in &waiting.seen {
                self.say_wrapped("    ", line);
            }
            self.reported = waiting.elapsed.max(Duration::from_millis(1));
            let _ = self.output.flush();
        }
        match (self.input.stopped(), waiting.on) {
            (None, _) => Ok(()),
            (Some(stop), WaitingOn::People) => self.interrupt(ceremony, stop),
            (Some(Stop::Leave), WaitingOn::Token) => Err(Interrupt::Leave),
            (Some(Stop::Break), WaitingOn::Token) => {
                self.say("  The token does not respond. If you give up, this process cannot use any token again.");
                match self.ask_inline("  Type GIVE UP, or press Enter to keep waiting > ") {
                    Ok(typed) if typed == "GIVE UP" => Err(Interrupt::Cancel),
                    Err(Stop::Leave) => Err(Interrupt::Leave),
                    _ => Ok(()),
                }
            }
        }
    }

    fn recorded(&mut self, ceremony: &Ceremony, entry: &Recorded<'_>) {
        self.reported = Duration::ZERO;
        self.touch = None;
        let line = format!(
            "{:>4} {} {}",
            entry.line,
            entry.time,
            entry
                .event
                .narrate(ceremony.script(), ceremony.display_names())
        );
        self.say_wrapped("  [ok] ", line.trim_start());
        let _ = self.output.flush();
        self.transcript.push(line);
    }

    fn not_accepted(&mut self, _ceremony: &Ceremony, error: &StepError) {
        self.say(&format!("  Not accepted: {error}."));
        self.say_wrapped("  ", &format!("Hint: {}.", error.hint()));
    }
}
