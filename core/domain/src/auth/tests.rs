//! Who may become whom, and what happens to those who try: over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use std::time::Duration;

use soko_kernel::{Actor, AdministratorId, ChannelId, ErrorKind, ListQuery, Permission, RoleId};

use super::*;
use crate::testing::TestStore;

const PASSWORD: &str = "for-tests-only";
const PEOPLE: &[Permission] = &[
    Permission::CreateAdministrator,
    Permission::ReadAdministrator,
    Permission::UpdateAdministrator,
    Permission::DeleteAdministrator,
];

fn cheap() -> AuthConfig {
    AuthConfig { password_cost: PasswordCost { memory_kib: 8, iterations: 1 }, ..AuthConfig::default() }
}

/// A platform with two channels, a super administrator, and a manager of people in the first channel.
struct Platform {
    store: TestStore,
    auth: Auth,
    other: Actor,
}

impl Platform {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let other = store.add_channel("other").await;
        let auth = service(&store, cheap());
        auth.ensure_superadmin(Some(PASSWORD.to_owned())).await.unwrap();
        Self { store, auth, other }
    }

    /// A role in the channels with these permissions, made by the platform's own hand.
    async fn role(&self, code: &str, permissions: &[Permission], channels: &[ChannelId]) -> Role {
        let (permissions, channels) = (permissions.to_vec(), channels.to_vec());
        let new = NewRole { code: code.to_owned(), description: String::new(), permissions, channels };
        self.auth.create_role(&self.store.actor, new).await.unwrap()
    }

    /// An administrator `NAME@mail.example` with these roles, made by the platform's own hand.
    async fn employ(&self, name: &str, roles: &[RoleId]) -> Administrator {
        self.auth.create_administrator(&self.store.actor, person(name, roles)).await.unwrap()
    }

    /// Logs in at the Admin API, and acts in a channel from then on.
    async fn session(&self, identifier: &str) -> String {
        let nobody = self.actor(None, "test", Api::Admin).await;
        let password = PASSWORD.to_owned();
        self.auth.log_in(&nobody, Api::Admin, identifier, password, false).await.unwrap().token
    }

    async fn actor(&self, session: Option<&str>, channel: &str, api: Api) -> Actor {
        let credentials = RequestCredentials {
            channel_token: Some(channel.to_owned()),
            session_token: session.map(str::to_owned),
            language: None,
            api,
        };
        self.auth.resolve_actor(credentials).await.unwrap()
    }

    async fn administrator(&self, identifier: &str) -> Actor {
        self.actor(Some(&self.session(identifier).await), "test", Api::Admin).await
    }

    fn here(&self) -> ChannelId {
        self.store.actor.channel.id
    }

    fn there(&self) -> ChannelId {
        self.other.channel.id
    }

    /// Somebody who manages people and reads orders in the first channel, logged in.
    async fn manager(&self) -> Actor {
        let permissions = [PEOPLE, &[Permission::ReadOrder]].concat();
        let role = self.role("manager", &permissions, &[self.here()]).await;
        self.employ("manager", &[role.id]).await;
        self.administrator("manager@mail.example").await
    }

    async fn superadmin(&self) -> Actor {
        self.administrator(SUPERADMIN_IDENTIFIER).await
    }

    async fn superadmin_id(&self) -> AdministratorId {
        self.auth.active_administrator(&self.superadmin().await).await.unwrap().unwrap().id
    }

    /// A customer of the first channel with an account.
    async fn customer(&self, identifier: &'static str) {
        let hash = self.auth.hash_password(PASSWORD.to_owned()).await.unwrap();
        let (scope, now) = (self.store.scope(), self.store.clock.now());
        self.store
            .database
            .write(scope, async move |tx| {
                Auth::create_customer_user_in_tx(tx, scope, identifier, &hash, now).await
            })
            .await
            .unwrap();
    }

    async fn try_log_in(&self, identifier: &str, password: &str) -> Result<LoggedIn, AuthError> {
        let guest = self.actor(None, "test", Api::Shop).await;
        self.auth.log_in(&guest, Api::Shop, identifier, password.to_owned(), false).await
    }
}

fn service(store: &TestStore, config: AuthConfig) -> Auth {
    Auth::try_new(store.database.clone(), store.clock.clone(), Random::seeded(7), config).unwrap()
}

