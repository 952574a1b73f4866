//! The frame of every ceremony: attendance, clock, machine, script, notes, breaks, and the end.

use super::description::{
    Description, EVERY_KIND, EVERY_KIND_BUT_SIGNING, InRestore, Need, Stage, Subject, USUAL, Who,
    blanks, lines,
};
use super::{Act, OPEN_SHARE, SEAL, SEAL_MEDIUM, VERIFY_BACKUP, VERIFY_TOKEN};
use crate::script::schema::{MOST, Type, field};

pub(super) static ATTENDANCE: Description = Description {
    name: "attendance",
    label: "Attendance",
    about: "Records who is present, and gives each person a way to approve.",
    construct: |_| Some(Act::Attendance),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    minutes: 5,
    stage: Stage::Attendance,
    needs: &[],
    reason: "the first step records who is present",
    who: &[Who::Everyone],
    title: |_| "Attendance".into(),
    instructions: attendance,
    blanks: |_| vec![("Others present".to_owned(), 2)],
    ..USUAL
};

fn attendance(step: &Subject<'_>) -> Vec<String> {
    if let Some(banner) = step.script.assurance_banner() {
        return vec![format!(
            "One person acts alone. Every page and the transcript are marked: {banner}."
        )];
    }
    let mut people = step.script.people().iter();
    lines(&[
        "Each person: say your name and role. A witness: check an identity document. Its type is recorded, never its number.",
        if people.any(|person| person.approval.is_some()) {
            "People with an approval token: insert it to sign a challenge. Everyone else except the administrator: choose an approval code, unseen."
        } else {
            "Everyone except the administrator: choose an approval code, unseen. You approve decisions with this code."
        },
        "A witness: write the names of other people in the room on the run sheet.",
    ])
}

pub(super) static ATTEST_CLOCK: Description = Description {
    name: "attest-clock",
    label: "Clock",
    about: "Two people confirm the date and time.",
    construct: |_| Some(Act::AttestClock),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    minutes: 2,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "all later entries are dated by the confirmed clock",
    who: &[Who::Witnesses],
    title: |_| "Confirm the date and time".into(),
    instructions: |step| {
        let not_before = step.script.not_before();
        if step.script.is_solo() {
            return vec![format!(
                "Compare the time on the screen with another clock, or type the correct time. It must not be earlier than {not_before}."
            )];
        }
        vec![
            "Two witnesses: each compare the clock on the screen with a clock that you brought."
                .into(),
            format!(
                "Both: confirm the date and time with your codes, or have the correct time typed first. It must not be earlier than {not_before}."
            ),
        ]
    },
    proves: |step| {
        let who = if step.script.is_solo() {
            "one person"
        } else {
            "two people"
        };
        vec![format!("{who} confirmed the date and time")]
    },
    blanks: |_| blanks(&["Time on the screen (UTC)", "Time by other clocks (UTC)"]),
    ..USUAL
};

pub(super) static INSPECT_HOST: Description = Description {
    name: "inspect-host",
    label: "Inspect machine",
    about: "Checks the machine: air gap, swap, clock.",
    construct: |_| Some(Act::InspectHost),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    minutes: 5,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "no token is inserted into a machine that was not checked",
    who: &[Who::Administrator, Who::Witnesses],
    title: |_| "Inspect this machine".into(),
    instructions: |_| {
        lines(&[
            "Administrator: start the host check. A witness: read the result.",
            "Remove every cable, card and stick that is not on the hardware list.",
        ])
    },
    proves: |_| lines(&["everything that makes this machine unfit is known and recorded"]),
    blanks: |_| blanks(&["Machine and serial number", "Result"]),
    ..USUAL
};

