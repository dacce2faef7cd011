//! What an administrator is told of hardware tokens before a yes is asked for, and what a ledger says of them afterwards.

use std::fs;

use countersign_core::burn::ledger::inventory;
use countersign_core::burn::source::{Choices, Kind, read};
use countersign_strings::{fill, text};

use super::token::{LINK, code_in, lines, table, token};
use super::{Desk, Ended};

/// Refused, and nobody was asked for a yes before.
fn is_refused_unasked(ended: &Ended, words: &str) {
    assert!(ended.code == 1 && ended.stderr.contains(words), "{words}: {}", ended.stderr);
    for question in ["token.write_ask", "token.erase_ask", "token.batch_ask", "cli.say_yes"] {
        assert!(!ended.stderr.contains(text(question)), "{question}: {}", ended.stderr);
    }
}

#[test]
fn a_plan_names_the_profile_and_says_what_is_not_known() {
    let desk = Desk::empty();
    let burn = ["token", "burn", "--emulated", "Molto-2", "--profile", "7", "--dry-run"];
    let words = desk.run_plain(&burn, &format!("{LINK}\n"));
    let profile = fill("token.plan_profile", &[("n", "7")]);
    assert!(words.code == 0 && words.stdout.contains(&profile), "{}{}", words.stdout, words.stderr);
    assert!(words.stdout.contains(text("token.erases_nothing")), "it was looked at: {}", words.stdout);
    for model in ["Molto-2", "YubiKey", "Token2", "Nitrokey"] {
        let batch = ["batch", "--emulated", model, "--dry-run"];
        let plans = lines(&token(&desk, &batch, &table(3)));
        assert!(plans.iter().all(|line| line["plan"]["erases"]["what"] == "unknown"), "{model}: {plans:?}");
        let words = desk.run_plain(&[&["token"], &batch[..]].concat(), &table(3)).stdout;
        assert_eq!(words.matches(text("token.erases_unknown")).count(), 3, "{model}: {words}");
        assert!(!words.contains(text("token.erases_nothing")), "{model}: {words}");
    }
}

#[test]
fn what_was_said_and_has_no_place_in_a_token_is_refused_by_option_and_model() {
    let desk = Desk::empty();
    let single = fill("token.identity", &[("model", "C301-i"), ("serial", "86596100000001")]);
    let profile = |n: &str| fill("token.misfit_profile", &[("n", n)]);
    let cases: [(&str, &str, &[&str], String); 7] = [
        ("C301-i", &single, &["--title", "Mail"], text("token.misfit_title").to_owned()),
        ("C301-i", &single, &["--profile", "0"], profile("0")),
        ("C301-i", &single, &["--profile", "3"], profile("3")),
        ("YubiKey", "YubiKey", &["--display", "30"], text("token.misfit_display").to_owned()),
        ("YubiKey", "YubiKey", &["--title", "Mail"], text("token.misfit_title").to_owned()),
        ("Nitrokey", "Nitrokey 3", &["--profile", "3"], profile("3")),
        ("Feitian", "ePass FIDO", &["--display", "60"], text("token.misfit_display").to_owned()),
    ];
    for (model, named, options, words) in cases {
        let arguments = [&["burn", "--emulated", model], options].concat();
        let refused = token(&desk, &arguments, &format!("{LINK}\n"));
        is_refused_unasked(&refused, &words);
        assert!(refused.stderr.contains(named), "{arguments:?}: {}", refused.stderr);
    }
    let fits = ["burn", "--emulated", "Molto-2", "--title", "Mail", "--profile", "3", "--display", "60", "--yes"];
    assert_eq!(token(&desk, &fits, &format!("{LINK}\n")).code, 0, "the neighbouring case");
    let eight = token(&desk, &["burn", "--emulated", "C301-i"], &format!("{LINK}&digits=8\n"));
    is_refused_unasked(&eight, &fill("token.misfit_digits", &[("n", "8")]));
    assert!(eight.stderr.contains("6 digits; 30, 60 seconds"), "what would fit: {}", eight.stderr);
    let rows = "profile,seed,title,algorithm,digits,period\n3,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,Mail,SHA1,6,30\n";
    let batch = token(&desk, &["batch", "--emulated", "C301-i", "--dry-run"], rows);
    assert!(batch.code == 1 && batch.stdout.contains("--profile"), "{}", batch.stdout);
    let shape = token(&desk, &["batch", "--emulated", "C301-i", "--digits", "6", "--yes"], &table(1));
    is_refused_unasked(&shape, text("token.shape_of_rows"));
    let batch = token(&desk, &["batch", "--emulated", "C301-i", "--display", "60"], rows);
    is_refused_unasked(&batch, &fill("token.batch_misfits", &[("n", "1")]));
    assert!(batch.stderr.contains(&profile("3")), "{}", batch.stderr);
    let verify = token(&desk, &["verify", "--emulated", "YubiKey", "--profile", "3"], "");
    is_refused_unasked(&verify, &profile("3"));
    let resume = token(&desk, &["burn", "--resume", "--emulated", "YubiKey", "--title", "Mail"], "");
    assert!(resume.code != 0 && resume.stderr.contains("--title"), "{}", resume.stderr);
}

