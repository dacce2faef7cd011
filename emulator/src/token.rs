//! What every token has: a way in for frames, power, a button, a screen.

/// The answer to reset of a contactless card, which makes readers' users take the NFC path.
pub const ATR: [u8; 5] = [0x3b, 0x80, 0x80, 0x01, 0x01];

/// A token in memory.
pub trait Token: Send {
    /// One frame, and what comes back; nothing from a token that is off, wedged, or not spoken to in its own tongue.
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>>;

    /// It leaves the reader: what belonged to the session is forgotten.
    fn leave(&mut self);

    /// It is switched off and on again.
    fn power_cycle(&mut self);

    /// A finger on its button.
    fn press(&mut self);

    /// What it shows at this moment.
    fn screen(&self) -> Screen;

    /// Its serial number, as a reader of it is told.
    fn serial(&self) -> String;
}

impl<T: Token + ?Sized> Token for Box<T> {
    fn transmit(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        (**self).transmit(frame)
    }

    fn leave(&mut self) {
        (**self).leave();
    }

    fn power_cycle(&mut self) {
        (**self).power_cycle();
    }

    fn press(&mut self) {
        (**self).press();
    }

    fn screen(&self) -> Screen {
        (**self).screen()
    }

    fn serial(&self) -> String {
        (**self).serial()
    }
}

/// A token whose language is not public, or that cannot be written at all: it answers nothing, as tokens of the first
/// generation do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Token for Silent {
    fn transmit(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn leave(&mut self) {}

    fn power_cycle(&mut self) {}

    fn press(&mut self) {}

    fn screen(&self) -> Screen {
        Screen::Dark
    }

    fn serial(&self) -> String {
        String::new()
    }
}

/// What a display shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// Nothing: it is off, locked, or there is no display.
    Dark,
    /// Dashes: it is on and holds no seed that it can make a code of.
    Dashes,
    /// A code.
    Code {
        /// The profile's title, where the token has titles.
        title: Option<String>,
        /// The digits.
        code: String,
    },
    /// A question that its button answers.
    Asks(Question),
}

/// What a token asks its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// To take another key.
    ChangeKey,
    /// To forget everything.
    FactoryReset,
}

/// How a token without a display learns that its holder is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It was held to a reader, which counts.
    Tap,
    /// It has a button, which was pressed or not since it was last asked for. Waiting for it is not played: who does not
    /// press first has not pressed in time.
    Button(bool),
}

impl Touch {
    /// Whether the holder is there. One press counts once.
    pub(crate) fn given(&mut self) -> bool {
        match self {
            Self::Tap => true,
            Self::Button(pressed) => std::mem::take(pressed),
        }
    }

    pub(crate) fn press(&mut self) {
        if let Self::Button(pressed) = self {
            *pressed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Link, Lost, Single, Still};

    #[test]
    fn tokens_of_all_families_go_over_one_kind_of_link() {
        let world = Still::at(0);
        let all: [(Box<dyn Token>, bool); 3] = [
            (Box::new(Single::new("86596000000001", world.clone())), true),
            (Box::new(Key::yubikey([5, 4, 3], 7, world)), true),
            (Box::new(Silent), false),
        ];
        for (token, answers) in all {
            let mut link = Link::new(token);
            let answer = link.transmit(&[0x80, 0x41, 0, 0, 0]);
            assert_eq!(answer.is_ok(), answers);
            assert!(answers || answer == Err(Lost::Late));
            link.come_back();
            link.token_mut().press();
            link.token_mut().power_cycle();
            // Of these the one with a display has a long number.
            assert_eq!(link.token().screen() == Screen::Dashes, link.token().serial().len() == 14);
        }
    }
}
