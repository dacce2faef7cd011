//! How it answers each call.

use countersign_core::port::{Clock, Method, Request, Response};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::json as strict;
use countersign_protocol::push::{
    AnswerRequest, ConfirmRequest, EnrolCode, EnrolKeys, EnrolRequest, InviteRequest, KeyClass, KeysRequest, Message,
    Proof, PutPush, Res, SealedInvite, SealedReceipt, check, confirmation_digits, endpoint,
};
use countersign_protocol::seal::SealKey;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::raw_phone::{Key, b64u, id_of, sign};
use serde_json::{Value, json};

use super::{Device, Gateway};

impl Gateway {
    fn is_held(&self, seen: &str) -> bool {
        self.held.lock().unwrap().iter().any(|(path, ..)| *path == seen)
    }

    fn held(&self, seen: &str) -> Option<(u16, Value)> {
        let mut held = self.held.lock().unwrap();
        let at = held.iter().position(|(path, ..)| *path == seen)?;
        let (_, status, body, once) = held[at];
        if once {
            held.remove(at);
        }
        Some((status, serde_json::from_str(body).unwrap()))
    }

    pub(super) fn answer(&self, path: &str, request: &Request) -> Response {
        if let Some(hash) = path.strip_prefix("icon/").filter(|_| !self.is_held(path)) {
            return self.icon(path, hash, request);
        }
        let (status, body) = match (request.method, path) {
            _ if self.is_held(path) => self.held(path).unwrap(),
            (Method::Get, "metadata") => (200, self.metadata()),
            (Method::Post, "enrol") => self.enrol(request),
            (Method::Post, "poll") => self.poll(request),
            (Method::Post, "answer") => self.decide(request),
            (Method::Post, "keys") => self.keys(request),
            (Method::Post, "invite") => self.invite(request),
            (Method::Post, "confirm") => self.confirm(request),
            (Method::Put | Method::Delete, "push") => self.push(request),
            (Method::Delete, "device") => self.leave(request),
            (Method::Get, "events") if self.feed.lock().unwrap().is_some() => match self.prover(request, "events") {
                Ok(_) => (200, json!({})),
                Err(refusal) => refusal,
            },
            _ => (404, json!({"error": "malformed"})),
        };
        let mut state = self.state();
        state.nonces += 1;
        let headers = vec![("countersign-nonce".to_owned(), format!("nonce-{}", state.nonces))];
        let body = if status == 204 { Vec::new() } else { body.to_string().into_bytes() };
        Response { status, headers, body }
    }

    fn metadata(&self) -> Value {
        let state = self.state();
        json!({"meta": sign("cs-meta+jwt", &state.meta, &state.signer), "links": state.links, "recovery": state.recovery})
    }

    /// Whether the request's proof is right in all: by this key, of this request, with a nonce that was given.
    fn proven(&self, request: &Request, path: &str, pk: &Jwk) -> bool {
        let proofs: Vec<_> = request.headers.iter().filter(|(name, _)| name == "countersign-proof").collect();
        let [(_, text)] = proofs.as_slice() else { return false };
        let Ok(proof) = Message::<Proof>::parse(text).unwrap().verify(pk) else { return false };
        let nonce = proof.claims().nonce.as_str().strip_prefix("nonce-").and_then(|number| number.parse().ok());
        assert!(nonce.is_some_and(|number: u64| (1..=self.state().nonces).contains(&number)), "a nonce that was given");
        let htu = format!("{}/{path}", self.u);
        check::proof_fits(&proof, request.method, &htu, &H32::sha256(&[&request.body])).is_ok()
    }

    /// The device whose `pk` proves this request, or the refusal.
    fn prover(&self, request: &Request, path: &str) -> Result<Id, (u16, Value)> {
        self.prover_or(request, path, None)
    }

