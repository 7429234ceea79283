//! Texts in several languages: what clients send, what they read, and which language they get.
//!
//! A text is shown in the language that is wanted, else in the channel's default language, else in the one that was
//! written first.

pub(super) mod repo;

use std::collections::{BTreeMap, BTreeSet};

use soko_kernel::{Actor, Language, Timestamp};

use super::error::CatalogueError;
use super::text::{self, InvalidText, TakenSlugs};

/// Which language a text is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Languages {
    /// The language of the answer.
    pub wanted: Language,
    /// The language of texts that the wanted one lacks.
    pub fallback: Language,
}

impl Languages {
    /// The actor's language, then the channel's.
    pub fn of(actor: &Actor) -> Self {
        Self { wanted: actor.language, fallback: actor.channel.default_language }
    }
}

/// A name in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// Its id, unique among translations of its kind.
    pub id: i64,
    /// The language.
    pub language: Language,
    /// The name.
    pub name: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Name, slug and description of a product or collection in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SluggedTranslation {
    /// Its id, unique among translations of its kind.
    pub id: i64,
    /// The language.
    pub language: Language,
    /// The name.
    pub name: String,
    /// The name in addresses, unique in the channel for the language.
    pub slug: String,
    /// The description, in the shop's own mark-up.
    pub description: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A name as a client sends it. Without a name the present one stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationInput {
    /// The language.
    pub language: Language,
    /// The name.
    pub name: Option<String>,
}

impl TranslationInput {
    /// A name in a language.
    pub fn new(language: Language, name: impl Into<String>) -> Self {
        Self { language, name: Some(name.into()) }
    }
}

/// Texts of a product or collection as a client sends them. What is absent stays; a new translation needs a name,
/// and gets a slug from it where it has none of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SluggedInput {
    /// The language.
    pub language: Language,
    /// The name.
    pub name: Option<String>,
    /// The slug; what is no slug is made one.
    pub slug: Option<String>,
    /// The description.
    pub description: Option<String>,
}

impl SluggedInput {
    /// A name in a language, with its slug and without a description.
    pub fn new(language: Language, name: impl Into<String>) -> Self {
        Self { language, name: Some(name.into()), slug: None, description: None }
    }
}

/// A name that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) language: Language,
    pub(super) name: String,
}

/// Texts that are to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slugged {
    pub(super) language: Language,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) description: String,
}

/// The names of a new thing: at least one, and none twice in a language.
pub(super) fn new_names(inputs: &[TranslationInput]) -> Result<Vec<Name>, CatalogueError> {
    if inputs.is_empty() {
        return Err(CatalogueError::NoTranslation);
    }
    changed_names(inputs, &[])
}

/// The names that change: those that the inputs give another text.
pub(super) fn changed_names(
    inputs: &[TranslationInput],
    present: &[Translation],
) -> Result<Vec<Name>, CatalogueError> {
    check_languages(inputs.iter().map(|input| input.language))?;
    let mut names = Vec::with_capacity(inputs.len());
    for input in inputs {
        let known = present.iter().find(|translation| translation.language == input.language);
        match (&input.name, known) {
            (Some(name), _) => {
                names.push(Name { language: input.language, name: text::name("name", name)? });
            }
            (None, Some(_)) => {}
            (None, None) => return Err(InvalidText::Empty("name").into()),
        }
    }
    Ok(names)
}

/// The texts of a new product or collection: at least one language, and none twice.
pub(super) fn new_slugged(
    inputs: &[SluggedInput],
    taken: &mut TakenSlugs,
) -> Result<Vec<Slugged>, CatalogueError> {
    if inputs.is_empty() {
        return Err(CatalogueError::NoTranslation);
    }
    changed_slugged(None, inputs, &[], taken)
}

