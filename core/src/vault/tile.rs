//! What is drawn beside an account without a picture: an icon of the set drawn for this project, or its initials.

use countersign_protocol::jose::H32;

use super::account::Account;
use super::list::folded;

/// The set drawn for this project: SVG on a grid of 24, with lines of 1.75 in the colour of the text.
const SET: [(&str, &str); 24] = [
    ("bank", include_str!("icons/bank.svg")),
    ("book", include_str!("icons/book.svg")),
    ("briefcase", include_str!("icons/briefcase.svg")),
    ("camera", include_str!("icons/camera.svg")),
    ("cart", include_str!("icons/cart.svg")),
    ("chat", include_str!("icons/chat.svg")),
    ("cloud", include_str!("icons/cloud.svg")),
    ("code", include_str!("icons/code.svg")),
    ("game", include_str!("icons/game.svg")),
    ("government", include_str!("icons/government.svg")),
    ("health", include_str!("icons/health.svg")),
    ("home", include_str!("icons/home.svg")),
    ("key", include_str!("icons/key.svg")),
    ("mail", include_str!("icons/mail.svg")),
    ("music", include_str!("icons/music.svg")),
    ("network", include_str!("icons/network.svg")),
    ("people", include_str!("icons/people.svg")),
    ("phone", include_str!("icons/phone.svg")),
    ("school", include_str!("icons/school.svg")),
    ("server", include_str!("icons/server.svg")),
    ("shield", include_str!("icons/shield.svg")),
    ("travel", include_str!("icons/travel.svg")),
    ("video", include_str!("icons/video.svg")),
    ("wallet", include_str!("icons/wallet.svg")),
];

/// The names of the set, in order of their letters.
pub const DRAWN: [&str; SET.len()] = {
    let mut names = [""; SET.len()];
    let mut at = 0;
    while at < SET.len() {
        names[at] = SET[at].0;
        at += 1;
    }
    names
};

/// An icon of the set, as SVG.
pub fn drawn(name: &str) -> Option<&'static str> {
    SET.iter().find(|(known, _)| *known == name).map(|(_, svg)| *svg)
}

/// The colours of tiles, on which white letters have a contrast of at least 7: red, green, blue.
const COLOURS: [[u8; 3]; 8] = [
    [0x0B, 0x5D, 0x4B],
    [0x1F, 0x4E, 0x8C],
    [0x6A, 0x3F, 0xA0],
    [0x8C, 0x2F, 0x5B],
    [0x8A, 0x3B, 0x12],
    [0x5C, 0x5A, 0x0E],
    [0x2F, 0x5D, 0x1E],
    [0x3D, 0x4A, 0x5C],
];

/// White initials on a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// One letter or two.
    pub initials: String,
    /// Red, green and blue; the same for the same issuer, ever.
    pub colour: [u8; 3],
}

impl Account {
    /// Its initials: of the issuer, or of the name where there is none.
    pub fn tile(&self) -> Tile {
        let shown = if self.issuer.trim().is_empty() { &self.name } else { &self.issuer };
        let first = |word: &str| word.chars().find(|letter| letter.is_alphanumeric());
        let letters = shown.split(|c: char| c.is_whitespace() || "-_.@/:".contains(c)).filter_map(first).take(2);
        let initials: String = letters.flat_map(char::to_uppercase).collect();
        let hash = H32::sha256(&[folded(shown).as_bytes()]);
        let colour = COLOURS[usize::from(hash.as_bytes()[0]) % COLOURS.len()];
        Tile { initials: if initials.is_empty() { "•".to_owned() } else { initials }, colour }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Folder, totp};
    use super::super::{Edit, NewAccount};
    use super::*;

    #[test]
    fn initials_are_of_the_issuer_and_its_colour_stays() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let mut tile = |issuer: &str, name: &str| {
            let id = vault.accounts().unwrap().first().map(|account| account.id);
            let id = id.unwrap_or_else(|| vault.add(&NewAccount { ..totp(1) }).unwrap());
            let edit = Edit { issuer: Some(issuer.into()), name: Some(name.into()), ..Edit::default() };
            vault.edit(id, &edit).unwrap();
            vault.get(id).unwrap().tile()
        };
        for (issuer, name, initials) in [
            ("Example", "mara", "E"),
            ("zürich bank", "", "ZB"),
            ("One Two Three", "", "OT"),
            ("", "mara@example.com", "ME"),
            ("  ", "日本 銀行", "日銀"),
            ("(ß)", "", "SS"),
            ("", "", "•"),
            ("—", "", "•"),
        ] {
            assert_eq!(tile(issuer, name).initials, initials, "{issuer} {name}");
        }
        assert_eq!(tile("Example", "a").colour, tile("EXAMPLE", "b").colour);
        assert_eq!(tile("Example", "").colour, [0x0B, 0x5D, 0x4B], "of all times");
    }

    #[test]
    fn the_set_is_drawn_alike() {
        assert!(DRAWN.is_sorted());
        for name in DRAWN {
            let svg = drawn(name).unwrap();
            assert!(
                svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\" fill=\"none\""),
                "{name}"
            );
            assert!(svg.contains("stroke=\"currentColor\" stroke-width=\"1.75\"") && svg.len() < 1_000, "{name}");
            assert!(!svg.contains("script") && !svg.contains("href"), "{name}");
        }
        assert_eq!(drawn("unicorn"), None);
    }

    /// WCAG 2.2, relative luminance and contrast.
    #[test]
    fn white_letters_are_read_on_every_colour() {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        for [red, green, blue] in COLOURS {
            let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
            assert!(1.05 / (luminance + 0.05) >= 7.0, "{red:02x}{green:02x}{blue:02x}");
        }
    }
}
