//! What a form holds, taken by `App`: for the screen and for the phone line by line.

use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::error::{Error, InputError, Named, Rule};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::base32::{self, Base32Error};
use countersign_core::protocol::otp::{Counter, Digits, Period, Pin, motp};
use countersign_core::vault::{self, Account, AccountId, Edit, GroupId, Kind, NewAccount, is_nameless};
use countersign_strings::text;

use super::form::{Form, FormKind, Item};
use super::rows;
use crate::command::account::Alike;
use crate::command::there::{self, Became};
use crate::words;

/// Why a form is not taken: the words, and the row that is to blame.
pub type Refusal = (String, Option<Item>);

/// The form of an account that is there.
///
/// # Errors
/// What `App` gives.
pub fn form_of(app: &App, account: &Account) -> Result<Form, Error> {
    let mut form = Form::edit(account.id.to_string(), Alike::among(app)?.line(account));
    let details = &account.details;
    form.put(Item::Issuer, &account.issuer);
    form.put(Item::Name, &account.name);
    form.put(Item::Note, &app.note(account.id)?);
    form.put(Item::Groups, &rows::names(&app.groups()?, &details.groups).join(", "));
    form.put(Item::Tags, &details.tags.join(", "));
    form.icon = details.icon.clone();
    form.had_icon = details.icon.clone();
    form.mark(Item::Favourite, details.favourite);
    form.mark(Item::Pinned, details.pinned);
    form.mark(Item::Hidden, details.hidden);
    Ok(form)
}

/// Adds the account that was typed in.
///
/// # Errors
/// Why it is not taken.
pub fn add(app: &App, form: &Form) -> Result<(), Refusal> {
    let given = |fault: InputError| refusal(&fault.into());
    let kind = kind_of(form).map_err(given)?;
    let digits = Digits::try_from(u64::from(form.digits)).map_err(|_| given(range(Named::Digits)))?;
    let (algorithm, digits) = kind.form(form.algorithm, digits);
    let secret = key_of(form, kind).map_err(|words| (words.to_owned(), Some(Item::Key)))?;
    let pin = kind.has_pin().then(|| pin_of(form, kind)).transpose().map_err(given)?;
    if is_nameless(form.text(Item::Issuer), form.text(Item::Name)) {
        return Err((text("tui.form_nameless").to_owned(), Some(Item::Issuer)));
    }
    let were = app.accounts().map_err(|fault| refusal(&fault))?;
    let added = with_details(app, form, &vault::Details::default(), |details| {
        app.add_account(&NewAccount {
            issuer: form.text(Item::Issuer).to_owned(),
            name: form.text(Item::Name).to_owned(),
            note: form.text(Item::Note).to_owned(),
            kind,
            algorithm,
            digits,
            secret,
            pin,
            origin: None,
            details,
        })
    });
    added.map(drop).map_err(|fault| match fault {
        Error::Input(InputError::Duplicate(id)) => (there_words(app, &were, AccountId(id), kind), Some(Item::Key)),
        fault => refusal(&fault),
    })
}

/// What became of an account that is there already.
fn there_words(app: &App, were: &[Arc<Account>], id: AccountId, kind: Kind) -> String {
    let are = app.accounts().unwrap_or_default();
    match there::became(were, &are, id, kind) {
        Became::Stays(words) => words,
        Became::Went(words) => format!("{words}."),
    }
}

/// Changes an account as the form has it; whether there was something to change.
///
/// # Errors
/// Why it is not taken.
pub fn change(app: &App, account: &Account, form: &Form) -> Result<bool, Refusal> {
    if !form.is_touched() {
        return Ok(false);
    }
    let had = &account.details;
    let changed = with_details(app, form, had, |wanted| {
        let edit = Edit {
            issuer: Some(form.text(Item::Issuer).to_owned()),
            name: Some(form.text(Item::Name).to_owned()),
            note: Some(form.text(Item::Note).to_owned()),
            favourite: Some(wanted.favourite),
            pinned: Some(wanted.pinned),
            hidden: Some(wanted.hidden),
            icon: (had.icon != wanted.icon).then(|| wanted.icon.clone()),
            join: without(&wanted.groups, &had.groups),
            leave: without(&had.groups, &wanted.groups),
            tag: without(&wanted.tags, &had.tags),
            untag: without(&had.tags, &wanted.tags),
            counter: None,
        };
        app.edit_account(account.id, &edit)
    });
    changed.map(|()| true).map_err(|fault| refusal(&fault))
}

/// Saves with how the person wants it kept that was kept as `had`. What is written as it was is left as it was: a name may
/// have a comma in it.
fn with_details<T>(
    app: &App,
    form: &Form,
    had: &vault::Details,
    save: impl FnOnce(vault::Details) -> Result<T, Error>,
) -> Result<T, Error> {
    let tags = if form.text(Item::Tags) == had.tags.join(", ") { had.tags.clone() } else { form.parts(Item::Tags) };
    let details = |groups| vault::Details {
        favourite: form.is_marked(Item::Favourite),
        pinned: form.is_marked(Item::Pinned),
        hidden: form.is_marked(Item::Hidden),
        icon: form.icon.clone(),
        groups,
        tags,
    };
    if form.text(Item::Groups) == rows::names(&app.groups()?, &had.groups).join(", ") {
        return save(details(had.groups.clone()));
    }
    with_groups(app, &form.parts(Item::Groups), |groups| save(details(groups)))
}

