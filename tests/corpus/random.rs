//! Numbers from a seed, the same on every machine.

/// SplitMix64, seeded by a number, a name and a place.
pub struct Random(u64);

impl Random {
    /// Numbers for the picture `place` of `name` in the corpus of `seed`.
    pub fn new(seed: u64, name: &str, place: usize) -> Self {
        let name = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name ^ (place as u64).wrapping_mul(0xd1b5));
        random.next();
        random
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: it has no end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least 0, under 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Between the two.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of so many.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// One of these.
    pub fn choose<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// About normal: mean 0, deviation 1.
    pub fn normal(&mut self) -> f32 {
        let sum: f32 = (0..6).map(|_| self.unit()).sum();
        (sum - 3.0) * std::f32::consts::SQRT_2
    }

    /// Letters and digits of base32.
    pub fn base32(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[self.below(32)])).collect()
    }

    /// Letters and digits of base64.
    pub fn base64(&mut self, count: usize) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..count).map(|_| char::from(letters[self.below(64)])).collect()
    }

    /// A Key URI as services write them: 70 to 130 characters.
    pub fn key_uri(&mut self) -> String {
        let issuer = *self.choose(&["GitHub", "Example", "Contoso", "Fabrikam", "ACME%20Co", "Northwind"]);
        let person =
            *self.choose(&["mara", "jonas@example.com", "li.wei@example.org", "a.very.long.name@mail.example.com"]);
        let bytes = *self.choose(&[16, 26, 32, 52]);
        let secret = self.base32(bytes);
        format!("otpauth://totp/{issuer}:{person}?secret={secret}&issuer={issuer}")
    }

    /// A login link as the gateway's page shows it.
    pub fn login(&mut self) -> String {
        format!("https://gate.example.com/approve#1.{}", self.base64(43))
    }

    /// A part of a migration: 300 to 700 characters.
    pub fn migration(&mut self, length: usize) -> String {
        format!("otpauth-migration://offline?data={}", self.base64(length))
    }
}
