//! The next few files of a chain: as many as memory should hold at once.

/// How many files are read before they are judged.
const MAX_FILES: usize = 64;
/// After how many bytes no further file is read. Parsed, they can take thirty times as much.
const MAX_BYTES: usize = 8 << 20;

/// A named file, or why it could not be fetched.
type Fetched<E> = Result<(String, Vec<u8>), E>;

/// Yields files until the window is full; the iterator behind it goes on from there.
pub(super) struct Window<'a, I> {
    files: &'a mut I,
    places: usize,
    bytes: usize,
}

impl<'a, I> Window<'a, I> {
    pub(super) const fn of(files: &'a mut I) -> Self {
        Self {
            files,
            places: MAX_FILES,
            bytes: MAX_BYTES,
        }
    }
}

impl<I: Iterator<Item = Fetched<E>>, E> Iterator for Window<'_, I> {
    type Item = Fetched<E>;

    fn next(&mut self) -> Option<Fetched<E>> {
        if self.places == 0 || self.bytes == 0 {
            return None;
        }
        let fetched = self.files.next()?;
        self.places -= 1;
        let size = fetched.as_ref().map_or(0, |(_, bytes)| bytes.len());
        self.bytes = self.bytes.saturating_sub(size);
        Some(fetched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(files: &mut impl Iterator<Item = Fetched<()>>) -> Vec<usize> {
        Window::of(files)
            .map(|fetched| fetched.unwrap().1.len())
            .collect()
    }

    #[test]
    fn windows_are_bounded_by_number_and_by_bytes() {
        let file = |size: usize| Ok((String::new(), vec![0; size]));
        let mut small = (0..150).map(|_| file(1));
        let lengths: Vec<_> = std::iter::repeat_with(|| sizes(&mut small).len())
            .take(4)
            .collect();
        assert_eq!(lengths, [64, 64, 22, 0]);
        let mut large = [5 << 20, 5 << 20, 1, 9 << 20, 1].map(file).into_iter();
        assert_eq!(sizes(&mut large), [5 << 20, 5 << 20]);
        assert_eq!(sizes(&mut large), [1, 9 << 20]);
        assert_eq!(sizes(&mut large), [1]);
        assert!(sizes(&mut large).is_empty());
    }
}