#[test]
fn what_a_model_cannot_do_is_said_before_anybody_is_asked() {
    let desk = Desk::empty();
    let cases: [(&[&str], &str, &str); 13] = [
        (&["sync"], "C301-i", "token.unable_clock_single"),
        (&["sync"], "YubiKey", "token.unable_clock"),
        (&["delete"], "C301-i", "token.unable_delete"),
        (&["reset"], "miniOTP-2-i", "token.unable_delete"),
        (&["reset"], "Feitian", "token.unable_reset"),
        (&["key", "set"], "C301-i", "token.unable_key_single"),
        (&["key", "set"], "Nitrokey", "token.unable_key"),
        (&["key", "set"], "Token2", "token.unable_key"),
        (&["key", "remove"], "Molto-2", "token.unable_key_remove"),
        (&["key", "remove"], "C301-i", "token.unable_key_single"),
        (&["screen", "lock"], "YubiKey", "token.unable_screen"),
        (&["screen", "unlock"], "C301-i", "token.unable_screen"),
        (&["sync"], "unknown-serial", "token.unable_clock_single"),
    ];
    for (command, model, key) in cases {
        let info = token(&desk, &["info", "--emulated", model], "").json();
        let name = info["token"]["model"].as_str().unwrap_or(text("token.family_single"));
        let refused = token(&desk, &[command, &["--emulated", model]].concat(), "");
        // Behind the token's name: some have another number each time.
        is_refused_unasked(&refused, fill(key, &[("token", "")]).trim_start());
        assert!(refused.stderr.contains(name), "{command:?} {model}: {}", refused.stderr);
    }
    let settings = token(&desk, &["sync", "--emulated", "Molto-2", "--digits", "8"], "");
    is_refused_unasked(&settings, text("token.sync_clock_alone"));
    let digits = token(&desk, &["sync", "--emulated", "miniOTP-2-i", "--digits", "8"], "");
    is_refused_unasked(&digits, &fill("token.misfit_digits", &[("n", "8")]));
    for (said, missing) in [
        (&[][..], "--algorithm, --period"),
        (&["--period", "60"], "--algorithm"),
        (&["--algorithm", "sha1"], "--period"),
    ] {
        let unknown = token(&desk, &[&["sync", "--emulated", "miniOTP-2-i", "--yes"], said].concat(), "");
        is_refused_unasked(&unknown, &fill("token.sync_settings", &[("settings", missing)]));
    }
    let which = token(&desk, &["delete", "--emulated", "Molto-2"], "");
    is_refused_unasked(&which, text("token.delete_by_profile"));
}

#[test]
fn info_says_that_a_model_is_unknown_and_how_full_a_token_is() {
    let desk = Desk::empty();
    let info = |model: &str| token(&desk, &["info", "--emulated", model], "").json();
    let words = |model: &str| desk.run_plain(&["token", "info", "--emulated", model], "").stdout;
    let unknown = "unknown-serial";
    assert_eq!(info(unknown)["token"]["known_model"], false);
    assert!(words(unknown).contains(text("token.info_unknown_model")), "{}", words(unknown));
    assert_eq!(info("C301-i")["token"]["known_model"], true);
    assert!(!words("C301-i").contains(text("token.info_unknown_model")));
    for (model, taken, all) in [("Molto-2", 1, 100), ("Molto-2-v1", 1, 50), ("YubiKey", 0, 32)] {
        let places = &info(model)["places"];
        let told = ["taken", "free", "all"].map(|name| places[name].as_i64().unwrap());
        assert_eq!(told, [taken, all - taken, all], "{model}");
        let [taken, all, free] = [taken, all, all - taken].map(|count| count.to_string());
        let room = fill("token.room", &[("n", &taken), ("all", &all), ("free", &free)]);
        assert!(words(model).contains(&room), "{}", words(model));
    }
    assert_eq!(info("Molto-2")["places"]["profiles"][0]["title"], "Token2", "it comes with one");
    let feitian = info("Feitian");
    assert_eq!((&feitian["places"]["taken"], feitian["places"]["free"].is_null()), (&0.into(), true));
    assert!(info("C301-i")["places"].is_null(), "it doesn't tell");
    let holds = &info("YubiKey")["holds"];
    assert_eq!((&holds["longest_period"], holds["periods"].is_null()), (&86_400.into(), true), "as the words say");
}

