//! A ceremony without a machine around it: the core asks, usual answers are given, software tokens act.
//!
//! Every clock tick, fresh name and challenge is counted, so with Ed25519 keys the same script gives the same
//! transcript, byte for byte.

pub(crate) mod backup;
pub(crate) mod reissue;
pub(crate) mod repositories;
pub(crate) mod restore;
mod software_token;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use conclave::ceremony::{
    Answer, Approval, Ceremony, Effect, Event, ExportedFile, Input, Mode, Moment, NewObject, Next,
    Opening, Outcome, Prompt, StepError, Strength, approval_token_message,
};
use conclave::metadata::KeyType;
use conclave::record::{KeyAttributes, Provenance};
use conclave::script::{
    EnrolledKey, KeyId, Kind, PersonId, PinnedFileSource as _, Script, ScriptTemplate, SpareId,
    embedded, enroll,
};
use conclave::transcript::Transcript;
use conclave::transfer::{Enrollment, EnrollmentClaims, Occasion, Possession, PossessionProof};
use conclave::words::Digest;
use jiff::{SignedDuration, Timestamp};

pub(crate) use software_token::SoftwareToken;

/// The version that the transcripts of this driver name: the one under test.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A genesis with one key of each of these types, of which `threshold` must sign.
pub(crate) fn genesis(key_types: &[KeyType], threshold: u8) -> Arc<Script> {
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: None,
        repository: "example.com/updates".to_owned(),
        tokens: key_types.len().try_into().unwrap(),
        threshold,
        key_type: KeyType::default(),
        profile: "softhsm2".to_owned(),
        not_before: "2026-12-01T09:00:00Z".parse().unwrap(),
        expires: "2027-12-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let text = template.write().unwrap();
    let placeholder = format!("type = \"{}\"", KeyType::default());
    assert_eq!(text.matches(&placeholder).count(), key_types.len());
    let types = key_types.iter().map(|kind| format!("type = \"{kind}\""));
    let mixed: String = text
        .split(&placeholder)
        .zip(types.chain([String::new()]))
        .flat_map(|(part, key_type)| [part.to_owned(), key_type])
        .collect();
    parse(&mixed)
}

/// A genesis of a root of Notary with two keys.
pub(crate) fn of_notary() -> Arc<Script> {
    let genesis = genesis(&[KeyType::EcdsaP256; 2], 1);
    let mut text = String::new();
    let mut step = Vec::new();
    for line in genesis.text().lines() {
        if line.starts_with("consistent_snapshot") {
            continue;
        }
        let line = line.replace("destination = \"plain\"", "destination = \"notary-v1\"");
        text.push_str(&line);
        text.push('\n');
        step.push(line.clone());
        if line.starts_with("key = ") && step.iter().any(|line| line == "act = \"generate-key\"") {
            let step_of_key = ["\n[[step]]", "act = \"certify-key\"", line.as_str(), ""];
            text.push_str(&step_of_key.join("\n"));
            step.clear();
        }
        if line == "[[step]]" {
            step.clear();
        }
    }
    parse(&text)
}

/// A genesis with two keys: the management key of the first token, a YubiKey, is written down and sealed.
pub(crate) fn with_a_management_key_in_the_safe() -> Arc<Script> {
    let text = genesis(&[KeyType::EcdsaP256; 2], 1).text().to_owned();
    let text = text.replacen("profile = \"softhsm2\"", "profile = \"yubikey-piv\"", 1);
    let so_pin = "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\" }";
    let safe = "{ type = \"puk\", set_by = \"holder-1\", disposition = \"memorized\" },\n    \
        { type = \"management-key\", set_by = \"holder-1\", disposition = \"sealed\", bag = \"B0000009\" }";
    assert!(text.contains(so_pin));
    parse(&text.replacen(so_pin, safe, 1))
}

/// A genesis with two keys: that of key 1 arrives in a bag, and there is a break before the root is composed.
pub(crate) fn with_bags() -> Arc<Script> {
    let text = genesis(&[KeyType::Ed25519; 2], 1).text().to_owned();
    let bag = "label = \"conclave-key-1\", bag = \"A0012345\" }";
    let text = text.replacen("label = \"conclave-key-1\" }", bag, 1);
    let compose = "[[step]]\nact = \"compose-root\"";
    let lunch = format!("[[step]]\nact = \"break\"\ntext = \"Lunch\"\n\n{compose}");
    assert_eq!(text.matches(compose).count(), 1);
    parse(&text.replacen(compose, &lunch, 1))
}

/// The files of a key in files.
pub(crate) const KEY_FILES: [&str; 2] = [
    "/root/.docker/trust/private/a.key",
    "/root/.notary/private/a.key",
];

