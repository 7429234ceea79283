use std::time::Duration;

use soko_extension::effect::{KeepError, PluginCaller, PluginStore as _};
use soko_kernel::PluginId;
use soko_kernel::token::Random;

use super::super::kept::{KeptForPlugins, VALUE_BYTES_MAX};
use super::super::vault::{Place, Vault};
use super::*;

fn vault() -> Vault {
    Vault::try_new(&"0a".repeat(32), Random::seeded(5)).unwrap()
}

impl Shop {
    fn kept(&self, vault: Option<Vault>) -> KeptForPlugins {
        KeptForPlugins::new(self.store.database.clone(), self.store.clock.clone(), vault)
    }

    async fn caller(&self, plugin: &str) -> PluginCaller {
        let version = self.upload(plugin).await.unwrap().version;
        PluginCaller { scope: self.store.scope(), plugin: version.plugin_id }
    }
}

#[tokio::test]
async fn keeps_a_value_until_its_time_is_over() {
    let shop = Shop::open().await;
    let (kept, one, two) = (shop.kept(None), shop.caller("one 1.0.0").await, shop.caller("two 1.0.0").await);
    assert_eq!(kept.get(one, "token").await, Ok(None));
    kept.set(one, "token", b"first".to_vec(), Some(1_000)).await.unwrap();
    kept.set(one, "token", b"second".to_vec(), Some(5_000)).await.unwrap();
    kept.set(one, "for good", b"x".to_vec(), None).await.unwrap();
    assert_eq!(kept.get(one, "token").await, Ok(Some(b"second".to_vec())));
    assert_eq!(kept.get(two, "token").await, Ok(None), "another plugin's");
    shop.store.clock.advance(Duration::from_secs(4));
    assert_eq!(kept.get(one, "token").await, Ok(Some(b"second".to_vec())));
    shop.store.clock.advance(Duration::from_secs(1));
    assert_eq!(kept.get(one, "token").await, Ok(None));
    assert_eq!(shop.plugins.expire_values(shop.store.clock.now()).await.unwrap(), 1);
    assert_eq!(kept.get(one, "for good").await, Ok(Some(b"x".to_vec())));
    kept.delete(one, "for good").await.unwrap();
    kept.delete(one, "for good").await.unwrap();
    assert_eq!(kept.get(one, "for good").await, Ok(None));
    let large = kept.set(one, "large", vec![0; VALUE_BYTES_MAX + 1], None).await;
    assert!(matches!(large, Err(KeepError::Refused(_))), "{large:?}");
}

#[tokio::test]
async fn keeps_what_is_one_channels_from_all_others() {
    let shop = Shop::open().await;
    let (kept, one) = (shop.kept(None), shop.caller("one 1.0.0").await);
    kept.set(one, "token", b"mine".to_vec(), None).await.unwrap();
    let stranger = PluginCaller { scope: shop.store.add_channel("other").await.public_scope(), ..one };
    assert_eq!(kept.get(stranger, "token").await, Ok(None));
    kept.delete(stranger, "token").await.unwrap();
    assert_eq!(kept.get(one, "token").await, Ok(Some(b"mine".to_vec())));
}

#[tokio::test]
async fn opens_a_secret_for_its_plugin_with_the_platforms_key_only() {
    let shop = Shop::open().await;
    let (one, two) = (shop.caller("one 1.0.0").await, shop.caller("two 1.0.0").await);
    let sealed = {
        let place = Place::of_plugin(one.scope, one.plugin, "key");
        vault().close(&place, b"sk_live_1").unwrap()
    };
    let (scope, now) = (one.scope, shop.store.clock.now());
    let put = shop.store.database.write(scope, async move |tx| {
        repo::put_secret(tx, scope, (one.plugin, "key"), sealed.clone(), now).await?;
        // A row that somebody moved to another plugin.
        repo::put_secret(tx, scope, (two.plugin, "key"), sealed, now).await
    });
    put.await.unwrap();
    let kept = shop.kept(Some(vault()));
    assert_eq!(kept.secret(one, "key").await.unwrap().unwrap().0, b"sk_live_1");
    assert_eq!(kept.secret(one, "other").await, Ok(None));
    assert_eq!(kept.secret(PluginCaller { plugin: PluginId(999), ..one }, "key").await, Ok(None));
    assert_eq!(kept.secret(two, "key").await, Err(KeepError::Unavailable));
    assert_eq!(shop.kept(None).secret(one, "key").await, Err(KeepError::Unavailable), "without the key");
}

#[tokio::test]
async fn refuses_secrets_that_no_version_wants_and_where_there_is_no_key() {
    let shop = Shop::open().await;
    let (actor, one) = (shop.actor().clone(), shop.caller("one 1.0.0").await);
    let unwanted = shop.plugins.set_secret(&actor, one.plugin, "key", b"x").await;
    assert!(matches!(unwanted, Err(PluginError::UnknownSecret(_))), "{unwanted:?}");
    let empty = shop.plugins.set_secret(&actor, one.plugin, "key", b"").await;
    assert!(matches!(empty, Err(PluginError::SecretTooLarge)), "{empty:?}");
    let nobody = allowed(&actor, &[Permission::ReadPlugin]);
    let forbidden = shop.plugins.set_secret(&nobody, one.plugin, "key", b"x").await;
    assert!(matches!(forbidden, Err(PluginError::Forbidden(_))), "{forbidden:?}");
    let unknown = shop.plugins.list_secrets(&actor, PluginId(999)).await;
    assert!(matches!(unknown, Err(PluginError::UnknownPlugin(_))), "{unknown:?}");
}
