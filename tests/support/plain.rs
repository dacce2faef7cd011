//! A plain HTTP client for the gateway's pages: cookies, redirects, forms. It draws nothing and runs no script, so it shows
//! that the pages are complete without both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::cancel::Cancel;
use countersign_core::net::Net;
use countersign_core::port::{Http, Method, Request, Response, Trust};
use countersign_core::system::SystemClock;

/// More redirects than this lead in a circle.
const REDIRECTS: usize = 10;

/// A window without a browser.
pub struct Plain {
    net: Net,
    cookies: BTreeMap<String, String>,
    url: String,
    page: Html,
    origin: Option<String>,
    forwarded: Option<String>,
}

impl Plain {
    /// A window with no cookies. The gateway's self-signed certificate is taken.
    pub fn new() -> Self {
        let net = Net::new(Vec::new, Arc::new(SystemClock::new()));
        Self {
            net,
            cookies: BTreeMap::new(),
            url: String::new(),
            page: Html(String::new()),
            origin: None,
            forwarded: None,
        }
    }

    /// A window whose forms say that they come from `origin`, for a gateway that is reached by another name.
    pub fn from_origin(origin: &str) -> Self {
        Self { origin: Some(origin.to_owned()), ..Self::new() }
    }

    /// The same window, as a proxy would say that it came from this address.
    pub fn forwarded_for(self, address: &str) -> Self {
        Self { forwarded: Some(address.to_owned()), ..self }
    }

    /// Names and values of the cookies that it holds.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// The address after redirects.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The page.
    pub fn page(&self) -> &Html {
        &self.page
    }

    /// Goes to `url`; the status after redirects.
    pub fn get(&mut self, url: &str) -> u16 {
        let answer = self.send(Method::Get, url, Vec::new());
        self.follow(url, answer)
    }

    /// Sends the form that posts to `action`, with its hidden fields; the status after redirects.
    ///
    /// # Panics
    /// When the page has no such form.
    pub fn post_form(&mut self, action: &str, fields: &[(&str, &str)]) -> u16 {
        let kept = self.page.hidden_fields(action).unwrap_or_else(|| panic!("no form {action} on {}", self.url));
        let fields = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied());
        let body: Vec<String> = fields.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let url = resolve(&self.url, action);
        let answer = self.send(Method::Post, &url, body.join("&").into_bytes());
        self.follow(&url, answer)
    }

    /// Posts whatever somebody likes, from wherever they say (`origin`, and further headers); the status, no redirect
    /// followed. Our own cookies go along, as a browser would send them.
    pub fn post_as(&mut self, url: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> u16 {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.exchange(Method::Post, url, headers, body.join("&").into_bytes()).status
    }

    /// The status of a GET, no redirect followed, the page not taken.
    pub fn glance(&mut self, url: &str) -> u16 {
        self.exchange(Method::Get, url, Vec::new(), Vec::new()).status
    }

    /// Another tab of the same browser: the same cookies, nothing open yet.
    pub fn same_cookies(&self) -> Self {
        let (cookies, origin) = (self.cookies.clone(), self.origin.clone());
        Self { cookies, origin, ..Self::new() }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    fn follow(&mut self, url: &str, mut answer: Response) -> u16 {
        self.url = url.to_owned();
        for _ in 0..REDIRECTS {
            let Some(place) = answer.header("location").map(str::to_owned) else {
                self.page = Html(String::from_utf8_lossy(&answer.body).into_owned());
                return answer.status;
            };
            self.url = resolve(&self.url, &place);
            answer = self.send(Method::Get, &self.url.clone(), Vec::new());
        }
        panic!("{url} leads in a circle");
    }

    fn send(&mut self, method: Method, url: &str, body: Vec<u8>) -> Response {
        let own = || resolve(url, "/").trim_end_matches('/').to_owned();
        let own = ("origin".to_owned(), self.origin.clone().unwrap_or_else(own));
        let headers = if method == Method::Post { vec![own] } else { Vec::new() };
        self.exchange(method, url, headers, body)
    }

    fn exchange(&mut self, method: Method, url: &str, mut headers: Vec<(String, String)>, body: Vec<u8>) -> Response {
        headers.push(("accept".to_owned(), "text/html".to_owned()));
        if method == Method::Post {
            headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        }
        headers.extend(self.forwarded.iter().map(|address| ("x-forwarded-for".to_owned(), address.clone())));
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie".to_owned(), pairs.join("; ")));
        }
        let request = Request {
            method,
            url: url.to_owned(),
            headers,
            body,
            trust: Trust::MetadataOnly,
            deadline: Duration::from_secs(60),
            most: 1 << 20,
        };
        let answer = self.net.send(request, &Cancel::default()).unwrap_or_else(|fault| panic!("{url}: {fault}"));
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.keep(set);
        }
        answer
    }

    fn keep(&mut self, set: &str) {
        let mut parts = set.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let ended = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
        if ended || value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Default for Plain {
    fn default() -> Self {
        Self::new()
    }
}

/// The text of a page, read as far as our own pages need it.
pub struct Html(String);

impl Html {
    /// As it came.
    pub fn source(&self) -> &str {
        &self.0
    }

    /// The value of a field of the form that posts to `action`.
    pub fn field(&self, action: &str, name: &str) -> Option<String> {
        let (_, inside) = self.form(action)?;
        let mut tags = inside.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        tags.find(|tag| attribute(tag, "name").as_deref() == Some(name)).and_then(|tag| attribute(tag, "value"))
    }

    /// Whether there is a form, in view, that posts to `action`.
    pub fn has_form(&self, action: &str) -> bool {
        self.form(action).is_some_and(|(tag, _)| !tag.contains(" hidden"))
    }

    /// The text of the first element with this id, class or name.
    pub fn words(&self, which: &str) -> Option<String> {
        let (start, name) = self.0.match_indices('<').find_map(|(start, _)| {
            let tag = &self.0[start..start + self.0[start..].find('>')?];
            let name = tag.trim_start_matches('<').split([' ', '>']).next()?;
            let fits = match which.split_at(1) {
                ("#", id) => attribute(tag, "id").as_deref() == Some(id),
                (".", class) => attribute(tag, "class").is_some_and(|all| all.split(' ').any(|one| one == class)),
                _ => name == which,
            };
            fits.then_some((start + tag.len() + 1, name))
        })?;
        let inside = &self.0[start..];
        Some(text(&inside[..inside.find(&format!("</{name}>"))?]))
    }

    fn form(&self, action: &str) -> Option<(&str, &str)> {
        self.0.split("<form").skip(1).find_map(|rest| {
            let (tag, inside) = rest.split_once('>')?;
            let inside = inside.split("</form>").next()?;
            (attribute(tag, "action").as_deref() == Some(action)).then_some((tag, inside))
        })
    }

    /// Names and values of the hidden fields of the form that posts to `action`.
    pub fn hidden_fields(&self, action: &str) -> Option<Vec<(String, String)>> {
        let (_, inside) = self.form(action)?;
        let tags = inside.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let hidden = tags.filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        Some(hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect())
    }
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split('"').next()?))
}

