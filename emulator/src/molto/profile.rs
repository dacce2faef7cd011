//! One of the profiles of a Molto-2.

use countersign_protocol::Secret;

use super::shown;
use crate::apdu::{Answer, Sw};
use crate::crypt::{self, Block};
use crate::quartz::Quartz;
use crate::token::Screen;

/// What one profile holds.
#[derive(Debug, Clone)]
pub struct Profile {
    /// At most twelve bytes; anyone may read it.
    pub title: String,
    /// 1 is SHA-1, 2 is SHA-256.
    pub algorithm: u8,
    /// 4, 6, 8 or 10.
    pub digits: u8,
    /// 30 or 60, in seconds.
    pub step: u8,
    /// How long the display stays on, as a number from 0 to 3.
    pub timeout: u8,
    /// The seed, which no command tells.
    pub seed: Option<Secret>,
    clock: Quartz,
    /// When the profile was last written, by its own clock; zero for never.
    written: u32,
}

impl Profile {
    pub(super) fn empty(clock: Quartz) -> Self {
        Self { title: String::new(), algorithm: 1, digits: 6, step: 30, timeout: 1, seed: None, clock, written: 0 }
    }

    pub(super) fn disturb_clock(&mut self, now: u64, seconds: i64) {
        self.clock.disturb(now, seconds, 0);
    }

    /// The block that anyone may read. What the two times mean is not confirmed.
    pub(super) fn public(&self, now: u64) -> Vec<u8> {
        let clock = self.clock.read(now) as u32;
        let mut title = [0; 16];
        title.iter_mut().zip(self.title.as_bytes()).for_each(|(to, from)| *to = *from);
        let mut block = vec![0x95, 0x1f, 0x70, 0x1d, if self.written == 0 { 0 } else { 0x20 }];
        block.extend(title);
        block.extend(clock.to_be_bytes());
        block.extend(self.written.to_be_bytes());
        block.extend([self.algorithm, self.step, self.digits, u8::from(self.seed.is_some())]);
        block
    }

    /// A seed of zeros alone, padded or not, clears the profile.
    pub(super) fn write_seed(&mut self, key: &Block, sealed: &[u8]) -> Answer {
        if !(16..=64).contains(&sealed.len()) {
            return Err(Sw::DATA);
        }
        let opened = crypt::sm4_open(key, sealed).ok_or(Sw::DATA)?;
        let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let seed = if is_zero(opened.expose()) { &[][..] } else { crypt::unpadded(opened.expose()).ok_or(Sw::DATA)? };
        self.seed = (!is_zero(seed)).then(|| Secret::from_slice(seed));
        Ok(Vec::new())
    }

    pub(super) fn write_title(&mut self, key: &Block, sealed: &[u8]) -> Answer {
        let opened = crypt::sm4_open(key, sealed).filter(|_| sealed.len() == 16).ok_or(Sw::DATA)?;
        let title = crypt::unpadded(opened.expose()).filter(|title| (1..=12).contains(&title.len()));
        let title = title.and_then(|title| str::from_utf8(title).ok()).ok_or(Sw::DATA)?;
        title.clone_into(&mut self.title);
        Ok(Vec::new())
    }

    /// All settings, or the clock alone. Gives what the clock was set to.
    pub(super) fn write_config(&mut self, config: &[u8], now: u64) -> Result<u64, Sw> {
        let clock = match *config {
            [0x81, 6, 0x0f, 4, a, b, c, d] => [a, b, c, d],
            #[rustfmt::skip]
            [0x81, 0x14, 0x1f, 1, timeout @ 0..=3, 0x0f, 4, a, b, c, d, 0x86, 9, 0x0a, 1, algorithm @ 1..=2,
             0x0b, 1, digits @ (4 | 6 | 8 | 10), 0x0d, 1, step @ (30 | 60)] => {
                (self.timeout, self.algorithm, self.digits, self.step) = (timeout, algorithm, digits, step);
                [a, b, c, d]
            }
            _ => return Err(Sw::DATA),
        };
        self.written = u32::from_be_bytes(clock);
        self.clock.set(now, self.written.into());
        Ok(self.written.into())
    }

