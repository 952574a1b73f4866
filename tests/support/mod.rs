//! What tests share. Each binary has all of it and uses its part.

#![allow(dead_code, reason = "each binary uses its part")]

pub(crate) mod backup;
pub(crate) mod backup_rehearsal;
pub(crate) mod ceremony_driver;
pub(crate) mod changes;
pub(crate) mod client;
pub(crate) mod lineage;
pub(crate) mod operator;
pub(crate) mod people;
pub(crate) mod pty;
pub(crate) mod publishing;
pub(crate) mod rehearse;
pub(crate) mod repository;
pub(crate) mod share_files;
pub(crate) mod signer;
pub(crate) mod site;
pub(crate) mod store;
