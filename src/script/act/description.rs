//! The description of an act, and what follows from it.

use crate::document::capitalized;
use crate::script::{
    DistantKey, KeyId, KeyPlan, Kind, MediumId, Person, PersonId, PersonRole, Script, SecretPlan,
};

use crate::script::schema::{Field, Need as FieldNeed, Type, field};

use super::{Act, Named};

/// Everything that the rest of this room knows about an act.
#[derive(Clone, Copy)]
pub(in crate::script) struct Description {
    /// As in scripts. Two acts share a name only if a field distinguishes them, as with `seal`.
    pub(in crate::script) name: &'static str,
    /// At most 17 characters, for a narrow list of steps.
    pub(in crate::script) label: &'static str,
    /// For the reference of scripts.
    pub(in crate::script) about: &'static str,
    /// Besides `act`, `id` and `minutes`, which every step has.
    pub(in crate::script) fields: &'static [Field],
    /// The act from its fields; `None` if a required one is missing.
    pub(in crate::script) construct: fn(Values) -> Option<Act>,
    /// The kinds of ceremony that may have it, other than those that restore a key.
    pub(in crate::script) kinds: &'static [Kind],
    /// Whether a drill, a recovery, and a backup from old shares may have it.
    pub(in crate::script) in_restore: InRestore,
    pub(in crate::script) only_with: OnlyWith,
    /// Whether a script may have it more than once for the same object.
    pub(in crate::script) repeats: bool,
    /// How long it usually takes.
    pub(in crate::script) minutes: u32,
    pub(in crate::script) stage: Stage,
    /// The steps that it must follow, if the script has them. The first violation is reported.
    pub(in crate::script) needs: &'static [Need],
    /// Why other steps follow it, or a ceremony needs it: the end of a hint.
    pub(in crate::script) reason: &'static str,
    pub(in crate::script) leaves: Leaves,
    /// The people who perform it. Everyone may watch.
    pub(in crate::script) who: &'static [Who],
    /// A line for a heading: `Generate the key of key holder 3`.
    pub(in crate::script) title: fn(&Subject<'_>) -> String,
    /// What people do, one instruction a line.
    pub(in crate::script) instructions: fn(&Subject<'_>) -> Vec<String>,
    /// What is true once the step is done, one claim a line. Empty if only a person states it.
    pub(in crate::script) proves: fn(&Subject<'_>) -> Vec<String>,
    /// The labels of the blanks on the run sheet, and how many lines each has.
    pub(in crate::script) blanks: fn(&Subject<'_>) -> Vec<(String, usize)>,
}

/// What most acts have in common. A test checks that each act has the rest.
pub(super) const USUAL: Description = Description {
    name: "",
    label: "",
    about: "",
    fields: &[],
    construct: |_| None,
    kinds: NO_KIND,
    in_restore: InRestore::Never,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 0,
    stage: Stage::Attendance,
    needs: &[],
    reason: "",
    leaves: Leaves::Other,
    who: &[],
    title: |_| String::new(),
    instructions: |_| Vec::new(),
    proves: |_| Vec::new(),
    blanks: |_| Vec::new(),
};

impl Description {
    /// Whether only a ceremony that restores a key may have it.
    pub(in crate::script) const fn is_of_restore(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// The valid fields of a step.
#[derive(Debug, Default)]
pub(in crate::script) struct Values {
    pub(in crate::script) key: Option<KeyId>,
    pub(in crate::script) medium: Option<MediumId>,
    pub(in crate::script) custodian: Option<PersonId>,
    pub(in crate::script) receiver: Option<PersonId>,
    pub(in crate::script) initials: Option<Vec<PersonId>>,
    pub(in crate::script) text: Option<String>,
    pub(in crate::script) place: Option<String>,
}

/// Whether a ceremony that restores a key may have an act: a drill, a recovery, or a backup from old shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum InRestore {
    Never,
    Always,
    /// In a recovery: the token is used afterwards.
    IfKept,
    /// Depending on the level of the drill, and on whether shares are reissued.
    ByLevel,
}

/// What else the script must have for the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum OnlyWith {
    Nothing,
    /// A key that gets a new Notary certificate.
    Certificate,
    /// A key with `backup = "shares"`, or old shares.
    Backup,
    /// A key with an enrollment file.
    EnrollmentFile,
    /// A key at another site that owes its signature.
    OwedSignature,
    /// A key that the new root does not list, or a step of that act for every key in the room.
    RemovedKey,
}

/// The part of a ceremony to which an act belongs: where a hint puts a missing step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::script) enum Stage {
    /// Also notes and breaks, which may be anywhere later.
    Attendance,
    Opening,
    IdentifyToken,
    InitializeToken,
    SetPin,
    MakeKey,
    FinishKey,
    /// All keys exist.
    Compose,
    Review,
    Sign,
    Collect,
    Verify,
    Export,
    /// At the latest before sealing.
    ProveCopy,
    VerifyToken,
    PutAway,
    SignOff,
}

/// What an act must follow.
#[derive(Clone, Copy)]
pub(in crate::script) enum Need {
    /// Every step of that act.
    Every(&'static Description),
    /// The step of that act for the same key.
    Same(&'static Description),
    /// For each key, the step after which it can be used.
    KeysReady,
    /// The same in an enrollment, which does not compose a root.
    KeysReadyToExport,
    /// The steps that restore a key, depending on the level.
    Restored,
}

/// What an act creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Leaves {
    /// Nothing that is impossible with an existing key.
    Other,
    /// A token that is set up for a new key.
    Token,
    Key,
}

/// Who performs an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Who {
    Everyone,
    Administrator,
    Witnesses,
    KeyHolders,
    /// The holder of the key that the step names.
    Holder,
    /// Custodians who get a share in this ceremony.
    NewCustodians,
    /// Custodians of the set that is restored from or destroyed.
    OldCustodians,
    /// The custodian that the step names.
    Custodian,
    /// The people who initial the note.
    Initials,
    /// The person that the step names; by default the holder of the key, or for a medium the administrator.
    Receiver,
}

impl Who {
    fn includes(self, subject: &Subject<'_>, person: &Person) -> bool {
        let Subject { script, named } = subject;
        let holds = || {
            let plan = subject.plan();
            plan.is_some_and(|plan| plan.holder == person.id)
        };
        match self {
            Self::Everyone => true,
            Self::Administrator => person.is(PersonRole::Administrator),
            Self::Witnesses => person.is(PersonRole::Witness),
            Self::KeyHolders => person.is(PersonRole::KeyHolder),
            Self::Holder => holds(),
            Self::NewCustodians => script.takes_share(&person.id),
            Self::OldCustodians => script.has_old_share(&person.id),
            Self::Custodian => named.custodian == Some(&person.id),
            Self::Initials => named.initials.contains(&person.id),
            Self::Receiver => match (named.receiver, named.medium) {
                (Some(receiver), _) => *receiver == person.id,
                (None, Some(_)) => person.is(PersonRole::Administrator),
                (None, None) => holds(),
            },
        }
    }
}

/// Every kind of ceremony that does not restore a key.
pub(super) const EVERY_KIND: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Signing,
    Kind::Enrollment,
    Kind::Backup,
];

/// The same without a signing, which has a fixed order of a few steps.
pub(super) const EVERY_KIND_BUT_SIGNING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Enrollment,
    Kind::Backup,
];

/// The kinds that generate keys.
pub(super) const KINDS_WITH_NEW_KEYS: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Enrollment];

