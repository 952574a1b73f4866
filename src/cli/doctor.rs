//! `conclave doctor`: is this machine fit for a ceremony?

use std::io::{self, Write as _};

use serde_json::json;

use crate::host::{self, Inspection, Level};

use super::{Failure, Status};

/// Tell whether this machine is fit for a ceremony.
///
/// Exit status: 0 fit, 5 not fit.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Report as JSON on stdout.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    // What the memory lock achieved is among the facts that are inspected.
    let _ = host::harden();
    let inspection = host::inspect();
    let report = if arguments.json {
        as_json(&inspection)
    } else {
        as_text(&inspection)
    };
    io::stdout()
        .write_all(report.as_bytes())
        .map_err(|error| Failure::new(Status::Io, format!("cannot write the report: {error}")))?;
    Ok(if inspection.is_fit() {
        Status::Done
    } else {
        Status::Unfit
    })
}

fn as_json(inspection: &Inspection) -> String {
    let checks: Vec<_> = inspection
        .checks()
        .iter()
        .map(|check| {
            json!({
                "check": check.finding.check,
                "level": check.level.as_str(),
                "detail": check.finding.detail,
            })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({ "fit": inspection.is_fit(), "checks": checks })
    )
}

fn as_text(inspection: &Inspection) -> String {
    let mut lines: Vec<String> = inspection
        .checks()
        .iter()
        .map(|check| {
            let mark = match check.level {
                Level::Fit => "[ok]  ",
                Level::Caution => "[note]",
                Level::Unfit => "[FAIL]",
            };
            format!("{mark} {}", check.finding)
        })
        .collect();
    lines.push(String::new());
    lines.push(if inspection.is_fit() {
        "This machine is fit for a ceremony.\n".to_owned()
    } else {
        "This machine is NOT fit for a ceremony.\n".to_owned()
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Facts;

    fn inspection(links: &[&str]) -> Inspection {
        Inspection::of(&Facts {
            links: Some(links.iter().map(ToString::to_string).collect()),
            default_routes: Some(Vec::new()),
            radios: Vec::new(),
            swaps: Some(Vec::new()),
            clock: "2026-12-01T09:00:00Z".parse().unwrap(),
            core_dumps: Some(false),
            memory_locked: Some(true),
            ptrace_scope: Some(1),
            root: true,
            virtual_by: None,
            remote: false,
            recorders: Vec::new(),
            multiplexers: Vec::new(),
        })
    }

    #[test]
    fn a_report_tells_every_check_and_the_verdict() {
        insta::assert_snapshot!(as_text(&inspection(&[])));
        insta::assert_snapshot!(as_text(&inspection(&["eth0", "wlan0"])));
    }

    #[test]
    fn the_json_report_has_every_check_with_its_level() {
        let report: serde_json::Value =
            serde_json::from_str(&as_json(&inspection(&["eth0"]))).unwrap();
        assert_eq!(report["fit"], false);
        let checks = report["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 12);
        assert_eq!(checks[0]["check"], "host.network-link");
        assert_eq!(checks[0]["level"], "unfit");
        assert_eq!(checks[1]["level"], "fit");
        assert_eq!(checks[8]["check"], "host.root");
        assert_eq!(checks[8]["level"], "caution");
    }
}
