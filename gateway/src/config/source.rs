//! Where settings come from: texts by name, from a file, the environment and flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use countersign_strings::{fill, text};
use toml::Value;

use super::{ConfigFault, SETTINGS, Wrong};
use crate::cause::Cause;
use crate::file::{self, FileFault, Unfit};
use crate::limits;

/// What one source says.
pub struct Source {
    /// Its name for messages.
    from: String,
    /// How a setting is called in it, and its values; one that is no list has one.
    given: Vec<(String, Vec<String>)>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    File,
    Environment,
    Flags,
}

/// The values of a setting and where they come from.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) key: String,
    pub(super) from: String,
    pub(super) values: Vec<String>,
}

/// What names the file: it is no setting, but a flag of the program.
const KEY: &str = "--config";

const PREFIX: &str = "COUNTERSIGN_";

impl Source {
    /// A TOML file of at most 1 MiB.
    ///
    /// # Errors
    /// [`ConfigFault::File`].
    pub fn file(path: &Path) -> Result<Self, ConfigFault> {
        let bytes = file::read(KEY, path, limits::CONFIG_BYTES)?;
        let content = std::str::from_utf8(&bytes).map_err(|why| FileFault::new(KEY, path, why))?;
        Self::toml(&path.display().to_string(), content)
    }

    /// The text of a TOML file.
    ///
    /// # Errors
    /// [`ConfigFault::File`] when it is not TOML. The line itself is not repeated: it may hold a secret.
    pub fn toml(from: &str, content: &str) -> Result<Self, ConfigFault> {
        let table: toml::Table = toml::from_str(content).map_err(|why: toml::de::Error| {
            let at = why.span().map_or(0, |span| span.start);
            let line = content.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
            FileFault { key: KEY, path: from.into(), why: Unfit::Toml { line, why: Cause::of_toml(&why) } }
        })?;
        let mut given = Vec::new();
        flatten("", table, &mut given);
        Ok(Self { from: from.into(), given, kind: Kind::File })
    }

    /// Environment variables; those without our prefix are left out.
    pub fn environment(variables: impl Iterator<Item = (String, String)>) -> Self {
        // The tools beside the gateway read variables with the same prefix.
        let ours = |name: &str| name.starts_with(PREFIX) && !matches!(name, "COUNTERSIGN_HOME" | "COUNTERSIGN_CONFIG");
        let given = variables.filter(|(name, _)| ours(name)).map(|(name, value)| (name, vec![value])).collect();
        Self { from: text("gateway.from_environment").into(), given, kind: Kind::Environment }
    }

    /// Flags that were given, by the setting's name.
    pub fn flags(given: impl Iterator<Item = (String, Vec<String>)>) -> Self {
        Self { from: text("gateway.from_flag").into(), given: given.collect(), kind: Kind::Flags }
    }
}

/// What a command of the operator's is told of the gateway's environment, beside the locale (`LC_…`).
const PASSED_ON: [&str; 9] =
    ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "CREDENTIALS_DIRECTORY"];

/// The environment of a command that a setting names: where programs, files and sockets are, and who asks. Everything else
/// may be a secret.
pub(crate) fn passed_on() -> impl Iterator<Item = (OsString, OsString)> {
    let may = |name: &OsString| name.to_str().is_some_and(|name| PASSED_ON.contains(&name) || name.starts_with("LC_"));
    std::env::vars_os().filter(move |(name, _)| may(name))
}

/// The setting's name as environment variable.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
}

fn flatten(prefix: &str, table: toml::Table, into: &mut Vec<(String, Vec<String>)>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        match value {
            Value::Table(inner) => flatten(&format!("{name}."), inner, into),
            Value::Array(items) => into.push((name, items.into_iter().map(plain).collect())),
            other => into.push((name, vec![plain(other)])),
        }
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Datetime(moment) => moment.to_string(),
        // No setting is a list of lists or of tables: what wants a text then says so.
        Value::Array(_) | Value::Table(_) => String::new(),
    }
}

/// The strongest value of each setting. Names that are no setting are wrong.
pub(super) fn merge(sources: &[Source], wrong: &mut Vec<Wrong>) -> BTreeMap<&'static str, Given> {
    let mut merged = BTreeMap::new();
    for source in sources {
        for (key, values) in &source.given {
            let known = SETTINGS.iter().find(|setting| match source.kind {
                Kind::Environment => variable(setting.name) == *key,
                Kind::File | Kind::Flags => setting.name == *key,
            });
            // A secret belongs neither into a file that is copied about nor into what every process can read.
            let allowed = known.filter(|setting| !setting.secret || source.kind == Kind::Environment);
            match allowed {
                Some(setting) => {
                    let given = Given { key: key.clone(), from: source.from.clone(), values: values.clone() };
                    merged.insert(setting.name, given);
                }
                None => wrong.push(unknown(source, key, known.is_some())),
            }
        }
    }
    merged
}

fn unknown(source: &Source, key: &str, secret: bool) -> Wrong {
    let remedy = match (secret, nearest(key, source.kind)) {
        (true, _) => fill("gateway.config_secret", &[("variable", &variable(key))]),
        (false, Some(near)) => fill("gateway.config_unknown_near", &[("near", &near)]),
        (false, None) => text("gateway.config_unknown").into(),
    };
    Wrong { key: key.into(), from: source.from.clone(), value: text("gateway.config_hidden").into(), remedy }
}

/// The setting whose name is most like a mistyped one, if any is like it at all.
fn nearest(key: &str, kind: Kind) -> Option<String> {
    let names = SETTINGS.iter().filter(|setting| !setting.secret).map(|setting| match kind {
        Kind::Environment => variable(setting.name),
        Kind::File | Kind::Flags => setting.name.to_owned(),
    });
    let ranked = names.map(|name| (distance(key, &name), name)).min()?;
    (ranked.0 <= 3).then_some(ranked.1)
}

/// The number of single changes that turn one text into the other.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().take(64).enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in two.iter().enumerate() {
            let least = [row[j] + usize::from(a != *b), row[j + 1] + 1, next[j] + 1];
            next.push(least.into_iter().min().unwrap_or(0));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_as_large_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        for (bytes, taken) in
            [(limits::CONFIG_BYTES - 1, true), (limits::CONFIG_BYTES, true), (limits::CONFIG_BYTES + 1, false)]
        {
            let mut content = String::from("name = 'Gate'\n#");
            content.extend(std::iter::repeat_n('x', bytes as usize - content.len()));
            std::fs::write(&path, &content).unwrap();
            match Source::file(&path) {
                Ok(source) => assert!(taken && source.given.len() == 1, "{bytes}"),
                Err(ConfigFault::File(fault)) => {
                    assert_eq!((bytes, taken, fault.why), (bytes, false, Unfit::Large(limits::CONFIG_BYTES)));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