fn own_name(person: &PersonId) -> String {
    format!("{person}.approval")
}

/// The approval token of a person: the same in every ceremony.
pub(crate) fn approval_token(person: &PersonId) -> SoftwareToken {
    let number = person.as_str().bytes().fold(100_u8, u8::wrapping_add);
    let mut token = SoftwareToken::blank(number);
    token.generate(KeyType::Ed25519);
    token
}

/// A genesis with two keys, in which these people approve by approval tokens.
pub(crate) fn with_approval_tokens(people: &[&str]) -> Arc<Script> {
    let mut text = genesis(&[KeyType::Ed25519; 2], 1).text().to_owned();
    let mut files = Vec::new();
    for person in people {
        let id: PersonId = person.parse().unwrap();
        let pem = approval_token(&id).public_key().to_pem();
        let name = format!("approval/{person}.pub.pem");
        let sha256 = Digest::of(pem.as_bytes());
        let line = format!("id = \"{person}\"\n");
        let own = format!(
            "{line}approval = {{ token = {{ profile = \"softhsm2\", label = \"{person}\" }}, public_key = {{ file = {name:?}, sha256 = \"{sha256}\" }} }}\n"
        );
        assert_eq!(text.matches(&line).count(), 1);
        text = text.replacen(&line, &own, 1);
        files.push((name, pem));
    }
    let more: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, pem)| (name.as_str(), pem.as_bytes()))
        .collect();
    parse_with(&text, &more)
}

/// A script of this text, which carries what the ready genesis carries.
pub(crate) fn parse(text: &str) -> Arc<Script> {
    let at = "2026-11-20T12:00:00Z".parse().unwrap();
    let ready = embedded()
        .iter()
        .find(|script| script.name == "genesis")
        .unwrap();
    match Script::parse("script.toml", text, ready, at) {
        Ok(script) => Arc::new(script),
        Err(faults) => panic!("{faults}"),
    }
}

/// The same, with more files that it carries.
pub(crate) fn parse_with(text: &str, more: &[(&str, &[u8])]) -> Arc<Script> {
    let at = "2026-11-20T12:00:00Z".parse().unwrap();
    let mut ready = embedded().iter();
    let ready = ready.find(|script| script.name == "genesis").unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = ["timestamp", "snapshot", "targets"]
        .map(|role| {
            let name = format!("online/{role}.pub.pem");
            let bytes = ready.read(&name).unwrap();
            (name, bytes)
        })
        .into();
    files.extend(
        more.iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())),
    );
    match Script::parse("script.toml", text, &files, at) {
        Ok(script) => Arc::new(script),
        Err(faults) => panic!("{faults}"),
    }
}

/// The enrollment file of a token, as another tool could make it.
pub(crate) fn far_away(token: &SoftwareToken) -> EnrolledKey {
    let (script, challenge) = (Digest::of(b"the script of Lisbon"), [9; 32]);
    let possession = Possession {
        script,
        key: "lisbon",
        occasion: Occasion::Generation,
        is_rehearsal: false,
    };
    let claims = EnrollmentClaims {
        repository: "example.com/updates".to_owned(),
        name: "lisbon".to_owned(),
        holder: "Inês Sá".to_owned(),
        public_key: token.public_key(),
        token: token.id().clone(),
        provenance: Provenance::Claimed,
        is_rehearsal: false,
    };
    let proof = PossessionProof {
        script,
        occasion: Occasion::Generation,
        challenge,
        signature: token.sign(&possession.message(&challenge)),
    };
    let bytes = Enrollment::new(claims, Some(proof), None)
        .unwrap()
        .to_file_bytes();
    EnrolledKey {
        enrollment: Enrollment::read(&bytes).unwrap(),
        files: vec![("enrollments/lisbon.enrollment.json".to_owned(), bytes)],
        site: Some("Lisbon".to_owned()),
    }
}

/// A genesis with two keys in the room, and one at another site.
pub(crate) fn with_a_key_far_away() -> Arc<Script> {
    let mut token = SoftwareToken::blank(99);
    token.initialize("far away");
    token.generate(KeyType::Ed25519);
    let remote = far_away(&token);
    let text = genesis(&[KeyType::Ed25519; 2], 1).text().to_owned();
    let text = enroll(&text, std::slice::from_ref(&remote), None).unwrap();
    let (name, bytes) = &remote.files[0];
    parse_with(&text, &[(name, bytes)])
}

