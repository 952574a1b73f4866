//! The result of each check, from the facts alone.

use jiff::Timestamp;

use crate::record::Finding;

use super::{Check, Facts, Level};

/// 2026-01-01T00:00:00Z: an earlier clock has lost its battery.
const EARLIEST: Timestamp = Timestamp::constant(1_767_225_600, 0);

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let check = |id: &str, (level, detail): (Level, String)| Check {
        level,
        finding: Finding::new(id, detail),
    };
    vec![
        check(
            "host.network-link",
            none_of(
                facts.links.as_deref(),
                "no network interface has a link",
                |found| {
                    format!(
                        "connected network interface: {found}; unplug the cable or disable the interface"
                    )
                },
            ),
        ),
        check(
            "host.default-route",
            none_of(
                facts.default_routes.as_deref(),
                "no default route",
                |found| {
                    format!("default route through {found}; delete it with 'ip route del default'")
                },
            ),
        ),
        check("host.radio", radio(facts)),
        check(
            "host.swap",
            none_of(facts.swaps.as_deref(), "swap is not used", |found| {
                format!("memory may be written to the swap area {found}; run 'swapoff -a'")
            }),
        ),
        check("host.core-dumps", core_dumps(facts)),
        check("host.memory-lock", memory_lock(facts)),
        check("host.ptrace", ptrace(facts)),
        check("host.clock", clock(facts)),
        check("host.root", root(facts)),
        check("host.virtual", virtual_machine(facts)),
        check("host.remote", remote(facts)),
        check("host.recording", recording(facts)),
    ]
}

type Judgment = (Level, String);

fn none_of(found: Option<&[String]>, good: &str, bad: impl Fn(String) -> String) -> Judgment {
    match found {
        Some([]) => (Level::Fit, good.to_owned()),
        Some(found) => (Level::Unfit, bad(visible(found))),
        None => unknown(),
    }
}

fn unknown() -> Judgment {
    (
        Level::Caution,
        "unknown: this system does not report it; two people must check it themselves".to_owned(),
    )
}

/// Names of interfaces and programs are free text.
fn visible(names: &[String]) -> String {
    names.join(", ").escape_debug().to_string()
}

fn radio(facts: &Facts) -> Judgment {
    if facts.radios.is_empty() {
        (Level::Fit, "all radios are off".to_owned())
    } else {
        let radios = visible(&facts.radios);
        (
            Level::Caution,
            format!("radio is on: {radios}; run 'rfkill block all'"),
        )
    }
}

fn core_dumps(facts: &Facts) -> Judgment {
    match facts.core_dumps {
        Some(false) => (Level::Fit, "core dumps are disabled".to_owned()),
        Some(true) => (
            Level::Unfit,
            "core dumps are enabled: a crash would write the memory to a file; run 'ulimit -c 0'"
                .to_owned(),
        ),
        None => unknown(),
    }
}

fn memory_lock(facts: &Facts) -> Judgment {
    match facts.memory_locked {
        Some(true) => (Level::Fit, "the memory is locked".to_owned()),
        Some(false) => (
            Level::Caution,
            "the memory is not locked; run 'ulimit -l unlimited' and start again".to_owned(),
        ),
        None => unknown(),
    }
}

fn ptrace(facts: &Facts) -> Judgment {
    match facts.ptrace_scope {
        Some(1..) => (
            Level::Fit,
            "programs cannot read the memory of other programs".to_owned(),
        ),
        Some(0) => (
            Level::Caution,
            "programs of the same user can read each other's memory; run 'sysctl kernel.yama.ptrace_scope=1'"
                .to_owned(),
        ),
        None => (
            Level::Caution,
            "the kernel does not prevent programs from reading each other's memory (no Yama)".to_owned(),
        ),
    }
}

fn clock(facts: &Facts) -> Judgment {
    let now = facts.clock.strftime("%Y-%m-%dT%H:%M:%SZ");
    if facts.clock < EARLIEST {
        (
            Level::Unfit,
            format!("the clock shows {now}, which is in the past; set it with 'date -u -s TIME'"),
        )
    } else {
        (
            Level::Fit,
            format!("the clock shows {now}; two people compare it with their own"),
        )
    }
}

fn root(facts: &Facts) -> Judgment {
    if facts.root {
        (
            Level::Caution,
            "the program runs as root; use an unprivileged user who can access the tokens"
                .to_owned(),
        )
    } else {
        (Level::Fit, "the program does not run as root".to_owned())
    }
}

fn virtual_machine(facts: &Facts) -> Judgment {
    match &facts.virtual_by {
        None => (Level::Fit, "no sign of a virtual machine".to_owned()),
        Some(sign) => (
            Level::Caution,
            format!(
                "virtual machine or container, whose host can read all memory ({})",
                sign.escape_debug()
            ),
        ),
    }
}

fn remote(facts: &Facts) -> Judgment {
    if facts.remote {
        (
            Level::Unfit,
            "the terminal is on another machine (SSH); use the console of this machine".to_owned(),
        )
    } else {
        (Level::Fit, "the terminal is on this machine".to_owned())
    }
}

fn recording(facts: &Facts) -> Judgment {
    if !facts.recorders.is_empty() {
        let programs = visible(&facts.recorders);
        (
            Level::Unfit,
            format!("{programs} records the terminal; end it first"),
        )
    } else if !facts.multiplexers.is_empty() {
        let programs = visible(&facts.multiplexers);
        (
            Level::Caution,
            format!("{programs} keeps a copy of the screen; use a plain terminal"),
        )
    } else {
        (
            Level::Fit,
            "no known program records the terminal".to_owned(),
        )
    }
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
