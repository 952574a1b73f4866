//! What happened, in its order, and what did not go as the script has it.

use jiff::Timestamp;

use crate::ceremony::{
    Approval, Ceremony, CustodyEvent, EventKind, HostEvent, ProgressEvent, StepState, Verdict,
};
use crate::script::{Step, StepId};
use crate::transcript::{Entry, Transcript};

use super::html::Page;

/// What a reader looks for first. Where there is nothing, the page says so.
pub(super) fn departures(page: &mut Page, ceremony: &Ceremony, transcript: &Transcript) {
    page.element("h2", "What did not go as planned");
    decisions(page, ceremony, transcript);
    let failures = rows(transcript, &|fact| match fact {
        EventKind::Progress(ProgressEvent::Failed { failure }) => {
            Some(vec![failure.what.clone(), failure.hint.clone()])
        }
        _ => None,
    });
    page.element("h3", "Failures");
    if failures.is_empty() {
        page.none("Nothing failed.");
    } else {
        let headings = ["Line", "Step", "What did not work", "What was said to do"];
        page.table(&headings, &failures);
    }
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
    page.element("h3", "Reservations and refusals");
    if reservations.is_empty() {
        page.none("Nobody had any.");
    } else {
        page.table(&["Who", "Verdict", "Remark"], &reservations);
    }
}

/// Where everything stopped, why, and where it went on.
fn pauses(page: &mut Page, ceremony: &Ceremony, entries: &[Entry]) {
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
    page.element("h3", "Pauses and interruptions");
    if rows.is_empty() {
        page.none("There was none.");
    } else {
        page.table(&["Line", "Why", "Decided by", "Went on"], &rows);
    }
}

fn findings(page: &mut Page, entries: &[Entry]) {
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
    page.element("h3", "Findings about the machine");
    if findings.is_empty() {
        page.none("Nothing was found.");
    } else {
        page.table(&["Line", "Check", "Finding"], &findings);
    }
}

/// What people decided beside the script: exceptions and amendments.
fn decisions(page: &mut Page, ceremony: &Ceremony, transcript: &Transcript) {
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
    page.element("h3", "Exceptions");
    if exceptions.is_empty() {
        page.none("None was recorded.");
    } else {
        let headings = [
            "Line", "Step", "Expected", "Happened", "Decided", "Waives", "By",
        ];
        page.table(&headings, &exceptions);
    }
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
    page.element("h3", "Amendments");
    if amendments.is_empty() {
        page.none("None was made: the script stood as it was read out.");
    } else {
        let headings = [
            "Line",
            "Step",
            "What",
            "The script says",
            "In the room",
            "Approved by",
        ];
        page.table(&headings, &amendments);
    }
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
pub(super) fn course(page: &mut Page, ceremony: &Ceremony, transcript: &Transcript) {
    page.element("h2", "The course");
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
        page.element("h3", "Steps that were not done");
        page.element("blockquote", open.join("\n"));
    }
}

fn numbered(ceremony: &Ceremony) -> impl Iterator<Item = (usize, &Step)> {
    (1..).zip(ceremony.script().steps())
}

fn heading(page: &mut Page, ceremony: &Ceremony, id: Option<&StepId>) {
    let step = id.and_then(|id| numbered(ceremony).find(|(_, step)| step.id == *id));
    let Some((number, step)) = step else {
        page.element("h3", "The ceremony as a whole");
        return;
    };
    page.element(
        "h3",
        format!("{number}. {}", step.act.title(ceremony.script())),
    );
    if let Some(text) = ceremony.note(&step.id) {
        page.element("blockquote", text);
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
    page: &mut Page,
    run: &[Entry],
    times: &mut impl Iterator<Item = &'t Timestamp>,
    sentences: &mut impl Iterator<Item = String>,
) {
    page.raw("<table>");
    for ((entry, time), sentence) in run.iter().zip(times).zip(sentences) {
        let cells = [
            ("td class=\"line\"", entry.line.seq.to_string()),
            ("td class=\"time\"", time.to_string()),
            ("td", sentence),
        ];
        page.row(cells.into_iter());
    }
    page.raw("</table>");
}
