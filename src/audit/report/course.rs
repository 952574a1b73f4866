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
    decisions(page, ceremony, transcript);
    let failures = rows(transcript, &|fact| match fact {
        EventKind::Progress(ProgressEvent::Failed { failure }) => {
            Some(vec![failure.what.clone(), failure.hint.clone()])
        }
        _ => None,
    });
    page.subheading("Failures");
    table_or(
        page,
        &[
            ("Line", 5),
            ("Step", 14),
            ("What did not work", 0),
            ("What was said to do", 0),
        ],
        failures,
        "Nothing failed.",
    );
    pauses(page, ceremony, transcript.entries());
    findings(page, transcript.entries());
    let reservations: Vec<Vec<String>> = ceremony
        .sign_offs()
        .iter()
        .filter(|(_, (verdict, _))| *verdict != Verdict::Agree)
        .map(|(person, (verdict, remark))| {
            vec![person.to_string(), verdict.to_string(), remark.clone()]
        })
        .collect();
    page.subheading("Reservations and refusals");
    table_or(
        page,
        &[("Who", 14), ("Verdict", 14), ("Remark", 0)],
        reservations,
        "Nobody had any.",
    );
}

/// Where everything stopped, why, and where it went on.
fn pauses(page: &mut Document, ceremony: &Ceremony, entries: &[Entry]) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for entry in entries {
        let seq = entry.line.seq.to_string();
        match &entry.line.kind {
            EventKind::Custody(CustodyEvent::PauseBegun { reason, approvals }) => {
                let by = match approvals.as_slice() {
                    [] => "the script".to_owned(),
                    approvals => by(ceremony, approvals),
                };
                rows.push(vec![
                    seq,
                    reason.clone(),
                    by,
                    "not taken up again".to_owned(),
                ]);
            }
            EventKind::Progress(ProgressEvent::Resumed { machine, .. }) => {
                let went_on = format!("line {seq}, on {machine}");
                let is_open = |row: &&mut Vec<String>| row[3] == "not taken up again";
                match rows.last_mut().filter(is_open) {
                    Some(row) => row[3] = went_on,
                    None => rows.push(vec![
                        seq,
                        "the process before had ended without a pause".to_owned(),
                        "nobody".to_owned(),
                        went_on,
                    ]),
                }
            }
            _ => {}
        }
    }
    page.subheading("Pauses and interruptions");
    table_or(
        page,
        &[("Line", 5), ("Why", 0), ("Decided by", 0), ("Went on", 0)],
        rows,
        "There was none.",
    );
}

fn findings(page: &mut Document, entries: &[Entry]) {
    let findings: Vec<Vec<String>> = entries
        .iter()
        .filter_map(|entry| match &entry.line.kind {
            EventKind::Host(HostEvent::HostInspected { findings }) => {
                Some((entry.line.seq, findings))
            }
            _ => None,
        })
        .flat_map(|(line, findings)| {
            findings.iter().map(move |finding| {
                vec![
                    line.to_string(),
                    finding.check.clone(),
                    finding.detail.clone(),
                ]
            })
        })
        .collect();
    page.subheading("Findings about the machine");
    table_or(
        page,
        &[("Line", 5), ("Check", 18), ("Finding", 0)],
        findings,
        "Nothing was found.",
    );
}

/// What people decided beside the script: exceptions and amendments.
fn decisions(page: &mut Document, ceremony: &Ceremony, transcript: &Transcript) {
    let exceptions = rows(transcript, &|fact| match fact {
        EventKind::Progress(ProgressEvent::ExceptionRecorded {
            sheet,
            waives,
            approvals,
        }) => Some(vec![
            sheet.expected.clone(),
            sheet.happened.clone(),
            sheet.decided.clone(),
            waives.map_or_else(|| "nothing".to_owned(), |check| check.to_string()),
            by(ceremony, approvals),
        ]),
        _ => None,
    });
    page.subheading("Exceptions");
    table_or(
        page,
        &[
            ("Line", 5),
            ("Step", 14),
            ("Expected", 0),
            ("Happened", 0),
            ("Decided", 0),
            ("Waives", 12),
            ("By", 0),
        ],
        exceptions,
        "None was recorded.",
    );
    let amendments = rows(transcript, &|fact| match fact {
        EventKind::Progress(ProgressEvent::Amended {
            amendment,
            approvals,
        }) => {
            let (from, to) = amendment.change();
            Some(vec![amendment.subject(), from, to, by(ceremony, approvals)])
        }
        _ => None,
    });
    page.subheading("Amendments");
    table_or(
        page,
        &[
            ("Line", 5),
            ("Step", 14),
            ("What", 0),
            ("The script says", 0),
            ("In the room", 0),
            ("Approved by", 0),
        ],
        amendments,
        "None was made: the script stood as it was read out.",
    );
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

/// A table, or a sentence in its place.
fn table_or(page: &mut Document, columns: &[(&str, usize)], rows: Vec<Vec<String>>, none: &str) {
    if rows.is_empty() {
        page.paragraph(none);
    } else {
        page.table(columns, rows);
    }
}
