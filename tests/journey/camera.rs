//! What the phone's camera sees on a page: it approves in place of digits, or leads to an answer code. The frames are a
//! browser's screen as a camera takes it.

use std::time::Duration;

use countersign_core::app::{App, PastEnd, Scanned};
use countersign_core::cancel::Cancel;
use countersign_core::qr::{Luma, Rotation, ScanError};
use countersign_gateway::approval::State;
use countersign_protocol::push::Status;
use countersign_strings::{fill, text};
use countersign_tests::browser::Find;
use countersign_tests::patience::read_at_last;
use countersign_tests::picture::Picture;
use countersign_tests::raw_phone::payload;
use countersign_tests::stage::Stage;
use countersign_tests::window::rest;

use super::enrol::scanned;
use super::handset::Handset;
use super::seat::Seat;
use super::{sign_in, told, with_phone, wrong};

const TURNS: [Rotation; 4] = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

/// A screen as a camera takes it: close, soft, unevenly lit, noisy, its rows padded, and the phone held in any way. No hand
/// is still, so each frame of a `moment` is another.
fn frame(screen: &Picture, held: Rotation, moment: usize) -> Luma {
    let near = 200 + moment % 9 * 11;
    let (width, height) = (screen.width as usize * near / 100, screen.height as usize * near / 100);
    let flat = screen.luma();
    let at = |x: usize, y: usize| {
        let (x, y) = (x.min(width - 1) * 100 / near, y.min(height - 1) * 100 / near);
        u32::from(flat[y * screen.width as usize + x])
    };
    let mut noise = 0x9E37_79B9_u32 ^ moment as u32;
    let mut pixel = |x: usize, y: usize| {
        let around = at(x + 1, y) + at(x, y + 1) + at(x.saturating_sub(1), y) + at(x, y.saturating_sub(1));
        let soft = (4 * at(x, y) + around) / 8;
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let lit = soft * (170 + 70 * x as u32 / width as u32) / 255;
        (lit + noise % 16) as u8
    };
    let (right, bottom) = (width - 1, height - 1);
    let (columns, rows) = match held {
        Rotation::None | Rotation::Half => (width, height),
        Rotation::Quarter | Rotation::ThreeQuarters => (height, width),
    };
    let stride = columns + 13;
    let mut pixels = vec![77; stride * rows];
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = match held {
                Rotation::None => (column, row),
                Rotation::Quarter => (right - row, column),
                Rotation::Half => (right - column, bottom - row),
                Rotation::ThreeQuarters => (row, bottom - column),
            };
            pixels[row * stride + column] = pixel(x, y);
        }
    }
    Luma::new(pixels, columns, rows, stride, held).unwrap()
}

/// The one code on this screen, in one of the frames of some seconds.
fn seen(app: &App, screen: &Picture, held: Rotation) -> Scanned {
    for moment in 0..300 {
        match app.scan_frame(frame(screen, held, moment)) {
            Ok(mut found) if found.len() == 1 => return found.remove(0),
            // Not every frame is read, and the decoder gives up by the clock: the next one comes.
            Ok(found) if found.is_empty() => {}
            Err(ScanError::Busy | ScanError::TimedOut) => rest(Duration::from_millis(20)),
            other => panic!("held {held:?}: {other:?}"),
        }
    }
    panic!("held {held:?}: no frame was read");
}

/// The part of the screen that the camera is held at: the whole card, with all else that stands on it.
fn screen(seat: &Seat) -> Picture {
    Picture::decode(&seat.page.screenshot_of(Find::Css("section.card")))
}

#[test]
fn the_camera_approves_by_the_qr_of_the_page_without_digits() {
    let (stage, _, phone) = with_phone();
    let mut seat = Seat::new(true);
    sign_in(&mut seat.page, &stage, "/demo");
    seat.see(text("login.wait_title"));
    let screen = screen(&seat);
    // Nothing rang and nothing was polled: what the camera sees leads to the question.
    assert!(phone.app.approvals().is_empty());
    let never = Cancel::default();
    for held in TURNS {
        let Scanned::Page(page) = seen(&phone.app, &screen, held) else { panic!("a login, held {held:?}") };
        let id = phone.app.page_approval(&page, &never).unwrap();
        assert_eq!(id, phone.first().id);
        assert_eq!(phone.line.count("/answer"), 0, "looking at it answers nothing");
        if held == Rotation::ThreeQuarters {
            assert_eq!(phone.app.approve_by_qr(id, &page, &never).unwrap().st, Status::Approved);
        }
    }
    let (request, _) = phone.line.last("/answer");
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let answer = payload(body["answer"].as_str().unwrap());
    assert!(answer["qs"].is_string() && answer.get("nm").is_none(), "{answer}");
    seat.page.wait_url("/demo");
    seat.see(text("login.sample"));
    assert_eq!(told(&stage, "approval.approve", "approved"), 1);
}

