//! The signed messages of rotation, recovery, changed keys, move, answer codes and notices, and a proof of each call.

use serde::Serialize;

use super::super::{NOW, base_url, did, id, key, link, private, receiver, sample};
use super::{Ordered, file, sign};
use crate::jose::{Claims, H32, Id, SigningInput, Typ, b64u};
use crate::push::{
    AboutDevice, Answer, Attestation, B64, Challenge, Confirm, ConfirmRequest, Context, DigitsAsked, Enrol, Info,
    Invite, InviteReceipt, InviteRequest, KeyAttestation, KeyClass, Keys, KeysReceipt, KeysRequest, Link, Message,
    Metadata, Method, Nonce, Op, Os, Pop, Proof, PutPush, Res, SealedInvite, Src, Via,
};

/// A message: who signs it, its kind, its payload.
#[derive(Clone)]
struct Made {
    name: String,
    key: &'static str,
    typ: Typ,
    payload: String,
}

fn made<T: Claims>(name: impl Into<String>, signer: &'static str, claims: &T) -> Made {
    SigningInput::of(key(signer).kid(), claims).unwrap();
    Made { name: name.into(), key: signer, typ: T::TYP, payload: serde_json::to_string(claims).unwrap() }
}

impl Made {
    fn jws(&self) -> String {
        key(self.key).jws(self.typ, &self.payload)
    }

    fn message<T: Claims>(&self) -> Message<T> {
        Message::parse(&self.jws()).unwrap()
    }

    fn entry(&self) -> Ordered {
        let members = [
            ("name", self.name.as_str()),
            ("typ", self.typ.as_str()),
            ("key", self.key),
            ("payload", self.payload.as_str()),
        ];
        let mut entry = Ordered::texts(members);
        sign(&mut entry);
        entry
    }
}

#[test]
fn messages() {
    file("messages", |file| {
        for made in [metadata(), changed_keys(), moves(), challenges(), answers(), enrolments()].concat() {
            file.put("messages", "name", made.entry());
        }
        for (call, body) in calls() {
            file.put("proofs", "name", proof(call, &body));
        }
        file.list("messages").iter_mut().for_each(sign);
        file.list("proofs").iter_mut().for_each(sign);
    });
}

/// Metadata of one epoch and sequence, listing those keys.
fn meta(epoch: u64, seq: u64, keys: &[&str], gr: &str) -> Metadata {
    let before = Message::<Metadata>::parse(&sample("metadata").text).unwrap().claims().clone();
    let keys: Vec<_> = keys.iter().map(|name| key(name).jwk).collect();
    Metadata { iat: NOW + seq, epoch, seq, keys: keys.try_into().unwrap(), gr: Some(key(gr).kid()), ..before }
}

fn metadata() -> Vec<Made> {
    let recovery = |epoch, seq, keys: &[&str], gr: &str, grk: &str| Metadata {
        grk: Some(key(grk).jwk),
        iat: NOW + 100 * epoch,
        exp: NOW + 100 * epoch + 1,
        ..meta(epoch, seq, keys, gr)
    };
    vec![
        made("metadata with gr", "gk", &meta(1, 1, &["gk"], "gr")),
        made("link", "gk", &step("gk", "gk2", 1)),
        made("link, the second", "gk2", &step("gk2", "gk3", 2)),
        made("link, the third", "gk3", &step("gk3", "gk4", 3)),
        made("metadata after one link", "gk2", &meta(1, 2, &["gk2"], "gr")),
        made("metadata after three links", "gk4", &meta(1, 4, &["gk4"], "gr")),
        made("recovery", "gr", &recovery(2, 1, &["gk2"], "gr2", "gr")),
        made("recovery, the second", "gr2", &recovery(3, 1, &["gk3"], "gr2", "gr2")),
        made("metadata after one recovery", "gk2", &meta(2, 1, &["gk2"], "gr2")),
        made("metadata after two recoveries", "gk3", &meta(3, 1, &["gk3"], "gr2")),
    ]
}

fn step(from: &str, to: &str, later: u64) -> Link {
    Link { iss: base_url(), iat: NOW + later, from: key(from).kid(), to: key(to).jwk }
}

fn changed_keys() -> Vec<Made> {
    let keys = |n, class, att: Option<KeyAttestation>| Keys {
        iss: did(),
        aud: base_url(),
        jti: id(n),
        iat: NOW + 9,
        class,
        jwk: key("ak2").jwk,
        nonce: att.as_ref().map(|_| Nonce::try_from("AAAAAA").unwrap()),
        att,
    };
    let android = KeyAttestation::AndroidKey { chain: vec![der(1), der(2)].try_into().unwrap() };
    let apple = KeyAttestation::AppleAppattest { kid: B64(vec![7; 32]), obj: der(3) };
    let mut all = Vec::new();
    for (name, signer, claims) in [
        ("keys ak", "ak", keys(21, KeyClass::Ak, None)),
        ("keys pk", "pk", keys(22, KeyClass::Pk, None)),
        ("keys ak, attested for android", "ak", keys(23, KeyClass::Ak, Some(android))),
        ("keys ak, attested for ios", "ak", keys(24, KeyClass::Ak, Some(apple))),
    ] {
        let keys = made(name, signer, &claims);
        let nh = keys.message::<Keys>().h();
        let pop = made(name.replace("keys", "pop"), "ak2", &Pop { iss: did(), aud: base_url(), nh });
        let receipt = KeysReceipt { iss: base_url(), aud: did(), iat: NOW + 10, eh: nh };
        let receipt = made(format!("receipt for {name}"), "gk", &receipt);
        all.extend([keys, pop, receipt]);
    }
    all
}