/// Saves with the groups of these names. Those that are not there yet are made, and taken back where it is not saved.
///
/// # Errors
/// What `App` gives for a group, and what `save` gives.
pub fn with_groups<T>(
    app: &App,
    names: &[String],
    save: impl FnOnce(Vec<GroupId>) -> Result<T, Error>,
) -> Result<T, Error> {
    let there = app.groups()?;
    let mut groups = Vec::with_capacity(names.len());
    let made = names.iter().try_for_each(|name| app.add_group(name).map(|id| groups.push(id)));
    let saved = made.and_then(|()| save(groups.clone()));
    if let (Err(_), Ok(accounts)) = (&saved, app.accounts()) {
        let is_new = |id: &&GroupId| there.iter().all(|group| group.id != **id);
        // Another program may have used it meanwhile.
        let is_empty = |id: &&GroupId| accounts.iter().all(|account| !account.details.groups.contains(id));
        for id in groups.iter().filter(is_new).filter(is_empty) {
            // An empty group that stays can be deleted by hand; why nothing was saved is what is to be told.
            let _ = app.discard_group(*id);
        }
    }
    saved
}

/// What of `these` is not among `those`.
fn without<T: Clone + PartialEq>(these: &[T], those: &[T]) -> Vec<T> {
    these.iter().filter(|one| !those.contains(one)).cloned().collect()
}

/// The kind that is chosen, with its numbers.
fn kind_of(form: &Form) -> Result<Kind, InputError> {
    let number = |item, field| form.text(item).parse::<u64>().map_err(|_| range(field));
    match form.kind {
        FormKind::Timed => {
            let (period, start) = (number(Item::Period, Named::Period)?, number(Item::Start, Named::Start)?);
            let period = Period::try_from(period).map_err(|_| range(Named::Period))?;
            period.counted_from(start).map(Kind::Totp).map_err(|_| range(Named::Start))
        }
        FormKind::Counted => {
            let counter = number(Item::Counter, Named::Counter)?;
            Counter::try_from(counter).map(Kind::Hotp).map_err(|_| range(Named::Counter))
        }
        FormKind::Steam => Ok(Kind::Steam),
        FormKind::Yandex => Ok(Kind::Yandex),
        FormKind::MOtp => Ok(Kind::MOtp),
    }
}

fn range(field: Named) -> InputError {
    InputError::Field { field, rule: Rule::Range }
}

/// The key: in base32, of mOTP in hexadecimal digits. Or the words say why it is none.
fn key_of(form: &Form, kind: Kind) -> Result<Secret, &'static str> {
    let typed = form.text(Item::Key);
    if kind == Kind::MOtp {
        return motp::seed(typed).map_err(|_| text("tui.form_key_wrong_motp"));
    }
    base32::decode(typed).map(|(secret, _)| secret).map_err(of_key)
}

fn pin_of(form: &Form, kind: Kind) -> Result<Pin, InputError> {
    let timed = kind.timed(form.algorithm, Digits::default());
    let pin = timed.and_then(|timed| Pin::of(timed, form.text(Item::Pin)).ok());
    pin.ok_or(InputError::Field { field: Named::Pin, rule: Rule::Pin })
}

/// The words of a fault, and the row that it is about.
pub fn refusal(fault: &Error) -> Refusal {
    let named = match fault {
        Error::Input(InputError::Field { field, .. }) => Some(*field),
        Error::Input(InputError::TooMuch { what, .. }) => Some(*what),
        Error::Input(InputError::Duplicate(_)) => Some(Named::Secret),
        _ => None,
    };
    let to_blame = named.and_then(|named| match named {
        Named::Issuer => Some(Item::Issuer),
        Named::Name => Some(Item::Name),
        Named::Secret => Some(Item::Key),
        Named::Pin => Some(Item::Pin),
        Named::Period => Some(Item::Period),
        Named::Start => Some(Item::Start),
        Named::Counter => Some(Item::Counter),
        Named::Note => Some(Item::Note),
        Named::Group | Named::Groups => Some(Item::Groups),
        Named::Tag | Named::TagBytes | Named::Tags => Some(Item::Tags),
        _ => None,
    });
    (words::of_error(fault), to_blame)
}

/// Why a key that was typed is none.
fn of_key(fault: Base32Error) -> &'static str {
    text(match fault {
        Base32Error::LookAlike(_) => "qr.secret_look_alike",
        Base32Error::TooLong => "qr.secret_too_long",
        _ => "tui.form_key_wrong",
    })
}