#[test]
fn the_same_code_by_link_picture_or_clipboard_opens_nothing() {
    let (stage, alice, phone) = with_phone();
    let mut seat = Seat::new(true);
    sign_in(&mut seat.page, &stage, "/demo");
    seat.see(text("login.wait_title"));
    phone.poll();
    let link = scanned(&seat);
    // A link and the clipboard come as text, a picture as a file. The person shares any of the three by mistake.
    assert!(matches!(phone.app.scan_text(&link), Scanned::Login));
    let cut_out = seat.page.screenshot_of(Find::Css("svg.qr"));
    for file in [cut_out, seat.page.screenshot()] {
        let found = read_at_last(|| phone.app.scan_picture(file.clone()).ok().filter(|found| !found.is_empty()));
        assert!(matches!(&found[..], [Scanned::Login]), "{found:?}");
    }
    assert!(phone.app.enrol_offer(&link).is_err() && phone.app.offline_code(&link).is_err());
    assert_eq!(phone.line.count("/answer"), 0);
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did;
    let open = stage.house().approvals.open_challenges(did).unwrap();
    assert_eq!(open[0].approval.stored, State::Pending);
    // The same through the camera is what it is.
    assert!(matches!(seen(&phone.app, &screen(&seat), Rotation::None), Scanned::Page(_)));
}

/// A sign-in that waits for the answer code of a phone that was picked on the page.
fn picked(stage: &Stage) -> Seat {
    let mut seat = Seat::new(true);
    sign_in(&mut seat.page, stage, "/demo");
    seat.see(text("login.wait_title"));
    seat.page.goto(&format!("{}/login/offline", stage.origin()));
    seat.page.click(Find::Css("form[action='/login/offline'] button"));
    seat.page.wait_for(Find::Css("svg.qr"));
    seat
}

/// What the page says of a first wrong code.
fn two_left() -> String {
    fill("login.offline_wrong", &[("tries", &fill("common.tries_left", &[("n", "2")]))])
}

fn type_code(seat: &mut Seat, code: &str) {
    use countersign_tests::window::Window as _;
    seat.page.submit("/login/code", &[("code", code)]);
}

#[test]
fn a_phone_without_a_network_answers_what_its_camera_sees_by_eight_digits() {
    let stage = Stage::with(|config| (config.sample_app, config.policy.offline) = (true, true));
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    let sent = phone.line.count("");

    let mut seat = picked(&stage);
    let Scanned::Offline(code) = seen(&phone.app, &screen(&seat), Rotation::Quarter) else { panic!("an answer code") };
    let row = phone.app.offline_row(&code).unwrap();
    assert_eq!((row.app.as_str(), row.acct.as_str()), (text("login.sample_name"), "alice"));
    assert_eq!(format!("https://{}", row.host), stage.origin());
    let digits = phone.app.answer_code(&code, &Cancel::default()).unwrap().to_string();
    assert_eq!(digits.len(), 8);
    assert_eq!(phone.line.count(""), sent, "it has no network, and asks for none");

    type_code(&mut seat, &wrong(&digits));
    assert_eq!(seat.page.text(Find::Css(".fault")), two_left(), "counted");
    type_code(&mut seat, &digits);
    seat.page.wait_url("/demo");
    seat.see(text("login.sample"));
    let ends: Vec<_> = phone.app.history().unwrap().iter().map(|row| row.end).collect();
    assert_eq!(ends, [PastEnd::CodeShown]);

    // The digits of before are worth nothing for the next one, and cost a try of it.
    let mut other = picked(&stage);
    type_code(&mut other, &digits);
    assert_eq!(other.page.text(Find::Css(".fault")), two_left());
    assert_eq!([told(&stage, "approval.code", "approved"), told(&stage, "approval.code", "wrong")], [1, 2]);
}
