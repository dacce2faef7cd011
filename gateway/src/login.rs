//! Signing in: name and password, then the phone or a code, then a session.
//!
//! The browser gets its cookie before the password. An approval is bound to that cookie; only the same browser can take
//! what the phone approved, and it gets a new cookie with it. Whoever has no active device yet gets a session of the
//! password alone, which can do nothing but add the first device with a voucher.

pub mod known;
pub mod offline;
pub mod pages;
pub mod route;
pub mod store;
pub mod voucher;

use countersign_strings::text;

/// What a person signs in to. The name stands on the phone, so it is never the caller's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// The person's own devices.
    Manage,
    /// The sample application.
    Sample,
}

impl App {
    /// What `next` belongs to.
    fn of(next: &str) -> Self {
        if next == Self::Sample.home() { Self::Sample } else { Self::Manage }
    }

    /// The client of its approvals.
    fn client(self) -> &'static str {
        match self {
            Self::Manage => "manage",
            Self::Sample => "sample",
        }
    }

    /// Its registered name.
    fn name(self) -> &'static str {
        match self {
            Self::Manage => text("login.manage_name"),
            Self::Sample => text("login.sample_name"),
        }
    }

    /// Its first page.
    fn home(self) -> &'static str {
        match self {
            Self::Manage => "/manageotp",
            Self::Sample => "/demo",
        }
    }
}

/// Where a page goes on: a path of this gateway's own pages, else the list of devices. Nothing leads away from here.
fn next(given: &str) -> String {
    let own = |path: &str| {
        path == App::Sample.home()
            || path.strip_prefix(App::Manage.home()).is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('/'))
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b))
            })
    };
    if given.len() <= 128 && own(given) { given.to_owned() } else { App::Manage.home().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_away_from_this_gateway() {
        for (given, expected) in [
            ("/demo", "/demo"),
            ("/manageotp", "/manageotp"),
            ("/manageotp/add", "/manageotp/add"),
            ("/manageotp/AAECAwQFBgcICQoLDA0ODw/remove", "/manageotp/AAECAwQFBgcICQoLDA0ODw/remove"),
            ("", "/manageotp"),
            ("//evil.example", "/manageotp"),
            ("https://evil.example/", "/manageotp"),
            ("/manageotp.evil.example", "/manageotp"),
            ("/manageotp/\\evil", "/manageotp"),
            ("/demo/x", "/manageotp"),
            ("/logout", "/manageotp"),
        ] {
            assert_eq!(next(given), expected, "{given}");
        }
    }

    #[test]
    fn generated_paths_stay_here() {
        let good = "/demo|/manageotp(/[A-Za-z0-9_-]{1,22}){0,3}";
        countersign_properties::parser(countersign_properties::around(good), |given| {
            let on = next(given);
            assert!(on == "/demo" || on.starts_with("/manageotp"), "{on}");
            assert!(!on.contains('\\') && on.is_ascii() && on.len() <= 128, "{on}");
            assert_eq!(next(&on), on);
            on == *given
        });
    }

    #[test]
    fn a_path_belongs_to_one_application() {
        assert_eq!((App::of("/demo"), App::of("/manageotp/add")), (App::Sample, App::Manage));
    }
}
