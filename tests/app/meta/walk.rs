//! Rotation and recovery of the gateway's keys, as the phone follows them (push-v1 section 11, «D walks»).

use std::sync::Arc;

use countersign_core::app::{App, Enrolling};
use countersign_tests::raw_phone::{Key, sign};
use serde_json::{Value, json};

use crate::app::gateway::Gateway;
use crate::app::phone::{World, enrol, poll};

/// A phone at a gateway that names a recovery key.
struct Scene {
    world: World,
    gateway: Arc<Gateway>,
    app: App,
    enrolling: Enrolling,
}

impl Scene {
    fn new() -> Self {
        Self::with_gr(Some("gr"))
    }

    fn with_gr(gr: Option<&str>) -> Self {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        if let Some(gr) = gr {
            gateway.state().meta["gr"] = json!(Key::named(gr).thumbprint());
        }
        let app = world.app();
        let enrolling = enrol(&app, &gateway).unwrap();
        gateway.activate();
        poll(&app, &enrolling).unwrap();
        Self { world, gateway, app, enrolling }
    }

    /// Metadata from now on: raised `seq`, these keys, signed by the first.
    fn serve(&self, keys: &[&str], change: impl FnOnce(&mut Value)) {
        let mut state = self.gateway.state();
        state.meta["seq"] = json!(state.meta["seq"].as_u64().unwrap() + 1);
        state.meta["keys"] = json!(keys.iter().map(|name| Key::named(name).jwk_json()).collect::<Vec<_>>());
        change(&mut state.meta);
        state.signer = Key::named(keys[0]);
    }

    /// A step of recovery to `epoch`, signed by `by`: the keys are `key` alone, the next recovery key is `gr`.
    fn step(&self, by: &str, epoch: u64, key: &str, gr: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.gateway.state().meta.clone();
        claims["epoch"] = json!(epoch);
        claims["seq"] = json!(1);
        claims["keys"] = json!([Key::named(key).jwk_json()]);
        claims["gr"] = json!(Key::named(gr).thumbprint());
        claims["grk"] = Key::named(by).jwk_json();
        change(&mut claims);
        sign("cs-meta+jwt", &claims, &Key::named(by))
    }

    fn links(&self, steps: &[(&str, &str)]) {
        let link = |(from, to): &(&str, &str)| self.gateway.link_step(&Key::named(from), &Key::named(to));
        let links = steps.iter().map(link).collect();
        self.gateway.state().links = links;
    }

    /// Whether the phone shows a challenge by that key. A minute passes first, so that it may ask for metadata anew.
    fn trusts(&self, key: &str) -> bool {
        self.world.clock.pass(61);
        let label = format!("by {key} at {}", countersign_core::port::Clock::now(&*self.world.clock));
        let claims = self.gateway.claims(&label);
        self.gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &Key::named(key))];
        poll(&self.app, &self.enrolling).unwrap();
        self.app.approvals().iter().any(|row| row.id.challenge.to_string() == claims["jti"])
    }

    fn restart(&mut self) {
        self.app = self.world.app();
    }
}

#[test]
fn three_rotations_are_followed_by_their_links() {
    let scene = Scene::new();
    scene.links(&[("gk", "gk2"), ("gk2", "gk3"), ("gk3", "gk4")]);
    scene.serve(&["gk4"], |_| {});
    assert!(scene.trusts("gk4"));
    assert!(!scene.trusts("gk") && !scene.trusts("gk2"), "keys on the way are not trusted by that");
}

#[test]
fn link_unreached_skipped() {
    let scene = Scene::new();
    scene.links(&[("evil", "gk3"), ("gk", "gk2")]);
    scene.serve(&["gk2"], |_| {});
    assert!(scene.trusts("gk2") && !scene.trusts("gk3"));
}

#[test]
fn links_gap() {
    let scene = Scene::new();
    scene.links(&[("gk", "gk2"), ("gk3", "gk4")]);
    scene.serve(&["gk4"], |_| {});
    assert!(!scene.trusts("gk4") && scene.trusts("gk"));
}

#[test]
fn links_wrong_order() {
    let scene = Scene::new();
    scene.links(&[("gk2", "gk3"), ("gk", "gk2")]);
    scene.serve(&["gk3"], |_| {});
    assert!(!scene.trusts("gk3"));
}

