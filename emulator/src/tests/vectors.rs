//! Every command of the two families of display tokens whose bytes are published, as their tokens take it.

use super::{RFC_SEED, hex, sent};
use crate::{Molto, Screen, Single, Still, Token};

const CHALLENGE: &str = "1122334455667788";
const SHA256_SEED: &[u8] = b"12345678901234567890123456789012";

fn single(now: u64) -> Single {
    let world = Still::at(now);
    world.load(&hex(CHALLENGE));
    let mut token = Single::new("86596000000001", world);
    sent(&mut token, "804B080000");
    assert_eq!(sent(&mut token, "80CE000010 8B7450F22721BC29985C2C460B65045D"), "9000");
    token
}

fn molto() -> Molto {
    let world = Still::at(1_700_000_000);
    world.load(&hex(CHALLENGE));
    let mut token = Molto::v2("1", world);
    sent(&mut token, "804B080000");
    assert_eq!(sent(&mut token, "80CE000010 550EC1328F963EB02972BB141E1CF521"), "9000");
    token
}

#[test]
fn seeds_of_single_profile_tokens() {
    let up = |from: u8, to: u8| (from..=to).collect::<Vec<_>>();
    let short = hex("48656C6C6F21DEADBEEF");
    let extended = [&short[..], &[0; 10]].concat();
    let cases: [(&[u8], &str); 9] = [
        (&up(1, 0x14), "84C5010024 6EEAD21474BBF3A0A2B4C18F489E543CF48725A71EE9C3A65963E88BE9405E3D 5F6EA0C1"),
        (b"1234567890123456", "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55D219EFC9972FED9191DF027FD36A80B0 442EE403"),
        (
            &up(0x10, 0x2f),
            "84C5010034 B830899CFE9DE292CD26D3C7439215CE18503D57AC31735AFA60EBA20F64D6F7D219EFC9972FED9191DF027FD36A80B0 \
             880D59FA",
        ),
        (
            SHA256_SEED,
            "84C5010034 5E5856092FD3228D4D33EEE3DAAC4B555DE80AA99074AB9727640C64FF67D124D219EFC9972FED9191DF027FD36A80B0 \
             F97FF0CA",
        ),
        (
            &up(0, 0x2f),
            "84C5010044 B766BFF098C4EB0D7F67AB23463F6F12B830899CFE9DE292CD26D3C7439215CE18503D57AC31735AFA60EBA20F64D6F7\
             D219EFC9972FED9191DF027FD36A80B0 1577124A",
        ),
        (
            &up(1, 0x3f),
            "84C5010044 6EEAD21474BBF3A0A2B4C18F489E543C3CACF8FD7D5DB9140A77F2C9676B1FE2EB7381A096F8D022E71A077D736A041A\
             FCF8A1F5249B0FA12F406589A1FC129E 108E3D34",
        ),
        (&short, "84C5010014 E37E185346F9F5572F823CDF83FA4F9F BBE381DA"),
        (&extended, "84C5010024 3162105FC9B67095C804B1D4FE05EFCF8BEA5767D1DF80AE794C819D4F7C843C D7C9E128"),
        (RFC_SEED, "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153"),
    ];
    let mut token = single(0);
    for (seed, frame) in cases {
        assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        assert_eq!(token.seed().unwrap().expose(), seed);
    }
}

#[test]
fn settings_of_single_profile_tokens() {
    let cases = [
        ("84D4000017 81111F01020F046543210086060A01020D013C 37A18BF9", (2, 60, 2), "65432100"),
        ("84D4000017 81111F01010F046553F10086060A01020D011E C4F0EA41", (2, 30, 1), "6553F100"),
        ("84D4000017 81111F01010F046553F10086060A01010D013C 9322D18E", (1, 60, 1), "6553F100"),
        ("84D4000017 81111F01010F046553F10086060A01010D011E 4FFDC288", (1, 30, 1), "6553F100"),
    ];
    let mut token = single(0);
    for (frame, settings, clock) in cases {
        assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        assert_eq!(token.settings(), settings);
        assert!(sent(&mut token, "8041000000").ends_with(&format!("{clock}9000")));
    }
}

