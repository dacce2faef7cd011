//! Group `answer`, as far as form tells: what a hostile phone may send.

use serde_json::{Value, json};

use super::{No, base_url, id, sample};
use crate::jose::{FormError, Refused};
use crate::push::{Answer, KeyClass, Message, Number, Res, check};

fn with(name: &str, change: impl FnOnce(&mut Value)) -> Result<(), No> {
    let sample = sample(name);
    sample.read(&sample.with(change))
}

const APPROVE: &str = "answer approve by digits";

fn refused(name: &str, reason: FormError, change: impl FnOnce(&mut Value)) {
    assert_eq!(with(name, change), Err(No::Form(reason)));
}

#[test]
fn nm_and_qs() {
    refused(APPROVE, FormError::Unexpected, |answer| answer["qs"] = id(7).to_string().into());
}

#[test]
fn neither() {
    refused(APPROVE, FormError::Unexpected, |answer| super::drop_member(answer, "/nm"));
}

#[test]
fn deny_with_nm() {
    for name in ["answer deny", "answer report"] {
        refused(name, FormError::Unexpected, |answer| answer["nm"] = "123456".into());
        refused(name, FormError::Unexpected, |answer| answer["qs"] = id(7).to_string().into());
    }
}

#[test]
fn why_with_approve() {
    refused(APPROVE, FormError::Unexpected, |answer| answer["why"] = "not_me".into());
    refused("answer deny", FormError::OutsideSet, |answer| answer["why"] = "bored".into());
}

#[test]
fn nm_number() {
    refused(APPROVE, FormError::Type, |answer| answer["nm"] = 123_456.into());
}

#[test]
fn nm_9_digits() {
    for nm in ["123456789", "1", "", "12 34", "+1234", "1234a"] {
        refused(APPROVE, FormError::Range, |answer| answer["nm"] = nm.into());
    }
    assert_eq!(with(APPROVE, |answer| answer["nm"] = "12345678".into()), Ok(()));
    assert_eq!(with(APPROVE, |answer| answer["nm"] = "00".into()), Ok(()));
}

#[test]
fn nm_full_width() {
    refused(APPROVE, FormError::Range, |answer| answer["nm"] = "１２３４５６".into());
    refused(APPROVE, FormError::Range, |answer| answer["nm"] = "٠١".into());
}

#[test]
fn aud_other() {
    let sample = sample(APPROVE);
    let verified = |text: &str| Message::<Answer>::parse(text).unwrap().verify(&sample.key.jwk).unwrap();
    assert_eq!(check::answer_addressed(&verified(&sample.text), &base_url()), Ok(()));
    let other = sample.with(|answer| answer["aud"] = "https://gate.example.com".into());
    assert_eq!(check::answer_addressed(&verified(&other), &base_url()), Err(Refused::Audience));
}

#[test]
fn the_class_of_key_follows_the_decision() {
    let classes = [Res::Approve, Res::Deny, Res::Report].map(Res::key_class);
    assert_eq!(classes, [KeyClass::Ak, KeyClass::Pk, KeyClass::Pk]);
}

#[test]
fn digits_are_compared_whole_and_not_printed() {
    let number = |digits: &str| Number::try_from(digits).unwrap();
    assert!(number("042137").matches(&number("042137")));
    for other in ["042138", "42137", "0421370", "04"] {
        assert!(!number("042137").matches(&number(other)));
    }
    let message = Message::<Answer>::parse(&sample(APPROVE).text).unwrap();
    assert_eq!(message.claims().nm.as_ref().unwrap().expose(), "042137");
    assert!(!format!("{message:?} {message:#?}").contains("042137"));
    assert_eq!(json!(number("042137")), "042137");
}