/// The texts that change of a thing, with slugs that are free.
pub(super) fn changed_slugged(
    owner: Option<i64>,
    inputs: &[SluggedInput],
    present: &[SluggedTranslation],
    taken: &mut TakenSlugs,
) -> Result<Vec<Slugged>, CatalogueError> {
    check_languages(inputs.iter().map(|input| input.language))?;
    let present: BTreeMap<Language, &SluggedTranslation> =
        present.iter().map(|translation| (translation.language, translation)).collect();
    inputs
        .iter()
        .map(|input| {
            let known = present.get(&input.language);
            let name = match (&input.name, known) {
                (Some(name), _) => text::name("name", name)?,
                (None, Some(known)) => known.name.clone(),
                (None, None) => return Err(InvalidText::Empty("name").into()),
            };
            let slug = match (wanted_slug(input), known) {
                (Some(wanted), _) => taken.claim(owner, input.language, &text::slug(wanted)?),
                (None, Some(known)) => known.slug.clone(),
                (None, None) => taken.claim(owner, input.language, &text::slug(&name)?),
            };
            let description = match (&input.description, known) {
                (Some(description), _) => text::description(description)?,
                (None, Some(known)) => known.description.clone(),
                (None, None) => String::new(),
            };
            Ok(Slugged { language: input.language, name, slug, description })
        })
        .collect()
}

/// The slugs that the inputs may ask for, before they are made unique.
pub(super) fn asked_slugs<'i>(inputs: impl IntoIterator<Item = &'i SluggedInput>) -> BTreeSet<String> {
    let wanted = |input: &'i SluggedInput| wanted_slug(input).or(input.name.as_deref());
    inputs.into_iter().filter_map(wanted).filter_map(|text| text::slug(text).ok()).collect()
}

fn wanted_slug(input: &SluggedInput) -> Option<&str> {
    input.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty())
}

fn check_languages(languages: impl Iterator<Item = Language>) -> Result<(), CatalogueError> {
    let mut seen = BTreeSet::new();
    for language in languages {
        if !seen.insert(language) {
            return Err(CatalogueError::DuplicateTranslation(language));
        }
    }
    Ok(())
}

/// Each thing's id beside every text of its own.
pub(super) fn with_ids<I: Copy + Into<i64>, T>(ids: &[I], texts: Vec<Vec<T>>) -> Vec<(i64, T)> {
    let mut owned = Vec::new();
    for (id, texts) in ids.iter().zip(texts) {
        let id: i64 = (*id).into();
        owned.extend(texts.into_iter().map(|text| (id, text)));
    }
    owned
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn stored(name: &str, slug: &str) -> SluggedTranslation {
        SluggedTranslation {
            id: 1,
            language: Language::EN,
            name: name.to_owned(),
            slug: slug.to_owned(),
            description: "Old.".to_owned(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn keeps_what_is_absent() {
        let input = SluggedInput::new(Language::EN, "Green tea");
        let changed = changed_slugged(
            Some(1),
            std::slice::from_ref(&input),
            &[stored("Tea", "tea")],
            &mut TakenSlugs::default(),
        );
        let expected = Slugged {
            language: Language::EN,
            name: "Green tea".to_owned(),
            slug: "tea".to_owned(),
            description: "Old.".to_owned(),
        };
        assert_eq!(changed.unwrap(), [expected]);
        let created = new_slugged(&[input], &mut TakenSlugs::default()).unwrap();
        assert_eq!((created[0].slug.as_str(), created[0].description.as_str()), ("green-tea", ""));
    }

    #[test]
    fn refuses_what_has_no_name_or_two() {
        let nameless = TranslationInput { language: Language::EN, name: None };
        assert!(matches!(new_names(&[nameless]), Err(CatalogueError::Text(InvalidText::Empty("name")))));
        assert!(matches!(new_names(&[]), Err(CatalogueError::NoTranslation)));
        let twice = [TranslationInput::new(Language::EN, "a"), TranslationInput::new(Language::EN, "b")];
        assert!(matches!(new_names(&twice), Err(CatalogueError::DuplicateTranslation(Language::EN))));
    }
}
