//! What the corpora begin with: what our own writers write, the published vectors, and the refusals that are named there.

use countersign_core::qr::Symbol;
use countersign_protocol::jose::{Id, b64u};
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period, base32};
use countersign_protocol::uri::migration;
use countersign_protocol::uri::otpauth::{self, Account, Kind};
use countersign_protocol::{Secret, seal};
use serde_json::Value;

use crate::message::private;

/// The first inputs of a target, each with a name that a file can have. The same in each run.
///
/// # Panics
/// When a vector file is not as it was.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let texts = match target {
        "otpauth" => key_uris(),
        "migration" => return transfers(),
        "classify" => scanned(),
        "links" => links(),
        "urls" => [members("base_url", "good", "text"), all("endpoint", "good"), all("endpoint", "bad")].concat(),
        "base32" => {
            numbered(["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv-gy3t", "MY======", "GEZDGNBVGY3TQOJ0", "M"])
        }
        "ocra" => numbered(OCRA),
        "typed" => numbered(["049218", "049 218", "٠٤٩٢١٨", "９９-０９", "12a456", "1", "01234567890"]),
        "json" => [members("json", "good", "text"), members("json", "bad", "text")].concat(),
        "jws" => one_of_each_kind("jws").into_iter().chain(numbered(["a.b.c"])).collect(),
        "jwk" => members("keys", "keys", "jwk"),
        "challenge" => payloads("cs-challenge+jwt"),
        "answer" => payloads("cs-answer+jwt"),
        "proof" => vectors("proofs").iter().map(|it| (word(&it["name"]), word(&it["payload"]))).collect(),
        "metadata" => payloads("cs-meta+jwt"),
        "message" => return messages(),
        "state_json" => bodies().into_iter().filter(|(kind, _)| kind == "State").enumerate().map(with_number).collect(),
        "body" => return bodies_by_kind(),
        "events" => return streams(),
        "sealed" => return sealed(),
        "config_toml" => numbered([
            "name = 'Example'\npublic_url = 'https://gate.example'\n[approval]\ndigits = 6\ntries = 3\nlife = 120\n",
            "[policy]\nmove = true\nuv = 'bio'\nlevel = 'tee'\n[audit]\ndays = 90\n",
            "hosts = ['gate.example', 'other.example']\nlisten = ['127.0.0.1:8443', '[::1]:8443']\n",
            "[approval]\ndigits = 99\n[limits]\nconnections = 'many'\n",
            "[approval\n",
        ]),
        "form_body" => {
            numbered(["token=abc&name=Mara%20L&digits=049218", "a=1&a=2", "x=%ff", "=&&=", "name=%F0%9F%92%A9+b"])
        }
        "qr_luma" => return pictures(luma),
        "png" => return pictures(|symbol| symbol.png(3)).into_iter().chain(file("png")).collect(),
        "jpeg" => return file("jpeg"),
        "icon_pack" => {
            return vec![("small".to_owned(), include_bytes!("../fixtures/icons/small.zip").to_vec())];
        }
        "burn_table" => numbered(TABLES),
        "burn_seed" => numbered(["GEZDGNBVGY3TQOJQ", "31323334 3536-37:38", "ABCDEF234567", "0x1f", "GEZDGNB1", "123"]),
        "burn_ledger" => numbered(LEDGERS),
        "pskc_xml" => numbered(FIGURES),
        "apdu_response" => return crate::card::response_seeds(),
        "tlv" => return crate::card::object_seeds(),
        "hostile_card" => return crate::card::hostile_seeds(),
        "vault_header" => return bits(&[]),
        "vault_row" => return bits(&[7]),
        "vault_file" => return damages(),
        "attestation" | "x509_chain" => Vec::new(),
        other => panic!("{other} has no seeds"),
    };
    texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

