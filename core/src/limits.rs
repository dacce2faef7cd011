//! The limits of this package, in one table: code refuses beyond them, tests take their cases from
//! here. What both ends share is in `countersign_protocol::limits`.

use std::ops::RangeInclusive;
use std::time::Duration;

use countersign_protocol::limits::Limit;

/// A body of a gateway's answer, in bytes.
pub const ANSWER: usize = countersign_protocol::limits::JSON_BYTES;
/// One record of the device store, in bytes.
pub const DEVICE_FILE: u64 = 4 * 1024 * 1024;
/// Certificates in a TLS chain.
pub const CHAIN: usize = 8;
/// One certificate of a TLS chain, in bytes.
pub const CERTIFICATE: usize = 16 * 1024;
/// How long a call may take, beside the time it asks the gateway to wait.
pub const CALL_DEADLINE: Duration = Duration::from_secs(10);
/// How long after a bell's poll the next bell's poll comes at the earliest.
pub const BELL_PAUSE: Duration = Duration::from_secs(5);
/// How long a stream of events may be silent; the gateway sends a comment every 25 seconds.
pub const EVENT_SILENCE: Duration = Duration::from_secs(60);
/// How long a stream of events is listened to; the gateway ends it after 15 minutes.
pub const EVENT_STREAM: Duration = Duration::from_secs(20 * 60);
/// How long a gateway that has no events is not asked for them again.
pub const EVENTS_MISSING: Duration = Duration::from_secs(3600);
/// How long an old receiving key is kept after the gateway took the new one, in seconds.
pub const SEAL_KEPT: u64 = DAY;
/// How long a change of keys is repeated that a gateway refuses unsigned, in seconds. Then a new one may begin.
pub const KEYS_REPEATED: u64 = DAY;
/// Changes of keys that are given up at most before the gateway signs that it took a later one: their keys are kept.
pub const KEYS_ABANDONED: usize = 4;
/// How long an invitation of another phone is kept, in seconds: its code lives ten minutes, its repeats an hour more.
pub const INVITATION_KEPT: u64 = 2 * 3600;
/// How long the history is kept, in seconds.
pub const HISTORY_KEPT: u64 = 90 * DAY;
/// Entries in the history of one enrolment.
pub const HISTORY_MOST: usize = 900;
/// An application's icon, in bytes.
pub const ICON: usize = 60 * 1024;
/// How many icons are kept.
pub const ICONS_MOST: usize = 64;
/// Files in the inbox.
pub const INBOX_MOST: usize = 32;
/// The longest pause between two tries, in milliseconds.
pub const RETRY_MOST: u64 = 60_000;
/// The longest pause that a gateway can ask for, in seconds.
pub const RETRY_AFTER_MOST: u64 = 3600;
/// A day, in seconds.
pub const DAY: u64 = 24 * 3600;
/// How long a closed challenge is remembered, in seconds of the phone's clock.
pub const CLOSED_KEPT: u64 = 40 * DAY;
/// How many closed challenges are remembered.
pub const CLOSED_MOST: usize = 4096;
/// Challenges that are kept of one enrolment, notices among them.
pub const APPROVALS_MOST: usize = 64;
/// How long denying and reporting is offered after a challenge left its list, in seconds.
pub const OFFERED_AFTER: u64 = 600;
/// How long an answer is repeated whose result is not known, in seconds.
pub const ANSWER_REPEATED: u64 = 3600;
/// How long an enrolment request is kept without a receipt, in seconds.
pub const REQUEST_KEPT: u64 = 600;
/// How often metadata is fetched in a minute, whatever the causes.
pub const REFRESH_A_MINUTE: usize = 5;
/// By how much the gateway's clock may waver before the record is written for it, in seconds.
pub const CLOCK_NOISE: u64 = 2;
/// Vault: memory of Argon2id that a slot may ask for, in KiB: 19 MiB to 1 GiB.
pub const VAULT_KDF_MEMORY: RangeInclusive<u32> = 19 * 1024..=1024 * 1024;
/// Vault: passes of Argon2id.
pub const VAULT_KDF_PASSES: RangeInclusive<u32> = 1..=20;
/// Vault: lanes of Argon2id.
pub const VAULT_KDF_LANES: RangeInclusive<u32> = 1..=16;
/// Vault: memory × passes of Argon2id, in KiB: 38 MiB (19 MiB twice) to 8 GiB.
pub const VAULT_KDF_WORK: RangeInclusive<u64> = 38 * 1024..=8 * 1024 * 1024;
/// Vault: slots of one header.
pub const VAULT_SLOTS: usize = 16;
/// Vault: cells of the reserve that every file has.
pub const VAULT_CELLS: u64 = 1024;
/// Vault: bytes that a hidden vault may hold, each account by itself rounded up to 193.
pub const VAULT_HIDDEN: u64 = (VAULT_CELLS - 2) * 193;
/// Vault: Unicode scalar values of a slot's name.
pub const SLOT_NAME: usize = 64;
/// Vault: seconds without a touch after which it locks itself.
pub const AUTO_LOCK: RangeInclusive<u64> = 15..=DAY;
/// Vault: bytes of one header.
pub const VAULT_HEADER: usize = 64 * 1024;
/// Vault: bytes that a keystore may make of the 32 that it wraps.
pub const VAULT_WRAPPED: usize = 1024;
/// Vault: bytes of a passphrase as typed.
pub const VAULT_PASSPHRASE: RangeInclusive<usize> = 1..=1024;
/// Vault: accounts.
pub const VAULT_ACCOUNTS: usize = 10_000;
/// Vault: changes that can be taken back.
pub const VAULT_STEPS: u64 = 20;
/// Vault: bytes that they take together; the newest may take more.
pub const VAULT_STEPS_BYTES: usize = 1 << 20;
/// Vault: groups.
pub const VAULT_GROUPS: usize = 256;
/// Vault: rows that are kept of hardware tokens: burns, ledger, keys, batches and their rows.
pub const VAULT_KEPT: usize = 40_000;
/// Vault: how long a deleted account is kept, in seconds.
pub const BIN_KEPT: u64 = 30 * DAY;
/// Vault: on how many days it must have been opened, beside that.
pub const BIN_DAYS: u64 = 7;
/// Vault: after how many such days a deleted account goes, whatever the clock says.
pub const BIN_DAYS_MOST: u64 = 60;
/// Vault: deleted accounts that are kept.
pub const BIN_MOST: usize = VAULT_ACCOUNTS;
/// Vault: bytes of all pictures of accounts.
pub const ICON_PICTURES: u64 = 64 * 1024 * 1024;
/// Vault: bytes of the file before it is read whole to mend it.
pub const VAULT_FILE: u64 = 256 * 1024 * 1024;
/// Account: Unicode scalar values of issuer and name each.
pub const ACCOUNT_NAME: usize = countersign_protocol::limits::URI_NAME;
/// Account: Unicode scalar values of a note.
pub const ACCOUNT_NOTE: usize = 10_000;
/// Account: groups that it is in.
pub const ACCOUNT_GROUPS: usize = 32;
/// Account: tags.
pub const ACCOUNT_TAGS: usize = 16;
/// Account: bytes of all its tags: they stand beside its names, on one page.
pub const ACCOUNT_TAG_BYTES: usize = 800;
/// Account: pixels of a picture that is made its own.
pub const ICON_SOURCE: u64 = 16_000_000;
/// Account: pixels of a side of its picture as it is kept.
pub const ICON_SIDE: usize = 256;
/// Account: bytes of its picture as it is kept.
pub const ICON_PICTURE: usize = 1024 * 1024;
/// Icon packs that are kept.
pub const ICON_PACKS: usize = 16;
/// Icon pack: bytes of its archive.
pub const ICON_PACK: usize = 64 * 1024 * 1024;
/// Icon pack: files in it. Packs that people have hold some four thousand.
pub const ICON_PACK_FILES: usize = 10_000;
/// Icon pack: bytes of all its files, unpacked.
pub const ICON_PACK_UNPACKED: u64 = 256 * 1024 * 1024;
/// Icon pack: how much longer its files may be than what they are packed in.
pub const ICON_PACK_RATIO: u64 = 100;
/// Icon pack: bytes of its list.
pub const ICON_PACK_LIST: usize = 4 * 1024 * 1024;
/// Icon pack: Unicode scalar values of its name, and of an icon's; the rest is cut off.
pub const ICON_NAME: usize = 64;
/// Group: Unicode scalar values of its name.
pub const GROUP_NAME: usize = 64;
/// Tag: Unicode scalar values.
pub const TAG: usize = 40;
/// Account: bytes of a seed.
pub const ACCOUNT_SEED: RangeInclusive<usize> = countersign_protocol::limits::SEED_BYTES;
/// Digits that a hardware token shows.
pub const TOKEN_DIGITS: RangeInclusive<u64> = 4..=10;
/// Characters of the name of an owner's key of hardware tokens, or of a batch.
pub const TOKEN_NAME: usize = 64;
/// Characters of a hardware token's serial number.
pub const TOKEN_SERIAL: RangeInclusive<usize> = 1..=64;
/// Characters of a hardware token's model and of its manufacturer.
pub const TOKEN_MODEL: usize = 64;
/// The last profile of a hardware token with many.
pub const TOKEN_PROFILE: u8 = 99;
/// Batch: bytes of a file of seeds.
pub const BURN_FILE: usize = 8 * 1024 * 1024;
/// Batch: rows of a file of seeds.
pub const BURN_ROWS: usize = 10_000;
/// Batch: columns of a table.
pub const BURN_COLUMNS: usize = 64;
/// Batch: bytes of a field of a table.
pub const BURN_FIELD: usize = 4 * 1024;
/// Batch: rounds of PBKDF2 that a file may ask for.
pub const PSKC_ROUNDS: u64 = 10_000_000;
/// Batch: how deep elements may be nested.
pub const XML_DEPTH: usize = 32;
/// Batch: elements of one key package.
pub const XML_ELEMENTS: usize = 1_000;
/// Batch: attributes of an element.
pub const XML_ATTRIBUTES: usize = 32;
/// Digits of the serial number that a display token tells of itself.
pub const TOKEN_TOLD_SERIAL: RangeInclusive<usize> = 1..=32;
/// Pages of a token's list.
pub const TOKEN_PAGES: usize = 16;
/// Bytes of a command's data. One applet takes more than 255, and no more than this.
pub const APDU_DATA: usize = 272;
/// Bytes of one answer of a token, its status word among them.
pub const APDU_ANSWER: usize = 258;
/// Parts that one answer comes in.
pub const APDU_PARTS: usize = 32;
/// Bytes of one answer in all its parts.
pub const APDU_WHOLE: usize = 8 * 1024;
/// Bytes of a customer key, an access code or a challenge for a token.
pub const TOKEN_KEY: usize = 1024;
/// Account: combining marks on one base in issuer and name.
pub const ACCOUNT_MARKS: usize = countersign_protocol::limits::COMBINING_MARKS;
/// Search: Unicode scalar values.
pub const SEARCH: usize = 256;
/// Picture: bytes of a file.
pub const PICTURE_FILE: usize = 16 * 1024 * 1024;
/// Picture: pixels, as declared and as unpacked: 32 megapixels.
pub const PICTURE_PIXELS: u64 = 32_000_000;
/// Picture: pixels of a side.
pub const PICTURE_SIDE: u64 = 16_384;
/// Picture: scans of a progressive JPEG.
pub const PICTURE_JPEG_SCANS: usize = 32;
/// Picture: codes that are reported of one.
pub const PICTURE_CODES: usize = 8;
/// Picture: how long a frame of a camera may be searched before the next one is better.
pub const PICTURE_LIVE_BUDGET: Duration = Duration::from_millis(15);
/// Picture: how long a still picture is searched.
pub const PICTURE_STILL_BUDGET: Duration = Duration::from_millis(250);
/// Picture: when a decoder that does not end is given up.
pub const PICTURE_HARD_STOP: Duration = Duration::from_secs(1);

