//! Every kind of account: its codes, what makes two of them the same, and a counter that is on the disk before its code
//! is shown.

use std::sync::atomic::{AtomicBool, Ordering};

use countersign_protocol::otp::{Pin, base32, motp, yandex};

use super::*;

/// The codes of Aegis' own tests, and of RFC 6238 with another start.
fn all() -> [(NewAccount, u64, &'static str); 5] {
    let of = |kind, secret: Secret, pin: Option<Pin>| NewAccount { kind, secret, pin, ..totp(0) };
    let seed = |text: &str| base32::decode(text).unwrap().0;
    let late = Period::THIRTY.counted_from(1_000_000_000).unwrap();
    let rfc = NewAccount { digits: Digits::EIGHT, ..of(Kind::Totp(late), secret("12345678901234567890"), None) };
    let yaotp = seed("6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY");
    [
        (rfc, 1_000_000_059, "94287082"),
        (of(Kind::Steam, seed("BASE32SECRET3232"), None), 30, "YKKK4"),
        (of(Kind::Yandex, yaotp, Some(Pin::yandex("5239").unwrap())), 1_641_559_648, "umozdicq"),
        (
            of(Kind::MOtp, motp::seed("e3152afee62599c8").unwrap(), Some(Pin::motp("1234").unwrap())),
            165_892_298,
            "e7d8b6",
        ),
        (hotp(0), 59, ""),
    ]
}

#[test]
fn every_kind_shows_its_codes_also_after_lock_and_unlock() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids = all().map(|(new, ..)| vault.add(&new).unwrap());
    for round in 0..2 {
        for (place, (new, unix, code)) in all().into_iter().enumerate() {
            let codes = vault.codes(unix).unwrap();
            assert_eq!(codes.clock_ahead, None);
            let row = codes.rows.iter().find(|row| row.account.id == ids[place]).unwrap();
            assert_eq!(row.account.kind, new.kind, "round {round}");
            assert_eq!(row.live.as_ref().map(|live| live.code.to_string()).unwrap_or_default(), code, "{:?}", new.kind);
            let (seed, pin) = vault.seed_and_pin(ids[place]).unwrap();
            let whole = if new.kind == Kind::Yandex { yandex::seed(&new.secret).unwrap() } else { new.secret };
            assert!(seed.ct_eq(whole.expose()), "the seed alone");
            assert_eq!(pin.map(|pin| pin.expose().to_vec()), new.pin.map(|pin| pin.expose().to_vec()));
        }
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert_eq!(*vault.report().unwrap(), Report::default());
    }
    assert_eq!(vault.codes(1000).unwrap().next_change, Some(1010), "mOTP changes every ten seconds");
}

#[test]
fn settings_that_a_kind_does_not_have_are_not_kept() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let [_, (steam, ..), ..] = all();
    let odd =
        NewAccount { algorithm: Algorithm::Sha512, digits: Digits::TEN, pin: Pin::motp("1").ok(), ..steam.clone() };
    let id = vault.add(&odd).unwrap();
    let kept = vault.get(id).unwrap();
    assert_eq!((kept.algorithm, kept.digits), (Algorithm::Sha1, Digits::FIVE));
    assert_eq!(vault.add(&steam), Err(InputError::Duplicate(id.0).into()), "it is the same account");
}

#[test]
fn kind_start_and_pin_make_an_account_another_one() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let seed = secret("0123456789abcdef");
    let period = |start| Kind::Totp(Period::THIRTY.counted_from(start).unwrap());
    let with = |kind, pin: &str| NewAccount { kind, secret: seed.clone(), pin: Pin::yandex(pin).ok(), ..totp(0) };
    let others = [
        with(period(0), ""),
        with(period(1), ""),
        with(period(2), ""),
        with(Kind::Hotp(Counter::ZERO), ""),
        with(Kind::Steam, ""),
        with(Kind::Yandex, "1234"),
        with(Kind::Yandex, "12345"),
        with(Kind::MOtp, "1234"),
        with(Kind::MOtp, "12345"),
    ];
    let ids: Vec<AccountId> = others.iter().map(|new| vault.add(new).unwrap()).collect();
    for (new, id) in others.iter().zip(ids) {
        let renamed = NewAccount { issuer: "Other".into(), name: "x".into(), ..new.clone() };
        assert_eq!(vault.add(&renamed), Err(InputError::Duplicate(id.0).into()), "{:?}", new.kind);
    }
}

#[test]
fn a_pin_that_is_missing_or_a_seed_that_does_not_fit_changes_nothing() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let [_, _, (yandex, ..), (motp, ..), _] = all();
    let refused = |rule, field| Err(InputError::Field { field, rule }.into());
    for new in [&yandex, &motp] {
        assert_eq!(vault.add(&NewAccount { pin: None, ..new.clone() }), refused(Rule::PinMissing, Named::Pin));
    }
    let short = NewAccount { secret: secret("short"), ..yandex };
    assert_eq!(vault.add(&short), refused(Rule::SeedYandex, Named::Secret));
    assert!(vault.accounts().unwrap().is_empty());
}

/// Randomness that fails on demand: what is sealed cannot be written without it.
struct Failing(AtomicBool);

impl Random for Failing {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        if self.0.load(Ordering::SeqCst) { Err(PortError::Unavailable) } else { random().fill(out) }
    }
}

#[test]
fn a_counter_that_cannot_be_written_shows_no_code() {
    let folder = Folder::new();
    folder.create().lock();
    let failing = Arc::new(Failing(AtomicBool::new(false)));
    let mut vault = Vault::open(&folder.path(), clock(), failing.clone()).unwrap();
    vault.unlock(&secret("correct horse")).unwrap();
    let id = vault.add(&hotp(0)).unwrap();
    assert_eq!(vault.next_hotp(id).unwrap().to_string(), "755224");
    failing.0.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(vault.next_hotp(id).unwrap_err(), PortError::Unavailable.into());
        assert_eq!(vault.get(id).unwrap().kind, hotp(1).kind, "and it is not used up");
    }
    failing.0.store(false, Ordering::SeqCst);
    assert_eq!(vault.next_hotp(id).unwrap().to_string(), "287082");
    let mut other = folder.open();
    other.unlock(&secret("correct horse")).unwrap();
    assert_eq!(other.get(id).unwrap().kind, hotp(2).kind, "what was shown is on the disk");
}