    pub(super) fn screen(&self, now: u64) -> Screen {
        let time = self.clock.read(now);
        let seed = self.seed.as_ref();
        let code = seed.and_then(|seed| shown(seed, self.algorithm, self.digits, self.step, time));
        code.map_or(Screen::Dashes, |code| Screen::Code { title: Some(self.title.clone()), code })
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{RFC_SEED, hex, sent};
    use crate::{Molto, Question, Screen, Still, Token};

    const AUTHENTICATE: &str = "80CE000010 550EC1328F963EB02972BB141E1CF521";
    const SEED_7: &str = "84C5010724 5D848C69EB8E884E7D20591FF89ADEFF31FD80354BF08248E60D457774BBF06E F534C738";
    const CONFIG_7: &str = "84D401071A 81141F01020F046553F10086090A01010B01060D011E 5FE6042A";
    const TITLE_7: &str = "84D5000714 934363A4A0B27FE53AC3FBDBDC50A270 F086F8A0";

    fn token() -> (Molto, Still) {
        let world = Still::at(1_700_000_000);
        (Molto::v2("00000000000042", world.clone()), world)
    }

    fn attempt(token: &mut Molto, world: &Still, response: &str) -> String {
        world.load(&hex("1122334455667788"));
        assert_eq!(sent(token, "804B080000"), "11223344556677889000");
        sent(token, response)
    }

    #[test]
    fn a_profile_is_written_read_and_deleted() {
        let (mut token, world) = token();
        let empty = "951F701D00 00000000000000000000000000000000 6553F100 00000000 01 1E 06 00 9000";
        assert_eq!(sent(&mut token, "804100070170"), empty.replace(' ', ""));
        assert_eq!(sent(&mut token, "80410007017000"), "6FFB");
        assert_eq!(sent(&mut token, "804100640170"), "6A86");
        assert_eq!(sent(&mut token, SEED_7), "6983");
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "9000");
        assert_eq!(sent(&mut token, "80E6000700"), "6A83");
        for frame in [CONFIG_7, SEED_7, TITLE_7] {
            assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        }
        let full = "951F701D20 476F6F676C6500000000000000000000 6553F100 6553F100 01 1E 06 01 9000";
        assert_eq!(sent(&mut token, "804100070170"), full.replace(' ', ""));
        token.turn_to(7);
        let shown = Screen::Code { title: Some("Google".into()), code: "921300".into() };
        assert_eq!(token.screen(), shown);
        assert_eq!(token.profile(7).unwrap().seed.as_ref().unwrap().expose(), RFC_SEED);
        token.leave();
        assert_eq!(sent(&mut token, "80E6000700"), "9000");
        assert_eq!(sent(&mut token, "80E6000700"), "6A83");
        assert_eq!((token.profile(7).unwrap().title.as_str(), token.screen()), ("Google", Screen::Dashes));
    }

    #[test]
    fn zeros_clear_a_profile_padded_or_not() {
        let clear = "84C5010724 14CC24B0CC984DA7612C0799D350E38C14CC24B0CC984DA7612C0799D350E38C BA3D8343";
        let padded = "84C5010724 14CC24B0CC984DA7612C0799D350E38C2C6DDD4F3D6531076ED6B99875607D58 CC52B85C";
        for zeros in [clear, padded] {
            let (mut token, world) = token();
            attempt(&mut token, &world, AUTHENTICATE);
            assert_eq!(sent(&mut token, SEED_7), "9000");
            assert_eq!(sent(&mut token, zeros), "9000");
            assert!(token.profile(7).unwrap().seed.is_none());
        }
    }

