//! One card in a PC/SC reader: commands and answers.

use std::ffi::{CStr, CString};
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Card as PcscCard, Context, Disposition, Error as Pcsc, Protocols, ShareMode};
use zeroize::Zeroizing;

use super::super::TokenError;

/// The PIV application (NIST SP 800-73-4, section 2.2).
const PIV: [u8; 5] = [0xa0, 0, 0, 3, 8];

/// The most data in a short command.
const LONGEST_PIECE: usize = 255;

/// How long to wait for another program to release a card: one that has just ended holds it for a moment.
pub(super) const IN_USE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often to try meanwhile.
const RETRY_EVERY: Duration = Duration::from_millis(50);

/// The longest answer that is accepted, in bytes: objects of a YubiKey have at most 3 KiB.
const LONGEST_ANSWER: usize = 16 * 1024;

/// A command, without its data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    name: &'static str,
    instruction: u8,
    p1: u8,
    p2: u8,
}

/// The commands of a YubiKey's PIV application.
impl Command {
    const SELECT: Self = Self::new("SELECT", 0xa4, 4, 0);
    const GET_RESPONSE: Self = Self::new("GET RESPONSE", 0xc0, 0, 0);
    pub(super) const VERSION: Self = Self::new("GET VERSION", 0xfd, 0, 0);
    pub(super) const SERIAL: Self = Self::new("GET SERIAL", 0xf8, 0, 0);
    pub(super) const VERIFY_PIN: Self = Self::new("VERIFY", 0x20, 0, 0x80);
    pub(super) const FORGET_PIN: Self = Self::new("VERIFY", 0x20, 0xff, 0x80);
    pub(super) const CHANGE_PIN: Self = Self::new("CHANGE REFERENCE DATA", 0x24, 0, 0x80);
    pub(super) const CHANGE_PUK: Self = Self::new("CHANGE REFERENCE DATA", 0x24, 0, 0x81);
    pub(super) const UNBLOCK_PIN: Self = Self::new("RESET RETRY COUNTER", 0x2c, 0, 0x80);
    pub(super) const RESET: Self = Self::new("RESET", 0xfb, 0, 0);
    pub(super) const GET_DATA: Self = Self::new("GET DATA", 0xcb, 0x3f, 0xff);
    pub(super) const PUT_DATA: Self = Self::new("PUT DATA", 0xdb, 0x3f, 0xff);
    pub(super) const SET_MANAGEMENT_KEY: Self = Self::new("SET MANAGEMENT KEY", 0xff, 0xff, 0xff);

    const fn new(name: &'static str, instruction: u8, p1: u8, p2: u8) -> Self {
        Self {
            name,
            instruction,
            p1,
            p2,
        }
    }

    pub(super) const fn metadata(reference: u8) -> Self {
        Self::new("GET METADATA", 0xf7, 0, reference)
    }

    pub(super) const fn authenticate(algorithm: u8, reference: u8) -> Self {
        Self::new("GENERAL AUTHENTICATE", 0x87, algorithm, reference)
    }

    pub(super) const fn generate(slot: u8) -> Self {
        Self::new("GENERATE ASYMMETRIC KEY PAIR", 0x47, 0, slot)
    }

    pub(super) const fn import(algorithm: u8, slot: u8) -> Self {
        Self::new("IMPORT ASYMMETRIC KEY", 0xfe, algorithm, slot)
    }

    pub(super) const fn delete(slot: u8) -> Self {
        Self::new("MOVE KEY", 0xf6, 0xff, slot)
    }

    pub(super) const fn attest(slot: u8) -> Self {
        Self::new("ATTEST", 0xf9, slot, 0)
    }

    /// The error for an unexpected status.
    pub(super) fn failed(self, status: Status) -> TokenError {
        TokenError::device(format!("{} failed: status {:04X}", self.name, status.0))
    }
}

/// The status word of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status(pub(super) u16);

impl Status {
    pub(super) const OK: Self = Self(0x9000);
    pub(super) const NOT_ALLOWED: Self = Self(0x6982);
    pub(super) const BLOCKED: Self = Self(0x6983);
    pub(super) const WRONG_DATA: Self = Self(0x6a80);
    pub(super) const NO_FILE: Self = Self(0x6a82);
    pub(super) const NO_REFERENCE: Self = Self(0x6a88);
    pub(super) const UNKNOWN: Self = Self(0x6d00);

