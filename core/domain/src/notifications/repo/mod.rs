//! SQL of events and of what people are told.

mod delivery;
mod handlers;
mod inbox;
mod limits;
mod live;
mod log;
mod push;
mod routing;
mod settings;
mod sms;
mod statistics;
mod templates;
mod webhooks;

pub(super) use delivery::{
    claim_delivery, due_deliveries, put_off, record_delivery, retry_delivery, skip_delivery,
};
pub(super) use handlers::{
    DELETE_OLD_COUNTERS, DELETE_OLD_STEPS, begin_step, delete_handler, end_step, find_step, handlers,
    has_like_step, insert_handler, parts_done, put_part_done,
};
pub(super) use inbox::{DELETE_OLD_MESSAGES, list_messages, mark_all_read, mark_read, unread_count};
pub(super) use limits::{
    delete_rate_limit, hold_counters, insert_rate_limit, put_counters, put_quiet_hours, quiet_hours,
    rate_limits,
};
pub(super) use live::{
    event_ids, events_by_id, last_event_before, last_message_before, message_ids, messages_by_id,
};
pub(super) use log::{DELETE_OLD_ACTIONS, DELETE_OLD_EVENTS, list_actions, list_events};
pub(super) use push::{
    delete_push_subscription, forget_push_target, push_subscriptions, push_targets, pushed_users,
    put_push_subscription,
};
pub(super) use routing::{
    NewAction, NewMessage, insert_actions, insert_message, insert_messages, mark_routed, unrouted,
    waiting_channels,
};
pub(super) use settings::{preferences, preferences_of, put_preference, put_setting, settings};
pub(super) use sms::{
    delete_sms_account, put_sms_account, put_sms_quota, release_segments, reserve_segments, sms_account,
    sms_usage,
};
pub(super) use statistics::{action_latencies, action_quarters};
pub(super) use templates::{delete_template, put_template, templates};
pub(super) use webhooks::{
    delete_webhook, disable_webhook, insert_webhook, rotate_webhook_secret, update_webhook, webhook_count,
    webhook_secret, webhooks,
};
