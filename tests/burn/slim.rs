//! Protectimus SLIM: the codec against the emulator, frame by frame, over a link that fails. There is no driver, and nothing to burn.

use std::time::Duration;

use countersign_core::burn::{SlimFrame, SlimInfo, slim_code};
use countersign_emulator::{Fault, Link, Lost, Slim, Still, Token as _};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period, totp};

use super::stand::{NOW, RFC_SEED};

fn link(interval: u8) -> (Link<Slim>, Still) {
    let world = Still::at(NOW);
    (Link::new(Slim::new(RFC_SEED, interval, world.clone())), world)
}

fn code_at(unix: u64, interval: u32) -> String {
    let (seed, period) = (Secret::from_slice(RFC_SEED), Period::try_from(u64::from(interval)).unwrap());
    totp(&seed, unix, Algorithm::Sha1, Digits::SIX, period).to_string()
}

fn info(link: &mut Link<Slim>) -> Option<SlimInfo> {
    SlimInfo::parse(&link.transmit(&SlimFrame::info().request()).unwrap())
}

fn code(link: &mut Link<Slim>) -> Option<String> {
    let told = slim_code(&link.transmit(&SlimFrame::read_code().request()).unwrap())?;
    Some(told.to_string())
}

fn set(link: &mut Link<Slim>, unix: u64, interval: u32) -> Result<Vec<u8>, Lost> {
    link.transmit(&SlimFrame::set_clock(unix, interval).unwrap().request())
}

#[test]
fn all_that_it_tells_is_read() {
    for interval in [30, 60] {
        let (mut link, world) = link(interval);
        let seconds = u32::from(interval);
        let told = SlimInfo { hardware: 2, firmware: 1, has_clock: true, interval: seconds };
        assert_eq!(info(&mut link), Some(told));
        for _ in 0..200 {
            assert_eq!(code(&mut link), Some(code_at(countersign_emulator::World::now(&world), seconds)));
            world.pass(7);
        }
    }
}

#[test]
fn a_clock_that_is_set_shows_the_codes_of_that_time() {
    let (mut link, world) = link(30);
    for (unix, interval) in [(59, 30), (1_111_111_109, 60), (NOW + 86_400, 30), (u64::from(u32::MAX), 60)] {
        assert!(SlimFrame::is_set(&set(&mut link, unix, interval).unwrap()), "{unix}");
        assert_eq!(info(&mut link).map(|told| told.interval), Some(interval));
        assert_eq!(code(&mut link), Some(code_at(unix, interval)));
        // It goes on from there.
        world.pass(61);
        assert_eq!(code(&mut link), Some(code_at(unix + 61, interval)));
    }
    // RFC 6238, appendix B, in six digits.
    set(&mut link, 59, 30).unwrap();
    assert_eq!(code(&mut link).as_deref(), Some("287082"));
}

#[test]
fn a_frame_that_is_lost_is_sent_again_and_does_the_same() {
    let there = NOW + 3_600;
    for fault in [Fault::DropBefore, Fault::DropAfter, Fault::Slow(Duration::from_secs(20))] {
        let (mut link, _) = link(30);
        (1..=3).for_each(|number| link.fault(2 * number - 1, fault));
        let frames = [
            SlimFrame::info().request(),
            SlimFrame::set_clock(there, 60).unwrap().request(),
            SlimFrame::read_code().request(),
        ];
        let mut answers = Vec::new();
        for frame in &frames {
            assert!(link.transmit(frame).is_err(), "{fault:?}");
            link.come_back();
            answers.push(link.transmit(frame).unwrap());
        }
        assert!(SlimInfo::parse(&answers[0]).is_some() && SlimFrame::is_set(&answers[1]));
        assert_eq!(slim_code(&answers[2]).map(|told| told.to_string()), Some(code_at(there, 60)), "{fault:?}");
    }
    // A clock whose frame never came is the one of before.
    let (mut lost, _) = link(30);
    lost.fault(1, Fault::DropBefore);
    assert_eq!(set(&mut lost, there, 60), Err(Lost::Gone));
    lost.come_back();
    assert_eq!(code(&mut lost), Some(code_at(NOW, 30)));
}

/// Every answer cut short at every place, and with each of its bits the other way round: none says anything, or what a byte that
/// is not covered by the sum says.
#[test]
fn what_is_cut_or_bent_on_the_way_is_not_read() {
    let (mut link, _) = link(30);
    let told = link.transmit(&SlimFrame::read_code().request()).unwrap();
    let about = link.transmit(&SlimFrame::info().request()).unwrap();
    let done = set(&mut link, NOW, 30).unwrap();
    let is_read =
        |answer: &[u8]| slim_code(answer).is_some() || SlimInfo::parse(answer).is_some() || SlimFrame::is_set(answer);
    for answer in [told, about, done] {
        assert!(is_read(&answer));
        for end in 0..answer.len() {
            assert!(!is_read(&answer[..end]), "{answer:02x?} to {end}");
        }
        for bit in 0..8 * answer.len() {
            let mut bent = answer.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_read(&bent), "{bent:02x?}");
        }
    }
    let mut cut = link;
    let next = cut.exchanges().len() + 1;
    cut.fault(next, Fault::Truncate);
    assert_eq!(code(&mut cut), None);
    assert_eq!(cut.token().screen(), countersign_emulator::Screen::Code { title: None, code: code_at(NOW, 30) });
}
