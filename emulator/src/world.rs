//! Time and randomness, as tokens are given them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// What a token takes from the world around it.
pub trait World: Send {
    /// This moment, in seconds since 1970.
    fn now(&self) -> u64;

    /// Fills `bytes` with random bytes.
    fn dice(&mut self, bytes: &mut [u8]);
}

/// A world that stands still until it is moved, with dice that fall the same way each time. Clones are the same world.
#[derive(Debug, Clone)]
pub struct Still(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: u64,
    /// How often the dice were thrown.
    throws: u64,
    /// What they showed, and nobody has taken yet.
    thrown: VecDeque<u8>,
    /// What they were told to show before.
    loaded: VecDeque<u8>,
}

impl Still {
    /// A world at this moment, in seconds since 1970.
    pub fn at(now: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner { now, throws: 0, thrown: VecDeque::new(), loaded: VecDeque::new() })))
    }

    /// Lets seconds pass.
    pub fn pass(&self, seconds: u64) {
        let mut inner = self.inner();
        inner.now = inner.now.saturating_add(seconds);
    }

    /// Says what the dice show next.
    pub fn load(&self, bytes: &[u8]) {
        self.inner().loaded.extend(bytes);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for Still {
    fn now(&self) -> u64 {
        self.inner().now
    }

    fn dice(&mut self, bytes: &mut [u8]) {
        let mut inner = self.inner();
        for byte in bytes {
            if inner.loaded.is_empty() && inner.thrown.is_empty() {
                inner.throws += 1;
                let more = Sha256::digest(inner.throws.to_be_bytes());
                inner.thrown.extend(more);
            }
            *byte = inner.loaded.pop_front().or_else(|| inner.thrown.pop_front()).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_when_told_and_its_dice_repeat() {
        let (mut one, mut two) = (Still::at(5), Still::at(5));
        let same = one.clone();
        same.pass(3);
        assert_eq!((one.now(), two.now()), (8, 5));
        one.load(&[1, 2]);
        two.load(&[1, 2]);
        let (mut first, mut second) = ([0; 40], [0; 40]);
        one.dice(&mut first);
        two.dice(&mut second);
        assert_eq!(first, second);
        assert_eq!(first[..2], [1, 2]);
        two.dice(&mut second);
        assert_ne!(first, second);
        two.load(&[3]);
        two.dice(&mut second);
        assert_eq!(second[0], 3);
    }
}
