//! `countersign lock`: when the phone in the terminal locks itself.

use std::time::Duration;

use countersign_core::limits::AUTO_LOCK;
use countersign_core::vault::AutoLock;
use countersign_strings::{fill, text};
use serde_json::json;

use super::Context;
use crate::fault::Fault;
use crate::words;

/// Shows the rule, after changing it where `after` says so.
pub fn run(context: &Context, after: Option<u64>) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let mut rule = desk.app.auto_lock()?;
    if let Some(after) = after {
        if after != 0 && !AUTO_LOCK.contains(&after) {
            let [least, most] = [AUTO_LOCK.start(), AUTO_LOCK.end()].map(u64::to_string);
            return Err(Fault::refused(fill("cli.lock_range", &[("least", &least), ("most", &most)])));
        }
        rule = AutoLock { after: (after != 0).then(|| Duration::from_secs(after)), ..rule };
        desk.app.set_auto_lock(rule)?;
    }
    let seconds = rule.after.map(|after| after.as_secs());
    let words = match seconds {
        Some(seconds) => fill("cli.lock_after", &[("time", &words::time(seconds))]),
        None => text("cli.lock_never").to_owned(),
    };
    context.terminal.result(&words, &json!({ "after": seconds }));
    Ok(())
}