    #[test]
    fn wrong_keys_are_counted_and_told() {
        let (mut token, world) = token();
        let wrong = "80CE000010 00000000000000000000000000000000";
        assert_eq!(attempt(&mut token, &world, wrong), "63C7");
        assert_eq!(attempt(&mut token, &world, wrong), "63C6");
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "9000");
        for left in (0..8).rev() {
            assert_eq!(attempt(&mut token, &world, wrong), format!("63C{left}"));
        }
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "6983");
        assert_eq!(sent(&mut token, "8056000000"), "9060");
        token.press();
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "9000");

        let mut token = Molto::v1("1", world.clone()).by_the_book();
        assert_eq!(attempt(&mut token, &world, wrong), "6307");
        assert_eq!(sent(&mut token, "80E6000000"), "6982");
        assert_eq!(sent(&mut token, "804100320170"), "6A86");
    }

    #[test]
    fn another_key_and_a_reset_wait_for_the_button() {
        let (mut token, world) = token();
        attempt(&mut token, &world, AUTHENTICATE);
        sent(&mut token, SEED_7);
        let change = "84D7000024 D42E83EC1BB82944A85FCE676BD0FD22E7577A25916244DCC4EC7412D665AF4B 67821C80";
        assert_eq!(sent(&mut token, change), "9060");
        assert_eq!(token.screen(), Screen::Asks(Question::ChangeKey));
        token.decline();
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "9000");
        assert_eq!(sent(&mut token, change), "9060");
        token.press();
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "63C7");
        assert_eq!(token.key, super::super::derived(&[0; 16]));

        assert_eq!(sent(&mut token, "8056000000"), "9060");
        assert_eq!(token.screen(), Screen::Asks(Question::FactoryReset));
        assert!(token.profile(7).unwrap().seed.is_some());
        token.press();
        assert!(token.profile(7).unwrap().seed.is_none());
        assert_eq!(token.profile(0).unwrap().title, "Token2");
        assert_eq!(attempt(&mut token, &world, AUTHENTICATE), "9000");
    }

    #[test]
    fn its_screen_locks_where_the_firmware_can() {
        let (mut token, world) = token();
        let sample = token.screen();
        assert!(matches!(&sample, Screen::Code { title: Some(title), .. } if title == "Token2"));
        assert_eq!(sent(&mut token, "80D80C0200"), "6982");
        attempt(&mut token, &world, AUTHENTICATE);
        assert_eq!(sent(&mut token, "80D80C0200"), "9000");
        assert_eq!(token.screen(), Screen::Dark);
        assert_eq!(sent(&mut token, "80D80C020101"), "9000");
        assert_eq!(token.screen(), sample);
        assert_eq!(sent(&mut Molto::v1("1", world).with_old_firmware(), "80D80C0200"), "6D00");
    }

    #[test]
    fn a_select_hangs_it_up_until_it_is_plugged_in_again() {
        let (mut token, _) = token();
        assert_eq!(token.transmit(&hex("00A4040007A0000005272101")), None);
        assert!(token.is_wedged());
        assert_eq!(token.transmit(&hex("8041000000")), None);
        token.power_cycle();
        assert!(sent(&mut token, "8041000000").ends_with("6553F1009000"));
    }

    #[test]
    fn settings_out_of_range_and_a_profile_that_is_full() {
        let (token, world) = token();
        let mut token = token.refusing_overwrite();
        attempt(&mut token, &world, AUTHENTICATE);
        let mut profile = token.profile(3).unwrap().clone();
        let config = hex("81141F01020F046553F10086090A01010B01060D011E");
        for (place, value) in [(4, 4), (15, 3), (18, 5), (21, 31), (0, 0x82)] {
            let mut wrong = config.clone();
            wrong[place] = value;
            assert!(profile.write_config(&wrong, 0).is_err(), "{place}");
        }
        assert_eq!(profile.write_config(&config, 0), Ok(0x6553_f100));
        assert_eq!(sent(&mut token, SEED_7), "9000");
        assert_eq!(sent(&mut token, SEED_7), "6985");
        let sync = "84D401000C 81060F0466123456 42304790";
        assert_eq!(sent(&mut token, sync), "9000");
        assert!(sent(&mut token, "8041000000").ends_with("661234569000"));
    }
}
