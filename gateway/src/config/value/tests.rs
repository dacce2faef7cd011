use super::super::{ConfigFault, Source};
use super::*;

fn from(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigFault> {
    let variables = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let flags = flags.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]));
    Config::from_sources(&[Source::toml("gateway.toml", file)?, Source::environment(variables), Source::flags(flags)])
}

fn wrong(file: &str, environment: &[(&str, &str)]) -> Vec<Wrong> {
    match from(file, environment, &[]) {
        Err(ConfigFault::Wrong(wrong)) => wrong,
        other => panic!("{other:?}"),
    }
}

#[test]
fn flags_beat_the_environment_beats_the_file() {
    let file = "name = 'file'\n[log]\nlevel = 'warn'\n[approval]\nlife = 60";
    let environment = [("COUNTERSIGN_NAME", "environment"), ("COUNTERSIGN_LOG_LEVEL", "debug"), ("PATH", "/bin")];
    let config = from(file, &environment, &[("name", "flag")]).unwrap();
    assert_eq!((config.name.as_str(), config.log.level.as_str(), config.approval.life), ("flag", "debug", 60));
}

#[test]
fn a_wrong_value_is_told_with_key_value_and_remedy() {
    let wrong = wrong("public_url = 'http://gate.example.com'", &[("COUNTERSIGN_APPROVAL_DIGITS", "9")]);
    assert_eq!(wrong.len(), 2);
    assert_eq!((wrong[0].key.as_str(), wrong[0].from.as_str()), ("public_url", "gateway.toml"));
    assert_eq!(wrong[0].value, "«http://gate.example.com»");
    assert_eq!(wrong[0].remedy, text("gateway.want_public_url"));
    assert_eq!((wrong[1].key.as_str(), wrong[1].value.as_str()), ("COUNTERSIGN_APPROVAL_DIGITS", "«9»"));
}

#[test]
fn a_name_that_is_no_setting_is_wrong_and_its_neighbour_named() {
    let wrong = wrong("publik_url = 'https://gate.example.com'\n[log]\nlevels = 'info'", &[("COUNTERSIGN_X", "1")]);
    assert_eq!(wrong.len(), 3);
    assert!(wrong[0].remedy.contains("log.level"), "{}", wrong[0]);
    assert!(wrong[1].remedy.contains("public_url"), "{}", wrong[1]);
    assert_eq!(wrong[2].key, "COUNTERSIGN_X");
}

#[test]
fn a_secret_is_never_repeated() {
    for (file, environment) in
        [("", ("COUNTERSIGN_MASTER_KEY_VALUE", "canary")), ("[master_key]\nvalue = 'canary'", ("A", ""))]
    {
        let wrong = wrong(file, &[environment]);
        assert_eq!(wrong.len(), 1);
        assert!(!format!("{wrong:?}{}", wrong[0]).contains("canary"));
    }
    let broken = from("[master_key]\nvalue = 'canary\n", &[], &[]);
    assert!(!format!("{broken:?}").contains("canary"));
}

#[test]
fn half_a_certificate_is_wrong() {
    let wrong = wrong("[tls]\ncertificate = '/etc/cert.pem'", &[]);
    assert_eq!(wrong[0].key, "tls.key");
}

#[test]
fn a_given_certificate_is_pinned_where_that_is_said_and_an_own_one_always() {
    let files = "[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\n";
    for (file, pinned) in [
        (files.to_owned(), false),
        (format!("{files}pin = true"), true),
        (format!("{files}pin = false"), false),
        (String::new(), true),
        ("[tls]\npin = true".to_owned(), true),
    ] {
        assert_eq!(from(&file, &[], &[]).unwrap().is_pinned(), pinned, "{file}");
    }
    let wrong = wrong("[tls]\npin = false", &[]);
    assert_eq!((wrong[0].key.as_str(), wrong[0].remedy.as_str()), ("tls.pin", text("gateway.want_tls_pin")));
}

#[test]
fn limits_have_their_ranges() {
    let set = |name: &str, n: u32| from(&format!("[limits]\n{name} = {n}"), &[], &[]).map(|config| config.limits);
    for (name, least) in [("connections", 64), ("address_connections", 8)] {
        assert!(set(name, least).is_ok() && set(name, 65_536).is_ok(), "{name}");
        assert!(set(name, least - 1).is_err() && set(name, 65_537).is_err(), "{name}");
    }
}

