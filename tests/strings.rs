//! Code and texts agree: every key that is used is defined, every key that is defined is used, every value is given.

mod told;

use countersign_tests::source::{files, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::Visit;

/// Packages that speak to people.
const SPEAKERS: [&str; 4] = ["cli", "gateway", "prompt", "xtask"];

/// The demo's story speaks to people too, from among the tests.
const STORY: [&str; 3] = ["tests/story.rs", "tests/support/story.rs", "tests/support/other_make.rs"];

/// Keys that code puts together from a prefix and a name: each ends in what the prefix leaves open.
const PREFIXES: [&str; 0] = [];

/// What follows the dot of a file name, never of a key.
const EXTENSIONS: [&str; 9] = ["css", "db", "html", "js", "json", "log", "pem", "svg", "toml"];

/// A string literal, and the source before it.
struct Literal<'a> {
    before: &'a str,
    text: &'a str,
    after: &'a str,
}

/// The string literals of Rust or of a template, comments left out.
fn literals(source: &str) -> Vec<Literal<'_>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') && (at == 0 || bytes[at - 1] != b':') => {
                at += source[at..].find('\n').unwrap_or(source.len() - at);
            }
            b'\'' if bytes.get(at + 1) == Some(&b'"') && bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let end = at.min(bytes.len());
                let after = source.get(end + 1..).unwrap_or_default();
                found.push(Literal { before: &source[..start - 1], text: &source[start..end], after });
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// The string literals of Rust, or of the expressions of a template: there the quotes of markup are none.
fn literals_of<'a>(file: &str, source: &'a str) -> Vec<Literal<'a>> {
    if file.ends_with(".rs") {
        return literals(source);
    }
    let inside = |open: &str, close: &str| -> Vec<&'a str> {
        source.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
    };
    inside("{{", "}}").into_iter().chain(inside("{%", "%}")).flat_map(literals).collect()
}

fn is_key(text: &str, files: &BTreeSet<&str>) -> bool {
    let Some((file, name)) = text.split_once('.') else { return false };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    files.contains(file) && !name.is_empty() && name.chars().all(plain) && !EXTENSIONS.contains(&name)
}

fn defined() -> BTreeMap<&'static str, &'static str> {
    countersign_strings::keys().map(|key| (key, countersign_strings::text(key))).collect()
}

fn string_files() -> BTreeSet<&'static str> {
    countersign_strings::keys().filter_map(|key| key.split('.').next()).collect()
}

/// The shipped sources of those who speak, each by name: Rust without its tests, and templates.
fn spoken() -> Vec<(String, String)> {
    let rust = sources().into_iter().filter(|source| SPEAKERS.contains(&source.package.as_str()));
    let rust = rust.filter(|source| !source.file.ends_with("tests.rs"));
    let rust = rust.map(|source| {
        let shipped = without_tests(&source.text).to_owned();
        (source.file, shipped)
    });
    let story = STORY.map(|file| {
        let text = std::fs::read_to_string(root().join(file)).expect("the story can be read");
        (file.to_owned(), text)
    });
    rust.chain(story).chain(templates()).collect()
}

/// A file up to the tests at its foot; a test module in a file of its own is only named here.
fn without_tests(text: &str) -> &str {
    let marks = text.match_indices("#[cfg(test)]\nmod ").map(|(at, _)| at);
    let mut inline = marks.filter(|at| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')));
    inline.next().map_or(text, |at| &text[..at])
}

fn templates() -> Vec<(String, String)> {
    let found = files(&root().join("gateway"), "html");
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a template can be read");
        (path.strip_prefix(root()).expect("within").to_string_lossy().into_owned(), text)
    };
    found.into_iter().map(read).collect()
}

/// The names in `{…}` of a text.
fn names(text: &str) -> BTreeSet<&str> {
    let opened = text.split('{').skip(1);
    opened.map(|rest| rest.split_once('}').expect("every brace is closed").0).collect()
}

