//! The built `countersign-gateway check-config`: what it says of settings, and what it never says.

use std::os::unix::fs::PermissionsExt;

use countersign_strings::{fill, text};
use countersign_tests::attested::Maker;
use countersign_tests::program::{Program, command, run};

use super::Ended;

const CANARY: &str = "canary-of-the-master-key";

/// Checks this file's content, with these variables besides.
fn check(content: &str, variables: &[(&str, &str)]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.toml");
    std::fs::write(&path, content).unwrap();
    let mut command = command("countersign-gateway", folder.path());
    command.arg("--config").arg(&path).arg("check-config").envs(variables.iter().copied());
    let ended = Ended::of(&run(&mut command, b""));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "checking makes nothing");
    ended
}

#[test]
fn a_good_file_is_told_to_be_in_order() {
    let key = "5a".repeat(32);
    let good = "public_url = 'https://gate.example.com'\n[approval]\ndigits = 7\n";
    let ended = check(good, &[("COUNTERSIGN_MASTER_KEY_VALUE", &key)]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(ended.stdout.contains(text("gateway.config_good")), "{}", ended.stdout);
    assert!(ended.stdout.contains("https://gate.example.com") && !ended.stdout.contains(&key), "{}", ended.stdout);
}

#[test]
fn what_phones_will_make_of_the_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a certificate that stands for one the operator gives")]
    let made = rcgen::generate_simple_self_signed(vec!["gate.example.com".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let given = format!("[tls]\ncertificate = '{}'\nkey = '{}'\n", certificate.display(), key.display());
    for (content, key) in [
        (String::new(), "gateway.phones_pin"),
        (given.clone(), "gateway.phones_refuse"),
        (format!("{given}pin = true"), "gateway.phones_pin"),
    ] {
        let ended = check(&content, &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{content}");
        assert!(ended.stdout.contains(text(key)), "{content}: {}", ended.stdout);
    }
    // rcgen's certificates last until then unless told otherwise.
    let until = fill("gateway.certificate_until", &[("day", "4096-01-01")]);
    assert!(check(&given, &[]).stdout.contains(&until), "{}", check(&given, &[]).stdout);
    let wrong = check("[tls]\npin = false", &[]);
    assert!(wrong.code == 2 && wrong.stderr.contains(text("gateway.want_tls_pin")), "{}", wrong.stderr);
}

/// Below six digits the start says what that is worth.
#[test]
fn a_start_with_few_digits_says_so() {
    for (digits, few) in [(5, true), (6, false)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, format!("listen = ['127.0.0.1:0']\n[approval]\ndigits = {digits}\n")).unwrap();
        let mut serve = command("countersign-gateway", folder.path());
        let mut program = Program::start(serve.args(["serve", "--data", "gateway", "--config"]).arg(&path));
        // Those are the last words of a start; before them stands this.
        program.stdout.line_with(text(if few { "gateway.few_digits" } else { "gateway.phones_pin" }));
        program.terminate();
        program.wait();
        assert_eq!(program.stdout.text().contains(text("gateway.few_digits")), few, "{digits}");
    }
}

/// What a start would stumble over is told before it.
#[test]
fn files_of_the_certificate_and_the_master_key_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let made = |until: Option<i32>| {
        let mut parameters = rcgen::CertificateParams::new(vec!["gate.example.com".to_owned()]).unwrap();
        if let Some(until) = until {
            parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        }
        #[expect(clippy::disallowed_methods, reason = "a certificate that stands for one the operator gives")]
        let key = rcgen::KeyPair::generate().unwrap();
        (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
    };
    let (good, old, other) = (made(None), made(Some(2020)), made(None));
    let (certificate, key) = (file("cert.pem", &good.0), file("key.pem", &good.1));
    let tls = |certificate: &str, key: &str| format!("[tls]\ncertificate = '{certificate}'\nkey = '{key}'\n");
    assert_eq!(check(&tls(&certificate, &key), &[]).code, 0);
    let none = folder.path().join("none").display().to_string();
    let (empty, foreign, ended) = (file("empty.pem", ""), file("other.pem", &other.1), file("old.pem", &old.0));
    let short = file("short.key", "5a");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (content, told) in [
        (tls(&none, &key), "tls.certificate"),
        (tls(&certificate, &none), "tls.key"),
        (tls(&empty, &key), "holds no certificate in PEM form"),
        (tls(&certificate, &foreign), "tls.key: certificate and key"),
        (tls(&ended, &file("old.key", &old.1)), "expired on 2020-01-01"),
        (format!("[tls]\nnext_certificate = '{none}'"), "tls.next_certificate"),
        (format!("[master_key]\nfile = '{short}'"), "chmod 600"),
        (format!("data = '{}'", data.display()), "chmod 700"),
    ] {
        let ended = check(&content, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{content}");
        assert!(ended.stderr.contains(told), "{content}: {}", ended.stderr);
    }
    std::fs::set_permissions(&short, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ended = check(&format!("[master_key]\nfile = '{short}'"), &[]);
    assert_eq!((ended.code, ended.stderr.trim()), (2, text("gateway.start_key_form")));
    let missing = check(&format!("[master_key]\nfile = '{none}'"), &[]);
    assert_eq!((missing.code, missing.stderr.as_str()), (0, ""), "a first start makes it");
}

#[test]
fn what_is_wrong_is_told_with_key_value_and_remedy() {
    let cases = [
        ("publik_url = 'https://gate.example.com'", ["publik_url", "public_url", "gateway.toml"]),
        ("[approval]\ndigits = 9", ["approval.digits", "«9»", text("gateway.want_approval_digits")]),
        ("public_url = 'http://gate'", ["public_url", "«http://gate»", text("gateway.want_public_url")]),
    ];
    for (content, told) in cases {
        let ended = check(content, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{content}");
        for part in told {
            assert!(ended.stderr.contains(part), "{content}: {part} is missing in {}", ended.stderr);
        }
    }
}

#[test]
fn a_secret_is_never_told() {
    let in_file = format!("[master_key]\nvalue = '{CANARY}'");
    let unended = format!("[master_key]\nvalue = '{CANARY}");
    let cases: [(&str, &[(&str, &str)]); 3] =
        [(&in_file, &[]), (&unended, &[]), ("", &[("COUNTERSIGN_MASTER_KEY_VALUE", CANARY)])];
    for (content, variables) in cases {
        let ended = check(content, variables);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
        assert!(!ended.stderr.is_empty() && !ended.stderr.contains(CANARY), "{}", ended.stderr);
    }
}

#[test]
fn what_proves_where_keys_are_is_looked_at() {
    let maker = Maker::default();
    let roots = maker.roots().display().to_string();
    let need = format!("[policy]\nattest = 'need'\n[attest]\nandroid_roots = '{roots}'\n");
    assert_eq!(check(&need, &[]).code, 0);
    let apple = format!("{need}formats = ['android-key', 'apple-appattest']\n");
    for (content, told) in [
        (apple.as_str(), "apple-appattest comes with the iPhone app"),
        ("[policy]\nattest = 'need'", text("gateway.want_policy_attest")),
        ("[attest]\nandroid_roots = '/nowhere.pem'", "attest.android_roots: /nowhere.pem"),
        ("[outgoing]\nroots = '/nowhere.pem'", "outgoing.roots: /nowhere.pem"),
        ("[geo]\ncity = '/nowhere.mmdb'", "geo.city: /nowhere.mmdb"),
        ("[client.manage]\nicon = '/nowhere.png'", "client.manage.icon: /nowhere.png"),
        ("[outgoing]\nallow = ['10.1.2.3/24']", text("gateway.want_networks")),
    ] {
        let ended = check(content, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{content}");
        assert!(ended.stderr.contains(told), "{content}: {}", ended.stderr);
    }
}
