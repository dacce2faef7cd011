//! Whether what a gateway gave for an icon is one (push-v1 section 4).

use std::io::Cursor;

use countersign_protocol::jose::H32;

use crate::limits;

/// Pixels of a side.
const SIDE: u32 = 128;

/// Whether these bytes are what the challenge names, and decode as a PNG of 128×128.
pub(crate) fn is_it(bytes: &[u8], hash: &H32) -> bool {
    bytes.len() <= limits::ICON && H32::sha256(&[bytes]) == *hash && decodes(bytes)
}

fn decodes(bytes: &[u8]) -> bool {
    // What it unpacks to is bounded before it is unpacked.
    let limits = png::Limits { bytes: 1024 * 1024 };
    let Ok(mut reader) = png::Decoder::new_with_limits(Cursor::new(bytes), limits).read_info() else { return false };
    if (reader.info().width, reader.info().height) != (SIDE, SIDE) {
        return false;
    }
    let Some(size) = reader.output_buffer_size() else { return false };
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(side: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let pixels: Vec<u8> = (0..side * side * 4).map(|n| n as u8).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        file
    }

    #[test]
    fn an_icon_is_a_whole_png_of_128_by_128_with_the_hash_that_was_signed() {
        let good = png(128);
        assert!(is_it(&good, &H32::sha256(&[&good])));
        assert!(!is_it(&good, &H32::sha256(&[b"another"])));
        for bad in [png(127), png(256), good[..good.len() / 2].to_vec(), b"<svg/>".to_vec(), Vec::new()] {
            assert!(!is_it(&bad, &H32::sha256(&[&bad])), "{} bytes", bad.len());
        }
        let mut long = good;
        long.resize(limits::ICON + 1, 0);
        assert!(!is_it(&long, &H32::sha256(&[&long])));
    }
}
