//! Licences, sources and banned crates, from the locked graphs of all platforms: ours, and those of the workspaces of their own: benches, fuzz
//! targets, what explores threads.

use crate::suite::Result;
use crate::{Fallible, child, licence, notices, repo};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

/// Crates that must not be in any tree, and what we use in their place.
const BANNED: [(&str, &str); 4] = [
    ("aws-lc-sys", "ring"),
    ("openssl-sys", "rustls with ring"),
    ("native-tls", "rustls with ring"),
    ("rqrr", "our own reader, core/src/qr: rqrr needs 107 s on one picture"),
];

/// Of these, what the benches may run beside ours, in a process that is ended in time.
const PEERS: [&str; 1] = ["rqrr"];

/// The one place crates may come from.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What has a lock file of its own.
const MANIFESTS: [&str; 4] = ["Cargo.toml", "benches/Cargo.toml", "fuzz/Cargo.toml", "torture/Cargo.toml"];

/// Runs the three checks on each graph, and compares the app's list with ours; each counts as one test.
pub fn check() -> Result {
    let mut sum = Result::default();
    MANIFESTS.iter().for_each(|manifest| sum.add(check_graph(manifest)));
    sum.add(notices::check());
    sum
}

fn check_graph(manifest: &str) -> Result {
    let graph = metadata(manifest).and_then(|text| Graph::read(&text));
    let graph = match graph {
        Ok(graph) => graph,
        Err(fault) => return Result { failed: 3, output: fault, passed: 0 },
    };
    let faults = [graph.licences(), graph.sources(), graph.banned(manifest)];
    let failed = faults.iter().map(|faults| u32::from(!faults.is_empty())).sum();
    Result { passed: 3 - failed, failed, output: faults.concat().join("\n") }
}

fn metadata(manifest: &str) -> Fallible<String> {
    let manifest = repo::root().join(manifest);
    child::fetch(&manifest)?;
    let mut command = child::cargo();
    command.args(["metadata", "--locked", "--offline", "--format-version", "1", "--manifest-path"]).arg(&manifest);
    command.stdin(Stdio::null());
    let output = command.output().map_err(|fault| child::not_started("cargo", &fault))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|fault| fault.to_string())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

struct Crate {
    name: String,
    version: String,
    licence: String,
    source: Option<String>,
}

/// The crates that the resolver chose, and nothing that merely stands in a manifest.
struct Graph {
    crates: Vec<Crate>,
}

impl Graph {
    fn read(text: &str) -> Fallible<Self> {
        let metadata: Value = serde_json::from_str(text).map_err(|fault| format!("cargo metadata: {fault}"))?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| (word(&node["id"]), list(&node["dependencies"]).iter().map(word).collect()))
            .collect();
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<String> = list(&metadata["workspace_members"]).iter().map(word).collect();
        while let Some(id) = ahead.pop() {
            if reached.insert(id.clone()) {
                ahead.extend(edges.get(&id).into_iter().flatten().cloned());
            }
        }
        let packages = list(&metadata["packages"]);
        let packages = packages.iter().filter(|package| reached.contains(&word(&package["id"])));
        let crates: Vec<Crate> = packages
            .map(|package| Crate {
                name: word(&package["name"]),
                version: word(&package["version"]),
                licence: word(&package["license"]),
                source: package["source"].as_str().map(str::to_owned),
            })
            .collect();
        if crates.is_empty() { Err("cargo metadata named no package".to_owned()) } else { Ok(Self { crates }) }
    }

    fn licences(&self) -> Vec<String> {
        let bad = self.crates.iter().filter(|each| !licence::allows(&each.name, &each.licence));
        bad.map(|each| format!("licence not allowed: {} {} ({})", each.name, each.version, each.licence)).collect()
    }

    fn sources(&self) -> Vec<String> {
        let bad = self.crates.iter().filter(|each| each.source.as_deref().is_some_and(|source| source != SOURCE));
        bad.map(|each| format!("not from crates.io: {} {}", each.name, each.version)).collect()
    }

    fn banned(&self, manifest: &str) -> Vec<String> {
        let is_peer = |name| manifest == "benches/Cargo.toml" && PEERS.contains(name);
        let banned = BANNED.iter().filter(|(name, _)| !is_peer(name));
        let found = banned.filter(|(name, _)| self.crates.iter().any(|each| each.name == *name));
        found.map(|(name, instead)| format!("banned: {name}; use {instead}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(name: &str, licence: &str, source: &str) -> Graph {
        let text = format!(
            r#"{{"workspace_members":["a"],
                 "resolve":{{"nodes":[{{"id":"a","dependencies":["b"]}},{{"id":"b","dependencies":[]}},{{"id":"c","dependencies":[]}}]}},
                 "packages":[{{"id":"a","name":"ours","version":"1","license":"MIT","source":null}},
                             {{"id":"b","name":"{name}","version":"1","license":"{licence}","source":"{source}"}},
                             {{"id":"c","name":"openssl-sys","version":"1","license":"GPL-3.0","source":"git+x"}}]}}"#
        );
        Graph::read(&text).unwrap()
    }

    #[test]
    fn a_good_graph_passes_whatever_lies_outside_it() {
        let graph = graph("ring", "MIT", SOURCE);
        assert_eq!([graph.licences(), graph.sources(), graph.banned("Cargo.toml")].concat(), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found_and_named() {
        assert_eq!(graph("x", "GPL-3.0", SOURCE).licences(), ["licence not allowed: x 1 (GPL-3.0)"]);
        assert_eq!(graph("x", "MIT", "git+https://example.org/x").sources(), ["not from crates.io: x 1"]);
        assert_eq!(graph("aws-lc-sys", "MIT", SOURCE).banned("Cargo.toml"), ["banned: aws-lc-sys; use ring"]);
        let peer = graph("rqrr", "MIT", SOURCE);
        assert!(peer.banned("benches/Cargo.toml").is_empty() && peer.banned("fuzz/Cargo.toml").len() == 1);
    }
}
