//! Buffers that go round: who has no more use for one gives it back, and who needs one takes it.
//!
//! Memory that is touched for the first time is what an import would otherwise wait for most: the system has to find
//! and clear each page of it, for every file and every chunk again.

use crossbeam_channel::{Receiver, Sender, bounded};

/// So many buffers of one kind at most; what is given back beyond them is dropped.
#[derive(Debug, Clone)]
pub struct Spares<T> {
    give: Sender<T>,
    take: Receiver<T>,
}

impl<T: Default> Spares<T> {
    pub fn new(most: usize) -> Self {
        let (give, take) = bounded(most);
        Self { give, take }
    }

    /// A buffer as it was given back, or a new one.
    pub fn take(&self) -> T {
        self.take.try_recv().unwrap_or_default()
    }

    pub fn give(&self, buffer: T) {
        // Nobody waits for it.
        let _ = self.give.try_send(buffer);
    }
}

/// Bytes that an empty buffer keeps room for: one line may have been of many megabytes.
const MOST_KEPT: usize = 4 << 20;

/// Bytes that go back when nobody reads them any more.
#[derive(Debug)]
pub struct Lent {
    pub bytes: Vec<u8>,
    spares: Spares<Vec<u8>>,
}

impl Lent {
    /// An empty buffer with room for so many bytes.
    pub fn with_room(spares: &Spares<Vec<u8>>, bytes: usize) -> Self {
        let mut lent = Self { bytes: spares.take(), spares: spares.clone() };
        lent.bytes.clear();
        lent.bytes.shrink_to(MOST_KEPT);
        lent.bytes.reserve_exact(bytes);
        lent
    }

    /// What stands for one that was moved out.
    pub fn nothing(spares: &Spares<Vec<u8>>) -> Self {
        Self { bytes: Vec::new(), spares: spares.clone() }
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() > 0 {
            self.spares.give(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_comes_back_empty_and_with_its_room() {
        let spares = Spares::new(1);
        let mut first = Lent::with_room(&spares, 100);
        first.bytes.extend_from_slice(b"of a file");
        let second = Lent::with_room(&spares, 10);
        drop((first, second));
        let again = Lent::with_room(&spares, 10);
        assert!(again.as_ref().is_empty());
        assert!(again.bytes.capacity() >= 100);
        assert_eq!(Lent::with_room(&spares, 0).bytes.capacity(), 0);
    }
}