/// A ceremony under way, its record, and the tokens on the table.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) ceremony: Ceremony,
    pub(crate) transcript: Transcript,
    /// By their names in the script: keys' and spares'.
    tokens: BTreeMap<String, SoftwareToken>,
    machine_time: Timestamp,
    ticks: u64,
    /// The room after each line of its record, where somebody wants to see it.
    moments: Option<Vec<Room>>,
}

impl Room {
    /// Nothing has happened yet.
    pub(crate) fn new(script: Arc<Script>) -> Self {
        let keys = script.keys().iter().map(|plan| plan.id.to_string());
        let spares = script.spares().iter().map(|spare| spare.id.to_string());
        let mut tokens: BTreeMap<_, _> = keys
            .chain(spares)
            .zip(40..)
            .map(|(name, number)| {
                // A key keeps its token from one ceremony to the next.
                let own = name.strip_prefix("key-").and_then(|own| own.parse().ok());
                (name, SoftwareToken::blank(own.unwrap_or(number)))
            })
            .collect();
        for person in script.people().iter().filter(|one| one.approval.is_some()) {
            tokens.insert(own_name(&person.id), approval_token(&person.id));
        }
        Self {
            machine_time: script.not_before(),
            ceremony: Ceremony::new(script),
            transcript: Transcript::default(),
            tokens,
            ticks: 0,
            moments: None,
        }
    }

    /// A ceremony that was opened.
    pub(crate) fn open(script: Arc<Script>, mode: Mode) -> Self {
        let mut room = Self::new(script);
        room.give(Input::Open(opening(mode))).unwrap();
        room
    }

    /// A change of a root that was opened, with the tokens of the keys that exist: those of other sites sign there.
    pub(crate) fn open_with(
        script: Arc<Script>,
        mode: Mode,
        tokens: &BTreeMap<String, SoftwareToken>,
    ) -> Self {
        let mut room = Self::new_with(script, tokens);
        room.give(Input::Open(opening(mode))).unwrap();
        room
    }

    /// The same, before it is opened.
    pub(crate) fn new_with(script: Arc<Script>, tokens: &BTreeMap<String, SoftwareToken>) -> Self {
        let mut room = Self::new(script);
        for (id, token) in tokens {
            room.tokens.insert(id.clone(), token.clone());
        }
        room
    }

    /// The tokens on the table.
    pub(crate) const fn tokens(&self) -> &BTreeMap<String, SoftwareToken> {
        &self.tokens
    }

    /// A ceremony that went its usual way to its end.
    pub(crate) fn closed(script: Arc<Script>, mode: Mode) -> Self {
        let mut room = Self::open(script, mode);
        while room.advance() {}
        room
    }

    /// Goes on until something is the case.
    pub(crate) fn advance_until(&mut self, reached: impl Fn(&Ceremony) -> bool) {
        while !reached(&self.ceremony) {
            assert!(self.advance(), "the ceremony ended before that");
        }
    }

    /// Does what comes next in the usual way; false when it is over.
    pub(crate) fn advance(&mut self) -> bool {
        let input = match self.ceremony.next() {
            Next::Ask(prompt) => self.usual(&prompt),
            Next::Do(effect) => Input::Outcome(self.perform(&effect)),
            Next::Rest => {
                self.resume(0);
                return true;
            }
            Next::Done(_) => return false,
        };
        self.give(input).unwrap();
        true
    }

    /// What the core asks for next, which must be an effect.
    pub(crate) fn effect(&self) -> Effect {
        match self.ceremony.next() {
            Next::Do(effect) => effect,
            other => panic!("not an effect: {other:?}"),
        }
    }

    /// Gives an input, records what was decided, and applies it.
    pub(crate) fn give(&mut self, input: Input) -> Result<(), StepError> {
        let input = self.signed(input)?;
        let decided = self.ceremony.decide(input, &self.moment())?;
        self.record(decided.event);
        Ok(())
    }

    /// Has approval tokens sign what is still to be signed of an input.
    fn signed(&self, mut input: Input) -> Result<Input, StepError> {
        let is_unsigned = |approval: &Approval| {
            approval.strength == Strength::Token && approval.signature.is_none()
        };
        let unsigned = match &input {
            Input::Answer { approvals, .. }
            | Input::Request { approvals, .. }
            | Input::Exception { approvals, .. } => approvals.iter().any(is_unsigned),
            _ => false,
        };
        if !unsigned {
            return Ok(input);
        }
        let event = self.ceremony.propose(input.clone(), &self.moment())?;
        if let Input::Answer { approvals, .. }
        | Input::Request { approvals, .. }
        | Input::Exception { approvals, .. } = &mut input
        {
            for approval in approvals.iter_mut().filter(|one| is_unsigned(one)) {
                let token = &self.tokens[&own_name(&approval.person)];
                let message = self.ceremony.approval_message(&approval.person, &event);
                *approval = Approval::by_token(approval.person.clone(), &token.sign(&message));
            }
        }
        Ok(input)
    }

