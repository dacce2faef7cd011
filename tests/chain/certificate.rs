//! The certificate's key: a new one is listed 14 days before it is used.

use std::sync::Arc;

use countersign_gateway::chain::{Chain, Parts, store::SqlStore};
use countersign_gateway::config::Config;
use countersign_gateway::port::{Adapters, Clock, machine};
use countersign_gateway::{Running, value};
use countersign_protocol::jose::H32;
use countersign_protocol::push::MetadataReply;
use countersign_tests::raw_phone::{RawRequest, Wire};
use countersign_tests::stage::{self, BEGIN, StageClock, caller};

const DAY: u64 = 86_400;

/// A gateway on a clock of the test, on a folder that outlives it.
struct Shop {
    runtime: tokio::runtime::Runtime,
    clock: Arc<StageClock>,
    config: Config,
    _data: tempfile::TempDir,
}

impl Shop {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::local(data.path().join("gateway"));
        change(&mut config);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, clock: Arc::new(StageClock::at(BEGIN)), config, _data: data }
    }

    /// The keys, as a command sees them beside the gateway.
    fn beside(&self) -> Chain {
        let machine = machine::adapters();
        let (store, seal) = countersign_gateway::start::unlock(&self.config, &machine.random).unwrap();
        let values = value::store::values(&store, &seal);
        let parts = Parts { store: Arc::new(SqlStore(store)), values, seal, signers: machine.signers };
        Chain::open(parts, BEGIN).unwrap()
    }

    fn open<T>(&self, look: impl FnOnce(&Running) -> T) -> T {
        let adapters = Adapters { clock: self.clock.clone(), ..machine::adapters() };
        let running = stage::start(&self.runtime, &self.config, &adapters);
        let seen = look(&running);
        self.runtime.block_on(running.stop());
        seen
    }
}

fn pins(running: &Running) -> Vec<H32> {
    let reply =
        Wire::new(&format!("{}/push/v1", running.url()), running.addresses()[0]).send(RawRequest::get("/metadata"));
    let reply: MetadataReply = countersign_protocol::json::parse(&reply.body).unwrap();
    reply.meta.claims().pins.as_ref().map(|pins| pins.to_vec()).unwrap_or_default()
}

fn pin(running: &Running) -> H32 {
    H32::from_bytes(running.pin().unwrap())
}

#[test]
fn a_next_key_is_listed_at_once_and_used_at_the_first_start_after_fourteen_days() {
    let shop = Shop::new(|_| {});
    let (first, next) = shop.open(|running| {
        let first = pin(running);
        assert_eq!(pins(running), [first]);
        let chain = &running.house().chain;
        let next = chain.prepare_certificate(shop.clock.now(), &caller()).unwrap().next_pin.unwrap();
        assert_eq!(
            chain.prepare_certificate(shop.clock.now(), &caller()),
            Err(countersign_gateway::chain::ChainFault::Prepared)
        );
        countersign_gateway::chain::tend::look(running.house()).unwrap();
        assert_eq!(pins(running), [first, next], "phones learn of it while the old one is used");
        (first, next)
    });
    shop.clock.advance(14 * DAY - 1);
    shop.open(|running| assert_eq!((pin(running), pins(running)), (first, vec![first, next])));
    shop.clock.advance(1);
    shop.open(|running| assert_eq!((pin(running), pins(running)), (next, vec![next])));
    shop.open(|running| assert_eq!((pin(running), pins(running)), (next, vec![next])));
}

#[test]
fn a_key_that_phones_were_not_told_of_in_time_is_noticed() {
    let shop = Shop::new(|_| {});
    shop.open(pin);
    let (known, new) = (shop.open(pin), H32::from_bytes([9; 32]));
    let is_new = |pin: H32, now| shop.beside().ring().unwrap().is_new_pin(&pin, now);
    assert!(is_new(new, BEGIN) && !is_new(known, BEGIN));
    let next = shop.beside().prepare_certificate(BEGIN, &caller()).unwrap().next_pin.unwrap();
    shop.clock.advance(DAY);
    shop.open(|_| {});
    assert!(!is_new(known, BEGIN + DAY), "the one in use is known to all, however new the next one is");
    assert!(is_new(next, BEGIN + 15 * DAY - 1) && !is_new(next, BEGIN + 15 * DAY));
}

#[test]
fn a_key_prepared_while_no_gateway_runs_counts_from_when_it_is_listed() {
    let shop = Shop::new(|_| {});
    let first = shop.open(pin);
    let next = shop.beside().prepare_certificate(BEGIN, &caller()).unwrap().next_pin.unwrap();
    shop.clock.advance(30 * DAY);
    shop.open(|running| assert_eq!((pin(running), pins(running)), (first, vec![first, next])));
    shop.clock.advance(14 * DAY);
    shop.open(|running| assert_eq!(pin(running), next));
}
