//! Makes the variants of `variants.rs`.

use std::path::Path;

include!("variants.rs");

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = std::env::var("OUT_DIR").expect("cargo names it");
    println!("cargo::rerun-if-changed=variants.rs");
    for variant in VARIANTS {
        println!("cargo::rerun-if-changed=../{}", variant.source);
    }
    let made = make(&root).unwrap_or_else(|fault| panic!("{fault}"));
    for (name, text) in made {
        std::fs::write(Path::new(&out).join(format!("{name}.rs")), text).expect("the folder of cargo is writable");
    }
}
