//! The words in which people are told: templates of a title and a body. English and Swahili come with the program, and a shop
//! may have its own.
//!
//! A template sees the fields of the event, and `currency` in any case. `{{ amount | money(currency) }}` shows minor units, and
//! `{% if … %}` chooses. There is nothing that repeats, keeps or multiplies: what a shop writes must not grow.

mod examples;
mod words;

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use soko_kernel::Language;

use super::catalogue::ActionType;
use super::templates::EventTemplate;
use words::WORDS;

pub(super) use examples::example_of;

/// Steps that rendering one text may take.
const FUEL: u64 = 20_000;
/// The languages of the words that come with the program; the first where a shop's has none.
const LANGUAGES: [&str; 2] = ["en", "sw"];
/// Characters of a title, as written and as told.
const TITLE_LENGTH_MAX: usize = 200;
/// Characters of a body.
const BODY_LENGTH_MAX: usize = 2_000;
/// The tags that a template may have.
const TAGS: [&str; 4] = ["if", "elif", "else", "endif"];

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
}

/// The words of a shop.
pub(super) struct ShopWords {
    environment: Environment<'static>,
    own: HashSet<(&'static str, String, Option<ActionType>)>,
}

impl ShopWords {
    /// The shop's own, and what comes with the program where it has none.
    pub(super) fn of(templates: Vec<EventTemplate>) -> Self {
        if templates.is_empty() {
            return Self { environment: SHIPPED.clone(), own: HashSet::new() };
        }
        let (mut environment, mut own) = (SHIPPED.clone(), HashSet::new());
        for template in templates {
            let (event, language) = (template.event.name, template.language.code().to_owned());
            let name = |part| own_name(event, template.action, &language, part);
            let title = environment.add_template_owned(name(TITLE), template.title);
            let body = environment.add_template_owned(name(BODY), template.body);
            match title.and(body) {
                Ok(()) => {
                    own.insert((event, language, template.action));
                }
                // It was checked as it was stored.
                Err(error) => tracing::error!(event, %error, "a shop's words do not parse"),
            }
        }
        Self { environment, own }
    }

    /// The words for an event in a language: the shop's own, those for the kind of action first, before those that come with
    /// the program, and those in English where there are none. Without any, at least what the event is.
    pub(super) fn text_of(
        &self,
        event: &'static str,
        action: ActionType,
        language: &Language,
        fields: &serde_json::Value,
    ) -> Text {
        let fields = Value::from(Serde(fields));
        let mut languages = vec![language.code()];
        languages.extend((language.code() != LANGUAGES[0]).then_some(LANGUAGES[0]));
        for language in languages {
            let own = [Some(action), None].into_iter().filter_map(|action| {
                let is_own = self.own.contains(&(event, language.to_owned(), action));
                is_own.then(|| [TITLE, BODY].map(|part| own_name(event, action, language, part)))
            });
            let shipped = [TITLE, BODY].map(|part| shipped_name(event, language, part));
            for names in own.chain([shipped]) {
                match self.render(&names, &fields) {
                    Some(Ok(text)) => return text,
                    Some(Err(error)) => {
                        tracing::warn!(event, language, %error, "words cannot be used for an event");
                    }
                    None => {}
                }
            }
        }
        Text { title: event.to_owned(), body: String::new() }
    }

    fn render(&self, [title, body]: &[String; 2], fields: &Value) -> Option<Result<Text, minijinja::Error>> {
        let title = self.environment.get_template(title).ok()?.render(fields);
        let body = self.environment.get_template(body).ok()?.render(fields);
        Some(title.and_then(|title| {
            let cut = |text: String, longest| text.chars().take(longest).collect();
            Ok(Text { title: cut(title, TITLE_LENGTH_MAX), body: cut(body?, BODY_LENGTH_MAX) })
        }))
    }
}

/// The words that come with the program, in their languages.
pub(super) fn shipped(event: &str) -> impl Iterator<Item = (Language, &'static str, &'static str)> {
    let words = WORDS.iter().find(|words| words.event == event);
    let texts = words.into_iter().flat_map(|words| LANGUAGES.into_iter().zip(words.texts));
    texts.filter_map(|(language, (title, body))| Some((Language::parse(language)?, title, body)))
}

/// Whether a shop may have these words for an event: they are short, parse, name nothing that the event does not have, and
/// can be rendered.
///
/// # Errors
/// Why not, for whoever wrote them.
pub(super) fn check(event: &'static str, title: &str, body: &str) -> Result<(), String> {
    let mut known = example_of(event);
    known["currency"] = "KES".into();
    let fields = Value::from(Serde(&known));
    for (part, text, longest) in [(TITLE, title, TITLE_LENGTH_MAX), (BODY, body, BODY_LENGTH_MAX)] {
        if text.trim().is_empty() || text.chars().count() > longest {
            return Err(format!("the {part} has 1 to {longest} characters"));
        }
        check_tags(text).map_err(|why| format!("the {part}: {why}"))?;
        let wrong = |error: minijinja::Error| format!("the {part}: {error}");
        let template = SHIPPED.template_from_str(text).map_err(wrong)?;
        let named: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
        if let Some(unknown) = named.iter().find(|name| known.get(name.as_str()).is_none()) {
            let fields: Vec<&str> =
                known.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            return Err(format!("the {part} names {unknown:?}; {event} has {}", fields.join(", ")));
        }
        template.render(&fields).map_err(wrong)?;
    }
    Ok(())
}

/// Whether a template only chooses: what repeats, keeps or multiplies could make a little text very much.
fn check_tags(text: &str) -> Result<(), String> {
    for after in text.split("{%").skip(1) {
        let tag = after.trim_start_matches(['-', '+']).trim_start();
        let tag: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!("there is no tag {tag:?} here, only {}", TAGS.join(", ")));
        }
    }
    let begin = [text.find("{{"), text.find("{%")].into_iter().flatten().min();
    let end = [text.rfind("}}"), text.rfind("%}")].into_iter().flatten().max();
    if let (Some(begin), Some(end)) = (begin, end)
        && text.get(begin..end).is_some_and(|inside| inside.contains('*'))
    {
        return Err(
            "nothing is multiplied here: a * may stand before the first field or after the last".to_owned()
        );
    }
    Ok(())
}

const TITLE: &str = "title";
const BODY: &str = "body";

/// What a template is called.
fn own_name(event: &str, action: Option<ActionType>, language: &str, part: &str) -> String {
    format!("own/{event}/{}/{language}/{part}", action.map_or("", ActionType::as_str))
}

fn shipped_name(event: &str, language: &str, part: &str) -> String {
    format!("{event}/{language}/{part}")
}

static SHIPPED: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("money", money);
    for words in WORDS {
        for (language, (title, body)) in LANGUAGES.into_iter().zip(words.texts) {
            for (part, text) in [(TITLE, title), (BODY, body)] {
                let name = shipped_name(words.event, language, part);
                if let Err(error) = environment.add_template_owned(name, text) {
                    // A test renders all of them.
                    tracing::error!(event = words.event, %error, "words do not parse");
                }
            }
        }
    }
    environment
});

/// Minor units as people read them: `KES 1,160.00`.
fn money(minor: i64, currency: &str) -> String {
    let (whole, rest) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if minor < 0 { "-" } else { "" };
    format!("{currency} {sign}{grouped}.{rest:02}")
}

#[cfg(test)]
mod tests;
