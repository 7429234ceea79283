//! SQL of events and of what people are told.

mod delivery;
mod inbox;
mod log;
mod routing;
mod settings;
mod templates;
mod webhooks;

pub(super) use delivery::{claim_delivery, due_deliveries, record_delivery, retry_delivery};
pub(super) use inbox::{DELETE_OLD_MESSAGES, list_messages, mark_all_read, mark_read, unread_count};
pub(super) use log::{DELETE_OLD_ACTIONS, DELETE_OLD_EVENTS, list_actions, list_events};
pub(super) use routing::{
    NewAction, NewMessage, insert_actions, insert_messages, mark_routed, unrouted, waiting_channels,
};
pub(super) use settings::{preferences, preferences_of, put_preference, put_setting, settings};
pub(super) use templates::{delete_template, put_template, templates};
pub(super) use webhooks::{
    delete_webhook, disable_webhook, insert_webhook, rotate_webhook_secret, update_webhook, webhook_count,
    webhook_secret, webhooks,
};