#[test]
fn servers_are_told_of_no_token_that_nobody_proved_unless_that_was_said() {
    let desk = Desk::empty();
    let path = desk.path().join("entra.csv").display().to_string();
    let burn = ["burn", "--emulated", "miniOTP-2-i", "--yes", "--ledger", &path, "--form", "entra", "--clear"];
    let held_back = token(&desk, &burn, &format!("{LINK}\n"));
    assert_eq!((held_back.code, &held_back.json()["ending"]), (1, &"written_not_proven".into()), "it is written");
    let why = fill("token.left_out", &[("serial", "86596000000001"), ("why", text("token.left_unproven"))]);
    for words in [&why, text("token.left_unproven_how"), text("token.ledger_nothing")] {
        assert!(held_back.stderr.contains(words), "{words}: {}", held_back.stderr);
    }
    assert!(!fs::exists(&path).unwrap());
    let all = token(&desk, &[&burn[..], &["--unproven"]].concat(), &format!("{LINK}\n"));
    assert_eq!((all.code, &all.json()["ledger"]["tokens"]), (0, &1.into()), "{}", all.stderr);
    assert!(all.stderr.contains(&fill("token.told_not_proven", &[("n", "1")])), "{}", all.stderr);
    // Our own form says what is proven, and a token that proved itself stands in every form.
    let path = desk.path().join("own.json").display().to_string();
    let own = ["burn", "--emulated", "miniOTP-2-i", "--yes", "--ledger", &path, "--form", "inventory-json"];
    assert_eq!(token(&desk, &own, &format!("{LINK}\n")).json()["ledger"]["tokens"], 1);
    assert!(fs::read_to_string(&path).unwrap().contains("written_not_proven"));
}

