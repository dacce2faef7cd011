//! Where a token lies: on a reader of this machine, or emulated.

use std::sync::Arc;

use countersign_core::burn::TokenLink;
use countersign_core::port::{Clock, Random};
use countersign_strings::{fill, text};

use super::args::Where;
use crate::fault::Fault;
use crate::port::emulated::{Loss, Model, Tray};
use crate::terminal::Terminal;

/// A place for one token at a time.
pub trait Seat {
    /// What it is called.
    fn name(&self) -> String;

    /// Waits until a token lies there; `false` when `go_on` said no before. `waits` is told once, when there is none yet.
    fn wait(&mut self, go_on: &dyn Fn() -> bool, waits: &dyn Fn()) -> Result<bool, Fault>;

    /// A link to the token; none when it left meanwhile.
    fn link(&mut self) -> Result<Option<Box<dyn TokenLink + '_>>, Fault>;

    /// Waits until the token was taken away, so that the next can be laid there; `false` when `go_on` said no before.
    fn next(&mut self, go_on: &dyn Fn() -> bool) -> Result<bool, Fault>;

    /// Presses the token's button, where nobody else can.
    fn press(&mut self);

    /// Switches it off and on, and gives what its display shows of a profile, where nobody else can look at it.
    fn display(&mut self, profile: u8) -> Option<String>;

    /// Whether the token is made of software alone.
    fn is_emulated(&self) -> bool;
}

/// The place that was asked for.
pub fn find(
    terminal: &Terminal,
    asked: &Where,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Box<dyn Seat>, Fault> {
    match &asked.emulated {
        Some(name) => {
            let model = Model::find(name).ok_or_else(|| unknown_model(name))?;
            let loses = asked.lose.iter().map(|asked| loss(asked)).collect::<Result<_, _>>()?;
            Ok(Box::new(Tray::new(model, Arc::clone(clock), Arc::clone(random), loses)))
        }
        None => Ok(Box::new(reader::OnReader::find(terminal, asked)?)),
    }
}

fn unknown_model(name: &str) -> Fault {
    let names: Vec<&str> = Model::all().map(Model::name).collect();
    Fault::refused(fill("token.emulated_unknown", &[("name", name), ("names", &names.join(", "))]))
}

/// `5` before the fifth command of the first token, `+5` after it; `3:5` of the third.
fn loss(asked: &str) -> Result<(u32, Loss), Fault> {
    let (token, at) = asked.split_once(':').unwrap_or(("1", asked));
    let number = |digits: &str| digits.parse::<usize>().ok().filter(|number| *number > 0);
    let loss = match at.strip_prefix('+') {
        Some(after) => number(after).map(Loss::After),
        None => number(at).map(Loss::Before),
    };
    let token = token.parse::<u32>().ok();
    token.zip(loss).ok_or_else(|| Fault::refused(text("token.emulated_lose_form")))
}

impl Seat for Tray {
    fn name(&self) -> String {
        Self::name(self).to_owned()
    }

    fn wait(&mut self, go_on: &dyn Fn() -> bool, _: &dyn Fn()) -> Result<bool, Fault> {
        self.lay_again();
        Ok(go_on())
    }

    fn link(&mut self) -> Result<Option<Box<dyn TokenLink + '_>>, Fault> {
        Ok(Some(Box::new(Self::link(self))))
    }

    fn next(&mut self, go_on: &dyn Fn() -> bool) -> Result<bool, Fault> {
        self.lay_next();
        Ok(go_on())
    }

    fn press(&mut self) {
        Self::press(self);
    }

    fn display(&mut self, profile: u8) -> Option<String> {
        Self::display(self, profile)
    }

    fn is_emulated(&self) -> bool {
        true
    }
}

/// The readers of this machine, and whether something lies on each; those alone whose name has what was asked for in it.
pub fn readers(asked: Option<&str>) -> Result<Vec<(String, bool)>, Fault> {
    reader::all(asked)
}

