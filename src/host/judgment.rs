//! The result of each check, from the facts alone.

use jiff::Timestamp;

use crate::record::Finding;

use super::{Check, Facts, Level};

/// 2026-01-01T00:00:00Z: an earlier clock has lost its battery.
const EARLIEST: Timestamp = Timestamp::constant(1_767_225_600, 0);

#[expect(clippy::too_many_lines, reason = "a row for each check")]
pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    use Level::{Caution, Unfit};
    let now = facts.clock.strftime("%Y-%m-%dT%H:%M:%SZ");
    let found = |names: &Option<Vec<String>>| Some(!names.as_ref()?.is_empty());
    let names = |names: &Option<Vec<String>>| visible(names.as_deref().unwrap_or_default());
    let judgments = [
        (
            "host.network-link",
            found(&facts.links),
            "no network interface has a link".to_owned(),
            Unfit,
            format!(
                "connected network interface: {}; unplug the cable or disable the interface",
                names(&facts.links)
            ),
        ),
        (
            "host.default-route",
            found(&facts.default_routes),
            "no default route".to_owned(),
            Unfit,
            format!(
                "default route through {}; delete it with 'ip route del default'",
                names(&facts.default_routes)
            ),
        ),
        (
            "host.radio",
            Some(!facts.radios.is_empty()),
            "all radios are off".to_owned(),
            Caution,
            format!("radio is on: {}; run 'rfkill block all'", visible(&facts.radios)),
        ),
        (
            "host.swap",
            found(&facts.swaps),
            "swap is not used".to_owned(),
            Unfit,
            format!(
                "memory may be written to the swap area {}; run 'swapoff -a'",
                names(&facts.swaps)
            ),
        ),
        (
            "host.core-dumps",
            facts.core_dumps,
            "core dumps are disabled".to_owned(),
            Unfit,
            "core dumps are enabled: a crash would write the memory to a file; run 'ulimit -c 0'".to_owned(),
        ),
        (
            "host.memory-lock",
            facts.memory_locked.map(|is_locked| !is_locked),
            "the memory is locked".to_owned(),
            Caution,
            "the memory is not locked; run 'ulimit -l unlimited' and start again".to_owned(),
        ),
        (
            "host.ptrace",
            Some(facts.ptrace_scope.unwrap_or(0) == 0),
            "programs cannot read the memory of other programs".to_owned(),
            Caution,
            if facts.ptrace_scope.is_some() {
                "programs of the same user can read each other's memory; run 'sysctl kernel.yama.ptrace_scope=1'"
            } else {
                "the kernel does not prevent programs from reading each other's memory (no Yama)"
            }
            .to_owned(),
        ),
        (
            "host.clock",
            Some(facts.clock < EARLIEST),
            format!("the clock shows {now}; two people compare it with their own"),
            Unfit,
            format!("the clock shows {now}, which is in the past; set it with 'date -u -s TIME'"),
        ),
        (
            "host.root",
            Some(facts.root),
            "the program does not run as root".to_owned(),
            Caution,
            "the program runs as root; use an unprivileged user who can access the tokens".to_owned(),
        ),
        (
            "host.virtual",
            Some(facts.virtual_by.is_some()),
            "no sign of a virtual machine".to_owned(),
            Caution,
            format!(
                "virtual machine or container, whose host can read all memory ({})",
                facts.virtual_by.as_deref().unwrap_or_default().escape_debug()
            ),
        ),
        (
            "host.remote",
            Some(facts.remote),
            "the terminal is on this machine".to_owned(),
            Unfit,
            "the terminal is on another machine (SSH); use the console of this machine".to_owned(),
        ),
        recording(facts),
    ];
    judgments
        .into_iter()
        .map(|(id, is_bad, good, level, bad)| {
            let (level, detail) = match is_bad {
                Some(false) => (Level::Fit, good),
                Some(true) => (level, bad),
                None => (Caution, UNKNOWN.to_owned()),
            };
            Check {
                level,
                finding: Finding::new(id, detail),
            }
        })
        .collect()
}

const UNKNOWN: &str =
    "unknown: this system does not report it; two people must check it themselves";

/// Names of interfaces and programs are free text.
fn visible(names: &[String]) -> String {
    names.join(", ").escape_debug().to_string()
}