    fn prover_or(&self, request: &Request, path: &str, also: Option<&Jwk>) -> Result<Id, (u16, Value)> {
        let refused = || (401, json!({"error": "refused"}));
        let (_, proof) = request.headers.iter().find(|(name, _)| name == "countersign-proof").expect("a proof");
        let kid = Message::<Proof>::parse(proof).unwrap().jws().kid();
        let found = self.state().devices.iter_mut().find_map(|(did, device)| {
            let also = also.filter(|key| key.thumbprint() == kid).cloned();
            Some((*did, device.counts(KeyClass::Pk, kid).or(also)?, device.removed))
        });
        let (did, pk, removed) = found.ok_or_else(refused)?;
        if !self.proven(request, path, &pk) {
            return Err(refused());
        }
        let gone = json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "why": "self"});
        let gone = || (410, json!({"error": "gone", "gone": sign("cs-gone+jwt", &gone, &self.gk)}));
        if removed { Err(gone()) } else { Ok(did) }
    }

    fn keys(&self, request: &Request) -> (u16, Value) {
        let body: KeysRequest = strict::parse(&request.body).unwrap();
        let (h, claims) = (body.keys.h(), body.keys.claims().clone());
        let repeated = self.state().receipts.get(&h).cloned();
        // A repeat may be proven by either key, also by one that no longer counts.
        let before = repeated.is_some().then(|| self.state().replaced.get(&h).cloned()).flatten();
        let did = match self.prover_or(request, "keys", before.as_ref()) {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        if let Some(receipt) = repeated {
            return (200, json!({"receipt": receipt}));
        }
        let mut state = self.state();
        let device = state.devices.get_mut(&did).unwrap();
        if device.state != "active" || device.old.as_ref().is_some_and(|(class, _)| *class == claims.class) {
            return (403, json!({"error": "policy", "why": "state"}));
        }
        let old = device.key(claims.class).clone();
        if check::keys(body, &did, &self.u.parse().unwrap(), |_| old.clone()).is_err() {
            return (401, json!({"error": "refused"}));
        }
        match claims.class {
            KeyClass::Ak => device.ak = claims.jwk,
            KeyClass::Pk => device.pk = claims.jwk,
        }
        device.old = Some((claims.class, old.clone()));
        let receipt = json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": h});
        let receipt = sign("cs-receipt+jwt", &receipt, &self.gk);
        state.replaced.insert(h, old);
        state.receipts.insert(h, receipt.clone());
        (200, json!({"receipt": receipt}))
    }

    fn icon(&self, path: &str, hash: &str, request: &Request) -> Response {
        let (status, body) = match (self.prover(request, path), self.state().icons.get(hash)) {
            (Ok(_), Some(icon)) => (200, icon.clone()),
            (Ok(_), None) => (404, br#"{"error":"malformed"}"#.to_vec()),
            (Err((status, body)), _) => (status, body.to_string().into_bytes()),
        };
        Response { status, headers: Vec::new(), body }
    }

    /// The link of an invitation by this code.
    pub fn invitation(&self, c: [u8; 16]) -> EnrolLink {
        let c = EnrolCode::new(Secret::from_slice(&c)).unwrap();
        let (u, k) = (self.u.parse().unwrap(), self.gk.jwk().thumbprint());
        EnrolLink { u, k, c, x: self.clock.now() + 600, p: Some(H32::sha256(&[b"tls key"])) }
    }

    /// The receipt for an invitation, as it should be but for what a test changes.
    pub fn invite_receipt(&self, did: Id, eh: H32, link: EnrolLink) -> Value {
        let seal = self.state().devices[&did].seal.clone();
        let sealed = SealedInvite(link).seal(&seal, &Secret::from_slice(Key::named("as").scalar()), &[9; 16]).unwrap();
        json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": eh, "sealed": b64u(&sealed.0)})
    }

    fn invite(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "invite") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let body: InviteRequest = strict::parse(&request.body).unwrap();
        let h = body.invite.h();
        if let Some(receipt) = self.state().receipts.get(&h) {
            return (201, json!({"receipt": receipt}));
        }
        let ak = self.state().devices[&did].ak.clone();
        if check::invite(body.invite, &did, &self.u.parse().unwrap(), &ak).is_err() {
            return (401, json!({"error": "refused"}));
        }
        let code = id_of(&format!("invitation {h}")).parse::<Id>().unwrap();
        (self.state().code, self.state().joining, self.state().tries) = (*code.as_bytes(), None, 3);
        let receipt = self.invite_receipt(did, h, self.invitation(*code.as_bytes()));
        let receipt = sign("cs-receipt+jwt", &receipt, &self.gk);
        self.state().receipts.insert(h, receipt.clone());
        (201, json!({"receipt": receipt}))
    }

    fn confirm(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "confirm") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let body: ConfirmRequest = strict::parse(&request.body).unwrap();
        let h = body.confirm.h();
        let mut state = self.state();
        let (ak, code) = (state.devices[&did].ak.clone(), EnrolCode::new(Secret::from_slice(&state.code)).unwrap());
        let claims = body.confirm.claims().clone();
        if check::confirm(body.confirm, &did, &self.u.parse().unwrap(), &ak).is_err() || claims.e != code.id() {
            return (401, json!({"error": "refused"}));
        }
        // Repeated after a refusal it gets the same error and takes no try.
        if let Some(refusal) = state.results.get(&h) {
            return (403, serde_json::from_str(refusal).unwrap());
        }
        if claims.nm.expose() == state.joins_with {
            state.devices.values_mut().for_each(|device| device.state = "active");
            state.joining = None;
            return (204, Value::Null);
        }
        state.tries -= 1;
        if state.tries == 0 {
            state.joining = None;
            return (410, json!({"error": "expired"}));
        }
        let refusal = json!({"error": "policy", "why": "digits", "left": state.tries});
        state.results.insert(h, refusal.to_string());
        (403, refusal)
    }

    fn push(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "push") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let mut state = self.state();
        let device = state.devices.get_mut(&did).unwrap();
        if request.method == Method::Delete {
            device.endpoint = None;
            return (204, Value::Null);
        }
        let put: PutPush = strict::parse(&request.body).unwrap();
        if put.endpoint.as_deref().is_some_and(|text| endpoint::check(text).is_err()) {
            return (403, json!({"error": "policy", "why": "endpoint"}));
        }
        device.endpoint = put.endpoint.or(device.endpoint.take());
        device.seal = put.seal.unwrap_or_else(|| device.seal.clone());
        (204, Value::Null)
    }

    fn leave(&self, request: &Request) -> (u16, Value) {
        match self.prover(request, "device") {
            Ok(did) => {
                self.state().devices.get_mut(&did).unwrap().removed = true;
                (204, Value::Null)
            }
            Err(refusal) => refusal,
        }
    }

    fn enrol(&self, request: &Request) -> (u16, Value) {
        let body: EnrolRequest = strict::parse(&request.body).unwrap();
        let claims = body.enrol.claims().clone();
        let code = EnrolCode::new(Secret::from_slice(&self.state().code)).unwrap();
        if claims.e != code.id() || !code.cm_fits(body.enrol.jws().signing_input().as_bytes(), &body.cm) {
            return (401, json!({"error": "refused"}));
        }
        assert!(self.proven(request, "enrol", &claims.keys.pk), "a proof by the new pk");
        let h = body.enrol.h();
        body.enrol.verify(&claims.keys.ak).unwrap();
        if let Some(receipt) = self.state().receipts.get(&h) {
            return (201, json!({"receipt": receipt}));
        }
        let did: Id = id_of(&format!("device {h}")).parse().unwrap();
        let receipt = sign("cs-receipt+jwt", &self.receipt(did, h, &claims.keys.seal), &self.gk);
        let mut state = self.state();
        state.receipts.insert(h, receipt.clone());
        state.joins_with = confirmation_digits(&h, &did);
        if !state.devices.is_empty() {
            let dev = claims.dev;
            state.joining = Some(json!({"e": claims.e, "os": dev.os, "model": dev.model}));
        }
        let EnrolKeys { ak, pk, seal } = claims.keys;
        let device = Device { ak, pk, seal, endpoint: None, state: "pending", old: None, removed: false };
        state.devices.insert(did, device);
        (201, json!({"receipt": receipt}))
    }

    /// Claims of a receipt.
    pub fn receipt(&self, did: Id, eh: H32, seal: &SealKey) -> Value {
        let totp = self.state().totp.as_ref().map(|uri| Secret::from_slice(uri.as_bytes()));
        let secret = SealedReceipt { ok: Secret::from_slice(&[7; 32]), totp };
        let sealed = secret.seal(seal, &Secret::from_slice(Key::named("as").scalar()), &[9; 16]).unwrap();
        json!({"iss": self.u, "aud": did, "iat": self.clock.now(), "eh": eh, "acct": "alice@example.com",
            "name": "Example", "until": self.clock.now() + 600, "sealed": b64u(&sealed.0)})
    }

    fn poll(&self, request: &Request) -> (u16, Value) {
        let did = match self.prover(request, "poll") {
            Ok(did) => did,
            Err(refusal) => return refusal,
        };
        let mut state = self.state();
        state.echoes.push(strict::parse(&request.body).unwrap());
        let device = state.devices[&did].state;
        (200, state.shown(self.clock.now(), device))
    }

    fn decide(&self, request: &Request) -> (u16, Value) {
        let body: AnswerRequest = strict::parse(&request.body).unwrap();
        let (h, claims) = (body.answer.h(), body.answer.claims().clone());
        let mut state = self.state();
        let Some(device) = state.devices.get_mut(&claims.iss) else { return (401, json!({"error": "refused"})) };
        let class = if claims.res == Res::Approve { KeyClass::Ak } else { KeyClass::Pk };
        let key = device.counts(class, body.answer.jws().kid());
        if key.is_none_or(|key| body.answer.verify(&key).is_err()) {
            return (401, json!({"error": "refused"}));
        }
        if let Some(result) = state.results.get(&h) {
            return (200, json!({"result": result}));
        }
        let st = match (claims.res, &claims.nm) {
            (Res::Deny, _) => "denied",
            (Res::Report, _) => "reported",
            (Res::Approve, Some(nm)) if nm.expose() == state.digits => "approved",
            (Res::Approve, None) if claims.qs == Some(state.qs) => "approved",
            _ if state.tries > 1 => "wrong",
            _ => "failed",
        };
        let mut result = json!({"iss": self.u, "aud": claims.iss, "iat": self.clock.now(), "aj": claims.jti,
            "cj": claims.cj, "st": st});
        if st == "wrong" {
            state.tries -= 1;
            result["left"] = json!(state.tries);
        }
        let result = sign("cs-result+jwt", &result, &self.gk);
        state.results.insert(h, result.clone());
        (200, json!({"result": result}))
    }
}
