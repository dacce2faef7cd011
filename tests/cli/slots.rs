//! The ways into the vault, its recovery sheet and its end, from the command line.

use std::os::unix::fs::PermissionsExt;

use countersign_core::vault::Sheet;
use countersign_strings::text;

use super::{Desk, PASSPHRASE, SEED};

/// The lines of a sheet as they were printed.
fn lines_of(printed: &str) -> Vec<String> {
    let lines = printed.lines().filter(|line| line.trim_start().starts_with("Line "));
    lines.filter_map(|line| Some(line.split_once(':')?.1.trim().to_owned())).collect()
}

#[test]
fn slots_are_listed_added_named_and_taken_back() {
    let desk = Desk::new();
    let listed = desk.run(&["slots"], "");
    assert!(listed.stdout.starts_with("1  Passphrase, made "), "{}", listed.stdout);
    let added = desk.run(&["slots", "add", "--name", "Jo", "--json"], "her own words\n");
    assert_eq!((added.code, added.json()["added"].as_u64()), (0, Some(2)), "{}", added.stderr);
    let hers = desk.run_plain(&["slots", "list", "--json", "--passphrase-fd", "0"], "her own words\n");
    assert_eq!(hers.code, 0, "{}", hers.stderr);
    let rows = hers.json()["slots"].as_array().unwrap().clone();
    let of = |n: usize| (rows[n]["kind"].as_str().unwrap(), rows[n]["name"].as_str().unwrap());
    assert_eq!([of(0), of(1)], [("passphrase", ""), ("passphrase", "Jo")]);
    assert_eq!(desk.run(&["slots", "name", "1", "by heart"], "").code, 0);
    assert_eq!(desk.run(&["slots", "remove", "2", "--yes"], "").code, 0);
    let gone = desk.run_plain(&["slots", "--passphrase-fd", "0"], "her own words\n");
    assert_eq!((gone.code, gone.stderr.trim()), (1, text("error.wrong_passphrase")));
    let listed = desk.run(&["slots", "list"], "").stdout;
    assert!(listed.contains("Passphrase: by heart") && listed.lines().count() == 1, "{listed}");
    let last = desk.run(&["slots", "remove", "1", "--yes"], "");
    assert_eq!((last.code, last.stderr.trim()), (1, text("error.last_passphrase")));
    assert_eq!(desk.run(&["slots", "remove", "7", "--yes"], "").code, 1);
}

#[test]
fn a_recovery_sheet_gives_a_new_passphrase_where_the_old_one_was_forgotten() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let made = desk.run(&["slots", "recovery", "--name", "drawer"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains(text("cli.sheet_once")));
    let lines = lines_of(&made.stdout);
    assert_eq!(lines.len(), 4, "{}", made.stdout);
    let restore = |typed: &[String], new: &str| {
        desk.run_plain(&["slots", "restore", "--passphrase-fd", "0"], &format!("{new}\n{}\n", typed.join("\n")))
    };
    let mut wrong = lines.clone();
    let last = wrong[2].pop().unwrap();
    wrong[2].push(if last == '7' { '8' } else { '7' });
    let refused = restore(&wrong, "new words");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("Line 3"), "{}", refused.stderr);
    assert_eq!(desk.run(&["list"], "").code, 0, "nothing was changed");
    let restored = restore(&lines, "new words");
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert_eq!(desk.run(&["list"], "").code, 1, "the old passphrase opens nothing");
    let listed = desk.run_plain(&["list", "--passphrase-fd", "0"], "new words\n");
    assert!(listed.code == 0 && listed.stdout.contains("GitHub"), "{}", listed.stderr);
    let changed = desk.run_plain(&["passphrase", "--passphrase-fd", "0"], &format!("new words\n{PASSPHRASE}\n"));
    assert_eq!(changed.code, 0, "vault and keys go together: {}", changed.stderr);
    assert!(desk.run(&["slots"], "").stdout.contains("Recovery sheet: drawer"));
}

