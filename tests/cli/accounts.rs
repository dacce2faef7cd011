//! What a person keeps of accounts: `edit`, `move`, `groups`, `remove`, `bin`, `undo`, `show`, and lists of all kinds.

mod same;

use std::sync::Arc;

use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::{Details, Kind, NewAccount, Vault};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period};
use countersign_strings::text;
use serde_json::{Value, json};

use super::terminal::on_terminal;
use super::{Desk, Ended, PASSPHRASE, SEED};

/// Four accounts: three by the clock, and one that shows a code once.
fn desk() -> Desk {
    let desk = Desk::new();
    let timed = [("GitHub", "A"), ("Bank", "B"), ("Mail", "I")]
        .into_iter()
        .map(|(issuer, last)| format!("otpauth://totp/{issuer}:mara?secret={}{last}&issuer={issuer}", &SEED[..31]));
    desk.add_all(timed.chain([format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0")]));
    desk
}

impl Desk {
    /// Runs a command that has to do what it says.
    fn done(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments, "");
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
        ended
    }

    /// Runs a command that is refused; why.
    fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments, "");
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{arguments:?}: {}", ended.stderr);
        ended.stderr
    }

    fn listed(&self, options: &[&str]) -> Vec<Value> {
        let json = self.done(&[&["list", "--json"], options].concat()).json();
        json["accounts"].as_array().unwrap().clone()
    }

    fn issuers(&self, options: &[&str]) -> Vec<String> {
        self.listed(options).iter().map(|row| row["issuer"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn an_edit_says_what_was_before_and_what_is_now_and_is_undone_by_another_command() {
    let desk = desk();
    desk.done(&["groups", "add", "Work", "Home"]);
    let words =
        ["edit", "github", "--group", "work", "--group", "home", "--tag", "#code", "--favourite", "--pin", "--hide"];
    let names = ["--account", "olga", "--note", "card in the drawer", "--icon", "Code"];
    let edited = desk.done(&[&words[..], &names].concat());
    for line in [
        "GitHub (mara)",
        "Account: mara → olga",
        "Note: none → card in the drawer",
        "Groups: none → Work, Home",
        "Tags: none → code",
        "Favourite: no → yes",
        "Pinned: no → yes",
        "Hidden: no → yes",
        "Icon: none → code",
    ] {
        assert!(edited.stderr.lines().any(|said| said.trim() == line), "{line} is missing in\n{}", edited.stderr);
    }
    assert!(!edited.stderr.contains("Issuer:"), "what stays is not told: {}", edited.stderr);
    let json = &desk.listed(&[])[0];
    for (member, value) in [
        ("issuer", json!("GitHub")),
        ("name", json!("olga")),
        ("groups", json!(["Work", "Home"])),
        ("tags", json!(["code"])),
        ("favourite", json!(true)),
        ("pinned", json!(true)),
        ("hidden", json!(true)),
        ("icon", json!({ "drawn": "code" })),
    ] {
        assert_eq!(json[member], value, "{member}");
    }
    assert!(json["created"].as_u64() > Some(1_700_000_000) && json["note"].is_null(), "{json}");
    let shown = desk.done(&["show", "olga", "--json"]).json();
    assert_eq!((&shown["note"], &shown["uses"]), (&json!("card in the drawer"), &json!(0)));

    let undone = desk.done(&["undo", "--json"]);
    assert!(
        undone.stderr.contains("Account: olga → mara") && undone.stderr.contains("Pinned: yes → no"),
        "{}",
        undone.stderr
    );
    assert_eq!(undone.json()["undone"][0]["groups"], json!([]));
    assert_eq!(desk.done(&["show", "github", "--json"]).json()["note"], "");
    assert!(desk.refused(&["undo"]).contains(text("accounts.nothing_to_undo")));
}

#[test]
fn many_are_edited_at_once_after_a_question() {
    let desk = desk();
    desk.done(&["groups", "add", "Work"]);
    let asked = desk.refused(&["edit", "github", "bank", "--group", "Work"]);
    assert!(asked.contains("2 accounts:\n  GitHub (mara)\n  Bank (mara)") && asked.contains("--yes"), "{asked}");
    assert_eq!(desk.issuers(&["--group", "work"]), [""; 0]);
    let edited =
        desk.done(&["edit", "github", "bank", "GitHub", "--group", "Work", "--tag", "money", "--yes", "--json"]);
    assert_eq!(edited.json()["changed"].as_array().unwrap().len(), 2, "each once");
    assert_eq!(desk.issuers(&["--group", "work"]), ["GitHub", "Bank"]);
    desk.done(&["edit", "--in", "Work", "--untag", "MONEY", "--favourite", "--yes"]);
    desk.done(&["edit", "--search", "mail mara", "--note", "one is not asked about"]);
    assert_eq!(desk.issuers(&["--favourites"]), ["GitHub", "Bank"]);
    assert!(
        desk.refused(&["edit", "--tagged", "money", "--pin"]).contains("edit NAME --tag TAG"),
        "nobody has it any more"
    );
    desk.done(&["edit", "--in", "work", "--no-groups", "--hide", "--yes"]);
    assert_eq!(desk.issuers(&["--hidden"]), ["GitHub", "Bank"]);
    let undone = desk.refused(&["undo"]);
    assert!(undone.contains("Hidden: yes → no") && undone.contains("--yes"), "two are asked about: {undone}");
    desk.done(&["undo", "--yes"]);
    assert_eq!((desk.issuers(&["--hidden"]).len(), desk.issuers(&["--group", "work"]).len()), (0, 2));

    for (arguments, why) in [
        (&["edit", "github"][..], text("accounts.edit_what")),
        (&["edit", "--pin"], text("accounts.which")),
        (&["edit", "github", "--group", "Play"], "  Work"),
        (&["edit", "github", "--icon", "unicorn"], "wallet"),
        (&["edit", "github", "--tag", " "], text("error.field_tag")),
        (&["edit", "nobody", "--pin"], text("cli.no_such_account")),
        (&["edit", "a", "--pin"], "GitHub (mara)"),
        (&["edit", "--search", "nothing", "--pin"], text("accounts.none_fits")),
    ] {
        let said = desk.refused(arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    assert_eq!(desk.run(&["edit", "github", "--pin", "--no-pin"], "").code, 2);
}

#[test]
fn a_note_comes_by_standard_input_and_a_picture_from_a_file() {
    let desk = desk();
    let noted = desk.run(&["edit", "bank", "--note", "-"], "first line\nsecond line\n");
    assert_eq!(noted.code, 0, "{}", noted.stderr);
    assert_eq!(desk.done(&["show", "bank", "--json"]).json()["note"], "first line\nsecond line");
    let shown = desk.done(&["show", "bank"]).stdout;
    assert!(shown.contains("Note        first line\n            second line\n"), "{shown}");
    assert!(!shown.contains(&SEED[..8]) && shown.contains("Codes       6 digits, every 30 seconds"), "{shown}");

    let file = desk.path().join("icon.png");
    let symbol = countersign_core::qr::Symbol::new("https://example.com/").unwrap();
    std::fs::write(&file, symbol.png(4)).unwrap();
    desk.done(&["edit", "bank", "--icon", file.to_str().unwrap(), "--pin"]);
    let picture = |desk: &Desk| desk.done(&["show", "bank", "--json"]).json()["icon"].clone();
    assert!(picture(&desk)["picture"].is_u64(), "{}", picture(&desk));
    desk.done(&["edit", "bank", "--icon", "none"]);
    assert!(picture(&desk).is_null());
    desk.done(&["undo"]);
    assert!(picture(&desk)["picture"].is_u64(), "the picture is there still");
    std::fs::write(&file, "no picture").unwrap();
    assert!(desk.refused(&["edit", "bank", "--icon", file.to_str().unwrap()]).contains(text("error.rule_picture")));
}

#[test]
fn groups_are_made_named_moved_and_removed_and_their_accounts_stay() {
    let desk = desk();
    assert!(desk.done(&["groups"]).stderr.contains("countersign groups add"));
    let made = desk.done(&["groups", "add", "Work", "Home", " Play ", "work", "--json"]);
    assert_eq!(made.json()["groups"].as_array().unwrap().len(), 3, "{}", made.stderr);
    assert!(made.stderr.contains("New group: Play") && made.stderr.contains("New group: Home"), "{}", made.stderr);
    desk.done(&["edit", "github", "--group", "work"]);
    assert_eq!(desk.done(&["groups"]).stdout, "Work  1 account\nHome  0 accounts\nPlay  0 accounts\n");
    desk.done(&["groups", "move", "play", "--first"]);
    let moved = desk.done(&["groups", "move", "work", "--after", "Home", "--json"]).json();
    let names: Vec<&str> =
        moved["groups"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Play", "Home", "Work"]);
    assert!(desk.done(&["groups", "rename", "work", "Office"]).stderr.contains("Group: Work → Office"));
    assert!(desk.refused(&["groups", "rename", "office", "HOME"]).contains(text("error.same_name")));
    let idle = desk.done(&["groups", "rename", "office", "Office"]);
    assert_eq!(idle.stderr.trim_end(), text("accounts.edit_nothing"));
    let back = desk.done(&["undo"]);
    assert!(back.stderr.contains("Group: Office → Work"), "a new name is a change too: {}", back.stderr);
    desk.done(&["groups", "rename", "work", "Office"]);
    assert!(desk.refused(&["groups", "rename", "o", "x"]).contains("Several groups"));
    let asked = desk.refused(&["groups", "remove", "office"]);
    assert!(asked.contains("--yes"), "{asked}");
    assert!(!asked.contains("can't"), "{asked}");
    let gone = desk.done(&["groups", "remove", "office", "play", "office", "--yes"]);
    assert!(gone.stderr.contains(text("accounts.undo_how")), "{}", gone.stderr);
    assert_eq!(desk.done(&["groups"]).stdout, "Home  0 accounts\n");
    let back = desk.done(&["undo", "--json"]);
    assert!(back.stderr.contains("Office comes back, with 1 account"), "{}", back.stderr);
    assert_eq!(back.json()["groups"], serde_json::json!(["Office", "Play"]));
    assert_eq!(desk.done(&["groups"]).stdout, "Play    0 accounts\nHome    0 accounts\nOffice  1 account\n");
    desk.done(&["groups", "remove", "office", "play", "--yes"]);
    desk.done(&["groups", "remove", "home"]);
    each_removal_comes_back(&desk);
    assert_eq!((desk.done(&["groups"]).stdout.as_str(), desk.issuers(&[]).len()), ("", 4));
    assert!(desk.refused(&["groups", "remove", "home"]).contains(text("accounts.no_groups")));
    assert!(desk.refused(&["groups", "add", " "]).contains(text("error.rule_empty")));
}

#[test]
fn a_counter_is_shown_and_set_after_a_question_and_the_hash_is_named() {
    let desk = desk();
    let link = "otpauth://hotp/Door:mara?secret=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK&counter=7&algorithm=SHA256";
    let asked = desk.run(&["add", "--yes"], &format!("{link}\n"));
    assert!(asked.stderr.contains("one code at a time, by SHA256"), "{}", asked.stderr);
    let shown = desk.done(&["show", "door"]);
    assert!(shown.stdout.contains("Counter") && shown.stdout.contains("SHA256"), "{}", shown.stdout);
    assert!(desk.done(&["show", "github"]).stdout.contains("SHA1"));
    let counter = |desk: &Desk| desk.listed(&["--search", "door"])[0]["counter"].clone();
    assert_eq!((counter(&desk), desk.listed(&["--search", "github"])[0]["counter"].clone()), (json!(7), json!(null)));
    desk.refused(&["edit", "door", "--counter", "9"]);
    let mut asked = on_terminal(&desk, "edit door --counter 9", &[]);
    asked.stdout.wait_for("Passphrase:");
    asked.write(format!("{PASSPHRASE}\r").as_bytes());
    asked.stdout.wait_for("from 7 to 9");
    asked.write(b"n\r");
    assert_eq!((asked.wait().code(), counter(&desk)), (Some(1), json!(7)));
    assert!(desk.refused(&["edit", "github", "--counter", "9", "--yes"]).contains(text("accounts.counter_none")));
    let set = desk.done(&["edit", "door", "--counter", "9", "--yes"]);
    assert!(set.stderr.contains("Counter: 7 → 9"), "{}", set.stderr);
    assert_eq!(counter(&desk), json!(9));
    desk.done(&["undo"]);
    assert_eq!(counter(&desk), json!(7));
    let typed = ["add", "--kind", "totp", "--issuer", "Sun", "--yes", "--algorithm"];
    let key = "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK\n";
    assert_eq!(desk.run(&[&typed[..], &["HmacSHA384"]].concat(), key).code, 0);
    let unknown = desk.run(&[&typed[..], &["MD4"]].concat(), key);
    assert!(unknown.code == 1 && unknown.stderr.contains("SHA512"), "{}", unknown.stderr);
}

/// Of two removals none is lost, and what hinders one is named with the way out.
fn each_removal_comes_back(desk: &Desk) {
    let first = desk.done(&["undo"]);
    assert!(first.stderr.contains("Before that: the removal of 2 groups."), "{}", first.stderr);
    desk.done(&["groups", "add", "PLAY"]);
    let hindered = desk.refused(&["undo"]);
    assert!(hindered.contains("the removal of 2 groups") && hindered.contains("name Play now"), "{hindered}");
    assert!(hindered.contains("countersign undo --skip"), "{hindered}");
    desk.done(&["groups", "rename", "PLAY", "Other"]);
    assert!(desk.done(&["undo", "--skip"]).stderr.contains("It stands: the new name of a group"));
    desk.done(&["undo"]);
    assert_eq!(desk.done(&["groups"]).stdout.matches("Office  1 account").count(), 1);
    desk.done(&["groups", "remove", "office", "play", "other", "home", "--yes"]);
}

#[test]
fn accounts_are_put_where_a_person_wants_them_and_lists_are_sorted() {
    let desk = desk();
    desk.done(&["move", "mail", "--first"]);
    desk.done(&["move", "github", "--after", "vpn"]);
    let moved = desk.done(&["move", "vpn", "--before", "bank"]);
    assert!(moved.stderr.contains(text("accounts.place")), "{}", moved.stderr);
    assert_eq!(desk.issuers(&[]), ["Mail", "VPN", "Bank", "GitHub"]);
    desk.done(&["undo"]);
    assert_eq!(desk.issuers(&[]), ["Mail", "Bank", "VPN", "GitHub"]);
    desk.done(&["move", "mail", "--last"]);
    let idle = desk.done(&["move", "mail", "--last"]);
    assert_eq!(idle.stderr.trim_end(), text("accounts.edit_nothing"), "the move before is not told as this one's");
    assert_eq!(desk.done(&["move", "mail", "--last", "--json"]).json()["changed"].as_array().map(Vec::len), Some(0));
    assert_eq!(desk.issuers(&["--sort", "name"]), ["Bank", "GitHub", "Mail", "VPN"]);
    for _ in 0..2 {
        let mut program = on_terminal(&desk, "code mail", &[]);
        program.stdout.wait_for("Passphrase:");
        program.write(format!("{PASSPHRASE}\r").as_bytes());
        assert!(program.wait().success(), "{}", program.stdout.text());
        desk.done(&["code", "github"]);
    }
    desk.done(&["code", "vpn"]);
    assert_eq!(desk.issuers(&["--sort", "use"])[..2], ["Mail", "VPN"], "what a person was shown counts");
    assert_eq!(desk.done(&["show", "github", "--json"]).json()["uses"], 0, "what a script reads does not");
    desk.done(&["settings", "sort", "name"]);
    assert_eq!(desk.issuers(&[]), ["Bank", "GitHub", "Mail", "VPN"]);
    desk.done(&["edit", "vpn", "--pin"]);
    assert_eq!(desk.issuers(&[]), ["VPN", "Bank", "GitHub", "Mail"], "what is pinned stands first in each order");
    let list = desk.done(&["list"]).stdout;
    assert!(list.starts_with("VPN (mara)     6 digits, one code at a time · pinned\n"), "{list}");
    assert_eq!(desk.issuers(&["--sort", "order"]), ["VPN", "Bank", "GitHub", "Mail"]);
    let by_code = desk.done(&["list", "--sort", "code", "--json"]).json()["accounts"].as_array().unwrap().len();
    assert_eq!(by_code, 4);
    for (arguments, why) in [
        (&["move"][..], "countersign devices move"),
        (&["move", "github"], "--first"),
        (&["move", "github", "--before", "github"], text("accounts.move_itself")),
        (&["move", "github", "--after", "nobody"], text("cli.no_such_account")),
    ] {
        let said = desk.refused(arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    for wrong in [&["move", "github", "--first", "--last"][..], &["list", "--sort", "colour"]] {
        assert_eq!(desk.run(wrong, "").code, 2, "{wrong:?}");
    }
}

#[test]
fn lists_are_narrowed_and_leave_out_what_does_not_belong() {
    let desk = desk();
    desk.done(&["groups", "add", "Work"]);
    desk.done(&["edit", "bank", "--group", "work", "--tag", "money", "--note", "the blue card"]);
    assert_eq!(desk.issuers(&["--tag", "#Money"]), ["Bank"]);
    assert_eq!(desk.issuers(&["--search", "BLUE mara"]), ["Bank"], "notes are searched too");
    assert_eq!(desk.issuers(&["--search", "mara", "--group", "Work"]), ["Bank"]);
    let list = desk.done(&["list", "--group", "Work"]).stdout;
    assert_eq!(list, "Bank (mara)  6 digits, every 30 seconds · in Work · #money\n");
    let none = desk.done(&["list", "--search", "zebra"]);
    assert_eq!((none.stdout.as_str(), none.stderr.trim()), ("", text("accounts.none_fits")));
    assert!(desk.refused(&["list", "--group", "Play"]).contains("  Work"));
    assert!(desk.refused(&["list", "--tag", "other"]).contains("  money"));
}

#[test]
fn codes_of_several_stand_beside_their_names_and_none_is_spent() {
    let desk = desk();
    desk.done(&["edit", "github", "bank", "--tag", "daily", "--yes"]);
    let codes = desk.done(&["code", "--tag", "daily"]).stdout;
    let lines: Vec<(&str, &str)> = codes.lines().filter_map(|line| line.split_once("  ")).collect();
    assert_eq!(lines.iter().map(|(_, name)| name.trim()).collect::<Vec<_>>(), ["GitHub (mara)", "Bank (mara)"]);
    assert!(lines.iter().all(|(code, _)| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())), "{codes}");
    let all = desk.done(&["code", "--all", "--json"]);
    assert!(all.stderr.contains("VPN (mara)") && all.stderr.contains(text("accounts.left_counted")), "{}", all.stderr);
    let all = all.json();
    let left = &all["left"][0];
    assert_eq!((&left["issuer"], &left["why"]), (&serde_json::json!("VPN"), &serde_json::json!("counted")));
    let names: Vec<&str> = all["codes"].as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap()).collect();
    assert_eq!(names, ["GitHub", "Bank", "Mail"]);
    let row = &all["codes"][0];
    assert!(row["code"].is_string() && row["next"].is_string() && row["until"].is_u64() && row.get("secret").is_none());
    assert_eq!(desk.done(&["code", "mail", "github"]).stdout.lines().count(), 2);
    desk.done(&["edit", "mail", "--hide"]);
    let left = desk.done(&["code", "--all"]);
    assert!(!left.stdout.contains("Mail") && left.stderr.contains(text("accounts.left_hidden")), "{}", left.stderr);
    for asked in [&["code", "--hidden"][..], &["code", "mail"]] {
        assert_eq!(desk.done(asked).stdout.lines().count(), 1, "{asked:?}");
    }
    assert_eq!(desk.done(&["code", "vpn"]).stdout.trim_end(), "755224", "RFC 4226, appendix D: the first one");
    for option in ["--copy", "--watch"] {
        assert!(desk.refused(&["code", "--all", option]).contains(text("accounts.one_alone")));
    }
    assert!(desk.refused(&["code"]).contains(text("accounts.which")));
}

#[test]
fn what_is_removed_lies_in_the_bin_until_it_is_had_back_or_deleted() {
    let desk = desk();
    let asked = desk.refused(&["remove", "github", "bank"]);
    assert!(asked.contains("--yes"), "{asked}");
    let removed = desk.done(&["remove", "github", "bank", "--yes"]);
    assert!(
        removed.stderr.contains("Removed: 2 accounts") && removed.stderr.contains("For thirty days"),
        "{}",
        removed.stderr
    );
    assert_eq!(desk.issuers(&[]), ["Mail", "VPN"]);
    let bin = desk.done(&["bin", "--json"]).json();
    let row = &bin["bin"][0];
    assert_eq!(row["until"].as_u64().unwrap() - row["deleted"].as_u64().unwrap(), 30 * 86_400);
    let shown = desk.done(&["bin"]).stdout;
    assert!(shown.contains("GitHub (mara)  @1, until ") && shown.lines().count() == 2, "{shown}");
    let undone = desk.done(&["undo", "--yes"]);
    assert!(undone.stderr.contains(text("accounts.out_of_the_bin")), "{}", undone.stderr);
    assert_eq!(desk.issuers(&[]).len(), 4);

    desk.done(&["remove", "--search", "mara", "--yes"]);
    desk.done(&["bin", "restore", "mail", "@2"]);
    assert_eq!(desk.issuers(&[]), ["Bank", "Mail"]);
    assert!(desk.refused(&["bin", "delete", "github"]).contains("--yes"));
    desk.done(&["bin", "delete", "github", "--yes"]);
    assert!(
        desk.refused(&["bin", "empty"]).contains("VPN (mara)") || desk.refused(&["bin", "empty"]).contains("--yes")
    );
    assert_eq!(desk.done(&["bin", "empty", "--yes", "--json"]).json()["deleted"], 1);
    let empty = desk.done(&["bin"]);
    assert_eq!((empty.stdout.as_str(), empty.stderr.trim()), ("", text("accounts.bin_is_empty")));
    for refused in [&["bin", "restore", "vpn"][..], &["bin", "restore", "--all"], &["bin", "empty", "--yes"]] {
        assert!(desk.refused(refused).contains(text("accounts.bin_is_empty")), "{refused:?}");
    }
    assert!(desk.refused(&["remove"]).contains(text("accounts.which")));
    assert_eq!(desk.run(&["bin", "restore"], "").code, 2);
}

#[test]
fn accounts_of_one_name_are_told_apart_by_their_number() {
    let desk = Desk::new();
    desk.add_all(["A", "B"].map(|last| format!("otpauth://totp/Shop:mara?secret={}{last}&issuer=Shop", &SEED[..31])));
    let said = desk.refused(&["code", "shop"]);
    assert!(said.contains("Shop (mara)  @1") && said.contains("Shop (mara)  @2"), "{said}");
    let [one, two] = ["@1", "@2"].map(|name| desk.done(&["show", name, "--json"]).json());
    assert_ne!(one["id"], two["id"]);
    assert!(desk.refused(&["code", "@3"]).contains(text("cli.no_such_account")));
    let all = desk.done(&["code", "--all"]).stdout;
    assert!(all.lines().zip(["@1", "@2"]).all(|(line, number)| line.ends_with(number)), "{all}");
}

#[test]
fn settings_hold_the_order_of_lists_and_lead_to_the_rule_of_locking() {
    let desk = Desk::new();
    assert!(desk.done(&["settings"]).stdout.contains("sort         order"), "{}", desk.done(&["settings"]).stdout);
    assert!(desk.refused(&["settings", "sort", "colour"]).contains("order, name, use, code"));
    assert_eq!(desk.done(&["settings", "sort", "use", "--json"]).json()["value"], "use");
    desk.done(&["settings", "lock", "60"]);
    assert_eq!(desk.done(&["settings", "lock", "--json"]).json()["after"], 60);
    assert!(desk.refused(&["settings", "lock", "soon"]).contains(text("error.field_auto_lock")));
    assert_eq!(desk.done(&["settings", "lock", "--usual", "--json"]).json()["after"], 300);
}

/// Thousands of accounts, put into the vault by the core.
fn with_many(desk: &Desk, count: usize) {
    let path = desk.path().join("data/countersign/vault.sqlite");
    let mut vault = Vault::open(&path, Arc::new(SystemClock::new()), Arc::new(SystemRandom::new())).unwrap();
    vault.unlock(&Secret::from_slice(PASSPHRASE.as_bytes())).unwrap();
    let new = |n: usize| NewAccount {
        issuer: format!("Shop {n:05}"),
        name: "mara".into(),
        note: String::new(),
        kind: Kind::Totp(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: Secret::from_slice(format!("seed of {n:012}").as_bytes()),
        pin: None,
        origin: None,
        details: Details { tags: vec![format!("t{}", n % 10)], ..Details::default() },
    };
    let added = vault.add_all(&(0..count).map(new).collect::<Vec<_>>()).unwrap();
    assert!(added.iter().all(Result::is_ok));
}

#[test]
fn a_list_of_ten_thousand_accounts_has_each_of_them_once_and_narrows() {
    const ALL: usize = 10_000;
    let desk = Desk::new();
    with_many(&desk, ALL);
    let rows = desk.issuers(&["--sort", "name"]);
    assert_eq!((rows.len(), rows.is_sorted()), (ALL, true));
    assert_eq!(desk.done(&["list"]).stdout.lines().count(), ALL);
    assert_eq!(desk.issuers(&["--tag", "t7"]).len(), ALL / 10);
    assert_eq!(desk.issuers(&["--search", "shop 00042"]), ["Shop 00042"]);
    let edited = desk.done(&["edit", "--tagged", "t7", "--favourite", "--yes"]);
    assert!(edited.stderr.contains("and 980 more") && edited.stderr.lines().count() < 100, "{}", edited.stderr.len());
    desk.done(&["undo", "--yes"]);
    assert!(desk.issuers(&["--favourites"]).is_empty());
}
