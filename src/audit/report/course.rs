//! The events of a ceremony, and what did not go as planned.

use jiff::Timestamp;

use crate::ceremony::{
    Approval, Ceremony, CustodyEvent, EventKind, HostEvent, ProgressEvent, StepState, Verdict,
};
use crate::document::{Block, Cell, Document, Table};
use crate::script::{Step, StepId};
use crate::transcript::{Entry, Transcript};

/// What a reader looks for first.
pub(super) fn departures(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("What did not go as planned");
    exceptions(page, ceremony, transcript);
    amendments(page, ceremony, transcript);
    let failures = rows(transcript, &|event| {
        let EventKind::Progress(ProgressEvent::Failed { failure }) = event else {
            return None;
        };
        Some(vec![failure.what.clone(), failure.hint.clone()])
    });
    let columns = [("Failure", 0), ("Hint", 0)];
    section(
        page,
        "Failures",
        &[&STEP[..], &columns].concat(),
        failures,
        "Nothing failed.",
    );
    pauses(page, ceremony, transcript.entries());
    findings(page, transcript.entries());
    let reserved = ceremony.sign_offs().iter();
    let reserved = reserved.filter(|(_, (verdict, _))| *verdict != Verdict::Agree);
    let reserved = reserved.map(|(person, (verdict, remark))| {
        vec![person.to_string(), verdict.to_string(), remark.clone()]
    });
    let columns = [("Participant", 14), ("Verdict", 14), ("Remark", 0)];
    let heading = "Reservations and refusals";
    section(page, heading, &columns, reserved.collect(), "None.");
}

/// The place of an event in the transcript and the script.
const STEP: [(&str, usize); 2] = [("Entry", 5), ("Step", 14)];

/// A heading with a table, or with a sentence if the table is empty.
fn section(
    page: &mut Document,
    heading: &str,
    columns: &[(&str, usize)],
    rows: Vec<Vec<String>>,
    none: &str,
) {
    page.subheading(heading);
    if rows.is_empty() {
        page.paragraph(none);
    } else {
        page.table(columns, rows);
    }
}

/// Where the ceremony stopped, why, and where it was resumed.
fn pauses(page: &mut Document, ceremony: &Ceremony, entries: &[Entry]) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut is_paused = false;
    for entry in entries {
        let line = entry.line.seq.to_string();
        if let EventKind::Custody(CustodyEvent::PauseBegun { reason, approvals }) = &entry.line.kind
        {
            let by = match approvals.as_slice() {
                [] => "the script".to_owned(),
                approvals => by(ceremony, approvals),
            };
            let open = "not resumed".to_owned();
            rows.push(vec![line, reason.clone(), by, open]);
            is_paused = true;
        } else if let EventKind::Progress(ProgressEvent::Resumed { machine, .. }) = &entry.line.kind
        {
            let resumed = format!("entry {line}, on {machine}");
            match rows.last_mut().filter(|_| is_paused) {
                Some(row) => row[3] = resumed,
                None => rows.push(vec![
                    line,
                    "the program ended without a pause".to_owned(),
                    String::new(),
                    resumed,
                ]),
            }
            is_paused = false;
        }
    }
    let columns = [
        ("Entry", 5),
        ("Reason", 0),
        ("Decided by", 0),
        ("Resumed", 0),
    ];
    section(page, "Pauses and interruptions", &columns, rows, "None.");
}

fn findings(page: &mut Document, entries: &[Entry]) {
    let mut rows = Vec::new();
    for entry in entries {
        if let EventKind::Host(HostEvent::HostInspected { findings }) = &entry.line.kind {
            rows.extend(findings.iter().map(|finding| {
                let line = entry.line.seq.to_string();
                vec![line, finding.check.clone(), finding.detail.clone()]
            }));
        }
    }
    let columns = [("Entry", 5), ("Check", 18), ("Finding", 0)];
    section(page, "Findings of the host check", &columns, rows, "None.");
}

