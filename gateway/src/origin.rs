//! Where a sign-in comes from, and what of it is new to the person (`push-v1.md` §6, `ctx`).
//!
//! City, country and network are looked up in files that the operator names ([`geo`]); without them they are left out.
//! What is new is measured against the person's sign-ins that succeeded ([`seen`], which [`store`] remembers in SQL). All of it
//! is shown to people, none of it decides anything.

pub mod geo;
pub mod seen;
pub mod store;

use std::net::IpAddr;
use std::sync::Arc;

use countersign_protocol::push::{Challenge, NewMark};
use countersign_protocol::text::{Country, T64};

use crate::approval::network;
use crate::approval::record::Row;
use crate::config;
use crate::file::FileFault;
use crate::person::PersonId;
use crate::store::StoreFault;
use geo::Geo;
use seen::{Store, Traces};

/// Where a sign-in comes from, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The country.
    pub cc: Option<Country>,
    /// The city.
    pub city: Option<T64>,
    /// The network's owner.
    pub asn: Option<T64>,
    /// What was not seen of this person before; empty for the first sign-in, which has nothing before it.
    pub new: Vec<NewMark>,
}

/// Knows places and what people came from. Cloning shares everything.
#[derive(Clone)]
pub struct Origins {
    geo: Arc<Geo>,
    store: Arc<dyn Store>,
}

impl Origins {
    /// Opens the files that the settings name.
    ///
    /// # Errors
    /// [`FileFault`], when one of them is not of its kind.
    pub fn open(settings: &config::Geo, store: Arc<dyn Store>) -> Result<Self, FileFault> {
        Ok(Self { geo: Arc::new(Geo::open(settings)?), store })
    }

    /// Where a browser is, and what of it is new. Blocks.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn of(&self, person: PersonId, ip: IpAddr, ua: Option<&T64>, now: u64) -> Result<Origin, StoreFault> {
        let place = self.geo.look_up(ip);
        let traces = Traces {
            network: network(ip),
            browser: ua.map(|ua| ua.as_str().to_owned()),
            country: place.cc.as_ref().map(ToString::to_string),
            point: place.point,
        };
        let new = self.store.seen(person)?.new_in(&traces, now);
        Ok(Origin { cc: place.cc, city: place.city, asn: place.asn, new })
    }

    /// Notes where a sign-in came from that succeeded. Blocks.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn passed(&self, row: &Row, now: u64) -> Result<(), StoreFault> {
        // An approval of an earlier version has no question to read it from.
        let Ok(question) = serde_json::from_str::<Challenge>(&row.asks.question) else { return Ok(()) };
        let Some(ip) = question.ctx.ip.map(|ip| ip.get()) else { return Ok(()) };
        let traces = Traces {
            network: network(ip),
            browser: question.ctx.ua.map(String::from),
            country: question.ctx.cc.map(String::from),
            point: self.geo.look_up(ip).point,
        };
        self.store.note(row.person, traces, now)
    }
}
