//! `device list`, `suspend`, `resume`, `remove`: what the help desk does, whether the gateway runs or not. A running gateway
//! tells phones that wait within half a minute.

use std::sync::Arc;

use clap::ArgMatches;
use countersign_protocol::push::GoneWhy;
use countersign_strings::{fill, text};

use super::{Ended, say};
use crate::audit::Caller;
use crate::calendar;
use crate::config::Config;
use crate::enrol::changes::{Changes, SuspendedWhy};
use crate::enrol::store::SqlStore;
use crate::enrol::{Device, DeviceState, Store};
use crate::moment::Moment;
use crate::person::{self, People, Person};
use crate::port::machine;
use crate::start;

pub(super) fn run(matches: &ArgMatches, config: &Config) -> Result<(), Ended> {
    let adapters = machine::adapters();
    let (store, seal) = start::unlock(config, &adapters.random)?;
    // The command line has no part in the gateway's run: the wall clock decides what is still pending.
    let at = Moment::outside(adapters.clock.now());
    let devices = SqlStore(store.clone());
    let people = People::new(Arc::new(person::store::SqlStore(store)), &seal, adapters.clock, adapters.random);
    let Some((what, matches)) = matches.subcommand() else { return Err(Ended::Failed(String::new())) };
    let person = people.named(matches.get_one::<String>("name-of-person").map_or("", String::as_str))?;
    let all: Vec<Device> = devices.devices(person.id)?;
    let all: Vec<Device> = all.into_iter().filter(|device| device.state(&at) != DeviceState::Gone).collect();
    match what {
        "list" if all.is_empty() => say(text("gateway.device_none")),
        "list" => all.iter().try_for_each(|device| say(&line(device, &at))),
        _ => {
            let named = matches.get_one::<String>("device").map_or("", String::as_str);
            act(what, &devices, &person, one(all, named)?, &at)
        }
    }
}

fn line(device: &Device, at: &Moment) -> String {
    let state = match (device.state(at), device.suspended) {
        (DeviceState::Suspended, Some((since, why))) => {
            let why = match why {
                SuspendedWhy::Reported => text("gateway.device_reported"),
                SuspendedWhy::Lost => text("gateway.device_lost"),
                SuspendedWhy::Admin => text("gateway.device_admin"),
                SuspendedWhy::Disabled => text("gateway.device_disabled"),
            };
            fill("gateway.device_suspended_since", &[("when", &calendar::moment(since)), ("why", why)])
        }
        (DeviceState::Pending, _) => text("gateway.device_pending").to_owned(),
        _ => text("gateway.device_active").to_owned(),
    };
    let (did, name) = (device.did.to_string(), device.name.as_str());
    fill("gateway.device_line", &[("id", &did), ("name", name), ("state", &state)])
}

/// The device of this id or name.
fn one(all: Vec<Device>, named: &str) -> Result<Device, Ended> {
    let mut found = all.into_iter().filter(|device| device.did.to_string() == named || device.name == named);
    match (found.next(), found.next()) {
        (Some(device), None) => Ok(device),
        (Some(_), Some(_)) => Err(Ended::Refused(text("gateway.device_several").into())),
        (None, _) => Err(Ended::Refused(text("gateway.device_unknown").into())),
    }
}

fn act(what: &str, devices: &SqlStore, person: &Person, device: Device, at: &Moment) -> Result<(), Ended> {
    let by = Caller { address: None, transaction: "command-line".into() };
    let entry = |what, outcome| by.entry(at.now, what, outcome).device(*device.did.as_bytes());
    let (done, told) = match what {
        "suspend" => {
            let (why, entry) = (SuspendedWhy::Admin, entry("device.suspend", "admin"));
            (devices.suspend(person.id, device.did, why, *at, entry)?.is_some(), "gateway.device_now_suspended")
        }
        "resume" => {
            (devices.resume(person.id, device.did, entry("device.resume", "admin"))?, "gateway.device_now_resumed")
        }
        _ => {
            let (why, entry) = (GoneWhy::Admin, entry("device.remove", "admin"));
            (devices.end(person.id, device.did, why, *at, entry)?.is_some(), "gateway.device_now_removed")
        }
    };
    if done {
        return say(&fill(told, &[("name", &device.name), ("person", &person.name)]));
    }
    let why = match what {
        "resume" if person.disabled => "gateway.device_person_disabled",
        "resume" => "gateway.device_not_suspended",
        _ => "gateway.device_not_active",
    };
    Err(Ended::Refused(text(why).into()))
}
