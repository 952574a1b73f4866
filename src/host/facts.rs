//! Facts about the machine, as reported by the kernel.

use std::fs;
use std::path::Path;

use crate::words::Digest;
use jiff::Timestamp;
use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

/// Facts about the machine. `None` where the kernel does not report them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Network interfaces that have a link, except loopback.
    pub links: Option<Vec<String>>,
    /// Network interfaces of default routes.
    pub default_routes: Option<Vec<String>>,
    /// Radios that are not blocked.
    pub radios: Vec<String>,
    /// Swap areas in use.
    pub swaps: Option<Vec<String>>,
    pub clock: Timestamp,
    /// Whether a crash of this process would write its memory to a file.
    pub core_dumps: Option<bool>,
    pub memory_locked: Option<bool>,
    /// `kernel.yama.ptrace_scope`.
    pub ptrace_scope: Option<u8>,
    /// Whether this process runs as root.
    pub root: bool,
    /// The evidence that this is a virtual machine or a container.
    pub virtual_by: Option<String>,
    /// Whether the terminal is on another machine.
    pub remote: bool,
    /// Ancestor processes that record the terminal.
    pub recorders: Vec<String>,
    /// Ancestor processes that keep a scrollback buffer.
    pub multiplexers: Vec<String>,
}

/// Programs that record a terminal.
const RECORDERS: [&str; 6] = [
    "script",
    "asciinema",
    "ttyrec",
    "termrec",
    "tlog-rec",
    "tlog-rec-session",
];
/// Programs that keep a scrollback buffer.
const MULTIPLEXERS: [&str; 5] = ["tmux", "tmux: server", "screen", "zellij", "dtach"];
/// Names of virtual firmware and hypervisors.
const VIRTUAL: [&str; 9] = [
    "qemu",
    "kvm",
    "vmware",
    "virtualbox",
    "xen",
    "bochs",
    "parallels",
    "virtual machine",
    "cloud",
];

impl Facts {
    /// Reads the facts below `root`, which is `/` except in tests; `has_variable` checks the environment.
    pub fn gather(root: &Path, has_variable: impl Fn(&str) -> bool, now: Timestamp) -> Self {
        let system = System(root);
        let above = system.programs_above(std::process::id());
        let of = |known: &[&str]| -> Vec<String> {
            let mut found = above.clone();
            found.retain(|name| known.contains(&name.as_str()));
            found
        };
        let mut recorders = of(&RECORDERS);
        if has_variable("ASCIINEMA_REC") && recorders.is_empty() {
            recorders.push("asciinema".to_owned());
        }
        let mut multiplexers = of(&MULTIPLEXERS);
        for (variable, name) in [("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "zellij")] {
            if has_variable(variable) && multiplexers.is_empty() {
                multiplexers.push(name.to_owned());
            }
        }
        Self {
            links: system.links(),
            default_routes: system.default_routes(),
            radios: system.radios(),
            swaps: system.swaps(),
            clock: now,
            core_dumps: core_dumps(),
            memory_locked: system.memory_locked(),
            ptrace_scope: system
                .text("proc/sys/kernel/yama/ptrace_scope")
                .and_then(|text| text.trim().parse().ok()),
            root: rustix::process::geteuid().is_root(),
            virtual_by: system.virtual_by(),
            remote: ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]
                .iter()
                .any(|name| has_variable(name)),
            recorders,
            multiplexers,
        }
    }
}