fn der(n: u8) -> B64 {
    B64(vec![0x30, 3, 2, 1, n])
}

fn moves() -> Vec<Made> {
    let mut all = Vec::new();
    for (name, n, replace) in [("invite", 25, false), ("invite, to be replaced", 26, true)] {
        let invite = Invite { iss: did(), aud: base_url(), jti: id(n), iat: NOW + 9, replace };
        let invite = made(name, "ak", &invite);
        let salt = core::array::from_fn(|at| 0x40 + at as u8);
        let sealed = SealedInvite(link()).seal(receiver().public(), &private("as"), &salt).unwrap();
        let eh = invite.message::<Invite>().h();
        let receipt = InviteReceipt { iss: base_url(), aud: did(), iat: NOW + 10, eh, sealed };
        all.extend([invite, made(format!("receipt for {name}"), "gk", &receipt)]);
    }
    let nm = "020569".try_into().unwrap();
    let confirm = Confirm { iss: did(), aud: base_url(), jti: id(27), iat: NOW + 60, e: link().c.id(), nm };
    all.push(made("confirm", "ak", &confirm));
    all
}

fn challenge() -> Challenge {
    Message::<Challenge>::parse(&sample("challenge").text).unwrap().claims().clone()
}

fn challenges() -> Vec<Made> {
    let offline = challenge().for_answer_code(id(5), key("gk").kid()).unwrap();
    let sign = Challenge { op: Op::Sign, msg: Some("Pay 12.00 EUR to Bob".try_into().unwrap()), ..challenge() };
    let enrol = Challenge {
        op: Op::Enrol,
        app: "Demo gateway".try_into().unwrap(),
        ctx: Context { src: Src::Direct, ..challenge().ctx },
        ..challenge()
    };
    let mut all = vec![
        made("challenge for an answer code", "gk", &offline),
        made("challenge sign", "gk", &sign),
        made("challenge enrol", "gk", &enrol),
    ];
    for info in Info::ALL {
        all.push(made(format!("challenge info {info}"), "gk", &notice(*info)));
    }
    for (name, filler) in [("1-byte", 'W'), ("3-byte", '字'), ("quotation mark", '"')] {
        all.push(made(format!("challenge sign at all limits, {name} scalars"), "gk", &longest(filler)));
    }
    // In four-byte scalars all of it is too long: what a gateway sends then.
    let cut = Challenge { ico: Some(H32::sha256(&[b"icon"])), ..longest('𝕏') }.fit(key("gk").kid()).unwrap();
    all.push(made("challenge sign at all limits, 4-byte scalars, cut", "gk", &cut));
    all
}

fn notice(info: Info) -> Challenge {
    let about = info.is_about_device().then(|| AboutDevice { os: Os::Ios, model: "iPhone 17".try_into().unwrap() });
    Challenge {
        op: Op::Info,
        info: Some(info),
        dev: about,
        nm: DigitsAsked::NONE,
        exp: NOW + 30 * 86_400,
        app: "Demo gateway".try_into().unwrap(),
        ctx: Context { src: Src::Direct, ip: None, cc: None, city: None, asn: None, ua: None, new: None },
        ..challenge()
    }
}

/// A question with every member at its limit, without an icon.
pub(in crate::tests) fn longest(filler: char) -> Challenge {
    let text = |count: usize| filler.to_string().repeat(count);
    let limits = Message::<Challenge>::parse(&sample("challenge at all limits, 1-byte scalars").text).unwrap();
    let limits = limits.claims().clone();
    Challenge {
        op: Op::Sign,
        acct: text(128).try_into().unwrap(),
        app: text(64).try_into().unwrap(),
        msg: Some(text(256).try_into().unwrap()),
        ico: None,
        ctx: Context {
            src: Src::Radius,
            city: Some(text(64).try_into().unwrap()),
            asn: Some(text(64).try_into().unwrap()),
            ua: Some(text(64).try_into().unwrap()),
            ..limits.ctx
        },
        ..limits
    }
}

fn answers() -> Vec<Made> {
    let deny = Message::<Answer>::parse(&sample("answer deny").text).unwrap().claims().clone();
    let told = made("challenge info device_added", "gk", &notice(Info::DeviceAdded)).message::<Challenge>().h();
    vec![
        made("answer deny, pushed", "pk", &Answer { jti: id(28), via: Via::Push, ..deny.clone() }),
        made(
            "answer report to a notice",
            "pk",
            &Answer { jti: id(29), res: Res::Report, ch: told, via: Via::Events, ..deny },
        ),
    ]
}

