//! What the help of each command shows after its options: an example, what it reads and writes, its exit statuses.

use clap::Command;

use super::Status::{self, Aborted, Done, Io, Refused, Token, Unfit, Usage};

struct Help {
    /// The words after `conclave`.
    command: &'static str,
    example: &'static str,
    reads: &'static str,
    writes: &'static str,
    exit: &'static [Status],
}

const FIRST_STEPS: &str = "\
First steps:
  1. Rehearse a ceremony with simulated tokens:
       conclave rehearse
  2. Write the script of your own ceremony:
       conclave script new genesis --repository example.com/updates \\
         --not-before 2027-01-15T09:00:00Z --expires 2028-01-15T00:00:00Z --out ceremony.toml
  3. Check the script, then rehearse it:
       conclave script check ceremony.toml
       conclave rehearse ceremony.toml

Exit status: 0 done, 1 refused by a check, 2 usage error or invalid script, 3 token error,
4 file or other I/O error, 5 host check failed, 130 aborted.
`conclave help COMMAND` describes a command.";

const CEREMONY: &[Status] = &[Done, Refused, Usage, Token, Io, Aborted];
const FILES: &[Status] = &[Done, Refused, Usage, Io];
const TOKENS: &[Status] = &[Done, Usage, Token, Io];
const TOKEN_SECRETS: &[Status] = &[Done, Refused, Usage, Token, Io, Aborted];

const HELP: [Help; 30] = [
    Help {
        command: "rehearse",
        example: "conclave rehearse ceremony.toml --out rehearsal",
        reads: "the script and its pinned input files",
        writes: "only the directory of --out: the simulated tokens, a ceremony directory, and export/",
        exit: CEREMONY,
    },
    Help {
        command: "run",
        example: "conclave run ceremony.toml --out /media/a/ceremony --mirror /media/b/mirror --rehearsal rehearsal/genesis",
        reads: "the script, its pinned input files, the transcript of the rehearsal, and the tokens",
        writes: "the ceremony directory, its mirror, and the tokens",
        exit: CEREMONY,
    },
    Help {
        command: "resume",
        example: "conclave resume /media/a/ceremony",
        reads: "the ceremony directory, its mirror, and the tokens",
        writes: "the ceremony directory, its mirror, and the tokens",
        exit: CEREMONY,
    },
    Help {
        command: "script check",
        example: "conclave script check ceremony.toml",
        reads: "the script and its pinned input files",
        writes: "nothing",
        exit: &[Done, Usage, Io],
    },
    Help {
        command: "script print",
        example: "conclave script print ceremony.toml --html --out run-sheet.html",
        reads: "the script and its pinned input files",
        writes: "standard output, or the file of --out",
        exit: &[Done, Usage, Io],
    },
    Help {
        command: "script show",
        example: "conclave script show genesis",
        reads: "the script and its pinned input files",
        writes: "nothing",
        exit: &[Done, Usage, Io],
    },
    Help {
        command: "script list",
        example: "conclave script list",
        reads: "nothing",
        writes: "nothing",
        exit: &[Done, Usage, Io],
    },
    Help {
        command: "script new",
        example: "conclave script new rotation --repository example.com/updates --previous 1.root.json 2.root.json --add 1 --not-before 2027-01-15T09:00:00Z --expires 2028-01-15T00:00:00Z --out rotation.toml",
        reads: "the files that the options name",
        writes: "the script of --out, and beside it the files that it pins; existing files are not overwritten",
        exit: FILES,
    },
    Help {
        command: "token list",
        example: "conclave token list --profile yubikey-piv",
        reads: "the profile and the connected tokens",
        writes: "nothing",
        exit: TOKENS,
    },
    Help {
        command: "token show",
        example: "conclave token show --token root-1",
        reads: "the profile and one token, without its PIN",
        writes: "nothing",
        exit: TOKENS,
    },
    Help {
        command: "token init",
        example: "conclave token init --label root-1",
        reads: "the profile, one token, and the new PINs",
        writes: "the token: its label, PINs and, on a YubiKey, its management key",
        exit: TOKEN_SECRETS,
    },
    Help {
        command: "token import",
        example: "conclave token import KEYID.key --profile yubikey-piv --slot 9c",
        reads: "the key file, its passphrase, and the PIN of the token",
        writes: "the token; the key file is not changed",
        exit: TOKEN_SECRETS,
    },
    Help {
        command: "token change-pin",
        example: "conclave token change-pin --token root-1",
        reads: "the profile, one token, its old PIN and the new one",
        writes: "the PIN of the token",
        exit: TOKEN_SECRETS,
    },
    Help {
        command: "token attestation verify",
        example: "conclave token attestation verify ceremony/ --root 1.root.json",
        reads: "certificates in the directories, and the root file",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root show",
        example: "conclave root show 2.root.json",
        reads: "one root file",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root status",
        example: "conclave root status metadata/ --history ceremony/",
        reads: "the chain of root files, and earlier ceremony directories",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root diff",
        example: "conclave root diff 1.root.json 2.root.json",
        reads: "two root files",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root verify",
        example: "conclave root verify metadata/",
        reads: "the chain of root files",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root lint",
        example: "conclave root lint 2.root.json --client python-tuf",
        reads: "one root file",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "root sign",
        example: "conclave root sign 2.root.request.json --token root-1 --trust metadata/ --history ceremony/ --out signing",
        reads: "the signing request, the trusted roots, earlier ceremony directories, and one token",
        writes: "a ceremony directory, with the signature file in export/",
        exit: CEREMONY,
    },
    Help {
        command: "root merge",
        example: "conclave root merge 2.root.request.json *.signature.json --out 2.root.json",
        reads: "the signing request or root file, signature files, and the file of --out if it exists",
        writes: "the root file of --out",
        exit: FILES,
    },
    Help {
        command: "root export",
        example: "conclave root export metadata/ --for tuf-on-ci --out publish",
        reads: "the chain of root files",
        writes: "a new directory with the files to publish and INSTRUCTIONS.txt",
        exit: FILES,
    },
    Help {
        command: "share inspect",
        example: "conclave share inspect share.age --manifest key-1.manifest.json",
        reads: "one file of a share set, and the manifest",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "share check",
        example: "conclave share check share.age --manifest key-1.manifest.json --identity identity.txt",
        reads: "one share, the manifest, and the custodian's identity or passphrase",
        writes: "nothing",
        exit: &[Done, Refused, Usage, Io, Aborted],
    },
    Help {
        command: "share status",
        example: "conclave share status ceremony/ drill/",
        reads: "the ceremony directories",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "share reissue",
        example: "conclave share reissue --manifest key-1.manifest.json --custodian \"Ada Lindgren=age1…\" --custodian \"Ben Okoro=paper\" --out reissue.toml",
        reads: "the manifest of the old share set",
        writes: "the script of --out, and beside it the files that it pins",
        exit: FILES,
    },
    Help {
        command: "transcript show",
        example: "conclave transcript show ceremony/",
        reads: "the ceremony directory",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "transcript verify",
        example: "conclave transcript verify ceremony/ --digest 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        reads: "the ceremony directory",
        writes: "nothing",
        exit: FILES,
    },
    Help {
        command: "transcript report",
        example: "conclave transcript report ceremony/ --out report.html",
        reads: "the ceremony directory",
        writes: "the file of --out; by default report.html in the ceremony directory",
        exit: FILES,
    },
    Help {
        command: "doctor",
        example: "conclave doctor",
        reads: "the state of this machine; nothing is changed",
        writes: "nothing",
        exit: &[Done, Usage, Io, Unfit],
    },
];

