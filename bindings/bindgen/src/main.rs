//! Writes the foreign halves of the bindings from the built library: `countersign-bindgen generate LIBRARY …`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
