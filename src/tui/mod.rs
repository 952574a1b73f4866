//! The screen.
//!
//! [`run`] draws on the calling thread while the executor works in another thread and asks through a
//! [`FrontEnd`](crate::ceremony::FrontEnd), so a hanging token does not freeze the screen. Only the [`Model`] determines
//! what is drawn ([`view`]), and only [`update`] changes the model.

mod answer;
mod field;
mod forms;
mod keyboard;
mod keys;
mod model;
mod play;
mod proxy;
mod reply;
mod run;
mod screens;
mod terminal;
mod text;
mod theme;
mod update;
mod wake;

pub use model::{Call, Model, Reply, Settings, TranscriptLine};
pub use reply::Cmd;
pub use run::run;
pub use screens::view;
pub use theme::{Charset, Colors, Theme};
pub use update::{Msg, update};
