//! How things look: colors, marks, and what a plain terminal gets in their place.

use std::ffi::OsStr;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::ceremony::Mode;

/// Which characters the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    Unicode,
    /// Letters of the locale, but lines and marks in ASCII: the Linux console.
    Console,
    /// ASCII alone: the locale is not UTF-8.
    Ascii,
}

/// Which colors the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// None: bold and reverse alone.
    None,
    /// The sixteen that every terminal has.
    Sixteen,
    /// Any.
    True,
}

/// How things look on this terminal. Whatever a color says, a word or a mark says too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its characters.
    pub charset: Charset,
    /// Its colors.
    pub colors: Colors,
}

impl Charset {
    /// Whether a character from outside can be shown as it is. What stands in the program's own texts can.
    pub(super) fn shows(self, c: char) -> bool {
        c.is_ascii() || self != Self::Ascii || plain(c).is_some()
    }
}

impl Theme {
    /// What the environment says of the terminal.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables<T: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<T>) -> Self {
        let text = |name| {
            variable(name)
                .map(|value| value.as_ref().to_string_lossy().into_owned())
                .filter(|value| !value.is_empty())
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        let is_utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.ends_with("utf-8") || locale.ends_with("utf8")
        });
        let term = text("TERM").unwrap_or_default();
        let charset = match (is_utf8, term.as_str()) {
            (false, _) => Charset::Ascii,
            (true, "linux") => Charset::Console,
            (true, _) => Charset::Unicode,
        };
        let colors = if text("NO_COLOR").is_some() || term == "dumb" || term.starts_with("vt") {
            Colors::None
        } else if text("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
            Colors::True
        } else {
            Colors::Sixteen
        };
        Self { charset, colors }
    }

    fn color(self, sixteen: Color, true_color: u32) -> Style {
        match self.colors {
            Colors::None => Style::new(),
            Colors::Sixteen => Style::new().fg(sixteen),
            Colors::True => Style::new().fg(Color::from_u32(true_color)),
        }
    }

    fn band(self, sixteen: (Color, Color), true_color: (u32, u32)) -> Style {
        match self.colors {
            Colors::None => Style::new().add_modifier(Modifier::REVERSED),
            Colors::Sixteen => Style::new().fg(sixteen.0).bg(sixteen.1),
            Colors::True => Style::new()
                .fg(Color::from_u32(true_color.0))
                .bg(Color::from_u32(true_color.1)),
        }
    }

    /// The band across the top: it says what counts.
    pub(super) fn banner(self, mode: Mode) -> Style {
        match mode {
            Mode::Rehearsal => self.band((Color::Black, Color::Yellow), (0x0018_1405, 0x00ff_c233)),
            Mode::Production => self.band((Color::White, Color::Blue), (0x00ff_ffff, 0x001d_4e89)),
        }
    }

    /// What matters most on a line.
    #[allow(
        clippy::unused_self,
        reason = "every style is asked of the theme, whether or not it has a color"
    )]
    pub(super) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What may be read last.
    pub(super) fn quiet(self) -> Style {
        match self.colors {
            Colors::True => Style::new().fg(Color::from_u32(0x0080_8a94)),
            Colors::Sixteen | Colors::None => Style::new(),
        }
    }

    /// Lines between the parts of the screen.
    pub(super) fn rule(self) -> Style {
        self.color(Color::DarkGray, 0x005c_6670)
    }

    /// Headings.
    pub(super) fn heading(self) -> Style {
        self.color(Color::Cyan, 0x004f_b3d9)
            .add_modifier(Modifier::BOLD)
    }

    /// Keys to press, words to type.
    pub(super) fn key(self) -> Style {
        self.heading()
    }

    /// Done, and good.
    pub(super) fn ok(self) -> Style {
        self.color(Color::Green, 0x004c_b96b)
    }

    /// Where the room is.
    pub(super) fn now(self) -> Style {
        self.color(Color::Yellow, 0x00ff_c233)
            .add_modifier(Modifier::BOLD)
    }

    /// Something is being waited for.
    pub(super) fn wait(self) -> Style {
        self.now()
    }

    /// It did not work.
    pub(super) fn fail(self) -> Style {
        self.color(Color::LightRed, 0x00ff_6b5e)
            .add_modifier(Modifier::BOLD)
    }

    /// Digests, which people read to each other.
    pub(super) fn digest(self) -> Style {
        self.strong()
    }

    /// The line of a list on which the cursor stands.
    pub(super) fn selected(self) -> Style {
        match self.colors {
            Colors::True => Style::new()
                .bg(Color::from_u32(0x002a_3640))
                .fg(Color::from_u32(0x00ff_ffff))
                .add_modifier(Modifier::BOLD),
            Colors::Sixteen | Colors::None => {
                Style::new().add_modifier(Modifier::REVERSED.union(Modifier::BOLD))
            }
        }
    }

    /// One of the pictures that turn while something is waited for.
    pub(super) fn spinner(self, turn: u128) -> char {
        const DOTS: [char; 8] = ['⣷', '⣯', '⣟', '⡿', '⢿', '⣻', '⣽', '⣾'];
        const STROKES: [char; 4] = ['|', '/', '-', '\\'];
        let of = |len: usize| usize::try_from(turn % len as u128).unwrap_or(0);
        match self.charset {
            Charset::Unicode => DOTS[of(DOTS.len())],
            Charset::Console | Charset::Ascii => STROKES[of(STROKES.len())],
        }
    }

    /// Puts plain characters where the terminal has no others. The last thing done to a drawn screen, so that
    /// nothing slips past it.
    pub(super) fn degrade(self, buffer: &mut Buffer) {
        if self.charset == Charset::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            let symbol = cell.symbol();
            if symbol.is_ascii() {
                continue;
            }
            let mut chars = symbol.chars();
            let c = chars.next().unwrap_or(' ');
            match plain(c) {
                Some(plain) => {
                    cell.set_char(plain);
                }
                None if self.charset == Charset::Console && c.is_alphanumeric() => {}
                None => {
                    cell.set_char('?');
                }
            }
        }
    }
}

