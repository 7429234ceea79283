//! Full-text search: the one place of the catalogue where the dialects differ.
//!
//! On SQLite the table `search_text` is an FTS5 index that cuts texts into words by itself. On PostgreSQL it is a table
//! with a `tsvector` made of texts that are cut here, by the same rules.

use soko_infra::db::{Bound, Dialect, MultiRowInsert};
use soko_infra::{DatabaseError, Tx};
use soko_kernel::{ChannelScope, ProductId};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::document::Document;
use crate::catalogue::batch;

/// Longest term, in characters.
pub const TERM_LENGTH_MAX: usize = 200;
/// Most words of a term that are looked for; further ones are left out.
pub const TERM_WORDS_MAX: usize = 16;

/// What a term counts more or less by where its words stand: channel, product name, variant name, SKU, facet values,
/// description.
const RANK: &str = "-bm25(search_text, 0.0, 10.0, 8.0, 6.0, 3.0, 1.0)";
/// The same on PostgreSQL: description and channel, facet values, variant name and SKU, product name.
const TS_RANK: &str = "ts_rank('{0.1, 0.3, 0.7, 1.0}', t.words, q.query)";

/// Longest word, and last place of a word, that PostgreSQL's index takes.
const LEXEME_BYTES_MAX: usize = 2_046;
const POSITION_MAX: usize = 16_383;

/// How matching documents are found, in a statement that names the document `d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matching {
    /// What finds them, for the statement's `WITH`: materialised, so that the index is asked once and not per variant.
    pub(super) with: String,
    /// The tables to read from.
    pub(super) from: &'static str,
    /// How well a document matches.
    pub(super) score: &'static str,
}

/// Finds documents that have every word of the term, or one that begins with it, in any field, for a statement whose `$1`
/// is the channel. `None` for a term without a word, which matches nothing.
pub(super) fn matching(
    dialect: Dialect,
    values: &mut Vec<Bound>,
    scope: ChannelScope,
    term: &str,
) -> Option<Matching> {
    let words = words(term);
    if words.is_empty() {
        return None;
    }
    let (query, found): (String, fn(usize) -> String) = match dialect {
        Dialect::Sqlite => (query(scope, &words), |place| {
            format!("SELECT rowid AS id, {RANK} AS score FROM search_text WHERE search_text MATCH ${place}")
        }),
        // Parts without a word of the index, such as a sign that belongs to a letter, match nothing.
        Dialect::Postgres if words.iter().any(|part| words_of(part).next().is_none()) => return None,
        Dialect::Postgres => (ts_query(scope, &words), |place| {
            format!(
                "SELECT t.rowid AS id, CAST({TS_RANK} AS DOUBLE PRECISION) AS score \
                 FROM search_text t, (SELECT CAST(${place} AS TSQUERY) AS query) q \
                 WHERE t.channel_id = $1 AND t.words @@ q.query"
            )
        }),
    };
    values.push(query.into());
    Some(Matching {
        with: format!("found AS MATERIALIZED ({})", found(values.len())),
        from: "found JOIN search_document d ON d.channel_id = $1 AND d.id = found.id",
        score: "found.score",
    })
}

/// The parts of a term between white space that have a letter or a digit.
fn words(term: &str) -> Vec<&str> {
    let has_word = |part: &&str| part.chars().any(char::is_alphanumeric);
    term.split(|c: char| c.is_whitespace() || c.is_control()).filter(has_word).take(TERM_WORDS_MAX).collect()
}

/// The words as prefixes, all of which must match, below the word that stands for the channel. Quoted words are
/// data: nothing a client writes is read as an operator.
fn query(scope: ChannelScope, words: &[&str]) -> String {
    let quoted: Vec<String> =
        words.iter().map(|word| format!("\"{}\"*", word.replace('"', "\"\""))).collect();
    format!(
        "channel : {} AND {{product_name variant_name sku facet_values description}} : ({})",
        channel_word(scope),
        quoted.join(" AND ")
    )
}

/// The same for PostgreSQL: the words of each part follow each other, and its last may go on.
fn ts_query(scope: ChannelScope, parts: &[&str]) -> String {
    format!("'#{}' & {}", channel_word(scope), ts_phrases(parts))
}

fn ts_phrases(parts: &[&str]) -> String {
    let phrase = |part: &&str| {
        let words: Vec<String> = words_of(part).map(|word| format!("'{word}'")).collect();
        format!("({}:*)", words.join(" <-> "))
    };
    parts.iter().map(phrase).collect::<Vec<_>>().join(" & ")
}

/// Runs of letters and digits, without diacritics, in lower case.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words: Vec<String> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// A text as the index of this dialect takes it.
fn indexable(dialect: Dialect, text: String) -> String {
    match dialect {
        Dialect::Sqlite => text,
        Dialect::Postgres => lexemes(&text),
    }
}

