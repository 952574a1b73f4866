//! Pictures of the screens: the program rehearses in a terminal, and each screen becomes an SVG file.
//!
//! `docs/screens.sh` runs it. The programs of a rehearsal must be installed: `./softhsm-setup.sh`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a tool for developers, which may panic"
)]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/support/pty.rs"]
mod pty;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use pty::{Size, Terminal};
use vt100::{Cell, Color, Screen};

const CELL: (f64, f64) = (9.03, 17.5);
const FONT: f64 = 15.0;
const MARGIN: f64 = 12.0;
const GROUND: &str = "#10161c";
const TEXT: &str = "#dfe5ea";

const F4: &str = "\x1bOS";
const F5: &str = "\x1b[15~";
const ESC: &str = "\x1b";
const WIDE: Size = Size {
    columns: 132,
    rows: 43,
};

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(program), Some(directory)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: pictures PROGRAM DIRECTORY");
        std::process::exit(2);
    };
    fs::create_dir_all(&directory).unwrap();
    let store = tempfile::tempdir().unwrap();
    let out = store.path().join("rehearsal");
    let environment = [
        ("LC_ALL", OsStr::new("C.UTF-8")),
        ("COLORTERM", OsStr::new("truecolor")),
    ];
    let program = program.to_str().unwrap();
    let arguments = ["rehearse", "--out", out.to_str().unwrap()];
    let terminal = Terminal::spawn(program, &arguments, &environment, Size::STANDARD);
    Album {
        terminal,
        directory,
    }
    .fill();
}

struct Album {
    terminal: Terminal,
    directory: PathBuf,
}

impl Album {
    fn fill(&mut self) {
        self.terminal.expect_on_screen("· Attendance");
        self.take("attendance");
        self.play_until("Enter  The digests match");
        self.take("read-script");
        self.play_until("· Generate the key of key holder 2");
        self.terminal.expect_on_screen("Enter  Generate the key");
        self.take("generate");
        self.write_exception();
        self.play_until("new PIN:");
        self.terminal.send("123456");
        self.terminal.expect_on_screen("new PIN: ••••••••");
        self.take("pin");
        self.terminal.send("\x15");
        self.play_until("Review root 1");
        self.terminal.resize(WIDE);
        self.terminal
            .expect_on_screen("Digest of the bytes to sign");
        self.take("review");
        self.terminal.resize(Size::STANDARD);
        self.terminal.expect_on_screen("read on");
        for _ in 0..2 {
            self.play_until("Sign with key-3");
        }
        self.take("sign");
        self.terminal.send("t");
        self.terminal.expect_on_screen("─ Transcript ─");
        self.take("transcript");
        self.terminal.send(ESC);
        self.play_until("The ceremony is closed");
        self.terminal.expect_on_screen("Enter leave");
        self.take("end");
    }

    fn write_exception(&mut self) {
        self.terminal.send(F4);
        for (label, text) in [
            ("▸ expected", "bag A0012345"),
            (
                "▸ happened",
                "bag A0012346; the seal is intact, and the custody log has this number",
            ),
            ("▸ decided", "continue, and correct the run sheet"),
        ] {
            self.terminal.expect_on_screen(label);
            self.terminal.send(text);
            self.terminal
                .expect_on_screen(text.split(';').next().unwrap());
            self.terminal.send("\t");
        }
        self.terminal.expect_on_screen("▸ by");
        self.take("exception");
        self.terminal.send(ESC);
        self.terminal
            .expect_on_screen("Generate the key of key holder 2");
    }

    /// Plays prompts until a text is on the screen.
    fn play_until(&mut self, text: &str) {
        loop {
            self.terminal.expect_screen("a prompt", |screen| {
                let contents = screen.contents();
                let is_open = contents.contains(" play  ") && !contents.contains("One moment");
                is_open || contents.contains(text)
            });
            let before = below_the_band(self.terminal.screen());
            if before.contains(text) {
                return;
            }
            self.terminal.send(F5);
            self.terminal
                .expect_screen("the next one", |screen| below_the_band(screen) != before);
        }
    }

    fn take(&mut self, name: &str) {
        // The keys in the last line are drawn last.
        self.terminal.expect_screen("a drawn screen", |screen| {
            let contents = screen.contents();
            let keys = contents.trim_end().lines().last().unwrap_or_default();
            let is_drawn = keys.contains("help") || keys.contains("Esc");
            is_drawn && !contents.contains("One moment")
        });
        let path = self.directory.join(format!("{name}.svg"));
        fs::write(&path, picture(self.terminal.screen())).unwrap();
        println!("{}", path.display());
    }
}

fn below_the_band(screen: &Screen) -> String {
    let contents = screen.contents();
    let rest = contents.split_once('\n').map(|(_, rest)| rest);
    rest.unwrap_or_default().to_owned()
}

/// A screen as SVG: a run of cells that look the same is one text.
fn picture(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = f64::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(rows) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"{FONT}\" fill=\"{TEXT}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let cells: Vec<&Cell> = (0..columns)
            .filter_map(|column| screen.cell(row, column))
            .collect();
        let mut column = 0;
        for run in cells.chunk_by(|a, b| look(a) == look(b)) {
            draw_run(&mut svg, run, row, column);
            column += run.len();
        }
    }
    draw_cursor(&mut svg, screen);
    svg.push_str("</svg>\n");
    svg
}

/// What is seen of a cell, beside its character.
fn look(cell: &Cell) -> (String, Option<String>, bool) {
    let (front, back) = (color(cell.fgcolor()), color(cell.bgcolor()));
    let (front, back) = if cell.inverse() {
        (
            Some(back.unwrap_or_else(|| GROUND.to_owned())),
            Some(front.unwrap_or_else(|| TEXT.to_owned())),
        )
    } else {
        (front, back)
    };
    (front.unwrap_or_else(|| TEXT.to_owned()), back, cell.bold())
}

fn color(color: Color) -> Option<String> {
    match color {
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        // The pictures are taken with true colors.
        Color::Default | Color::Idx(_) => None,
    }
}

fn draw_run(svg: &mut String, run: &[&Cell], row: u16, column: usize) {
    let Some(first) = run.first() else { return };
    let (front, back, is_bold) = look(first);
    let text: String = run
        .iter()
        .map(|cell| {
            if cell.has_contents() {
                cell.contents()
            } else {
                " "
            }
        })
        .collect();
    let cells = u32::try_from(run.len()).unwrap();
    let x = MARGIN + f64::from(u32::try_from(column).unwrap()) * CELL.0;
    let y = MARGIN + f64::from(row) * CELL.1;
    let width = f64::from(cells) * CELL.0;
    if let Some(back) = back {
        let height = CELL.1;
        writeln!(
            svg,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height}\" fill=\"{back}\"/>"
        )
        .unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let baseline = y + CELL.1 * 0.79;
    let weight = if is_bold { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        svg,
        "<text x=\"{x:.2}\" y=\"{baseline:.2}\" textLength=\"{width:.2}\" xml:space=\"preserve\" \
         fill=\"{front}\"{weight}>{text}</text>"
    )
    .unwrap();
}

fn draw_cursor(svg: &mut String, screen: &Screen) {
    if screen.hide_cursor() {
        return;
    }
    let (row, column) = screen.cursor_position();
    let x = MARGIN + f64::from(column) * CELL.0;
    let y = MARGIN + f64::from(row) * CELL.1;
    writeln!(
        svg,
        "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{TEXT}\"/>",
        CELL.0, CELL.1
    )
    .unwrap();
}
