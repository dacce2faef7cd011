//! Reads the texts once, as the program is built: a file that cannot be read, a key that stands in it twice, or one that
//! German alone has ends the build.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Texts = BTreeMap<String, String>;

/// Files of the phone's own texts begin so.
const PHONE: &str = "phone";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=en");
    println!("cargo::rerun-if-changed=de");
    let (english, german) = (language("en")?, language("de")?);
    if let Some(key) = german.keys().find(|key| !english.contains_key(*key)) {
        return Err(format!("de: {key} is not in en").into());
    }
    // What the phone alone says is in no program.
    let (phone, programs): (Texts, Texts) = english.clone().into_iter().partition(|(key, _)| key.starts_with(PHONE));
    let programs: Vec<String> = programs.iter().map(|(key, text)| format!("    ({key:?}, {text:?}),\n")).collect();
    write("english.rs", &format!("static ENGLISH: &[(&str, &str)] = &[\n{}];\n", programs.concat()))?;
    let shown: Texts =
        english.into_iter().filter(|(key, _)| phone.contains_key(key) || german.contains_key(key)).collect();
    let shown = shown.iter().map(|(key, english)| format!("    ({key:?}, {english:?}, {:?}),\n", german.get(key)));
    let rows: String = shown.collect();
    write("phone.rs", &format!("static SHOWN: &[(&str, &str, Option<&str>)] = &[\n{rows}];\n"))
}

fn write(name: &str, rows: &str) -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join(name);
    Ok(fs::write(out, rows)?)
}

/// All texts of a language, by `file.key`.
fn language(folder: &str) -> Result<Texts, Box<dyn Error>> {
    let mut texts = Texts::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let name = file.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml").map(str::to_owned));
        let Some(name) = name else { continue };
        texts.extend(read(&file)?.into_iter().map(|(key, text)| (format!("{name}.{key}"), text)));
    }
    Ok(texts)
}

fn read(file: &Path) -> Result<Texts, String> {
    let source = fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    toml::from_str(&source).map_err(|fault| format!("{}: {fault}", file.display()))
}