/// What stands in for a character of the program's own texts where there is only ASCII.
const fn plain(c: char) -> Option<char> {
    Some(match c {
        '─' | '–' | '—' | '·' => '-',
        '│' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '…' => '.',
        '•' | '×' => '*',
        '▌' | '█' => '#',
        '▸' | '→' => '>',
        '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '’' => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(variables: &[(&str, &str)]) -> (Charset, Colors) {
        let theme = Theme::from_variables(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        });
        (theme.charset, theme.colors)
    }

    #[test]
    fn the_environment_tells_what_the_terminal_can() {
        const UTF8: (&str, &str) = ("LANG", "en_GB.UTF-8");
        for (variables, expected) in [
            (&[][..], (Charset::Ascii, Colors::Sixteen)),
            (&[UTF8], (Charset::Unicode, Colors::Sixteen)),
            (
                &[UTF8, ("TERM", "linux")],
                (Charset::Console, Colors::Sixteen),
            ),
            (
                &[UTF8, ("COLORTERM", "truecolor")],
                (Charset::Unicode, Colors::True),
            ),
            (
                &[UTF8, ("COLORTERM", "truecolor"), ("NO_COLOR", "1")],
                (Charset::Unicode, Colors::None),
            ),
            (
                &[UTF8, ("NO_COLOR", "")],
                (Charset::Unicode, Colors::Sixteen),
            ),
            (&[UTF8, ("LC_ALL", "C")], (Charset::Ascii, Colors::Sixteen)),
            (&[UTF8, ("TERM", "vt100")], (Charset::Unicode, Colors::None)),
        ] {
            assert_eq!(theme(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_plain_terminal_gets_plain_characters() {
        for (charset, expected) in [
            (Charset::Unicode, "│…Zoë狐"),
            (Charset::Console, "|.Zoë狐"),
            (Charset::Ascii, "|.Zo??"),
        ] {
            let mut buffer = Buffer::with_lines(["│…Zoë狐"]);
            let theme = Theme {
                charset,
                colors: Colors::None,
            };
            theme.degrade(&mut buffer);
            let text: String = buffer
                .content
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            assert_eq!(text.trim_end(), expected);
        }
    }
}
