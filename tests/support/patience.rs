//! What a busy machine needs: time. Each wait ends as soon as what it waits for is there.

use countersign_core::qr::Decoder;
use std::time::Duration;

use crate::window::rest;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// Looks of a minute.
const LOOKS: usize = 1_200;
/// How often one picture is read: each try that comes to nothing takes its quarter of a second and more.
const READS: usize = 60;

/// Looks until there is something, a minute long and more; nothing when it never came.
pub fn sought<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    tried(LOOKS, look)
}

/// As [`sought`], of what must come.
///
/// # Panics
/// When it does not.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    sought(look).unwrap_or_else(|| panic!("{what} did not come"))
}

/// What `read` makes of a picture. A search ends by the machine's clock, found or not, so that on a busy machine a picture
/// must be read again.
///
/// # Panics
/// When it never reads one.
pub fn read_at_last<T>(read: impl FnMut() -> Option<T>) -> T {
    tried(READS, read).expect("the picture is read")
}

/// The text of the one code in a picture file.
///
/// # Panics
/// When none is read.
pub fn code_in(picture: &[u8]) -> String {
    // A search that was given up keeps its decoder busy.
    read_at_last(|| match Decoder::new().file(picture.to_vec()).as_deref() {
        Ok([code]) => Some(code.text.clone()),
        _ => None,
    })
}

fn tried<T>(times: usize, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    (0..times).find_map(|_| {
        look().or_else(|| {
            rest(PAUSE);
            None
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_found_and_a_picture_without_a_code_is_not_read_for_ever() {
        let mut looks = 0;
        let found = tried(3, || {
            looks += 1;
            (looks == 3).then_some("late")
        });
        assert_eq!((found, looks), (Some("late"), 3));
        assert_eq!(tried(2, || None::<()>), None);
    }

    #[test]
    fn a_code_is_read_out_of_its_picture() {
        let symbol = countersign_core::qr::Symbol::new("hello").unwrap();
        assert_eq!(code_in(&symbol.png(4)), "hello");
    }
}
