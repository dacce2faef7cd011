//! Copies `core/src` with shuttle's locks in the place of the standard library's, and one place where the broken variant
//! keeps a lock.

use std::fs;
use std::path::Path;

include!("../phone.rs");

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo names it")).join("core");
    println!("cargo::rerun-if-changed=../phone.rs");
    println!("cargo::rerun-if-changed={}", root.join("core/src").display());
    for (name, text) in phone(&root).unwrap_or_else(|fault| panic!("{fault}")) {
        let place = out.join(name);
        fs::create_dir_all(place.parent().expect("a folder")).expect("the folder of cargo is writable");
        fs::write(place, text).expect("the folder of cargo is writable");
    }
}
