//! Plugins that act on events: on their own, or before, instead of or after what the core does.

use std::sync::Arc;

use soko_extension::PluginKind;
use soko_extension::action::ActionPlugins;
use soko_infra::Tx;
use soko_kernel::{Actor, EventHandlerId, Permission, PluginBindingId, Timestamp};

use super::catalogue::{ActionType, EventCategory, EventType};
use super::error::NotificationError;
use super::{Notifications, repo};
use crate::plugins::{ActiveBinding, Plugins};

/// Handlers that a shop may have.
const HANDLERS_MAX: usize = 50;
/// Handlers of one kind of action: what is done about one event for one recipient has to end before another node takes it
/// for left alone.
const HANDLERS_PER_ACTION_MAX: usize = 5;

/// Where a handler has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placement {
    /// Before the built-in action, which does not take place if the handler says so.
    Before,
    /// In place of the built-in action.
    Instead,
    /// After the built-in action.
    After,
    /// By itself: called once for each event, for the shop.
    Alone,
}

impl Placement {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::Instead, Self::After, Self::Alone];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Instead => "instead",
            Self::After => "after",
            Self::Alone => "alone",
        }
    }

    /// The placement with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placement| placement.as_str() == name)
    }
}

/// A plugin that acts on events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHandler {
    /// Its id.
    pub id: EventHandlerId,
    /// The plugin as it is put to use, with its configuration and what it is granted. While the binding is off, so is the
    /// handler.
    pub binding: PluginBindingId,
    /// Only of this event, if it says so.
    pub event: Option<&'static EventType>,
    /// Only of this category, if it says so.
    pub category: Option<EventCategory>,
    /// The built-in action; none for a handler that is called by itself.
    pub action: Option<ActionType>,
    /// Where it has its place.
    pub placement: Placement,
    /// When it was made.
    pub created_at: Timestamp,
}

impl EventHandler {
    /// Whether it is called about an event, and an action if it is not called by itself.
    pub(super) fn applies(&self, event: &EventType, action: Option<ActionType>) -> bool {
        self.action == action
            && self.event.is_none_or(|only| only.name == event.name)
            && self.category.is_none_or(|only| only == event.category)
    }
}

/// A handler to be made.
#[derive(Debug, Clone)]
pub struct NewEventHandler {
    /// The plugin as it is put to use.
    pub binding: PluginBindingId,
    /// Only of the event of this name.
    pub event: Option<String>,
    /// Only of this category.
    pub category: Option<EventCategory>,
    /// The built-in action; none for a handler that is called by itself.
    pub action: Option<ActionType>,
    /// Where it has its place.
    pub placement: Placement,
}

/// Who calls action plugins.
#[derive(Clone)]
pub(super) struct Handlers {
    pub(super) plugins: Plugins,
    pub(super) runner: Arc<dyn ActionPlugins>,
}

impl NewEventHandler {
    fn check(self, now: Timestamp) -> Result<EventHandler, NotificationError> {
        let Self { binding, event, category, action, placement } = self;
        let unknown = |name: String| EventType::find(&name).ok_or(NotificationError::UnknownEvent(name));
        let event = event.map(unknown).transpose()?;
        match (placement, action) {
            (Placement::Alone, Some(_)) => {
                return Err(NotificationError::HandlerPlace(
                    "a handler that is called by itself is of no action",
                ));
            }
            (Placement::Alone, None) => {}
            (_, Some(action)) if ActionType::TO_PEOPLE.contains(&action) => {}
            _ => {
                return Err(NotificationError::HandlerPlace(
                    "a handler before, instead of or after an action names one by which people are told",
                ));
            }
        }
        Ok(EventHandler {
            id: EventHandlerId(0),
            binding,
            event,
            category,
            action,
            placement,
            created_at: now,
        })
    }
}

impl Notifications {
    /// The shop's handlers, by their ids.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn handlers(&self, actor: &Actor) -> Result<Vec<EventHandler>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        Ok(self.database.read(scope, async |reader| repo::handlers(reader, scope).await).await?)
    }

    /// Has a plugin act on events from now on.
    ///
    /// # Errors
    /// [`NotificationError::NoActionBinding`], [`NotificationError::UnknownEvent`], [`NotificationError::HandlerPlace`],
    /// [`NotificationError::TooManyHandlers`].
    pub async fn create_handler(
        &self,
        actor: &Actor,
        new: NewEventHandler,
    ) -> Result<EventHandler, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let handler = new.check(self.clock.now())?;
        let known = match &self.handlers {
            Some(handlers) => {
                handlers.plugins.is_bound_as(actor, handler.binding, PluginKind::Action).await?
            }
            None => false,
        };
        if !known {
            return Err(NotificationError::NoActionBinding(handler.binding));
        }
        self.database
            .write(scope, async move |tx: &mut Tx| {
                let others = repo::handlers(tx, scope).await?;
                if others.len() >= HANDLERS_MAX {
                    return Err(NotificationError::TooManyHandlers("", HANDLERS_MAX));
                }
                let same = |other: &&EventHandler| handler.action.is_some() && other.action == handler.action;
                if others.iter().filter(same).count() >= HANDLERS_PER_ACTION_MAX {
                    return Err(NotificationError::TooManyHandlers(
                        " of one action",
                        HANDLERS_PER_ACTION_MAX,
                    ));
                }
                let id = repo::insert_handler(tx, scope, &handler).await?;
                Ok(EventHandler { id, ..handler.clone() })
            })
            .await
    }

    /// Has a plugin act on these events no more.
    ///
    /// # Errors
    /// [`NotificationError::HandlerNotFound`].
    pub async fn delete_handler(&self, actor: &Actor, id: EventHandlerId) -> Result<(), NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let write = async move |tx: &mut Tx| repo::delete_handler(tx, scope, id).await;
        if self.database.write(scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::HandlerNotFound(id))
    }

    /// The bindings of action plugins that are on in a channel.
    pub(super) async fn action_bindings(
        &self,
        hand: &Actor,
    ) -> Result<Vec<ActiveBinding>, NotificationError> {
        let Some(handlers) = &self.handlers else { return Ok(Vec::new()) };
        let bindings = handlers.plugins.bindings_for(hand).await?;
        Ok(bindings.iter().filter(|binding| binding.kind == PluginKind::Action).cloned().collect())
    }
}

/// Those of some handlers whose plugin is on, in the order in which they are called.
pub(super) fn in_force(handlers: Vec<EventHandler>, bindings: &[ActiveBinding]) -> Vec<EventHandler> {
    let place = |handler: &EventHandler| bindings.iter().position(|binding| binding.id == handler.binding);
    let mut on: Vec<(usize, EventHandler)> =
        handlers.into_iter().filter_map(|handler| Some((place(&handler)?, handler))).collect();
    on.sort_by_key(|(place, handler)| (handler.placement, *place, handler.id));
    on.into_iter().map(|(_, handler)| handler).collect()
}
