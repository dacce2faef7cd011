//! The phone's texts as its shells take them, into `target/strings`: Android's resources in each language, the names of the
//! texts in Kotlin with what each wants to be given, and the resource of each name.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use countersign_strings::phone::{self, Shown};

use crate::{Fallible, repo};

/// `cargo xtask strings`.
pub fn run() -> Fallible<bool> {
    for file in write()? {
        println!("{}", file.display());
    }
    Ok(true)
}

/// Writes all of them anew.
pub fn write() -> Fallible<Vec<PathBuf>> {
    let texts: Vec<Shown> = phone::shown().collect();
    let german = |text: &Shown| text.german.unwrap_or(text.english);
    let files = [
        ("res/values/strings.xml", resources(&texts, |text| text.english)),
        ("res/values-de/strings.xml", resources(&texts, german)),
        ("kotlin/org/countersign/logic/text/Key.kt", keys(&texts)),
        ("kotlin/org/countersign/logic/text/Say.kt", sentences(&texts)),
        ("app/org/countersign/app/TextIds.kt", ids(&texts)),
    ];
    let folder = repo::target().join("strings");
    files.into_iter().map(|(name, words)| file(folder.join(name), &words)).collect()
}

fn file(path: PathBuf, words: &str) -> Fallible<PathBuf> {
    let fault = |fault: std::io::Error| format!("{}: {fault}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    // What did not change is not written: Maven would build on it anew.
    if fs::read_to_string(&path).is_ok_and(|there| there == words) {
        return Ok(path);
    }
    fs::write(&path, words).map_err(fault)?;
    Ok(path)
}

/// What a text is called among Android's resources.
fn resource(key: &str) -> String {
    key.replace('.', "_")
}

fn resources(texts: &[Shown], language: impl Fn(&Shown) -> &'static str) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<resources>\n");
    for text in texts {
        let words = android(language(text), &phone::names(text.english));
        let _infallible = writeln!(out, "  <string name=\"{}\">{words}</string>", resource(text.key));
    }
    out.push_str("</resources>\n");
    out
}

/// A text as Android reads it: `{name}` by the place of its name in English, and nothing left that would be read otherwise.
fn android(text: &str, names: &[&str]) -> String {
    let text = if names.is_empty() { text.to_owned() } else { text.replace('%', "%%") };
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\'' | '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '@' | '?' if out.is_empty() => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    for (place, name) in names.iter().enumerate() {
        out = out.replace(&format!("{{{name}}}"), &format!("%{}$s", place + 1));
    }
    out
}

const WRITTEN: &str = "// Written by `cargo xtask strings` from strings/.\n";

fn keys(texts: &[Shown]) -> String {
    let mut out = format!(
        "{WRITTEN}package org.countersign.logic.text\n\n\
         /** The texts of the phone. [resource] is the name among Android's resources. */\n\
         enum class Key(val resource: String) {{\n"
    );
    for text in texts {
        let name = resource(text.key);
        let _infallible = writeln!(out, "    {}(\"{name}\"),", name.to_uppercase());
    }
    out.push_str("}\n");
    out
}

fn sentences(texts: &[Shown]) -> String {
    let mut out = format!(
        "{WRITTEN}package org.countersign.logic.text\n\n\
         /** Every text of the phone by its key, with what it wants to be given. */\nobject Say {{\n"
    );
    for text in texts {
        let (name, names) = (resource(text.key), phone::names(text.english));
        let _infallible = writeln!(out, "    /** {} */", text.english.replace('\n', " ").replace("*/", "* /"));
        let (said, key) = (camel(&name), name.to_uppercase());
        let _infallible = if names.is_empty() {
            writeln!(out, "    val {said}: Text get() = Said(Key.{key})")
        } else {
            let taken: Vec<String> = names.iter().map(|name| format!("`{name}`: Text")).collect();
            let given: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let (taken, given) = (taken.join(", "), given.join(", "));
            writeln!(out, "    fun {said}({taken}): Text = Said(Key.{key}, listOf({given}))")
        };
    }
    out.push_str("}\n");
    out
}

/// `phone_burn_hold_here` as `phoneBurnHoldHere`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |sum, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|c| c.to_ascii_uppercase());
        sum + &head.into_iter().chain(letters).collect::<String>()
    })
}

/// In the order of the keys, so that a name's place finds it.
fn ids(texts: &[Shown]) -> String {
    let mut out = format!(
        "{WRITTEN}package org.countersign.app\n\n\
         /** The resource of each text, by its place among `Key`. */\ninternal val TEXT_IDS: IntArray = intArrayOf(\n"
    );
    for text in texts {
        let _infallible = writeln!(out, "    R.string.{},", resource(text.key));
    }
    out.push_str(")\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [Shown; 2] = [
        Shown { key: "phone.hold_it", english: "Don't move", german: Some("Nicht \"bewegen\"") },
        Shown { key: "phone.of", english: "{n} of {all}: 5 % & <more>", german: Some("Von {all}: {n}") },
    ];

    #[test]
    fn a_placeholder_has_the_place_of_its_name_in_english() {
        let german = resources(&TEXTS, |text| text.german.unwrap_or_default());
        assert!(german.contains("<string name=\"phone_of\">Von %2$s: %1$s</string>"), "{german}");
    }

    #[test]
    fn nothing_is_left_that_android_would_read_otherwise() {
        let english = resources(&TEXTS, |text| text.english);
        assert!(english.contains("<string name=\"phone_hold_it\">Don\\'t move</string>"), "{english}");
        assert!(english.contains("%1$s of %2$s: 5 %% &amp; &lt;more>"), "{english}");
        assert_eq!(android("?\n\\", &[]), "\\?\\n\\\\");
    }

    #[test]
    fn kotlin_knows_the_names_of_what_is_given() {
        let kotlin = sentences(&TEXTS);
        assert!(kotlin.contains("val phoneHoldIt: Text get() = Said(Key.PHONE_HOLD_IT)"), "{kotlin}");
        let of = "fun phoneOf(`n`: Text, `all`: Text): Text = Said(Key.PHONE_OF, listOf(`n`, `all`))";
        assert!(kotlin.contains(of), "{kotlin}");
        assert!(keys(&TEXTS).contains("    PHONE_OF(\"phone_of\"),\n"));
        assert!(ids(&TEXTS).contains("    R.string.phone_hold_it,\n    R.string.phone_of,\n"));
    }
}
