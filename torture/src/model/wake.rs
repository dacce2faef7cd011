use std::future::pending;
use std::time::Duration;

use countersign_protocol::jose::Id;

use super::code::{Ended, Topic, Wakes};
use crate::loomed::{Arc, Mutex};
use crate::port::Never;

const TOPIC: Topic = Topic::Device(Id::from_bytes([1; 16]));
const OTHER: Topic = Topic::Approval(Id::from_bytes([2; 16]));

/// Holds a request as a held poll does: listens, looks, and waits only when there is nothing to see yet.
fn hold(wakes: &Wakes, news: &Mutex<bool>) {
    loop {
        let mut listening = wakes.listen(TOPIC);
        if *news.lock().unwrap() {
            return;
        }
        let waited = listening.wait(Duration::MAX, &Never, pending());
        assert_eq!(loom::future::block_on(waited), Ended::Woken);
    }
}

/// News are put down, and then all who hold are woken; meanwhile another topic comes and goes, and is swept away.
pub fn nobody_who_holds_is_forgotten() {
    let (wakes, news) = (Arc::new(Wakes::default()), Arc::new(Mutex::new(false)));
    let holders = [(); 2].map(|()| {
        let (wakes, news) = (wakes.clone(), news.clone());
        loom::thread::spawn(move || hold(&wakes, &news))
    });
    *news.lock().unwrap() = true;
    wakes.wake(TOPIC);
    holders.into_iter().for_each(|it| it.join().unwrap());
    assert!(!wakes.is_waited_for(TOPIC));
}

/// One holds while others come, are swept away, and all are woken.
pub fn a_sweep_takes_nobody_who_holds() {
    let (wakes, news) = (Arc::new(Wakes::default()), Arc::new(Mutex::new(false)));
    let holder = {
        let (wakes, news) = (wakes.clone(), news.clone());
        loom::thread::spawn(move || hold(&wakes, &news))
    };
    drop(wakes.listen(OTHER));
    *news.lock().unwrap() = true;
    wakes.wake_all();
    holder.join().unwrap();
}

pub const MODELS: &[(&str, fn())] = &[
    ("nobody who holds is forgotten", nobody_who_holds_is_forgotten),
    ("a sweep takes nobody who holds", a_sweep_takes_nobody_who_holds),
];
