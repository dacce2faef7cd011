//! Where things are: the repository, its target folder, the Python environment.

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The one target folder.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A built program, in the one profile.
pub fn built(program: &str) -> PathBuf {
    target().join("debug").join(program)
}

/// A program that `setup` put into the Python environment.
pub fn in_venv(program: &str) -> PathBuf {
    target().join("python-venv/bin").join(program)
}

/// Whether a program of this name is on the search path.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The modules of the one test binary, in the order of `tests/main.rs`: each is a suite.
pub fn journey_modules(main: &str) -> Vec<String> {
    main.lines()
        .filter_map(|line| line.trim().strip_prefix("mod ")?.strip_suffix(';'))
        .map(|name| name.trim_start_matches("r#").to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_module_of_the_test_binary_is_found() {
        let main = "//! Journeys.\n#[cfg(test)]\nmod architecture;\nmod push;\nfn helper() {}\n";
        assert_eq!(super::journey_modules(main), ["architecture", "push"]);
    }
}