pub(super) static READ_SCRIPT: Description = Description {
    name: "read-script",
    label: "Read script",
    about: "The digest of the script is read aloud and compared with the printed run sheet.",
    construct: |_| Some(Act::ReadScript),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::Always,
    minutes: 5,
    stage: Stage::Opening,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "no token is used before everyone has heard which script runs",
    who: &[Who::Everyone],
    title: |_| "Read the digest of the script aloud".into(),
    instructions: |_| {
        lines(&[
            "Administrator: read the digest words of the script aloud from the screen.",
            "Everyone else: compare each word with the printed run sheet, and say stop at the first difference.",
        ])
    },
    proves: |_| lines(&["the running script is the printed script"]),
    ..USUAL
};

pub(super) static NOTE: Description = Description {
    name: "note",
    label: "Note",
    about: "Shows an instruction from the author of the script, which people initial.",
    fields: &[
        field!(required "text", Type::Lines(2000), r#"text = "Check the seal of the bag.""#,
            "What is read aloud or done."),
        field!(required "initials", Type::List(&Type::Id, MOST), r#"initials = ["witness-1"]"#,
            "Who initials the note; at least one person, each once."),
    ],
    construct: |values| {
        Some(Act::Note {
            text: values.text?,
            initials: values.initials?,
        })
    },
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
    repeats: true,
    minutes: 2,
    stage: Stage::Attendance,
    needs: &[Need::Every(&ATTENDANCE)],
    reason: "the author of the script put it there",
    who: &[Who::Initials],
    title: |step| format!("Note: {}", beginning(step.named.text)),
    instructions: |step| step.named.text.lines().map(str::to_owned).collect(),
    ..USUAL
};

pub(super) static BREAK: Description = Description {
    name: "break",
    label: "Break",
    about: "Interrupts the ceremony: tokens and media are sealed into bags, and `conclave resume` continues later.",
    fields: &[
        field!(optional "text", Type::Line(100), r#"text = "Lunch""#, "The reason for the break."),
    ],
    construct: |values| Some(Act::Break { text: values.text }),
    kinds: EVERY_KIND_BUT_SIGNING,
    in_restore: InRestore::Always,
    repeats: true,
    minutes: 60,
    stage: Stage::Attendance,
    needs: &[
        Need::Every(&ATTEST_CLOCK),
        Need::Every(&INSPECT_HOST),
        Need::Every(&READ_SCRIPT),
    ],
    reason: "the script has a break here",
    who: &[Who::Everyone],
    title: |step| match step.named.text {
        "" => "Break".into(),
        text => format!("Break: {}", beginning(text)),
    },
    instructions: |_| {
        lines(&[
            "Every token is logged out, removed, and sealed into a new tamper-evident bag, and so is every medium. Two people other than the administrator: read each bag number.",
            "The program ends. A witness: write the transcript digest from the screen on the run sheet. Administrator: switch the machine off.",
            "To continue, also on another day or another machine: conclave resume. Attendance, clock and host check are repeated, the transcript digest is compared with the one on paper, and each bag is read, compared and opened.",
        ])
    },
    proves: |_| {
        lines(&[
            "the ceremony continues with this transcript and no other",
            "nobody had access to the tokens during the break",
        ])
    },
    blanks: |_| {
        vec![
            ("Key and number of each bag".to_owned(), 3),
            ("Transcript digest".to_owned(), 4),
            ("Resumed (date, time)".to_owned(), 1),
        ]
    },
    ..USUAL
};

pub(super) static SIGN_OFF: Description = Description {
    name: "sign-off",
    label: "Sign off",
    about: "Each person agrees, agrees with reservation, or refuses. Always the last step.",
    construct: |_| Some(Act::SignOff),
    kinds: EVERY_KIND,
    in_restore: InRestore::Always,
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
    reason: "a ceremony ends with a statement from each person",
    who: &[Who::Everyone],
    title: |_| "Sign off".into(),
    instructions: |_| {
        lines(&[
            "Each person: say agree, agree with reservation (which is written down) or refuse (with the reason), and sign the run sheet.",
            "A witness: write the transcript digest from the screen on the run sheet.",
        ])
    },
    blanks: |_| vec![("Transcript digest".to_owned(), 4)],
    ..USUAL
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
