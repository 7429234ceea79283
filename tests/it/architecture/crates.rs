//! Imports between crates, and the libraries that stay outside of some.

use std::collections::{BTreeMap, BTreeSet};

use super::assert_none;
use super::source::root;

/// Each crate of the program with the crates of the program that it may use.
const TIERS: &[(&str, &[&str])] = &[
    ("core/kernel", &[]),
    ("core/extension", &["soko-kernel"]),
    ("core/infra", &["soko-kernel"]),
    ("core/domain", &["soko-kernel", "soko-extension", "soko-infra"]),
    ("core/graphql", &["soko-kernel", "soko-extension", "soko-domain"]),
    ("host-bindings", &["soko-kernel", "soko-extension"]),
    (
        "core/app",
        &["soko-kernel", "soko-extension", "soko-infra", "soko-domain", "soko-graphql", "soko-host"],
    ),
];

/// Crates that are no part of the program.
const OUTSIDE: &[&str] = &["tests", "tests/tools", "tests/xtask"];

/// Libraries with the only crates that may use them.
const WALLS: &[(&str, &[&str])] = &[
    ("wasmtime", &["host-bindings"]),
    ("wasmtime-wasi", &["host-bindings"]),
    ("async-graphql", &["core/graphql", "core/app"]),
    ("axum", &["core/app"]),
    ("hyper", &["core/app"]),
    ("clap", &["core/app"]),
    ("anyhow", &["core/app"]),
    ("sqlx", &["core/kernel", "core/infra", "core/domain"]),
    ("libsqlite3-sys", &["core/infra"]),
];

fn manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a crate's program uses, also for some targets only; not what its tests use.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let mut tables: Vec<&toml::Table> = Vec::new();
    let mut add = |from: &toml::Table| -> Vec<String> {
        let of =
            |kind: &str| from.get(kind).and_then(toml::Value::as_table).map(|table| table.keys().cloned());
        ["dependencies", "build-dependencies"].into_iter().filter_map(of).flatten().collect()
    };
    let mut names = add(manifest);
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    names.extend(tables.into_iter().flat_map(&mut add));
    names.into_iter().collect()
}

/// What breaks the tiers and walls, by crate.
fn violations(crates: &BTreeMap<&str, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, dependencies) in crates {
        let Some((_, allowed)) = TIERS.iter().find(|(name, _)| name == folder) else {
            found.push(format!("{folder} has no place among the tiers"));
            continue;
        };
        for dependency in dependencies {
            let ours = dependency == "soko" || dependency.starts_with("soko-");
            if ours && !allowed.contains(&dependency.as_str()) {
                found.push(format!("{folder} must not use {dependency}"));
            }
            let wall = WALLS.iter().find(|(library, _)| library == dependency);
            if wall.is_some_and(|(_, inside)| !inside.contains(folder)) {
                found.push(format!("{folder} must not use {dependency}"));
            }
        }
    }
    found
}

#[test]
fn crates_use_lower_tiers_only() {
    let workspace = manifest(".");
    let members = workspace["workspace"]["members"].as_array().expect("a list of members");
    let members: Vec<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    let crates: BTreeMap<&str, BTreeSet<String>> = members
        .into_iter()
        .filter(|folder| !OUTSIDE.contains(folder))
        .map(|folder| (folder, dependencies(&manifest(folder))))
        .collect();
    assert_eq!(crates.len(), TIERS.len(), "every crate of the tiers is a member");
    assert_none("imports between crates", &violations(&crates));
}

#[test]
fn catches_a_crate_that_reaches_up() {
    let domain: toml::Table = "[dependencies]\nsoko-infra.workspace = true\nsoko-graphql.workspace = true\n\
                               [target.'cfg(unix)'.dependencies]\nwasmtime = \"48\"\n\
                               [dev-dependencies]\nsoko = \"1\""
        .parse()
        .expect("a manifest");
    let found =
        violations(&BTreeMap::from([("core/domain", dependencies(&domain)), ("core/new", BTreeSet::new())]));
    assert_eq!(
        found,
        [
            "core/domain must not use soko-graphql",
            "core/domain must not use wasmtime",
            "core/new has no place among the tiers"
        ]
    );
}
