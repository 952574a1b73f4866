//! The program at its command line, with no tokens but those that SoftHSM keeps.

mod adoption;
mod doctor;
mod line;
mod production;
mod rehearsal;
mod root_chains;
mod root_commands;
mod screen;
mod script;
mod share;
