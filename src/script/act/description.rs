//! How an act is described, and what follows from its description.

use crate::document::capitalized;
use crate::script::{
    DistantKey, KeyId, KeyPlan, Kind, MediumId, Person, PersonId, PersonRole, Script, SecretPlan,
};

use crate::script::schema::{Field, Need as FieldNeed, Type};

use super::{Act, Named};

/// Everything that the rest of this room knows about an act.
#[derive(Clone, Copy)]
pub(in crate::script) struct Description {
    /// As scripts spell it. Two acts share a name only where a field tells them apart, as with `seal`.
    pub(in crate::script) name: &'static str,
    /// At most 17 characters, for a narrow list of steps.
    pub(in crate::script) label: &'static str,
    /// One sentence for the reference of scripts.
    pub(in crate::script) about: &'static str,
    /// Beside `act`, `id` and `minutes`, which every step has.
    pub(in crate::script) fields: &'static [Field],
    /// The act from its fields; none where a required one is missing.
    pub(in crate::script) construct: fn(Values) -> Option<Act>,
    /// The kinds of ceremony in which it has a place, other than those that restore a key.
    pub(in crate::script) kinds: &'static [Kind],
    /// Its place in a drill, a recovery, and a backup from old shares.
    pub(in crate::script) in_restore: InRestore,
    pub(in crate::script) only_with: OnlyWith,
    /// Whether a script may have it more than once for the same object.
    pub(in crate::script) repeats: bool,
    /// How long it usually takes.
    pub(in crate::script) minutes: u32,
    pub(in crate::script) stage: Stage,
    /// The steps that stand before it, where the script has them. The first one that does not is reported.
    pub(in crate::script) needs: &'static [Need],
    /// Why others wait for it, or a ceremony cannot go without it: the end of a hint.
    pub(in crate::script) reason: &'static str,
    pub(in crate::script) leaves: Leaves,
    /// The people who do it. Everybody may watch.
    pub(in crate::script) who: &'static [Who],
    /// A line for a heading: `Generate the key of key holder 3`.
    pub(in crate::script) title: fn(&Subject<'_>) -> String,
    /// What people do, one thing a line.
    pub(in crate::script) instructions: fn(&Subject<'_>) -> Vec<String>,
    /// What holds once the step is done, one claim a line. Empty where a person's word is all there is.
    pub(in crate::script) proves: fn(&Subject<'_>) -> Vec<String>,
    /// The labels of the blanks on the run sheet, and how many lines each has.
    pub(in crate::script) blanks: fn(&Subject<'_>) -> Vec<(String, usize)>,
}

impl Description {
    /// Whether it has a place only where a key is restored from its shares.
    pub(in crate::script) const fn is_of_restore(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// The fields of a step as they were read. One that is missing or faulty is not there.
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

/// The place of an act in a ceremony that restores a key: a drill, a recovery, or a backup from old shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum InRestore {
    Never,
    Always,
    /// In a recovery: the token is used afterwards.
    IfKept,
    /// As far as the drill goes, or the old shares are replaced.
    ByLevel,
}

/// What the script must have beside the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum OnlyWith {
    Nothing,
    /// A key that comes into a root of Notary under a new certificate.
    Certificate,
    /// A key with `backup = "shares"`, or old shares.
    Backup,
    /// A key with an enrollment file.
    EnrollmentFile,
    /// A key at a site that owes its signature.
    OwedSignature,
    /// A key that the new root does not list, or a step of that act for every key in the room.
    RemovedKey,
}

/// How far a ceremony is when an act has its turn: where a hint puts a missing step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::script) enum Stage {
    /// Notes and breaks too, which may stand anywhere later.
    Attendance,
    Opening,
    IdentifyToken,
    InitializeToken,
    SetPin,
    MakeKey,
    FinishKey,
    /// All keys are there.
    Compose,
    Review,
    Sign,
    Collect,
    Verify,
    Export,
    /// Wherever it stands after what it proves: at the latest before what is sealed.
    ProveCopy,
    VerifyToken,
    PutAway,
    SignOff,
}

/// What has to stand before an act.
#[derive(Clone, Copy)]
pub(in crate::script) enum Need {
    /// Every step of that act.
    Every(&'static Description),
    /// The step of that act for the same key.
    Same(&'static Description),
    /// The steps by which each key is known to be there.
    KeysReady,
    /// The same in an enrollment, which makes no root that would wait for them.
    KeysReadyToExport,
    /// The steps that restore a key, as far as the ceremony goes.
    Restored,
}

/// What an act leaves behind that was not there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Leaves {
    /// Nothing that a key that exists would forbid.
    Other,
    /// A token that is set up for a key that is to be made.
    Token,
    Key,
}

/// Who does an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Who {
    Everyone,
    Administrator,
    Witnesses,
    KeyHolders,
    /// The holder of the key that the step names.
    Holder,
    /// Those who get a share in this ceremony.
    NewCustodians,
    /// Those who have a share of the set that is restored from or destroyed.
    OldCustodians,
    /// Whose share the step names.
    Custodian,
    /// Those who the step names.
    Initials,
    /// Who the step names; otherwise the holder of the key, or for a medium the administrator.
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

/// The same without a signing, which has few steps in a fixed order.
pub(super) const EVERY_KIND_BUT_SIGNING: &[Kind] = &[
    Kind::Genesis,
    Kind::Rotation,
    Kind::Renewal,
    Kind::Enrollment,
    Kind::Backup,
];

/// The kinds in which keys are made.
pub(super) const KINDS_WITH_NEW_KEYS: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Enrollment];

/// The kinds that compose a root.
pub(super) const KINDS_WITH_ROOT: &[Kind] = &[Kind::Genesis, Kind::Rotation, Kind::Renewal];

/// Only ceremonies that restore a key.
pub(super) const NO_KIND: &[Kind] = &[];

/// The field `key` of most acts.
pub(super) const KEY: Field = Field::required(
    "key",
    Type::Id,
    "key = \"key-1\"",
    "The key that the step is about.",
);

/// The field `key` of acts that shares can take part in.
pub(super) const RESTORED_KEY: Field = Field {
    need: FieldNeed::When("optional, for a key on a token"),
    about: "The key. Without it, the step is about the key that old shares restored into memory.",
    ..KEY
};

pub(super) fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub(super) fn blanks(labels: &[&str]) -> Vec<(String, usize)> {
    let labels = labels.iter();
    labels.map(|&label| (label.to_owned(), 1)).collect()
}

/// What the texts of a step are made from.
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

    /// `the key of key holder 3`; where the step names no key, the one that shares restore: `key-1 of example.com/updates`.
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

    /// `the token`, or `the token for key-6` where its holder has several.
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

    /// `Key holder 3`, at the head of a sentence.
    pub(super) fn actor(&self) -> String {
        capitalized(&self.holder())
    }

    /// Who sets a secret of the token, at the head of a sentence: the key holder, or somebody by name.
    pub(super) fn setter(&self, plan: Option<&SecretPlan>) -> String {
        let by = plan.and_then(|plan| plan.set_by.as_ref());
        let holder = self.plan().map(|key| &key.holder);
        let other = by.filter(|by| Some(*by) != holder);
        match other.and_then(|by| self.script.person(by)) {
            Some(person) => person.name.clone(),
            None => self.actor(),
        }
    }

    /// The key that the step names, where its token is elsewhere.
    pub(super) fn distant(&self) -> Option<&'a DistantKey> {
        self.script.distant_key(self.named.key?)
    }

    /// Of the root that the ceremony makes.
    pub(super) fn version(&self) -> u64 {
        self.script.root_version()
    }
}

impl Act {
    fn subject<'a>(&'a self, script: &'a Script) -> Subject<'a> {
        let named = self.named();
        Subject { script, named }
    }

    /// The people who do it, in the order of the script. Everybody may watch.
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

    /// What people do, one thing a line, for the run sheet and the screen.
    pub fn instructions(&self, script: &Script) -> Vec<String> {
        (self.description().instructions)(&self.subject(script))
    }

    /// What holds once the step is done, one claim a line. Empty where a person's word is all there is.
    pub fn proves(&self, script: &Script) -> Vec<String> {
        (self.description().proves)(&self.subject(script))
    }

    /// The labels of the blanks on the run sheet, and how many lines each has.
    pub(in crate::script) fn blanks(&self, script: &Script) -> Vec<(String, usize)> {
        (self.description().blanks)(&self.subject(script))
    }
}