const OCRA: [&str; 7] = [
    "OCRA-1:HOTP-SHA1-6:QN08\n00000000",
    "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1\n12345678",
    "OCRA-1:HOTP-SHA512-8:QN08-T1M\n11111111",
    "OCRA-1:HOTP-SHA512-10:QH64\n0123456789abcdef",
    "OCRA-1:HOTP-SHA1-0:QA10-S064\nCLI22220SRV11110",
    "OCRA-1:HOTP-SHA256-6:QA10-T30S\nabc",
    "OCRA-2:HOTP-SHA1-6:QN08\n1",
];

/// One of each kind of table, with rows that are refused.
const TABLES: [&str; 7] = [
    "serial,secret_base32,secret_hex,algorithm,digits,period,model,written_at,verified\r\n1,GEZDGNBVGY3TQOJQ,,SHA256,8,60,C302,,\r\n\"2\",,3132,SHA1,4,30,\"a \"\"b\"\"\",,\r\n3,A1,,,,,,,\r\n",
    "Seed;Counter;Colour\nABCDEF234567ABCD;7;red\n",
    "upn,serial number,secret key,time interval,manufacturer,model\nHelga@contoso.com,1234567,2234567ABCDEF2234567ABCDEF,60,Contoso,HardwareKey\n",
    "# version: 2\nmara,resolver,realm,s1,3132333435363738393031323334353637383930,totp,6,30\n",
    "s1,3132333435363738393031323334353637383930,hotp,6,7\ns2,31\ns3,zz,totp\n",
    "profile,seed,title,algorithm,digits,period\n0,GEZDGNBVGY3TQOJQ,Mail,SHA1,6,30\n100,GEZDGNBV,x,,,\n",
    "Slot Seed Algorithm OTPLength TimeStep yes yes Title\n7 GEZDGNBVGY3TQOJQ SHA256 8 60 yes yes VPN at work\n",
];

const LEDGERS: [&str; 3] = [
    "{\"countersign_ledger\":1,\"tokens\":[{\"serial\":\"1\",\"manufacturer\":\"\",\"model\":\"C302\",\"issuer\":\"\",\"name\":\"mara\",\"type\":\"totp\",\"algorithm\":\"SHA256\",\"digits\":8,\"period\":60,\"secret_base32\":\"GEZDGNBV\",\"written_at\":\"1970-01-01T00:00:00Z\",\"verified\":\"proven_by_wire\"}]}",
    "{\"countersign_ledger\":1,\"tokens\":[{\"serial\":\"2\",\"manufacturer\":\"\",\"model\":\"\",\"issuer\":\"\",\"name\":\"\",\"type\":\"hotp\",\"algorithm\":\"SHA1\",\"digits\":6,\"counter\":0,\"written_at\":\"1970-01-01T00:00:00Z\",\"verified\":\"failed\"}]}",
    "{\"countersign_ledger\":2,\"tokens\":[]}",
];

/// Figures of RFC 6030: plain, with a PIN, encrypted by a key, by a password, in bulk.
const FIGURES: [&str; 5] = [
    include_str!("../vectors/rfc6030/figure3.xml"),
    include_str!("../vectors/rfc6030/figure5.xml"),
    include_str!("../vectors/rfc6030/figure6.xml"),
    include_str!("../vectors/rfc6030/figure7.xml"),
    include_str!("../vectors/rfc6030/figure10.xml"),
];

macro_rules! vector_files {
    ($($name:literal)*) => {
        fn vector_file(name: &str) -> Value {
            let text = match name {
                $($name => include_str!(concat!("../vectors/push/", $name, ".json")),)*
                other => panic!("no vectors {other}"),
            };
            serde_json::from_str(text).expect("JSON")
        }
    };
}
vector_files!("base_url" "bodies" "endpoint" "json" "keys" "links" "messages" "sealed" "walks");

/// A list of the messages' file.
fn vectors(list: &str) -> Vec<Value> {
    entries("messages", list)
}