fn exceptions(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    let exceptions = rows(transcript, &|event| {
        let EventKind::Progress(ProgressEvent::ExceptionRecorded {
            report,
            waives,
            approvals,
        }) = event
        else {
            return None;
        };
        Some(vec![
            report.expected.clone(),
            report.happened.clone(),
            report.decided.clone(),
            waives.map_or_else(|| "nothing".to_owned(), |check| check.to_string()),
            by(ceremony, approvals),
        ])
    });
    let columns = [
        ("Expected", 0),
        ("Happened", 0),
        ("Decided", 0),
        ("Waives", 12),
        ("By", 0),
    ];
    let columns = [&STEP[..], &columns].concat();
    section(page, "Exceptions", &columns, exceptions, "None.");
}

fn amendments(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    let amendments = rows(transcript, &|event| {
        let EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals,
        }) = event
        else {
            return None;
        };
        let (from, to) = amendment.change();
        Some(vec![amendment.subject(), from, to, by(ceremony, approvals)])
    });
    let columns = [
        ("Subject", 0),
        ("In the script", 0),
        ("In the ceremony", 0),
        ("Approved by", 0),
    ];
    let columns = [&STEP[..], &columns].concat();
    let none = "None.";
    section(page, "Amendments", &columns, amendments, none);
}

/// A row of a table for each event for which `row` has columns: its entry, its step, and these columns.
fn rows(
    transcript: &Transcript,
    row: &dyn Fn(&EventKind) -> Option<Vec<String>>,
) -> Vec<Vec<String>> {
    let entries = transcript.entries().iter();
    entries
        .filter_map(|entry| {
            let columns = row(&entry.line.kind)?;
            let step = entry.line.step.as_ref().map(ToString::to_string);
            let place = [entry.line.seq.to_string(), step.unwrap_or_default()];
            Some(place.into_iter().chain(columns).collect())
        })
        .collect()
}

/// Every event, under the step in which it happened.
pub(super) fn course(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("Events");
    let entries = transcript.entries();
    let times = transcript.attested_times();
    let mut times = times.iter();
    let mut sentences = transcript.narrated(ceremony.script()).into_iter();
    for run in entries.chunk_by(|a, b| a.line.step == b.line.step) {
        if let Some(first) = run.first() {
            heading(page, ceremony, first.line.step.as_ref());
            events(page, run, &mut times, &mut sentences);
        }
    }
    let open: Vec<_> = numbered(ceremony)
        .filter(|(_, step)| ceremony.step_state(&step.id) != StepState::Done)
        .map(|(number, step)| format!("{number}. {}", step.act.title(ceremony.script())))
        .collect();
    if !open.is_empty() {
        page.subheading("Steps that were not completed");
        page.quote(open.join("\n"));
    }
}

fn numbered(ceremony: &Ceremony) -> impl Iterator<Item = (usize, &Step)> {
    (1..).zip(ceremony.script().steps())
}

fn heading(page: &mut Document, ceremony: &Ceremony, id: Option<&StepId>) {
    let step = id.and_then(|id| numbered(ceremony).find(|(_, step)| step.id == *id));
    let Some((number, step)) = step else {
        page.subheading("The ceremony as a whole");
        return;
    };
    page.subheading(format!("{number}. {}", step.act.title(ceremony.script())));
    if let Some(text) = ceremony.note(&step.id) {
        page.quote(text);
    }
}

/// The people who approved, each with the strength of the approval.
fn by(ceremony: &Ceremony, approvals: &[Approval]) -> String {
    let each = approvals.iter().map(
        |Approval {
             person, strength, ..
         }| format!("{} ({strength})", ceremony.name(person)),
    );
    each.collect::<Vec<_>>().join(", ")
}

fn events<'t>(
    page: &mut Document,
    run: &[Entry],
    times: &mut impl Iterator<Item = &'t Timestamp>,
    sentences: &mut impl Iterator<Item = String>,
) {
    let mut table = Table::new(&[("Entry", 5), ("Time", 20), ("Event", 0)]);
    for ((entry, time), sentence) in run.iter().zip(times).zip(sentences) {
        table.row([Cell::Number(entry.line.seq), time.into(), sentence.into()]);
    }
    page.push(Block::Table(table));
}
