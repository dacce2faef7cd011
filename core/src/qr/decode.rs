//! Decoding on a thread of its own, one at a time, with a hard stop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::luma::Luma;
use super::picture::{PictureError, unpack};
use super::search::{self, Code};
use crate::limits::{PICTURE_HARD_STOP, PICTURE_LIVE_BUDGET, PICTURE_STILL_BUDGET};

/// Why a picture was not searched to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ScanError {
    /// Another picture is being searched, or one that was given up still ends.
    #[error("busy with another picture")]
    Busy,
    /// The time was over, and nothing was found by then. At the hard stop the thread is left to end; until it has, every call
    /// is answered [`ScanError::Busy`].
    #[error("nothing was found in time")]
    TimedOut,
    /// The file was refused or is damaged.
    #[error("picture: {0}")]
    Picture(#[from] PictureError),
    /// No thread could be had.
    #[error("no thread")]
    NoThread,
}

/// Finds codes in pictures: one picture at a time, each on a thread of its own.
///
/// Pictures are strangers' input. A search pays for its work from a budget, and looks whether its time is over wherever it
/// pays; one that does not end is given up at the hard stop of one second. The waiting is done on a channel: no clock is
/// read.
#[derive(Debug, Default)]
pub struct Decoder {
    busy: Arc<AtomicBool>,
    frames: AtomicUsize,
}

/// What came of a search.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    codes: Vec<Code>,
    /// Was it asked to stop?
    is_cut_off: bool,
}

impl Ended {
    /// The codes; that there are none is said of a picture that was looked at in every way alone.
    fn of_still(self) -> Result<Vec<Code>, ScanError> {
        if self.is_cut_off && self.codes.is_empty() { Err(ScanError::TimedOut) } else { Ok(self.codes) }
    }
}

/// What the thread tells.
enum Word {
    /// The file is unpacked, the search begins.
    Unpacked,
    Found(Vec<Code>),
    Refused(PictureError),
}

struct Teller(Sender<Word>);

impl Teller {
    fn unpacked(&self) {
        self.send(Word::Unpacked);
    }

    fn send(&self, word: Word) {
        // Nobody listens after the hard stop.
        let _ = self.0.send(word);
    }
}

impl Decoder {
    /// A decoder that is not busy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for codes in one frame of a camera: the likely ways each time, the others in turn, so that a difficult code
    /// is read within some ten frames. Empty when there is none, at most eight.
    ///
    /// # Errors
    /// [`ScanError::Busy`] is usual here, and means: show the frame and drop it.
    pub fn frame(&self, luma: Luma) -> Result<Vec<Code>, ScanError> {
        let turn = self.frames.fetch_add(1, Ordering::Relaxed);
        let ended = self.run(PICTURE_LIVE_BUDGET, move |stop, tell| {
            tell.unpacked();
            Word::Found(search::live(&luma, turn, stop).codes)
        });
        // The next frame comes at once.
        ended.map(|ended| ended.codes)
    }

    /// Looks for codes in a still picture in grey, in every way.
    ///
    /// # Errors
    /// See [`ScanError`].
    pub fn still(&self, luma: Luma) -> Result<Vec<Code>, ScanError> {
        let ended = self.run(PICTURE_STILL_BUDGET, move |stop, tell| {
            tell.unpacked();
            Word::Found(search::still(&luma, stop).codes)
        });
        ended?.of_still()
    }

    /// Looks for codes in a PNG or JPEG file, in every way.
    ///
    /// # Errors
    /// See [`ScanError`].
    pub fn file(&self, file: Vec<u8>) -> Result<Vec<Code>, ScanError> {
        let ended = self.run(PICTURE_STILL_BUDGET, move |stop, tell| match unpack(file) {
            Ok(luma) => {
                tell.unpacked();
                Word::Found(search::still(&luma, stop).codes)
            }
            Err(fault) => Word::Refused(fault),
        });
        ended?.of_still()
    }

    fn run(
        &self,
        budget: Duration,
        job: impl FnOnce(&AtomicBool, &Teller) -> Word + Send + 'static,
    ) -> Result<Ended, ScanError> {
        let occupied = Occupied::take(&self.busy).ok_or(ScanError::Busy)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, told) = channel();
        let tell = Teller(tell);
        let seen = stop.clone();
        let work = move || {
            // A panic, in a foreign reader of files or here, is a damaged picture.
            let word = catch_unwind(AssertUnwindSafe(|| job(&seen, &tell)));
            // Free before the answer is told: who has the answer may ask again.
            drop(occupied);
            tell.send(word.unwrap_or(Word::Refused(PictureError::Damaged)));
        };
        thread::Builder::new().name("qr".into()).spawn(work).map_err(|_| ScanError::NoThread)?;
        wait(&told, &stop, budget)
    }
}