    /// Gives an answer.
    pub(crate) fn answer(&mut self, answer: Answer) -> Result<(), StepError> {
        let approvals = match self.ceremony.next() {
            Next::Ask(prompt) => self.approvals(&prompt),
            _ => Vec::new(),
        };
        self.give(Input::Answer { answer, approvals })
    }

    /// The usual answer, approved where that is wanted.
    pub(crate) fn usual(&self, prompt: &Prompt) -> Input {
        Input::Answer {
            answer: prompt.ask.usual_answer(),
            approvals: self.approvals(prompt),
        }
    }

    /// What the people of a prompt give, each by the own code, if it wants their approval.
    fn approvals(&self, prompt: &Prompt) -> Vec<Approval> {
        if prompt.approval {
            self.approved_by(&prompt.who)
        } else {
            Vec::new()
        }
    }

    /// What people give, each by the own code, or alone.
    pub(crate) fn approved_by(&self, people: &[PersonId]) -> Vec<Approval> {
        let approve =
            |person: &PersonId| Approval::new(person.clone(), self.ceremony.strength_of(person));
        people.iter().map(approve).collect()
    }

    /// A process takes the ceremony up again.
    pub(crate) fn resume(&mut self, torn_bytes: u64) {
        self.give(Input::Resume {
            conclave: VERSION.to_owned(),
            program: None,
            machine: "the machine".to_owned(),
            digest: self.transcript.head(),
            torn_bytes,
        })
        .unwrap();
    }

