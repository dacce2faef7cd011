//! The PIN that goes into the codes of Yandex and mOTP, beside the seed.

use super::{OtpError, Timed, decimal_digit};
use crate::{Secret, limits};

/// A PIN of one kind of account. Wiped on drop, printed nowhere.
#[derive(Debug, Clone)]
pub struct Pin(Secret);

impl Pin {
    /// Takes a PIN of this kind of account.
    ///
    /// # Errors
    /// [`OtpError::Pin`]; always for a kind without one.
    pub fn of(timed: Timed, typed: &str) -> Result<Self, OtpError> {
        match timed {
            Timed::Yandex => Self::yandex(typed),
            Timed::MOtp => Self::motp(typed),
            Timed::Totp(_) | Timed::Steam => Err(OtpError::Pin),
        }
    }

    /// Takes a PIN of Yandex: 4 to 16 digits, of any script.
    ///
    /// # Errors
    /// [`OtpError::Pin`].
    pub fn yandex(typed: &str) -> Result<Self, OtpError> {
        Self::read(typed, 4).filter(|pin| pin.0.expose().iter().all(u8::is_ascii_digit)).ok_or(OtpError::Pin)
    }

    /// Takes a PIN of mOTP: 1 to 16 digits or letters; most programs ask for four digits.
    ///
    /// # Errors
    /// [`OtpError::Pin`].
    pub fn motp(typed: &str) -> Result<Self, OtpError> {
        Self::read(typed, *limits::OTP_PIN.start()).ok_or(OtpError::Pin)
    }

    /// The characters. Each call site says why they must leave the type.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Digits and letters in ASCII; the blanks around what was typed do not count.
    fn read(typed: &str, least: usize) -> Option<Self> {
        // Room for all there may be, so that no copy stays behind in a buffer that was too small.
        let mut bytes = Vec::with_capacity(*limits::OTP_PIN.end() + 1);
        let characters = typed.trim().chars().map(|c| decimal_digit(c).map_or(c, |digit| char::from(b'0' + digit)));
        bytes.extend(characters.take(bytes.capacity()).map(|c| u8::try_from(c).unwrap_or_default()));
        let pin = Self(Secret::new(bytes));
        let fits = (least..=*limits::OTP_PIN.end()).contains(&pin.0.len());
        Some(pin).filter(|pin| fits && pin.expose().iter().all(u8::is_ascii_alphanumeric))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::*;

    #[test]
    fn a_pin_holds_its_bounds() {
        let most = *limits::OTP_PIN.end();
        for (length, motp, yandex) in [
            (0, false, false),
            (1, true, false),
            (3, true, false),
            (4, true, true),
            (most, true, true),
            (most + 1, false, false),
            (most * 1000, false, false),
        ] {
            let typed = "7".repeat(length);
            assert_eq!(Pin::motp(&typed).is_ok(), motp, "{length}");
            assert_eq!(Pin::yandex(&typed).is_ok(), yandex, "{length}");
        }
    }

    #[test]
    fn digits_of_any_script_and_blanks_around_them_are_taken() {
        for typed in ["5239", " 5239\n", "٥٢٣٩", "５２３９"] {
            assert_eq!(Pin::yandex(typed).unwrap().expose(), b"5239", "{typed}");
        }
        assert_eq!(Pin::motp("aB12").unwrap().expose(), b"aB12");
        for refused in ["52 39", "52-39", "é234", "\u{0}1234", "12345\u{200b}"] {
            assert_eq!(Pin::motp(refused).unwrap_err(), OtpError::Pin, "{refused:?}");
        }
        assert_eq!(Pin::yandex("aB12").unwrap_err(), OtpError::Pin);
    }

    #[test]
    fn each_kind_has_its_own() {
        let taken = |timed| ["1234", "12", "aB12"].map(|typed| Pin::of(timed, typed).is_ok());
        assert_eq!(taken(Timed::Yandex), [true, false, false]);
        assert_eq!(taken(Timed::MOtp), [true, true, true]);
        assert_eq!((taken(Timed::Steam), taken(Timed::Totp(Shape::default()))), ([false; 3], [false; 3]));
    }

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", Pin::motp("1234").unwrap()), "Pin(Secret(..))");
    }
}