/// Whether a single link, changed, leads to metadata by `gk2`.
fn follows(by: &str, change: impl FnOnce(&mut Value)) -> bool {
    let scene = Scene::new();
    let mut claims = json!({"iss": scene.gateway.u, "iat": 1_795_260_000, "from": Key::named("gk").thumbprint(),
        "to": Key::named("gk2").jwk_json()});
    change(&mut claims);
    scene.gateway.state().links = vec![sign("cs-link+jwt", &claims, &Key::named(by))];
    scene.serve(&["gk2"], |_| {});
    scene.trusts("gk2")
}

#[test]
fn link_foreign() {
    assert!(follows("gk", |_| {}));
    assert!(!follows("evil", |_| {}));
}

#[test]
fn link_from_mismatch() {
    assert!(!follows("gk", |claims| claims["from"] = json!(Key::named("gk3").thumbprint())));
    // Signed by a key that is reached, naming another that is reached too.
    let scene = Scene::new();
    scene.serve(&["gk", "gk2"], |_| {});
    assert!(scene.trusts("gk2"));
    let claims = json!({"iss": scene.gateway.u, "iat": 1_795_260_000, "from": Key::named("gk2").thumbprint(),
        "to": Key::named("gk3").jwk_json()});
    scene.gateway.state().links = vec![sign("cs-link+jwt", &claims, &Key::named("gk"))];
    scene.serve(&["gk3"], |_| {});
    assert!(!scene.trusts("gk3"));
}

#[test]
fn link_other_iss() {
    assert!(!follows("gk", |claims| claims["iss"] = json!("https://other.example.com/push/v1")));
}

#[test]
fn link_by_removed_key() {
    let scene = Scene::new();
    scene.links(&[("gk", "gk2")]);
    scene.serve(&["gk2"], |_| {});
    assert!(scene.trusts("gk2"));
    // Who has the key that was thrown out leads the phone nowhere.
    scene.links(&[("gk", "evil")]);
    scene.serve(&["evil"], |_| {});
    assert!(!scene.trusts("evil") && scene.trusts("gk2"));
}

#[test]
fn thief_huge_seq_then_recovery() {
    let mut scene = Scene::new();
    // Who stole gk takes the phone along, with a seq that nothing can follow.
    scene.links(&[("gk", "evil")]);
    scene.serve(&["evil"], |meta| meta["seq"] = json!((1u64 << 53) - 1));
    assert!(scene.trusts("evil"));
    // The owner recovers: a new epoch, by the key that the thief does not have.
    let step = scene.step("gr", 2, "gk3", "gr2", |_| {});
    scene.links(&[]);
    scene.gateway.state().recovery = vec![step];
    scene.serve(&["gk3"], |meta| {
        (meta["epoch"], meta["seq"]) = (json!(2), json!(1));
        meta["gr"] = json!(Key::named("gr2").thumbprint());
    });
    assert!(scene.trusts("gk3") && !scene.trusts("evil") && !scene.trusts("gk"));
    // The thief's metadata cannot come back, also after a restart.
    scene.restart();
    scene.gateway.state().recovery.clear();
    scene.serve(&["evil"], |meta| {
        (meta["epoch"], meta["seq"]) = (json!(1), json!((1u64 << 53) - 1));
        meta["gr"] = json!(Key::named("gr").thumbprint());
    });
    assert!(!scene.trusts("evil") && scene.trusts("gk3"));
}

#[test]
fn two_recoveries_are_followed_and_old_ones_passed_over() {
    let scene = Scene::new();
    let steps = [scene.step("gr", 2, "gk2", "gr2", |_| {}), scene.step("gr2", 5, "gk3", "gr3", |_| {})];
    scene.gateway.state().recovery = steps.to_vec();
    let now = |meta: &mut Value| {
        (meta["epoch"], meta["seq"]) = (json!(5), json!(1));
        meta["gr"] = json!(Key::named("gr3").thumbprint());
    };
    scene.serve(&["gk3"], now);
    assert!(scene.trusts("gk3") && !scene.trusts("gk2"));
}

#[test]
fn recovery_old_skipped() {
    let scene = Scene::new();
    let step = scene.step("gr", 2, "gk2", "gr2", |_| {});
    scene.gateway.state().recovery = vec![step.clone()];
    scene.serve(&["gk2"], |meta| {
        (meta["epoch"], meta["seq"]) = (json!(2), json!(1));
        meta["gr"] = json!(Key::named("gr2").thumbprint());
    });
    assert!(scene.trusts("gk2"));
    // Still listed, and another of the same epoch beside it: both are passed over, later metadata is taken.
    let other = scene.step("gr", 2, "evil", "evil", |_| {});
    scene.gateway.state().recovery = vec![step, other];
    scene.serve(&["gk2", "gk3"], |_| {});
    assert!(scene.trusts("gk3") && !scene.trusts("evil"));
}

