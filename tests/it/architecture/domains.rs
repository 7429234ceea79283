//! Imports between domains, and what a domain's folder holds.

use std::collections::BTreeMap;

use super::assert_none;
use super::source::{Source, Token, root, sources};

const DOMAINS: &str = "core/domain/src";

/// Each domain's rank, as the crate's documentation gives them: ``Ranks: 0 `auth`, `channels`; 1 `plugins`.``
fn ranks(documentation: &str) -> BTreeMap<String, u32> {
    let text = documentation.replace("//!", " ");
    let list = text.split_once("Ranks:").expect("the ranks of the domains in the documentation").1;
    let list = list.split_once('.').expect("a full stop after the ranks").0;
    let mut ranks = BTreeMap::new();
    for tier in list.split(';') {
        let (rank, names) = tier.trim().split_once(' ').expect("a rank and its domains");
        let rank: u32 = rank.parse().expect("a rank in digits");
        for name in names.split(',') {
            ranks.insert(name.trim().trim_matches('`').to_owned(), rank);
        }
    }
    ranks
}

/// The modules of the crate that a file names after `crate::`, with their lines; groups in braces too.
fn modules_named(source: &Source) -> Vec<(usize, String)> {
    let tokens = source.tokens();
    let mut named = Vec::new();
    for (index, window) in tokens.windows(3).enumerate() {
        let [(_, Token::Word(word)), (_, Token::Sign(':')), (_, Token::Sign(':'))] = window else { continue };
        if word != "crate" {
            continue;
        }
        match tokens.get(index + 3) {
            Some((line, Token::Word(module))) => named.push((*line, module.clone())),
            Some((_, Token::Open)) => named.extend(group_members(&tokens[index + 4..])),
            _ => {}
        }
    }
    named
}

/// The first names of the members of `{a::b, c::{d, e}}`, from after the opening brace.
fn group_members(tokens: &[(usize, Token)]) -> Vec<(usize, String)> {
    let (mut depth, mut starts_member, mut members) = (0, true, Vec::new());
    for (line, token) in tokens {
        match token {
            Token::Close if depth == 0 => break,
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Sign(',') if depth == 0 => starts_member = true,
            Token::Word(module) if depth == 0 && starts_member => {
                members.push((*line, module.clone()));
                starts_member = false;
            }
            _ => {}
        }
    }
    members
}

/// The domain whose folder a file is in.
fn domain_of(path: &str) -> Option<&str> {
    path.strip_prefix(DOMAINS)?.strip_prefix('/')?.split_once('/').map(|(domain, _)| domain)
}

fn upward_imports(source: &Source, ranks: &BTreeMap<String, u32>) -> Vec<String> {
    let Some(domain) = domain_of(&source.path) else { return Vec::new() };
    let Some(rank) = ranks.get(domain) else { return vec![format!("{domain} has no rank")] };
    modules_named(source)
        .into_iter()
        .filter(|(_, other)| other != domain && ranks.get(other).is_some_and(|others| others >= rank))
        .map(|(line, other)| format!("{}: {domain} uses {other}", source.at(line)))
        .collect()
}

#[test]
fn domains_use_lower_ranks_only() {
    let library = std::fs::read_to_string(root().join(DOMAINS).join("lib.rs")).expect("the crate's root");
    let ranks = ranks(&library);
    let found: Vec<String> =
        sources(&[DOMAINS]).iter().flat_map(|source| upward_imports(source, &ranks)).collect();
    assert_none("imports between domains", &found);
}

#[test]
fn catches_domains_that_reach_up_or_sideways() {
    let ranks = ranks("//! Ranks: 0 `auth`, `channels`; 1 `tax`,\n//! `catalogue`; 2 `pricing`.\n//! More.");
    assert_eq!(ranks.len(), 5);
    let source = Source {
        path: format!("{DOMAINS}/tax/mod.rs"),
        text: "use crate::{channels::Channels, catalogue::{self, Variant}, tax::Rate};\n\
               // use crate::pricing;\n\
               fn price() { crate::pricing::work() }"
            .to_owned(),
    };
    let found = upward_imports(&source, &ranks);
    assert_eq!(
        found,
        [
            "core/domain/src/tax/mod.rs:1: tax uses catalogue",
            "core/domain/src/tax/mod.rs:3: tax uses pricing"
        ]
    );
    let stranger = Source { path: format!("{DOMAINS}/ledger/mod.rs"), text: String::new() };
    assert_eq!(upward_imports(&stranger, &ranks), ["ledger has no rank"]);
}

#[test]
fn every_domain_has_its_service_and_its_errors() {
    let library = std::fs::read_to_string(root().join(DOMAINS).join("lib.rs")).expect("the crate's root");
    let mut missing = Vec::new();
    for domain in ranks(&library).keys() {
        for file in ["mod.rs", "error.rs"] {
            let path = root().join(DOMAINS).join(domain).join(file);
            if !path.is_file() {
                missing.push(format!("{DOMAINS}/{domain}/{file} is missing"));
            }
        }
    }
    assert_none("files of a domain", &missing);
}
