//! At a real reader, another token of the same model lies there when what was written is to be read back.

use countersign_emulator::{Fault, Link, MODELS, Single, Still};
use countersign_strings::text;
use countersign_tests::program::{Program, built};
use countersign_tests::readers::{READER, Readers};

use super::token::{LINK, PASSPHRASE, json, token, vault};
use super::{SEED, emptied, now};

/// Who it is, and of the burn challenge, proof, settings and seed.
const BEFORE_READING_BACK: usize = 5;

fn single(number: u32) -> Link<Single> {
    let prefix = MODELS.iter().find(|model| model.restricted).unwrap().prefix;
    Link::new(Single::new(&format!("{prefix}{number:07}"), Still::at(now())))
}

#[test]
fn another_token_before_the_read_back_is_told_by_its_number_and_the_burn_stays_open() {
    let (readers, home) = (Readers::start(), vault());
    let mut command = readers.command(built("countersign").to_str().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    command.args(["--json", "token", "burn", "--reader", READER, "--wait", "60", "--yes", "--no-compare"]);
    let mut program = Program::start(command.args(["--passphrase-fd", "0"]));
    program.write(format!("{PASSPHRASE}\n{LINK}\n").as_bytes());
    program.close_stdin();
    program.stderr.wait_for("Lay the token on the reader");
    let mut first = single(1);
    first.fault(BEFORE_READING_BACK + 1, Fault::DropBefore);
    let mut first = readers.lay(first).lost();
    program.stderr.wait_for(text("token.link_lost"));
    assert!(first.token().seed().unwrap().ct_eq(SEED), "it was written and not read back");
    emptied(&readers);

    let second = readers.lay(single(2));
    let number = |link: &Link<Single>| countersign_emulator::Token::serial(link.token());
    program.stderr.wait_for("This is another token");
    let said = program.stderr.line_with("This is another token");
    let [one, two] = [&first, &single(2)].map(number);
    assert!(said.contains(&one) && said.contains(&two) && said.contains("nothing was sent to it"), "{said}");
    // Whoever gives up here leaves the burn open.
    program.kill();
    let second = second.take();
    emptied(&readers);
    let second = readers.lay(second);
    let resume = ["burn", "--resume", "--reader", READER, "--wait", "20", "--yes", "--no-compare"];
    let refused = token(&readers, &home, &resume, "");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains(text("token.nothing_to_take_up")), "{said}");
    let second = second.take();
    let is_question = |command: &[u8]| command.starts_with(&[0x80, 0x41]) || command.starts_with(&[0x00, 0xa4]);
    assert!(second.exchanges().iter().all(|sent| is_question(&sent.command)), "nothing else was sent to it");
    assert!(second.token().seed().is_none());

    emptied(&readers);
    first.come_back();
    let first = readers.lay(first);
    let taken_up = token(&readers, &home, &resume, "");
    assert_eq!(json(&taken_up)["ending"], "written_not_proven");
    let first = first.take();
    assert!(first.token().seed().unwrap().ct_eq(SEED));
}
