//! Packs as people make them, and as nobody should.

use std::io::Write as _;

use countersign_properties::parser;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use serde_json::json;

use super::archive::REFUSED;
use super::*;
use crate::error::Rule;
use crate::properties::damaged;

const UUID: &str = "c553f06f-2a17-46ca-87f5-56af90dd0500";
const PNG: &[u8] = include_bytes!("../../../tests/fixtures/qr/page.png");

/// An archive of these files; what is packed is packed.
fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (name, bytes, packed) in files {
        let method = if *packed { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(*name).compression_method(method).start().unwrap();
        let descriptor = if *packed {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

/// The list of a pack in its own words: see the example of Aegis' documentation.
fn list(version: u64) -> Vec<u8> {
    let icons = json!([
        { "name": "Google", "filename": "services/Google.png", "category": "Services", "issuer": ["google"] },
        { "filename": "services/Blizzard.PNG", "category": "Gaming", "issuer": ["Blizzard", "battle.net"] },
        { "filename": "services/Battle.png", "category": null, "issuer": ["battle", ""] },
        { "filename": "services/Drawn.svg", "category": "Services", "issuer": ["drawn"] },
        { "filename": "services/Missing.png", "category": "Services", "issuer": ["missing"], "later": { "a": [1] } },
    ]);
    let list =
        json!({ "uuid": UUID, "name": "Alex'\u{202e} Icon Pack", "version": version, "icons": icons, "by": "Alex" });
    serde_json::to_vec(&list).unwrap()
}

fn pack(version: u64) -> Vec<u8> {
    let svg = b"<svg/>";
    zip(&[
        ("pack.json", &list(version), true),
        ("services/", b"", false),
        ("services/Google.png", PNG, false),
        ("services/Blizzard.PNG", PNG, true),
        ("services/Battle.png", b"not a picture", true),
        ("services/Drawn.svg", svg, true),
        ("../../unasked.txt", b"x", false),
    ])
}

fn folder() -> (tempfile::TempDir, Packs) {
    let folder = tempfile::tempdir().unwrap();
    let packs = Packs::new(&folder.path().join("icons"));
    (folder, packs)
}

#[test]
fn a_pack_of_the_documented_form_is_kept_found_replaced_and_removed() {
    let (folder, packs) = folder();
    assert_eq!(packs.all(), Ok(vec![]));
    let added = packs.add(&pack(1)).unwrap();
    let id: PackId = UUID.parse().unwrap();
    assert_eq!(added, Pack { id, name: "Alex' Icon Pack".into(), version: 1, icons: 3, left_out: 2 });
    assert_eq!(packs.add(&pack(2)).unwrap().version, 2);
    assert_eq!(packs.all().unwrap().len(), 1, "one version of it");
    let names = |icons: Vec<PackIcon>| icons.into_iter().map(|icon| icon.name).collect::<Vec<_>>();
    assert_eq!(names(packs.find("").unwrap()), ["Google", "Blizzard", "Battle"]);
    assert_eq!(names(packs.find("GAMING net").unwrap()), ["Blizzard"]);
    assert_eq!(names(packs.find("drawn").unwrap()), [""; 0]);
    let google = &packs.find("google").unwrap()[0];
    assert_eq!(packs.picture(google).unwrap(), PNG);
    assert_eq!(packs.picture(&packs.find("blizzard").unwrap()[0]).unwrap(), PNG);
    let foreign = PackIcon { file: "../../unasked.txt".into(), ..google.clone() };
    assert_eq!(packs.picture(&foreign), Err(InputError::NotFound.into()));
    let on_disk: Vec<_> =
        fs::read_dir(folder.path().join("icons")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(on_disk.len() == 2 && on_disk.contains(&format!("{UUID}.zip").into()), "{on_disk:?}: and the lock");
    assert_eq!(packs.remove(id), Ok(()));
    assert_eq!(packs.remove(id), Err(InputError::NotFound.into()));
    assert_eq!(packs.picture(google), Err(InputError::NotFound.into()));
}

#[test]
fn an_issuer_is_held_against_the_words_of_a_pack_whatever_the_case() {
    let (_folder, packs) = folder();
    packs.add(&pack(1)).unwrap();
    let fitting = |issuer: &str| -> Vec<(Fit, String)> {
        packs.fitting(issuer).unwrap().into_iter().map(|(fit, icon)| (fit, icon.name)).collect()
    };
    assert_eq!(fitting("GOOGLE"), [(Fit::Whole, "Google".into())]);
    assert_eq!(fitting("My Google account"), [(Fit::Word, "Google".into())]);
    assert_eq!(fitting("Googlemail"), [(Fit::Part, "Google".into())]);
    assert_eq!(fitting("goo"), [(Fit::Part, "Google".into())]);
    assert_eq!(fitting("Battle.net"), [(Fit::Whole, "Blizzard".into()), (Fit::Word, "Battle".into())]);
    assert_eq!(fitting("Bank"), []);
    assert_eq!(fitting(" "), [], "an account without an issuer fits nothing");
}

#[test]
fn what_is_no_pack_is_refused_and_nothing_is_kept() {
    let (_folder, packs) = folder();
    packs.add(&pack(1)).unwrap();
    let text = |list: &str| zip(&[("pack.json", list.as_bytes(), true), ("a.png", PNG, false)]);
    let entry = r#"{ "filename": "a.png", "category": null, "issuer": [] }"#;
    let good = format!(r#"{{ "uuid": "{UUID}", "name": "x", "version": 3, "icons": [{entry}] }}"#);
    assert!(pack::read(&text(&good)).is_ok());
    for bad in [
        b"".to_vec(),
        b"PK\x05\x06 and no more".to_vec(),
        zip(&[("icons/pack.json", good.as_bytes(), true), ("a.png", PNG, false)]),
        text(""),
        text(&good.replace(UUID, "../../../../etc/passwd")),
        text(&good.replace(UUID, "c553f06f2a1746ca87f556af90dd0500")),
        text(&good.replace("\"version\": 3", "\"version\": -3")),
        text(&good.replace("\"issuer\": []", "\"issuer\": \"a\"")),
        zip(&[("pack.json", good.as_bytes(), true), ("a.png", PNG, false), ("a.png", PNG, false)]),
        pack(1)[..pack(1).len() - 9].to_vec(),
    ] {
        assert_eq!(packs.add(&bad), Err(REFUSED.into()));
    }
    let svg = good.replace("a.png", "a.svg");
    let none = InputError::Field { field: Named::IconPack, rule: Rule::NoPngIcons };
    assert_eq!(packs.add(&text(&svg)), Err(none.into()));
    assert_eq!(packs.all().unwrap()[0].0.version, 1);
}

#[test]
fn a_damaged_file_is_told_from_its_sum_and_an_encrypted_one_is_refused() {
    let whole = pack(1);
    let at = whole.windows(PNG.len()).position(|part| part == PNG).unwrap();
    let mut changed = whole.clone();
    changed[at + PNG.len() / 2] ^= 1;
    assert_eq!(pack::picture(&whole, "services/Google.png").unwrap(), PNG);
    assert_eq!(pack::picture(&changed, "services/Google.png"), Err(REFUSED));
    let mut encrypted = whole.clone();
    let central = encrypted.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    let entries = encrypted.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x01\x02").map(|(at, _)| at);
    let entries: Vec<usize> = entries.collect();
    assert_eq!(entries.last(), Some(&central));
    entries.iter().for_each(|at| encrypted[at + 8] |= 1);
    assert_eq!(pack::read(&encrypted), Err(REFUSED));
}

/// What an archive says of its files is held against the limits before anything is unpacked.
#[test]
fn archives_hold_their_limits() {
    let too_much = |what: Named, found: u64, most: u64| Err(InputError::TooMuch { what, found, most });
    // Files: empty ones, whose names count.
    let files = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("{n}")).collect();
        zip(&names.iter().map(|name| (name.as_str(), &b""[..], false)).collect::<Vec<_>>())
    };
    let most = limits::ICON_PACK_FILES;
    assert_eq!(pack::read(&files(most)).err(), Some(REFUSED), "no list, and else well");
    assert_eq!(pack::read(&files(most + 1)).map(drop), too_much(Named::PackFiles, most as u64 + 1, most as u64));
    // The list.
    let with_list = |length: usize| {
        let mut list = list(1);
        list.splice(0..0, (0..length - list.len()).map(|n| if n % 3 == 0 { b'\n' } else { b' ' }));
        // Stored: so many blanks would be packed too well.
        zip(&[("pack.json", &list, false), ("services/Google.png", PNG, false)])
    };
    let most = limits::ICON_PACK_LIST;
    assert!(pack::read(&with_list(most)).is_ok());
    assert_eq!(pack::read(&with_list(most + 1)).map(drop), too_much(Named::IconPack, most as u64 + 1, most as u64));
    // An icon.
    for (length, fits) in [(limits::ICON_PICTURE, true), (limits::ICON_PICTURE + 1, false)] {
        let icon: Vec<u8> = (0..length).map(|n| ((n * n) >> 7) as u8).collect();
        let read = pack::picture(&zip(&[("a.png", &icon, false)]), "a.png");
        assert_eq!(read.is_ok(), fits, "{length}");
    }
    // The archive.
    let long = vec![0; limits::ICON_PACK + 1];
    let most = limits::ICON_PACK as u64;
    assert_eq!(pack::read(&long).map(drop), too_much(Named::IconPack, most + 1, most));
    assert_eq!(pack::read(&long[1..]).map(drop), Err(REFUSED));
    // A name is cut, not refused.
    let name = "n".repeat(limits::ICON_NAME + 1);
    let list = String::from_utf8(list(1)).unwrap().replace("Google\"", &format!("{name}\""));
    let (_, icons) =
        pack::read(&zip(&[("pack.json", list.as_bytes(), true), ("services/Blizzard.PNG", PNG, false)])).unwrap();
    assert!(icons.iter().all(|icon| icon.name.chars().count() <= limits::ICON_NAME));
}

#[test]
fn bombs_are_refused_by_their_list() {
    // Ten megabytes of nothing: a thousand times shorter when packed.
    let nothing = vec![0; 10 << 20];
    let bomb = zip(&[("pack.json", &list(1), true), ("services/Google.png", &nothing, true)]);
    assert!(bomb.len() < nothing.len() / 500);
    let refused = pack::read(&bomb);
    assert!(matches!(refused, Err(InputError::TooMuch { what: Named::PackUnpacked, found, .. }) if found > 10 << 20));
    // One that says that it is small is not unpacked further than that.
    let mut liar = zip(&[("services/Google.png", &nothing, true)]);
    let central = liar.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    liar[central + 24..central + 28].copy_from_slice(&9_u32.to_le_bytes());
    assert!(pack::picture(&liar, "services/Google.png").is_err());
    // The same bytes for many files, and more in all than is taken.
    let kernel = vec![7; limits::ICON_PICTURE];
    let mut many = zip(&[("0.png", &kernel, false), ("1.png", b"", false)]);
    let central = many.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    let size = (kernel.len() as u32).to_le_bytes();
    [20, 24].iter().for_each(|at| many[central + at..central + at + 4].copy_from_slice(&size));
    many[central + 42..central + 46].copy_from_slice(&[0; 4]);
    assert_eq!(pack::read(&many), Err(REFUSED));
    let all = limits::ICON_PACK_UNPACKED;
    let mut huge = zip(&[("0.png", &kernel, false)]);
    let central = huge.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    huge[central + 24..central + 28].copy_from_slice(&(all as u32 + 1).to_le_bytes());
    assert_eq!(
        pack::read(&huge).map(drop),
        Err(InputError::TooMuch { what: Named::PackUnpacked, found: all + 1, most: all })
    );
    let most = kernel.len() as u64 * limits::ICON_PACK_RATIO;
    huge[central + 24..central + 28].copy_from_slice(&(most as u32 + 1).to_le_bytes());
    let refused = pack::read(&huge).map(drop);
    assert_eq!(refused, Err(InputError::TooMuch { what: Named::PackUnpacked, found: most + 1, most }));
}

#[test]
fn so_many_packs_are_kept_and_no_more() {
    let (_folder, packs) = folder();
    let one = |n: usize| {
        let list = String::from_utf8(list(1)).unwrap().replace("0500", &format!("{n:04}"));
        zip(&[("pack.json", list.as_bytes(), true), ("services/Google.png", PNG, false)])
    };
    let most = limits::ICON_PACKS;
    (0..most).for_each(|n| assert!(packs.add(&one(n)).is_ok(), "{n}"));
    assert!(packs.add(&one(0)).is_ok(), "another version takes no place");
    let refused = InputError::TooMuch { what: Named::IconPacks, found: most as u64 + 1, most: most as u64 };
    assert_eq!(packs.add(&one(most)), Err(refused.into()));
    let long = "a".repeat(limits::SEARCH + 1);
    assert!(packs.find(&long[1..]).is_ok() && packs.find(&long).is_err());
}

/// Packs left whole or damaged, and anything at all.
#[test]
fn any_file_is_a_pack_or_refused_and_a_third_is_one() {
    let whole = pack(1);
    let input = (any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8);
    parser(input, |(at, change, how)| {
        let bytes = damaged(whole.clone(), *at, *change, *how);
        let Ok((pack, icons)) = pack::read(&bytes) else { return false };
        assert!(pack.icons == icons.len() && !icons.is_empty());
        icons.iter().for_each(|icon| drop(pack::picture(&bytes, &icon.file)));
        true
    });
}
