//! Our own sources, parsed: which paths a file names outside its tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// The packages whose sources are looked at: all that is shipped, and xtask.
const PACKAGES: [&str; 9] =
    ["protocol", "core", "bindings", "strings", "prompt", "gateway", "cli", "emulator", "xtask"];

/// One parsed file.
pub struct Source {
    /// From the top of the repository: `core/src/vault/slot.rs`.
    pub file: String,
    /// Its package's folder: `core`.
    pub package: String,
    /// Its place in the crate: `["vault", "slot"]`.
    pub module: Vec<String>,
    /// Its text.
    pub text: String,
    parsed: syn::File,
}

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the repository").to_owned()
}

/// Every source file of every package.
pub fn sources() -> Vec<Source> {
    PACKAGES
        .iter()
        .flat_map(|package| files(&root().join(package).join("src"), "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source can be read");
            let file = path.strip_prefix(root()).expect("within the repository").to_string_lossy().into_owned();
            Source::parse(&file, &text)
        })
        .collect()
}

/// Every file below `folder` with this extension, in order.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                ahead.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

impl Source {
    /// Parses `text` as the file at `file`.
    ///
    /// # Panics
    /// When it is not Rust.
    pub fn parse(file: &str, text: &str) -> Self {
        let parsed = syn::parse_file(text).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        let (package, inside) = file.split_once("/src/").expect("a source lies in PACKAGE/src");
        let module = inside.trim_end_matches(".rs").split('/').map(str::to_owned);
        let module = module.filter(|part| !["lib", "main", "mod"].contains(&part.as_str())).collect();
        Self { file: file.to_owned(), package: package.to_owned(), module, text: text.to_owned(), parsed }
    }

    /// Every path it names outside `#[cfg(test)]`, with `self` and `super` resolved to `crate::…`, and a head that a
    /// `use` of the same file brought in resolved to what it stands for.
    pub fn paths(&self) -> Vec<String> {
        let mut collector = Paths { found: Vec::new(), named: BTreeMap::new() };
        collector.visit_file(&self.parsed);
        let whole = |path: &Vec<String>| match path.split_first() {
            Some((head, rest)) if !rest.is_empty() => {
                let brought = collector.named.get(head).into_iter().flatten();
                let brought = brought.map(|to| [to.as_slice(), rest].concat());
                std::iter::once(path.clone()).chain(brought).collect()
            }
            _ => vec![path.clone()],
        };
        collector.found.iter().flat_map(whole).map(|path| self.absolute(&path)).collect()
    }

    /// Every string literal outside `#[cfg(test)]`, those inside of macros too.
    pub fn literals(&self) -> Vec<String> {
        let mut literals = Literals(Vec::new());
        literals.visit_file(&self.parsed);
        literals.0
    }

    fn absolute(&self, path: &[String]) -> String {
        let mut here = self.module.clone();
        let mut rest = path;
        let mut relative = false;
        while let Some((first, tail)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => {
                    here.pop();
                }
                _ => break,
            }
            relative = true;
            rest = tail;
        }
        let start: &[String] = if relative { &here } else { &[] };
        let head = if relative { vec!["crate"] } else { Vec::new() };
        head.into_iter().chain(start.iter().chain(rest).map(String::as_str)).collect::<Vec<_>>().join("::")
    }
}

struct Paths {
    found: Vec<Vec<String>>,
    /// What each name that a `use` brings in stands for; the same name in two functions may stand for two things.
    named: BTreeMap<String, Vec<Vec<String>>>,
}

impl Paths {
    fn tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Name(name) => self.leaf(before, &name.ident, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(before, &rename.ident, &rename.rename),
            syn::UseTree::Glob(_) => self.found.push(before.clone()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(before, item)),
        }
    }

    /// `name` below `before`, known in this file as `alias`; `{self}` is known by the last name before it.
    fn leaf(&mut self, before: &[String], name: &syn::Ident, alias: &syn::Ident) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_string());
        }
        let alias = if alias == "self" { path.last().cloned() } else { Some(alias.to_string()) };
        if let Some(alias) = alias {
            self.named.entry(alias).or_default().push(path.clone());
        }
        self.found.push(path);
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let inside = attribute.path().is_ident("cfg").then(|| attribute.parse_args::<syn::Path>().ok()).flatten();
        inside.is_some_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.tree(&mut Vec::new(), &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    /// The inside of a macro is not parsed; names joined by `::` are found all the same.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string().replace(" :: ", "::");
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let paths = words.filter(|word| word.contains("::")).map(|word| word.trim_matches(':'));
        self.found.extend(paths.map(|path| path.split("::").map(str::to_owned).collect()));
    }
}

struct Literals(Vec<String>);

impl<'ast> Visit<'ast> for Literals {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.0.push(literal.value());
    }

    /// The inside of a macro is not parsed: what stands between two quotes is a literal, and what stands between two
    /// literals is taken for one too.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.0.extend(item.tokens.to_string().split('"').map(str::to_owned));
    }
}