#[test]
fn codes_that_the_display_shows() {
    let write_20 = "84C5010024 5E5856092FD3228D4D33EEE3DAAC4B55CE37D18D332B7AC6A40E8661FA23042A F47B0153";
    let write_32 = "84C5010034 5E5856092FD3228D4D33EEE3DAAC4B555DE80AA99074AB9727640C64FF67D124D219EFC9972FED9191DF027FD36A80B0\
                    F97FF0CA";
    let write_10 = "84C5010014 E37E185346F9F5572F823CDF83FA4F9F BBE381DA";
    let extended = "84C5010024 3162105FC9B67095C804B1D4FE05EFCF8BEA5767D1DF80AE794C819D4F7C843C D7C9E128";
    let sha1 = "84D4000017 81111F01010F046553F10086060A01010D011E 4FFDC288";
    let sha1_60 = "84D4000017 81111F01010F046553F10086060A01010D013C 9322D18E";
    let sha256 = "84D4000017 81111F01010F046553F10086060A01020D011E C4F0EA41";
    let cases = [
        (write_20, sha1, [Some("276857"), Some("921300"), Some("732303")]),
        (write_20, sha1_60, [Some("605281"), Some("895298"), Some("895298")]),
        (write_32, sha256, [Some("487752"), Some("769631"), Some("269558")]),
        (write_10, sha1, [None, Some("324550"), None]),
        (write_10, sha256, [None, Some("049486"), None]),
        (extended, sha1, [None, Some("324550"), None]),
        (extended, sha256, [None, Some("049486"), None]),
    ];
    for (seed, config, codes) in cases {
        for (code, away) in codes.into_iter().zip([-30, 0, 30]) {
            let mut token = single(1_700_000_000);
            for frame in [config, seed] {
                assert_eq!(sent(&mut token, frame), "9000");
            }
            token.power_cycle();
            token.disturb_clock(away, 0);
            let Screen::Code { code: shown, .. } = token.screen() else { panic!("it shows a code") };
            assert!(code.is_none_or(|code| code == shown), "{shown} at {away}");
        }
    }
}

#[test]
fn seeds_and_settings_that_the_firmware_refuses() {
    let mut token = single(0);
    // 64 bytes; 16 bytes without padding; a TLV of the time alone; one with digits. Their MACs are right.
    let key = hex("8AD206883CA369482AB27182B6E83224").try_into().unwrap();
    let sealed = |plain: &[u8]| {
        let (blocks, _) = plain.as_chunks::<16>();
        blocks.iter().flat_map(|block| crate::crypt::sm4(&key, block)).collect::<Vec<_>>()
    };
    let mut refuse = |header: [u8; 4], body: &[u8]| {
        let message = [&[0x80, header[1], header[2], header[3], body.len() as u8], body].concat();
        let mac = crate::crypt::mac(&key, &message);
        let frame = [&header[..], &[body.len() as u8 + 4], body, &mac].concat();
        assert_eq!(token.transmit(&frame), Some(hex("6A80")), "{frame:02x?}");
    };
    let mut long = [7; 80];
    long[64..].copy_from_slice(&hex("80000000000000000000000000000000"));
    refuse([0x84, 0xc5, 1, 0], &sealed(&long));
    refuse([0x84, 0xc5, 1, 0], &sealed(b"1234567890123456"));
    refuse([0x84, 0xc5, 1, 0], &[0; 15]);
    refuse([0x84, 0xd4, 0, 0], &hex("81060F046553F100"));
    refuse([0x84, 0xd4, 0, 0], &hex("81141F01010F046553F10086090A01010B01060D011E"));
    assert!(token.seed().is_none());
}

#[test]
fn seeds_titles_and_settings_of_a_molto() {
    let mut token = molto();
    let seeds: [(usize, &[u8], &str); 3] = [
        (7, RFC_SEED, "84C5010724 5D848C69EB8E884E7D20591FF89ADEFF31FD80354BF08248E60D457774BBF06E F534C738"),
        (
            0,
            b"1234567890123456",
            "84C5010024 5D848C69EB8E884E7D20591FF89ADEFF9D199F6663A6F7234F37AD5487AFF272 A8A84AEA",
        ),
        (
            99,
            SHA256_SEED,
            "84C5016334 5D848C69EB8E884E7D20591FF89ADEFF381D65B0547F2F6AEDB2EE32AA2947E59D199F6663A6F7234F37AD5487AFF272 \
             00555A61",
        ),
    ];
    for (profile, seed, frame) in seeds {
        assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        assert_eq!(token.profile(profile).unwrap().seed.as_ref().unwrap().expose(), seed);
    }
    let titles = [
        (3, "hello", "84D5000314 AA6492E824DF9E2BE60917D1226AE896 5AF94611"),
        (7, "Google", "84D5000714 934363A4A0B27FE53AC3FBDBDC50A270 F086F8A0"),
    ];
    for (profile, title, frame) in titles {
        assert_eq!(sent(&mut token, frame), "9000", "{frame}");
        assert_eq!(token.profile(profile).unwrap().title, title);
    }
    assert_eq!(sent(&mut token, "84D401071A 81141F01020F046553F10086090A01010B01060D011E 5FE6042A"), "9000");
    let profile = token.profile(7).unwrap();
    let settings = (profile.algorithm, profile.digits, profile.step, profile.timeout);
    assert_eq!(settings, (1, 6, 30, 2));
    assert_eq!(sent(&mut token, "84D401000C 81060F0466123456 42304790"), "9000");
    let public = sent(&mut token, "804100000170");
    assert!(public.starts_with("951F701D20546F6B656E3200") && public.contains("66123456"), "{public}");
    assert!(sent(&mut token, "804100070170").starts_with("951F701D20476F6F676C6500"));
}
