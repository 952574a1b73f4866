//! The expiry of a root, as text and as an instant.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The `expires` of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expires {
    text: String,
    instant: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiresError {
    /// Also allowed: a fraction of a second, and an offset `±HH:MM` in place of `Z`.
    #[error("the time is not in the form YYYY-MM-DDTHH:MM:SSZ")]
    Form,
    #[error("the date or time does not exist")]
    Impossible,
}

impl Expires {
    /// The specified form: UTC in whole seconds. A fraction is dropped.
    pub fn at(instant: Timestamp) -> Self {
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        Self {
            text: instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            instant,
        }
    }

    /// Reads the specified form, and two variants found in production roots: a fraction of a second, and an offset in
    /// place of `Z`.
    ///
    /// # Errors
    /// If the text has any other form, or the time does not exist.
    pub fn parse(text: &str) -> Result<Self, ExpiresError> {
        let (date_time, rest) = text.split_at_checked(19).ok_or(ExpiresError::Form)?;
        if !has_form(date_time, "0000-00-00T00:00:00") {
            return Err(ExpiresError::Form);
        }
        let zone = match rest.strip_prefix('.') {
            Some(fraction) => {
                let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                if !(1..=9).contains(&(fraction.len() - zone.len())) {
                    return Err(ExpiresError::Form);
                }
                zone
            }
            None => rest,
        };
        // The parser reads a leap second as the second before it.
        let leap = date_time.ends_with(":60");
        let local: DateTime = date_time
            .parse()
            .ok()
            .filter(|_| !leap)
            .ok_or(ExpiresError::Impossible)?;
        let offset = read_zone(zone)?;
        // The fraction is ignored. The last day of 9999 is outside the range of `Timestamp`.
        let instant = offset.to_timestamp(local).unwrap_or(if local.year() > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        });
        Ok(Self {
            text: text.to_owned(),
            instant,
        })
    }

    pub const fn instant(&self) -> Timestamp {
        self.instant
    }

    /// The text in the document.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_past(&self, at: Timestamp) -> bool {
        self.instant <= at
    }

    /// Whole days until the expiry; negative if it is past.
    pub fn days_left(&self, at: Timestamp) -> i64 {
        (self.instant.as_second() - at.as_second()).div_euclid(86_400)
    }

    /// Whether the text has the form of the specification (section 4.2): `YYYY-MM-DDTHH:MM:SSZ`.
    pub fn has_specified_form(&self) -> bool {
        has_form(&self.text, "0000-00-00T00:00:00Z")
    }
}

/// Whether the text matches a pattern in which zeros stand for digits.
fn has_form(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| {
            if wanted == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        })
}

fn read_zone(zone: &str) -> Result<Offset, ExpiresError> {
    if zone == "Z" {
        return Ok(Offset::UTC);
    }
    if !has_form(zone, "+00:00") && !has_form(zone, "-00:00") {
        return Err(ExpiresError::Form);
    }
    let number = |from: usize| zone[from..from + 2].parse::<i32>().unwrap_or(i32::MAX);
    let (hours, minutes) = (number(1), number(4));
    if hours > 23 || minutes > 59 {
        return Err(ExpiresError::Impossible);
    }
    let seconds = (hours * 60 + minutes) * 60;
    let seconds = if zone.starts_with('-') {
        -seconds
    } else {
        seconds
    };
    Offset::from_seconds(seconds).map_err(|_| ExpiresError::Impossible)
}

impl fmt::Display for Expires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        Expires::parse(text).unwrap().instant().as_second()
    }

    #[test]
    fn forms_in_use_are_read() {
        let plain = seconds("2021-12-18T19:28:12Z");
        assert_eq!(seconds("2021-12-18T13:28:12.99008-06:00"), plain);
        assert_eq!(seconds("2021-12-18T20:58:12+01:30"), plain);
        assert_eq!(seconds("2021-12-18T19:28:12.999999999Z"), plain);
        let is_specified = |text| Expires::parse(text).unwrap().has_specified_form();
        assert!(is_specified("2021-12-18T19:28:12Z"));
        assert!(!is_specified("2021-12-18T19:28:12+00:00"));
    }

    #[test]
    fn the_last_second_of_9999_is_a_date() {
        let last = Expires::parse("9999-12-31T23:59:59Z").unwrap();
        assert!(!last.is_past("9999-01-01T00:00:00Z".parse().unwrap()));
        assert!(
            Expires::parse("0000-01-01T00:00:00Z")
                .unwrap()
                .is_past(Timestamp::UNIX_EPOCH)
        );
    }

    #[test]
    fn a_root_has_expired_when_its_second_begins() {
        let expires = Expires::parse("2030-01-01T00:00:00Z").unwrap();
        assert!(!expires.is_past("2029-12-31T23:59:59.999Z".parse().unwrap()));
        assert!(expires.is_past("2030-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn days_are_counted_whole() {
        let expires = Expires::parse("2030-01-03T00:00:00Z").unwrap();
        for (at, days) in [
            ("2030-01-01T00:00:00Z", 2),
            ("2030-01-01T00:00:01Z", 1),
            ("2030-01-03T00:00:00Z", 0),
            ("2030-01-03T00:00:01Z", -1),
        ] {
            assert_eq!(expires.days_left(at.parse().unwrap()), days, "{at}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2030-01-01",
            "2030-01-01T00:00:00",
            "2030-01-01 00:00:00Z",
            "2030-01-01T00:00:00z",
            "2030-01-01T00:00:00Z ",
            " 2030-01-01T00:00:00Z",
            "20300101T000000Z",
            "10000-01-01T00:00:00Z",
            "2030-01-01T00:00:00.Z",
            "2030-01-01T00:00:00.0000000000Z",
            "2030-01-01T00:00Z",
            "2030-1-1T00:00:00Z",
            "+030-01-01T00:00:00Z",
            "2030-01-01T00:00:00+0000",
            "２０３０-01-01T00:00:00Z",
        ] {
            assert_eq!(Expires::parse(text), Err(ExpiresError::Form), "{text}");
        }
        for text in [
            "2030-02-30T00:00:00Z",
            "2029-02-29T00:00:00Z",
            "2030-13-01T00:00:00Z",
            "2030-00-01T00:00:00Z",
            "2030-01-00T00:00:00Z",
            "2030-01-01T24:00:00Z",
            "2030-01-01T23:60:00Z",
            "2016-12-31T23:59:60Z",
            "2030-01-01T00:00:00+24:00",
        ] {
            assert_eq!(
                Expires::parse(text),
                Err(ExpiresError::Impossible),
                "{text}"
            );
        }
    }

    #[test]
    fn written_text_has_the_specified_form() {
        let written = Expires::at("2030-01-01T00:00:00.75Z".parse().unwrap());
        assert_eq!(written.as_str(), "2030-01-01T00:00:00Z");
        assert_eq!(Expires::parse(written.as_str()), Ok(written));
    }
}
