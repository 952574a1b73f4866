//! Media: a folder, and the device that contains it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::record::visible;

use super::error::{FileError, WriteError};
use super::folder::{real_path, remove_folder};
use super::read::{Links, read};
use super::write::{Mode, write_once};

/// A folder on a medium.
#[derive(Debug, Clone)]
pub struct Medium {
    path: PathBuf,
    device: String,
    serial: Option<String>,
}

impl Medium {
    /// The medium that contains a folder.
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        let path = real_path(folder)?;
        let number = fs::metadata(&path).map_err(FileError::system(&path))?.dev();
        let (number, serial) = whole_device(number);
        let device = match &serial {
            Some(serial) => format!("serial {}", visible(serial)),
            None => format!("device {number}"),
        };
        Ok(Self {
            path,
            device,
            serial,
        })
    }

    /// A folder of a rehearsal that replaces a medium.
    pub const fn simulated(path: PathBuf, device: String) -> Self {
        Self {
            path,
            device,
            serial: None,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Identifies its device: the serial number, or else the device number of the system.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The serial number of its device, if the system reports one.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// Writes a file like [`write_once`], by its path in the folder.
    pub fn write_once(&self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        write_once(&self.path.join(name), bytes, Mode::Private)
    }

    /// Reads a file of at most `limit` bytes, by its path in the folder.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        read(&self.path.join(name), Links::Refuse, limit)
    }

    /// Removes a folder with its content, if it exists.
    pub fn remove_folder(&self, name: &str) -> Result<(), FileError> {
        remove_folder(&self.path.join(name))
    }
}

/// The number and serial number of the whole device of which `device` is a partition.
fn whole_device(device: u64) -> (String, Option<String>) {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let number = format!("{major}:{minor}");
    let Ok(mut place) = fs::canonicalize(format!("/sys/dev/block/{number}")) else {
        // A file system without its own block device.
        return (number, None);
    };
    if place.join("partition").exists() {
        place.pop();
    }
    let whole = fs::read_to_string(place.join("dev"));
    let number = whole.map_or(number, |text| text.trim().to_owned());
    let serial = place.ancestors().find_map(|above| {
        let read = |name: &str| fs::read_to_string(above.join(name)).ok();
        let text = read("serial").or_else(|| read("device/serial"))?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    });
    (number, serial)
}
