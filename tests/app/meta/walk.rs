//! Rotation and recovery of the gateway's keys, as the phone follows them (push-v1 section 11, «D walks»).

use std::sync::Arc;

use countersign_core::app::{App, Enrolling, Staleness};
use countersign_core::error::PortError;
use countersign_core::port::Trust;
use countersign_protocol::limits::LINKS;
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
fn a_phone_that_slept_too_long_says_that_it_is_to_be_enrolled_anew() {
    let shown = |scene: &Scene| scene.app.gateways()[0].stale;
    // So many changes of the key while this phone slept; the gateway names the newest of them, as many as it may.
    let slept = |changes: usize| {
        let scene = Scene::new();
        let names: Vec<String> =
            std::iter::once("gk".to_owned()).chain((0..changes).map(|n| format!("gk{}", n + 2))).collect();
        let steps: Vec<(&str, &str)> = names.windows(2).map(|two| (two[0].as_str(), two[1].as_str())).collect();
        scene.links(&steps[changes.saturating_sub(LINKS)..]);
        (scene, names)
    };
    for (changes, followed) in [(LINKS - 1, true), (LINKS, true), (LINKS + 1, false), (LINKS + 5, false)] {
        let (scene, names) = slept(changes);
        let newest = names.last().unwrap();
        scene.serve(&[newest], |_| {});
        assert_eq!(scene.trusts(newest), followed, "{changes}");
        assert_eq!(shown(&scene), (!followed).then_some(Staleness::Keys), "{changes}");
    }
    // What came before can still be decided, and a restart forgets nothing.
    let (mut scene, names) = slept(LINKS + 1);
    assert!(scene.trusts("gk"));
    let newest = names.last().unwrap();
    scene.serve(&[newest], |_| {});
    assert!(!scene.trusts(newest));
    scene.restart();
    let row = scene.app.approvals().remove(0);
    assert_eq!((shown(&scene), row.stale, row.can.approve), (Some(Staleness::Keys), None, true));
    // A gateway that can be followed again takes it back.
    scene.serve(&["gk"], |_| {});
    assert!(!scene.trusts(newest) && shown(&scene).is_none());
}

#[test]
fn a_stranger_cannot_say_that_the_keys_were_lost_sight_of() {
    let scene = Scene::new();
    // No pin fits, so the metadata came from anybody.
    let names: Vec<String> = (0..=LINKS).map(|n| format!("evil{n}")).collect();
    let steps: Vec<(&str, &str)> = names.windows(2).map(|two| (two[0].as_str(), two[1].as_str())).collect();
    scene.links(&steps);
    scene.serve(&[&names[LINKS]], |_| {});
    scene.gateway.twist(|path, request, _, good| {
        let fits = request.trust == Trust::MetadataOnly && path == "metadata";
        if fits { Ok(good) } else { Err(PortError::Tls) }
    });
    scene.world.clock.pass(61);
    assert!(poll(&scene.app, &scene.enrolling).is_err());
    assert!(scene.gateway.calls("metadata") > 1, "it was asked");
    assert_eq!(scene.app.gateways()[0].stale, None);
    // Over the gateway's own connection the same says it.
    scene.gateway.untwist();
    assert!(!scene.trusts(&names[LINKS]));
    assert_eq!(scene.app.gateways()[0].stale, Some(Staleness::Keys));
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
        if path == "metadata" && fetched > 1 { Err(PortError::Network) } else { Ok(good) }
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
