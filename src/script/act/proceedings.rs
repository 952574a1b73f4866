//! What frames every ceremony: who is there, the time, the machine, the script, notes, breaks, and the end.

use super::description::{
    Description, EVERY_KIND, EVERY_KIND_BUT_SIGNING, InRestore, Leaves, Need, OnlyWith, Stage,
    Subject, Who, blanks, lines,
};
use super::{Act, OPEN_SHARE, SEAL, SEAL_MEDIUM, VERIFY_BACKUP, VERIFY_TOKEN};
use crate::script::schema::{Field, MOST, Type};

pub(super) static ATTENDANCE: Description = Description {
    name: "attendance",
    label: "Attendance",
    about: "Records who is in the room, and gives each person a way to approve.",
    fields: &[],
    construct: |_| Some(Act::Attendance),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::Attendance,
    needs: &[],
    reason: "first of all it is established who is in the room",
    leaves: Leaves::Other,
    who: &[Who::Everyone],
    title: |_| "Attendance".into(),
    instructions: attendance,
    proves: |_| Vec::new(),
    blanks: |_| vec![("Others in the room".to_owned(), 2)],
};

fn attendance(step: &Subject<'_>) -> Vec<String> {
    let approves_by_token = |script: &crate::script::Script| {
        script
            .people()
            .iter()
            .any(|person| person.approval.is_some())
    };
    if step.script.is_solo() {
        return lines(&[
            "One person acts alone, and the record says so everywhere: SOLO, UNWITNESSED.",
        ]);
    }
    lines(&[
        "Each person says their name and role. A witness looks at an identity document; its kind is recorded, never its number.",
        if approves_by_token(step.script) {
            "Who has an own token for approvals puts it in: it signs a challenge. Each other but the administrator chooses a code, unseen."
        } else {
            "Each but the administrator then chooses a code, unseen: by it they approve what two people decide."
        },
        "Whoever else is in the room is written on the run sheet.",
    ])
}

pub(super) static ATTEST_CLOCK: Description = Description {
    name: "attest-clock",
    label: "Clock",
    about: "Two people confirm the date and time.",
    fields: &[],
    construct: |_| Some(Act::AttestClock),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 2,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "everything later is dated by the clock that people attested",
    leaves: Leaves::Other,
    who: &[Who::Witnesses],
    title: |_| "Attest the clock".into(),
    instructions: |step| {
        let not_before = step.script.not_before();
        if step.script.is_solo() {
            return vec![format!(
                "The time on the screen is compared with another clock, or the right one is typed in. It may not be earlier than {not_before}."
            )];
        }
        vec![
            "Two witnesses, neither of them the administrator, each compare the clock on the screen with a clock that they brought.".into(),
            format!("Both confirm the date and time by their codes, or have the right one typed in first. It may not be earlier than {not_before}."),
        ]
    },
    proves: |step| {
        let who = if step.script.is_solo() {
            "one person stands"
        } else {
            "two people stand"
        };
        vec![format!("{who} for the date and time")]
    },
    blanks: |_| blanks(&["Time on the screen (UTC)", "Time by other clocks (UTC)"]),
};

pub(super) static INSPECT_HOST: Description = Description {
    name: "inspect-host",
    label: "This machine",
    about: "Inspects the machine: air gap, swap, clock.",
    fields: &[],
    construct: |_| Some(Act::InspectHost),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "no token is put into a machine that was not inspected",
    leaves: Leaves::Other,
    who: &[Who::Administrator, Who::Witnesses],
    title: |_| "Inspect this machine".into(),
    instructions: |_| {
        lines(&[
            "The administrator starts the inspection of this machine; a witness reads the result.",
            "Every cable, card and stick that is not on the hardware list comes out.",
        ])
    },
    proves: |_| lines(&["whatever makes this machine unfit is known, and in the record"]),
    blanks: |_| blanks(&["Machine and serial number", "Result"]),
};

pub(super) static READ_SCRIPT: Description = Description {
    name: "read-script",
    label: "Script read out",
    about: "The digest of the script is read aloud and compared with the printed run sheet.",
    fields: &[],
    construct: |_| Some(Act::ReadScript),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "no token is touched before everyone heard which script runs",
    leaves: Leaves::Other,
    who: &[Who::Everyone],
    title: |_| "Read the script's digest aloud".into(),
    instructions: |_| {
        lines(&[
            "The administrator reads the digest words of the script aloud from the screen.",
            "Everyone else compares each word with the printed run sheet, and says stop at the first that differs.",
        ])
    },
    proves: |_| lines(&["the script that runs is the script that was printed"]),
    blanks: |_| Vec::new(),
};

