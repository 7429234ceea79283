//! Customers, their accounts and their groups, over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_kernel::token::Random;
use soko_kernel::{CustomerGroupId, ErrorKind, PermissionSet};

use super::*;
use crate::auth::{Api, AuthConfig, AuthError, LoggedIn, PasswordCost, RequestCredentials};
use crate::testing::TestStore;

const PASSWORD: &str = "for-tests-only";

struct Shop {
    store: TestStore,
    auth: Auth,
    customers: Customers,
    admin: Actor,
}

impl Shop {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let (database, clock) = (store.database.clone(), store.clock.clone());
        let password_cost = PasswordCost { memory_kib: 8, iterations: 1 };
        let config = AuthConfig { password_cost, ..AuthConfig::default() };
        let auth = Auth::try_new(database.clone(), clock.clone(), Random::seeded(3), config).unwrap();
        let customers = Customers::new(database, clock, auth.clone());
        let admin = store.actor.clone();
        Self { store, auth, customers, admin }
    }

    async fn register(&self, email: &str) -> Customer {
        let new = NewCustomer { facts: named(email), password: Some(PASSWORD.to_owned()) };
        self.customers.create(&self.admin, new).await.unwrap()
    }

    async fn actor(&self, session: Option<String>) -> Actor {
        let credentials = RequestCredentials {
            channel_token: Some("test".to_owned()),
            session_token: session,
            language: None,
            api: Api::Shop,
        };
        self.auth.resolve_actor(credentials).await.unwrap()
    }

    async fn log_in(&self, email: &str) -> Result<LoggedIn, AuthError> {
        let guest = self.actor(None).await;
        self.auth.log_in(&guest, Api::Shop, email, PASSWORD.to_owned(), false).await
    }

    /// An administrator of the channel who may do these things only.
    fn clerk(&self, permissions: &[Permission]) -> Actor {
        let permissions: PermissionSet = permissions.iter().copied().collect();
        Actor { user: Some(UserId(9)), permissions, ..self.admin.clone() }
    }
}

fn named(email: &str) -> GuestCustomer {
    GuestCustomer {
        title: Some("Ms".to_owned()),
        first_name: "Asha".to_owned(),
        last_name: "Otieno".to_owned(),
        phone_number: Some("0712345678".to_owned()),
        email_address: email.to_owned(),
    }
}

#[tokio::test]
async fn an_address_is_one_customers_and_the_account_follows_it() {
    let shop = Shop::open().await;
    let asha = shop.register("asha@mail.example").await;
    let juma = shop.register("juma@mail.example").await;
    let taken = CustomerChanges { email_address: Some(" Juma@Mail.example".into()), ..Default::default() };
    let refused = shop.customers.update(&shop.admin, asha.id, taken).await;
    assert!(matches!(refused, Err(CustomerError::EmailAddressConflict)), "{refused:?}");
    let moved = CustomerChanges { email_address: Some("Asha@Duka.example".into()), ..Default::default() };
    let moved = shop.customers.update(&shop.admin, asha.id, moved).await.unwrap();
    assert_eq!(moved.email_address, "asha@duka.example");
    assert_eq!((moved.title.as_deref(), moved.phone_number.as_deref()), (Some("Ms"), Some("0712345678")));
    shop.log_in("asha@duka.example").await.unwrap();
    assert!(matches!(shop.log_in("asha@mail.example").await, Err(AuthError::InvalidCredentials)));
    let cleared =
        CustomerChanges { title: Some(None), phone_number: Some(None), ..CustomerChanges::default() };
    let cleared = shop.customers.update(&shop.admin, asha.id, cleared).await.unwrap();
    assert_eq!((cleared.title, cleared.phone_number), (None, None));
    let malformed = CustomerChanges { email_address: Some("nowhere".into()), ..Default::default() };
    let refused = shop.customers.update(&shop.admin, juma.id, malformed).await;
    assert!(matches!(refused, Err(CustomerError::InvalidEmail)), "{refused:?}");
}