/// The kinds that compose a root.
pub(super) const KINDS_WITH_ROOT: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal];

/// Only ceremonies that restore a key.
pub(super) const NO_KIND: &[Kind] = &[];

/// The field `key` of most acts.
pub(super) const KEY: Field = field!(required "key", Type::Id, r#"key = "key-1""#,
    "The key that the step is about.");

/// The field `key` of acts about keys with shares.
pub(super) const RESTORED_KEY: Field = Field {
    need: FieldNeed::When("optional, for a key on a token"),
    about: "The key. Without it, the step is about the key that old shares restore into memory.",
    ..KEY
};

pub(super) fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub(super) fn blanks(labels: &[&str]) -> Vec<(String, usize)> {
    let labels = labels.iter();
    labels.map(|&label| (label.to_owned(), 1)).collect()
}

/// The step that a text is about.
pub(in crate::script) struct Subject<'a> {
    pub(super) script: &'a Script,
    pub(super) named: Named<'a>,
}

impl<'a> Subject<'a> {
    fn of_key(&self, title: fn(&Script, &KeyId) -> String) -> String {
        let key = self.named.key;
        key.map_or_else(String::new, |key| title(self.script, key))
    }

    pub(super) fn plan(&self) -> Option<&'a KeyPlan> {
        self.script.key(self.named.key?)
    }

    /// `the key of key holder 3`; without a key in the step, the one that shares restore: `key-1 of example.com/updates`.
    pub(super) fn key(&self) -> String {
        match self.named.key {
            Some(key) => self.script.key_title(key),
            None => self.restored(),
        }
    }

    /// The key that shares restore: `key-1 of example.com/updates`.
    pub(super) fn restored(&self) -> String {
        self.script.restore().map_or_else(String::new, |plan| {
            let facts = plan.manifest.facts();
            format!("{} of {}", facts.key, facts.repository)
        })
    }

    /// `the token`, or `the token for key-6` if its holder has several.
    pub(super) fn token(&self) -> String {
        self.of_key(Script::token_short)
    }

    /// `the token of key holder 3`.
    pub(super) fn token_title(&self) -> String {
        self.of_key(Script::token_title)
    }

    /// `key holder 3`.
    pub(super) fn holder(&self) -> String {
        self.of_key(Script::holder_title)
    }

    /// `Key holder 3`, at the start of a sentence.
    pub(super) fn actor(&self) -> String {
        capitalized(&self.holder())
    }

    /// The person who sets a secret of the token, at the start of a sentence.
    pub(super) fn setter(&self, plan: Option<&SecretPlan>) -> String {
        let by = plan.and_then(|plan| plan.set_by.as_ref());
        let holder = self.plan().map(|key| &key.holder);
        let other = by.filter(|by| Some(*by) != holder);
        match other.and_then(|by| self.script.person(by)) {
            Some(person) => person.name.clone(),
            None => self.actor(),
        }
    }

    /// The key that the step names, if its token is elsewhere.
    pub(super) fn distant(&self) -> Option<&'a DistantKey> {
        self.script.distant_key(self.named.key?)
    }

    pub(super) fn version(&self) -> u64 {
        self.script.root_version()
    }
}