fn person(name: &str, roles: &[RoleId]) -> NewAdministrator {
    NewAdministrator {
        first_name: name.to_owned(),
        last_name: "Mwangi".to_owned(),
        email_address: format!("{name}@mail.example"),
        password: PASSWORD.to_owned(),
        role_ids: roles.to_vec(),
    }
}

fn new_role(permissions: &[Permission], channels: &[ChannelId]) -> NewRole {
    NewRole {
        code: "new".to_owned(),
        description: String::new(),
        permissions: permissions.to_vec(),
        channels: channels.to_vec(),
    }
}

#[tokio::test]
async fn refuses_to_grant_what_the_grantor_does_not_hold() {
    let platform = Platform::open().await;
    let (auth, manager) = (&platform.auth, platform.manager().await);
    let (here, there) = (platform.here(), platform.there());
    let escalation = auth.create_role(&manager, new_role(&[Permission::UpdateOrder], &[here])).await;
    assert!(matches!(escalation, Err(AuthError::Escalation(Permission::UpdateOrder))), "{escalation:?}");
    for channels in [&[there][..], &[here, there], &[ChannelId(999)]] {
        let elsewhere = auth.create_role(&manager, new_role(&[Permission::ReadOrder], channels)).await;
        assert!(matches!(elsewhere, Err(AuthError::Forbidden(_))), "{elsewhere:?}");
    }
    for permission in [Permission::SuperAdmin, Permission::Owner] {
        let superadmin = auth.create_role(&platform.superadmin().await, new_role(&[permission], &[])).await;
        assert!(matches!(superadmin, Err(AuthError::NotAssignable(_))), "{superadmin:?}");
    }
    let own = auth.create_role(&manager, new_role(&[Permission::ReadOrder], &[])).await.unwrap();
    assert_eq!(own.channels, [here]);
    let wider = RoleChanges { permissions: Some(vec![Permission::UpdateOrder]), ..RoleChanges::default() };
    assert!(matches!(auth.update_role(&manager, own.id, wider).await, Err(AuthError::Escalation(_))));
    let further = RoleChanges { channels: Some(vec![here, there]), ..RoleChanges::default() };
    assert!(matches!(auth.update_role(&manager, own.id, further).await, Err(AuthError::Forbidden(_))));
    let nowhere = NewRole { code: "nowhere".to_owned(), ..new_role(&[], &[ChannelId(999)]) };
    let unknown = auth.create_role(&platform.superadmin().await, nowhere).await;
    assert!(matches!(unknown, Err(AuthError::ChannelNotFound)), "{unknown:?}");
}