fn entries(file: &str, list: &str) -> Vec<Value> {
    vector_file(file)[list].as_array().expect("a list").clone()
}

/// A member of each entry, named by the entry where it has a name.
fn members(file: &str, list: &str, member: &str) -> Vec<(String, String)> {
    let of = |(at, entry): (usize, Value)| {
        (format!("{list}-{}{at}", entry["name"].as_str().unwrap_or_default()), word(&entry[member]))
    };
    entries(file, list).into_iter().enumerate().map(of).collect()
}

fn all(file: &str, list: &str) -> Vec<(String, String)> {
    let of = |(at, entry): (usize, Value)| (format!("{file}-{list}-{at}"), word(&entry));
    entries(file, list).into_iter().enumerate().map(of).collect()
}

/// Text as it is, anything else as JSON.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn numbered<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    texts.into_iter().enumerate().map(|(at, text)| (format!("{at}"), text.to_owned())).collect()
}

fn with_number((at, (name, text)): (usize, (String, String))) -> (String, String) {
    (format!("{name}-{at}"), text)
}

/// Accounts of several kinds.
fn ours() -> [Account; 4] {
    let account = |kind, issuer: &str, name: &str, algorithm, digits| Account {
        kind,
        issuer: issuer.into(),
        name: name.into(),
        secret: Secret::from_slice(b"12345678901234567890"),
        pin: None,
        algorithm,
        digits,
        image_host: None,
    };
    let period = |seconds| Kind::Totp { period: Period::try_from(seconds).expect("a period") };
    let counter = Counter::try_from(7).expect("a counter");
    [
        account(period(30), "GitHub", "mara", Algorithm::Sha1, Digits::SIX),
        account(period(60), "", "mara@example.com", Algorithm::Sha256, Digits::EIGHT),
        account(Kind::Hotp { counter }, "Ünï & co: 100%", "a/b?c#d", Algorithm::Sha512, Digits::SEVEN),
        account(Kind::Hotp { counter }, "Ünï: 100%", "Ünï: 100%:a", Algorithm::Sha512, Digits::EIGHT),
    ]
}

/// Accounts as we write them, and what other programs write.
fn key_uris() -> Vec<(String, String)> {
    let key = &*base32::encode(b"12345678901234567890");
    let theirs = [
        format!("OTPAUTH://TOTP/Example {key}: alice?secret={}&digits=&issuer=Example+1&foo=1", key.to_lowercase()),
        format!("otpauth:totp/x%3Ay?secret={key}&period=0"),
        format!("otpauth://totp/Steam:mara?secret={key}&digits=5&encoder=steam"),
        format!("otpauth://hotp/x?secret={key}=&counter=9223372036854775807"),
        format!("otpauth://totp/a:b:c?secret={key}&issuer=d&image=https%3A%2F%2Fexample.com%2Flogo.png"),
        "motp://issuer:user?secret=e3152afee62599c8".to_owned(),
        format!("otpauth://totp/x?secret={key}&secret={key}"),
    ];
    let ours = ours().map(|account| otpauth::write(&account).to_string());
    ours.into_iter().chain(theirs).enumerate().map(|(at, uri)| (format!("uri-{at}"), uri)).collect()
}

/// The messages of our own transfer, and its first link whole.
fn transfers() -> Vec<(String, Vec<u8>)> {
    let accounts: Vec<Account> = ours().into_iter().filter(|account| migration::holds(account).is_ok()).collect();
    let many: Vec<&Account> = accounts.iter().cycle().take(12).collect();
    let links = migration::write(&many, 7).expect("so few fit");
    let message = |(at, link): (usize, &String)| {
        let data = link.split_once("data=").expect("data").1.replace("%2B", "-").replace("%2F", "_").replace("%3D", "");
        (format!("part-{at}"), b64u::decode(&data).expect("base64"))
    };
    links
        .iter()
        .map(|link| &**link)
        .enumerate()
        .map(message)
        .chain([("link".to_owned(), links[0].as_bytes().to_vec())])
        .collect()
}

