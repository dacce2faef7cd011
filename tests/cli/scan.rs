//! `countersign scan` and `countersign export-uri`: accounts come in from pictures and links, one or many, and go out again.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use countersign_core::limits::PICTURE_CODES;
use countersign_core::qr::{Decoder, Luma, Rotation, Symbol};
use countersign_protocol::otp::base32;
use countersign_protocol::uri::{migration, otpauth};
use countersign_strings::{fill, text};
use countersign_tests::patience::read_at_last;
use serde_json::json;

use super::{Desk, Ended, PASSPHRASE, SEED};

fn uri(n: usize) -> String {
    format!(
        "otpauth://totp/Shop%20{n}:mara?secret={}&issuer=Shop%20{n}",
        *base32::encode(format!("seed {n:011}").as_bytes())
    )
}

/// The links of a transfer of so many accounts.
fn transfer(count: usize, id: i32) -> Vec<String> {
    let accounts: Vec<_> = (0..count).map(|n| otpauth::parse(&uri(n)).unwrap().0).collect();
    let links = migration::write(&accounts.iter().collect::<Vec<_>>(), id).unwrap();
    links.iter().map(|link| link.to_string()).collect()
}

impl Desk {
    fn picture(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, Symbol::new(text).unwrap().png(4)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn scan(&self, options: &[&str], pictures: &[String]) -> Ended {
        let all: Vec<&str> =
            ["scan"].iter().chain(options).copied().chain(pictures.iter().map(String::as_str)).collect();
        self.read(&all, "")
    }

    fn names(&self) -> Vec<String> {
        let listed = self.run(&["list", "--json"], "").json();
        listed["accounts"].as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap().to_owned()).collect()
    }
}