pub(super) static NOTE: Description = Description {
    name: "note",
    label: "Note",
    about: "Shows an instruction of the script's author, which people initial.",
    fields: &[
        Field::required(
            "text",
            Type::Lines(2000),
            "text = \"Check the seal of the bag.\"",
            "What is read aloud or done.",
        ),
        Field::required(
            "initials",
            Type::List(&Type::Id, MOST),
            "initials = [\"witness-1\"]",
            "Who initials the note; at least one person, each once.",
        ),
    ],
    construct: |values| {
        Some(Act::Note {
            text: values.text?,
            initials: values.initials?,
        })
    },
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: true,
    minutes: 2,
    stage: Stage::Attendance,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "its author wants it there",
    leaves: Leaves::Other,
    who: &[Who::Initials],
    title: |step| format!("Note: {}", beginning(step.named.text)),
    instructions: |step| step.named.text.lines().map(str::to_owned).collect(),
    proves: |_| Vec::new(),
    blanks: |_| Vec::new(),
};

pub(super) static BREAK: Description = Description {
    name: "break",
    label: "Break",
    about: "Interrupts the ceremony: tokens and media are sealed into bags, and `conclave resume` continues later.",
    fields: &[Field::optional(
        "text",
        Type::Line(100),
        "text = \"Lunch\"",
        "What the break is for.",
    )],
    construct: |values| Some(Act::Break { text: values.text }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: true,
    minutes: 60,
    stage: Stage::Attendance,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
    ],
    reason: "people need one",
    leaves: Leaves::Other,
    who: &[Who::Everyone],
    title: |step| match step.named.text {
        "" => "Break".into(),
        text => format!("Break: {}", beginning(text)),
    },
    instructions: |_| {
        lines(&[
            "Every token is logged out, taken out, and put into a new tamper-evident bag, and so is every medium. Two people, neither of them the administrator, read each number.",
            "The program ends. A witness writes the head of the record, as the screen shows it, on the run sheet; the machine is switched off.",
            "To go on, also on another day or another machine: conclave resume. Attendance, clock and machine come again, the head is compared with the ink, and each bag is read, compared and opened.",
        ])
    },
    proves: |_| {
        lines(&[
            "what goes on after the break is this record and no other",
            "nobody had the tokens in between",
        ])
    },
    blanks: |_| {
        vec![
            ("Key and number of each bag".to_owned(), 3),
            ("Head of the record".to_owned(), 4),
            ("Taken up again (date, time)".to_owned(), 1),
        ]
    },
};

pub(super) static SIGN_OFF: Description = Description {
    name: "sign-off",
    label: "Sign off",
    about: "Each person agrees, agrees with reservation, or refuses. Always the last step.",
    fields: &[],
    construct: |_| Some(Act::SignOff),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    only_with: OnlyWith::Nothing,
    repeats: false,
    minutes: 5,
    stage: Stage::SignOff,
    needs: &[
        Need::Every(&VERIFY_TOKEN),
        Need::Every(&VERIFY_BACKUP),
        Need::Every(&SEAL),
        Need::Every(&SEAL_MEDIUM),
        Need::Every(&OPEN_SHARE),
        Need::Restored,
    ],
    reason: "a ceremony ends with everybody's word",
    leaves: Leaves::Other,
    who: &[Who::Everyone],
    title: |_| "Sign off".into(),
    instructions: |_| {
        lines(&[
            "Each person says: agree, agree with reservation (which is written down), or refuse (with the reason), and signs the run sheet.",
            "A witness writes the head of the record, as the screen shows it, on the run sheet.",
        ])
    },
    proves: |_| Vec::new(),
    blanks: |_| vec![("Head of the record".to_owned(), 4)],
};

/// The first words of a text: at most 40 characters of its first line.
fn beginning(text: &str) -> String {
    const ROOM: usize = 40;
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= ROOM && line.len() == text.trim().len() {
        return line.to_owned();
    }
    let cut: String = line.chars().take(ROOM).collect();
    let whole_words = match cut.rfind(' ') {
        Some(space) if line.chars().count() > ROOM => &cut[..space],
        _ => &cut,
    };
    format!("{} …", whole_words.trim_end_matches(['.', ',', ':', ' ']))
}
