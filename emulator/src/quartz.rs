//! A token's own clock: set once, then on its own, a little fast or slow.

/// A clock that was set at some moment and drifts since.
#[derive(Debug, Clone)]
pub(crate) struct Quartz {
    /// When it was set, by the world's clock.
    set: u64,
    /// What it was set to.
    to: u64,
    /// How many millionths it runs fast.
    drift: i64,
}

impl Quartz {
    /// A clock that is right at this moment.
    pub(crate) fn right(now: u64) -> Self {
        Self { set: now, to: now, drift: 0 }
    }

    /// What it shows.
    pub(crate) fn read(&self, now: u64) -> u64 {
        let passed = i128::from(now) - i128::from(self.set);
        let shown = i128::from(self.to) + passed + passed * i128::from(self.drift) / 1_000_000;
        u64::try_from(shown).unwrap_or_default()
    }

    /// Sets it; it drifts on as before.
    pub(crate) fn set(&mut self, now: u64, to: u64) {
        (self.set, self.to) = (now, to);
    }

    /// Puts it out by seconds, and lets it run fast by millionths from now on.
    pub(crate) fn disturb(&mut self, now: u64, seconds: i64, drift: i64) {
        self.set(now, self.read(now).saturating_add_signed(seconds));
        self.drift = drift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_drifts_and_is_set_right_again() {
        let mut quartz = Quartz::right(1_000);
        assert_eq!(quartz.read(1_060), 1_060);
        quartz.disturb(1_060, -40, 100_000);
        assert_eq!(quartz.read(1_060), 1_020);
        assert_eq!(quartz.read(1_160), 1_130);
        quartz.set(1_160, 1_160);
        assert_eq!(quartz.read(1_170), 1_171);
        quartz.disturb(1_170, -100_000, 0);
        assert_eq!(quartz.read(1_170), 0);
    }
}
