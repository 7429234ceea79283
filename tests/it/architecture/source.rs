//! The repository's Rust files as tokens.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use walkdir::WalkDir;

/// Folders that hold what tools write.
const GENERATED: &[&str] = &["target", "node_modules"];

/// A Rust file.
pub struct Source {
    /// Path from the repository's top, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A token that rules look at, with its line.
pub enum Token {
    /// A name or keyword.
    Word(String),
    /// A string or number as written.
    Literal(String),
    /// One sign.
    Sign(char),
    /// The start or the end of `{…}`, the only brackets that rules need to see.
    Open,
    Close,
}

/// The repository's top folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below these folders of the repository. At least one, or the rule would hold of nothing.
pub fn sources(folders: &[&str]) -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    for folder in folders {
        let before = sources.len();
        let walk = WalkDir::new(root.join(folder)).sort_by_file_name();
        let entries = walk.into_iter().filter_entry(|entry| {
            !entry.file_type().is_dir() || !GENERATED.iter().any(|name| entry.file_name() == *name)
        });
        for entry in entries.map(|entry| entry.expect("a readable folder")) {
            if entry.path().extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let path = entry.path().strip_prefix(&root).expect("a path below the top");
            let path = path.to_str().expect("a path in UTF-8").replace('\\', "/");
            let text = std::fs::read_to_string(entry.path()).expect("a readable file");
            sources.push(Source { path, text });
        }
        assert!(sources.len() > before, "there is no Rust file in {folder}");
    }
    sources
}

impl Source {
    /// The tokens of the program with their lines: neither comments nor documentation nor modules and functions under
    /// `#[cfg(test)]`.
    pub fn tokens(&self) -> Vec<(usize, Token)> {
        let stream: TokenStream =
            self.text.parse().unwrap_or_else(|error| panic!("{} does not parse: {error}", self.path));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        tokens
    }

    /// `path:line`, for messages.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<(usize, Token)>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while let Some(tree) = trees.get(index) {
        index += 1;
        let line = tree.span().start().line;
        match tree {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                let Some(attribute) = attribute(&trees[index..]) else { continue };
                index += attribute.length;
                if attribute.test_only {
                    index += item_length(&trees[index..]);
                }
            }
            TokenTree::Group(group) => {
                let braces = group.delimiter() == Delimiter::Brace;
                if braces {
                    tokens.push((line, Token::Open));
                }
                flatten(group.stream(), tokens);
                if braces {
                    tokens.push((group.span_close().start().line, Token::Close));
                }
            }
            TokenTree::Ident(word) => tokens.push((line, Token::Word(word.to_string()))),
            TokenTree::Literal(literal) => tokens.push((line, Token::Literal(literal.to_string()))),
            TokenTree::Punct(sign) => tokens.push((line, Token::Sign(sign.as_char()))),
        }
    }
}

struct Attribute {
    /// Tokens after the `#`.
    length: usize,
    test_only: bool,
}

/// `[…]` or `![…]` after a `#`.
fn attribute(rest: &[TokenTree]) -> Option<Attribute> {
    let is_content = |group: &Group| group.delimiter() == Delimiter::Bracket;
    let test_only = |group: &Group| {
        let text: String = group.stream().to_string().split_whitespace().collect();
        text == "cfg(test)" || text == "cfg(any(test,feature=\"testing\"))"
    };
    match rest {
        [TokenTree::Group(group), ..] if is_content(group) => {
            Some(Attribute { length: 1, test_only: test_only(group) })
        }
        [TokenTree::Punct(_), TokenTree::Group(group), ..] if is_content(group) => {
            Some(Attribute { length: 2, test_only: false })
        }
        _ => None,
    }
}

/// Tokens up to the end of an item: its body, or the semicolon of one without.
fn item_length(rest: &[TokenTree]) -> usize {
    let is_end = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    rest.iter().position(is_end).map_or(rest.len(), |end| end + 1)
}

#[test]
fn leaves_out_comments_documentation_and_tests() {
    let text = "
        /// says f64
        fn work() { let name = \"kept\"; } // and f32
        #[cfg(test)]
        mod tests { fn check() { let hidden = 1; } }
        fn after() {}
    ";
    let source = Source { path: "sample.rs".to_owned(), text: text.to_owned() };
    let words: Vec<String> = source
        .tokens()
        .into_iter()
        .filter_map(|(_, token)| match token {
            Token::Word(text) | Token::Literal(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["fn", "work", "let", "name", "\"kept\"", "fn", "after"]);
}
