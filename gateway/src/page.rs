//! Pages: templates, the one style sheet, the one script, and what every page has.
//!
//! A view is a struct with a template; handlers fill it and answer with [`render`]. Texts come from `strings/` by the
//! filter `t` (`{{ "login.title"|t }}`), so templates hold no sentence of their own. Everything is escaped by askama.

mod filters;
pub mod frame;
pub mod help;
pub mod login;
pub mod manage;
pub mod qr;
pub mod route;
pub mod sentence;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_strings::text;

use crate::failure::Failure;
pub use frame::Frame;
use sentence::Part;
pub use sentence::{Sentence, Value, tries_left};

/// Nothing but our own files; no inline script or style, no frame, forms only to ourselves (ASVS 3.4.3, 3.4.6).
pub const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                       form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// The page as an answer.
pub fn render(view: &impl Template) -> Response {
    render_with(StatusCode::OK, view)
}

/// The page as an answer with a status.
pub fn render_with(status: StatusCode, view: &impl Template) -> Response {
    match view.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html)
            .into_response(),
        Err(fault) => Failure::internal(fault).into_response(),
    }
}

/// What went wrong, in a sentence, with the transaction id that the log has too.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorView<'a> {
    frame: Frame,
    what: &'a str,
    remedy: &'a str,
    technical: Sentence,
}

/// The page for a refusal. Its first sentence is the heading.
pub fn error_page(failure: &Failure, transaction: &str) -> Response {
    let (what, remedy) = text(failure.text).split_once(". ").unwrap_or((text(failure.text), ""));
    let what = what.trim_end_matches('.');
    let status = failure.status.as_u16().to_string();
    let technical = [("id", Value::Name(transaction)), ("status", Value::Name(&status))];
    let technical = Sentence::fill("gateway.transaction", &technical);
    let view = ErrorView { frame: Frame::new(what), what, remedy, technical };
    match view.render() {
        Ok(html) => (failure.status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(_) => (failure.status, transaction.to_owned()).into_response(),
    }
}

#[cfg(test)]
mod view_tests;
