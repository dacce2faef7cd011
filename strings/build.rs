//! Reads the texts once, as the program is built: a file that cannot be read, or a key that stands in it twice, ends the build.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=en");
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir("en")? {
        let file = entry?.path();
        let Some(name) = file.to_str().and_then(|path| path.strip_prefix("en/")?.strip_suffix(".toml")) else {
            continue;
        };
        texts.extend(read(&file)?.into_iter().map(|(key, text)| (format!("{name}.{key}"), text)));
    }
    let rows: Vec<String> = texts.iter().map(|(key, text)| format!("    ({key:?}, {text:?}),\n")).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("english.rs");
    Ok(fs::write(out, format!("static ENGLISH: &[(&str, &str)] = &[\n{}];\n", rows.concat()))?)
}

fn read(file: &Path) -> Result<BTreeMap<String, String>, String> {
    let source = fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    toml::from_str(&source).map_err(|fault| format!("{}: {fault}", file.display()))
}
