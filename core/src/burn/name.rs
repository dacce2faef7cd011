//! What an entry is called on a token.

use super::capability::Misfit;
use super::credential::{Credential, Moving};
use super::identity::Family;
use super::request::Request;

/// Bytes of a name.
const NAME: usize = 64;
/// Bytes of a title.
const TITLE: usize = 12;

/// What a token stores of whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    Nothing,
    /// A title, or a name.
    One(String),
    /// Application and account.
    Two(String, String),
}

impl Stored {
    /// What this family stores for a request.
    ///
    /// # Errors
    /// What does not fit: it is never cut.
    pub(super) fn of(family: Family, request: &Request) -> Result<Self, Misfit> {
        let credential = &request.credential;
        match family {
            Family::Single => Ok(Self::Nothing),
            Family::Molto2 => {
                let title = request.title.as_ref().unwrap_or(&credential.issuer);
                let title = if title.is_empty() { &credential.name } else { title };
                fitting(title.clone(), TITLE).map(Self::One)
            }
            Family::Oath(_) => oath(credential).map(Self::One),
            Family::Token2Otp => {
                let (app, account) = match (&*credential.issuer, &*credential.name) {
                    (issuer, "") => ("", issuer),
                    both => both,
                };
                if !app.is_ascii() || !account.is_ascii() {
                    return Err(Misfit::Characters);
                }
                let app = if app.is_empty() { String::new() } else { fitting(app.to_owned(), NAME)? };
                Ok(Self::Two(app, fitting(account.to_owned(), NAME)?))
            }
            Family::Feitian => {
                let name = joined(credential, "_#_").ok_or(Misfit::NoName)?;
                let prefix = match credential.moving {
                    Moving::Time(period) => format!("{}:", period.seconds()),
                    Moving::Counter(_) => String::new(),
                };
                fitting(prefix + &name, NAME).map(Self::One)
            }
        }
    }

    /// As people read it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::One(name) => name.clone(),
            Self::Two(app, account) if app.is_empty() => account.clone(),
            Self::Two(app, account) => format!("{app}:{account}"),
        }
    }

    /// The one title or name.
    pub(super) fn one(&self) -> &str {
        match self {
            Self::One(name) => name,
            _ => "",
        }
    }
}

/// `issuer:account`, with the period in front when it is not 30 seconds: the token does not store it otherwise.
fn oath(credential: &Credential) -> Result<String, Misfit> {
    let name = joined(credential, ":").ok_or(Misfit::NoName)?;
    let name = match credential.moving {
        Moving::Time(period) if period.seconds() != 30 => format!("{}/{name}", period.seconds()),
        Moving::Time(_) if begins_with_period(&name) => return Err(Misfit::PeriodInName),
        _ => name,
    };
    fitting(name, NAME)
}

fn begins_with_period(name: &str) -> bool {
    let rest = name.trim_start_matches(|character: char| character.is_ascii_digit());
    rest.len() < name.len() && rest.starts_with('/')
}

fn joined(credential: &Credential, between: &str) -> Option<String> {
    match (&*credential.issuer, &*credential.name) {
        ("", "") => None,
        ("", one) | (one, "") => Some(one.to_owned()),
        (issuer, name) => Some(format!("{issuer}{between}{name}")),
    }
}

fn fitting(name: String, most: usize) -> Result<String, Misfit> {
    match name.len() {
        0 => Err(Misfit::NoName),
        length if length > most => Err(Misfit::Name(length)),
        _ if name.chars().any(char::is_control) => Err(Misfit::Characters),
        _ => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::otp::{Counter, Period};

    use super::*;
    use crate::burn::Dialect;
    use crate::burn::testing::credential;

    fn called(family: Family, issuer: &str, name: &str, seconds: u64) -> Result<Stored, Misfit> {
        let mut request = Request::new(credential());
        (request.credential.issuer, request.credential.name) = (issuer.into(), name.into());
        request.credential.moving = match seconds {
            0 => Moving::Counter(Counter::ZERO),
            seconds => Moving::Time(Period::try_from(seconds).unwrap()),
        };
        Stored::of(family, &request)
    }

    #[test]
    fn names_are_what_their_makers_programs_write() {
        let oath = |issuer, name, seconds| called(Family::Oath(Dialect::YubiKey), issuer, name, seconds);
        let one = |name: &str| Ok(Stored::One(name.to_owned()));
        assert_eq!(oath("ACME", "bob", 30), one("ACME:bob"));
        assert_eq!(oath("ACME", "bob", 60), one("60/ACME:bob"));
        assert_eq!(oath("ACME", "bob", 0), one("ACME:bob"));
        assert_eq!((oath("", "bob", 30), oath("ACME", "", 30)), (one("bob"), one("ACME")));
        assert_eq!(oath("60/ACME", "bob", 30), Err(Misfit::PeriodInName));
        assert_eq!(oath("/ACME", "bob", 30), one("/ACME:bob"));
        assert_eq!(oath("a\nb", "bob", 30), Err(Misfit::Characters));
        assert_eq!(called(Family::Feitian, "ACME", "bob", 30), one("30:ACME_#_bob"));
        assert_eq!(called(Family::Feitian, "ACME", "bob", 0), one("ACME_#_bob"));
        let two = |app: &str, account: &str| Ok(Stored::Two(app.to_owned(), account.to_owned()));
        assert_eq!(called(Family::Token2Otp, "ACME", "bob", 30), two("ACME", "bob"));
        assert_eq!(called(Family::Token2Otp, "ACME", "", 30), two("", "ACME"));
        assert_eq!(called(Family::Molto2, "", "bob", 30), one("bob"));
        assert_eq!(called(Family::Single, "", "", 30), Ok(Stored::Nothing));
    }
}
