//! The screen: what it takes in, what it shows, and that it keeps secrets.

mod keys;
mod reissue;
mod room;
mod rotation;
mod screens;
mod secrets;
mod shares;
