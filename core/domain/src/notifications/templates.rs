//! A shop's own words.

use soko_infra::Tx;
use soko_kernel::{Actor, Language, Permission};

use super::catalogue::{ActionType, EVENT_TYPES, EventType};
use super::error::NotificationError;
use super::{Notifications, repo, texts};

/// Words that a shop may have for one event, of all languages and kinds of action.
const TEMPLATES_MAX: usize = 40;

/// The words for an event in a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTemplate {
    /// The event's type.
    pub event: &'static EventType,
    /// The language.
    pub language: Language,
    /// For this kind of action only; for all that have no words of their own where it is absent.
    pub action: Option<ActionType>,
    /// A template of a few words.
    pub title: String,
    /// A template of a sentence.
    pub body: String,
    /// Whether they are the shop's own.
    pub is_own: bool,
}

impl EventTemplate {
    fn is_for(&self, event: &EventType, language: &Language) -> bool {
        self.event.name == event.name && self.language == *language && self.action.is_none()
    }
}

impl Notifications {
    /// The words for all events: the shop's own, and those that come with the program where it has none.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn templates(&self, actor: &Actor) -> Result<Vec<EventTemplate>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        let mut own = self.database.read(scope, async |reader| repo::templates(reader, scope).await).await?;
        let mut all = Vec::new();
        for event in EVENT_TYPES {
            for (language, title, body) in texts::shipped(event.name) {
                let place = own.iter().position(|template| template.is_for(event, &language));
                let (title, body) = (title.to_owned(), body.to_owned());
                let shipped = || EventTemplate { event, language, action: None, title, body, is_own: false };
                all.push(place.map_or_else(shipped, |place| own.swap_remove(place)));
            }
            let (of_event, others) = own.into_iter().partition(|template| template.event.name == event.name);
            let mut of_event: Vec<EventTemplate> = of_event;
            of_event.sort_by(|one, other| {
                (one.language.code(), one.action).cmp(&(other.language.code(), other.action))
            });
            all.extend(of_event);
            own = others;
        }
        Ok(all)
    }

    /// Gives an event the shop's own words in a language, for one kind of action or for all that have none of their own.
    ///
    /// # Errors
    /// [`NotificationError::UnknownEvent`], [`NotificationError::Template`], [`NotificationError::NotToPeople`].
    pub async fn set_template(
        &self,
        actor: &Actor,
        event: &str,
        (language, action): (Language, Option<ActionType>),
        (title, body): (String, String),
    ) -> Result<EventTemplate, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let event =
            EventType::find(event).ok_or_else(|| NotificationError::UnknownEvent(event.to_owned()))?;
        if action.is_some_and(|action| !ActionType::TO_PEOPLE.contains(&action)) {
            return Err(NotificationError::NotToPeople);
        }
        texts::check(event.name, &title, &body).map_err(NotificationError::Template)?;
        let (template, now) =
            (EventTemplate { event, language, action, title, body, is_own: true }, self.clock.now());
        self.database
            .write(scope, async move |tx: &mut Tx| {
                let own = repo::templates(tx, scope).await?;
                let is_other = |one: &&EventTemplate| {
                    one.event == event && (&one.language, one.action) != (&template.language, template.action)
                };
                if own.iter().filter(is_other).count() >= TEMPLATES_MAX {
                    let why = format!("an event has at most {TEMPLATES_MAX} templates");
                    return Err(NotificationError::Template(why));
                }
                repo::put_template(tx, scope, &template, now).await?;
                Ok(template.clone())
            })
            .await
    }

    /// Forgets the shop's own words for an event in a language. Says whether it had any.
    ///
    /// # Errors
    /// [`NotificationError::UnknownEvent`].
    pub async fn reset_template(
        &self,
        actor: &Actor,
        event: &str,
        (language, action): (Language, Option<ActionType>),
    ) -> Result<bool, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let event =
            EventType::find(event).ok_or_else(|| NotificationError::UnknownEvent(event.to_owned()))?;
        let write =
            async move |tx: &mut Tx| repo::delete_template(tx, scope, event, (&language, action)).await;
        Ok(self.database.write(scope, write).await?)
    }
}