/// Waits for the answer, a message at most in each part of the hard stop. After `budget` the search is asked to stop; it
/// ends with the step that it is in. Unpacking a file has a part of its own before that.
fn wait(told: &Receiver<Word>, stop: &AtomicBool, budget: Duration) -> Result<Ended, ScanError> {
    let rest = PICTURE_HARD_STOP.saturating_sub(budget);
    for (part, last_call) in [(rest / 2, false), (budget, true), (rest / 4, true), (rest / 4, true)] {
        match told.recv_timeout(part) {
            Ok(Word::Unpacked) => {}
            Ok(Word::Found(codes)) => return Ok(Ended { codes, is_cut_off: stop.load(Ordering::Relaxed) }),
            Ok(Word::Refused(fault)) => return Err(fault.into()),
            Err(_) if last_call => stop.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
    }
    Err(ScanError::TimedOut)
}

/// Says that a search is under way for as long as it lives, even when it ends in a panic.
struct Occupied(Arc<AtomicBool>);

impl Occupied {
    fn take(busy: &Arc<AtomicBool>) -> Option<Self> {
        let free = busy.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        free.then(|| Self(busy.clone()))
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Symbol;
    use super::super::luma::Rotation;
    use super::*;

    fn blank() -> Luma {
        Luma::new(vec![255; 64 * 64], 64, 64, 64, Rotation::None).unwrap()
    }

    /// A search that ends when the sender is dropped, whatever it is asked.
    fn held() -> (Sender<()>, impl FnOnce(&AtomicBool, &Teller) -> Word + Send + 'static) {
        let (hold, held) = channel::<()>();
        (hold, move |_: &AtomicBool, _: &Teller| {
            let _ = held.recv();
            Word::Found(Vec::new())
        })
    }

    fn until_free(decoder: &Decoder) {
        while decoder.frame(blank()) == Err(ScanError::Busy) {
            thread::yield_now();
        }
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let decoder = Decoder::new();
        assert_eq!(decoder.frame(blank()), Ok(Vec::new()));
        assert_eq!(decoder.still(blank()), Ok(Vec::new()));
    }

    #[test]
    fn a_search_without_end_is_given_up_and_keeps_the_decoder_busy_until_it_ends() {
        let decoder = Decoder::new();
        let (hold, job) = held();
        assert_eq!(decoder.run(PICTURE_STILL_BUDGET, job), Err(ScanError::TimedOut));
        assert_eq!(decoder.frame(blank()), Err(ScanError::Busy));
        assert_eq!(decoder.file(Vec::new()), Err(ScanError::Busy));
        drop(hold);
        until_free(&decoder);
        assert_eq!(decoder.still(blank()), Ok(Vec::new()));
    }

    #[test]
    fn after_its_budget_a_search_is_asked_to_stop() {
        let job = |stop: &AtomicBool, tell: &Teller| {
            tell.unpacked();
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            Word::Found(Vec::new())
        };
        let ended = Decoder::new().run(PICTURE_LIVE_BUDGET, job).unwrap();
        assert_eq!(ended, Ended { codes: Vec::new(), is_cut_off: true });
        // There may be a code in it, which was not come to.
        assert_eq!(ended.of_still(), Err(ScanError::TimedOut));
        assert_eq!(Ended { codes: Vec::new(), is_cut_off: false }.of_still(), Ok(Vec::new()));
    }

    #[test]
    fn a_panic_of_a_decoder_is_a_damaged_picture_and_frees_the_next() {
        let decoder = Decoder::new();
        let fault = decoder.run(PICTURE_STILL_BUDGET, |_, _| panic!("a fault"));
        assert_eq!(fault, Err(ScanError::Picture(PictureError::Damaged)));
        assert_eq!(decoder.still(blank()), Ok(Vec::new()));
    }

    /// A picture covered with finder patterns, as close as they can stand.
    fn flooded(width: usize, height: usize, module: usize) -> Luma {
        let ink = |x: usize, y: usize| {
            let ring = |place: usize| (place / module % 8).abs_diff(3);
            // Eight modules a tile: the pattern of seven, and one light row and column.
            if matches!(ring(x).max(ring(y)), 0 | 1 | 3) { 0 } else { 255 }
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| ink(x, y))).collect();
        Luma::new(pixels, width, height, width, Rotation::None).unwrap()
    }

    #[test]
    fn floods_of_finder_patterns_are_answered_and_end_by_themselves() {
        let decoder = Decoder::new();
        for (width, height, module) in
            [(1280, 720, 5), (1280, 720, 3), (1280, 720, 2), (3840, 2160, 3), (3840, 2160, 7)]
        {
            // On a machine that does much else the answer may be the hard stop's; the search ends all the same.
            let found = decoder.still(flooded(width, height, module));
            assert!(matches!(found.as_deref(), Ok([]) | Err(ScanError::TimedOut)), "{width}x{height}: {found:?}");
            until_free(&decoder);
        }
    }

    #[test]
    fn a_refused_file_says_why() {
        assert_eq!(Decoder::new().file(b"GIF89a".to_vec()), Err(PictureError::Format.into()));
    }

    #[test]
    fn codes_in_files_are_read() {
        let text = "otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";
        let fixtures: [(&str, &[u8]); 5] = [
            ("grey, baseline", include_bytes!("../../../tests/fixtures/qr/small.jpg")),
            ("colour, progressive, poor", include_bytes!("../../../tests/fixtures/qr/poor.jpg")),
            ("plain RGB", include_bytes!("../../../tests/fixtures/qr/rgb.jpg")),
            ("interlaced, on transparent ground", include_bytes!("../../../tests/fixtures/qr/interlaced.png")),
            ("palette, tilted", include_bytes!("../../../tests/fixtures/qr/tilted.png")),
        ];
        let ours = Symbol::new(text).unwrap().png(3);
        for (name, file) in fixtures.into_iter().chain([("ours", &ours[..])]) {
            // On a machine that does much else a search may come to its end with nothing: then once more.
            let found = (0..40).find_map(|_| match Decoder::new().file(file.to_vec()) {
                Ok(found) => Some(found).filter(|found| !found.is_empty()),
                Err(ScanError::TimedOut) => None,
                Err(fault) => panic!("{name}: {fault}"),
            });
            let texts: Vec<_> = found.iter().flatten().map(|code| code.text.as_str()).collect();
            assert_eq!(texts, [text], "{name}");
        }
    }
}
