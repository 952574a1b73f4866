//! The text inside an encrypted share file: the words, and everything that a custodian needs to use them.
//! `docs/formats/share.md` specifies it.

use std::fmt;
use std::fmt::Write as _;
use std::str::Lines;

use zeroize::Zeroizing;

use super::check::{Check, Refusal};
use super::instructions;
use super::label::{Place, ShareLabel};
use super::opening::Opener;
use super::plan::{is_id, is_line, is_name};
use super::slip39::{self, Share, ShareError};
use crate::document;
use crate::record::visible;
use crate::secret::ShareWords;
use crate::words::Digest;

const FIRST_LINE: &str = "conclave backup share, format 1";
const WORDS_HEAD: &str = "Words:";
/// The column of values.
const LABELS: usize = 15;
/// Words per line.
const ROW: usize = 3;
const CHECK_DOMAIN: &[u8] = b"conclave share check words v1\n";
const SHARE_DOMAIN: &[u8] = b"conclave share commitment v1\n";
const CHECK_COMMITMENT_DOMAIN: &[u8] = b"conclave share check words commitment v1\n";
/// The number of check words, which encode 64 bits.
pub const CHECK_WORDS: usize = 8;

/// An unencrypted share.
pub struct OpenedShare {
    label: ShareLabel,
    share: Share,
    check_words: Zeroizing<String>,
}

impl OpenedShare {
    pub(super) fn new(label: ShareLabel, share: Share) -> Self {
        let check_words = check_words(label.set, &share);
        Self {
            label,
            share,
            check_words,
        }
    }

    pub const fn label(&self) -> &ShareLabel {
        &self.label
    }

    pub const fn share(&self) -> &Share {
        &self.share
    }

    pub(super) fn into_share(self) -> Share {
        self.share
    }

    /// The words for writing by hand.
    pub fn words(&self) -> ShareWords {
        ShareWords::new(&self.share.words())
    }

    /// The words that show that a custodian opened the share, without revealing anything about it.
    pub fn check_words(&self) -> &str {
        &self.check_words
    }

    /// The text to be encrypted.
    pub fn text(&self) -> Zeroizing<String> {
        let label = &self.label;
        // Enough capacity, because a growing string leaves unwiped copies.
        let mut text = Zeroizing::new(String::with_capacity(1 << 13));
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            if !value.is_empty() {
                for _ in name.len()..LABELS {
                    text.push(' ');
                }
                text.push_str(value);
            }
            text.push('\n');
        };
        line(FIRST_LINE, "");
        line("", "");
        for (name, value) in public_lines(label) {
            line(name, &value);
        }
        let (first, second) = halves(&self.check_words);
        line("Check words:", first);
        line("and:", second);
        line("", "");
        line(WORDS_HEAD, "");
        let words = self.share.words();
        for (place, word) in words.split(' ').enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{:>4} ", place + 1);
            text.push_str(word);
            if place % ROW == ROW - 1 {
                text.push('\n');
            } else {
                for _ in word.len()..12 {
                    text.push(' ');
                }
            }
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&instructions::inside(label));
        text
    }

    /// Reads a decrypted text. The text after the words is for people and is ignored.
    ///
    /// # Errors
    /// Those of [`read_words`], or [`Check::ShareForm`].
    pub fn read(text: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(text).map_err(|_| form("the content is not text"))?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(form("the text does not start like a share"));
        }
        let mut head = Head { lines: &mut lines };
        head.blank()?;
        let label = head.label()?;
        let (first, second) = (head.value("Check words")?, head.value("and")?);
        head.blank()?;
        if lines.next() != Some(WORDS_HEAD) {
            return Err(form("the line \"Words:\" is missing"));
        }
        let words = numbered(&mut lines)?;
        let share = read_words(&words, &label.who())?;
        let place = Place {
            members: label.place.members,
            ..place_of(&share)
        };
        let opened = Self::new(label, share);
        if place != opened.label.place || place.member > place.members {
            return Err(form("the words do not match the position in the set"));
        }
        if halves(&opened.check_words) != (first, second) {
            return Err(form("the check words do not match the words"));
        }
        Ok(opened)
    }
}