#[test]
fn limits_of_approvals_have_their_ranges_in_each_source() {
    type Read = fn(&Approval) -> u64;
    let one = 1;
    let ranges: [(&str, Read, u64, u64, u64); 8] = [
        (
            "digits",
            |it| it.digits.into(),
            limits::DIGITS.into(),
            limits::DIGITS_LEAST.into(),
            limits::DIGITS_MOST.into(),
        ),
        ("tries", |it| it.tries.into(), limits::TRIES.into(), one, limits::TRIES_MOST.into()),
        ("life", |it| it.life, limits::APPROVAL_LIFE, limits::APPROVAL_LIFE_LEAST, limits::APPROVAL_LIFE_MOST),
        ("open", |it| it.open.into(), limits::OPEN_APPROVALS.into(), one, limits::OPEN_APPROVALS_MOST.into()),
        ("pushes", |it| it.pushes.into(), limits::PUSHES.into(), one, limits::PUSHES_MOST.into()),
        ("pushes_alone", |it| it.pushes_alone.into(), limits::PUSHES_ALONE.into(), one, limits::PUSHES_MOST.into()),
        ("wrong_digits", |it| it.wrong_digits.into(), limits::WRONG_DIGITS.into(), one, limits::WRONG_MOST.into()),
        ("wrong_codes", |it| it.wrong_codes.into(), limits::WRONG_CODES.into(), one, limits::WRONG_MOST.into()),
    ];
    // The table of push-v1 section 10.
    let table = [(6, 2, 8), (3, 1, 5), (120, 30, 600), (1, 1, 3), (5, 1, 10), (2, 1, 10), (10, 1, 100), (10, 1, 100)];
    assert_eq!(ranges.map(|(_, _, default, least, most)| (default, least, most)), table);
    for (name, read, default, least, most) in ranges {
        assert_eq!(read(&Approval::default()), default, "{name}");
        let (key, variable) = (format!("approval.{name}"), format!("COUNTERSIGN_APPROVAL_{}", name.to_uppercase()));
        let set = |n: u64| {
            let n = n.to_string();
            let file = from(&format!("[approval]\n{name} = {n}"), &[], &[]);
            [file, from("", &[(&variable, &n)], &[]), from("", &[], &[(&key, &n)])]
        };
        for n in [least, most] {
            for config in set(n) {
                assert_eq!(read(&config.unwrap().approval), n, "{name}");
            }
        }
        for n in [least - 1, most + 1] {
            let told = set(n).map(|config| config.unwrap_err().to_string());
            for (told, key) in told.iter().zip([&key, &variable, &key]) {
                let range = [format!("{key} = «{n}»"), format!("from {least} to {most}")];
                assert!(range.iter().all(|part| told.contains(part)), "{name}: {told}");
            }
        }
    }
}

#[test]
fn several_addresses_stand_in_a_list_or_between_commas() {
    for file in ["listen = ['127.0.0.1:1', '[::1]:1']", "listen = '127.0.0.1:1, [::1]:1'"] {
        assert_eq!(from(file, &[], &[]).unwrap().listen.len(), 2, "{file}");
    }
    assert_eq!(wrong("listen = []", &[])[0].key, "listen");
}

#[test]
fn the_name_is_as_senders_send_it() {
    assert_eq!(from("name = 'Ko\u{308}ln'", &[], &[]).unwrap().name, "K\u{f6}ln");
}

#[test]
fn answer_codes_need_a_life_of_a_minute() {
    let life =
        |life: u32, offline: bool| from(&format!("[approval]\nlife = {life}\n[policy]\noffline = {offline}"), &[], &[]);
    assert!(life(60, true).is_ok() && life(59, false).is_ok());
    let Err(ConfigFault::Wrong(wrong)) = life(59, true) else { panic!("a code is never shown in time") };
    assert_eq!((wrong[0].key.as_str(), wrong[0].value.as_str()), ("approval.life", "\u{ab}59\u{bb}"));
    assert_eq!(wrong[0].remedy, text("gateway.want_offline_life"));
}

