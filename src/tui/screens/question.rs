//! A prompt before it is laid out.

use ratatui::text::Line;

pub(super) struct Question {
    /// The person or purpose.
    pub title: String,
    /// The text above the answer.
    pub text: Vec<Line<'static>>,
    /// The answer.
    pub input: Vec<Line<'static>>,
    /// Column and row of the cursor within the input.
    pub cursor: Option<(u16, u16)>,
    /// The width of a line in cells.
    pub room: usize,
}