    /// The clock and the random bytes of this moment.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            machine_time: self.machine_time,
            fresh: self.ticks.to_be_bytes(),
        }
    }

    /// Moves the machine's clock.
    pub(crate) fn set_clock(&mut self, time: &str) {
        self.machine_time = time.parse().unwrap();
    }

    fn record(&mut self, event: Event) {
        let script = self.ceremony.script().sha256();
        self.ceremony = self.ceremony.clone().apply(&event).unwrap();
        let time = self.ceremony.time(self.machine_time);
        self.transcript
            .push(script, self.ceremony.mode(), time, event);
        self.ticks += 1;
        self.machine_time += SignedDuration::from_secs(7);
        if let Some(mut moments) = self.moments.take() {
            moments.push(self.clone());
            self.moments = Some(moments);
        }
    }

    /// Keeps the room as it is after each line from here on.
    pub(crate) fn keep_moments(&mut self) {
        self.moments = Some(Vec::new());
    }

    /// What was kept.
    pub(crate) fn moments(&mut self) -> Vec<Self> {
        self.moments.take().unwrap_or_default()
    }

    /// What software tokens, on a machine where nothing is found, make of an effect.
    #[expect(clippy::too_many_lines, reason = "a row for each effect")]
    pub(crate) fn perform(&mut self, effect: &Effect) -> Outcome {
        let script = self.ceremony.script().sha256();
        let challenge: [u8; 32] = *Digest::of(&self.ticks.to_be_bytes()).as_bytes();
        if let Some(outcome) = restore::perform(self, effect, challenge) {
            return outcome;
        }
        match effect {
            Effect::ChooseCode { .. } => Outcome::CodeChosen,
            Effect::ProveApprovalToken { person, .. } => {
                let message = approval_token_message(&script, person, &challenge);
                Outcome::ApprovalTokenAnswered {
                    person: person.clone(),
                    challenge,
                    signature: self.tokens[&own_name(person)].sign(&message),
                }
            }
            Effect::InspectHost => Outcome::HostInspected(Vec::new()),
            Effect::FindToken { key } => Outcome::TokenFound {
                token: self.token(key).id().clone(),
                blank: self.token(key).id().label.is_empty(),
                at_factory_value: Vec::new(),
                interface: None,
            },
            Effect::InitializeToken { key, label, .. } => {
                self.token(key).initialize(label);
                Outcome::TokenInitialized {
                    token: self.token(key).id().clone(),
                }
            }
            Effect::SetPin { .. } | Effect::UnblockPin { .. } => Outcome::PinSet,
            Effect::HandOverManagementKey { .. } => Outcome::ManagementKeyWritten,
            Effect::DestroyKey { key, spare, .. } => {
                let name = spare.as_ref().map_or(key.as_str(), SpareId::as_str);
                self.tokens.get_mut(name).unwrap().destroy();
                Outcome::KeyDestroyed
            }
            Effect::FindKeyFiles { .. } => {
                Outcome::KeyFilesFound(KEY_FILES.map(str::to_owned).into())
            }
            Effect::EraseKeyFiles { .. } => Outcome::KeyDestroyed,
            Effect::GenerateKey(NewObject { key, key_type, .. })
            | Effect::ImportKey(NewObject { key, key_type, .. }) => {
                self.token(key).generate(*key_type);
                let may_leave = self.ceremony.script().backs_up(key);
                Outcome::KeyGenerated {
                    token: self.token(key).id().clone(),
                    public_key: self.token(key).public_key(),
                    attributes: if may_leave {
                        SoftwareToken::MAY_LEAVE
                    } else {
                        SoftwareToken::ATTRIBUTES
                    },
                    attestation: Vec::new(),
                }
            }
            Effect::ProveRecipient { custodian } => {
                backup::recipient_proven(&self.ceremony, custodian)
            }
            Effect::BackUpKey {
                key,
                id,
                public_key,
                ..
            } => Outcome::BackedUp(Box::new(backup::backed_up(
                &self.ceremony,
                key,
                id,
                public_key,
            ))),
            Effect::DisableExtraction { .. } => Outcome::ExtractionDisabled(KeyAttributes {
                extractable: Some(false),
                ..SoftwareToken::MAY_LEAVE
            }),
            Effect::OpenOwnShare { custodian, .. } => Outcome::ShareOpened {
                custodian: custodian.clone(),
                by: self.ceremony.opening_of(custodian).unwrap(),
            },
            Effect::ProvePossession { key, occasion, .. } => {
                let possession = Possession {
                    script,
                    key: key.as_str(),
                    occasion: *occasion,
                    is_rehearsal: self.ceremony.mode() == Mode::Rehearsal,
                };
                let message = possession.message(&challenge);
                Outcome::Answered {
                    challenge,
                    signature: self.token(key).sign(&message),
                }
            }
            Effect::Sign { key, message, .. } => Outcome::Signed(self.token(key).sign(message)),
            Effect::RemoveTokens { .. } => Outcome::TokensRemoved,
            Effect::WriteRequest => Outcome::RequestWritten(ExportedFile {
                name: "2.root.request.json".to_owned(),
                size: 1,
                sha256: Digest::of(b"the request"),
            }),
            Effect::CollectSignature { key, message, .. } => Outcome::Collected {
                signature: self.token(key).sign(message),
                record: None,
            },
            Effect::Export { .. } => Outcome::Exported,
            other => panic!("not of this driver: {other:?}"),
        }
    }

    /// The token for a key.
    pub(crate) fn token(&mut self, key: &KeyId) -> &mut SoftwareToken {
        let name = self.ceremony.token_name(key);
        self.tokens.get_mut(name).unwrap()
    }

    /// The bytes of `transcript.jsonl`.
    pub(crate) fn transcript_bytes(&self) -> Vec<u8> {
        let lines = self.transcript.entries().iter();
        lines
            .flat_map(|entry| [entry.line.encode(), b"\n".to_vec()].concat())
            .collect()
    }

    /// Writes the script, what it carries, and the transcript, as a ceremony directory has them.
    pub(crate) fn write_inputs(&self, directory: &Path) {
        let script = self.ceremony.script();
        write(directory, "script.toml", script.text().as_bytes());
        write(directory, "transcript.jsonl", &self.transcript_bytes());
        for file in script.pinned_files() {
            write(directory, &file.name, &file.bytes);
        }
    }
}

/// How the ceremonies of this driver open, as their first line has it.
pub(crate) fn opening(mode: Mode) -> Opening {
    let simulated_tokens = (mode == Mode::Rehearsal).then_some("tokens");
    serde_json::from_value(serde_json::json!({
        "conclave": VERSION,
        "export": "export",
        "machine": "the machine",
        "mode": mode,
        "program": Digest::of(b"the program"),
        "rehearsal": (mode == Mode::Production).then(|| Digest::of(b"a rehearsal")),
        "rehearsal_keys": [],
        "simulated_clock_offset": 0,
        "simulated_tokens": simulated_tokens,
    }))
    .unwrap()
}

/// Writes a file below a directory, and the folders on the way.
pub(crate) fn write(directory: &Path, path: &str, bytes: &[u8]) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// An answer that nobody approves.
pub(crate) const fn said(answer: Answer) -> Input {
    Input::Answer {
        answer,
        approvals: Vec::new(),
    }
}

/// People for whom the operator types.
pub(crate) fn on_paper<const N: usize>(people: [&str; N]) -> Vec<Approval> {
    people
        .map(|id| Approval::on_paper(id.parse().unwrap()))
        .to_vec()
}
