//! Group `reply`, as far as one answer tells: results, the signed removal, States, errors.

use serde_json::{Value, json};

use super::{No, did, id, key, sample, trusted, vectors};
use crate::jose::{FormError, Refused, Typ};
use crate::json::parse;
use crate::push::{
    Answer, AnswerReply, AnswerRequest, ClosedStatus, ConfirmRequest, Echo, EnrolReply, EnrolRequest, ErrorBody,
    ErrorCode, ErrorWhy, GoneWhy, InviteReply, InviteRequest, KeysReply, KeysRequest, Message, MetadataReply, Outcome,
    PutPush, State, check,
};

/// The published result, changed, as the phone takes it after its own answer.
fn result(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let answer = Message::<Answer>::parse(&sample("answer approve by digits").text).unwrap();
    let message = Message::<Outcome>::parse(&sample("result approved").with(change))?;
    check::outcome(message, &trusted(), answer.claims())?;
    Ok(())
}

#[test]
fn control_result() {
    assert_eq!(result(|_| {}), Ok(()));
}

#[test]
fn result_other_aj() {
    assert_eq!(result(|claims| claims["aj"] = id(9).to_string().into()), Err(No::Fact(Refused::OtherAnswer)));
}

#[test]
fn result_other_cj() {
    assert_eq!(result(|claims| claims["cj"] = id(9).to_string().into()), Err(No::Fact(Refused::OtherAnswer)));
}

#[test]
fn result_other_aud() {
    assert_eq!(result(|claims| claims["aud"] = id(9).to_string().into()), Err(No::Fact(Refused::Audience)));
    assert_eq!(result(|claims| claims["iss"] = "https://evil.example".into()), Err(No::Fact(Refused::Issuer)));
}

#[test]
fn result_unsigned() {
    let payload = sample("result approved").payload_text;
    let answer = Message::<Answer>::parse(&sample("answer approve by digits").text).unwrap();
    let by_evil = Message::parse(&key("evil").jws(Typ::Result, &payload)).unwrap();
    assert_eq!(check::outcome(by_evil, &trusted(), answer.claims()).err(), Some(Refused::Key));
    assert_eq!(parse::<AnswerReply>(json!({"result": payload}).to_string().as_bytes()), Err(FormError::Base64));
}

#[test]
fn left_exactly_with_wrong() {
    assert_eq!(result(|claims| claims["left"] = 1.into()), Err(No::Form(FormError::Unexpected)));
    assert_eq!(result(|claims| claims["st"] = "wrong".into()), Err(No::Form(FormError::Unexpected)));
    let wrong = |left: u64| {
        result(|claims| {
            claims["st"] = "wrong".into();
            claims["left"] = left.into();
        })
    };
    assert_eq!([wrong(1), wrong(4)], [Ok(()), Ok(())]);
    assert_eq!([wrong(0), wrong(5)], [Err(No::Form(FormError::Range)); 2]);
}

fn gone(change: impl FnOnce(&mut Value)) -> Result<GoneWhy, No> {
    let message = Message::parse(&sample("gone admin").with(change))?;
    Ok(check::gone(message, &trusted(), &did())?.claims().why)
}

