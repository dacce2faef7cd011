//! What `App` lists, as the screen draws it.

use std::collections::BTreeMap;

use countersign_core::app::{self, App, ApprovalRow, ApprovalState, GatewayRow, Moving, NoticeRow};
use countersign_core::error::Error;
use countersign_core::protocol::push::Src;
use countersign_core::qr::{Ground, Symbol};
use countersign_core::vault::{self, AccountId, Codes, DamagedAccount, Group, GroupId, NewAccount};
use countersign_strings::text;

use super::field::Field;
use super::form;
use super::model::{Account, AccountCode, Binned, Card, Figures, Found, Gateway, GatewayState, Notice, Tile};
use super::state::Move;
use crate::command::account::Alike;
use crate::command::{approvals, there};
use crate::{read, scan_words, when, words};

/// The counted codes that were asked for since the vault was opened.
pub type Counted = BTreeMap<AccountId, Figures>;

/// The list of codes, damaged rows last.
pub fn accounts(codes: &Codes, groups: &[Group], counted: &Counted) -> Vec<Account> {
    let alike = Alike::of(codes.rows.iter().map(|row| &*row.account));
    let rows = codes.rows.iter().map(|row| {
        let account = &row.account;
        let code = match (&row.live, account.kind.timed(account.algorithm, account.digits)) {
            (Some(live), Some(timed)) => AccountCode::Timed {
                code: Figures::new(live.code.to_string()),
                next: Figures::new(live.next.to_string()),
                period: timed.period().seconds().into(),
                until: live.valid.end,
            },
            (_, None) => AccountCode::Counted(counted.get(&account.id).cloned()),
            (None, Some(_)) => AccountCode::Damaged,
        };
        let shown = Account::new(account.id.to_string(), account.issuer.clone(), account.name.clone(), code);
        let details = &account.details;
        Account {
            number: alike.number(account),
            kind: crate::command::account::kind(account),
            tile: Tile { initials: account.tile().initials, icon: form::icon(details.icon.as_ref()) },
            groups: names(groups, &details.groups),
            tags: details.tags.clone(),
            favourite: details.favourite,
            pinned: details.pinned,
            hidden: details.hidden,
            ..shown
        }
    });
    rows.chain(codes.damaged.iter().map(damaged)).collect()
}

/// What groups are called, in their order.
pub fn names(groups: &[Group], wanted: &[GroupId]) -> Vec<String> {
    groups.iter().filter(|group| wanted.contains(&group.id)).map(|group| group.name.clone()).collect()
}

/// All that is known of an account but its key: what each thing is called, and what it is.
///
/// # Errors
/// What `App` gives.
pub fn about(app: &App, account: &vault::Account) -> Result<Vec<(&'static str, String)>, Error> {
    let details = &account.details;
    let mut rows = vec![
        (text("tui.about_kind"), crate::command::account::kind(account)),
        (text("tui.about_algorithm"), account.algorithm.to_string()),
        (text("tui.about_added"), when::minute(account.created)),
        (text("tui.about_changed"), when::minute(account.changed)),
        (text("tui.about_uses"), account.uses.to_string()),
    ];
    for (label, values) in
        [("tui.about_groups", &names(&app.groups()?, &details.groups)), ("tui.about_tags", &details.tags)]
    {
        rows.extend((!values.is_empty()).then(|| (text(label), values.join(", "))));
    }
    rows.extend(form::icon(details.icon.as_ref()).map(|icon| (text("tui.about_icon"), icon)));
    let gateways = app.gateways();
    let gateway = account.origin.and_then(|origin| gateways.iter().find(|gateway| gateway.id == origin));
    rows.extend(gateway.map(|gateway| (text("tui.about_gateway"), words::host(gateway).to_owned())));
    Ok(rows)
}

/// What was removed and can be brought back.
pub fn bin(rows: &[vault::Binned]) -> Vec<Binned> {
    let row = |row: &vault::Binned| Binned {
        id: row.account.id.to_string(),
        name: crate::command::account::line(&row.account),
        until: when::day(row.until),
    };
    rows.iter().map(row).collect()
}

fn damaged(row: &DamagedAccount) -> Account {
    let label = row.label.as_ref();
    let issuer = label.map(|label| label.issuer.clone()).unwrap_or_default();
    let name = label.map_or_else(|| row.position.to_string(), |label| label.name.clone());
    Account::new(row.id.to_string(), issuer, name, AccountCode::Damaged)
}