/// Every limit above that input can run into.
pub const TABLE: &[Limit] = &[
    Limit { surface: "picture file", most: PICTURE_FILE as u64, unit: "bytes" },
    Limit { surface: "picture, declared and unpacked", most: PICTURE_PIXELS, unit: "pixels" },
    Limit { surface: "side of a picture", most: PICTURE_SIDE, unit: "pixels" },
    Limit { surface: "scans of a progressive JPEG", most: PICTURE_JPEG_SCANS as u64, unit: "scans" },
    Limit { surface: "codes in a picture", most: PICTURE_CODES as u64, unit: "codes" },
    Limit { surface: "search of a still picture", most: PICTURE_STILL_BUDGET.as_millis() as u64, unit: "milliseconds" },
    Limit {
        surface: "search of a picture, hard stop",
        most: PICTURE_HARD_STOP.as_millis() as u64,
        unit: "milliseconds",
    },
    Limit { surface: "vault file to be mended", most: VAULT_FILE, unit: "bytes" },
    Limit { surface: "vault header", most: VAULT_HEADER as u64, unit: "bytes" },
    Limit { surface: "slots of a vault", most: VAULT_SLOTS as u64, unit: "slots" },
    Limit { surface: "vault beneath a decoy", most: VAULT_HIDDEN, unit: "bytes" },
    Limit { surface: "name of a slot", most: SLOT_NAME as u64, unit: "scalar values" },
    Limit { surface: "time until a vault locks itself", most: *AUTO_LOCK.end(), unit: "seconds" },
    Limit { surface: "Argon2id memory of a slot", most: *VAULT_KDF_MEMORY.end() as u64, unit: "KiB" },
    Limit { surface: "Argon2id passes of a slot", most: *VAULT_KDF_PASSES.end() as u64, unit: "passes" },
    Limit { surface: "Argon2id lanes of a slot", most: *VAULT_KDF_LANES.end() as u64, unit: "lanes" },
    Limit { surface: "Argon2id memory times passes of a slot", most: *VAULT_KDF_WORK.end(), unit: "KiB" },
    Limit { surface: "passphrase", most: *VAULT_PASSPHRASE.end() as u64, unit: "bytes" },
    Limit { surface: "accounts", most: VAULT_ACCOUNTS as u64, unit: "accounts" },
    Limit { surface: "issuer and name of an account", most: ACCOUNT_NAME as u64, unit: "scalar values each" },
    Limit { surface: "combining marks on a letter of a name", most: ACCOUNT_MARKS as u64, unit: "marks" },
    Limit { surface: "note of an account", most: ACCOUNT_NOTE as u64, unit: "scalar values" },
    Limit { surface: "changes that can be taken back", most: VAULT_STEPS, unit: "changes" },
    Limit { surface: "groups", most: VAULT_GROUPS as u64, unit: "groups" },
    Limit { surface: "rows kept of hardware tokens", most: VAULT_KEPT as u64, unit: "rows" },
    Limit { surface: "name of a group", most: GROUP_NAME as u64, unit: "scalar values" },
    Limit { surface: "groups of an account", most: ACCOUNT_GROUPS as u64, unit: "groups" },
    Limit { surface: "tags of an account", most: ACCOUNT_TAGS as u64, unit: "tags" },
    Limit { surface: "tag", most: TAG as u64, unit: "scalar values" },
    Limit { surface: "all tags of an account", most: ACCOUNT_TAG_BYTES as u64, unit: "bytes" },
    Limit { surface: "picture given for an account", most: ICON_SOURCE, unit: "pixels" },
    Limit { surface: "side of an account's picture as kept", most: ICON_SIDE as u64, unit: "pixels" },
    Limit { surface: "picture of an account", most: ICON_PICTURE as u64, unit: "bytes" },
    Limit { surface: "pictures of all accounts", most: ICON_PICTURES, unit: "bytes" },
    Limit { surface: "icon packs", most: ICON_PACKS as u64, unit: "packs" },
    Limit { surface: "icon pack", most: ICON_PACK as u64, unit: "bytes" },
    Limit { surface: "files in an icon pack", most: ICON_PACK_FILES as u64, unit: "files" },
    Limit { surface: "icon pack, unpacked", most: ICON_PACK_UNPACKED, unit: "bytes" },
    Limit { surface: "icon pack, unpacked for each byte", most: ICON_PACK_RATIO, unit: "bytes" },
    Limit { surface: "list of an icon pack", most: ICON_PACK_LIST as u64, unit: "bytes" },
    Limit { surface: "deleted accounts that are kept", most: BIN_MOST as u64, unit: "accounts" },
    Limit { surface: "seed of an account", most: *ACCOUNT_SEED.end() as u64, unit: "bytes" },
    Limit { surface: "digits of a hardware token", most: *TOKEN_DIGITS.end(), unit: "digits" },
    Limit { surface: "name of a key or a batch of hardware tokens", most: TOKEN_NAME as u64, unit: "characters" },
    Limit { surface: "serial number of a hardware token", most: *TOKEN_SERIAL.end() as u64, unit: "characters" },
    Limit { surface: "model and manufacturer of a hardware token", most: TOKEN_MODEL as u64, unit: "characters each" },
    Limit { surface: "profile of a hardware token", most: TOKEN_PROFILE as u64, unit: "the last" },
    Limit { surface: "file of seeds", most: BURN_FILE as u64, unit: "bytes" },
    Limit { surface: "rows of a file of seeds", most: BURN_ROWS as u64, unit: "rows" },
    Limit { surface: "columns of a table of seeds", most: BURN_COLUMNS as u64, unit: "columns" },
    Limit { surface: "field of a table of seeds", most: BURN_FIELD as u64, unit: "bytes" },
    Limit { surface: "PBKDF2 of a file of seeds", most: PSKC_ROUNDS, unit: "rounds" },
    Limit { surface: "nesting of XML", most: XML_DEPTH as u64, unit: "elements" },
    Limit { surface: "elements of a key package", most: XML_ELEMENTS as u64, unit: "elements" },
    Limit { surface: "attributes of an element of XML", most: XML_ATTRIBUTES as u64, unit: "attributes" },
    Limit {
        surface: "serial number that a display token tells",
        most: *TOKEN_TOLD_SERIAL.end() as u64,
        unit: "digits",
    },
    Limit { surface: "pages of a hardware token's list", most: TOKEN_PAGES as u64, unit: "pages" },
    Limit { surface: "data of a command to a hardware token", most: APDU_DATA as u64, unit: "bytes" },
    Limit { surface: "one answer of a hardware token", most: APDU_ANSWER as u64, unit: "bytes" },
    Limit { surface: "parts of a hardware token's answer", most: APDU_PARTS as u64, unit: "parts" },
    Limit { surface: "answer of a hardware token in all its parts", most: APDU_WHOLE as u64, unit: "bytes" },
    Limit { surface: "key or access code of a hardware token", most: TOKEN_KEY as u64, unit: "bytes" },
    Limit { surface: "search text", most: SEARCH as u64, unit: "scalar values" },
    Limit { surface: "challenges and notices kept of a gateway", most: APPROVALS_MOST as u64, unit: "entries" },
    Limit { surface: "answer of a gateway", most: ANSWER as u64, unit: "bytes" },
    Limit { surface: "call of a gateway, beside its wait", most: CALL_DEADLINE.as_secs(), unit: "seconds" },
    Limit { surface: "pause that a gateway asks for", most: RETRY_AFTER_MOST, unit: "seconds" },
    Limit { surface: "certificates of a gateway", most: CHAIN as u64, unit: "certificates" },
    Limit { surface: "one certificate", most: CERTIFICATE as u64, unit: "bytes" },
    Limit { surface: "line of an event", most: ANSWER as u64, unit: "bytes" },
    Limit { surface: "silence of an event stream", most: EVENT_SILENCE.as_secs(), unit: "seconds" },
    Limit { surface: "waiting challenges from notifications", most: INBOX_MOST as u64, unit: "files" },
    Limit { surface: "history of an enrolment", most: HISTORY_MOST as u64, unit: "entries" },
    Limit { surface: "icon of an application", most: ICON as u64, unit: "bytes" },
    Limit { surface: "record of an enrolment", most: DEVICE_FILE, unit: "bytes" },
];