#[test]
fn a_hardware_key_opens_the_accounts_with_its_passphrase_and_alone() {
    const KEY: &str = "--hardware-key=emulated:YubiKey";
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let given = |arguments: &[&str], lines: &str| {
        desk.run_plain(&[arguments, &["--json", "--passphrase-fd", "0"]].concat(), lines)
    };
    let list = |lines: &str| given(&["list", KEY], lines);
    let none = list("short\n");
    assert_eq!((none.code, none.stderr.trim()), (1, text("cli.hardware_none")));
    let both = format!("{PASSPHRASE}\nshort\n");
    let wrong_place = given(&["slots", "hardware", "--emulated", "YubiKey", "--place", "1"], &both);
    assert_eq!(wrong_place.code, 1, "{}", wrong_place.stderr);
    let added = given(&["slots", "hardware", "--emulated", "YubiKey", "--name", "at my belt"], &both);
    assert_eq!((added.code, added.json()["added"].as_u64()), (0, Some(2)), "{}", added.stderr);
    assert!(added.stderr.contains(text("cli.hardware_emulated")), "{}", added.stderr);
    let listed = list("short\n");
    assert!(listed.code == 0 && listed.stdout.contains("GitHub"), "{}", listed.stderr);
    let wrong = list("shorter\n");
    assert_eq!((wrong.code, wrong.stderr.trim()), (1, text("error.wrong_passphrase")));
    let alone = given(&["list"], "short\n");
    assert_eq!((alone.code, alone.stderr.trim()), (1, text("error.wrong_passphrase")), "not without the key");
    let other = given(&["list", "--hardware-key=emulated:Nitrokey"], "short\n");
    assert_eq!(other.code, 1, "a key of another kind answers nothing: {}", other.stderr);
    let rows = given(&["slots", KEY], "short\n").json();
    assert_eq!(
        (&rows["slots"][1]["kind"], &rows["slots"][1]["name"]),
        (&"hardware_key_and_passphrase".into(), &"at my belt".into())
    );
    assert_eq!(given(&["slots", "remove", "2", "--yes"], &both).code, 0);
    let added = given(&["slots", "hardware", "--emulated", "YubiKey", "--alone"], &both);
    assert!(added.code == 0 && added.stderr.contains(text("cli.hardware_added_alone")), "{}", added.stderr);
    let listed = desk.run_plain(&["list", KEY], "");
    assert!(listed.code == 0 && listed.stdout.contains("GitHub"), "nothing is asked for: {}", listed.stderr);
    let last = desk.run_plain(&["slots", "remove", "1", "--yes", KEY], "");
    assert_eq!((last.code, last.stderr.trim()), (1, text("error.last_passphrase")));
}

#[test]
fn a_sheet_is_written_as_a_page_for_its_owner_alone_and_never_over_another_file() {
    let desk = Desk::new();
    let page = desk.path().join("sheet.html");
    let path = page.to_str().unwrap();
    let made = desk.run(&["slots", "recovery", "--page", path, "--json"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.json()["page"] == path && !made.stdout.contains("lines"), "{}", made.stdout);
    assert_eq!(std::fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    let html = std::fs::read_to_string(&page).unwrap();
    let cells: Vec<&str> = html.split("<td>").skip(1).filter_map(|cell| cell.split("</td>").next()).collect();
    assert!(Sheet::read(&cells.join("\n")).is_ok(), "the page holds a whole sheet");
    let again = desk.run(&["slots", "recovery", "--page", path], "");
    assert_eq!((again.code, again.stderr.trim()), (1, text("cli.sheet_not_written")));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), html);
    let listed = desk.run(&["slots", "--json"], "").json();
    assert_eq!(listed["slots"].as_array().unwrap().len(), 2, "no sheet was made that nobody was told");
}

#[test]
fn when_it_locks_is_shown_and_changed() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["lock", "--json"], "").json()["after"], 300);
    assert_eq!(desk.run(&["lock", "--after", "60"], "").stdout.trim(), "It locks after 60 seconds without a key.");
    assert_eq!(desk.run(&["lock", "--after", "5"], "").code, 1);
    assert_eq!(desk.run(&["lock", "--json"], "").json()["after"], 60);
    assert_eq!(desk.run(&["lock", "--after", "0"], "").stdout.trim(), text("cli.lock_never"));
}

#[test]
fn accounts_are_erased_after_the_words_and_not_before() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let folder = desk.path().join("data/countersign");
    let files = || {
        let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("vault")).count()
    };
    for typed in ["", "yes\n", "erase\n"] {
        let refused = desk.run_plain(&["erase"], typed);
        assert_eq!(refused.code, 1, "{typed}");
        assert!(refused.stderr.contains(text("cli.erase_words")) || typed.is_empty(), "{}", refused.stderr);
        assert!(files() > 0);
    }
    let erased = desk.run_plain(&["erase"], "Erase my accounts\n");
    assert_eq!((erased.code, files()), (0, 0), "{}", erased.stderr);
    assert_eq!(desk.run(&["list"], "").code, 1);
    assert_eq!(desk.run(&["init"], "").code, 0, "another one can be made");
}

