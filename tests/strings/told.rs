//! A fault is told in a sentence of its own: its `Display`, which is for the log, gets into no words that people read.

use countersign_tests::source::{root, sources};
use syn::visit::Visit;

/// Where words for people are put together: all of the phone at the desk, and the gateway's commands.
const WHERE: [&str; 2] = ["cli/src/", "gateway/src/command"];

/// The one place that puts the words of the system or a library behind a sentence, and takes nothing else (decision 0009);
/// and the technical line that is given to whoever helps, in the same words for every language.
const MAY: [&str; 2] = ["caused", "details"];

/// What a fault is called where it is caught.
const FAULTS: [&str; 5] = ["cause", "error", "fault", "problem", "why"];

/// Collects where a fault is turned into text.
#[derive(Default)]
struct Displayed(Vec<String>);

impl Displayed {
    fn of(source: &str) -> Vec<String> {
        let mut found = Self::default();
        syn::visit::visit_file(&mut found, &syn::parse_file(source).expect("it is Rust"));
        found.0
    }
}

/// The last name of `fault`, `&fault`, `self.fault` or `(fault)`.
fn last(of: &syn::Expr) -> Option<String> {
    match of {
        syn::Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        syn::Expr::Reference(inner) => last(&inner.expr),
        syn::Expr::Paren(inner) => last(&inner.expr),
        syn::Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => last(&field.base),
        },
        _ => None,
    }
}

fn is_fault(name: &str) -> bool {
    FAULTS.contains(&name)
}

impl<'ast> Visit<'ast> for Displayed {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !MAY.contains(&&*function.sig.ident.to_string()) {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "to_string"
            && let Some(name) = last(&call.receiver).filter(|name| is_fault(name))
        {
            self.0.push(format!("{name}.to_string()"));
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if !["format", "write", "writeln", "print", "println", "eprintln"].contains(&&*name) {
            return;
        }
        let list = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        let Ok(values) = called.parse_body_with(list) else { return };
        for value in &values {
            match value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
                    let text = text.value();
                    let named = text.split('{').skip(1).filter_map(|rest| rest.split(['}', ':']).next());
                    self.0.extend(named.filter(|name| is_fault(name)).map(|name| format!("{name}! {{{name}}}")));
                }
                other => {
                    self.0.extend(last(other).filter(|name| is_fault(name)).map(|name| format!("{name}!(…)")));
                    self.visit_expr(other);
                }
            }
        }
    }
}

#[test]
fn no_fault_is_told_by_its_display() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| WHERE.iter().any(|place| source.file.starts_with(place))) {
        if source.file.ends_with("tests.rs") {
            continue;
        }
        found.extend(Displayed::of(&source.text).into_iter().map(|text| format!("{}: {text}", source.file)));
    }
    assert!(found.is_empty(), "faults whose Display people would read:\n{}", found.join("\n"));
}

#[test]
fn a_fault_told_by_its_display_is_caught() {
    let fixture = root().join("tests/fixtures/strings/told.rs");
    let source = std::fs::read_to_string(fixture).expect("the fixture can be read");
    let expected = ["fault.to_string()", "why.to_string()", "error.to_string()", "fault! {fault}", "why!(…)"];
    assert_eq!(Displayed::of(&source), expected);
}

/// What a library says is put behind a sentence by one text, which names nothing else.
#[test]
fn one_text_takes_what_the_system_says() {
    let caused = countersign_strings::text("common.caused");
    assert!(caused.starts_with("{words}\n") && caused.ends_with("{why}"), "{caused}");
}