fn recording(facts: &Facts) -> (&'static str, Option<bool>, String, Level, String) {
    let (recorders, multiplexers) = (visible(&facts.recorders), visible(&facts.multiplexers));
    let (level, bad) = if recorders.is_empty() {
        let bad = format!("{multiplexers} keeps a copy of the screen; use a plain terminal");
        (Level::Caution, bad)
    } else {
        let bad = format!("{recorders} records the terminal; end it first");
        (Level::Unfit, bad)
    };
    let is_bad = !recorders.is_empty() || !multiplexers.is_empty();
    let good = "no known program records the terminal".to_owned();
    ("host.recording", Some(is_bad), good, level, bad)
}

#[cfg(test)]
mod tests {
    use super::super::Inspection;
    use super::*;

    fn good() -> Facts {
        Facts {
            links: Some(Vec::new()),
            default_routes: Some(Vec::new()),
            radios: Vec::new(),
            swaps: Some(Vec::new()),
            clock: EARLIEST,
            core_dumps: Some(false),
            memory_locked: Some(true),
            ptrace_scope: Some(1),
            root: false,
            virtual_by: None,
            remote: false,
            recorders: Vec::new(),
            multiplexers: Vec::new(),
        }
    }

    #[test]
    fn a_good_machine_passes_every_check() {
        let inspection = Inspection::of(&good());
        assert!(inspection.is_fit());
        assert_eq!(inspection.findings(), []);
        assert_eq!(inspection.checks().len(), 12);
    }

    /// Changes a good machine and asserts that only one check reports it.
    fn assert_reported(id: &str, level: Level, spoil: impl Fn(&mut Facts)) {
        let mut facts = good();
        spoil(&mut facts);
        let inspection = Inspection::of(&facts);
        let found: Vec<_> = inspection
            .checks()
            .iter()
            .filter(|check| check.level != Level::Fit)
            .map(|check| (check.finding.check.as_str(), check.level))
            .collect();
        assert_eq!(found, [(id, level)]);
        assert_eq!(inspection.is_fit(), level != Level::Unfit);
    }

    fn one(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }

    #[test]
    fn what_makes_a_machine_unfit_is_reported_by_one_check() {
        let unfit = |id, spoil: fn(&mut Facts)| assert_reported(id, Level::Unfit, spoil);
        unfit("host.network-link", |f| f.links = Some(one("eth0")));
        unfit("host.default-route", |f| {
            f.default_routes = Some(one("eth0"));
        });
        unfit("host.swap", |f| f.swaps = Some(one("/dev/sda2")));
        unfit("host.core-dumps", |f| f.core_dumps = Some(true));
        unfit("host.clock", |f| f.clock = Timestamp::UNIX_EPOCH);
        unfit("host.remote", |f| f.remote = true);
        unfit("host.recording", |f| f.recorders = one("script"));
    }

    #[test]
    fn what_people_should_know_is_reported_by_one_check() {
        let caution = |id, spoil: fn(&mut Facts)| assert_reported(id, Level::Caution, spoil);
        caution("host.radio", |f| f.radios = one("wlan"));
        caution("host.memory-lock", |f| f.memory_locked = Some(false));
        caution("host.ptrace", |f| f.ptrace_scope = Some(0));
        caution("host.root", |f| f.root = true);
        caution("host.virtual", |f| {
            f.virtual_by = Some("qemu".to_owned());
        });
        caution("host.recording", |f| f.multiplexers = one("tmux"));
    }

    #[test]
    fn what_is_unknown_never_passes() {
        let unknown = |id, spoil: fn(&mut Facts)| assert_reported(id, Level::Caution, spoil);
        unknown("host.network-link", |f| f.links = None);
        unknown("host.default-route", |f| f.default_routes = None);
        unknown("host.swap", |f| f.swaps = None);
        unknown("host.core-dumps", |f| f.core_dumps = None);
        unknown("host.memory-lock", |f| f.memory_locked = None);
        unknown("host.ptrace", |f| f.ptrace_scope = None);
    }

    #[test]
    fn names_from_outside_cannot_steer_the_terminal() {
        let mut facts = good();
        facts.links = Some(vec!["\u{1b}[2Jeth0".to_owned()]);
        let detail = &Inspection::of(&facts).findings()[0].detail;
        assert!(detail.contains("\\u{1b}[2Jeth0"), "{detail}");
    }
}
