//! What of `App` the bindings mirror, by name: a method that comes is mirrored, or stands in a list with the reason why not.

use std::collections::BTreeSet;
use std::path::Path;

use syn::{ImplItem, Item, Type, Visibility};

/// For a shell that has a second keystore, or a journal of its own: no phone has one.
const AT_A_DESK: [&str; 6] =
    ["add_slot_of", "journal", "keystore_secret", "keystore_secret_by", "remove_keystore_slots", "unlock_by"];
/// Mirrored by another of the same kind: `codes`, and `burn_agreed`.
const BY_ANOTHER: [&str; 2] = ["accounts", "burn"];

#[test]
fn what_app_can_do_is_mirrored_or_named_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    let mut files = vec![root.join("core/src/app.rs")];
    let entries = std::fs::read_dir(root.join("core/src/app")).expect("the folder");
    files.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some()));
    let methods: BTreeSet<String> = files.iter().flat_map(|path| methods_of_app(path)).collect();
    assert!(methods.contains("approve") && methods.contains("codes"), "{methods:?}");
    let entries = std::fs::read_dir(root.join("bindings/src")).expect("the bindings");
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let bindings: String = paths.map(|path| std::fs::read_to_string(path).expect("a source")).collect();
    let missing: BTreeSet<&str> =
        methods.iter().map(String::as_str).filter(|name| !bindings.contains(&format!("app.{name}("))).collect();
    let listed: BTreeSet<&str> = AT_A_DESK.iter().chain(&BY_ANOTHER).copied().collect();
    assert_eq!(missing, listed, "left: not mirrored; right: listed so");
}

/// The public methods of `App` in one file.
fn methods_of_app(path: &Path) -> Vec<String> {
    let source = std::fs::read_to_string(path).expect("a source");
    let file = syn::parse_file(&source).expect("Rust");
    let blocks = file.items.into_iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    let of_app = blocks.filter(|block| matches!(&*block.self_ty, Type::Path(path) if path.path.is_ident("App")));
    let methods = of_app.flat_map(|block| block.items).filter_map(|item| match item {
        ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => Some(method.sig),
        _ => None,
    });
    methods.filter(|sig| sig.receiver().is_some()).map(|sig| sig.ident.to_string()).collect()
}
