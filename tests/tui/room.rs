//! A room with a ceremony in it: keys in memory in place of tokens, and a screen that is told what happens.
//!
//! Everything is the same in every run: the dates, the keys and so the digests.

use std::sync::Arc;
use std::time::Duration;

use conclave::ceremony::{
    Answer, Ask, Ceremony, Effect, Failure, FailureKind, Input, Mode, Next, Opening, Outcome,
    Prompt, SecretPrompt, SecretPurpose, SecretShown, SimulatedRoot, Waiting, WaitingOn,
};
use conclave::metadata::KeyType;
use conclave::record::{Finding, Tries};
use conclave::script::{DrillLevel, Kind, Script};
use conclave::tui::{
    Call, Charset, Cmd, Colors, Model, Msg, Reply, Settings, Theme, TranscriptLine, update, view,
};
use conclave::words::Digest;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

use crate::support::ceremony_driver;
use crate::support::changes::World;

pub(crate) const PLAIN: Theme = Theme {
    charset: Charset::Unicode,
    colors: Colors::None,
};

pub(crate) struct Room {
    driver: ceremony_driver::Room,
    pub(crate) model: Model,
    now: Duration,
}

impl Room {
    /// A rehearsal of three keys that has just been opened, on a screen of that size.
    pub(crate) fn rehearsal(size: (u16, u16)) -> Self {
        Self::open(Mode::Rehearsal, size, PLAIN)
    }

    pub(crate) fn open(mode: Mode, size: (u16, u16), theme: Theme) -> Self {
        let script = ceremony_driver::genesis(&[KeyType::Ed25519; 3], 2);
        Self::of(script, mode, size, theme)
    }

    /// A production with bags and a break.
    pub(crate) fn with_bags(size: (u16, u16)) -> Self {
        Self::of(ceremony_driver::with_bags(), Mode::Production, size, PLAIN)
    }

    /// A production in which a witness approves by an approval token.
    pub(crate) fn with_approval_token(size: (u16, u16)) -> Self {
        let script = ceremony_driver::with_approval_tokens(&["witness-1"]);
        Self::of(script, Mode::Production, size, PLAIN)
    }

    /// A production in which old shares give a key others.
    pub(crate) fn reissue(size: (u16, u16)) -> Self {
        use ceremony_driver::restore::{RESTORED, manifest};
        let mut key = ceremony_driver::SoftwareToken::blank(90);
        key.generate(KeyType::Ed25519);
        let set = manifest(&key, Mode::Production);
        let script = ceremony_driver::reissue::script(&set, None);
        let tokens = [(RESTORED.to_owned(), key)].into();
        let driver = ceremony_driver::Room::new_with(script, &tokens);
        Self::opened(driver, Mode::Production, size, PLAIN, None)
    }

    /// The rehearsal of a change of a world's root, with simulated keys that are the very keys.
    pub(crate) fn change(world: &World, script: Arc<Script>, size: (u16, u16)) -> Self {
        let simulated_tokens = script.key_changes().filter_map(|(id, change)| {
            change.before()?;
            let token = &world.tokens[id.as_str()];
            Some((id.clone(), token.public_key()))
        });
        let simulated_root = SimulatedRoot {
            file: String::from_utf8(world.root.clone()).unwrap(),
            keys: simulated_tokens.collect(),
        };
        let driver = ceremony_driver::Room::new_with(script, &world.tokens);
        Self::opened(driver, Mode::Rehearsal, size, PLAIN, Some(simulated_root))
    }

    /// A production in which a key gets shares.
    pub(crate) fn with_backup(size: (u16, u16)) -> Self {
        let script = ceremony_driver::backup::with_backup();
        Self::of(script, Mode::Production, size, PLAIN)
    }

    /// A full drill: the shares of three custodians restore a key into memory.
    pub(crate) fn drill(size: (u16, u16)) -> Self {
        use ceremony_driver::restore::{RESTORED, manifest, script};
        let mut key = ceremony_driver::SoftwareToken::blank(90);
        key.generate(KeyType::Ed25519);
        let set = manifest(&key, Mode::Production);
        let script = script(&set, Kind::Drill, DrillLevel::Full, false);
        let tokens = [(RESTORED.to_owned(), key)].into();
        let driver = ceremony_driver::Room::new_with(script, &tokens);
        Self::opened(driver, Mode::Production, size, PLAIN, None)
    }

    fn of(script: Arc<Script>, mode: Mode, size: (u16, u16), theme: Theme) -> Self {
        let driver = ceremony_driver::Room::new(script);
        Self::opened(driver, mode, size, theme, None)
    }

