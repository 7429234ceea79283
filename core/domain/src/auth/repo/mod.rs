//! SQL of users, sessions, roles and administrators.

mod administrators;
mod codes;
mod failures;
mod roles;
mod users;

pub(super) use administrators::{
    administrators_of_users, delete_administrator, find_administrator, find_administrator_of_user,
    insert_administrator, list_administrators, update_administrator,
};
pub(super) use codes::{
    channels_of, find_by_phone, give_back_code_try, phone_number_of, put_login_code, put_phone_number,
    remove_phone_number, take_code_try, use_login_code,
};
pub(super) use failures::{DELETE_EXPIRED_FAILURES, count_guess, forget_guesses, take_back_guess};
pub(super) use roles::{
    add_role, administrator_in, administrators_in, delete_role, find_role, insert_role, list_roles, powers,
    role_is_assigned, roles, set_role_channels, set_roles, superadmin_count, update_role,
};
pub(super) use users::{
    DELETE_EXPIRED_SESSIONS, accounts, clear_active_order, current_user, delete_session,
    delete_sessions_of_user, delete_user, extend_session, find_login, insert_session, insert_user,
    note_login, permissions, request, set_active_order, set_identifier, set_password,
};
