//! SQL of customers and their groups.

mod customers;
mod groups;

pub(super) use customers::{
    by_ids, delete, find, find_of_user, find_shopping, insert, list, update, upsert_guest, users_of,
};
pub(super) use groups::{
    add_members, delete_group, find_group, group_is_used, groups_of, insert_group, list_groups,
    remove_members, rename_group,
};
