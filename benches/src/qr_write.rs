//! Making symbols, and whether readers of other makes read them.

use std::process::Command;

use countersign_core::qr::Symbol;
use countersign_corpus::Random;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::report::{Goal, Table, file};
use crate::rounds::{Subject, run, subject};

/// What is written: a short Key URI, a usual one, a part of a migration.
const LENGTHS: [usize; 3] = [54, 131, 593];
/// Symbols that are read back, by two readers of other makes each.
const READ_BACK: usize = 400;
/// Pixels of a module where they are.
const MODULE: usize = 3;
const QUIET: usize = 4;

/// Time a symbol of three lengths, and how many are read back.
pub fn bench() {
    let mut tables: Vec<Table> = LENGTHS.into_iter().map(table).collect();
    let (by_quircs, by_rxing) = read_back();
    let last = &mut tables[LENGTHS.len() - 1].goals;
    last.push(Goal::least(format!("of {READ_BACK}, read back by quircs"), by_quircs as f64, READ_BACK as f64));
    last.push(Goal::least(format!("of {READ_BACK}, read back by rxing"), by_rxing as f64, READ_BACK as f64));
    file("qr-write", &tables);
}

fn text(length: usize) -> String {
    let text = format!("otpauth-migration://offline?data={}", Random::new(5, "write", length).base64(length));
    text[..length].to_owned()
}

fn table(length: usize) -> Table {
    let text = text(length);
    let subjects = vec![
        subject("countersign, by qrcode 0.14", || Symbol::new(&text)),
        subject("countersign, with its SVG", || Symbol::new(&text).map(|symbol| symbol.svg())),
        subject("qrcodegen 1.8", || QrCode::encode_text(&text, QrCodeEcc::Medium)),
        subject("fast_qr 0.14", || fast_qr::QRBuilder::new(text.as_str()).ecl(fast_qr::ECL::M).build()),
    ];
    let subjects = subjects.into_iter().chain(qrencode(&text)).collect();
    let rows = run(1, subjects);
    let most = if length > 200 { 12.0 } else { 5.0 };
    let svg = Symbol::new(&text).expect("it fits").svg();
    assert_eq!(svg.matches("<path").count(), 1, "one path");
    let mut goals = vec![Goal::most(format!("with its SVG, at most {most} ms"), rows[1].least / 1e6, most)];
    if length < 200 {
        goals.push(Goal::most("bytes of the SVG, one path, at most 6,144", svg.len() as f64, 6144.0));
    }
    Table { title: format!("{length} characters"), unit: "ns a symbol", rows, goals }
}

/// Debian's, where it is installed: a whole process.
fn qrencode(text: &str) -> Option<Subject<'_>> {
    let process = move || Command::new("qrencode").args(["-l", "M", "-t", "SVG", "-o", "-", text]).output();
    process().is_ok_and(|output| output.status.success()).then(|| subject("qrencode, a whole process", process))
}

/// How many symbols two readers of other makes read, at three pixels a module, half of them light on dark.
fn read_back() -> (usize, usize) {
    let (mut by_quircs, mut by_rxing) = (0, 0);
    for n in 0..READ_BACK {
        let text = text(40 + n * 2);
        let symbol = Symbol::new(&text).expect("it fits");
        let side = (symbol.width() + 2 * QUIET) * MODULE;
        let module = |place: usize| (place / MODULE).wrapping_sub(QUIET);
        // A page in the dark shows the symbol on a light plate, with the dark beyond.
        let edge = if n % 2 == 0 { 0 } else { 9 };
        let wide = side + 2 * edge;
        let mut pixels = vec![if n % 2 == 0 { 255 } else { 20 }; wide * wide];
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            pixels[(y + edge) * wide + x + edge] = if symbol.is_dark(module(x), module(y)) { 0 } else { 255 };
        }
        let mut quirc = quircs::Quirc::new();
        let said = quirc.identify(wide, wide, &pixels).flatten().filter_map(|code| code.decode().ok()).next();
        by_quircs += usize::from(said.is_some_and(|said| said.payload == text.as_bytes()));
        let format = Some(rxing::BarcodeFormat::QR_CODE);
        let said = rxing::helpers::detect_in_luma(pixels, wide as u32, wide as u32, format);
        by_rxing += usize::from(said.is_ok_and(|said| said.getText() == text));
    }
    (by_quircs, by_rxing)
}
