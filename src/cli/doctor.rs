//! `conclave doctor`: checks whether this machine is suitable for a ceremony.

use serde_json::{Value, json};

use crate::host::{self, Inspection, Level};

use super::output::print_as;
use super::{Failure, Status};

/// Check whether this machine is suitable for a ceremony.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    // The result of the memory lock is among the facts that are checked.
    let _ = host::harden();
    let inspection = host::inspect();
    print_as(
        arguments.json,
        || as_json(&inspection),
        || as_text(&inspection),
    )?;
    Ok(if inspection.is_fit() {
        Status::Done
    } else {
        Status::Unfit
    })
}

fn as_json(inspection: &Inspection) -> Value {
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
    json!({ "fit": inspection.is_fit(), "checks": checks })
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
        "This machine is suitable for a ceremony.".to_owned()
    } else {
        "This machine is NOT suitable for a ceremony.".to_owned()
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
    fn a_report_shows_every_check_and_the_verdict() {
        insta::assert_snapshot!(as_text(&inspection(&[])));
        insta::assert_snapshot!(as_text(&inspection(&["eth0", "wlan0"])));
    }

    #[test]
    fn the_json_report_has_every_check_with_its_level() {
        let report = as_json(&inspection(&["eth0"]));
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