/// To prove it once more helps nobody: it is said what does.
#[test]
fn servers_are_told_of_no_token_whose_clock_is_off_unless_that_was_said_and_then_how_far() {
    let desk = Desk::empty();
    let path = desk.path().join("server").display().to_string();
    let late = code_in(180);
    for form in ["entra", "oath", "pskc-plain"] {
        let burn =
            ["burn", "--emulated", "miniOTP-2-i", "--yes", "--compare", "--ledger", &path, "--form", form, "--clear"];
        let held_back = token(&desk, &burn, &format!("{LINK}\n{late}\n"));
        let json = held_back.json();
        assert_eq!((held_back.code, &json["ending"]), (1, &"clock_off".into()), "{}", held_back.stderr);
        let why = fill("token.left_clock_ahead", &[("time", "3 minutes")]);
        for words in
            [&fill("token.left_out", &[("serial", "86596000000001"), ("why", &why)]), text("token.left_clock_how")]
        {
            assert!(held_back.stderr.contains(words), "{form}: {words}: {}", held_back.stderr);
        }
        for words in [text("token.left_unproven"), text("token.left_unproven_how")] {
            assert!(!held_back.stderr.contains(words), "{form}: it is proven to hold its seed: {}", held_back.stderr);
        }
        assert!(!fs::exists(&path).unwrap());
        let all = token(&desk, &[&burn[..], &["--unproven"]].concat(), &format!("{LINK}\n{late}\n"));
        assert_eq!((all.code, &all.json()["ledger"]["tokens"]), (1, &1.into()), "{}", all.stderr);
        let clock = fill("token.clock_ahead", &[("time", "3 minutes")]);
        for words in [
            fill("token.told_clock_off", &[("n", "1")]),
            fill("token.told_clock_of", &[("token", "86596000000001"), ("clock", &clock)]),
        ] {
            assert!(all.stderr.contains(&words), "{form}: {words}: {}", all.stderr);
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn profiles_of_one_token_are_told_apart_in_a_ledger() {
    let desk = Desk::empty();
    let rows = "serial,secret_hex,issuer,name,profile\n\
                00000000000001,3132333435363738393031323334353637383930,Mail,mara@example.com,3\n\
                00000000000001,3132333435363738393031323334353637383931,Mail,noor@example.com,7\n";
    let ledger = |form: &str, more: &[&str]| {
        let path = desk.path().join(form).display().to_string();
        let batch = ["batch", "--emulated", "Molto-2", "--yes", "--ledger", &path, "--form", form];
        let ended = token(&desk, &[&batch[..], more].concat(), rows);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        fs::read(&path).unwrap()
    };
    let told: Vec<_> = inventory(&ledger("inventory-json", &[])).unwrap().iter().map(|token| token.profile).collect();
    assert_eq!(told, [Some(3), Some(7)]);
    let table = read(Kind::Table, &ledger("table", &["--clear"]), Choices::default()).unwrap();
    assert_eq!(table.rows.iter().map(|row| row.profile).collect::<Vec<_>>(), [Some(3), Some(7)]);
    let entra = String::from_utf8(ledger("entra", &["--clear", "--unproven"])).unwrap();
    assert!(entra.contains(",00000000000001-3,") && entra.contains(",00000000000001-7,"), "{entra}");
}

#[test]
fn what_is_said_is_said_once_and_names_what_it_is_about() {
    let desk = Desk::empty();
    let refused = token(&desk, &["burn", "--emulated", "Molto-2", "--yes"], &format!("{LINK}\n"));
    assert_eq!(refused.code, 1);
    assert_eq!(refused.stderr.matches("will be erased").count(), 1, "the plan says it: {}", refused.stderr);
    assert!(refused.stderr.contains(text("token.taken")), "{}", refused.stderr);
    let nothing = token(&desk, &["burn", "--emulated", "C301-i", "--yes"], "\n");
    is_refused_unasked(&nothing, text("token.seed_nothing"));
    for (model, all, last) in [("Molto-2", "100", "99"), ("Molto-2-v1", "50", "49")] {
        let burn = ["burn", "--emulated", model, "--profile", "100", "--yes"];
        let refused = token(&desk, &burn, &format!("{LINK}\n"));
        let name = "Molto-2, serial 00000000000001";
        let words = [("token", name), ("n", "100"), ("all", all), ("last", last)];
        is_refused_unasked(&refused, &fill("token.no_profile", &words));
    }
    let list = desk.run_plain(&["token", "list", "--emulated", "c301-I"], "").stdout;
    assert!(list.starts_with("C301-i: "), "the model's own name: {list}");
}

#[test]
fn who_changes_a_token_is_told_what_was_done_to_which() {
    let desk = Desk::empty();
    let did: [(&[&str], &str); 4] = [
        (&["sync"], "token.did_clock"),
        (&["reset"], "token.did_reset"),
        (&["screen", "lock"], "token.did_lock"),
        (&["delete", "--profile", "0"], "token.did_delete"),
    ];
    for (command, key) in did {
        let done = token(&desk, &[command, &["--emulated", "Molto-2", "--yes"]].concat(), "");
        let words = fill(key, &[("token", "Molto-2, serial 00000000000001")]);
        assert!(done.code == 0 && done.stderr.contains(&words), "{command:?}: {}", done.stderr);
    }
}

#[test]
fn a_ledger_that_would_have_no_row_says_why_of_each_before_anything_is_written() {
    let desk = Desk::empty();
    let path = desk.path().join("entra.csv").display().to_string();
    let log = desk.path().join("log").display().to_string();
    let out = ["--ledger", &path, "--form", "entra", "--clear", "--unproven", "--log", &log];
    let burn = ["burn", "--emulated", "C301-i", "--random", "--algorithm", "SHA256", "--yes"];
    let refused = token(&desk, &[&burn[..], &out].concat(), "");
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    let why = fill("token.left_algorithm", &[("hash", "SHA256")]);
    let left = fill("token.left_out", &[("serial", "86596100000001"), ("why", &why)]);
    assert!(refused.stderr.contains(&left), "{}", refused.stderr);
    assert!(refused.stderr.contains(text("token.ledger_nothing")), "{}", refused.stderr);
    assert!(!fs::read_to_string(&log).unwrap().contains("WRITE"), "nothing was written");
}
