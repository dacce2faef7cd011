//! Which licences may be depended on: SPDX expressions, read as far as crates use them.

/// Licences that ask for no more than their notice.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "NCSA",
    "Unicode-3.0",
    "Zlib",
];

/// File-level copyleft, allowed crate by crate: we use them unchanged.
const NAMED: [(&str, &str); 1] = [("uniffi", "MPL-2.0")];

/// Whether a crate under `expression` may be used. `/` is the older way to write `OR`.
pub fn allows(krate: &str, expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let verdict = either(krate, &mut rest);
    verdict == Some(true) && rest.is_empty()
}

fn either(krate: &str, rest: &mut &[&str]) -> Option<bool> {
    let mut verdict = both(krate, rest)?;
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        verdict |= both(krate, rest)?;
    }
    Some(verdict)
}

fn both(krate: &str, rest: &mut &[&str]) -> Option<bool> {
    let mut verdict = term(krate, rest)?;
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        verdict &= term(krate, rest)?;
    }
    Some(verdict)
}

fn term(krate: &str, rest: &mut &[&str]) -> Option<bool> {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let verdict = either(krate, rest)?;
            let [")", tail @ ..] = *rest else { return None };
            *rest = tail;
            Some(verdict)
        }
        [licence, "WITH", exception, tail @ ..] => {
            *rest = tail;
            Some(ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()))
        }
        [licence, tail @ ..] => {
            *rest = tail;
            let named = NAMED.iter().any(|(family, own)| krate.starts_with(family) && own == licence);
            Some(named || ALLOWED.contains(licence))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for good in [
            "MIT",
            "NCSA",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(allows("x", good), "{good}");
        }
        for bad in
            ["GPL-3.0", "MIT AND GPL-3.0", "", "(MIT", "MIT OR", "Apache-2.0 WITH Other-exception", "MIT Apache-2.0"]
        {
            assert!(!allows("x", bad), "{bad}");
        }
    }

    #[test]
    fn copyleft_a_file_is_allowed_by_name_alone() {
        assert!(allows("uniffi_core", "MPL-2.0"));
        assert!(!allows("x", "MPL-2.0"));
    }
}
