//! Files: the only room that opens foreign files, writes files, keeps journals and knows media.

mod error;
mod folder;
mod journal;
mod medium;
mod read;
mod write;

pub use error::{FileError, FileProblem, WriteError};
pub use folder::{
    Entry, EntryKind, is_empty, is_taken, list, make_folder, point_link, real_path, remove_folder,
};
pub use journal::{Journal, JournalError, MirroredJournal};
pub use medium::Medium;
pub use read::{Links, digest, read, read_start, read_text};
pub use write::{
    Mode, create_log, erase, replace, replace_all, replace_only, write_all_once, write_new,
    write_once,
};
