//! A room with a ceremony in it: keys in memory in place of tokens, and a screen that is told what happens.
//!
//! Everything is the same in every run: the dates, the keys and so the digests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use conclave::ceremony::{
    Answer, Ask, Ceremony, Effect, Event, Failure, FailureKind, Input, Mode, Moment, Next, Opening,
    Outcome, Prompt, SecretPrompt, SecretPurpose, Waiting, WaitingOn, possession_message,
};
use conclave::certificate::PublicKey;
use conclave::metadata::KeyType;
use conclave::record::{Finding, KeyAttributes, TokenId, Tries};
use conclave::script::{Blueprint, KeyId, Kind, Script, embedded};
use conclave::transcript::Transcript;
use conclave::tui::{
    Call, Charset, Cmd, Colours, Model, Msg, RecordLine, Reply, Settings, Theme, update, view,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

pub(crate) const PLAIN: Theme = Theme {
    charset: Charset::Unicode,
    colours: Colours::None,
};

pub(crate) struct Room {
    pub(crate) ceremony: Ceremony,
    pub(crate) model: Model,
    transcript: Transcript,
    findings: Vec<Finding>,
    now: Duration,
}

impl Room {
    /// A rehearsal of three keys that has just been opened, on a screen of that size.
    pub(crate) fn rehearsal(size: (u16, u16)) -> Self {
        Self::open(Mode::Rehearsal, size, PLAIN)
    }

    pub(crate) fn open(mode: Mode, size: (u16, u16), theme: Theme) -> Self {
        let settings = Settings::with_theme(theme).place("/srv/rehearsal/genesis");
        let mut room = Self {
            ceremony: Ceremony::new(Arc::new(script())),
            model: Model::new(settings, size, clock(Duration::ZERO)),
            transcript: Transcript::default(),
            findings: vec![Finding::new(
                "station.swap",
                "swap is on: what is in memory may be written to a disk",
            )],
            now: Duration::ZERO,
        };
        room.take(Input::Open(Opening {
            mode,
            conclave: "0.1.0".to_owned(),
            program: None,
            export: "../export".to_owned(),
            twins: (mode == Mode::Rehearsal).then(|| "../tokens".to_owned()),
            mirror: None,
            rehearsal: None,
            twin_clock_offset: 0,
        }));
        room
    }

    /// Lets the ceremony go on, unremarkably, until it asks in the step of that ID.
    pub(crate) fn until(mut self, step: &str) -> Self {
        loop {
            let here = self.ceremony.current_step().map(|step| step.id.to_string());
            let is_there = here.as_deref() == Some(step);
            match self.ceremony.next() {
                Next::Ask(_) if is_there => return self,
                Next::Do(effect) if is_there && !matches!(effect, Effect::InspectStation) => {
                    return self;
                }
                Next::Ask(prompt) => self.take(Input::Answer(prompt.ask.usual_answer())),
                Next::Do(effect) => self.perform(effect),
                Next::Done(_) => panic!("the ceremony has no step {step}"),
            }
        }
    }

    /// Lets it go on until all steps are done and only the closing is left.
    pub(crate) fn until_closing(mut self) -> Self {
        while self.ceremony.current_step().is_some() {
            self.step();
        }
        self
    }

    /// One prompt or effect.
    pub(crate) fn step(&mut self) {
        match self.ceremony.next() {
            Next::Ask(prompt) => self.take(Input::Answer(prompt.ask.usual_answer())),
            Next::Do(effect) => self.perform(effect),
            Next::Done(_) => panic!("the ceremony is over"),
        }
    }

    /// Takes an input as the executor does, and tells the screen.
    pub(crate) fn take(&mut self, input: Input) {
        let moment = Moment {
            machine_time: clock(self.now),
            fresh: [0x5a; 8],
        };
        for event in self.ceremony.decide(input, &moment).unwrap() {
            self.record(&event);
        }
    }

    fn record(&mut self, event: &Event) {
        self.ceremony = self.ceremony.clone().apply(event).unwrap();
        let script = self.ceremony.script_arc();
        let (_, entry) = self.transcript.push(
            script.sha256(),
            self.ceremony.mode(),
            clock(self.now),
            event.clone(),
        );
        let line = RecordLine {
            number: entry.line.seq,
            time: entry.line.time,
            head: entry.digest,
            text: event.narrate(&script),
        };
        self.now += Duration::from_secs(7);
        self.call(Call::Recorded(
            Arc::new(self.ceremony.clone()),
            line,
            Box::new(event.fact.clone()),
        ));
        self.tick(Duration::ZERO);
    }

    pub(crate) fn perform(&mut self, effect: Effect) {
        let script = self.ceremony.script().sha256();
        let outcome = match effect {
            Effect::InspectStation => Outcome::StationInspected(self.findings.clone()),
            Effect::FindToken { key } => Outcome::TokenFound {
                token: token(&key, ""),
                blank: true,
            },
            Effect::InitialiseToken { key, label, .. } => Outcome::TokenInitialised {
                token: token(&key, &label),
            },
            Effect::SetPin { .. } => Outcome::PinSet,
            Effect::GenerateKey { key, token, .. } => Outcome::KeyGenerated {
                token,
                public_key: public_key(&key),
                attributes: KeyAttributes {
                    sensitive: Some(true),
                    extractable: Some(false),
                    always_sensitive: Some(true),
                    never_extractable: Some(true),
                    local: Some(true),
                },
            },
            Effect::ProvePossession { key, occasion, .. } => {
                let challenge = [7; 32];
                let message = possession_message(&script, &key, occasion, &challenge);
                Outcome::Answered {
                    challenge,
                    signature: sign(&key, &message),
                }
            }
            Effect::Sign { key, message, .. } => Outcome::Signed(sign(&key, &message)),
            Effect::Export { .. } => Outcome::Exported,
        };
        self.take(Input::Outcome(outcome));
    }

    /// The screen is asked what the ceremony asks.
    pub(crate) fn ask(&mut self) -> Prompt {
        let Next::Ask(prompt) = self.ceremony.next() else {
            panic!("nothing is asked: {:?}", self.ceremony.next());
        };
        let replies = self.call(Call::Ask(Arc::new(self.ceremony.clone()), prompt.clone()));
        assert!(replies.is_empty(), "{replies:?}");
        prompt
    }

    /// The screen is asked for a secret of the first key holder.
    pub(crate) fn secret(&mut self, prompt: SecretPrompt) {
        let replies = self.call(Call::Secret(Arc::new(self.ceremony.clone()), prompt));
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
        };
        self.call(Call::Waiting(Arc::new(self.ceremony.clone()), waiting))
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
            clock: clock(self.now),
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
            let line: String = row.iter().map(|cell| cell.symbol()).collect();
            line.trim_end().to_owned() + "\n"
        })
        .collect()
    }
}