impl Act {
    fn subject<'a>(&'a self, script: &'a Script) -> Subject<'a> {
        let named = self.named();
        Subject { script, named }
    }

    /// The people who perform it, in the order of the script. Everyone may watch.
    pub fn who<'s>(&self, script: &'s Script) -> Vec<&'s Person> {
        let subject = self.subject(script);
        let who = self.description().who;
        let people = script.people().iter();
        people
            .filter(|person| who.iter().any(|who| who.includes(&subject, person)))
            .collect()
    }

    /// A line for a heading: `Generate the key of key holder 3`.
    pub fn title(&self, script: &Script) -> String {
        (self.description().title)(&self.subject(script))
    }

    /// At most 17 characters, for a narrow list of steps.
    pub fn label(&self) -> &'static str {
        self.description().label
    }

    /// What people do, one instruction a line, for the run sheet and the screen.
    pub fn instructions(&self, script: &Script) -> Vec<String> {
        (self.description().instructions)(&self.subject(script))
    }

    /// What is true once the step is done, one claim a line. Empty if only a person states it.
    pub fn proves(&self, script: &Script) -> Vec<String> {
        (self.description().proves)(&self.subject(script))
    }

    /// The labels of the blanks on the run sheet, and how many lines each has.
    pub(in crate::script) fn blanks(&self, script: &Script) -> Vec<(String, usize)> {
        (self.description().blanks)(&self.subject(script))
    }
}