fn scanned() -> Vec<(String, String)> {
    let others = numbered([
        "WIFI:T:WPA;S:home;P:secret;;",
        "www.example.com/a?b",
        "http://user@[::1]:80/x",
        "BEGIN:VCARD\nEND:VCARD",
        "FIDO:/123",
        "1234567890",
        "otpauth-migration://offline?data=CgA%3D",
        "phonefactor://activate_account?code=1",
        "otpauth://pipush/x?url=https%3A%2F%2Fa",
        "tiqrauth://a/b",
        "steam://GEZDGNBVGY3TQOJQ",
        "\u{feff} plain text \u{202e}",
        "https://m-1.duosecurity.com/activate/x",
    ]);
    [others, links(), key_uris()].concat()
}

fn links() -> Vec<(String, String)> {
    let list = |list, member| members("links", list, member);
    let enrol = [list("enrol", "https"), list("enrol", "scheme")].concat().into_iter().enumerate().map(with_number);
    enrol.chain([list("approve", "text"), list("offline", "text"), list("bad_approve", "text")].concat()).collect()
}

fn payloads(typ: &str) -> Vec<(String, String)> {
    let of_kind = vectors("messages").into_iter().filter(|it| it["typ"] == typ);
    of_kind.map(|it| (word(&it["name"]), word(&it["payload"]))).collect()
}

fn one_of_each_kind(member: &str) -> Vec<(String, String)> {
    let mut kinds: Vec<Value> = vectors("messages").into_iter().chain(vectors("proofs")).collect();
    kinds.dedup_by(|one, other| one["typ"] == other["typ"]);
    kinds.iter().map(|it| (word(&it["name"]), word(&it[member]))).collect()
}

/// As the target `message` reads them.
fn messages() -> Vec<(String, Vec<u8>)> {
    let kinds = ["enrol", "receipt", "result", "gone", "link", "keys", "pop", "invite", "confirm"];
    let of = |(at, kind): (usize, &str)| {
        let all = payloads(&format!("cs-{kind}+jwt")).into_iter();
        all.map(move |(name, payload)| (name, [&[at as u8], payload.as_bytes()].concat())).collect::<Vec<_>>()
    };
    kinds.into_iter().enumerate().flat_map(of).collect()
}

fn bodies() -> Vec<(String, String)> {
    let body = |it: &Value| (word(&it["type"]), word(&it["text"]));
    let errors = entries("bodies", "errors").into_iter().map(|it| ("ErrorBody".to_owned(), word(&it["text"])));
    let walks = entries("walks", "walks").into_iter().map(|it| ("MetadataReply".to_owned(), word(&it["reply"])));
    entries("bodies", "bodies").iter().map(body).chain(errors).chain(walks.step_by(5)).collect()
}

/// As the target `body` reads them.
fn bodies_by_kind() -> Vec<(String, Vec<u8>)> {
    let kinds = [
        "Echo",
        "EnrolRequest",
        "EnrolReply",
        "AnswerRequest",
        "AnswerReply",
        "KeysRequest",
        "KeysReply",
        "InviteRequest",
        "InviteReply",
        "ConfirmRequest",
        "PutPush",
        "ErrorBody",
        "MetadataReply",
    ];
    let at = |kind: &str| kinds.iter().position(|it| *it == kind).map(|at| at as u8);
    let of = |(number, (kind, text)): (usize, (String, String))| {
        Some((format!("{kind}-{number}"), [&[at(&kind)?], text.as_bytes()].concat()))
    };
    bodies().into_iter().enumerate().filter_map(of).collect()
}

