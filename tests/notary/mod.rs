//! Roots for Notary v1 against what Docker Content Trust is made of: the stock server and the stock client, of
//! Debian's package `notary`, and `docker trust` where a Docker CLI is there.

mod bad_input;
mod destruction;
mod docker;
mod life;
mod migration;
mod room;
mod script;
mod server;
