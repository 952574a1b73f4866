//! The text that lies encrypted in the file of a share: its words, and all that a custodian needs who has nothing
//! else. `docs/formats/share.md` is its specification.

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
const LABELS: usize = 15;
/// Words in a row.
const ROW: usize = 3;
const CHECK_DOMAIN: &[u8] = b"conclave share check words v1\n";
const SHARE_DOMAIN: &[u8] = b"conclave share commitment v1\n";
const ANSWER_DOMAIN: &[u8] = b"conclave share check words commitment v1\n";
/// How many check words there are: 64 bits.
pub const CHECK_WORDS: usize = 8;

/// The share of one custodian, in clear: as it was made, or as it was opened.
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

    /// What stands on it.
    pub const fn label(&self) -> &ShareLabel {
        &self.label
    }

    /// The share.
    pub const fn share(&self) -> &Share {
        &self.share
    }

    pub(super) fn into_share(self) -> Share {
        self.share
    }

    /// The words, for a hand that writes them.
    pub fn words(&self) -> ShareWords {
        ShareWords::new(&self.share.words())
    }

    /// The eight words by which a custodian shows that the share was opened, without telling anything of it.
    pub fn check_words(&self) -> &str {
        &self.check_words
    }

    /// The text, as it is encrypted.
    pub fn text(&self) -> Zeroizing<String> {
        let label = &self.label;
        // Room for all: a text that grows leaves its former places unwiped.
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

    /// Reads what was opened. What follows the words is for people, and is not judged.
    ///
    /// # Errors
    /// A fault of the words as [`read_words`] tells it, and [`Check::ShareForm`] for everything else.
    pub fn read(text: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(text).map_err(|_| form("it is not text"))?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(form("it does not begin as the text of a share does"));
        }
        let mut head = Head { lines: &mut lines };
        head.blank()?;
        let label = head.label()?;
        let (first, second) = (head.value("Check words")?, head.value("and")?);
        head.blank()?;
        if lines.next() != Some(WORDS_HEAD) {
            return Err(form("its words do not follow"));
        }
        let words = numbered(&mut lines)?;
        let share = read_words(&words, &label.who())?;
        let place = Place {
            members: label.place.members,
            ..place_of(&share)
        };
        let opened = Self::new(label, share);
        if place != opened.label.place || place.member > place.members {
            return Err(form(
                "its words are those of another place in the set than it says",
            ));
        }
        if halves(&opened.check_words) != (first, second) {
            return Err(form("its check words are not those of its words"));
        }
        Ok(opened)
    }
}

impl fmt::Debug for OpenedShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedShare({}, …)", self.label.custodian)
    }
}

/// Opens the file of a share.
///
/// # Errors
/// When it does not open, or is no share.
pub fn open_share(file: &[u8], opener: &Opener) -> Result<OpenedShare, Refusal> {
    OpenedShare::read(&opener.open(file)?)
}

/// Reads the words of a share; `whose` they are stands in what is told.
///
/// # Errors
/// [`Check::ShareWord`], [`Check::ShareLength`], [`Check::ShareChecksum`] or [`Check::ShareForm`]. No word is told.
pub fn read_words(words: &str, whose: &str) -> Result<Share, Refusal> {
    let count = words.split_whitespace().count();
    // A word that is none is the better clue: two words may have become one.
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

/// The lines on a share that everybody may see.
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
        ("Files:", label.id.clone()),
        ("Set:", label.set.to_string()),
        ("Made:", label.made_at.to_string()),
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
            "Needed:",
            format!(
                "{} shares of this group; {} of {} groups",
                place.members_needed, place.groups_needed, place.groups
            ),
        ),
    ]
}

/// Where the words themselves say that they stand. How many members the group has they do not say.
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

/// The check words of a share: who knows them has seen it.
fn check_words(set: Digest, share: &Share) -> Zeroizing<String> {
    Zeroizing::new(digest(CHECK_DOMAIN, set, &share.words()).first_words(CHECK_WORDS))
}

/// Check words as they stand in two lines: eight long ones do not fit into one.
fn halves(check_words: &str) -> (&str, &str) {
    let spaces = check_words.match_indices(' ');
    let middle = spaces.map(|(at, _)| at).nth(CHECK_WORDS / 2 - 1);
    middle.map_or((check_words, ""), |at| {
        (&check_words[..at], &check_words[at + 1..])
    })
}

