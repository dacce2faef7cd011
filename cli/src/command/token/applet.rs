//! Security keys with several applets for codes: which one is meant. It is said, or a person chooses; it is never guessed.

use clap::ValueEnum;
use countersign_core::burn::{Dialect, Family, Identity};
use countersign_strings::{fill, text};

use crate::fault::Fault;
use crate::terminal::Terminal;
use crate::token_words;

/// An applet of security keys that makes codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AppletName {
    /// YKOATH: a YubiKey's, and its relatives'.
    Oath,
    /// Token2's.
    Token2,
    /// Feitian's.
    Feitian,
}

/// Which applet is meant, as far as that is known.
pub struct Choice {
    /// The one that was said or chosen: no other one is spoken to.
    meant: Option<AppletName>,
    /// Whether nothing is done but looking: then nobody is asked.
    looks: bool,
    /// What the key has, once it was asked.
    seen: Option<Vec<Identity>>,
}

/// What a token that was met is to the choice.
pub enum Fit {
    /// It is what is meant.
    Meant,
    /// It is something else.
    Other,
    /// It is an applet, and perhaps not the only one.
    Unknown,
}

impl Choice {
    /// As the command line says.
    pub const fn of(asked: Option<AppletName>, looks: bool) -> Self {
        Self { meant: asked, looks, seen: None }
    }

    /// The family that is asked for first.
    pub fn family(&self) -> Option<Family> {
        self.meant.map(family)
    }

    /// Whether this is what is meant.
    pub fn fit(&self, of: Family) -> Fit {
        match (name(of), self.meant) {
            (found, Some(meant)) if found == Some(meant) => Fit::Meant,
            (_, Some(_)) => Fit::Other,
            (Some(_), None) if self.seen.is_none() => Fit::Unknown,
            (_, None) => Fit::Meant,
        }
    }

    /// Takes note of what a key has, and chooses where that is several.
    ///
    /// # Errors
    /// A [`Fault`] with their names where nobody can be asked, or nothing is chosen.
    pub fn settle(&mut self, terminal: &Terminal, seen: Vec<Identity>) -> Result<(), Fault> {
        if seen.len() > 1 && !self.looks {
            let labels: Vec<String> = seen.iter().map(label).collect();
            let several = || Fault::refused(fill("token.several_applets", &[("names", &labels.join("\n"))]));
            let at = terminal.choose(&labels).map_err(|_| several())?;
            let at = at.ok_or_else(|| Fault::refused(text("cli.nothing_chosen")))?;
            self.meant = seen.get(at).and_then(|identity| name(identity.family));
        }
        self.seen = Some(seen);
        Ok(())
    }

    /// The applets of a key that has several.
    pub fn several(&self) -> &[Identity] {
        self.seen.as_deref().filter(|seen| seen.len() > 1).unwrap_or_default()
    }
}

/// An applet by the name that is said, and what it tells of itself.
pub fn label(identity: &Identity) -> String {
    fill("token.applet", &[("name", &said(identity.family)), ("token", &token_words::of_identity(identity))])
}

/// The name that is said of an applet's family; empty of what is none.
pub fn said(of: Family) -> String {
    let value = name(of).and_then(|name| name.to_possible_value());
    value.map(|value| value.get_name().to_owned()).unwrap_or_default()
}

const fn name(of: Family) -> Option<AppletName> {
    match of {
        Family::Single | Family::Molto2 => None,
        Family::Oath(_) => Some(AppletName::Oath),
        Family::Token2Otp => Some(AppletName::Token2),
        Family::Feitian => Some(AppletName::Feitian),
    }
}

/// All relatives of YKOATH are asked for in one way.
const fn family(of: AppletName) -> Family {
    match of {
        AppletName::Oath => Family::Oath(Dialect::YubiKey),
        AppletName::Token2 => Family::Token2Otp,
        AppletName::Feitian => Family::Feitian,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applet_that_is_meant_is_no_other_and_what_is_no_applet_needs_no_choice() {
        let meant = Choice::of(Some(AppletName::Oath), false);
        assert!(matches!(meant.fit(Family::Oath(Dialect::Nitrokey)), Fit::Meant));
        assert!(matches!(meant.fit(Family::Token2Otp), Fit::Other) && matches!(meant.fit(Family::Single), Fit::Other));
        let unsaid = Choice::of(None, false);
        assert!(
            matches!(unsaid.fit(Family::Single), Fit::Meant) && matches!(unsaid.fit(Family::Feitian), Fit::Unknown)
        );
    }

    #[test]
    fn every_name_is_one_of_its_family() {
        for named in AppletName::value_variants() {
            assert_eq!(name(family(*named)), Some(*named));
        }
    }
}
