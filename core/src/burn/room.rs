//! How full a token is.

/// What is taken of a token's places, and how many it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// How many hold a seed.
    pub taken: usize,
    /// How many there are, where that is known.
    pub all: Option<usize>,
    /// Of a token with profiles those that hold a seed: number and title, which anyone may read.
    pub profiles: Vec<(u8, String)>,
}

impl Room {
    /// So many entries.
    pub(super) const fn of_entries(taken: usize, all: Option<usize>) -> Self {
        Self { taken, all, profiles: Vec::new() }
    }

    /// Whether a token with profiles holds no more than it came with: Token2 puts a profile of its own into the first.
    pub fn is_as_made(&self) -> bool {
        self.profiles.iter().all(|(number, title)| *number == 0 && title == "Token2")
    }

    /// How many places are free, where that is known.
    pub fn free(&self) -> Option<usize> {
        self.all.map(|all| all.saturating_sub(self.taken))
    }
}