/// What a model of emulated tokens is called, however it was written.
pub fn emulated(asked: &str) -> Result<&'static str, Fault> {
    Model::find(asked).map(Model::name).ok_or_else(|| unknown_model(asked))
}

mod reader {
    use countersign_core::burn::TokenLink;
    use countersign_strings::{fill, text};

    use super::{Seat, Where};
    use crate::fault::Fault;
    use crate::outside::isolated;
    use crate::port::reader::{ReaderError, Readers, Seen};
    use crate::terminal::Terminal;

    /// One reader of this machine.
    pub struct OnReader {
        readers: Readers,
        name: String,
    }

    impl OnReader {
        /// The reader whose name has what was asked for in it; else the only one, the only one on which a token lies, or the
        /// one that the person chooses.
        pub fn find(terminal: &Terminal, asked: &Where) -> Result<Self, Fault> {
            let mut readers = Readers::open().map_err(fault)?;
            let seen = readers.seen().map_err(fault)?;
            let name = chosen(terminal, &seen, asked.reader.as_deref())?;
            Ok(Self { readers, name })
        }
    }

    pub fn all(asked: Option<&str>) -> Result<Vec<(String, bool)>, Fault> {
        let seen = Readers::open().and_then(|mut readers| readers.seen()).map_err(fault)?;
        let found = meant(&seen, asked);
        if found.is_empty() && asked.is_some() {
            return Err(none_such(&seen));
        }
        Ok(found.into_iter().map(|reader| (reader.name.clone(), reader.has_token)).collect())
    }