/// What tells a share from every other of its place, and nothing of its value.
pub(super) fn commitment(set: Digest, share: &Share) -> Digest {
    digest(SHARE_DOMAIN, set, &share.words())
}

/// By what check words that are read out are known to be the right ones.
pub(super) fn answer(set: Digest, check_words: &str) -> Digest {
    let mut text = Zeroizing::new(String::with_capacity(check_words.len()));
    for word in check_words.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.make_ascii_lowercase();
    digest(ANSWER_DOMAIN, set, &text)
}

fn digest(domain: &[u8], set: Digest, text: &str) -> Digest {
    let mut message = Zeroizing::new(Vec::with_capacity(domain.len() + 32 + text.len()));
    message.extend_from_slice(domain);
    message.extend_from_slice(set.as_bytes());
    message.extend_from_slice(text.as_bytes());
    Digest::of(&message)
}

fn form(what: &str) -> Refusal {
    Refusal::new(Check::ShareForm, what)
}

/// The rows of words, each word after its number, up to an empty line.
fn numbered(lines: &mut Lines<'_>) -> Result<Zeroizing<String>, Refusal> {
    let mut words = Zeroizing::new(String::with_capacity(super::WORDS * 9 * 4));
    let mut next = 1;
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        let mut parts = line.split_whitespace();
        while let Some(number) = parts.next() {
            let (true, Some(word)) = (number.parse() == Ok(next), parts.next()) else {
                return Err(form("its words are not numbered from 1"));
            };
            if words.len() + word.len() >= words.capacity() {
                return Err(form("it has too many words"));
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
            _ => Err(form("an empty line is lacking in it")),
        }
    }

    fn value(&mut self, name: &str) -> Result<&'t str, Refusal> {
        let value = self
            .lines
            .next()
            .and_then(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value
            .map(str::trim)
            .ok_or_else(|| form(&format!("it lacks the line {name:?}")))
    }

    fn label(&mut self) -> Result<ShareLabel, Refusal> {
        let is_rehearsal = match self.value("Mode")? {
            "production" => false,
            "REHEARSAL" => true,
            _ => return Err(form("it does not say its mode")),
        };
        let repository = self.value("Repository")?.to_owned();
        let key = self.value("Key")?.to_owned();
        let fingerprint = digest_of(self.value("Public key")?)?;
        let id = self.value("Files")?.to_owned();
        let set = digest_of(self.value("Set")?)?;
        let made_at = self
            .value("Made")?
            .parse()
            .map_err(|_| form("it does not say when it was made"))?;
        let custodian = self.value("Custodian")?.to_owned();
        let name = self.value("Name")?.to_owned();
        let plain = is_line(&repository)
            .and_then(|()| is_line(&name))
            .and_then(|()| is_id(&id))
            .and_then(|()| is_name(&key))
            .and_then(|()| is_name(&custodian));
        plain.map_err(|error| form(&error.to_string()))?;
        let share = self.value("Share")?;
        let needed = self.value("Needed")?;
        let place = place(share, needed)
            .ok_or_else(|| form("it does not say where it stands in its set"))?;
        let label = ShareLabel {
            repository,
            key,
            fingerprint,
            id,
            set,
            made_at,
            is_rehearsal,
            custodian,
            name,
            place,
        };
        let again = public_lines(&label);
        let is_own_form = again
            .iter()
            .any(|(name, value)| *name == "Share:" && value == share)
            && again
                .iter()
                .any(|(name, value)| *name == "Needed:" && value == needed);
        if !is_own_form {
            return Err(form("it does not say where it stands in its set"));
        }
        Ok(label)
    }
}

fn digest_of(text: &str) -> Result<Digest, Refusal> {
    Digest::from_hex(text).map_err(|error| form(&error.to_string()))
}

fn place(share: &str, needed: &str) -> Option<Place> {
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
        members_needed: number(needed, 0)?,
        groups_needed: number(needed, 1)?,
    })
}

const _: () = assert!(
    document::WIDTH >= LABELS + 64,
    "a digest stands in one line"
);

pub(super) fn check_words_differ(who: &str) -> Refusal {
    Refusal::new(
        Check::ShareCheckWords,
        format!("the check words are not those inside the share of {who}"),
    )
}