fn streams() -> Vec<(String, Vec<u8>)> {
    let states: Vec<String> = bodies().into_iter().filter(|(kind, _)| kind == "State").map(|(_, text)| text).collect();
    let events = |end: &str, cut: u8| {
        let one = |state: &String| format!("event: state{end}data: {state}{end}{end}:{end}{end}");
        [&[cut], states.iter().map(one).collect::<String>().as_bytes()].concat()
    };
    let ends = [("lf", "\n", 7), ("crlf", "\r\n", 1), ("cr", "\r", 64)];
    let mut all: Vec<(String, Vec<u8>)> =
        ends.into_iter().map(|(name, end, cut)| (name.to_owned(), events(end, cut))).collect();
    all.push(("other".into(), b"\x05id: 4\nretry: 1\nevent: other\ndata: {}\n\ndata: x\ndata: y\n\n".to_vec()));
    all
}

fn sealed() -> Vec<(String, Vec<u8>)> {
    let receiver = seal::Receiver::new(&private("seal"), Id::from_bytes(std::array::from_fn(|at| 0x30 + at as u8)));
    let receiver = receiver.expect("a key");
    let texts = [b"wake".to_vec(), vec![b'a'; 1_023], vec![b'b'; 2_047]];
    let bodies =
        texts.iter().map(|text| seal::seal(receiver.public(), text, &private("as"), &[9; 16]).expect("sealed"));
    let link = members("links", "enrol", "https").into_iter().next().expect("a link").1;
    let plain = link.split_once("#1.").and_then(|(_, json)| b64u::decode(json).ok()).expect("JSON");
    let all = bodies.chain(texts.clone()).chain([plain]);
    all.enumerate().map(|(at, body)| (format!("{at}"), body)).collect()
}

/// Nothing changed, and one byte at each of some places: in the magic, the format, the first slot, behind it.
fn bits(before: &[u8]) -> Vec<(String, Vec<u8>)> {
    let at = |place: usize| [before, &vec![0; place], &[0x41]].concat();
    let each = [0, 3, 6, 9, 20, 34, 60, 120].map(|place| (format!("at-{place}"), at(place)));
    each.into_iter().chain([("none".to_owned(), [before, &[0; 16]].concat())]).collect()
}

/// One damage at each sixteenth of the file, none, and two of the same, which is none.
fn damages() -> Vec<(String, Vec<u8>)> {
    let each = (0..16_u8).map(|part| (format!("at-{part}"), vec![part << 4, 77, 1]));
    each.chain([("none".to_owned(), Vec::new()), ("twice".to_owned(), [[9, 9, 9]; 2].concat())]).collect()
}

fn pictures(draw: fn(&Symbol) -> Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let texts =
        [("short", "countersign"), ("account", "otpauth://totp/GitHub:mara?secret=GEZDGNBVGY3TQOJQ&issuer=GitHub")];
    texts.map(|(name, text)| (name.to_owned(), draw(&Symbol::new(text).expect("it fits")))).into()
}

/// As the target `qr_luma` reads it: three pixels a module, upright.
fn luma(symbol: &Symbol) -> Vec<u8> {
    let width = (symbol.width() + 8) * 3;
    let dark = |at: usize| {
        let [x, y] = [at % width, at / width].map(|pixel| (pixel / 3).checked_sub(4));
        x.zip(y).is_some_and(|(x, y)| x < symbol.width() && y < symbol.width() && symbol.is_dark(x, y))
    };
    let pixels = (0..width * width).map(|at| if dark(at) { 20 } else { 230 });
    [width as u8, 0].into_iter().chain(pixels).collect()
}

/// The pictures that the tests have as files.
fn file(kind: &str) -> Vec<(String, Vec<u8>)> {
    let files: [(&str, &[u8]); 2] = match kind {
        "png" => [
            ("interlaced", include_bytes!("../fixtures/qr/interlaced.png")),
            ("tilted", include_bytes!("../fixtures/qr/tilted.png")),
        ],
        _ => [
            ("small", include_bytes!("../fixtures/qr/small.jpg")),
            ("progressive", include_bytes!("../fixtures/qr/poor.jpg")),
        ],
    };
    files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into()
}