/// Set up, used under both passphrases and ended: under the decoy's nothing tells of the other.
#[test]
fn a_decoy_shows_its_accounts_and_the_passphrase_all_of_them() {
    const DECOY: &str = "heron gravel";
    let (desk, plain) = (Desk::new(), Desk::empty());
    for issuer in ["GitHub", "Bank", "Shop"] {
        let link = format!("otpauth://totp/{issuer}:mara?secret={SEED}{issuer}&issuer={issuer}");
        desk.add(&link.replace("Bank&", "BANK&").replace("Shop&", "SHPP&").replace("GitHub&", "GITHUB&"));
    }
    let run = |desk: &Desk, passphrase: &str, arguments: &[&str], input: &str| {
        let all: Vec<&str> = arguments.iter().copied().chain(["--passphrase-fd", "0"]).collect();
        desk.run_plain(&all, &format!("{passphrase}\n{input}"))
    };
    let asked = run(&desk, PASSPHRASE, &["slots", "decoy"], "");
    assert_eq!(
        (asked.code, desk.run(&["list"], "").stdout.lines().count()),
        (1, 3),
        "nobody said yes: {}",
        asked.stderr
    );
    let wrong = run(&desk, DECOY, &["slots", "decoy", "--yes"], "x\n");
    assert_eq!((wrong.code, wrong.stderr.trim()), (1, text("error.wrong_passphrase")));
    let none = run(&desk, PASSPHRASE, &["slots", "decoy", "--end", "--yes"], "x\n");
    assert_eq!((none.code, none.stderr.trim()), (1, text("cli.decoy_none")));
    let words = ["slots", "decoy", "--keep", "shop", "--yes", "--json"];
    let same = run(&desk, PASSPHRASE, &words, &format!("{PASSPHRASE}\n"));
    assert!(same.code == 1 && same.stderr.contains(text("error.rule_other")), "{}", same.stderr);
    let made = run(&desk, PASSPHRASE, &words, &format!("{DECOY}\n"));
    assert_eq!((made.code, made.json()["kept"].as_u64()), (0, Some(1)), "{}", made.stderr);
    let listed = |passphrase: &str| run(&desk, passphrase, &["list"], "").stdout;
    assert_eq!((listed(PASSPHRASE).lines().count(), listed(DECOY).lines().count()), (3, 1));
    assert!(listed(DECOY).contains("Shop") && !listed(DECOY).contains("Bank"));

    // The same words, the same files, the same codes of exit as where there is no other vault.
    plain.run_plain(&["init", "--passphrase-fd", "0"], &format!("{DECOY}\n"));
    let link = format!("otpauth://totp/Shop:mara?secret={SEED}SHPP&issuer=Shop\n");
    assert_eq!(run(&plain, DECOY, &["add", "--yes"], &link).code, 0);
    for arguments in [&["list"][..], &["slots"], &["lock"], &["settings"]] {
        let [one, two] = [&desk, &plain].map(|desk| {
            let ran = run(desk, DECOY, arguments, "");
            (ran.code, ran.stdout, ran.stderr.replace(desk.path().to_str().unwrap(), "home"))
        });
        assert_eq!(one, two, "{arguments:?}");
    }
    let [one, two] = [&desk, &plain].map(|desk| {
        let mut list = run(desk, DECOY, &["list", "--json"], "").json();
        // Both were made a moment apart.
        ["created", "changed"].iter().for_each(|time| list["accounts"][0][*time] = 0.into());
        list
    });
    assert_eq!(one, two);
    let files = |desk: &Desk| {
        let of = |folder: &str| {
            let names = std::fs::read_dir(desk.path().join("data/countersign").join(folder)).unwrap();
            let mut names: Vec<(String, u64)> = names
                .map(|entry| entry.unwrap())
                .filter(|entry| entry.file_type().unwrap().is_file())
                .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
                .collect();
            names.sort();
            names
        };
        [of("."), of("keys")]
    };
    assert_eq!(files(&desk), files(&plain));

    let added = run(&desk, PASSPHRASE, &["slots", "add"], "another\n");
    assert!(added.code == 1 && added.stderr.contains(text("cli.decoy_one_way")), "{}", added.stderr);
    let twice = run(&desk, PASSPHRASE, &["slots", "decoy", "--yes"], "x\n");
    assert_eq!((twice.code, twice.stderr.lines().last()), (1, Some(text("cli.decoy_there"))));
    let changed = run(&desk, PASSPHRASE, &["passphrase"], "newer words\n");
    assert_eq!((changed.code, listed("newer words").lines().count()), (0, 3), "{}", changed.stderr);
    let changed = run(&desk, DECOY, &["passphrase"], "heron sand\n");
    assert_eq!((changed.code, listed("heron sand").lines().count()), (0, 1), "{}", changed.stderr);
    for (passphrase, code) in [("heron sand", 1), ("newer words", 0)] {
        let ended = run(&desk, passphrase, &["slots", "decoy", "--end", "--yes"], "");
        assert_eq!(ended.code, code, "{}", ended.stderr);
    }
    assert_eq!((listed("newer words").lines().count(), listed("heron sand").lines().count()), (3, 0));
}