#[tokio::test]
async fn refuses_to_give_or_change_a_mightier_role() {
    let platform = Platform::open().await;
    let (auth, manager) = (&platform.auth, platform.manager().await);
    let mighty = platform.role("mighty", &[Permission::UpdateOrder], &[platform.here()]).await;
    let both = platform.role("both", &[Permission::ReadOrder], &[platform.here(), platform.there()]).await;
    for role in [mighty.id, both.id] {
        assert!(auth.find_role(&manager, role).await.unwrap().is_some(), "it is their channel's");
        let given = auth.create_administrator(&manager, person("njeri", &[role])).await;
        assert_eq!(given.unwrap_err().kind(), ErrorKind::Forbidden);
        let emptied = RoleChanges { permissions: Some(vec![]), ..RoleChanges::default() };
        assert_eq!(auth.update_role(&manager, role, emptied).await.unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(auth.delete_roles(&manager, vec![role]).await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    let own = auth.create_role(&manager, new_role(&[Permission::ReadOrder], &[])).await.unwrap();
    let clerk = auth.create_administrator(&manager, person("clerk", &[own.id])).await.unwrap();
    let promoted = auth.assign_role(&manager, clerk.id, mighty.id).await;
    assert!(matches!(promoted, Err(AuthError::Escalation(_))), "{promoted:?}");
    let nobodys = auth.create_administrator(&manager, person("nobody", &[])).await;
    assert!(matches!(nobodys, Err(AuthError::Forbidden(_))), "{nobodys:?}");
    let outcomes = auth.delete_roles(&manager, vec![own.id]).await.unwrap();
    assert!(matches!(outcomes[..], [Err(AuthError::RoleInUse)]), "{outcomes:?}");
}

#[tokio::test]
async fn refuses_to_change_or_delete_somebody_mightier() {
    let platform = Platform::open().await;
    let (auth, manager) = (&platform.auth, platform.manager().await);
    let mighty = platform.role("mighty", &[Permission::UpdateOrder], &[platform.here()]).await;
    let mightier = platform.employ("mightier", &[mighty.id]).await;
    let taken_over =
        AdministratorChanges { password: Some("mine-from-now-on".into()), ..AdministratorChanges::default() };
    let refused = auth.update_administrator(&manager, mightier.id, taken_over.clone()).await;
    assert!(matches!(refused, Err(AuthError::Escalation(Permission::UpdateOrder))), "{refused:?}");
    assert!(auth.delete_administrators(&manager, vec![mightier.id]).await.is_err());
    let superadmin = platform.superadmin_id().await;
    let refused = auth.update_administrator(&manager, superadmin, taken_over).await;
    assert!(matches!(refused, Err(AuthError::AdministratorNotFound(_))), "they belong to no channel");
    assert!(platform.auth.find_administrator(&manager, superadmin).await.unwrap().is_none());
    platform.session("mightier@mail.example").await;
    platform.session(SUPERADMIN_IDENTIFIER).await;
}

#[tokio::test]
async fn roles_and_people_of_other_channels_are_invisible() {
    let platform = Platform::open().await;
    let (auth, manager) = (&platform.auth, platform.manager().await);
    let theirs = platform.role("theirs", &[Permission::ReadOrder], &[platform.there()]).await;
    let stranger = platform.employ("stranger", &[theirs.id]).await;
    assert!(auth.find_role(&manager, theirs.id).await.unwrap().is_none());
    let roles = auth.list_roles(&manager, &ListQuery::default()).await.unwrap();
    assert!(roles.items.iter().all(|role| role.channels.contains(&platform.here())), "{roles:?}");
    let people = auth.list_administrators(&manager, &ListQuery::default()).await.unwrap();
    assert_eq!(people.items.iter().map(|one| one.first_name.as_str()).collect::<Vec<_>>(), ["manager"]);
    for refused in [
        auth.update_role(&manager, theirs.id, RoleChanges::default()).await.map(|_| ()),
        auth.delete_roles(&manager, vec![theirs.id]).await.map(|_| ()),
        auth.create_administrator(&manager, person("njeri", &[theirs.id])).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(AuthError::RoleNotFound(_))), "{refused:?}");
    }
    let gone = auth.delete_administrators(&manager, vec![stranger.id]).await;
    assert!(matches!(gone, Err(AuthError::AdministratorNotFound(_))), "{gone:?}");
    let here = platform.role("here", &[Permission::ReadOrder], &[platform.here()]).await;
    auth.assign_role(&platform.superadmin().await, stranger.id, here.id).await.unwrap();
    let shown = auth.find_administrator(&manager, stranger.id).await.unwrap().unwrap();
    assert_eq!(shown.roles.iter().map(|role| role.id).collect::<Vec<_>>(), [here.id]);
}

#[tokio::test]
async fn a_right_that_was_taken_away_is_gone_at_once() {
    let platform = Platform::open().await;
    let (auth, manager) = (&platform.auth, platform.manager().await);
    let id = auth.active_administrator(&manager).await.unwrap().unwrap().id;
    let deleted = auth.delete_administrators(&platform.superadmin().await, vec![id]).await.unwrap();
    assert!(deleted[0].is_ok());
    assert!(manager.permissions.allows(Permission::CreateAdministrator), "the request had begun");
    let late = auth.create_role(&manager, new_role(&[Permission::ReadOrder], &[])).await;
    assert!(matches!(late, Err(AuthError::Forbidden(_))), "{late:?}");
}

#[tokio::test]
async fn the_last_super_administrator_stays() {
    let platform = Platform::open().await;
    let (auth, superadmin) = (&platform.auth, platform.superadmin().await);
    let first = platform.superadmin_id().await;
    let role = auth.active_administrator(&superadmin).await.unwrap().unwrap().roles[0].id;
    let kept = auth.delete_administrators(&superadmin, vec![first]).await.unwrap();
    assert!(matches!(kept[..], [Err(AuthError::LastSuperadmin)]), "{kept:?}");
    let demoted = AdministratorChanges { role_ids: Some(vec![]), ..AdministratorChanges::default() };
    let refused = auth.update_administrator(&superadmin, first, demoted).await;
    assert!(matches!(refused, Err(AuthError::LastSuperadmin)), "{refused:?}");
    assert!(matches!(auth.delete_roles(&superadmin, vec![role]).await, Err(AuthError::RoleProtected)));
    let second = auth.create_administrator(&superadmin, person("second", &[role])).await.unwrap();
    let outcomes = auth.delete_administrators(&superadmin, vec![first, second.id]).await.unwrap();
    assert!(matches!(outcomes[..], [Ok(()), Err(AuthError::LastSuperadmin)]), "{outcomes:?}");
    platform.session("second@mail.example").await;
    assert_eq!(auth.ensure_superadmin(Some(PASSWORD.into())).await.unwrap(), SuperadminSetup::Existing);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let platform = Platform::open().await;
    let auth = &platform.auth;
    let manager = platform.manager().await;
    let identifier = "manager@mail.example";
    let (own, other) = (platform.session(identifier).await, platform.session(identifier).await);
    let changes = AdministratorChanges { password: Some("another-one".into()), ..Default::default() };
    let actor = platform.actor(Some(&own), "test", Api::Admin).await;
    auth.update_active_administrator(&actor, changes.clone()).await.unwrap();
    assert!(platform.actor(Some(&own), "test", Api::Admin).await.user.is_some());
    assert!(platform.actor(Some(&other), "test", Api::Admin).await.user.is_none());
    let id = auth.active_administrator(&actor).await.unwrap().unwrap().id;
    auth.update_administrator(&platform.superadmin().await, id, changes).await.unwrap();
    assert!(platform.actor(Some(&own), "test", Api::Admin).await.user.is_none());
    drop(manager);
    let superadmin = platform.session(SUPERADMIN_IDENTIFIER).await;
    auth.ensure_superadmin(Some(PASSWORD.into())).await.unwrap();
    assert!(platform.actor(Some(&superadmin), "test", Api::Admin).await.user.is_some(), "the same password");
    auth.ensure_superadmin(Some("a-leaked-one-goes".into())).await.unwrap();
    assert!(platform.actor(Some(&superadmin), "test", Api::Admin).await.user.is_none());
}

#[tokio::test]
async fn a_customers_session_is_nobody_elsewhere() {
    let platform = Platform::open().await;
    platform.customer("asha@mail.example").await;
    let token = platform.try_log_in("Asha@mail.example ", PASSWORD).await.unwrap().token;
    assert!(platform.actor(Some(&token), "test", Api::Shop).await.user.is_some());
    let elsewhere = platform.actor(Some(&token), "other", Api::Shop).await;
    assert!(elsewhere.user.is_none() && elsewhere.session.is_none());
    assert!(platform.actor(Some(&token), "test", Api::Admin).await.session.is_none());
    let superadmin = platform.session(SUPERADMIN_IDENTIFIER).await;
    assert!(platform.actor(Some(&superadmin), "test", Api::Shop).await.session.is_none());
    let guest = platform.actor(None, "other", Api::Shop).await;
    let refused = platform.auth.log_in(&guest, Api::Shop, "asha@mail.example", PASSWORD.into(), false).await;
    assert!(matches!(refused, Err(AuthError::InvalidCredentials)), "she is a customer of one channel");
}

#[tokio::test]
async fn an_unknown_user_costs_the_same_hash_and_gets_the_same_answer() {
    let platform = Platform::open().await;
    platform.customer("asha@mail.example").await;
    let unknown = platform.try_log_in("nobody@mail.example", PASSWORD).await.unwrap_err();
    let known = platform.try_log_in("asha@mail.example", "a wrong password").await.unwrap_err();
    assert_eq!(unknown.to_string(), known.to_string());
    let full = service(&platform.store, AuthConfig { hashes_waiting_max: 0, ..cheap() });
    let guest = platform.actor(None, "test", Api::Shop).await;
    for identifier in ["nobody@mail.example", "asha@mail.example"] {
        let refused = full.log_in(&guest, Api::Shop, identifier, PASSWORD.into(), false).await;
        assert!(matches!(refused, Err(AuthError::Overloaded)), "{identifier} did not come to the hash");
    }
}

#[tokio::test]
async fn too_many_wrong_passwords_lock_the_identifier_for_a_while() {
    let platform = Platform::open().await;
    platform.customer("asha@mail.example").await;
    platform.customer("juma@mail.example").await;
    for identifier in ["asha@mail.example", "nobody@mail.example"] {
        for _ in 0..10 {
            let refused = platform.try_log_in(identifier, "a wrong password").await;
            assert!(matches!(refused, Err(AuthError::InvalidCredentials)), "{refused:?}");
        }
        let locked = platform.try_log_in(&identifier.to_uppercase(), PASSWORD).await;
        assert!(matches!(locked, Err(AuthError::TooManyAttempts)), "{identifier}: {locked:?}");
    }
    platform.try_log_in("juma@mail.example", PASSWORD).await.unwrap();
    platform.store.clock.advance(Duration::from_mins(15));
    platform.try_log_in("asha@mail.example", PASSWORD).await.unwrap();
    for _ in 0..9 {
        assert!(platform.try_log_in("asha@mail.example", "a wrong password").await.is_err());
    }
    platform.try_log_in("asha@mail.example", PASSWORD).await.unwrap();
    let forgiven = platform.try_log_in("asha@mail.example", "a wrong password").await;
    assert!(
        matches!(forgiven, Err(AuthError::InvalidCredentials)),
        "a right one makes up for the wrong ones"
    );
}

#[tokio::test]
async fn a_session_that_is_not_used_expires() {
    const DAY: Duration = Duration::from_hours(24);
    let platform = Platform::open().await;
    let token = platform.session(SUPERADMIN_IDENTIFIER).await;
    for _ in 0..3 {
        platform.store.clock.advance(20 * DAY);
        assert!(platform.actor(Some(&token), "test", Api::Admin).await.user.is_some(), "it is in use");
    }
    platform.store.clock.advance(30 * DAY);
    let late = platform.actor(Some(&token), "test", Api::Admin).await;
    assert!(late.user.is_none() && late.session.is_none());
    assert!(platform.auth.list_roles(&late, &ListQuery::default()).await.is_err());
    let fresh = platform.session(SUPERADMIN_IDENTIFIER).await;
    let now = platform.store.clock.now();
    assert_eq!(platform.auth.expire_sessions(now).await.unwrap(), 1);
    assert_eq!(platform.auth.expire_sessions(now).await.unwrap(), 0);
    assert!(platform.actor(Some(&fresh), "test", Api::Admin).await.user.is_some(), "only what expired goes");
}

#[tokio::test]
async fn overload_is_no_wrong_password() {
    let platform = Platform::open().await;
    platform.customer("asha@mail.example").await;
    let full = service(&platform.store, AuthConfig { hashes_waiting_max: 0, ..cheap() });
    let guest = platform.actor(None, "test", Api::Shop).await;
    for identifier in ["asha@mail.example", "nobody@mail.example"] {
        for _ in 0..30 {
            let refused = full.log_in(&guest, Api::Shop, identifier, PASSWORD.into(), false).await;
            assert!(matches!(refused, Err(AuthError::Overloaded)), "{refused:?}");
        }
        let looked_at = platform.try_log_in(identifier, "a wrong password").await;
        assert!(matches!(looked_at, Err(AuthError::InvalidCredentials)), "{looked_at:?}");
    }
    platform.try_log_in("asha@mail.example", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn wrong_passwords_at_one_account_lock_no_other() {
    let platform = Platform::open().await;
    platform.customer("asha@mail.example").await;
    let elsewhere = platform.actor(None, "other", Api::Shop).await;
    for _ in 0..20 {
        let guess =
            platform.auth.log_in(&elsewhere, Api::Shop, "asha@mail.example", "wrong".into(), false).await;
        assert!(guess.is_err());
    }
    platform.try_log_in("asha@mail.example", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn wrong_passwords_are_forgotten_when_they_count_no_more() {
    let platform = Platform::open().await;
    for identifier in ["asha@mail.example", "juma@mail.example"] {
        assert!(platform.try_log_in(identifier, "a wrong password").await.is_err());
        platform.store.clock.advance(Duration::from_mins(10));
    }
    let now = platform.store.clock.now();
    assert_eq!(platform.auth.expire_login_failures(now).await.unwrap(), 1, "one of them is 20 minutes old");
    assert_eq!(platform.auth.expire_login_failures(now).await.unwrap(), 0);
}
