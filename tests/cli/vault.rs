//! Accounts from the command line.

use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period, Pin, Shape, Timed, motp, totp};
use countersign_strings::text;
use countersign_tests::program::{command, run};

use super::{Desk, Ended, PASSPHRASE, SEED};

#[expect(clippy::disallowed_methods, reason = "the built program runs by the machine's clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn init_makes_a_folder_for_its_owner_alone_and_never_twice() {
    let desk = Desk::empty();
    let made = desk.run(&["init", "--json"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let folder = desk.path().join("data/countersign");
    assert_eq!(made.json()["home"], folder.to_str().unwrap());
    let mut files = vec![folder];
    while let Some(path) = files.pop() {
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!(meta.permissions().mode() & 0o077, 0, "{}", path.display());
        if meta.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    let again = desk.run(&["init"], "");
    assert_eq!((again.code, again.stderr.trim()), (1, "There is a vault already. Nothing was changed."));
}

#[test]
fn home_is_named_by_flag_or_environment() {
    let desk = Desk::empty();
    let other = desk.path().join("elsewhere");
    let made = desk.run(&["init", "--home", other.to_str().unwrap()], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(other.join("keys").is_dir() && !desk.path().join("data").exists());

    let by_variable = |arguments: &[&str]| {
        let mut command = command("countersign", desk.path());
        command.args(arguments).args(["--passphrase-fd", "0"]).env("COUNTERSIGN_HOME", desk.path().join("variable"));
        Ended::of(&run(&mut command, format!("{PASSPHRASE}\n").as_bytes()))
    };
    assert_eq!(by_variable(&["list"]).code, 1, "nothing is there yet");
    let made = by_variable(&["init"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(desk.path().join("variable/keys").is_dir() && !desk.path().join("data").exists());
    assert_eq!(by_variable(&["list"]).code, 0);
    let flag = desk.path().join("flag");
    assert_eq!(by_variable(&["init", "--home", flag.to_str().unwrap()]).code, 0, "the flag goes before it");
    assert!(flag.join("keys").is_dir());
}

#[test]
fn without_a_vault_it_says_what_to_do_and_makes_nothing() {
    let desk = Desk::empty();
    for arguments in [&["list"][..], &["code", "x"], &["approvals"], &["tui"], &[]] {
        let ended = desk.run(arguments, "");
        assert_eq!(ended.code, 1, "{arguments:?}");
        assert!(ended.stderr.contains("countersign init"), "{}", ended.stderr);
    }
    assert!(!desk.path().join("data").exists());
}

#[test]
fn a_code_is_the_one_of_now() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let code = |unix| {
        let seed = Secret::from_slice(b"12345678901234567890");
        totp(&seed, unix, Algorithm::Sha1, Digits::SIX, Period::THIRTY).to_string()
    };
    let before = now();
    let shown = desk.run(&["code", "github"], "");
    let after = now();
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!((before..=after).any(|unix| code(unix) == shown.stdout.trim_end()), "{}", shown.stdout);
    let json = desk.run(&["code", "GitHub", "--json"], "").json();
    assert_eq!((json["issuer"].as_str(), json["name"].as_str()), (Some("GitHub"), Some("mara")));
    assert!(json["until"].as_u64().unwrap() > before);
}

#[test]
fn a_counted_code_is_never_shown_twice() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://hotp/VPN?secret={SEED}&counter=0"));
    // RFC 4226, appendix D.
    for want in ["755224", "287082", "359152"] {
        assert_eq!(desk.run(&["code", "VPN"], "").stdout.trim_end(), want);
    }
}

#[test]
fn accounts_of_other_kinds_are_added_by_link_and_a_pin_that_is_missing_is_asked_for() {
    let desk = Desk::new();
    let yandex = "otpauth://yaotp/mara?secret=6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY&pin=5239";
    desk.add_all(["steam://BASE32SECRET3232", yandex].map(str::to_owned));
    let added = desk.run(&["add", "--yes"], "motp://Desk:mara?secret=e3152afee62599c8\n1234\n");
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert!(added.stderr.contains(text("cli.kind_motp")), "{}", added.stderr);
    let refused = desk.run(&["add", "--yes"], "motp://Desk:olga?secret=e3152afee62599c8\n12 4\n");
    assert_eq!((refused.code, refused.stderr.contains(text("error.rule_pin"))), (1, true), "{}", refused.stderr);
    let listed = desk.run(&["list", "--json"], "").json();
    let rows: Vec<String> = listed["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["kind"], row["algorithm"], row["digits"], row["period"]))
        .collect();
    assert_eq!(rows, [r#""steam" "SHA1" 5 30"#, r#""yandex" "SHA256" 8 30"#, r#""motp" "MD5" 6 10"#]);
    assert_eq!(listed["clock_ahead"], serde_json::Value::Null);
    let before = now();
    let shown = desk.run(&["code", "Desk"], "");
    let key = motp::key(&motp::seed("e3152afee62599c8").unwrap(), &Pin::motp("1234").unwrap());
    let right = (before..=now()).any(|unix| Timed::MOtp.code(&key, unix).to_string() == shown.stdout.trim_end());
    assert!(right, "{} {}", shown.stdout, shown.stderr);
}

#[test]
fn an_account_is_typed_in_by_hand() {
    let desk = Desk::new();
    let start = now() / 30 * 30 - 7;
    let start_text = start.to_string();
    let typed = ["add", "--yes", "--kind", "totp", "--issuer", "Late", "--account", "mara", "--start", &start_text];
    let added = desk.run(&[&typed[..], &["--digits", "8", "--algorithm", "sha-256"]].concat(), &format!("{SEED}\n"));
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert!(added.stderr.contains("counted from second"), "{}", added.stderr);
    let seed = Secret::from_slice(b"12345678901234567890");
    let period = Period::THIRTY.counted_from(start).unwrap();
    let shape = Shape { algorithm: Algorithm::Sha256, digits: Digits::EIGHT, period };
    let before = now();
    let shown = desk.run(&["code", "Late", "--json"], "").json();
    let right = (before..=now()).any(|unix| Timed::Totp(shape).code(&seed, unix).to_string() == shown["code"]);
    assert!(right, "{shown}");
    assert_eq!((shown["start"].as_u64(), shown["clock_ahead"].is_null()), (Some(start), true));

    let counted =
        desk.run(&["add", "--yes", "--kind", "hotp", "--issuer", "VPN", "--counter", "1"], &format!("{SEED}\n"));
    assert_eq!(counted.code, 0, "{}", counted.stderr);
    assert_eq!(desk.run(&["code", "VPN"], "").stdout.trim_end(), "287082", "RFC 4226, appendix D");
    let motp = desk.run(&["add", "--yes", "--kind", "motp", "--account", "m"], "E315-2AFE E625 99C8\n1234\n");
    assert_eq!(motp.code, 0, "{}", motp.stderr);

    // A moment that is still to come: whoever adds it and whoever reads its code is told.
    let later = (now() + 864_000).to_string();
    let soon =
        desk.run(&["add", "--yes", "--kind", "totp", "--issuer", "Soon", "--start", &later], &format!("{SEED}\n"));
    for told in [soon, desk.run(&["code", "Soon"], "")] {
        assert!(told.code == 0 && told.stderr.contains("still to come"), "{}", told.stderr);
    }

    let odd = ["add", "--yes", "--kind", "totp", "--issuer", "Odd", "--algorithm", "md5"];
    assert_eq!(desk.run(&odd, &format!("{SEED}\n")).code, 0);
    let listed = desk.run(&["list", "--json"], "").json();
    assert!(
        listed["accounts"].as_array().unwrap().iter().any(|row| row["issuer"] == "Odd" && row["algorithm"] == "MD5")
    );
    let sent = desk.run(&["add", "--yes"], &format!("otpauth://totp/Sent?secret={SEED}&algorithm=HmacSHA384\n"));
    assert_eq!(sent.code, 0, "{}", sent.stderr);

    let why = |arguments: &[&str], input: &str| {
        let named: &[&str] = if arguments.contains(&"--issuer") { &[] } else { &["--issuer", "Y"] };
        let ended = desk.run(&[&["add", "--yes"], named, arguments].concat(), input);
        assert_ne!(ended.code, 0, "{arguments:?}");
        ended.stderr
    };
    let secret = format!("{SEED}\n");
    assert!(why(&["--kind", "ocra"], &secret).contains("totp, hotp, steam, yandex, motp"));
    assert!(why(&["--kind", "totp", "--digits", "11"], &secret).contains(text("error.field_digits")));
    let word = why(&["--kind", "totp", "--digits", "-1"], &secret);
    assert!(word.contains("--digits") && word.contains("doesn't take this value"), "{word}");
    assert!(
        why(&["--kind", "hotp", "--counter", "9223372036854775807"], &secret).contains(text("error.field_counter"))
    );
    assert!(why(&["--kind", "totp", "--period", "0"], &secret).contains(text("error.field_period")));
    assert!(why(&["--kind", "totp", "--start", "253402300800"], &secret).contains(text("error.field_start")));
    assert!(why(&["--kind", "totp", "--algorithm", "sha3"], &secret).contains("SHA224, SHA384"));
    assert!(why(&["--kind", "totp"], "GEZDGNB0\n").contains(text("qr.secret_look_alike")));
    assert!(why(&["--kind", "motp"], "xyz\n1234\n").contains(text("qr.seed_wrong")));
    assert!(why(&["--kind", "yandex"], &format!("{SEED}\n1234\n")).contains(text("error.rule_seed_yandex")));
    assert!(!why(&["--issuer", "x"], &secret).is_empty(), "without a kind nothing is typed in");
}

#[test]
fn what_was_mended_is_told_before_it_is_stored() {
    let desk = Desk::new();
    let added = desk.run(&["add", "--yes"], "otpauth://totp/Other:mara?secret=GEZDGNBVGY3TQOJQ&issuer=GitHub\n");
    assert_eq!(added.code, 0);
    assert!(added.stderr.contains("two issuers, we kept “GitHub”"), "{}", added.stderr);
    assert!(added.stderr.contains("Its key is short (80 bits)"), "{}", added.stderr);
    assert!(!added.stderr.contains("GEZDGNBV") && !added.stdout.contains("GEZDGNBV"));
}

#[test]
fn an_account_is_added_once() {
    let desk = Desk::new();
    let link = format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub");
    desk.add(&link);
    let again = desk.run(&["add", "--yes"], &format!("{link}\n"));
    assert_eq!(
        (again.code, again.stderr.contains("There already, as GitHub (mara) (@1)")),
        (1, true),
        "{}",
        again.stderr
    );
}

#[test]
fn a_picture_of_the_qr_is_read() {
    let desk = Desk::new();
    let symbol =
        countersign_core::qr::Symbol::new(&format!("otpauth://totp/Pic:mara?secret={SEED}&issuer=Pic")).unwrap();
    let picture = desk.path().join("qr.png");
    std::fs::write(&picture, symbol.png(6)).unwrap();
    let added = desk.read(&["add", "--yes", "--picture", picture.to_str().unwrap(), "--json"], "");
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert_eq!(added.json()["issuer"], "Pic");
    std::fs::write(&picture, b"no picture").unwrap();
    let refused = desk.read(&["add", "--yes", "--picture", picture.to_str().unwrap()], "");
    assert_eq!((refused.code, refused.stderr.contains("PNG or JPEG")), (1, true), "{}", refused.stderr);
}

#[test]
fn what_is_no_account_is_named_as_what_it_is() {
    let desk = Desk::new();
    let login = "https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";
    for (text, words) in [
        ("WIFI:S:net;T:WPA;P:secret;;", "Wi-Fi"),
        ("https://example.com/x", "This leads to a web page, not to an account: example.com"),
        ("phonefactor://activate_account?code=1", "Microsoft Authenticator"),
        ("hello", "not an account"),
        (login, "For your safety this one must be scanned from the other screen with the camera."),
    ] {
        for command in ["add", "enrol"] {
            let ended = desk.run(&[command, "--yes"], &format!("{text}\n"));
            assert_eq!(ended.code, 1, "{text}");
            assert!(ended.stderr.contains(words), "{command} {text}: {}", ended.stderr);
        }
    }
    let account = format!("otpauth://totp/a?secret={SEED}");
    assert!(desk.run(&["enrol", "--yes"], &format!("{account}\n")).stderr.contains("Add it instead"));
}

#[test]
fn a_login_qr_in_a_picture_is_refused_too() {
    let desk = Desk::new();
    let login = "https://gate.example.com/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";
    let picture = desk.path().join("qr.png");
    std::fs::write(&picture, countersign_core::qr::Symbol::new(login).unwrap().png(6)).unwrap();
    let refused = desk.read(&["enrol", "--yes", "--picture", picture.to_str().unwrap()], "");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("must be scanned from the other screen with the camera"), "{}", refused.stderr);
}

#[test]
fn removing_asks_and_without_anyone_to_ask_it_is_refused() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let missing = desk.run(&["remove", "GitLab", "--yes"], "");
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    let removed = desk.run(&["remove", "GitHub", "--yes"], "");
    assert_eq!(removed.code, 0, "{}", removed.stderr);
    assert_eq!(desk.run(&["list", "--json"], "").json()["accounts"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_name_that_two_accounts_have_is_refused_and_both_are_named() {
    let desk = Desk::new();
    let other = SEED.replace("OJQ", "OJR");
    desk.add_all(
        [("a", SEED), ("b", &other)].map(|(name, seed)| format!("otpauth://totp/Git:{name}?secret={seed}&issuer=Git")),
    );
    let ended = desk.run(&["code", "git"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("Git (a)") && ended.stderr.contains("Git (b)"), "{}", ended.stderr);
    assert_eq!(desk.run(&["code", "Git:b"], "").code, 0);
    assert_eq!(desk.run(&["list", "--json"], "").json()["accounts"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_wrong_passphrase_is_refused() {
    let desk = Desk::new();
    let ended = desk.run_plain(&["list", "--passphrase-fd", "0"], "something else\n");
    assert_eq!((ended.code, ended.stderr.trim()), (1, "That isn't the passphrase."));
}

#[test]
fn the_passphrase_can_be_changed() {
    let desk = Desk::new();
    let changed = desk.run(&["passphrase"], "spruce\n");
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert_eq!(desk.run(&["list"], "").code, 1);
    assert_eq!(desk.run_plain(&["list", "--passphrase-fd", "0"], "spruce\n").code, 0);
}
