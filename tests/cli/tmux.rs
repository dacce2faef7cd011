//! The phone in a real terminal: what a person sees of it, down to the colours.

use countersign_tests::patience::until;
use countersign_tests::program::built;

use super::pane::{Pane, done};
use super::{Desk, PASSPHRASE, SEED};

/// Opens a terminal of this size in the folder of `desk` and starts the phone there.
fn opened(desk: &Desk, size: (usize, usize), environment: &str) -> Pane {
    opened_with(desk, size, environment, "")
}

/// The same with these arguments.
fn opened_with(desk: &Desk, size: (usize, usize), environment: &str, arguments: &str) -> Pane {
    let inside = format!(
        "exec env -i PATH=/usr/bin:/bin HOME={} XDG_DATA_HOME={} LANG=C.UTF-8 TERM=screen {environment} {} {arguments}",
        desk.path().display(),
        desk.path().join("data").display(),
        built("countersign").display()
    );
    Pane::open(desk.path(), size, &inside)
}

/// Accounts that look the same each time but for one, which is there to be seen changing.
fn stocked() -> Desk {
    let desk = Desk::new();
    let seed = |n: usize| format!("{}{}", &SEED[..30], ["22", "33", "44", "55", "66"][n]);
    let links = [
        "hotp/AWS:mara%40example.com?issuer=AWS&counter=7",
        "totp/Clock:mara?issuer=Clock",
        "hotp/%D7%91%D7%A0%D7%A7:mara?issuer=%D7%91%D7%A0%D7%A7&counter=0",
        "hotp/%E6%9D%B1%E4%BA%AC%E9%83%BD%E5%BA%81:mara?issuer=%E6%9D%B1%E4%BA%AC%E9%83%BD%E5%BA%81&counter=0",
        "hotp/Northern%20Paper%20and%20Sons%2C%20Ltd.:accounts%40northern-paper.example?issuer=Northern%20Paper%20and%20Sons%2C%20Ltd.&digits=8&counter=1",
    ];
    desk.add_all(links.into_iter().enumerate().map(|(n, link)| format!("otpauth://{link}&secret={}", seed(n))));
    desk
}

/// Unlocks, and waits for the list.
fn unlock(pane: &Pane) {
    pane.wait_for("Your accounts are locked.");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("Clock");
}

#[test]
fn a_real_terminal_shows_the_list_the_form_and_the_help() {
    let desk = stocked();
    for size in [(80, 24), (40, 20), (200, 50)] {
        let pane = opened(&desk, size, "");
        pane.wait_for("Your accounts are locked.");
        pane.write("larch");
        pane.wait_for("•••••_");
        pane.golden("locked");
        (0..5).for_each(|_| pane.press("BSpace"));
        unlock(&pane);
        pane.wait_for("press Enter");
        pane.golden("list");
        pane.write("/paper");
        pane.wait_for("paper_");
        pane.wait_for("1 found");
        pane.golden("search");
        pane.press("Escape");
        // An Escape with a key right behind it would be Alt and that key. What was found stays chosen.
        until("the whole list", || (!pane.text().contains("1 found")).then_some(()));
        pane.wait_for_chosen("Northern");
        pane.write("t");
        pane.wait_for("Type an account in");
        pane.press("Down");
        pane.write("Bank");
        pane.wait_for("Bank_");
        pane.golden("form");
        pane.press("Escape");
        pane.wait_for("What you typed is not kept.");
        pane.press("Escape");
        pane.wait_for("press Enter");
        pane.write("?");
        pane.wait_for("choose a row");
        pane.golden("help");
        pane.press("Escape");
        pane.wait_for("press Enter");
    }
}

#[test]
fn without_colours_the_same_is_seen() {
    let desk = stocked();
    let pane = opened(&desk, (80, 24), "NO_COLOR=1");
    unlock(&pane);
    pane.wait_for("press Enter");
    pane.golden("plain");
    // 39 and 49 are the colours that a terminal has by itself.
    let picture = done(pane.tmux().args(["capture-pane", "-p", "-e"]).output());
    let picture = picture.replace("\x1b[39m", "").replace("\x1b[49m", "");
    for colour in ["\x1b[3", "\x1b[9", ";3", ";9"] {
        assert!(!picture.contains(colour), "{colour:?} in {picture:?}");
    }
}

