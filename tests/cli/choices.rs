//! Settings, other vaults, and the ways a code is given.

use countersign_strings::text;
use countersign_tests::program::{Program, command, run};

use super::{Desk, Ended, PASSPHRASE, SEED};

#[test]
fn settings_are_shown_changed_and_refused() {
    let desk = Desk::empty();
    let all = desk.run_plain(&["settings"], "");
    assert!(all.code == 0 && all.stdout.contains("clipboard    30"), "{}", all.stdout);
    assert!(!desk.path().join("data").exists(), "looking makes nothing");
    let changed = desk.run_plain(&["settings", "clipboard", "45"], "");
    assert_eq!((changed.code, changed.stdout.as_str()), (0, ""), "{}", changed.stderr);
    assert!(changed.stderr.contains(": 45"), "{}", changed.stderr);
    assert_eq!(desk.run_plain(&["settings", "clipboard"], "").stdout.trim(), "45");
    assert_eq!(desk.run_plain(&["settings", "--json"], "").json()["clipboard"], 45);
    for wrong in [&["settings", "clipboard", "4"][..], &["settings", "colour", "red"], &["settings", "colour"]] {
        assert_eq!(desk.run_plain(wrong, "").code, 1, "{wrong:?}");
    }
    let file = desk.path().join("data/countersign/settings.json");
    std::fs::write(&file, r#"{"clipboard": 45, "wallpaper": "blue"}"#).unwrap();
    let told = desk.run_plain(&["settings", "clipboard"], "");
    assert!(told.stdout.trim() == "45" && told.stderr.contains("wallpaper"), "{}", told.stderr);
    desk.run_plain(&["settings", "clipboard", "--usual"], "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\n  \"wallpaper\": \"blue\"\n}\n");
    std::fs::write(&file, "not settings").unwrap();
    let damaged = desk.run_plain(&["settings", "clipboard", "45"], "");
    assert!(damaged.code == 2 && damaged.stderr.contains("settings.json"), "{}", damaged.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not settings", "what can't be read is not overwritten");
}

#[test]
fn a_vault_that_is_named_is_apart_from_the_folders() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/Here:mara?secret={SEED}&issuer=Here"));
    let other = desk.path().join("other.sqlite").display().to_string();
    let missing = desk.run(&["list", "--vault", &other], "");
    assert!(missing.code == 1 && missing.stderr.contains("countersign init"), "{}", missing.stderr);
    let made = desk.run(&["init", "--vault", &other, "--json"], "");
    assert_eq!((made.code, made.json()["home"].as_str()), (0, Some(other.as_str())), "{}", made.stderr);
    let link = format!("otpauth://totp/There:mara?secret={SEED}&issuer=There\n");
    assert_eq!(desk.run(&["add", "--yes", "--vault", &other], &link).code, 0);
    let issuers = |listed: Ended| -> Vec<String> {
        let rows = listed.json()["accounts"].as_array().cloned().unwrap_or_default();
        rows.iter().filter_map(|row| row["issuer"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(issuers(desk.run(&["list", "--json"], "")), ["Here"]);
    assert_eq!(issuers(desk.run(&["list", "--json", "--vault", &other], "")), ["There"]);

    let by_variable = |file: &str, passphrase: &str| {
        let mut command = command("countersign", desk.path());
        command.args(["list", "--json", "--passphrase-fd", "0"]).env("COUNTERSIGN_VAULT", file);
        Ended::of(&run(&mut command, format!("{passphrase}\n").as_bytes()))
    };
    // A relative path is of the folder that one stands in.
    assert_eq!(issuers(by_variable("other.sqlite", PASSPHRASE)), ["There"]);

    // A copy opens, and its passphrase changes without the others'.
    std::fs::copy(&other, desk.path().join("copy.sqlite")).unwrap();
    assert_eq!(issuers(by_variable("copy.sqlite", PASSPHRASE)), ["There"]);
    let changed = desk.run(&["passphrase", "--vault", "copy.sqlite"], "spruce\n");
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert_eq!(issuers(by_variable("copy.sqlite", "spruce")), ["There"]);
    assert_eq!(issuers(by_variable("other.sqlite", PASSPHRASE)), ["There"]);
    assert_eq!(issuers(desk.run(&["list", "--json"], "")), ["Here"]);
}

#[test]
fn the_code_after_this_one_is_the_next_one_of_the_watch() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/Slow:mara?secret={SEED}&issuer=Slow&period=86400"));
    let json = desk.run(&["code", "slow", "--json"], "").json();
    let next = desk.run(&["code", "slow", "--next"], "");
    assert_eq!((next.code, Some(next.stdout.trim_end())), (0, json["next"].as_str()), "{}", next.stderr);
    assert_ne!(json["next"], json["code"]);
    let next = desk.run(&["code", "slow", "--next", "--json"], "").json();
    let [until, from, end] = [&json["until"], &next["from"], &next["until"]].map(|at| at.as_u64().unwrap());
    assert_eq!((from, end), (until, until + 86_400), "until when the code lasts that was given");

    let quick = SEED.replace('Z', "A");
    desk.add(&format!("otpauth://totp/Quick:mara?secret={quick}&issuer=Quick&period=1"));
    let mut watching = command("countersign", desk.path());
    watching.args(["code", "quick", "--watch", "--json", "--passphrase-fd", "0"]);
    let mut watching = Program::start(&mut watching);
    watching.write(format!("{PASSPHRASE}\n").as_bytes());
    watching.stdout.wait_until("three codes", |said| said.matches('\n').count() >= 3);
    let said = watching.stdout.text();
    let rows: Vec<serde_json::Value> = said.lines().take(3).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.windows(2).all(|pair| pair[0]["until"].as_u64() < pair[1]["until"].as_u64()), "{said}");
    let told: Vec<_> = rows
        .windows(2)
        .filter(|pair| pair[0]["until"].as_u64().map(|at| at + 1) == pair[1]["until"].as_u64())
        .collect();
    assert!(told.iter().all(|pair| pair[0]["next"] == pair[1]["code"]), "{said}");
}

#[test]
fn a_counted_code_has_no_next_one_and_nothing_to_watch() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0"));
    for (option, words) in [("--next", "cli.counted_has_no_next"), ("--watch", "cli.counted_stands_still")] {
        let refused = desk.run(&["code", "vpn", option], "");
        assert_eq!((refused.code, refused.stderr.trim()), (1, text(words)));
    }
    assert_eq!(desk.run(&["code", "vpn"], "").stdout.trim_end(), "755224", "no code was spent");
    assert_eq!(desk.run(&["code", "vpn", "--watch", "--copy"], "").code, 2);
}