    /// The tries left, after a wrong PIN or a query.
    pub(super) const fn tries(self) -> Option<u8> {
        match self.0 {
            0x63c0..=0x63cf => Some((self.0 & 0xf) as u8),
            0x6983 => Some(0),
            _ => None,
        }
    }
}

/// The answer of a card.
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) data: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The data of a successful command.
    pub(super) fn expect(self, command: Command) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        if self.status == Status::OK {
            Ok(self.data)
        } else {
            Err(command.failed(self.status))
        }
    }
}

/// A card that is connected.
pub(super) struct Card {
    card: PcscCard,
    reader: CString,
}

impl Card {
    /// Connects to the card in a reader exclusively, and selects its PIV application;
    /// `None` when there is no card in it.
    pub(super) fn connect(
        context: &Context,
        reader: &CStr,
        patience: Duration,
    ) -> Result<Option<Self>, TokenError> {
        let begun = Instant::now();
        let card = loop {
            match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
                Ok(card) => break card,
                Err(Pcsc::SharingViolation) if begun.elapsed() < patience => {
                    thread::sleep(RETRY_EVERY);
                }
                Err(Pcsc::SharingViolation) => return Err(TokenError::InUse),
                Err(error) if is_absent(error) => return Ok(None),
                Err(error) => return Err(device("SCardConnect", error)),
            }
        };
        let card = Self {
            card,
            reader: reader.to_owned(),
        };
        match card.transmit(Command::SELECT, &PIV) {
            Ok(answer) if answer.status == Status::OK => Ok(Some(card)),
            // A card without that application, or one that was just removed.
            Ok(_) | Err(TokenError::Removed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn reader(&self) -> &CStr {
        &self.reader
    }

    /// Disconnects without a reset.
    pub(super) fn leave(self) {
        let _ = self.card.disconnect(Disposition::LeaveCard);
    }

    /// Sends a command, in pieces if it is long, and collects the answer.
    pub(super) fn transmit(&self, command: Command, data: &[u8]) -> Result<Answer, TokenError> {
        let mut pieces = data.chunks(LONGEST_PIECE).peekable();
        let mut last: &[u8] = &[];
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                last = piece;
                break;
            }
            let (status, _) = self.exchange(0x10, command, piece)?;
            if status != Status::OK {
                let data = Zeroizing::default();
                return Ok(Answer { status, data });
            }
        }
        let (mut status, mut received) = self.exchange(0, command, last)?;
        while status.0 & 0xff00 == 0x6100 {
            let (next, more) = self.exchange(0, Command::GET_RESPONSE, &[])?;
            if more.is_empty() || received.len() + more.len() > LONGEST_ANSWER {
                return Err(command.failed(status));
            }
            received.extend_from_slice(&more);
            status = next;
        }
        Ok(Answer {
            status,
            data: received,
        })
    }

    fn exchange(
        &self,
        class: u8,
        command: Command,
        data: &[u8],
    ) -> Result<(Status, Zeroizing<Vec<u8>>), TokenError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(data.len() + 6));
        bytes.extend([class, command.instruction, command.p1, command.p2]);
        // As the vendor's tools do: the length of the answer only if there are no data.
        bytes.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(data);
        let mut buffer = Zeroizing::new([0; 258]);
        let answer = self
            .card
            .transmit(&bytes, buffer.as_mut_slice())
            .map_err(|error| {
                if is_absent(error) {
                    TokenError::Removed
                } else {
                    device(command.name, error)
                }
            })?;
        // Some drivers return an empty answer for a card that was removed during a command.
        let (data, status) = answer.split_last_chunk::<2>().ok_or(TokenError::Removed)?;
        Ok((
            Status(u16::from_be_bytes(*status)),
            Zeroizing::new(data.to_vec()),
        ))
    }
}

/// Whether an error means that the card was removed.
fn is_absent(error: Pcsc) -> bool {
    matches!(
        error,
        Pcsc::NoSmartcard
            | Pcsc::RemovedCard
            | Pcsc::ResetCard
            | Pcsc::UnpoweredCard
            | Pcsc::UnresponsiveCard
            | Pcsc::UnknownReader
            | Pcsc::ReaderUnavailable
            | Pcsc::NotTransacted
            | Pcsc::CommError
    )
}

pub(super) fn device(function: &str, error: Pcsc) -> TokenError {
    TokenError::device(format!("{function} failed: {error}"))
}
