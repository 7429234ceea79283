//! What a shop and its people want to be told.

use soko_kernel::{Actor, Permission};

use super::audience::{Audience, EventSetting};
use super::catalogue::{ActionType, EVENT_TYPES, EventType};
use super::error::NotificationError;
use super::inbox::Owner;
use super::quiet::QuietHours;
use super::{Notifications, repo};

/// Another setting; absent fields stay.
#[derive(Debug, Clone, Copy)]
pub struct SettingChanges {
    /// By what people are told.
    pub action: ActionType,
    /// Whether anybody is.
    pub enabled: Option<bool>,
    /// Whether those are who have not said otherwise.
    pub default_for_users: Option<bool>,
    /// Whether it waits until the shop's quiet hours are over.
    pub respects_quiet_hours: Option<bool>,
    /// From 0 to 9: what is sent first of what the shop has to send.
    pub priority: Option<i64>,
}

/// The highest priority.
const PRIORITY_MAX: i64 = 9;

/// What somebody may choose to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// The event's type.
    pub event: &'static EventType,
    /// By what they are told.
    pub action: ActionType,
    /// Whether they are.
    pub enabled: bool,
}

impl Notifications {
    /// What the shop wants done about every event by every action, in a fixed order.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn settings(&self, actor: &Actor) -> Result<Vec<EventSetting>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        let said = self.database.read(scope, async |reader| repo::settings(reader, scope).await).await?;
        let audience = Audience { settings: said, ..Audience::default() };
        let of_event = |event| ActionType::TO_PEOPLE.into_iter().map(move |action| (event, action));
        let all = EVENT_TYPES.iter().flat_map(of_event);
        Ok(all.map(|(event, action)| audience.setting(event, action)).collect())
    }

    /// Says what is done about an event.
    ///
    /// # Errors
    /// [`NotificationError::UnknownEvent`], [`NotificationError::NotToPeople`], [`NotificationError::Priority`].
    pub async fn change_setting(
        &self,
        actor: &Actor,
        event: &str,
        changes: SettingChanges,
    ) -> Result<EventSetting, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let event =
            EventType::find(event).ok_or_else(|| NotificationError::UnknownEvent(event.to_owned()))?;
        if !ActionType::TO_PEOPLE.contains(&changes.action) {
            return Err(NotificationError::NotToPeople);
        }
        if changes.priority.is_some_and(|priority| !(0..=PRIORITY_MAX).contains(&priority)) {
            return Err(NotificationError::Priority);
        }
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let settings = repo::settings(tx, scope).await?;
                let audience = Audience { settings, ..Audience::default() };
                let mut setting = audience.setting(event, changes.action);
                setting.enabled = changes.enabled.unwrap_or(setting.enabled);
                setting.default_for_users = changes.default_for_users.unwrap_or(setting.default_for_users);
                setting.respects_quiet_hours =
                    changes.respects_quiet_hours.unwrap_or(setting.respects_quiet_hours);
                setting.priority = changes.priority.unwrap_or(setting.priority);
                repo::put_setting(tx, scope, &setting, now).await?;
                Ok(setting)
            })
            .await
    }

    /// When the shop leaves people alone, if it does at any time.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn quiet_hours(&self, actor: &Actor) -> Result<Option<QuietHours>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        Ok(self.database.read(scope, async |reader| repo::quiet_hours(reader, scope).await).await?)
    }

    /// Says when the shop leaves people alone, by the clock of its time zone; at no time where nothing is given.
    ///
    /// # Errors
    /// [`NotificationError::QuietHours`].
    pub async fn set_quiet_hours(
        &self,
        actor: &Actor,
        hours: Option<QuietHours>,
    ) -> Result<(), NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        if hours.is_some_and(|hours| !hours.is_sound()) {
            return Err(NotificationError::QuietHours);
        }
        let now = self.clock.now();
        let write = async move |tx: &mut soko_infra::Tx| repo::put_quiet_hours(tx, scope, hours, now).await;
        Ok(self.database.write(scope, write).await?)
    }

    /// What the actor is told of, of the events that let them choose.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn preferences(&self, actor: &Actor) -> Result<Vec<Preference>, NotificationError> {
        let owner = Owner::of(actor)?;
        let (settings, said) = self
            .database
            .read(owner.scope, async |reader| {
                let settings = repo::settings(reader, owner.scope).await?;
                Ok::<_, NotificationError>((
                    settings,
                    repo::preferences_of(reader, owner.scope, owner.user).await?,
                ))
            })
            .await?;
        let audience = Audience { settings, ..Audience::default() };
        let mine = EVENT_TYPES.iter().filter(|event| event.subscribable);
        let of_event = |event| ActionType::TO_PEOPLE.into_iter().map(move |action| (event, action));
        let wanted = |(event, action): (&'static EventType, ActionType)| {
            let own = said.iter().find(|(of, by, _)| *of == event && *by == action);
            let setting = audience.setting(event, action);
            let default =
                if buys(actor) { setting.default_for_users } else { setting.wanted_by_administrators() };
            let enabled = own.map_or(default, |(.., enabled)| *enabled);
            Preference { event, action, enabled }
        };
        let theirs = mine.flat_map(of_event).filter(|(event, action)| is_theirs(event, *action, actor));
        Ok(theirs.map(wanted).collect())
    }

    /// Says whether the actor wants to be told of an event by an action.
    ///
    /// # Errors
    /// [`NotificationError::UnknownEvent`], also of one that they are not told of; [`NotificationError::NotSubscribable`].
    pub async fn set_preference(
        &self,
        actor: &Actor,
        event: &str,
        action: ActionType,
        enabled: bool,
    ) -> Result<Preference, NotificationError> {
        let (owner, now) = (Owner::of(actor)?, self.clock.now());
        let unknown = || NotificationError::UnknownEvent(event.to_owned());
        let event = EventType::find(event)
            .filter(|event| ActionType::TO_PEOPLE.iter().any(|action| is_theirs(event, *action, actor)));
        let event = event.ok_or_else(unknown)?;
        if !event.subscribable {
            return Err(NotificationError::NotSubscribable(event.name));
        }
        if !is_theirs(event, action, actor) {
            return Err(NotificationError::NotToPeople);
        }
        let write = async move |tx: &mut soko_infra::Tx| {
            repo::put_preference(tx, owner.scope, owner.user, (event, action, enabled), now).await
        };
        self.database.write_concurrently(owner.scope, write).await?;
        Ok(Preference { event, action, enabled })
    }
}

/// Whether the actor is a customer.
fn buys(actor: &Actor) -> bool {
    actor.permissions == soko_kernel::PermissionSet::NONE
}

/// Whether somebody like the actor is ever told of it in this way. Text messages go to customers.
fn is_theirs(event: &EventType, action: ActionType, actor: &Actor) -> bool {
    let runs_the_shop = event.tells_administrators && actor.permissions.allows(event.permission);
    let is_told_as_customer = buys(actor) && event.customer_facing();
    match action {
        ActionType::InApp | ActionType::Push | ActionType::Email => runs_the_shop || is_told_as_customer,
        ActionType::Sms => is_told_as_customer,
        ActionType::Webhook | ActionType::Handler => false,
    }
}
