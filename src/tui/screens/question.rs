//! What a screen asks, before it is laid out.

use ratatui::text::Line;

/// What the screen asks.
pub(super) struct Question {
    /// For whom, or what for.
    pub title: String,
    /// What to know first.
    pub text: Vec<Line<'static>>,
    /// The place of the answer.
    pub input: Vec<Line<'static>>,
    /// Column and row of the cursor within the input.
    pub cursor: Option<(u16, u16)>,
    /// Cells of a line.
    pub room: usize,
}
