//! Pages and files that belong to no subject.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use axum::routing::get;

use countersign_strings::text;

use super::help::HelpView;
use super::{Frame, render};
use crate::house::House;
use crate::request::see_other;

/// The one style sheet.
const STYLE: &str = include_str!("../../assets/app.css");
/// The one script. Every page works without it.
const SCRIPT: &str = include_str!("../../assets/app.js");
/// The mark.
const ICON: &str = include_str!("../../assets/mark.svg");

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(async || see_other("/manageotp")))
        .route("/enrol", get(async || render(&enrol_help())))
        .route("/approve", get(async || render(&approve_help())))
        .route("/offline", get(async || render(&offline_help())))
        .route("/assets/app.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/assets/app.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/assets/mark.svg", get(async || file("image/svg+xml", ICON)))
}

/// The page behind an enrolment QR; what follows `#` stays in the browser.
fn enrol_help() -> HelpView {
    HelpView {
        frame: Frame::new(text("gateway.help_enrol")),
        what: text("gateway.help_enrol_what"),
        remedy: text("gateway.help_enrol_do"),
        care: text("gateway.help_enrol_care"),
    }
}

/// The page behind a login QR.
fn approve_help() -> HelpView {
    HelpView {
        frame: Frame::new(text("gateway.help_approve")),
        what: text("gateway.help_approve_what"),
        remedy: text("gateway.help_approve_do"),
        care: text("gateway.help_approve_care"),
    }
}

/// The page behind the QR of an answer code.
fn offline_help() -> HelpView {
    HelpView {
        frame: Frame::new(text("gateway.help_offline")),
        what: text("gateway.help_approve_what"),
        remedy: text("gateway.help_offline_do"),
        care: text("gateway.help_approve_care"),
    }
}

fn file(kind: &'static str, content: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &'static str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, content)
}
