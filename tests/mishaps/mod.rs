//! Power cuts, full disks, and tokens that are pulled, wrong or broken.

mod backup_cuts;
mod faults;
mod tokens;
