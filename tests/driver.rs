//! The browser's driver itself: what it must see, it sees.

use countersign_tests::browser::{Browser, Find, Look};
use countersign_tests::picture::Picture;
use std::io::{Read, Write};
use std::net::TcpListener;

const STRICT: &str = "default-src 'none'; style-src 'self'; form-action 'self'";

/// Serves `body` to whoever asks, until the test process ends; its address.
fn serve(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _request = stream.read(&mut [0; 4096]);
            let head = format!(
                "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: {STRICT}\r\nConnection: close"
            );
            let _sent = write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    format!("http://{address}/")
}

const GOOD: &str = "<!doctype html><html lang=en><title>Good</title><main><h1>Codes</h1><form>\
    <label>Name <input name=who autofocus></label><button>Go</button></form></main>";

#[test]
fn a_policy_violation_is_seen() {
    let page = Browser::shared().open(&Look::default());
    page.goto(&serve("<!doctype html><html lang=en><title>x</title><main><h1>x</h1></main><script>alert(1)</script>"));
    let trouble = page.close();
    assert!(trouble.iter().any(|line| line.contains("Content Security Policy")), "{trouble:?}");
}

#[test]
fn a_page_without_trouble_is_driven_by_keyboard_under_a_strict_policy() {
    let page = Browser::shared().open(&Look::default());
    assert_eq!(page.goto(&serve(GOOD)), 200);
    assert_eq!(page.focused(), "who");
    page.type_text("mara");
    assert_eq!(page.value(Find::Label("Name")), "mara");
    page.press("Tab");
    assert_eq!(page.focused(), "Go");
    page.press("Enter");
    page.wait_url("?who=mara");
    page.assert_accessible();
    assert_eq!(page.close(), Vec::<String>::new());
}

#[test]
fn axe_finds_a_field_without_a_label() {
    let page = Browser::shared().open(&Look::default());
    page.goto(&serve("<!doctype html><html lang=en><title>x</title><main><h1>x</h1><input name=who></main>"));
    let found = page.axe();
    assert!(found.iter().any(|line| line.starts_with("critical") && line.contains("label")), "{found:?}");
}

#[test]
fn axe_looks_at_a_page_without_scripts_which_stay_off() {
    let page = Browser::shared().open(&Look { scripts: false, ..Look::default() });
    let bare = "<!doctype html><html lang=en><title>x</title><main><h1>x</h1><input name=who>\
                <noscript><p id=off>off</p></noscript></main>";
    page.goto(&serve(bare));
    for _ in 0..2 {
        let found = page.axe();
        assert!(found.iter().any(|line| line.starts_with("critical") && line.contains("label")), "{found:?}");
        page.reload();
        assert!(page.is_visible(Find::Css("#off")), "scripts are off");
    }
    page.goto(&serve(GOOD));
    page.assert_accessible();
    assert_eq!(page.close(), Vec::<String>::new(), "the policy held");
}

#[test]
fn looks_are_what_was_asked_for() {
    let wide = Look { width: 420, height: 600, ..Look::default() };
    let look = Look { zoom: 2.0, rtl: true, dark: true, text_scale: 1.5, scripts: false, ..wide.clone() };
    let page = Browser::shared().open(&look);
    page.goto(&serve(GOOD));
    assert_eq!(page.evaluate("innerWidth"), 210);
    assert_eq!(page.evaluate("document.dir"), "rtl");
    assert_eq!(page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), true);
    assert_eq!(page.evaluate("getComputedStyle(document.documentElement).fontSize"), "24px");
    assert_eq!(Picture::decode(&page.screenshot()).width, 420, "a person's pixels, not the page's");
    let page = Browser::shared().open(&wide);
    page.goto(&serve(GOOD));
    let [first, second] = [0, 1].map(|_| Picture::decode(&page.screenshot()));
    assert!(first.difference(&second).is_none(), "the same page, the same picture");
}

#[test]
fn cookies_are_kept_apart_unless_shared() {
    let address = serve(GOOD);
    let page = Browser::shared().open(&Look::default());
    page.goto(&address);
    page.evaluate("document.cookie = 'a=1'");
    assert_eq!(page.cookies().len(), 1);
    assert_eq!(page.beside().cookies().len(), 1);
    assert!(Browser::shared().open(&Look::default()).cookies().is_empty());
}