    fn opened(
        driver: ceremony_driver::Room,
        mode: Mode,
        size: (u16, u16),
        theme: Theme,
        simulated_root: Option<SimulatedRoot>,
    ) -> Self {
        let mut settings = Settings::new(theme);
        settings.place = Some("/srv/rehearsal/genesis".to_owned());
        let begin = driver.ceremony.script().not_before();
        let mut room = Self {
            driver,
            model: Model::new(settings, size, begin),
            now: Duration::ZERO,
        };
        room.take(Input::Open(Opening {
            mode,
            // Not the version under test: the digests on the screens stay the same.
            conclave: "0.0.0".to_owned(),
            program: None,
            machine: "the machine".to_owned(),
            export: "../export".to_owned(),
            simulated_tokens: (mode == Mode::Rehearsal).then(|| "../tokens".to_owned()),
            mirror: None,
            rehearsal: (mode == Mode::Production).then(|| Digest::of(b"a rehearsal")),
            simulated_set: None,
            rehearsal_keys: Vec::new(),
            simulated_attestation_root: None,
            simulated_root,
            simulated_further_roots: std::collections::BTreeMap::new(),
            simulated_keys: std::collections::BTreeMap::new(),
            simulated_approvals: std::collections::BTreeMap::new(),
            simulated_clock_offset: 0,
            profiles: std::collections::BTreeMap::new(),
        }));
        room
    }

    pub(crate) const fn ceremony(&self) -> &Ceremony {
        &self.driver.ceremony
    }

    fn shared_ceremony(&self) -> Arc<Ceremony> {
        Arc::new(self.ceremony().clone())
    }

    fn clock(&self) -> Timestamp {
        self.driver.moment().machine_time
    }

    /// Lets the ceremony go on, unremarkably, until it asks or acts in the step of that ID.
    pub(crate) fn until(mut self, step: &str) -> Self {
        loop {
            let here = self.ceremony().current_step().map(|step| step.id.as_str());
            let is_inspection = matches!(self.ceremony().next(), Next::Do(Effect::InspectHost));
            if here == Some(step) && !is_inspection {
                return self;
            }
            self.step();
        }
    }

    /// Lets it go on until all steps are done and only the closing is left.
    pub(crate) fn until_closing(mut self) -> Self {
        while self.ceremony().current_step().is_some() {
            self.step();
        }
        self
    }

    /// One prompt or effect.
    pub(crate) fn step(&mut self) {
        let input = match self.ceremony().next() {
            Next::Ask(prompt) => self.driver.usual(&prompt),
            Next::Do(Effect::InspectHost) => {
                let detail = "swap is on: what is in memory may be written to a disk";
                let findings = vec![Finding::new("host.swap", detail)];
                Input::Outcome(Outcome::HostInspected(findings))
            }
            Next::Do(effect) => Input::Outcome(self.driver.perform(&effect)),
            Next::Rest | Next::Done(_) => panic!("the ceremony is over"),
        };
        self.take(input);
    }

    /// Another process takes the ceremony up after its pause.
    pub(crate) fn resume(&mut self) {
        self.take(Input::Resume {
            conclave: "0.0.0".to_owned(),
            program: None,
            machine: "the machine".to_owned(),
            digest: self.head(),
            torn_bytes: 0,
        });
    }

    /// Goes on until something is asked whose label is this.
    pub(crate) fn until_read(mut self, what: &str) -> Self {
        loop {
            match self.ceremony().next() {
                Next::Ask(prompt) if matches!(&prompt.ask, Ask::Reading { label, .. } if label == what) =>
                {
                    self.ask();
                    return self;
                }
                Next::Rest => self.resume(),
                _ => self.step(),
            }
        }
    }

    /// Takes an input as the executor does, and tells the screen.
    pub(crate) fn take(&mut self, input: Input) {
        self.driver.give(input).unwrap();
        let entry = self.driver.transcript.entries().last().unwrap();
        let line = TranscriptLine {
            number: entry.line.seq,
            time: entry.line.time,
            digest: entry.digest,
            text: entry
                .line
                .event()
                .narrate(self.ceremony().script(), self.ceremony().display_names()),
        };
        let fact = Box::new(entry.line.kind.clone());
        self.call(Call::Recorded(self.shared_ceremony(), line, fact));
        self.tick(Duration::ZERO);
    }

    /// The head of the record.
    pub(crate) fn head(&self) -> Digest {
        self.driver.transcript.entries().last().unwrap().digest
    }

    /// The screen is asked what the ceremony asks.
    pub(crate) fn ask(&mut self) -> Prompt {
        let Next::Ask(prompt) = self.ceremony().next() else {
            panic!("nothing is asked: {:?}", self.ceremony().next());
        };
        let replies = self.call(Call::Ask(self.shared_ceremony(), prompt.clone()));
        assert!(replies.is_empty(), "{replies:?}");
        prompt
    }