pub(crate) fn new_pin() -> SecretPrompt {
    SecretPrompt {
        who: "holder-1".parse().unwrap(),
        purpose: SecretPurpose::NewPin,
        token: token(&"key-1".parse().unwrap(), "conclave-key-1").to_string(),
        tries: None,
        given: None,
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

/// 2026-12-01, in the morning.
fn clock(now: Duration) -> Timestamp {
    let begin: Timestamp = "2026-12-01T09:41:00Z".parse().unwrap();
    begin + now
}

fn script() -> Script {
    let ready = embedded()
        .iter()
        .find(|script| script.name == "genesis")
        .unwrap();
    let text = Blueprint {
        kind: Kind::Genesis,
        title: Some("The first root of example.com/updates".to_owned()),
        repository: "example.com/updates".to_owned(),
        tokens: 3,
        threshold: 2,
        key_type: KeyType::Ed25519,
        profile: "softhsm2".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2027-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    }
    .write()
    .unwrap();
    Script::parse("genesis.toml", &text, ready, clock(Duration::ZERO)).unwrap()
}

fn number(key: &KeyId) -> u8 {
    key.as_str().rsplit('-').next().unwrap().parse().unwrap()
}

fn pair(key: &KeyId) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number(key); 32]).unwrap()
}

fn public_key(key: &KeyId) -> PublicKey {
    PublicKey::from_ed25519(pair(key).public_key().as_ref()).unwrap()
}

fn sign(key: &KeyId, message: &[u8]) -> Vec<u8> {
    pair(key).sign(message).as_ref().to_vec()
}

fn token(key: &KeyId, label: &str) -> TokenId {
    TokenId {
        profile: "softhsm2".to_owned(),
        manufacturer: "SoftHSM project".to_owned(),
        model: "SoftHSM v2".to_owned(),
        serial: format!("{:016x}", 0x51_5eed_0000_u64 + u64::from(number(key))),
        label: label.to_owned(),
    }
}
