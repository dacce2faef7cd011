//! Walks of section 11: what was kept, what was answered, and where it ends.

use serde_json::{Value, json};

use super::super::walk::{by, kept};
use super::super::{drop_member, key, sample};
use super::{Ordered, file};
use crate::push::MetadataReply;
use crate::push::walk::walk;

const LINKS: [&str; 3] = ["link", "link, the second", "link, the third"];
const STEPS: [&str; 2] = ["recovery", "recovery, the second"];

#[test]
fn walks() {
    file("walks", |file| {
        let end = kept();
        let before = end.metadata();
        let mut start = Ordered::Object(Vec::new());
        let keys = before.keys.iter().map(|key| serde_json::from_str(&serde_json::to_string(key).unwrap()).unwrap());
        start.set("keys", keys.collect::<Vec<Ordered>>());
        start.set("epoch", before.epoch);
        start.set("seq", before.seq);
        start.set("gr", before.gr.unwrap().to_string());
        start.set("exp", before.exp);
        file.set("kept", start);
        for (name, meta, links, recovery) in cases() {
            file.put("walks", "name", entry(name, &meta, &links, &recovery));
        }
    });
}

fn entry(name: &str, meta: &str, links: &[String], recovery: &[String]) -> Ordered {
    let [links, recovery] = [links, recovery].map(|texts| serde_json::to_string(texts).unwrap());
    let reply = format!(r#"{{"meta":"{meta}","links":{links},"recovery":{recovery}}}"#);
    let walk = walk(&kept(), crate::json::parse::<MetadataReply>(reply.as_bytes()).unwrap());
    let now = walk.trusted.metadata();
    let mut end = Ordered::Object(Vec::new());
    end.set("epoch", now.epoch);
    end.set("seq", now.seq);
    end.set("gr", now.gr.unwrap().to_string());
    end.set("keys", now.keys.iter().map(|key| key.thumbprint().to_string()).collect::<Vec<_>>());
    end.set("taken", walk.rest.is_ok());
    let mut entry = Ordered::texts([("name", name), ("reply", &reply)]);
    entry.set("end", end);
    entry
}

type Case = (&'static str, String, Vec<String>, Vec<String>);

fn cases() -> Vec<Case> {
    let text = |name: &str| sample(name).text;
    let texts = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    let (one, three) = ("metadata after one link", "metadata after three links");
    let (epoch2, epoch3) = ("metadata after one recovery", "metadata after two recoveries");
    let other = |it: &mut Value| it["iss"] = "https://gate.example.org/push/v1".into();
    let (no_grk, no_gr) = (|it: &mut Value| drop_member(it, "/grk"), |it: &mut Value| drop_member(it, "/gr"));
    let link = |case: &'static str, link: String| (case, text(one), vec![link], Vec::new());
    let step = |case: &'static str, step: String| (case, text(epoch2), Vec::new(), vec![step]);
    vec![
        ("the same again", text("metadata with gr"), Vec::new(), Vec::new()),
        ("one link", text(one), texts(&LINKS[..1]), Vec::new()),
        ("three links", text(three), texts(&LINKS), Vec::new()),
        ("no link", text(one), Vec::new(), Vec::new()),
        ("links_gap", text(three), texts(&[LINKS[0], LINKS[2]]), Vec::new()),
        ("links_wrong_order", text(three), texts(&[LINKS[2], LINKS[1], LINKS[0]]), Vec::new()),
        ("link_unreached_skipped", text("metadata with gr"), texts(&LINKS[1..]), Vec::new()),
        link("link_foreign", by("evil", LINKS[0], |it| it["from"] = json!(key("evil").kid()))),
        link("link_from_mismatch", by("gk2", LINKS[0], |_| {})),
        link("link_other_iss", by("gk", LINKS[0], other)),
        ("one recovery", text(epoch2), Vec::new(), texts(&STEPS[..1])),
        ("two recoveries", text(epoch3), Vec::new(), texts(&STEPS)),
        ("steps stay", text(epoch3), Vec::new(), texts(&STEPS[..1])),
        ("steps stay before a bad link", text(epoch2), vec![by("evil", LINKS[1], |_| {})], texts(&STEPS[..1])),
        ("recovery_wrong_order", text(epoch3), Vec::new(), texts(&[STEPS[1], STEPS[0]])),
        ("recovery not served", text(epoch2), Vec::new(), Vec::new()),
        step("gr_without_grk", by("gr", STEPS[0], no_grk)),
        step("grk_lies", by("gr", STEPS[0], |it| it["grk"] = json!(key("gr2").jwk))),
        step("recovery_without_gr", by("gr", STEPS[0], no_gr)),
        step("recovery_foreign", by("evil", STEPS[0], |it| it["grk"] = json!(key("evil").jwk))),
        step("recovery of another gateway", by("gr", STEPS[0], other)),
        step("same_epoch_by_gr", by("gr", STEPS[0], |it| it["epoch"] = 1.into())),
    ]
}