/// The words with their places: `'green':1 'tea':2`. Places beyond what PostgreSQL counts are all its last.
fn lexemes(text: &str) -> String {
    let numbered = (1..).zip(words_of(text)).filter(|(_, word)| word.len() <= LEXEME_BYTES_MAX);
    let lexeme = |(place, word): (usize, String)| format!("'{word}':{}", place.min(POSITION_MAX));
    numbered.map(lexeme).collect::<Vec<_>>().join(" ")
}

fn channel_word(scope: ChannelScope) -> String {
    format!("c{}", scope.channel_id())
}

const DELETE_TEXTS: &str = "DELETE FROM search_text WHERE rowid IN \
     (SELECT id FROM search_document WHERE channel_id = $1 AND product_id IN ({ids}))";
const DELETE_TEXTS_ON_POSTGRES: &str = "DELETE FROM search_text WHERE channel_id = $1 AND rowid IN \
     (SELECT id FROM search_document WHERE channel_id = $1 AND product_id IN ({ids}))";
const DELETE_DOCUMENTS: &str = "DELETE FROM search_document WHERE channel_id = $1 AND product_id IN ({ids})";

/// Takes the documents of products out of the index.
pub(super) async fn remove(
    tx: &mut Tx,
    scope: ChannelScope,
    products: &[ProductId],
) -> Result<(), DatabaseError> {
    let texts = match tx.dialect() {
        Dialect::Sqlite => DELETE_TEXTS,
        Dialect::Postgres => DELETE_TEXTS_ON_POSTGRES,
    };
    for sql in [texts, DELETE_DOCUMENTS] {
        batch::execute(tx, sql, batch::of_channel(scope), batch::raw(products)).await?;
    }
    Ok(())
}

const INSERT_DOCUMENTS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO search_document (channel_id, product_id, variant_id, language)",
    4,
    "RETURNING id",
);
const INSERT_TEXTS: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO search_text (rowid, channel, product_name, variant_name, sku, facet_values, description)",
    7,
    "",
);
const INSERT_TEXTS_ON_POSTGRES: MultiRowInsert = MultiRowInsert::new(
    "INSERT INTO search_text (rowid, channel_id, product_name, variant_name, sku, facet_values, description)",
    7,
    "",
);

/// Adds documents to the index.
pub(super) async fn add(
    tx: &mut Tx,
    scope: ChannelScope,
    documents: Vec<Document>,
) -> Result<(), DatabaseError> {
    let row = |document: &Document| -> Vec<Bound> {
        vec![
            scope.channel_id().0.into(),
            document.product_id.0.into(),
            document.variant_id.0.into(),
            document.language.code().into(),
        ]
    };
    let rows: Vec<Vec<Bound>> = documents.iter().map(row).collect();
    let mut ids: Vec<(i64,)> = INSERT_DOCUMENTS.fetch(tx, rows).await?;
    // Ids are given in the rows' order; what is returned may come in another.
    ids.sort_unstable();
    let dialect = tx.dialect();
    let (insert, channel): (_, Bound) = match dialect {
        Dialect::Sqlite => (INSERT_TEXTS, channel_word(scope).into()),
        Dialect::Postgres => (INSERT_TEXTS_ON_POSTGRES, scope.channel_id().0.into()),
    };
    let text = |(document, (id,)): (Document, (i64,))| -> Vec<Bound> {
        vec![
            id.into(),
            channel.clone(),
            indexable(dialect, document.product_name).into(),
            indexable(dialect, document.variant_name).into(),
            indexable(dialect, document.sku).into(),
            indexable(dialect, document.facet_values).into(),
            indexable(dialect, document.description).into(),
        ]
    };
    let texts: Vec<Vec<Bound>> = documents.into_iter().zip(ids).map(text).collect();
    insert.execute(tx, texts).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_only_parts_with_words() {
        assert_eq!(
            words("  green-tea  \"500g\" && -- chai\u{0}ya "),
            ["green-tea", "\"500g\"", "chai", "ya"]
        );
        assert_eq!(words(" !? \"\" * "), [] as [&str; 0]);
        assert_eq!(words(&"a ".repeat(100)).len(), TERM_WORDS_MAX);
    }

    #[test]
    fn cuts_texts_into_plain_words() {
        let plain: Vec<String> = words_of("Café Crème 1.5kg, 'l\u{2019}eau' -- ÇİÇEK").collect();
        assert_eq!(plain, ["cafe", "creme", "1", "5kg", "l", "eau", "cicek"]);
        assert_eq!(lexemes("Green-tea 12E4F9"), "'green':1 'tea':2 '12e4f9':3");
        assert_eq!(ts_phrases(&["green-tea", "50'"]), "('green' <-> 'tea':*) & ('50':*)");
    }
}