/// Adds its help to each command.
pub(super) fn complete(program: Command) -> Command {
    HELP.iter()
        .fold(program.after_help(FIRST_STEPS), |command, help| {
            let words: Vec<&str> = help.command.split(' ').collect();
            add(command, &words, &help.text())
        })
}

fn add(command: Command, words: &[&str], text: &str) -> Command {
    match words.split_first() {
        Some((first, rest)) => command.mut_subcommand(first, |sub| add(sub, rest, text)),
        None => command.after_help(text.to_owned()),
    }
}

impl Help {
    fn text(&self) -> String {
        let exit: Vec<String> = self
            .exit
            .iter()
            .map(|status| format!("{} {}", *status as u8, meaning(*status)))
            .collect();
        format!(
            "Example:\n  {}\n\nReads: {}\nWrites: {}\nExit status: {}",
            self.example,
            self.reads,
            self.writes,
            exit.join(", ")
        )
    }
}

const fn meaning(status: Status) -> &'static str {
    match status {
        Done => "done",
        Refused => "refused by a check",
        Usage => "usage error or invalid script",
        Token => "token error",
        Io => "file or other I/O error",
        Unfit => "host check failed",
        Aborted => "aborted",
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Every command that does something, by its words.
    fn commands(command: &Command, words: &str, found: &mut Vec<(String, Command)>) {
        for sub in command.get_subcommands() {
            let words = format!("{words} {}", sub.get_name());
            if sub.has_subcommands() {
                commands(sub, &words, found);
            } else {
                found.push((words.trim().to_owned(), sub.clone()));
            }
        }
    }

    #[test]
    fn every_command_has_a_complete_help() {
        let program = complete(super::super::Arguments::command());
        program.clone().debug_assert();
        let mut found = Vec::new();
        commands(&program, "", &mut found);
        let named: Vec<&str> = HELP.iter().map(|help| help.command).collect();
        assert_eq!(found.len(), named.len());
        for (words, mut command) in found {
            assert!(named.contains(&words.as_str()), "{words}");
            let purpose = command.get_about().expect("a purpose").to_string();
            assert!(
                !purpose.contains('\n') && purpose.len() < 100,
                "{words}: {purpose}"
            );
            let help = command.render_long_help().to_string();
            for part in [
                &format!("Example:\n  conclave {words}"),
                "\nReads: ",
                "\nWrites: ",
                "\nExit status: 0 done",
            ] {
                assert!(help.contains(part), "{words}: {help}");
            }
        }
    }

    /// An example that the parser refuses teaches nothing.
    #[test]
    fn every_example_is_a_valid_command_line() {
        let program = complete(super::super::Arguments::command());
        for help in HELP {
            let mut words = Vec::new();
            for (index, part) in help.example.split('"').enumerate() {
                if index % 2 == 0 {
                    words.extend(part.split_whitespace());
                } else {
                    words.push(part);
                }
            }
            let parsed = program.clone().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{}: {parsed:?}", help.command);
        }
    }

    #[test]
    fn the_program_alone_shows_the_first_steps() {
        let shown = complete(super::super::Arguments::command())
            .try_get_matches_from(["conclave"])
            .unwrap_err();
        assert_eq!(shown.exit_code(), 2);
        let shown = shown.to_string();
        for step in [
            "conclave rehearse\n",
            "conclave script new ",
            "conclave script check ",
        ] {
            assert!(shown.contains(step), "{shown}");
        }
    }
}
