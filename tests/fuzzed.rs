//! The corpora of the fuzz targets, replayed: what the writers write, what fuzzing kept, and what it found. The targets and
//! what each holds its input against stand in `tests/fuzz`; `cargo xtask fuzz` looks for more.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use countersign_fuzz::{TARGETS, Target, seeds};
use countersign_tests::attested::{Maker, Says};
use countersign_tests::raw_phone::Key;
use countersign_tests::source::root;

/// Inputs of a target, one a file.
fn corpus(target: &str) -> PathBuf {
    root().join("tests/fuzz/corpus").join(target)
}

/// What fuzzing found, each named after what was wrong: `tests/vectors/regress/TARGET/NAME`.
fn findings() -> PathBuf {
    root().join("tests/vectors/regress")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    let path = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path();
    let file = |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
    entries.map(path).map(file).collect()
}

fn replay(target: &'static Target, files: &[(String, Vec<u8>)]) -> usize {
    let mut taken = 0;
    for (name, input) in files {
        let read = catch_unwind(|| target.check(input));
        taken += usize::from(read.unwrap_or_else(|_| panic!("{}: {name} is a finding", target.name)));
    }
    taken
}

#[test]
fn every_corpus_is_read_as_it_should_be() {
    for target in TARGETS {
        let files = files(&corpus(target.name));
        let taken = replay(target, &files);
        assert!(files.len() >= 2, "{} has no corpus", target.name);
        assert!(taken > 0, "{} takes nothing of its corpus", target.name);
    }
}

#[test]
fn what_fuzzing_found_stays_mended() {
    for folder in fs::read_dir(findings()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        replay(Target::named(name), &files(&folder));
    }
}

/// What the corpora begin with is what the writers write today. `COUNTERSIGN_ACCEPT=1` writes it.
#[test]
fn the_corpora_hold_what_our_writers_write() {
    let accept = std::env::var_os("COUNTERSIGN_ACCEPT").is_some();
    for target in TARGETS {
        let folder = corpus(target.name);
        let mut names = BTreeSet::new();
        for (name, bytes) in seeds(target.name).into_iter().chain(hardware(target.name, accept)) {
            let path = folder.join(file_name(&name));
            assert!(names.insert(path.clone()), "{} twice", path.display());
            if accept {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, &bytes).unwrap();
            }
            assert!(fs::read(&path).is_ok_and(|read| read == bytes), "{} is not what is written", path.display());
        }
    }
}

fn file_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(letter).collect()
}

/// Chains of a maker whose keys nobody has: they are made once, and kept with their root.
fn hardware(target: &str, accept: bool) -> Vec<(String, Vec<u8>)> {
    let made = corpus("x509_chain").join("tee");
    if !accept || made.exists() || target != "x509_chain" {
        return Vec::new();
    }
    let (maker, key) = (Maker::default(), Key::named("ak").jwk());
    let says = [("tee", 1, Some(3)), ("strongbox", 2, Some(2)), ("software", 0, None)];
    let says = says.map(|(name, level, user)| (name, Says::key(level, &[7; 32], user)));
    fs::write(root().join("tests/fuzz/root.der"), maker.chain(&key, &says[0].1).pop().unwrap()).unwrap();
    fs::create_dir_all(corpus("attestation")).unwrap();
    let chain = |(name, says): &(&str, Says)| {
        fs::write(corpus("attestation").join(name), says.der()).unwrap();
        let certificates = maker.chain(&key, says);
        let part = |der: &Vec<u8>| [&u16::try_from(der.len()).unwrap().to_be_bytes()[..], der].concat();
        ((*name).to_owned(), certificates.iter().flat_map(part).collect())
    };
    says.iter().map(chain).collect()
}

/// Whoever adds a target adds its program, and the other way round.
#[test]
fn every_target_is_a_program_of_the_fuzz_workspace() {
    let manifest: toml::Table = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap().parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned());
    let programs: BTreeSet<String> = programs.collect();
    assert_eq!(programs, TARGETS.iter().map(|target| target.name.to_owned()).collect());
    for name in programs {
        let program = fs::read_to_string(root().join("fuzz/targets").join(format!("{name}.rs"))).unwrap();
        assert!(program.contains(&format!("\"{name}\"")), "{name} runs another target");
        let (path, words) = (root().join(format!("fuzz/dictionaries/{name}.dict")), Target::named(&name).words);
        if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() && !words.is_empty() {
            fs::write(&path, dictionary(words)).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), dictionary(words), "the words of {name}");
    }
}

/// As libFuzzer reads one: a word a line, what is not plain as `\xNN`.
fn dictionary(words: &[&str]) -> String {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let letter = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") };
    words.iter().map(|word| format!("\"{}\"\n", word.bytes().map(letter).collect::<String>())).collect()
}

/// The saboteurs: a reader that takes too much memory, and one that takes too long, are found out.
#[test]
fn a_reader_without_bounds_is_found_out() {
    let sabotaged = |run| Target { name: "sabotaged", run, bound: countersign_fuzz::Bound::Text, words: &[] };
    let greedy = sabotaged(|input| Vec::<u8>::with_capacity(input.len() << 16).capacity() > 0);
    let endless = sabotaged(|input| (0..100_000_000).map(std::hint::black_box).sum::<u64>() > input.len() as u64);
    let wrong = sabotaged(|input| input.len() < 9 || panic!("what was taken is not what was written"));
    for (target, small, large) in [(&greedy, 1, 99), (&endless, 0, 0), (&wrong, 1, 99)] {
        let check = |length: usize| catch_unwind(|| target.check(&vec![0; length])).is_ok();
        assert!(!check(large));
        assert!(small == 0 || check(small), "what is within bounds passes");
    }
}