fn enrolments() -> Vec<Made> {
    let enrol = Message::<Enrol>::parse(&sample("enrol").text).unwrap().claims().clone();
    let chain = |n| vec![der(n), der(n + 1)].try_into().unwrap();
    let android = Attestation::AndroidKey { ak: chain(1), pk: chain(3) };
    let apple = Attestation::AppleAppattest { kid: B64(vec![7; 32]), obj: der(5) };
    vec![
        made("enrol, attested for android", "ak", &Enrol { att: Some(android), ..enrol.clone() }),
        made("enrol, attested for ios", "ak", &Enrol { att: Some(apple), ..enrol }),
    ]
}

/// The bodies of these calls, by the name of their type.
pub(super) fn bodies() -> Vec<(&'static str, String)> {
    let (keys, moves, metadata) = (changed_keys(), moves(), metadata());
    let of = |all: &[Made], name: &str| all.iter().find(|made| made.name == name).unwrap().jws();
    let meta = |meta: &str, links: &[&str], recovery: &[&str]| {
        let list = |names: &[&str]| names.iter().map(|name| of(&metadata, name)).collect::<Vec<_>>();
        let (links, recovery) = (json(&list(links)), json(&list(recovery)));
        format!(r#"{{"meta":"{}","links":{links},"recovery":{recovery}}}"#, of(&metadata, meta))
    };
    let receipt = |all: &[Made], name: &str| format!(r#"{{"receipt":"{}"}}"#, of(all, name));
    let put = |endpoint: Option<&str>, seal: bool| {
        json(&PutPush { endpoint: endpoint.map(str::to_owned), seal: seal.then(|| receiver().public().clone()) })
    };
    let endpoint = Some("https://push.example.com/up/abc");
    let (joining, version) = (link().c.id(), r#""device":"active","meta":[1,1]"#);
    vec![
        ("Echo", format!(r#"{{"wait":0,"have":[],"seen":[],{version},"joining":"{joining}"}}"#)),
        (
            "State",
            format!(
                r#"{{"now":{NOW},{version},"challenges":[],"closed":[],"joining":{{"e":"{joining}","os":"ios","model":"iPhone 17"}}}}"#
            ),
        ),
        ("MetadataReply", meta("metadata after one link", &["link"], &[])),
        ("MetadataReply", meta("metadata after three links", &["link", "link, the second", "link, the third"], &[])),
        ("MetadataReply", meta("metadata after one recovery", &[], &["recovery"])),
        ("MetadataReply", meta("metadata after two recoveries", &[], &["recovery", "recovery, the second"])),
        ("KeysRequest", keys_request("ak", &keys)),
        ("KeysRequest", keys_request("pk", &keys)),
        ("KeysRequest", keys_request("ak, attested for android", &keys)),
        ("KeysReply", receipt(&keys, "receipt for keys ak")),
        ("InviteRequest", json(&InviteRequest { invite: Message::parse(&of(&moves, "invite")).unwrap() })),
        ("InviteReply", receipt(&moves, "receipt for invite")),
        ("ConfirmRequest", json(&ConfirmRequest { confirm: Message::parse(&of(&moves, "confirm")).unwrap() })),
        ("PutPush", put(endpoint, true)),
        ("PutPush", put(endpoint, false)),
        ("PutPush", put(None, true)),
    ]
}

fn keys_request(name: &str, all: &[Made]) -> String {
    let of = |name: String| all.iter().find(|made| made.name == name).unwrap();
    let request = KeysRequest { keys: of(format!("keys {name}")).message(), pop: of(format!("pop {name}")).message() };
    json(&request)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Each call that is proven and has no proof among the vectors yet, with its body.
fn calls() -> Vec<(&'static str, String)> {
    let bodies = bodies();
    let body = |name: &str| bodies.iter().find(|(found, _)| *found == name).unwrap().1.clone();
    vec![
        ("GET events", String::new()),
        ("GET icon", String::new()),
        ("PUT push", body("PutPush")),
        ("DELETE push", String::new()),
        ("POST keys", body("KeysRequest")),
        ("POST invite", body("InviteRequest")),
        ("POST confirm", body("ConfirmRequest")),
    ]
}

fn proof(call: &str, body: &str) -> Ordered {
    let (method, path) = call.split_once(' ').unwrap();
    let icon = H32::sha256(&[b"icon"]);
    let htu = base_url().join(&if path == "icon" { format!("icon/{icon}") } else { path.to_owned() });
    let claims = Proof {
        htm: method.parse::<Method>().unwrap(),
        htu: htu.clone(),
        bh: H32::sha256(&[body.as_bytes()]),
        jti: Id::from_bytes([20; 16]),
        nonce: Nonce::try_from("AAAAAA-_09az").unwrap(),
        iat: NOW + 9,
    };
    let made = made(format!("proof {call}"), "pk", &claims);
    let bh = b64u::encode(claims.bh.as_bytes());
    let mut entry = Ordered::texts([("method", method), ("url", &htu), ("body", body), ("bh", &bh)]);
    let Ordered::Object(members) = made.entry() else { panic!("no object") };
    members.into_iter().for_each(|(name, value)| entry.set(&name, value));
    entry
}
