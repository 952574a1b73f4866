//! What happened, in its order, and what did not go as the script has it.

use jiff::Timestamp;

use crate::ceremony::{
    Approval, Ceremony, CustodyEvent, EventKind, HostEvent, ProgressEvent, StepState, Verdict,
};
use crate::document::{Block, Cell, Document, Table};
use crate::script::{Step, StepId};
use crate::transcript::{Entry, Transcript};

/// What a reader looks for first. Where there is nothing, the page says so.
pub(super) fn departures(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("What did not go as planned");
    exceptions(page, ceremony, transcript);
    amendments(page, ceremony, transcript);
    let failures = rows(transcript, &|fact| {
        let EventKind::Progress(ProgressEvent::Failed { failure }) = fact else {
            return None;
        };
        Some(vec![failure.what.clone(), failure.hint.clone()])
    });
    let columns = [("What did not work", 0), ("What was said to do", 0)];
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
    let columns = [("Who", 14), ("Verdict", 14), ("Remark", 0)];
    let heading = "Reservations and refusals";
    section(
        page,
        heading,
        &columns,
        reserved.collect(),
        "Nobody had any.",
    );
}

/// Where something happened.
const STEP: [(&str, usize); 2] = [("Line", 5), ("Step", 14)];

/// A table under its heading, or a sentence in its place.
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

/// Where everything stopped, why, and where it went on.
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
            let open = "not taken up again".to_owned();
            rows.push(vec![line, reason.clone(), by, open]);
            is_paused = true;
        } else if let EventKind::Progress(ProgressEvent::Resumed { machine, .. }) = &entry.line.kind
        {
            let went_on = format!("line {line}, on {machine}");
            match rows.last_mut().filter(|_| is_paused) {
                Some(row) => row[3] = went_on,
                None => rows.push(vec![
                    line,
                    "the process before had ended without a pause".to_owned(),
                    "nobody".to_owned(),
                    went_on,
                ]),
            }
            is_paused = false;
        }
    }
    let columns = [("Line", 5), ("Why", 0), ("Decided by", 0), ("Went on", 0)];
    section(
        page,
        "Pauses and interruptions",
        &columns,
        rows,
        "There was none.",
    );
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
    let columns = [("Line", 5), ("Check", 18), ("Finding", 0)];
    section(
        page,
        "Findings about the machine",
        &columns,
        rows,
        "Nothing was found.",
    );
}

fn exceptions(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    let exceptions = rows(transcript, &|fact| {
        let EventKind::Progress(ProgressEvent::ExceptionRecorded {
            report,
            waives,
            approvals,
        }) = fact
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
    section(
        page,
        "Exceptions",
        &columns,
        exceptions,
        "None was recorded.",
    );
}

fn amendments(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    let amendments = rows(transcript, &|fact| {
        let EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals,
        }) = fact
        else {
            return None;
        };
        let (from, to) = amendment.change();
        Some(vec![amendment.subject(), from, to, by(ceremony, approvals)])
    });
    let columns = [
        ("What", 0),
        ("The script says", 0),
        ("In the room", 0),
        ("Approved by", 0),
    ];
    let columns = [&STEP[..], &columns].concat();
    let none = "None was made: the script stood as it was read out.";
    section(page, "Amendments", &columns, amendments, none);
}

/// A row of a table for each fact of which there is something to tell: its line, its step, and that.
fn rows(
    transcript: &Transcript,
    row: &dyn Fn(&EventKind) -> Option<Vec<String>>,
) -> Vec<Vec<String>> {
    let entries = transcript.entries().iter();
    entries
        .filter_map(|entry| {
            let told = row(&entry.line.kind)?;
            let step = entry.line.step.as_ref().map(ToString::to_string);
            let place = [entry.line.seq.to_string(), step.unwrap_or_default()];
            Some(place.into_iter().chain(told).collect())
        })
        .collect()
}

/// Every event, under the step in which it happened.
pub(super) fn course(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    page.heading("The course");
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
        page.subheading("Steps that were not done");
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

/// Who approved, each with how that is known.
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
    let mut table = Table::new(&[("Line", 5), ("Time", 20), ("What happened", 0)]);
    for ((entry, time), sentence) in run.iter().zip(times).zip(sentences) {
        table.row([Cell::Number(entry.line.seq), time.into(), sentence.into()]);
    }
    page.push(Block::Table(table));
}