#[test]
fn the_order_stays_uses_are_counted_and_no_mark_is_left_where_a_name_was() {
    let desk = stocked();
    assert_eq!(desk.run_plain(&["settings", "sort", "name"], "").code, 0);
    let pane = opened(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("by name");
    pane.write("o");
    pane.wait_for("by use");
    let isolates = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
    assert!(pane.text().contains(" \u{2068}בנק\u{2069} "), "{:?}", pane.text());
    pane.write("/clock");
    pane.wait_for("1 found");
    assert!(!pane.text().contains(isolates), "{:?}", pane.text());
    pane.press("Enter");
    pane.write("c");
    pane.wait_for("✓ copied");
    pane.press("Escape");
    pane.wait_for("Northern");
    pane.write("/aws");
    pane.wait_for("1 found");
    pane.press("Enter");
    // Two quick keys are two: it is a favourite, and is none again.
    pane.write("cff");
    pane.wait_for("✓ copied");
    pane.wait_for("No favourite any more");
    pane.write("q");
    until("the end of the phone", || {
        (!pane.tmux().arg("list-sessions").output().unwrap().status.success()).then_some(())
    });
    let listed = desk.run(&["list", "--json"], "").json();
    let uses = |issuer: &str| {
        let all = listed["accounts"].as_array().unwrap();
        all.iter().find(|account| account["issuer"] == issuer).map(|account| account["uses"].clone()).unwrap()
    };
    assert_eq!((uses("Clock"), uses("AWS")), (1.into(), 1.into()), "{listed}");
    assert!(listed.to_string().matches("\"favourite\":false").count() == 5, "{listed}");
    assert_eq!(desk.run_plain(&["settings", "sort", "--json"], "").json()["value"], "use");
}

#[test]
fn the_mouse_chooses_opens_and_presses() {
    let desk = stocked();
    let pane = opened(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("▸AWS");
    pane.click("Clock");
    pane.wait_for("▸Clock");
    pane.click("AWS");
    pane.wait_for("▸AWS");
    pane.click("AWS");
    pane.wait_for("Use it once. Enter makes the next one.");
    pane.click("? keys");
    pane.wait_for("choose a row");
    pane.press("Escape");
    pane.wait_for("▸AWS");
    pane.click("l lock");
    pane.wait_for("Your accounts are locked.");
    assert!(!pane.text().contains("AWS"), "{}", pane.text());
}

#[test]
fn a_code_goes_to_the_terminals_clipboard_and_a_pasted_link_is_read() {
    let desk = stocked();
    let pane = opened(&desk, (80, 24), "");
    unlock(&pane);
    pane.wait_for("▸AWS");
    pane.write("c");
    pane.wait_for("✓ copied");
    let code = until("a code on the clipboard", || {
        let held = pane.tmux().args(["show-buffer"]).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&held.stdout).trim().to_owned())
    });
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let shown = format!("{} {}", &code[..3], &code[3..]);
    assert!(pane.text().contains(&shown), "what was copied is what is shown:\n{}", pane.text());
    pane.paste(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    pane.wait_for("Add this account?");
    assert!(!pane.text().contains(SEED));
    pane.write("y");
    pane.wait_for("Added: VPN (mara)");
}

#[test]
fn an_account_is_typed_in_changed_and_looked_at() {
    let desk = Desk::new();
    let pane = opened(&desk, (80, 24), "");
    pane.wait_for("Your accounts are locked.");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("No accounts yet.");
    pane.write("t");
    pane.wait_for("Type an account in");
    pane.press("Right");
    pane.wait_for("‹ changes with each use ›");
    pane.press("Down");
    pane.write("VPN");
    pane.press("Tab");
    pane.write("mara");
    pane.press("Tab");
    pane.write("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1");
    pane.press("C-s");
    pane.wait_for("perhaps O, I or B is meant");
    pane.press("BSpace");
    pane.write("Q");
    assert!(!pane.text().contains("GEZDG"), "the key is masked:\n{}", pane.text());
    pane.press("C-s");
    pane.wait_for("press Enter");
    pane.write("e");
    pane.wait_for("Change VPN (mara)");
    pane.press("End");
    pane.write(" of the works");
    pane.press("Down");
    pane.press("Down");
    pane.write("Ask Jo.");
    pane.press("C-j");
    pane.write("Or Kim.");
    pane.press("C-s");
    pane.wait_for("▸VPN of the works");
    pane.write("d");
    pane.wait_for("Ask Jo.");
    assert!(pane.text().contains("Or Kim.") && pane.text().contains("SHA1"), "{}", pane.text());
    pane.press("Escape");
    pane.wait_for("▸VPN of the works");
    pane.press("Enter");
    // RFC 4226, appendix D, counter 0: what was typed is the key.
    pane.wait_for("755 224");
}

#[test]
fn accounts_are_put_into_groups_marked_ordered_removed_and_brought_back() {
    let desk = stocked();
    for size in [(80, 24), (40, 20), (200, 50)] {
        let pane = opened(&desk, size, "");
        unlock(&pane);
        if size == (80, 24) {
            pane.wait_for("▸AWS");
            pane.write("G");
            pane.wait_for("There is none yet.");
            pane.write("n");
            pane.wait_for("A new group is called");
            pane.write("Work");
            pane.wait_for("Work_");
            pane.press("Enter");
            pane.wait_for("▸[ ] Work");
            pane.write(" ");
            pane.wait_for("▸[x] Work");
            pane.write("u");
            pane.wait_for("▸[ ] Work");
            pane.write(" ");
            pane.wait_for("▸[x] Work");
            pane.press("Escape");
            pane.wait_for("▸AWS");
            pane.write("f");
            pane.wait_for("▸★ AWS");
        }
        pane.wait_for("★ AWS");
        pane.write("P");
        pane.wait_for("↑ ★ AWS");
        pane.write("u");
        pane.wait_for("Taken back:");
        assert!(!pane.text().contains("↑"), "{}", pane.text());
        pane.press("Right");
        pane.wait_for("★ Favourites");
        pane.press("Right");
        let is_chosen = |text: &str| text.contains("(Work)") || text.contains("▸Work");
        until("the group alone", || is_chosen(&pane.text()).then_some(()));
        pane.golden("group");
        pane.press("Escape");
        pane.wait_for("Clock");
        pane.write("J");
        pane.wait_for("Moved:");
        pane.write("u");
        pane.wait_for("Taken back:");
        pane.write("o");
        pane.wait_for("by name");
        pane.write("ooo");
        until("the own order", || (!pane.text().contains("by ")).then_some(()));
        pane.press("End");
        pane.wait_for_chosen("Northern");
        pane.write("x");
        pane.wait_for("Remove this account?");
        pane.write("y");
        pane.wait_for("Removed: Northern");
        pane.golden("removed");
        pane.write("b");
        pane.wait_for_chosen("Northern");
        pane.press("Enter");
        pane.wait_for("Nothing was removed in the last");
        pane.press("Escape");
        pane.wait_for("★ AWS");
        pane.write("s");
        pane.wait_for("Clear clipboard after");
        pane.golden("settings");
        pane.press("Escape");
        pane.wait_for("★ AWS");
    }
}

/// The Tokens page of a vault that was opened, at this emulated token.
fn at_tokens(desk: &Desk, model: &str) -> Pane {
    let pane = opened_with(desk, (80, 24), "", &format!("tui --emulated {model}"));
    pane.wait_for("Passphrase");
    pane.write(PASSPHRASE);
    pane.press("Enter");
    pane.wait_for("AWS");
    pane.write("T");
    pane.wait_for("Hardware tokens");
    pane
}

/// Where a token has profiles, the person says which one is written, and sees what is in each.
#[test]
fn a_profile_is_chosen_on_the_screen_before_anything_is_written() {
    let desk = stocked();
    let pane = at_tokens(&desk, "Molto-2");
    pane.write("?");
    pane.wait_for("take up a burn");
    pane.press("Escape");
    pane.wait_for("Hardware tokens");
    pane.write("w");
    pane.wait_for("it is not shown");
    pane.write(&format!("otpauth://totp/Mail:mara?secret={SEED}&issuer=Mail"));
    pane.press("Enter");
    pane.wait_for("Which profile?");
    pane.wait_for_chosen("Profile 0: Token2");
    pane.press("Down");
    pane.wait_for_chosen("Profile 1: free");
    pane.press("Enter");
    pane.wait_for("Into profile 1");
    pane.press("Escape");
    pane.wait_for("Not done");
    pane.press("Escape");
    pane.wait_for("Hardware tokens");
    // Of the one profile that holds a seed nobody is asked: it is named.
    pane.write("c");
    pane.wait_for("Set the clock of profile 0 of this token?");
    pane.press("Escape");
    pane.wait_for("Not done");
}

/// A token is written behind the screen, the link lost in the middle, and the person compares its codes.
#[test]
fn a_token_is_written_and_proven_on_the_screen() {
    let desk = stocked();
    let pane = at_tokens(&desk, "miniOTP-2-i --lose 5");
    pane.golden("tokens");
    pane.write("w");
    pane.wait_for("it is not shown");
    pane.write(SEED);
    pane.press("Enter");
    pane.wait_for("write it now?");
    pane.golden("tokens_plan");
    pane.write("y");
    pane.wait_for("The token left the reader");
    pane.wait_for("empty to skip");
    let text = pane.text();
    let shown = text.split("emulated token shows ").nth(1).unwrap_or_else(|| panic!("{text}"));
    let code: String = shown.chars().take_while(char::is_ascii_digit).collect();
    pane.write(&code);
    pane.press("Enter");
    pane.wait_for("its display showed the right code");
    pane.press("Enter");
    pane.wait_for("Hardware tokens");
    pane.write("w");
    pane.wait_for("it is not shown");
    pane.press("Escape");
    pane.wait_for("Stopped.");
    pane.press("Escape");
    pane.press("Escape");
    pane.wait_for("AWS");
}
