//! Which program runs: what a record says of it.

use std::fs::File;
use std::io::Read as _;

use crate::words::Digest;

/// SHA-256 of the running program's file, where it can be read.
#[must_use]
pub fn program_digest() -> Option<Digest> {
    Digest::of_reader(own_file()?).ok()
}

/// The build ID that the linker gave the running program, in hex; none where it gave none. It names a build as the
/// digest of its file does, and is read in no time.
#[must_use]
pub fn build_id() -> Option<String> {
    // Headers and notes stand at the beginning.
    let mut beginning = Vec::new();
    own_file()?.take(1 << 14).read_to_end(&mut beginning).ok()?;
    build_id_in(&beginning).map(hex::encode)
}

fn own_file() -> Option<File> {
    File::open(std::env::current_exe().ok()?).ok()
}

/// The build ID in the notes of a 64-bit ELF file.
fn build_id_in(file: &[u8]) -> Option<&[u8]> {
    const PT_NOTE: u32 = 4;
    if file.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let headers = usize::try_from(long(file, 0x20)?).ok()?;
    let size = usize::from(short(file, 0x36)?);
    let count = usize::from(short(file, 0x38)?);
    (0..count)
        .filter_map(|index| {
            let header = file.get(headers.checked_add(index * size)?..)?;
            if word(header, 0)? != PT_NOTE {
                return None;
            }
            let offset = usize::try_from(long(header, 8)?).ok()?;
            let length = usize::try_from(long(header, 32)?).ok()?;
            file.get(offset..offset.checked_add(length)?)
        })
        .find_map(build_id_in_notes)
}

fn build_id_in_notes(mut notes: &[u8]) -> Option<&[u8]> {
    const NT_GNU_BUILD_ID: u32 = 3;
    loop {
        let name_length = usize::try_from(word(notes, 0)?).ok()?;
        let length = usize::try_from(word(notes, 4)?).ok()?;
        let kind = word(notes, 8)?;
        let name = notes.get(12..)?.get(..name_length)?;
        let rest = notes.get(12..)?.get(padded(name_length)?..)?;
        let content = rest.get(..length)?;
        if kind == NT_GNU_BUILD_ID && name == b"GNU\0" {
            return Some(content);
        }
        notes = rest.get(padded(length)?..)?;
    }
}

fn padded(length: usize) -> Option<usize> {
    length.checked_next_multiple_of(4)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test program itself was linked with the same linker; another tool reads the same ID from it.
    #[test]
    fn another_tool_reads_the_same_build_id() {
        let output = std::process::Command::new("readelf")
            .arg("-n")
            .arg(std::env::current_exe().unwrap())
            .output()
            .expect("readelf is not there: it comes with the C compiler");
        let told = String::from_utf8(output.stdout).unwrap();
        let theirs = told
            .lines()
            .find_map(|line| line.trim().strip_prefix("Build ID: "));
        assert!(theirs.is_some(), "{told}");
        assert_eq!(build_id().as_deref(), theirs);
    }

    #[test]
    fn what_is_cut_short_has_none() {
        let mut file = Vec::new();
        own_file()
            .unwrap()
            .take(1 << 14)
            .read_to_end(&mut file)
            .unwrap();
        assert!(build_id_in(&file).is_some());
        for length in (0..file.len()).step_by(7) {
            if let Some(id) = build_id_in(&file[..length]) {
                assert_eq!(Some(id), build_id_in(&file));
            }
        }
        assert_eq!(build_id_in(b"#!/bin/sh\n"), None);
    }
}
