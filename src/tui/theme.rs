//! Colors and characters, and their replacements on plain terminals.

use std::ffi::OsStr;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::ceremony::Mode;

/// Which characters the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    Unicode,
    /// The Linux console: letters of the locale, but lines and marks in ASCII.
    Console,
    /// ASCII only: the locale is not UTF-8.
    Ascii,
}

/// Which colors the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// Only bold and reverse.
    None,
    /// The sixteen colors of every terminal.
    Sixteen,
    /// 24-bit colors.
    True,
}

/// The look of this terminal. No information is conveyed by color alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub charset: Charset,
    pub colors: Colors,
}

impl Charset {
    /// Whether a foreign character can be shown. Characters in the texts of the program can.
    pub(super) fn shows(self, c: char) -> bool {
        c.is_ascii() || self != Self::Ascii || plain(c).is_some()
    }
}

impl Theme {
    /// The theme according to the environment.
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

    /// The bar at the top.
    pub(super) fn banner(self, mode: Mode) -> Style {
        match mode {
            Mode::Rehearsal => self.band((Color::Black, Color::Yellow), (0x0018_1405, 0x00ff_c233)),
            Mode::Production => self.band((Color::White, Color::Blue), (0x00ff_ffff, 0x001d_4e89)),
        }
    }

    #[allow(
        clippy::unused_self,
        reason = "every style belongs to the theme, even without a color"
    )]
    pub(super) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Less important text.
    pub(super) fn quiet(self) -> Style {
        match self.colors {
            Colors::True => Style::new().fg(Color::from_u32(0x0080_8a94)),
            Colors::Sixteen | Colors::None => Style::new(),
        }
    }

    pub(super) fn rule(self) -> Style {
        self.color(Color::DarkGray, 0x005c_6670)
    }

    /// Headings, keys to press and words to type.
    pub(super) fn heading(self) -> Style {
        self.color(Color::Cyan, 0x004f_b3d9)
            .add_modifier(Modifier::BOLD)
    }

    pub(super) fn ok(self) -> Style {
        self.color(Color::Green, 0x004c_b96b)
    }

    /// The current step, and waiting.
    pub(super) fn now(self) -> Style {
        self.color(Color::Yellow, 0x00ff_c233)
            .add_modifier(Modifier::BOLD)
    }

    pub(super) fn fail(self) -> Style {
        self.color(Color::LightRed, 0x00ff_6b5e)
            .add_modifier(Modifier::BOLD)
    }

    /// The current line of a list.
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

    /// A frame of the spinner.
    pub(super) fn spinner(self, turn: u128) -> char {
        const DOTS: [char; 8] = ['⣷', '⣯', '⣟', '⡿', '⢿', '⣻', '⣽', '⣾'];
        const STROKES: [char; 4] = ['|', '/', '-', '\\'];
        let of = |len: usize| usize::try_from(turn % len as u128).unwrap_or(0);
        match self.charset {
            Charset::Unicode => DOTS[of(DOTS.len())],
            Charset::Console | Charset::Ascii => STROKES[of(STROKES.len())],
        }
    }

    /// Replaces characters that the terminal does not support, as the last step of drawing.
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

/// The ASCII replacement of a character in the texts of the program.
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
    fn the_environment_determines_the_theme() {
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
