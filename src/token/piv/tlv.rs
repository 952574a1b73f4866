//! BER-TLV as PIV uses it (NIST SP 800-73-4): tags of one or two bytes, definite lengths.

/// The tags of GENERAL AUTHENTICATE (NIST SP 800-73-4, part 2, table 7).
pub(super) const TEMPLATE: u16 = 0x7c;
pub(super) const WITNESS: u16 = 0x80;
pub(super) const CHALLENGE: u16 = 0x81;
pub(super) const RESPONSE: u16 = 0x82;

/// One element.
pub(super) fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    if let [0, low] = tag.to_be_bytes() {
        out.push(low);
    } else {
        out.extend(tag.to_be_bytes());
    }
    let length = value.len().to_be_bytes();
    match value.len() {
        0..=0x7f => out.extend(&length[length.len() - 1..]),
        0x80..=0xff => {
            out.push(0x81);
            out.extend(&length[length.len() - 1..]);
        }
        _ => {
            out.push(0x82);
            out.extend(&length[length.len() - 2..]);
        }
    }
    out.extend_from_slice(value);
    out
}

/// The elements of a text in order. Ends at an element that is truncated.
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&first, mut rest) = self.0.split_first()?;
        let mut tag = u16::from(first);
        if first & 0x1f == 0x1f {
            let (&second, after) = rest.split_first()?;
            tag = tag << 8 | u16::from(second);
            rest = after;
        }
        let (&short, mut rest) = rest.split_first()?;
        let length = match short {
            0..=0x7f => usize::from(short),
            0x81 | 0x82 => {
                let (bytes, after) = rest.split_at_checked(usize::from(short & 0x7f))?;
                rest = after;
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, value))
    }
}

/// The first element of that tag.
pub(super) fn find(text: &[u8], tag: u16) -> Option<&[u8]> {
    Elements(text)
        .find(|(found, _)| *found == tag)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_length_lead_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 3000] {
            for tag in [0x53, 0x7f49, 0x5f2f] {
                let value = vec![7; length];
                let text = [tlv(tag, &value), tlv(0x81, b"next")].concat();
                let found: Vec<_> = Elements(&text).collect();
                assert_eq!(found, [(tag, &value[..]), (0x81, &b"next"[..])]);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_not_there() {
        let text = tlv(0x53, &[1; 200]);
        for end in 0..text.len() {
            assert_eq!(find(&text[..end], 0x53), None, "{end}");
        }
        assert_eq!(find(&[0x53, 0x84, 0, 0, 0, 1, 0], 0x53), None);
    }
}
