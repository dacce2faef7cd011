//! Pages for people whose camera opened one of our QR codes as a link.

use askama::Template;

use super::filters;
use super::frame::Frame;

/// What this code is for, and what to do instead.
#[derive(Template)]
#[template(path = "help.html")]
pub struct HelpView {
    /// Around the page; its title is the heading.
    pub frame: Frame,
    /// What the code is.
    pub what: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// What to look out for.
    pub care: &'static str,
}
