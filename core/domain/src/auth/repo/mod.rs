//! SQL of users, sessions, roles and administrators.

mod roles;
mod users;

pub(super) use roles::{
    delete_administrator, delete_role, find_administrator, find_administrator_of_user, find_role,
    insert_administrator, insert_role, list_administrators, list_roles, role_is_assigned, roles,
    set_role_channels, set_roles, superadmin_count, update_administrator, update_role,
};
pub(super) use users::{
    clear_active_order, current_user, delete_session, extend_session, find_login, insert_session,
    insert_user, note_login, permissions, request, set_active_order, set_identifier, set_password,
};