impl fmt::Debug for OpenedShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedShare({}, …)", self.label.custodian)
    }
}

/// # Errors
/// If the file cannot be decrypted, or does not contain a share.
pub fn open_share(file: &[u8], opener: &Opener) -> Result<OpenedShare, Refusal> {
    OpenedShare::read(&opener.open(file)?)
}

/// Reads the words of a share. `whose` describes the share in errors.
///
/// # Errors
/// [`Check::ShareWord`], [`Check::ShareLength`], [`Check::ShareChecksum`] or [`Check::ShareForm`], without the words.
pub fn read_words(words: &str, whose: &str) -> Result<Share, Refusal> {
    let count = words.split_whitespace().count();
    // An unknown word is the better error, because it can be two words without a space.
    let has_all = count == super::WORDS || !words.split_whitespace().all(slip39::is_word);
    let share = if has_all {
        Share::read(words)
    } else {
        Err(ShareError::Length { found: count })
    };
    share.map_err(|error| {
        let check = match error {
            ShareError::Word { .. } => Check::ShareWord,
            ShareError::Length { .. } => Check::ShareLength,
            ShareError::Checksum => Check::ShareChecksum,
            _ => Check::ShareForm,
        };
        Refusal::new(check, format!("{}: {error}", visible(whose)))
    })
}

/// The public lines of a share.
pub(super) fn public_lines(label: &ShareLabel) -> Vec<(&'static str, String)> {
    let place = &label.place;
    let mode = if label.is_rehearsal {
        "REHEARSAL"
    } else {
        "production"
    };
    vec![
        ("Mode:", mode.to_owned()),
        ("Repository:", label.repository.clone()),
        ("Key:", label.key.clone()),
        ("Public key:", label.fingerprint.to_string()),
        ("Set ID:", label.id.clone()),
        ("Set:", label.set.to_string()),
        ("Created:", label.created_at.to_string()),
        ("Custodian:", label.custodian.clone()),
        ("Name:", label.name.clone()),
        (
            "Share:",
            format!(
                "{} of {} in group {} of {}",
                place.member, place.members, place.group, place.groups
            ),
        ),
        (
            "Required:",
            format!(
                "{} shares of this group; {} of {} groups",
                place.members_needed, place.groups_needed, place.groups
            ),
        ),
    ]
}

/// The position according to the words, which do not contain the number of members.
pub(super) fn place_of(share: &Share) -> Place {
    let (group, groups) = share.group();
    Place {
        group,
        groups,
        groups_needed: share.groups_needed(),
        member: share.member(),
        members: 0,
        members_needed: share.members_needed(),
    }
}

/// Knowing the check words shows that the share was opened.
fn check_words(set: Digest, share: &Share) -> Zeroizing<String> {
    Zeroizing::new(digest(CHECK_DOMAIN, set, &share.words()).first_words(CHECK_WORDS))
}

/// The check words in two lines, because eight long words do not fit into one.
fn halves(check_words: &str) -> (&str, &str) {
    let spaces = check_words.match_indices(' ');
    let middle = spaces.map(|(at, _)| at).nth(CHECK_WORDS / 2 - 1);
    middle.map_or((check_words, ""), |at| {
        (&check_words[..at], &check_words[at + 1..])
    })
}

/// Identifies the value of a share without revealing it.
pub(super) fn commitment(set: Digest, share: &Share) -> Digest {
    digest(SHARE_DOMAIN, set, &share.words())
}

/// Identifies check words without revealing them.
pub(super) fn check_words_commitment(set: Digest, check_words: &str) -> Digest {
    let mut text = Zeroizing::new(String::with_capacity(check_words.len()));
    for word in check_words.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.make_ascii_lowercase();
    digest(CHECK_COMMITMENT_DOMAIN, set, &text)
}

fn digest(domain: &[u8], set: Digest, text: &str) -> Digest {
    let mut message = Zeroizing::new(Vec::with_capacity(domain.len() + 32 + text.len()));
    message.extend_from_slice(domain);
    message.extend_from_slice(set.as_bytes());
    message.extend_from_slice(text.as_bytes());
    Digest::of(&message)
}

