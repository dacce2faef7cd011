use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::jose::{H32, Id};

use super::code::UsedIds;

/// One of three who send the same proof at once is the first, whatever other ids come along and are swept away.
pub fn one_is_the_first() {
    let used = Arc::new(UsedIds::default());
    let id = |n: u8| Id::from_bytes([n; 16]);
    let (key, now) = (H32::from_bytes([1; 32]), Duration::from_secs(10));
    let senders: Vec<_> = (0..3_u8)
        .map(|n| {
            let used = used.clone();
            shuttle::thread::spawn(move || {
                let first = used.first_use(key, id(9), now + Duration::from_secs(120), now);
                assert!(used.first_use(key, id(n), now, now), "an id of its own");
                assert!(!used.first_use(key, id(9), now, now + Duration::from_secs(1)), "a second time");
                first
            })
        })
        .collect();
    let first = senders.into_iter().map(|it| it.join().unwrap()).filter(|first| *first).count();
    assert_eq!(first, 1);
}

pub const MODELS: &[(&str, fn())] = &[("one is the first", one_is_the_first)];
