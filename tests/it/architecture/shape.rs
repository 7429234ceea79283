//! How long files are, and where floats may not be.

use super::assert_none;
use super::source::{Source, Token, sources};

/// A file beyond this is split. The next wall, at 800, is never reached.
const LINES_MAX: usize = 500;

fn too_long(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > LINES_MAX).then(|| format!("{}: {lines} lines", source.path))
}

#[test]
fn files_are_short() {
    let folders = ["core", "host-bindings", "guest-plugins", "tests", "examples"];
    let found: Vec<String> = sources(&folders).iter().filter_map(too_long).collect();
    assert_none("files over 500 lines", &found);
}

#[test]
fn catches_a_long_file() {
    let file = |lines: usize| Source { path: "long.rs".to_owned(), text: "\n".repeat(lines) };
    assert_eq!(too_long(&file(LINES_MAX)), None);
    assert_eq!(too_long(&file(LINES_MAX + 1)), Some("long.rs: 501 lines".to_owned()));
}

fn floats(source: &Source) -> Vec<String> {
    let is_float = |token: &Token| match token {
        Token::Word(word) => word == "f32" || word == "f64",
        Token::Literal(text) => {
            let digits = text.starts_with(|first: char| first.is_ascii_digit());
            digits && (text.contains('.') || text.ends_with("f32") || text.ends_with("f64"))
        }
        _ => false,
    };
    source.tokens().iter().filter(|(_, token)| is_float(token)).map(|(line, _)| source.at(*line)).collect()
}

#[test]
fn kernel_and_domains_know_no_floats() {
    // How well a product matches a search is no money.
    let relevance = |source: &&Source| source.path.contains("catalogue/") && source.path.contains("search");
    let all = sources(&["core/kernel", "core/domain"]);
    let found: Vec<String> = all.iter().filter(|source| !relevance(source)).flat_map(floats).collect();
    assert_none("floats where money is", &found);
}

#[test]
fn catches_floats() {
    let text = "fn rate(of: f64) -> i64 { let share = 1.5; 3f32; \"2.5\"; 0x1f64 }";
    let source = Source { path: "rate.rs".to_owned(), text: text.to_owned() };
    assert_eq!(floats(&source).len(), 3 + 1, "0x1f64 looks like one, which is close enough");
}