/// What is left of markup when its tags are gone.
fn text(markup: &str) -> String {
    let mut out = String::new();
    for part in markup.split('<') {
        out.push_str(part.split_once('>').map_or(if out.is_empty() { part } else { "" }, |(_, text)| text));
    }
    unescape(out.trim())
}

fn unescape(text: &str) -> String {
    let named = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#34;", "\"");
    named.replace("&#39;", "'").replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&amp;", "&")
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// `place` as seen from `from`: our pages name whole addresses or paths.
fn resolve(from: &str, place: &str) -> String {
    if place.contains("://") {
        return place.to_owned();
    }
    let start = from.find("://").map_or(0, |at| at + 3);
    let end = from[start..].find('/').map_or(from.len(), |at| start + at);
    format!("{}{place}", &from[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<h1>Sign in</h1><form id=\"finish\" method=\"post\" action=\"/done\" hidden></form>\
        <form method=\"post\" action=\"/login\"><input type=\"hidden\" name=\"token\" value=\"a&amp;b\">\
        <input id=\"name\" name=\"name\" value=\"\"></form><p class=\"figure big\"><span>492</span> <span>039</span></p>\
        <code id=\"link\" tabindex=\"0\">https://a/enrol#1.x&#38;y</code>";

    #[test]
    fn what_our_pages_hold_is_found() {
        let page = Html(PAGE.to_owned());
        assert_eq!(page.words("h1").as_deref(), Some("Sign in"));
        assert_eq!(page.words(".figure").as_deref(), Some("492 039"));
        assert_eq!(page.words("#link").as_deref(), Some("https://a/enrol#1.x&y"));
        assert_eq!(page.words("#nothing"), None);
        assert!(page.has_form("/login") && !page.has_form("/done") && !page.has_form("/else"));
        assert_eq!(page.hidden_fields("/login"), Some(vec![("token".to_owned(), "a&b".to_owned())]));
    }

    #[test]
    fn addresses_and_forms_are_written_as_a_browser_writes_them() {
        assert_eq!(resolve("https://localhost:1/login?x", "/demo"), "https://localhost:1/demo");
        assert_eq!(resolve("https://localhost:1", "https://b/"), "https://b/");
        assert_eq!(encode("a b&ä"), "a%20b%26%C3%A4");
    }
}