#[test]
fn gone_unsigned() {
    assert_eq!(gone(|_| {}), Ok(GoneWhy::Admin), "control");
    let by_evil = Message::parse(&key("evil").jws(Typ::Gone, sample("gone admin").payload)).unwrap();
    assert_eq!(check::gone(by_evil, &trusted(), &did()).err(), Some(Refused::Key));
    assert_eq!(ErrorBody::read(410, br#"{"error":"gone"}"#).gone, None);
}

#[test]
fn gone_other_aud() {
    assert_eq!(gone(|claims| claims["aud"] = id(1).to_string().into()), Err(No::Fact(Refused::Audience)));
    assert_eq!(gone(|claims| claims["iss"] = "https://evil.example".into()), Err(No::Fact(Refused::Issuer)));
}

#[test]
fn gone_html() {
    assert_eq!(ErrorBody::read(410, b"<html>gone</html>"), ErrorCode::Busy.into());
}

#[test]
fn unknown_why() {
    assert_eq!(gone(|claims| claims["why"] = "merged".into()), Ok(GoneWhy::Other));
    let body = ErrorBody::read(403, br#"{"error":"policy","why":"new"}"#);
    assert_eq!((body.error, body.why), (ErrorCode::Policy, Some(ErrorWhy::Other)));
}

#[test]
fn the_words_of_an_error_do_not_change_what_it_says() {
    let says = |text: &str| ErrorBody::read(401, json!({"error": "nonce", "text": text}).to_string().as_bytes()).error;
    let fits = "\u{1f600}".repeat(crate::limits::ERROR_TEXT);
    for text in ["", "two\nlines", "soft\u{ad}hyphen", "\u{202e}", &fits] {
        assert_eq!(says(text), ErrorCode::Nonce, "{text:?}");
    }
    assert_eq!(says(&format!("{fits}x")), ErrorCode::Busy);
    assert_eq!(ErrorBody::read(401, br#"{"error":"nonce","text":7}"#).error, ErrorCode::Busy);
    let gone = json!({"error": "gone", "text": "", "gone": sample("gone admin").text}).to_string();
    assert!(ErrorBody::read(410, gone.as_bytes()).gone.is_some());
}

#[test]
fn plain_500() {
    assert_eq!(ErrorBody::read(500, b"Internal Server Error"), ErrorCode::Busy.into());
    assert_eq!(ErrorBody::read(500, br#"{"error":"refused"}"#), ErrorCode::Busy.into());
}

#[test]
fn answer_over_64k() {
    let body = json!({"error": "refused", "zz": "x".repeat(65_536)}).to_string();
    assert_eq!(ErrorBody::read(401, body.as_bytes()), ErrorCode::Busy.into());
    assert_eq!(parse::<State>(body.as_bytes()), Err(FormError::Large));
}

fn state(change: impl FnOnce(&mut Value)) -> Result<State, FormError> {
    let file = vectors!("bodies");
    let bodies = file["bodies"].as_array().unwrap();
    let text = bodies.iter().find(|body| body["type"] == "State").unwrap()["text"].as_str().unwrap();
    let mut state = serde_json::from_str(text).unwrap();
    change(&mut state);
    parse(state.to_string().as_bytes())
}

#[test]
fn challenge_twice() {
    let text = sample("challenge").text;
    let twice = state(|state| state["challenges"] = json!([text, text, sample("challenge").twin])).unwrap();
    assert_eq!(twice.held(), [id(3)]);
}

#[test]
fn unreadable_challenges_are_left_out() {
    let mut texts =
        vec!["", "a", "a.b", "..", "a.e30.c", "a.eyJqdGkiOiJBIn0.c"].into_iter().map(str::to_owned).collect::<Vec<_>>();
    texts.push(sample("challenge").with(|claims| claims["zz"] = "x".repeat(4000).into()));
    texts.push(sample("challenge").with(|claims| claims["aud"] = 5.into()));
    assert_eq!(state(|state| state["challenges"] = texts.into()).unwrap().held(), [id(3)]);
}

#[test]
fn state_limits() {
    let many = |count: usize| state(|state| state["challenges"] = vec!["a"; count].into());
    assert!(many(12).is_ok());
    assert_eq!(many(13), Err(FormError::Range));
    let closed = |count: u8| {
        let closed: Vec<Value> = (0..count).map(|n| json!({"jti": id(n), "st": "denied"})).collect();
        state(|state| state["closed"] = closed.into())
    };
    assert!(closed(12).is_ok());
    assert_eq!(closed(13), Err(FormError::Range));
    assert_eq!(state(|state| state["device"] = "gone".into()), Err(FormError::OutsideSet));
}

#[test]
fn joining_lie() {
    let with = |joining: Value| state(|state| state["joining"] = joining);
    let good = json!({"e": id(9), "os": "ios", "model": "iPhone 17"});
    let read = with(good.clone()).unwrap().joining.unwrap();
    assert_eq!((read.e, read.model.as_str()), (id(9), "iPhone 17"));
    let without = |name: &str| {
        let mut less = good.clone();
        super::drop_member(&mut less, name);
        with(less)
    };
    for name in ["/e", "/os", "/model"] {
        assert_eq!(without(name), Err(FormError::Missing), "{name}");
    }
    assert_eq!(with(json!(["a"])), Err(FormError::Type));
    let mut bad = good.clone();
    bad["model"] = "a\u{202e}b".into();
    assert_eq!(with(bad), Err(FormError::Text));
    let mut bad = good;
    bad["os"] = "plan9".into();
    assert_eq!(with(bad), Err(FormError::OutsideSet));
}

#[test]
fn unknown_word_of_closed() {
    let state = state(|state| state["closed"][0]["st"] = "merged".into()).unwrap();
    assert_eq!(state.closed[0].st, ClosedStatus::Other);
}

#[test]
fn published_errors() {
    let file = vectors!("bodies");
    for case in file["errors"].as_array().unwrap() {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let body = ErrorBody::read(status, case["text"].as_str().unwrap().as_bytes());
        assert_eq!(body.error.as_str(), case["error"].as_str().unwrap(), "{case}");
        assert_eq!(body.why.map(ErrorWhy::as_str), case["why"].as_str(), "{case}");
        assert_eq!(body.left.map(u64::from), case["left"].as_u64(), "{case}");
        assert_eq!(body.gone.is_some(), body.error == ErrorCode::Gone, "{case}");
    }
}

#[test]
fn published_bodies_come_back() {
    fn same<T: serde::de::DeserializeOwned + serde::Serialize>(text: &str) {
        let body: T = parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), text);
    }
    let file = vectors!("bodies");
    let bodies = file["bodies"].as_array().unwrap();
    for case in bodies {
        let text = case["text"].as_str().unwrap();
        match case["type"].as_str().unwrap() {
            "Echo" => same::<Echo>(text),
            "State" => same::<State>(text),
            "EnrolRequest" => same::<EnrolRequest>(text),
            "EnrolReply" => same::<EnrolReply>(text),
            "AnswerRequest" => same::<AnswerRequest>(text),
            "AnswerReply" => same::<AnswerReply>(text),
            "MetadataReply" => same::<MetadataReply>(text),
            "KeysRequest" => same::<KeysRequest>(text),
            "KeysReply" => same::<KeysReply>(text),
            "InviteRequest" => same::<InviteRequest>(text),
            "InviteReply" => same::<InviteReply>(text),
            "ConfirmRequest" => same::<ConfirmRequest>(text),
            "PutPush" => same::<PutPush>(text),
            other => panic!("{other}"),
        }
        if let Some(held) = case["held"].as_array() {
            let state: State = parse(text.as_bytes()).unwrap();
            assert!(state.held().iter().map(ToString::to_string).eq(held.iter().map(|id| id.as_str().unwrap())));
        }
    }
    assert_eq!(bodies.len(), 27);
}
