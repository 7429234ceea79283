//! Names, codes and slugs: what they may be, and how a slug is made of a name.

use std::collections::HashMap;

use soko_kernel::Language;

/// Longest name, code, SKU or slug, in characters.
pub const NAME_LENGTH_MAX: usize = 255;
/// Longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 100_000;

/// A text that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("the {0} must not be empty")]
    Empty(&'static str),
    /// More characters than allowed.
    #[error("the {field} may have at most {max} characters")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// Most characters.
        max: usize,
    },
    /// A text of which no slug can be made, because it has neither letters nor digits.
    #[error("no slug can be made of {0:?}: it has neither letters nor digits")]
    NoSlug(String),
}

/// The text without white space around it, if it is neither empty nor too long.
pub(super) fn name(field: &'static str, text: &str) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Empty(field));
    }
    at_most(field, text, NAME_LENGTH_MAX)?;
    Ok(text.to_owned())
}

/// A description, which may be empty.
pub(super) fn description(text: &str) -> Result<String, InvalidText> {
    at_most("description", text, DESCRIPTION_LENGTH_MAX)?;
    Ok(text.to_owned())
}

fn at_most(field: &'static str, text: &str, max: usize) -> Result<(), InvalidText> {
    if text.chars().count() > max { Err(InvalidText::TooLong { field, max }) } else { Ok(()) }
}

/// The slug of a text: its letters in ASCII and lower case, its digits, and single dashes for all else.
///
/// # Errors
/// A text without letters and digits.
pub fn slug(text: &str) -> Result<String, InvalidText> {
    let mut slug = slug::slugify(text);
    if slug.len() > NAME_LENGTH_MAX {
        slug.truncate(NAME_LENGTH_MAX);
        slug.truncate(slug.trim_end_matches('-').len());
    }
    if slug.is_empty() { Err(InvalidText::NoSlug(text.to_owned())) } else { Ok(slug) }
}

/// Slugs of one kind of thing that are taken, by language, and the id of the thing that has them.
#[derive(Debug, Default)]
pub(super) struct TakenSlugs(HashMap<(Language, String), Option<i64>>);

impl TakenSlugs {
    /// The slug itself where it is free or the owner's already, else the first free one of `slug-2`, `slug-3` and so
    /// on. It is taken then. New things have no owner's id yet.
    pub(super) fn claim(&mut self, owner: Option<i64>, language: Language, slug: &str) -> String {
        let mut claimed = slug.to_owned();
        let mut number = 2_u64;
        while self.is_taken(owner, language, &claimed) {
            claimed = format!("{slug}-{number}");
            number += 1;
        }
        self.0.insert((language, claimed.clone()), owner);
        claimed
    }

    /// Whether another thing has the slug.
    pub(super) fn is_taken(&self, owner: Option<i64>, language: Language, slug: &str) -> bool {
        let holder = self.0.get(&(language, slug.to_owned()));
        holder.is_some_and(|holder| owner.is_none() || *holder != owner)
    }
}

impl FromIterator<(Language, String, i64)> for TakenSlugs {
    fn from_iter<I: IntoIterator<Item = (Language, String, i64)>>(slugs: I) -> Self {
        Self(slugs.into_iter().map(|(language, slug, owner)| ((language, slug), Some(owner))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_slugs_of_names() {
        for (name, expected) in [
            ("Laptop", "laptop"),
            ("  Wireless  Optical Mouse! ", "wireless-optical-mouse"),
            ("Käse & Brötchen", "kase-brotchen"),
            ("Ñandú–ø", "nandu-o"),
            ("32-Inch_Monitor", "32-inch-monitor"),
        ] {
            assert_eq!(slug(name).as_deref(), Ok(expected));
        }
        assert_eq!(slug(" !? "), Err(InvalidText::NoSlug(" !? ".to_owned())));
        assert_eq!(slug(&"é".repeat(400)).map(|slug| slug.len()), Ok(NAME_LENGTH_MAX));
    }

    #[test]
    fn numbers_slugs_that_are_taken() {
        let stored = [(Language::EN, "laptop".to_owned(), 7), (Language::EN, "laptop-3".to_owned(), 8)];
        let mut taken: TakenSlugs = stored.into_iter().collect();
        assert_eq!(taken.claim(None, Language::SW, "laptop"), "laptop");
        assert_eq!(taken.claim(Some(7), Language::EN, "laptop"), "laptop");
        assert_eq!(taken.claim(None, Language::EN, "laptop"), "laptop-2");
        assert_eq!(taken.claim(None, Language::EN, "laptop"), "laptop-4");
        assert!(taken.is_taken(None, Language::EN, "laptop-4"));
    }

    #[test]
    fn refuses_empty_and_endless_names() {
        assert_eq!(name("name", " \t"), Err(InvalidText::Empty("name")));
        assert_eq!(name("name", " Tea "), Ok("Tea".to_owned()));
        assert_eq!(
            name("sku", &"x".repeat(NAME_LENGTH_MAX + 1)),
            Err(InvalidText::TooLong { field: "sku", max: NAME_LENGTH_MAX })
        );
    }
}
