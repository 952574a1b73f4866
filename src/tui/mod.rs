//! The screen: a ceremony that a room of people can follow for hours.
//!
//! [`run`] draws on the calling thread while the work goes on in another one, which asks through a
//! [`FrontEnd`](crate::ceremony::FrontEnd) and so can hang without freezing anything. What is drawn follows
//! from the [`Model`] alone ([`view`]), and the model changes in [`update`] alone.

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

pub use model::{Call, Model, RecordLine, Reply, Settings};
pub use reply::Cmd;
pub use run::run;
pub use screens::view;
pub use theme::{Charset, Colors, Theme};
pub use update::{Msg, update};
