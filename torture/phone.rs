// The sources of the phone's rules under shuttle. Read by `phone/build.rs`, and by the test that says when a source has
// moved on and this has not.

/// What is exchanged in one file, which must be found once.
const PHONE_SWAPS: [(&str, &str, &str); 4] = [
    // Shuttle's locks know no poison: a panic ends the exploration.
    ("app.rs", "self.state.clear_poison();", ""),
    (
        "app/slots.rs",
        "        let key = self.state()?.safe.vault()?.key()?;\n        let slot = key.keystore_slot",
        "        let mut state = self.state()?;\n        let key = state.safe.vault()?.key()?;\n        let kept = crate::threads::kept(state);\n        let slot = key.keystore_slot",
    ),
    (
        "app/slots.rs",
        "        self.state()?.safe.vault()?.add_slot(slot, \"\")",
        "        drop(kept);\n        self.state()?.safe.vault()?.add_slot(slot, \"\")",
    ),
    // What describes a file cannot stand where a file is included.
    ("lib.rs", "//! ", "// "),
];

/// Every file of `core/src` by its name there, with what is exchanged.
///
/// # Errors
/// What was not found any more.
pub fn phone(root: &std::path::Path) -> Result<Vec<(String, String)>, String> {
    let (core, mut folders, mut found) = (root.join("core/src"), vec![root.join("core/src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))? {
            let path = entry.map_err(|fault| fault.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&core).map_err(|fault| fault.to_string())?.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|fault| format!("{name}: {fault}"))?;
            found.push((name.clone(), exchanged(&name, text)?));
        }
    }
    Ok(found)
}

fn exchanged(name: &str, mut text: String) -> Result<String, String> {
    // Decoding and the network have threads of their own, which are not explored here.
    if !name.starts_with("qr/") && !name.starts_with("net") {
        text = text.replace("std::sync::", "crate::threads::");
    }
    for (_, from, to) in PHONE_SWAPS.iter().filter(|(file, ..)| *file == name) {
        if !text.contains(from) {
            return Err(format!("core/src/{name} holds no {from:?} any more"));
        }
        text = text.replace(from, to);
    }
    // A bare `//!` describes too.
    Ok(if name == "lib.rs" { text.replace("//!", "//") } else { text })
}