    /// The screen is to show a management key to the first key holder.
    pub(crate) fn show(&mut self) {
        let lines = [
            "2718 2818 2845 9045",
            "2353 6028 7471 3526",
            "6249 7757 2470 9369",
        ];
        let shown = SecretShown {
            who: "holder-1".parse().unwrap(),
            title: "management key".to_owned(),
            about: "YubiKey 5.7.4 25000002 \"conclave-key-1\"".to_owned(),
            advice: vec!["It is typed back next, and then the token keeps it no more.".to_owned()],
            lines: lines.map(|line| line.to_owned().into()).to_vec(),
        };
        self.show_this(shown);
    }

    /// The screen is to show something to somebody alone.
    pub(crate) fn show_this(&mut self, shown: SecretShown) {
        let replies = self.call(Call::Show(self.shared_ceremony(), shown));
        assert!(replies.is_empty(), "{replies:?}");
    }

    /// The screen asks what an effect asks by itself.
    pub(crate) fn ask_this(&mut self, prompt: Prompt) {
        let replies = self.call(Call::Ask(self.shared_ceremony(), prompt));
        assert!(replies.is_empty(), "{replies:?}");
    }

    /// The screen is asked for a secret of the first key holder.
    pub(crate) fn secret(&mut self, prompt: SecretPrompt) {
        let replies = self.call(Call::Secret(self.shared_ceremony(), prompt));
        assert!(replies.is_empty(), "{replies:?}");
    }

    pub(crate) fn wait(
        &mut self,
        on: WaitingOn,
        what: &str,
        seen: &[&str],
        seconds: u64,
    ) -> Vec<Reply> {
        let waiting = Waiting {
            what: what.to_owned(),
            seen: seen.iter().map(|line| (*line).to_owned()).collect(),
            elapsed: Duration::from_secs(seconds),
            on,
            touch: None,
        };
        self.call(Call::Waiting(self.shared_ceremony(), waiting))
    }

    pub(crate) fn fail(&mut self, kind: FailureKind, what: &str, hint: &str) {
        self.take(Input::Outcome(Outcome::Failed(Failure {
            kind,
            what: what.to_owned(),
            hint: hint.to_owned(),
        })));
    }

    pub(crate) fn call(&mut self, call: Call) -> Vec<Reply> {
        self.msg(Msg::Call(call))
    }

    pub(crate) fn msg(&mut self, msg: Msg) -> Vec<Reply> {
        update(&mut self.model, msg)
            .into_iter()
            .map(|Cmd::Reply(reply)| reply)
            .collect()
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> Vec<Reply> {
        self.msg(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    pub(crate) fn control(&mut self, c: char) -> Vec<Reply> {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        self.msg(Msg::Key(key))
    }

    /// Types a text; nothing in it may be an answer yet.
    pub(crate) fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            let replies = self.press(KeyCode::Char(c));
            assert!(replies.is_empty(), "{replies:?}");
        }
    }

    /// Lets time go by.
    pub(crate) fn tick(&mut self, time: Duration) -> Vec<Reply> {
        self.now += time;
        self.msg(Msg::Tick {
            now: self.now,
            clock: self.clock(),
        })
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let (columns, rows) = self.model.size();
        let mut terminal = ratatui::Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What stands on the screen, line by line.
    pub(crate) fn screen(&self) -> String {
        let buffer = self.buffer();
        let rows = buffer.content.chunks(usize::from(buffer.area.width));
        rows.map(|row| {
            let line: String = row.iter().map(Cell::symbol).collect();
            line.trim_end().to_owned() + "\n"
        })
        .collect()
    }
}

pub(crate) fn new_pin() -> SecretPrompt {
    SecretPrompt {
        who: "holder-1".parse().unwrap(),
        purpose: SecretPurpose::NewPin,
        about: "SoftHSM v2 5f00000000000001 \"conclave-key-1\"".to_owned(),
        tries: None,
        given: None,
        digits_only: true,
    }
}

pub(crate) fn pin(tries: Tries) -> SecretPrompt {
    SecretPrompt {
        purpose: SecretPurpose::Pin,
        tries: Some(tries),
        ..new_pin()
    }
}

/// The answer of the only reply.
pub(crate) fn answer(mut replies: Vec<Reply>) -> Answer {
    match (replies.pop(), replies.is_empty()) {
        (Some(Reply::Answer(Ok(answer))), true) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

pub(crate) fn is_word(prompt: &Prompt) -> bool {
    matches!(prompt.ask, Ask::Word { .. })
}

/// Goes down a list until the cursor stands on a text, and takes it.
pub(crate) fn choose(room: &mut Room, text: &str) {
    let here = format!("▸  {text}");
    for _ in 0..40 {
        if room.screen().contains(&here) {
            room.press(KeyCode::Enter);
            return;
        }
        room.press(KeyCode::Down);
    }
    panic!("no {text:?} to choose:\n{}", room.screen());
}