#[tokio::test]
async fn who_is_deleted_is_logged_out_and_their_address_is_free_again() {
    let shop = Shop::open().await;
    let asha = shop.register("asha@mail.example").await;
    let token = shop.log_in("asha@mail.example").await.unwrap().token;
    let both = vec![asha.id, CustomerId(999)];
    assert!(matches!(shop.customers.delete(&shop.admin, both).await, Err(CustomerError::NotFound(_))));
    assert!(shop.actor(Some(token.clone())).await.user.is_some(), "nobody was deleted");
    shop.customers.delete(&shop.admin, vec![asha.id]).await.unwrap();
    assert!(shop.actor(Some(token)).await.user.is_none());
    assert!(matches!(shop.log_in("asha@mail.example").await, Err(AuthError::InvalidCredentials)));
    assert!(shop.customers.find(&shop.admin, asha.id).await.unwrap().is_none());
    let again = shop.register("asha@mail.example").await;
    assert_ne!(again.id, asha.id);
    shop.log_in("asha@mail.example").await.unwrap();
    let group = shop.customers.create_group(&shop.admin, "trade".into(), vec![asha.id]).await;
    assert!(matches!(group, Err(CustomerError::NotFound(_))), "{group:?}");
}

#[tokio::test]
async fn groups_gather_customers_of_their_own_channel() {
    let shop = Shop::open().await;
    let (customers, admin) = (&shop.customers, &shop.admin);
    let (asha, juma) = (shop.register("asha@mail.example").await, shop.register("juma@mail.example").await);
    let trade = customers.create_group(admin, "trade".into(), vec![asha.id]).await.unwrap();
    let staff = customers.create_group(admin, "staff".into(), vec![]).await.unwrap();
    customers.add_to_group(admin, staff.id, vec![asha.id, juma.id, asha.id]).await.unwrap();
    let groups = customers.groups_of(admin, &[asha.id, juma.id]).await.unwrap();
    let names = |id| groups[&id].iter().map(|group| group.name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(asha.id), names(juma.id)), (vec!["staff", "trade"], vec!["staff"]));
    customers.remove_from_group(admin, staff.id, vec![asha.id]).await.unwrap();
    let members = customers.list_members(admin, staff.id, &ListQuery::default()).await.unwrap();
    assert_eq!(members.items.iter().map(|one| one.id).collect::<Vec<_>>(), [juma.id]);
    let taken = customers.update_group(admin, staff.id, Some("trade".into())).await;
    assert!(matches!(taken, Err(CustomerError::GroupNameInUse(_))), "{taken:?}");
    let stranger = shop.store.add_channel("other").await;
    let theirs = customers.create_group(&stranger, "trade".into(), vec![]).await.unwrap();
    for refused in [
        customers.add_to_group(&stranger, theirs.id, vec![asha.id]).await,
        customers.add_to_group(&stranger, trade.id, vec![]).await,
        customers.update_group(&stranger, trade.id, Some("mine".into())).await,
        customers.delete_groups(&stranger, vec![trade.id]).await.map(|_| trade.clone()),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(customers.find_group(&stranger, trade.id).await.unwrap().is_none());
    assert!(customers.delete_groups(admin, vec![trade.id]).await.unwrap()[0].is_ok());
    assert!(customers.find_group(admin, CustomerGroupId(trade.id.0)).await.unwrap().is_none());
}

#[tokio::test]
async fn refuses_what_the_permissions_do_not_say() {
    let shop = Shop::open().await;
    let asha = shop.register("asha@mail.example").await;
    let reader = shop.clerk(&[Permission::ReadCustomerGroup]);
    let customers = &shop.customers;
    let trade = customers.create_group(&shop.admin, "trade".into(), vec![asha.id]).await.unwrap();
    assert!(customers.list_groups(&reader, &ListQuery::default()).await.is_ok());
    for kind in [
        customers.list(&reader, &ListQuery::default()).await.unwrap_err().kind(),
        customers.list_members(&reader, trade.id, &ListQuery::default()).await.unwrap_err().kind(),
        customers.delete(&reader, vec![asha.id]).await.unwrap_err().kind(),
        customers.update(&reader, asha.id, CustomerChanges::default()).await.unwrap_err().kind(),
        customers.add_to_group(&reader, trade.id, vec![]).await.unwrap_err().kind(),
        customers.delete_groups(&reader, vec![trade.id]).await.unwrap_err().kind(),
    ] {
        assert_eq!(kind, ErrorKind::Forbidden);
    }
}
