//! Pictures as cameras and files have them.

use countersign_core::icons;
use countersign_core::limits::{ICON_PICTURE, PICTURE_CODES};
use countersign_core::qr::{Code, Decoder, Luma, Rotation, ScanError};

/// Chunks, and the four bytes before the first.
pub const PNG_WORDS: &[&str] =
    &["PNG\r\n\u{1a}\n", "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "sRGB", "iCCP", "acTL", "fcTL", "fdAT"];
/// What segments name; markers themselves are no text, the fuzzer finds them in the corpus.
pub const JPEG_WORDS: &[&str] = &["JFIF\0", "Exif\0\0", "Adobe", "ICC_PROFILE\0"];
/// The archive's records, and the members of its list.
pub const ICON_PACK_WORDS: &[&str] = &[
    "PK\u{3}\u{4}",
    "PK\u{1}\u{2}",
    "PK\u{5}\u{6}",
    "PK\u{6}\u{6}",
    "pack.json",
    ".png",
    "../",
    "\"uuid\":",
    "\"name\":",
    "\"version\":",
    "\"icons\":[",
    "\"filename\":",
    "\"category\":null",
    "\"issuer\":[",
];

/// What the largest code holds: digits, which are one letter each.
const MOST: usize = 7_089;

/// Two bytes say width and how it is turned, the rest is grey.
pub fn luma(input: &[u8]) -> bool {
    let Some(([width, turned], pixels)) = input.split_first_chunk::<2>() else { return false };
    let rotation = match turned % 4 {
        0 => Rotation::None,
        1 => Rotation::Quarter,
        2 => Rotation::Half,
        _ => Rotation::ThreeQuarters,
    };
    let width = usize::from(*width);
    let Some(height) = pixels.len().checked_div(width) else { return false };
    let picture = || Luma::new(pixels.to_vec(), width, height, width, rotation);
    let (Ok(still), Ok(frame)) = (picture(), picture()) else { return false };
    let decoder = Decoder::new();
    let frame = decoder.frame(frame);
    fit(&frame);
    // Where the frame was given up, its search still ends.
    let still = Decoder::new().still(still);
    fit(&still);
    still.is_ok_and(|codes| !codes.is_empty())
}

/// A PNG or JPEG file.
pub fn file(input: &[u8]) -> bool {
    let found = Decoder::new().file(input.to_vec());
    fit(&found);
    found.is_ok()
}

/// An icon pack, and the files of its first icons.
pub fn icon_pack(input: &[u8]) -> bool {
    let Ok((pack, all)) = icons::look(input) else { return false };
    assert!(!all.is_empty() && all.len() == pack.icons);
    for icon in all.iter().take(16) {
        let file = icons::look_at(input, icon);
        assert!(file.map_or(0, |file| file.len()) <= ICON_PICTURE);
    }
    true
}

fn fit(found: &Result<Vec<Code>, ScanError>) {
    for code in found.iter().flatten() {
        assert!(code.text.chars().count() <= MOST);
    }
    assert!(found.as_ref().map_or(0, Vec::len) <= PICTURE_CODES);
}