/// Two codes in one picture, side by side.
fn two(path: &Path, texts: [&str; 2]) {
    let [left, right] = texts.map(|text| Symbol::new(text).unwrap());
    let (scale, quiet) = (4, 6);
    let (wide, high) = (left.width() + right.width() + 3 * quiet, left.width().max(right.width()) + 2 * quiet);
    let dark = |x: usize, y: usize| {
        let (x, y) = (x / scale, (y / scale).wrapping_sub(quiet));
        left.is_dark(x.wrapping_sub(quiet), y) || right.is_dark(x.wrapping_sub(left.width() + 2 * quiet), y)
    };
    let pixels: Vec<u8> = (0..high * scale)
        .flat_map(|y| (0..wide * scale).map(move |x| (x, y)))
        .map(|(x, y)| if dark(x, y) { 0 } else { 255 })
        .collect();
    let mut encoder =
        png::Encoder::new(std::fs::File::create(path).unwrap(), (wide * scale) as u32, (high * scale) as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

#[test]
fn the_parts_of_a_transfer_are_read_in_any_order_with_progress() {
    let desk = Desk::new();
    let links = transfer(20, -7);
    let of = links.len();
    assert!(of >= 3, "{of}");
    let pictures: Vec<String> =
        links.iter().enumerate().rev().map(|(n, link)| desk.picture(&format!("part{n}.png"), link)).collect();

    // A part is missing: nothing is taken unless it is said that this is known.
    let partly = desk.scan(&["--yes"], &pictures[1..]);
    assert_eq!(partly.code, 1, "{}", partly.stderr);
    assert!(
        partly.stderr.contains(&format!("{} of {of} parts of the transfer were read", of - 1)),
        "{}",
        partly.stderr
    );
    assert!(desk.names().is_empty());
    let partly = desk.scan(&["--yes", "--partly", "--json"], &pictures[..1]);
    assert_eq!(partly.code, 0, "{}", partly.stderr);
    let marks: Vec<String> = (1..=of).map(|n| format!("{n} {}", if n == of { '✓' } else { '–' })).collect();
    assert!(partly.stderr.contains(&format!("Part {of} of {of} read: {}", marks.join(" "))), "{}", partly.stderr);
    let first = partly.json()["added"].as_array().unwrap().len();
    assert_eq!(desk.names().len(), first);

    // All of it, one part twice: what was taken before is there already.
    let whole = desk.scan(&["--yes", "--json"], &[&pictures[..], &pictures[..1]].concat());
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert!(whole.stderr.contains(&format!("Part {of} of {of} was read before")), "{}", whole.stderr);
    let json = whole.json();
    let count = |key: &str| json[key].as_array().unwrap().len();
    assert_eq!((count("added"), count("there"), count("refused")), (20 - first, first, 0));
    assert_eq!(desk.names().len(), 20);
    for said in [&whole.stderr, &whole.stdout] {
        assert!(!said.contains(&*base32::encode(b"seed 00000000000")), "{said}");
    }
    let again = desk.scan(&["--yes"], &pictures);
    assert_eq!((again.code, again.stderr.contains("there already")), (1, true), "{}", again.stderr);
}

#[test]
fn a_part_of_another_transfer_is_refused_with_both_counts() {
    let desk = Desk::new();
    let (ours, theirs) = (transfer(12, 1), transfer(5, 2));
    let pictures = [desk.picture("a.png", &ours[0]), desk.picture("b.png", &theirs[0])];
    let mixed = desk.scan(&["--yes", "--partly"], &pictures);
    let words = format!("part 1 of {} of another transfer", theirs.len());
    assert!(mixed.stderr.contains(&words), "{}", mixed.stderr);
    assert!(mixed.stderr.contains(&format!("Of this one 1 of {} parts are read", ours.len())), "{}", mixed.stderr);
    assert_eq!(mixed.code, 0, "the part that was begun with is taken");
}

#[test]
fn links_come_by_standard_input_line_by_line() {
    let desk = Desk::new();
    let mut lines = transfer(12, 3);
    lines.push(uri(50));
    let read = desk.run(&["scan", "--yes", "--take", "all", "--json"], &(lines.join("\n") + "\n"));
    assert_eq!(read.code, 0, "{}", read.stderr);
    assert_eq!(read.json()["added"].as_array().unwrap().len(), 13);
    let nothing = desk.run(&["scan", "--yes"], "");
    assert_eq!((nothing.code, nothing.stderr.contains("Nothing was found")), (1, true), "{}", nothing.stderr);
    let damaged = desk.run(&["scan", "--yes"], &format!("{}x\n", lines[0]));
    assert_eq!((damaged.code, damaged.stderr.contains("is damaged")), (1, true), "{}", damaged.stderr);
    let argument = desk.run(&["scan", &lines[0]], "");
    assert_eq!((argument.code, argument.stderr.contains("command line")), (1, true), "{}", argument.stderr);
}

#[test]
fn of_several_codes_in_a_picture_the_person_chooses() {
    let desk = Desk::new();
    let picture = desk.path().join("two.png");
    two(&picture, [&uri(1), &uri(2)]);
    let path = [picture.to_str().unwrap().to_owned()];
    let found = desk.scan(&["--yes"], &path);
    assert_eq!((found.code, found.stderr.contains("Say which to take")), (1, true), "{}", found.stderr);
    assert!(found.stderr.contains("1  Shop") && found.stderr.contains("2  Shop"), "{}", found.stderr);
    assert!(desk.names().is_empty());
    for wrong in ["3", "1,9"] {
        assert_eq!(desk.scan(&["--yes", "--take", wrong], &path).code, 1, "{wrong}");
    }
    let one = desk.scan(&["--yes", "--take", "2", "--json"], &path);
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert_eq!(one.json()["added"].as_array().unwrap().len(), 1);
    let both = desk.scan(&["--yes", "--take", "all"], &path);
    assert!(both.code == 0 && both.stderr.contains("There already"), "{}", both.stderr);
    assert_eq!(desk.names().len(), 2);
}

#[test]
fn what_is_no_account_is_named_and_a_login_never_taken_from_a_picture() {
    let desk = Desk::new();
    for (text, words) in [
        ("WIFI:S:net;T:WPA;P:secret;;", "Wi-Fi"),
        ("https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc", "with the camera"),
        ("FIDO:/13086400838107303667332719012595115747821895775708323", "passkey"),
        ("8655123412345", "serial number"),
    ] {
        let ended = desk.scan(&["--yes"], &[desk.picture("other.png", text)]);
        assert_eq!((ended.code, ended.stderr.contains(words)), (1, true), "{text}: {}", ended.stderr);
    }
    let missing = desk.scan(&["--yes"], &["nowhere.png".to_owned()]);
    assert_eq!((missing.code, missing.stderr.contains("no such file")), (1, true), "{}", missing.stderr);
    // Beside an account, it is named and the account is taken.
    let pictures = [desk.picture("wifi.png", "WIFI:S:net;;"), desk.picture("account.png", &uri(1))];
    let both = desk.scan(&["--yes", "--json"], &pictures);
    assert_eq!(both.code, 0, "{}", both.stderr);
    assert!(both.json()["other"][0].as_str().unwrap().contains("Wi-Fi"), "{}", both.stdout);
}

#[test]
fn what_is_in_doubt_is_never_taken_unasked() {
    let desk = Desk::new();
    for (link, words) in [
        (format!("otpauth://totp/Steam:mara?secret={SEED}"), "five letters"),
        ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ0".to_owned(), "0, 1 or 8"),
    ] {
        let ended = desk.run(&["scan", "--yes"], &format!("{link}\n"));
        assert_eq!((ended.code, ended.stderr.contains(words)), (1, true), "{}", ended.stderr);
    }
    assert!(desk.names().is_empty());
    // It keeps nothing out that is not in doubt.
    let links = format!("otpauth://totp/Steam:mara?secret={SEED}\notpauth://totp/VPN:mara?secret={SEED}&issuer=VPN\n");
    let ended = desk.run(&["scan", "--yes", "--take", "all", "--json"], &links);
    assert_eq!((ended.code, desk.names()), (1, vec!["VPN".to_owned()]), "{}", ended.stderr);
    let (told, said) = (ended.json(), ended.stderr);
    assert_eq!((&told["added"][0]["issuer"], &told["refused"][0]["issuer"]), (&"VPN".into(), &"Steam".into()));
    assert!(told["refused"][0]["why"].as_str().unwrap().contains("five letters"), "{told}");
    assert!(said.contains(&fill("scan.some_not_taken", &[("n", "1"), ("all", "2")])), "{said}");
}

#[test]
fn what_may_be_steam_is_said_of_a_transfer_too_and_how_to_add_it_where_nothing_was() {
    let desk = Desk::new();
    // One account: twenty bytes of a seed, issuer Steam, and nothing on its digits.
    let part = "otpauth-migration://offline?data=Ch0KFAcHBwcHBwcHBwcHBwcHBwcHBwcHGgVTdGVhbQ%3D%3D";
    let taken = desk.run(&["scan", "--yes"], &format!("{part}\n"));
    assert_eq!((taken.code, desk.names()), (0, vec!["Steam".to_owned()]), "{}", taken.stderr);
    assert!(taken.stderr.contains(text("qr.maybe_steam")), "{}", taken.stderr);
    let link = format!("otpauth://totp/Steam:mara?secret={SEED}\n");
    for command in ["add", "scan"] {
        let left = desk.run(&[command, "--yes"], &link);
        assert!(left.code == 1 && left.stderr.contains(text("qr.steam_unasked")), "{}", left.stderr);
    }
}

#[test]
fn a_link_that_is_refused_gives_its_line_and_stands_among_the_refused() {
    let desk = Desk::new();
    let damaged = "otpauth://totp/Bad:mara?secret=MFRG!";
    let ended = desk.run(&["scan", "--yes", "--json"], &format!("{}\n{damaged}\nWIFI:S:net;;\n", uri(1)));
    assert_eq!((ended.code, desk.names().len()), (1, 1), "{}", ended.stderr);
    let told = ended.json();
    assert_eq!(told["refused"], json!([{ "line": 2, "why": text("qr.secret_wrong") }]), "{told}");
    assert_eq!(told["other"].as_array().unwrap().len(), 1, "{told}");
    for words in ["Line 2: ", "Line 3: ", &*fill("scan.some_not_taken", &[("n", "1"), ("all", "2")])] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    // Where nothing can be taken a script is told all the same; of one line no number is needed.
    let alone = desk.run(&["scan", "--yes", "--json"], &format!("{damaged}\n"));
    assert_eq!((alone.code, &alone.json()["refused"][0]["line"]), (1, &json!(1)), "{}", alone.stdout);
    assert!(!alone.stderr.contains("Line 1"), "{}", alone.stderr);
}

#[test]
fn a_link_goes_out_after_the_passphrase_and_a_warning() {
    let desk = Desk::new();
    let link = format!("otpauth://totp/Git%20Hub:mara?secret={SEED}&issuer=Git%20Hub&digits=8&period=60");
    desk.add(&link);
    let out = desk.run(&["export-uri", "git", "--yes"], "");
    assert_eq!((out.code, out.stdout.trim_end()), (0, link.as_str()), "{}", out.stderr);
    assert!(out.stderr.contains("shows the key of Git Hub (mara)"), "{}", out.stderr);
    let json = desk.run(&["export-uri", "git", "--yes", "--json"], "").json();
    assert_eq!(
        (json["links"][0]["link"].as_str(), json["links"][0]["name"].as_str()),
        (Some(link.as_str()), Some("mara"))
    );
    // Nobody to ask, no yes: nothing leaves.
    let unasked = desk.run(&["export-uri", "git"], "");
    assert!(unasked.code == 1 && unasked.stdout.is_empty(), "{} {}", unasked.stdout, unasked.stderr);
    let wrong = desk.run_plain(&["export-uri", "git", "--yes", "--passphrase-fd", "0"], "not it\n");
    assert!(wrong.code == 1 && wrong.stdout.is_empty(), "{}", wrong.stderr);
    assert_eq!(desk.run(&["export-uri", "nobody", "--yes"], "").code, 1);
    // Drawn, it is read from the screen.
    let drawn = desk.run(&["export-uri", "git", "--yes", "--qr"], "");
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    assert_eq!(read_blocks(&drawn.stdout), [link]);
}

/// The texts of the codes that were drawn with half blocks, dark on a light ground.
fn read_blocks(drawn: &str) -> Vec<String> {
    let blocks = drawn.split("\n\n").filter(|block| block.contains(['█', '▀', '▄']));
    let read = |block: &str| {
        let rows: Vec<Vec<char>> =
            block.lines().filter(|line| !line.is_empty()).map(|line| line.chars().collect()).collect();
        let (side, scale) = (rows[0].len(), 4);
        let pixels: Vec<u8> = (0..side * scale)
            .flat_map(|y| (0..side * scale).map(move |x| (x / scale, y / scale)))
            .map(|(x, y)| {
                let upper = y % 2 == 0;
                let inked = match rows.get(y / 2).map_or(' ', |row| row[x]) {
                    '█' => true,
                    '▀' => upper,
                    '▄' => !upper,
                    _ => false,
                };
                if inked { 255 } else { 0 }
            })
            .collect();
        let sides = side * scale;
        read_at_last(|| {
            let luma = Luma::new(pixels.clone(), sides, sides, sides, Rotation::None).unwrap();
            Decoder::new().frame(luma).ok()?.first().map(|code| code.text.to_string())
        })
    };
    blocks.map(read).collect()
}

#[test]
fn pictures_are_for_their_owner_and_write_over_nothing() {
    let desk = Desk::new();
    let all: Vec<String> = (0..20).map(uri).collect();
    assert_eq!(desk.run(&["scan", "--yes", "--take", "all"], &(all.join("\n") + "\n")).code, 0);
    desk.add(&format!("otpauth://totp/minute?secret={SEED}&period=60"));
    let file = desk.path().join("out.png");
    let name = file.to_str().unwrap();
    let out = desk.run(&["export-uri", "--migration", "--all", "--yes", "--png", name, "--json"], "");
    assert_eq!(out.code, 0, "{}", out.stderr);
    assert!(out.stderr.contains("shows the keys of 20 accounts"), "{}", out.stderr);
    assert!(out.stderr.contains("Left out: minute. Its codes change every 60 seconds"), "{}", out.stderr);
    let json = out.json();
    let files: Vec<PathBuf> =
        json["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap().into()).collect();
    assert!(files.len() >= 3 && files[0].ends_with("out-1.png"), "{files:?}");
    for file in &files {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&files[0]).unwrap();
    let again = desk.run(&["export-uri", "--migration", "--all", "--yes", "--png", name], "");
    assert_eq!((again.code, again.stderr.contains("nothing is written over")), (2, true), "{}", again.stderr);
    assert_eq!(std::fs::read(&files[0]).unwrap(), before);

    // Another desk reads them, and has the same codes.
    let other = Desk::of_its_own();
    let pictures: Vec<String> = files.iter().map(|file| file.to_str().unwrap().to_owned()).collect();
    let read = other.scan(&["--yes"], &pictures);
    assert_eq!(read.code, 0, "{}", read.stderr);
    let link = |desk: &Desk| desk.run(&["export-uri", "Shop 11", "--yes"], "").stdout;
    assert_eq!((link(&other), other.names().len()), (link(&desk), 20));
    assert_eq!(link(&desk).trim_end(), uri(11));

    let none = desk.run(&["export-uri", "--migration", "minute", "--yes"], "");
    assert!(none.code == 1 && none.stderr.contains("None of these accounts"), "{}", none.stderr);
    let whole = desk.run(&["export-uri", "--all", "--yes"], "");
    assert_eq!(whole.code, 2, "all at once only as a transfer: {}", whole.stderr);
    assert!(!desk.run(&["list"], "").stderr.contains(PASSPHRASE));
}

#[test]
fn of_several_pictures_each_that_gives_nothing_is_named_and_more_codes_than_are_read_are_not_kept_quiet() {
    let desk = Desk::new();
    desk.picture("account.png", &uri(1));
    desk.picture("wifi.png", "WIFI:T:WPA;S:home;P:guest;;");
    let ended = desk.read(&["scan", "account.png", "wifi.png", "nowhere.png", "--yes"], "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for (file, words) in [("wifi.png", "qr.wifi"), ("nowhere.png", "qr.picture_not_there")] {
        let said = fill("scan.of_picture", &[("file", file), ("words", text(words))]);
        assert!(ended.stderr.contains(&said), "{said}: {}", ended.stderr);
    }
    many(&desk.path().join("many.png"), PICTURE_CODES + 1);
    let ended = desk.read(&["scan", "many.png", "--yes", "--take", "all"], "");
    let said = fill("qr.many_codes", &[("n", &PICTURE_CODES.to_string())]);
    assert!(ended.code == 0 && ended.stderr.contains(&said), "{}", ended.stderr);
}

/// A picture of so many codes beside each other.
fn many(path: &Path, count: usize) {
    let symbols: Vec<_> = (1..=count).map(|n| Symbol::new(&uri(n)).unwrap()).collect();
    let (scale, quiet) = (4, 4);
    let cell = symbols[0].width() + 2 * quiet;
    let dark = |x: usize, y: usize| {
        let (x, y) = (x / scale, y / scale);
        symbols[x / cell].is_dark((x % cell).wrapping_sub(quiet), y.wrapping_sub(quiet))
    };
    let (wide, high) = (cell * count * scale, cell * scale);
    let pixels: Vec<u8> =
        (0..high).flat_map(|y| (0..wide).map(move |x| (x, y))).map(|(x, y)| if dark(x, y) { 0 } else { 255 }).collect();
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), wide as u32, high as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}
