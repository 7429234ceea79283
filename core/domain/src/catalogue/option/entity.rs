//! What the variants of a product differ in.

use soko_kernel::{Language, OptionGroupId, OptionId, Timestamp};

use crate::catalogue::translation::TranslationInput;

/// Something that variants differ in, such as size. Products may share it. Its name is in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OptionGroup {
    /// Its id.
    pub id: OptionGroupId,
    /// The language of the name.
    pub language: Language,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many products that are not deleted have it.
    pub product_count: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One value of an option group, such as 13 inch. Its name is in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ProductOption {
    /// Its id.
    pub id: OptionId,
    /// The group.
    pub group_id: OptionGroupId,
    /// The language of the name.
    pub language: Language,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new option group needs.
#[derive(Debug, Clone)]
pub struct NewOptionGroup {
    /// Its code.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<TranslationInput>,
    /// Options that are created with it.
    pub options: Vec<NewOption>,
}

/// What a new option needs.
#[derive(Debug, Clone)]
pub struct NewOption {
    /// Its code.
    pub code: String,
    /// Its name, in at least one language.
    pub translations: Vec<TranslationInput>,
}

/// What may change of an option group or an option; absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct OptionChanges {
    /// The code.
    pub code: Option<String>,
    /// Names that change.
    pub translations: Vec<TranslationInput>,
}