    /// The one of this name, or those that have it in theirs.
    fn meant<'s>(seen: &'s [Seen], asked: Option<&str>) -> Vec<&'s Seen> {
        if let Some(one) = seen.iter().find(|reader| asked == Some(&*reader.name)) {
            return vec![one];
        }
        let asked = asked.map(str::to_lowercase);
        let is_asked = |reader: &&Seen| asked.as_ref().is_none_or(|part| reader.name.to_lowercase().contains(part));
        seen.iter().filter(is_asked).collect()
    }

    fn none_such(seen: &[Seen]) -> Fault {
        if seen.is_empty() {
            return Fault::refused(text("token.no_reader"));
        }
        Fault::refused(fill("token.no_such_reader", &[("names", &names(seen.iter()))]))
    }

    fn chosen(terminal: &Terminal, seen: &[Seen], asked: Option<&str>) -> Result<String, Fault> {
        let found = meant(seen, asked);
        let with_token: Vec<&Seen> = found.iter().copied().filter(|reader| reader.has_token).collect();
        match (found.as_slice(), with_token.as_slice()) {
            ([], _) => Err(none_such(seen)),
            ([one], _) | (_, [one]) => Ok(one.name.clone()),
            (several, _) => pick(terminal, several),
        }
    }

    /// Lets the person choose; with nobody there it is said what there is.
    fn pick(terminal: &Terminal, readers: &[&Seen]) -> Result<String, Fault> {
        let label = |reader: &&Seen| {
            let token = text(if reader.has_token { "token.reader_holds" } else { "token.reader_empty" });
            fill("token.reader", &[("name", &isolated(&reader.name)), ("token", token)])
        };
        let labels: Vec<String> = readers.iter().map(label).collect();
        match terminal.choose(&labels) {
            Ok(Some(at)) => readers.get(at).map(|reader| reader.name.clone()).ok_or_else(|| several(readers)),
            Ok(None) => Err(Fault::refused(text("cli.nothing_chosen"))),
            Err(_) => Err(several(readers)),
        }
    }

    fn several(readers: &[&Seen]) -> Fault {
        Fault::refused(fill("token.several_readers", &[("names", &names(readers.iter().copied()))]))
    }

    fn names<'a>(readers: impl Iterator<Item = &'a Seen>) -> String {
        readers.map(|reader| format!("  {}", isolated(&reader.name))).collect::<Vec<_>>().join("\n")
    }

    fn fault(error: ReaderError) -> Fault {
        let (words, is_refused) = match error {
            ReaderError::NoProgram => ("token.no_readers_program", false),
            ReaderError::NoService => ("token.no_service", false),
            ReaderError::Gone => ("token.reader_gone", false),
            ReaderError::Empty => ("token.link_lost", true),
            ReaderError::Busy => ("token.reader_busy", true),
            ReaderError::Failed(_) => ("token.link_reader", false),
        };
        let fault = if is_refused { Fault::refused(text(words)) } else { Fault::failed(text(words)) };
        fault.with_details(&error)
    }

    impl Seat for OnReader {
        fn name(&self) -> String {
            self.name.clone()
        }

        fn wait(&mut self, go_on: &dyn Fn() -> bool, waits: &dyn Fn()) -> Result<bool, Fault> {
            let is_there = |reader: &Seen| reader.name == self.name && reader.has_token;
            if !self.readers.seen().map_err(fault)?.iter().any(is_there) {
                waits();
            }
            self.readers.wait(&self.name, true, go_on).map_err(fault)
        }

        fn link(&mut self) -> Result<Option<Box<dyn TokenLink + '_>>, Fault> {
            match self.readers.connect(&self.name) {
                Ok(link) => Ok(Some(Box::new(link))),
                Err(ReaderError::Empty) => Ok(None),
                Err(error) => Err(fault(error)),
            }
        }

        fn next(&mut self, go_on: &dyn Fn() -> bool) -> Result<bool, Fault> {
            self.readers.wait(&self.name, false, go_on).map_err(fault)
        }

        fn press(&mut self) {}

        fn display(&mut self, _: u8) -> Option<String> {
            None
        }

        fn is_emulated(&self) -> bool {
            false
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn terminal() -> Terminal {
            Terminal::new(false, None)
        }

        fn seen(readers: &[(&str, bool)]) -> Vec<Seen> {
            readers.iter().map(|(name, has_token)| Seen { name: (*name).to_owned(), has_token: *has_token }).collect()
        }

        #[test]
        fn the_only_reader_is_taken_and_the_only_one_with_a_token() {
            assert_eq!(chosen(&terminal(), &seen(&[("A", false)]), None).unwrap(), "A");
            assert_eq!(chosen(&terminal(), &seen(&[("A", false), ("B", true)]), None).unwrap(), "B");
            assert_eq!(chosen(&terminal(), &seen(&[("A one", true), ("B two", true)]), Some("TWO")).unwrap(), "B two");
        }

        #[test]
        fn a_reader_that_is_not_there_is_told_with_those_that_are() {
            let fault = chosen(&terminal(), &seen(&[("A", true)]), Some("b")).unwrap_err();
            assert!(fault.words.contains('A'), "{}", fault.words);
            assert_eq!(chosen(&terminal(), &[], None).unwrap_err().words, text("token.no_reader"));
        }

        #[test]
        fn readers_are_listed_by_their_names_whatever_part_of_one_was_said() {
            let there = seen(&[("ACS 00 00", true), ("Virtual PCD 00 00", false), ("Virtual PCD 00 01", true)]);
            let listed =
                |part: &str| meant(&there, Some(part)).iter().map(|reader| reader.name.clone()).collect::<Vec<_>>();
            assert_eq!(listed("00 00"), ["ACS 00 00", "Virtual PCD 00 00"]);
            assert_eq!(listed("acs"), ["ACS 00 00"]);
            assert_eq!(listed("Virtual PCD 00 00"), ["Virtual PCD 00 00"], "a whole name is that one");
            assert!(listed("other").is_empty() && meant(&there, None).len() == 3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_of_a_token_before_or_after_a_command() {
        assert_eq!(loss("5").unwrap(), (1, Loss::Before(5)));
        assert_eq!(loss("3:+2").unwrap(), (3, Loss::After(2)));
        for wrong in ["", "0", "x", "1:", "1:+", "-1"] {
            assert!(loss(wrong).is_err(), "{wrong}");
        }
    }
}