#[test]
fn the_audit_is_kept_for_days() {
    let days = |days: u32| from(&format!("[audit]\ndays = {days}"), &[], &[]).map(|config| config.audit_days);
    assert_eq!([days(1).unwrap(), days(3_650).unwrap()], [1, 3_650]);
    assert!(days(0).is_err() && days(3_651).is_err());
    assert_eq!(from("", &[], &[]).unwrap().audit_days, 400);
}

#[test]
fn fewer_than_six_digits_have_one_try() {
    assert_eq!(from("[approval]\ndigits = 4\ntries = 3", &[], &[]).unwrap().approval.tries, 1);
}

#[test]
fn the_policy_is_read_word_by_word() {
    let policy =
        from("[policy]\noffline = true\nmove = true\nattest = 'want'\npush = 'wake'", &[], &[]).unwrap().policy;
    assert!(policy.offline && policy.moving);
    assert_eq!((policy.attest.as_str(), policy.push.as_str()), ("want", "wake"));
    let wrong = wrong("[policy]\noffline = 'yes'\nmove = 1\nattest = 'always'\npush = 'open'", &[]);
    let remedies: Vec<&str> = wrong.iter().map(|it| it.remedy.as_str()).collect();
    let bool = text("gateway.want_bool");
    assert_eq!(remedies, [bool, bool, text("gateway.want_policy_attest"), text("gateway.want_policy_push")]);
}

#[test]
fn what_may_be_called_is_a_list_of_networks() {
    let config = from("[outgoing]\nallow = ['10.1.2.0/24', 'fd00::/8', '127.0.0.1']", &[], &[]).unwrap();
    assert_eq!(config.outgoing.allow.len(), 3);
    let wrong = wrong("[outgoing]\nallow = ['10.1.2.3/24']", &[]);
    assert_eq!((wrong[0].key.as_str(), wrong[0].remedy.as_str()), ("outgoing.allow", text("gateway.want_networks")));
}

#[test]
fn attestation_is_needed_only_where_it_can_be_checked() {
    let with = |attest: &str, more: &str| {
        from(&format!("[policy]\nattest = '{attest}'\n[attest]\n{more}"), &[], &[]).map(|it| it.policy.attest)
    };
    assert_eq!(with("need", "android_roots = '/roots.pem'").unwrap(), Attest::Need);
    assert_eq!(with("want", "").unwrap(), Attest::Want);
    let told = |attest: &str, more: &str| with(attest, more).unwrap_err().to_string();
    assert!(told("need", "").contains("attest.android_roots"), "{}", told("need", ""));
    let apple = "android_roots = '/roots.pem'\nformats = ['android-key', 'apple-appattest']";
    assert!(told("need", apple).contains("apple-appattest comes with the iPhone app"), "{}", told("need", apple));
}

#[test]
fn places_and_icons_are_files() {
    let file = "[geo]\ncity = '/c.mmdb'\n[client.sample]\nicon = '/s.png'\n[client.manage]\nicon = ''";
    assert_eq!(wrong(file, &[])[0].key, "client.manage.icon");
    let config = from(&file.replace("''", "'/m.png'"), &[("COUNTERSIGN_GEO_ASN", "/a.mmdb")], &[]).unwrap();
    let paths = [config.geo.city, config.geo.asn, config.icons.sample, config.icons.manage];
    assert_eq!(paths, ["/c.mmdb", "/a.mmdb", "/s.png", "/m.png"].map(|path| Some(PathBuf::from(path))));
}

#[test]
fn a_contact_is_a_mail_address_or_a_page() {
    for good in ["mailto:ops@example.com", "https://example.com/push"] {
        assert_eq!(from(&format!("[webpush]\nsub = '{good}'"), &[], &[]).unwrap().webpush_sub.as_deref(), Some(good));
    }
    for bad in ["ops@example.com", "mailto:", "http://example.com", "mailto:a b"] {
        assert_eq!(wrong(&format!("[webpush]\nsub = '{bad}'"), &[])[0].key, "webpush.sub", "{bad}");
    }
}

#[test]
fn a_public_url_is_as_phones_keep_it() {
    for good in ["https://localhost", "https://localhost:8443", "https://gate.example.com", "https://[::1]:8443"] {
        assert!(PublicUrl::from_str(good).is_ok(), "{good}");
    }
    for bad in ["https://gate.example.com/", "https://Gate.example.com", "https://gate.example.com:443", "gate", ""] {
        assert!(PublicUrl::from_str(bad).is_err(), "{bad}");
    }
}