fn form(text: impl Into<String>) -> Refusal {
    Refusal::new(Check::ShareForm, text)
}

/// The numbered words up to an empty line.
fn numbered(lines: &mut Lines<'_>) -> Result<Zeroizing<String>, Refusal> {
    let mut words = Zeroizing::new(String::with_capacity(super::WORDS * 9 * 4));
    let mut next = 1;
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        let mut parts = line.split_whitespace();
        while let Some(number) = parts.next() {
            let (true, Some(word)) = (number.parse() == Ok(next), parts.next()) else {
                return Err(form("the words are not numbered from 1"));
            };
            if words.len() + word.len() >= words.capacity() {
                return Err(form("there are too many words"));
            }
            if next > 1 {
                words.push(' ');
            }
            words.push_str(word);
            next += 1;
        }
    }
    Ok(words)
}

/// The lines before the words.
struct Head<'l, 't> {
    lines: &'l mut Lines<'t>,
}

impl<'t> Head<'_, 't> {
    fn blank(&mut self) -> Result<(), Refusal> {
        match self.lines.next() {
            Some("") => Ok(()),
            _ => Err(form("an empty line is missing")),
        }
    }

    fn value(&mut self, name: &str) -> Result<&'t str, Refusal> {
        let value = self
            .lines
            .next()
            .and_then(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value
            .map(str::trim)
            .ok_or_else(|| form(format!("the line {name:?} is missing")))
    }

    fn digest(&mut self, name: &str) -> Result<Digest, Refusal> {
        Digest::from_hex(self.value(name)?).map_err(|error| form(error.to_string()))
    }

    fn label(&mut self) -> Result<ShareLabel, Refusal> {
        let is_rehearsal = match self.value("Mode")? {
            "production" => false,
            "REHEARSAL" => true,
            other => return Err(form(format!("the mode {other:?} is unknown"))),
        };
        let repository = self.value("Repository")?.to_owned();
        let key = self.value("Key")?.to_owned();
        let fingerprint = self.digest("Public key")?;
        let id = self.value("Set ID")?.to_owned();
        let set = self.digest("Set")?;
        let created_at = self.value("Created")?.parse();
        let created_at = created_at.map_err(|_| form("the time of creation is not valid"))?;
        let custodian = self.value("Custodian")?.to_owned();
        let name = self.value("Name")?.to_owned();
        let plain = is_line(&repository)
            .and_then(|()| is_line(&name))
            .and_then(|()| is_id(&id))
            .and_then(|()| is_name(&key))
            .and_then(|()| is_name(&custodian));
        plain.map_err(|error| form(error.to_string()))?;
        let (share, required) = (self.value("Share")?, self.value("Required")?);
        let unclear = || form("the position in the set is not valid");
        let label = ShareLabel {
            repository,
            key,
            fingerprint,
            id,
            set,
            created_at,
            is_rehearsal,
            custodian,
            name,
            place: place(share, required).ok_or_else(unclear)?,
        };
        let written = public_lines(&label);
        let is_written = |line: (&str, &str)| {
            let mut written = written.iter();
            written.any(|(name, value)| (*name, value.as_str()) == line)
        };
        if !is_written(("Share:", share)) || !is_written(("Required:", required)) {
            return Err(unclear());
        }
        Ok(label)
    }
}

fn place(share: &str, required: &str) -> Option<Place> {
    let number = |text: &str, at: usize| -> Option<u8> {
        let mut numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty());
        numbers.nth(at)?.parse().ok()
    };
    Some(Place {
        member: number(share, 0)?,
        members: number(share, 1)?,
        group: number(share, 2)?,
        groups: number(share, 3)?,
        members_needed: number(required, 0)?,
        groups_needed: number(required, 1)?,
    })
}

const _: () = assert!(document::WIDTH >= LABELS + 64, "a digest fits in one line");

pub(super) fn check_words_differ(who: &str) -> Refusal {
    Refusal::new(
        Check::ShareCheckWords,
        format!("the check words do not match the share of {who}"),
    )
}