#[test]
fn every_key_used_is_defined_and_every_key_defined_is_used() {
    let (defined, files) = (defined(), string_files());
    let mut used = BTreeSet::new();
    let mut missing = Vec::new();
    let sources = spoken();
    for (file, source) in &sources {
        for literal in literals_of(file, source) {
            if is_key(literal.text, &files) {
                used.insert(literal.text);
                if !defined.contains_key(literal.text) {
                    missing.push(format!("{file}: {}", literal.text));
                }
            }
        }
    }
    let is_built = |key: &str| PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    // The library's own documentation and test use it.
    let unused: Vec<&&str> =
        defined.keys().filter(|key| !used.contains(**key) && !is_built(key) && **key != "common.seconds").collect();
    assert!(missing.is_empty(), "used, not defined:\n{}", missing.join("\n"));
    assert!(unused.is_empty(), "defined, not used: {unused:#?}");
}

#[test]
fn a_text_is_given_the_values_it_names_and_no_other() {
    let (defined, files) = (defined(), string_files());
    let mut faults = Vec::new();
    for (file, source) in &spoken() {
        for literal in literals_of(file, source).iter().filter(|literal| is_key(literal.text, &files)) {
            let Some(wanted) = defined.get(literal.text).map(|text| names(text)) else { continue };
            let call = literal.before.trim_end();
            if call.ends_with("text(") && !wanted.is_empty() {
                faults.push(format!("{file}: text({}) leaves {wanted:?} open", literal.text));
            }
            let list = literal.after.trim_start().trim_start_matches(',').trim_start();
            if let (true, Some(list)) = (call.ends_with("fill("), list.strip_prefix("&[")) {
                let given = pairs(list);
                if given != wanted {
                    faults.push(format!("{file}: fill({}) gives {given:?} for {wanted:?}", literal.text));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The names of `("a", x), ("b", y)]…`, up to the bracket that closes the list.
fn pairs(list: &str) -> BTreeSet<&str> {
    let mut depth = 1;
    let end = list.find(|c| {
        depth += match c {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        depth == 0
    });
    let list = &list[..end.unwrap_or(list.len())];
    literals(list)
        .iter()
        .filter(|l| l.before.trim_end().ends_with('(') && l.after.starts_with(','))
        .map(|l| l.text)
        .collect()
}

#[test]
fn texts_are_well_formed() {
    for (key, text) in defined() {
        assert!(!text.trim().is_empty() && text.trim() == text, "{key}: empty or padded");
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{key}: braces");
        for name in names(text) {
            assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{key}: {{{name}}}");
        }
        for never in ["Oops", "omething went wrong", "!!"] {
            assert!(!text.contains(never), "{key}: {never}");
        }
    }
}

/// What a template says by itself: text between tags, and attributes that are read out, expressions taken away.
fn own_words(template: &str) -> Vec<String> {
    let mut bare = template.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<!--", "-->"), ("<svg", "</svg>")] {
        while let Some(start) = bare.find(open) {
            let end = bare[start..].find(close).map_or(bare.len(), |end| start + end + close.len());
            bare.replace_range(start..end, " ");
        }
    }
    let mut found = Vec::new();
    for attribute in ["alt=\"", "aria-label=\"", "placeholder=\"", "title=\"", "content=\""] {
        let values = bare.match_indices(attribute).map(|(at, _)| &bare[at + attribute.len()..]);
        found.extend(values.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    let mut rest = bare.as_str();
    while let Some(start) = rest.find('<') {
        found.push(rest[..start].to_owned());
        rest = rest[start..].split_once('>').map_or("", |(_, after)| after);
    }
    found.push(rest.to_owned());
    let is_word = |text: &String| text.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let meta = ["width=device-width, initial-scale=1", "light dark", "no-referrer", "noindex", "Countersign"];
    found
        .into_iter()
        .map(|text| text.trim().to_owned())
        .filter(is_word)
        .filter(|text| !meta.contains(&text.as_str()))
        .collect()
}

#[test]
fn templates_hold_no_sentence_of_their_own() {
    for (file, template) in templates() {
        assert_eq!(own_words(&template), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_sentence_in_a_template_is_caught() {
    let template = "<h1>{{ title }}</h1>{# Not shown. #}<p>Hello there</p><img alt=\"A phone\"><p>· 1</p>";
    assert_eq!(own_words(template), ["A phone", "Hello there"]);
}

/// Packages whose Rust holds no sentence of its own: what they say to people they ask for by key.
const WITHOUT_SENTENCES: [&str; 3] = ["cli", "core", "gateway"];

/// Macros whose words are for the operator's log or for whoever mends the program, not for people (decisions 0003, 0009).
const NOT_SPOKEN: [&str; 16] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "error",
    "event",
    "include_str",
    "info",
    "info_span",
    "panic",
    "span",
    "trace",
    "unreachable",
    "warn",
];

/// Collects the sentences of a Rust file: string literals of several words, wherever they are not for the log, the store,
/// or the `Display` of an error.
#[derive(Default)]
struct Sentences(Vec<String>);

impl Sentences {
    fn of(source: &str) -> Vec<String> {
        let mut found = Self::default();
        syn::visit::visit_file(&mut found, &syn::parse_file(source).expect("it is Rust"));
        found.0
    }

    fn look(&mut self, text: &str) {
        if is_sentence(text) {
            self.0.push(text.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Sentences {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
        };
        if !module.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if !of.is_some_and(|of| of.ident == "Display" || of.ident == "Debug") {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method != "expect" {
            return syn::visit::visit_expr_method_call(self, call);
        }
        self.visit_expr(&call.receiver);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.look(&literal.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if NOT_SPOKEN.contains(&name.as_str()) {
            return;
        }
        let list = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        match called.parse_body_with(list) {
            Ok(values) => {
                let mut inside = Self::default();
                values.iter().for_each(|value| inside.visit_expr(value));
                self.0.append(&mut inside.0);
            }
            // A declaration of our own: what documents it is not said.
            Err(_) => literals(&called.tokens.to_string())
                .iter()
                .filter(|literal| !literal.before.trim_end_matches('r').trim_end().ends_with("doc ="))
                .for_each(|literal| self.look(literal.text)),
        }
    }
}

/// Names that other programs gave themselves, as they write them.
const NAMES: [&str; 1] = ["Mac OS"];

/// Several words in a row, as people write them. What a store, a header or another program is told looks different.
fn is_sentence(text: &str) -> bool {
    const STORE: [&str; 14] = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE ",
        "CREATE ",
        "PRAGMA ",
        "BEGIN",
        "ALTER ",
        "DROP ",
        "WITH ",
        "VACUUM ",
        "SAVEPOINT ",
        "RELEASE ",
        "ROLLBACK ",
    ];
    let start = text.trim_start();
    if STORE.iter().any(|other| start.starts_with(other)) || NAMES.contains(&text) {
        return false;
    }
    let mut bare = text.to_owned();
    while let Some(open) = bare.find('{') {
        let close = bare[open..].find('}').map_or(bare.len(), |at| open + at + 1);
        bare.replace_range(open..close, "\u{1}");
    }
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| ".,:;!?…()«»“”'".contains(c));
        word.chars().count() > 1 && word.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '’' || c == '-')
    };
    // Names of rules and causes, and clauses of the store, are written small and without an end.
    let is_told = start.starts_with(char::is_uppercase) || text.trim_end().ends_with(['.', '!', '?', '…', ':']);
    let words: Vec<bool> = bare.split_whitespace().map(is_word).collect();
    is_told && words.windows(2).any(|pair| pair[0] && pair[1])
}

#[test]
fn rust_holds_no_sentence_of_its_own() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| WITHOUT_SENTENCES.contains(&source.package.as_str())) {
        // Names for a table that scripts read (decision 0009).
        if source.file.ends_with("/limits.rs") {
            continue;
        }
        // A test module in a file of its own.
        if source.file.ends_with("tests.rs") || source.file.contains("/tests/") {
            continue;
        }
        found.extend(Sentences::of(&source.text).into_iter().map(|text| format!("{}: {text:?}", source.file)));
    }
    assert!(found.is_empty(), "sentences outside strings/en:\n{}", found.join("\n"));
}

#[test]
fn a_sentence_in_rust_is_caught() {
    let source =
        std::fs::read_to_string(root().join("tests/fixtures/strings/spoken.rs")).expect("the fixture can be read");
    assert_eq!(Sentences::of(&source), ["That went wrong, try again.", "It is {n} minutes late", "Hello there, {}"]);
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let source = "// \"no\"\nfill(\"a.b\", &[(\"n\", x(\"y\")), (\"m\", z[0])]); let c = '\"'; \"q\\\"r\"";
    let found = literals(source);
    assert_eq!(found.iter().map(|l| l.text).collect::<Vec<_>>(), ["a.b", "n", "y", "m", "q\\\"r"]);
    let list = found[0].after.trim_start_matches(", &[");
    assert_eq!(pairs(list), BTreeSet::from(["n", "m"]));
}
