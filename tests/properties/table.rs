//! The table of scanned texts: what each is, and the sentence that a person reads.

/// One text.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its class, as programmers write it.
    pub class: String,
    /// What a person reads.
    pub sentence: String,
    /// The text, as it was scanned.
    pub text: String,
}

/// Reads the table: blocks of `= CLASS`, `> SENTENCE` and texts.
///
/// # Panics
/// Where a text stands before a class and a sentence, or an escape is none.
pub fn table(file: &str) -> Vec<Row> {
    let (mut class, mut sentence) = ("", "");
    let mut rows = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("= ") {
            (class, sentence) = (name, "");
        } else if let Some(words) = line.strip_prefix("> ") {
            sentence = words;
        } else {
            assert!(!class.is_empty() && !sentence.is_empty(), "{line} stands outside of a block");
            rows.push(Row { class: class.to_owned(), sentence: sentence.to_owned(), text: meant(line) });
        }
    }
    rows
}

/// A text as it is meant: with its line feeds and the characters that nobody sees.
fn meant(written: &str) -> String {
    let mut out = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some((code, after)) = after.strip_prefix("u{").and_then(|code| code.split_once('}')) {
            let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            out.push(code.unwrap_or_else(|| panic!("no character: {written}")));
            rest = after;
            continue;
        }
        let mut after = after.chars();
        out.push(match after.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('\\') => '\\',
            other => panic!("no escape: {other:?} in {written}"),
        });
        rest = after.as_str();
    }
    out + rest
}