/// The description of a machine, without control characters.
pub(super) fn machine(root: &Path) -> String {
    let system = System(root);
    let name = |path: &str| {
        let text = system.text(path).unwrap_or_default();
        let plain: String = text.chars().filter(|c| !c.is_control()).collect();
        plain.trim().to_owned()
    };
    let mut parts: Vec<String> = [
        "proc/sys/kernel/hostname",
        "sys/class/dmi/id/sys_vendor",
        "sys/class/dmi/id/product_name",
    ]
    .map(name)
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect();
    let id = name("etc/machine-id");
    if !id.is_empty() {
        // machine-id(5) requires that the ID itself is kept confidential.
        let derived = Digest::of(format!("conclave machine {id}").as_bytes());
        parts.push(format!("ID {}", derived.short_hex()));
    }
    if parts.is_empty() {
        "unnamed machine".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Whether this process may lock memory beyond its limit (`CAP_IPC_LOCK`).
pub(super) fn may_lock_memory() -> bool {
    const IPC_LOCK: u64 = 1 << 14;
    let status = System(Path::new("/")).text("proc/self/status");
    status
        .as_deref()
        .and_then(|status| field(status, "CapEff"))
        .and_then(|mask| u64::from_str_radix(mask, 16).ok())
        .is_some_and(|mask| mask & IPC_LOCK != 0)
}

fn core_dumps() -> Option<bool> {
    let limit = getrlimit(Resource::Core).current;
    let dumpable = dumpable_behavior().ok()?;
    // A program that receives dumps through a pipe gets them regardless of the limit.
    Some(dumpable != DumpableBehavior::NotDumpable || limit != Some(0))
}

/// The part of `/proc` and `/sys` below some folder.
struct System<'a>(&'a Path);

impl System<'_> {
    fn text(&self, path: &str) -> Option<String> {
        // Bytes first: `/proc` contains names that are not UTF-8.
        let bytes = fs::read(self.0.join(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn names(&self, folder: &str) -> Option<Vec<String>> {
        let mut names: Vec<String> = fs::read_dir(self.0.join(folder))
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Some(names)
    }

    fn links(&self) -> Option<Vec<String>> {
        let mut names = self.names("sys/class/net")?;
        names.retain(|name| {
            let has = |file, what| {
                self.text(&format!("sys/class/net/{name}/{file}"))
                    .is_some_and(|text| text.trim() == what)
            };
            // Reading the carrier of an interface that is down is an error: it has no link.
            name != "lo" && (has("operstate", "up") || has("carrier", "1"))
        });
        Some(names)
    }

    fn default_routes(&self) -> Option<Vec<String>> {
        let v4 = self.text("proc/net/route")?;
        let v4 = v4.lines().skip(1).filter_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (interface, destination, mask) =
                (columns.first()?, columns.get(1)?, columns.get(7)?);
            (*destination == "00000000" && *mask == "00000000").then(|| (*interface).to_owned())
        });
        // A kernel without IPv6 does not have this file.
        let v6 = self.text("proc/net/ipv6_route").unwrap_or_default();
        let v6 = v6.lines().filter_map(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (destination, length, interface) =
                (columns.first()?, columns.get(1)?, columns.last()?);
            (destination.bytes().all(|digit| digit == b'0') && *length == "00")
                .then(|| (*interface).to_owned())
        });
        let mut interfaces: Vec<String> = v4.chain(v6).filter(|name| name != "lo").collect();
        interfaces.sort();
        interfaces.dedup();
        Some(interfaces)
    }

    fn radios(&self) -> Vec<String> {
        let mut radios: Vec<String> = self
            .names("sys/class/rfkill")
            .unwrap_or_default()
            .into_iter()
            .filter_map(|radio| {
                let read = |file| self.text(&format!("sys/class/rfkill/{radio}/{file}"));
                (read("state")?.trim() == "1")
                    .then(|| read("type").map_or(radio.clone(), |kind| kind.trim().to_owned()))
            })
            .collect();
        radios.sort();
        radios.dedup();
        radios
    }

    fn swaps(&self) -> Option<Vec<String>> {
        let areas = self.text("proc/swaps")?;
        Some(
            areas
                .lines()
                .skip(1)
                .filter_map(|line| line.split_whitespace().next())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether all resident memory is locked.
    fn memory_locked(&self) -> Option<bool> {
        let status = self.text("proc/self/status")?;
        let kilobytes = |name| -> Option<u64> {
            let value = field(&status, name)?;
            value.trim_end_matches("kB").trim().parse().ok()
        };
        Some(kilobytes("VmLck")? >= kilobytes("VmRSS")?)
    }

    fn virtual_by(&self) -> Option<String> {
        for file in [".dockerenv", "run/.containerenv", "run/systemd/container"] {
            if self.0.join(file).exists() {
                return Some(format!("/{file}"));
            }
        }
        for file in ["sys_vendor", "product_name"] {
            let path = format!("sys/class/dmi/id/{file}");
            let text = self.text(&path).unwrap_or_default().to_lowercase();
            if VIRTUAL.iter().any(|word| text.contains(word)) {
                return Some(format!("/{path}: {}", text.trim()));
            }
        }
        let processor = self.text("proc/cpuinfo").unwrap_or_default();
        let hypervisor = processor
            .lines()
            .find(|line| line.starts_with("flags"))
            .is_some_and(|line| line.split_whitespace().any(|flag| flag == "hypervisor"));
        hypervisor.then(|| "processor flag \"hypervisor\"".to_owned())
    }

    /// The names of the ancestors of a process, the nearest first.
    fn programs_above(&self, process: u32) -> Vec<String> {
        let mut names = Vec::new();
        let mut next = Some(process);
        // A process is not its own ancestor, but a listing that changes while it is read may show that.
        for _ in 0..64 {
            let Some(status) = next.and_then(|id| self.text(&format!("proc/{id}/status"))) else {
                break;
            };
            if next != Some(process) {
                names.extend(field(&status, "Name").map(str::to_owned));
            }
            next = field(&status, "PPid")
                .and_then(|id| id.parse().ok())
                .filter(|id| *id != 0);
        }
        names
    }
}

/// One field of a `status` file.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A simulated machine: files as `(path, text)`.
    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn gather(files: &[(&str, &str)], variables: &[&str]) -> Facts {
        Facts::gather(
            machine(files).path(),
            |name| variables.contains(&name),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_link_is_one_that_is_up_and_not_the_loopback() {
        let facts = gather(
            &[
                ("sys/class/net/lo/operstate", "unknown\n"),
                ("sys/class/net/lo/carrier", "1\n"),
                ("sys/class/net/eth0/operstate", "up\n"),
                ("sys/class/net/eth1/operstate", "down\n"),
                ("sys/class/net/eth1/carrier", "0\n"),
                ("sys/class/net/wwan0/operstate", "unknown\n"),
                ("sys/class/net/wwan0/carrier", "1\n"),
            ],
            &[],
        );
        assert_eq!(facts.links.unwrap(), ["eth0", "wwan0"]);
    }

    #[test]
    fn default_routes_of_both_protocols_are_seen() {
        let facts = gather(
            &[
                (
                    "proc/net/route",
                    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
                     eth1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
                ),
                (
                    "proc/net/ipv6_route",
                    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     wlan0\n\
                     00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n\
                     fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0\n",
                ),
            ],
            &[],
        );
        assert_eq!(facts.default_routes.unwrap(), ["eth1", "wlan0"]);
    }

    #[test]
    fn swap_areas_and_radios_are_listed() {
        let facts = gather(
            &[
                (
                    "proc/swaps",
                    "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
                     /dev/dm-1                               partition\t999420\t0\t-2\n",
                ),
                ("sys/class/rfkill/rfkill0/state", "1\n"),
                ("sys/class/rfkill/rfkill0/type", "wlan\n"),
                ("sys/class/rfkill/rfkill1/state", "0\n"),
                ("sys/class/rfkill/rfkill1/type", "bluetooth\n"),
            ],
            &[],
        );
        assert_eq!(facts.swaps.unwrap(), ["/dev/dm-1"]);
        assert_eq!(facts.radios, ["wlan"]);
    }

    #[test]
    fn missing_files_are_unknown_facts() {
        let facts = gather(&[], &[]);
        assert_eq!(facts.links, None);
        assert_eq!(facts.default_routes, None);
        assert_eq!(facts.swaps, None);
        assert_eq!(facts.ptrace_scope, None);
        assert_eq!(facts.memory_locked, None);
    }

    #[test]
    fn ancestors_that_record_are_found() {
        let own = std::process::id();
        let facts = gather(
            &[
                (
                    &format!("proc/{own}/status"),
                    "Name:\tscript\nPPid:\t70001\n",
                ),
                ("proc/70001/status", "Name:\tbash\nPPid:\t70002\n"),
                ("proc/70002/status", "Name:\tscript\nPPid:\t70003\n"),
                ("proc/70003/status", "Name:\ttmux: server\nPPid:\t1\n"),
                ("proc/1/status", "Name:\tsystemd\nPPid:\t0\n"),
            ],
            &["TMUX"],
        );
        // The first is this program itself, whatever its name.
        assert_eq!(facts.recorders, ["script"]);
        assert_eq!(facts.multiplexers, ["tmux: server"]);
    }

    #[test]
    fn the_environment_shows_what_the_processes_do_not() {
        let facts = gather(&[], &["SSH_TTY", "ASCIINEMA_REC", "STY"]);
        assert!(facts.remote);
        assert_eq!(facts.recorders, ["asciinema"]);
        assert_eq!(facts.multiplexers, ["screen"]);
    }

    #[test]
    fn the_description_of_a_machine_does_not_contain_its_secret_id() {
        let files = [
            ("proc/sys/kernel/hostname", "vault\n"),
            ("sys/class/dmi/id/sys_vendor", "LENOVO\n"),
            ("etc/machine-id", "0123456789abcdef\n"),
        ];
        let told = super::machine(machine(&files).path());
        assert!(told.starts_with("vault, LENOVO, ID "), "{told}");
        assert!(!told.contains("0123"), "{told}");
        assert_eq!(super::machine(machine(&[]).path()), "unnamed machine");
    }

    #[test]
    fn virtual_machines_and_containers_are_recognized() {
        for (files, told) in [
            (&[(".dockerenv", "")][..], Some("/.dockerenv")),
            (
                &[("sys/class/dmi/id/sys_vendor", "QEMU\n")],
                Some("/sys/class/dmi/id/sys_vendor: qemu"),
            ),
            (
                &[(
                    "proc/cpuinfo",
                    "processor\t: 0\nflags\t\t: fpu hypervisor\n",
                )],
                Some("processor flag \"hypervisor\""),
            ),
            (
                &[
                    ("sys/class/dmi/id/sys_vendor", "LENOVO\n"),
                    ("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme\n"),
                ],
                None,
            ),
        ] {
            assert_eq!(gather(files, &[]).virtual_by.as_deref(), told);
        }
    }
}
