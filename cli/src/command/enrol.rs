//! `countersign enrol`: shows host, asks, shows the six digits and waits until the page has taken them.

use std::sync::Arc;

use countersign_core::app::{Enrolling, GatewayState};
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::args::Read;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::poll;
use crate::port::Prefilled;
use crate::read::Found;
use crate::{outside, words};

/// Reads a link or picture of the gateway's page.
pub fn run(context: &Context, read: &Read) -> Result<(), Fault> {
    let terminal = &context.terminal;
    terminal.read_descriptor()?;
    // One passphrase opens the vault, for the account that comes along, and signs the enrolment.
    let ask = Arc::new(Prefilled::new(terminal.clone()));
    let desk = Desk::open_existing(&context.home, ask.clone())?;
    let found = super::read::from(context, &desk, read, text("cli.link_enrol"))?;
    let Found::Enrolment(offer, name) = found else {
        return Err(Fault::refused(text("qr.account")));
    };
    let host = offer.host().to_owned();
    terminal.say(&format!("{} ({host})", outside::isolated(&name)));
    terminal.say(&fill("tui.enrol_ask", &[("host", &host)]));
    if !read.yes && !terminal.confirm(text("tui.enrol_title"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    let passphrase = terminal.passphrase(&fill("cli.passphrase_enrol", &[("host", &host)]))?;
    context.unlock(&desk, &passphrase)?;
    ask.fill(passphrase);
    let enrolling = desk.app.enrol(&offer, &Desk::phone(), &countersign_core::cancel::Cancel::default())?;
    told(context, &enrolling)?;
    wait(&desk, &enrolling)?;
    let (id, name) = (enrolling.id.to_string(), outside::isolated(&enrolling.gateway));
    terminal.result("", &json!({ "gateway": id, "state": "active" }));
    terminal.say(&fill("tui.joined", &[("name", &name), ("host", &enrolling.host)]));
    Ok(())
}

fn told(context: &Context, enrolling: &Enrolling) -> Result<(), Fault> {
    let json = json!({
        "gateway": enrolling.id.to_string(),
        "state": "pending",
        "name": enrolling.gateway,
        "host": enrolling.host,
        "account": enrolling.acct,
        "digits": enrolling.digits,
        "until": enrolling.until,
    });
    let terminal = &context.terminal;
    let name = outside::isolated(&enrolling.gateway);
    terminal.say(&fill(
        "cli.enrolled_at",
        &[("name", &name), ("host", &enrolling.host), ("account", &outside::isolated(&enrolling.acct))],
    ));
    terminal.say(text("tui.type_on_page"));
    terminal.result_line(&format!("\n    {}", crate::measure::grouped(&enrolling.digits)), &json)?;
    terminal.say(text("tui.waits_for_page"));
    Ok(())
}

/// Polls until the gateway says that the phone is active, or that it is not to be.
fn wait(desk: &Desk, enrolling: &Enrolling) -> Result<(), Fault> {
    poll::until(&desk.app, || {
        let row = desk.app.gateways().into_iter().find(|row| row.id == enrolling.id);
        match row.map(|row| row.state) {
            Some(GatewayState::Active) => Ok(Some(())),
            Some(GatewayState::Pending { .. } | GatewayState::Asking) => Ok(None),
            Some(GatewayState::Gone(why)) => Err(Fault::refused(words::gone(why))),
            Some(GatewayState::Suspended | GatewayState::KeysGone | GatewayState::Damaged) | None => {
                Err(Fault::refused(text("tui.join_gone")))
            }
        }
    })
}