/// The enrolments.
pub fn gateways(rows: &[GatewayRow]) -> Vec<Gateway> {
    rows.iter().map(gateway).collect()
}

fn gateway(row: &GatewayRow) -> Gateway {
    let state = match &row.state {
        app::GatewayState::Asking => GatewayState::Joining,
        app::GatewayState::Pending { digits, .. } => GatewayState::Pending(Figures::new(digits.clone())),
        app::GatewayState::Active => GatewayState::Active,
        app::GatewayState::Suspended => GatewayState::Suspended,
        app::GatewayState::Gone(why) => GatewayState::Gone(words::gone(*why).to_owned()),
        app::GatewayState::KeysGone => GatewayState::KeysGone,
        app::GatewayState::Damaged => GatewayState::Damaged,
    };
    Gateway {
        id: row.id.to_string(),
        name: row.name.clone(),
        host: words::host(row).to_owned(),
        account: row.acct.clone(),
        state,
        stale: row.stale.map(words::of_staleness),
        clock: words::clock_of(row),
    }
}

/// The logins that wait for a word.
pub fn cards(rows: &[ApprovalRow]) -> Vec<Card> {
    rows.iter().filter(|row| matches!(row.state, ApprovalState::Open(_))).map(card).collect()
}

fn card(row: &ApprovalRow) -> Card {
    Card {
        id: row.id.to_string(),
        op: row.op,
        msg: row.msg.clone(),
        app: row.app.clone(),
        host: row.host.clone(),
        gateway: row.gateway.clone(),
        account: row.acct.clone(),
        account_differs: row.acct_differs,
        from: approvals::place(&row.context),
        network: row.context.asn.clone(),
        with: row.context.ua.clone(),
        from_new: approvals::is_new_place(row),
        with_new: approvals::is_new_program(row),
        stated: row.context.src == Src::Rp,
        digits: row.digits.into(),
        until: row.expires,
        stale: row.stale.map(words::of_staleness),
    }
}

/// What was read, as the screen asks about it.
pub fn found(found: &read::Found) -> Found {
    match found {
        read::Found::Account { account, repairs, guessed } => Found::Account {
            name: read::line(account),
            kind: scan_words::of_kind(account),
            remarks: scan_words::remarks_on_screen(repairs, *guessed),
            blank: read::with_blanks(account, repairs).as_ref().map(read::line),
            doubtful: read::is_doubtful(repairs),
        },
        read::Found::Enrolment(offer, name) => Found::Enrolment { host: offer.host().to_owned(), name: name.clone() },
        read::Found::Offline(_, row) => Found::Offline(card(row)),
    }
}

/// Says of an account that is there already what becomes of it. Of a locked vault nothing is known.
pub fn put_there(app: &App, read: &read::Found, shown: &mut Found) {
    let (read::Found::Account { account, repairs, .. }, Found::Account { remarks, .. }) = (read, shown) else { return };
    remarks.extend(there::foretold(app, &NewAccount::scanned(account, repairs, None)));
}

/// What gateways tell and nobody has put away.
pub fn notices(rows: &[NoticeRow]) -> Vec<Notice> {
    rows.iter().filter(|row| matches!(row.state, ApprovalState::Open(_))).map(notice).collect()
}

fn notice(row: &NoticeRow) -> Notice {
    let from = approvals::place(&row.context).map(|from| format!(" · {from}")).unwrap_or_default();
    Notice {
        id: row.id.to_string(),
        text: words::of_notice(&row.text),
        name: row.gateway.clone(),
        host: row.host.clone(),
        account: row.acct.clone(),
        told: format!("{}{from}", when::minute(row.told)),
        reportable: row.can_report,
    }
}

/// A move, before a phone has joined.
pub fn moving(moving: &Moving) -> Move {
    let symbol = Symbol::new(&moving.link).map(|symbol| symbol.terminal(Ground::Dark)).unwrap_or_default();
    Move {
        gateway: moving.gateway.to_string(),
        name: moving.name.clone(),
        host: moving.host.clone(),
        link: Figures::new(moving.link.as_str()),
        symbol: Figures::new(symbol),
        joining: joining(moving),
        field: Field::default(),
        busy: false,
        fault: None,
    }
}

/// Model and system of the phone that waits for its digits.
pub fn joining(moving: &Moving) -> Option<(String, String)> {
    moving.joining.as_ref().map(|new| (new.model.clone(), new.os.name().to_owned()))
}