#[test]
fn recovery_wrong_order() {
    let scene = Scene::new();
    let steps = [scene.step("gr2", 3, "gk3", "gr3", |_| {}), scene.step("gr", 2, "gk2", "gr2", |_| {})];
    scene.gateway.state().recovery = steps.to_vec();
    scene.serve(&["gk3"], |meta| {
        (meta["epoch"], meta["seq"]) = (json!(3), json!(1));
        meta["gr"] = json!(Key::named("gr3").thumbprint());
    });
    let mut fetched = 0;
    scene.gateway.twist(move |path, _, _, good| {
        fetched += usize::from(path == "metadata");
        if path == "metadata" && fetched > 1 { Err(countersign_core::error::PortError::Network) } else { Ok(good) }
    });
    assert!(!scene.trusts("gk3"), "the first is by a key that is not kept yet");
    assert!(scene.trusts("gk2"), "the second is a step of its own");
}

#[test]
fn steps_of_recovery_stay_when_the_rest_is_refused() {
    let mut scene = Scene::new();
    let step = scene.step("gr", 2, "gk2", "gr2", |_| {});
    scene.gateway.state().recovery = vec![step];
    let epoch = |meta: &mut Value| {
        (meta["epoch"], meta["seq"]) = (json!(2), json!(1));
        meta["gr"] = json!(Key::named("gr2").thumbprint());
    };
    // The metadata beside it is a stranger's; and the process dies right after.
    scene.serve(&["evil"], epoch);
    assert!(!scene.trusts("evil"));
    scene.restart();
    assert!(!scene.trusts("gk"), "the old key is thrown out for good");
    assert!(scene.trusts("gk2"), "and the new one counts");
    // The first metadata of the new epoch is taken whatever its `exp`.
    scene.serve(&["gk2", "gk3"], |meta| {
        epoch(meta);
        meta["exp"] = json!(meta["exp"].as_u64().unwrap() - 86_400);
    });
    assert!(scene.trusts("gk3"));
}

/// Whether a step of recovery that differs from the good one in this alone is taken.
fn recovers(by: &str, change: impl FnOnce(&mut Value)) -> bool {
    let scene = Scene::new();
    let step = scene.step(by, 2, "gk2", "gr2", change);
    scene.gateway.state().recovery = vec![step];
    scene.serve(&["gk2"], |meta| {
        (meta["epoch"], meta["seq"]) = (json!(2), json!(1));
        meta["gr"] = json!(Key::named("gr2").thumbprint());
    });
    let taken = scene.trusts("gk2");
    assert_ne!(taken, scene.trusts("gk"), "one of the two holds");
    taken
}

#[test]
fn gr_without_grk() {
    assert!(recovers("gr", |_| {}));
    assert!(!recovers("gr", |claims| {
        claims.as_object_mut().unwrap().remove("grk");
    }));
}

#[test]
fn grk_lies() {
    assert!(!recovers("gr", |claims| claims["grk"] = Key::named("evil").jwk_json()));
}

#[test]
fn recovery_without_gr() {
    assert!(!recovers("gr", |claims| {
        claims.as_object_mut().unwrap().remove("gr");
    }));
}

#[test]
fn recovery_foreign() {
    assert!(!recovers("evil", |_| {}));
    assert!(!recovers("gr", |claims| claims["iss"] = json!("https://other.example.com/push/v1")));
    // Where the enrolment named no recovery key there is nothing to recover by.
    let scene = Scene::with_gr(None);
    let step = scene.step("gr", 2, "gk2", "gr2", |_| {});
    scene.gateway.state().recovery = vec![step];
    scene.serve(&["gk2"], |meta| (meta["epoch"], meta["seq"]) = (json!(2), json!(1)));
    assert!(!scene.trusts("gk2"));
}

#[test]
fn a_recovery_past_its_time_is_still_one() {
    assert!(recovers("gr", |claims| {
        claims["iat"] = json!(1_700_000_000);
        claims["exp"] = json!(1_700_000_001);
    }));
}
