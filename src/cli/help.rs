//! The help of each command after its options: an example, what it reads and writes, and its exit statuses.

use clap::Command;

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

/// For each command, separated by empty lines: its name, an example, what it reads, what it writes, its exit statuses.
const HELP: &str = include_str!("help.txt");

/// The words of each command after `conclave`, and its help.
fn helps() -> impl Iterator<Item = (&'static str, String)> {
    HELP.split("\n\n").filter_map(|help| {
        let mut lines = help.lines();
        let (command, example) = (lines.next()?, lines.next()?);
        let (reads, writes) = (lines.next()?, lines.next()?);
        let exit: Vec<String> = lines
            .next()?
            .split(' ')
            .map(|status| format!("{status} {}", meaning(status)))
            .collect();
        let exit = exit.join(", ");
        let text = format!(
            "Example:\n  {example}\n\nReads: {reads}\nWrites: {writes}\nExit status: {exit}"
        );
        Some((command, text))
    })
}

fn meaning(status: &str) -> &'static str {
    match status {
        "0" => "done",
        "1" => "refused by a check",
        "2" => "usage error or invalid script",
        "3" => "token error",
        "4" => "file or other I/O error",
        "5" => "host check failed",
        _ => "aborted",
    }
}

/// Adds its help to each command.
pub(super) fn complete(program: Command) -> Command {
    helps().fold(
        program.after_help(FIRST_STEPS),
        |program, (command, text)| {
            let words: Vec<&str> = command.split(' ').collect();
            add(program, &words, &text)
        },
    )
}

fn add(command: Command, words: &[&str], text: &str) -> Command {
    match words.split_first() {
        Some((first, rest)) => command.mut_subcommand(first, |sub| add(sub, rest, text)),
        None => command.after_help(text.to_owned()),
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
        assert_eq!(found.len(), helps().count());
        for (words, mut command) in found {
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
        for (command, text) in helps() {
            let mut words = Vec::new();
            let example = text.lines().nth(1).expect("an example");
            for (index, part) in example.split('"').enumerate() {
                if index % 2 == 0 {
                    words.extend(part.split_whitespace());
                } else {
                    words.push(part);
                }
            }
            let parsed = program.clone().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
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
