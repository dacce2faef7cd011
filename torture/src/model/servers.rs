use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::code::Desk;
use crate::limits;

/// One begins bells for a server as they come, others end them: the server never has more of them than its share, however
/// often it is forgotten and known again.
pub fn a_server_never_has_more_than_its_share() {
    let (desk, ringing) = (Desk::default(), Arc::new(AtomicUsize::new(0)));
    let mut bells = Vec::new();
    for _ in 0..5 {
        let server = desk.server("push.example.com");
        let Ok(place) = server.places.clone().try_acquire_owned() else {
            drop(server);
            shuttle::thread::yield_now();
            continue;
        };
        assert!(ringing.fetch_add(1, Ordering::SeqCst) < limits::BELLS_A_SERVER, "more than its share");
        let ringing = ringing.clone();
        bells.push(shuttle::thread::spawn(move || {
            shuttle::thread::yield_now();
            ringing.fetch_sub(1, Ordering::SeqCst);
            drop((place, server));
        }));
        shuttle::thread::yield_now();
    }
    bells.into_iter().for_each(|bell| bell.join().unwrap());
    drop(desk.server("push.example.org"));
    assert_eq!(desk.servers.lock().unwrap().len(), 1, "who has no bell is forgotten");
}

pub const MODELS: &[(&str, fn())] =
    &[("a server never has more than its share", a_server_never_has_more_than_its_share)];
