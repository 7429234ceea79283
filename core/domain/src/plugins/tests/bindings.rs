use soko_kernel::{ErrorKind, PluginBindingId};

use super::*;

#[tokio::test]
async fn puts_the_latest_version_in_force_with_the_next_request() {
    let shop = Shop::open().await;
    shop.upload("tiers 1.0.0").await.unwrap();
    shop.upload("tiers 1.1.0").await.unwrap();
    assert_eq!(shop.in_force().await, []);
    let before = shop.next_request().await;
    let binding = shop.bind("tiers", r#"{ "off": 5, "label": "Five" }"#).await.unwrap();
    assert_eq!(binding.current.config, r#"{"label":"Five","off":5}"#);
    assert_eq!(binding.previous, None);
    assert!(
        shop.plugins.bindings_for(&before).await.unwrap().is_empty(),
        "the running request goes on as before"
    );
    let after = shop.plugins.bindings_for(&shop.next_request().await).await.unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!((&*after[0].version, after[0].failure_policy), ("1.1.0", FailurePolicy::Skip));
    assert_eq!(after[0].config_digest, repo::digest_of(br#"{"label":"Five","off":5}"#));
    assert_eq!(after[0].digest, repo::digest_of(b"tiers 1.1.0"));
    assert_eq!(shop.events().await.last().unwrap(), "plugin.bound");
    let refusal = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap_err();
    assert!(matches!(refusal, PluginError::AlreadyBound), "{refusal}");
}

#[tokio::test]
async fn reads_bindings_once_per_revision() {
    let shop = Shop::open().await;
    shop.upload("tiers 1.0.0").await.unwrap();
    shop.bind("tiers", r#"{"off": 5}"#).await.unwrap();
    let actor = shop.next_request().await;
    let first = shop.plugins.bindings_for(&actor).await.unwrap();
    let statements = shop.store.database.statement_count();
    let second = shop.plugins.bindings_for(&actor).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(shop.store.database.statement_count(), statements);
}

#[tokio::test]
async fn calls_lower_priorities_first_and_disabled_bindings_never() {
    let shop = Shop::open().await;
    for (name, priority, enabled) in [("a", 20, true), ("b", 10, true), ("c", 5, false), ("d", 10, true)] {
        shop.upload(&format!("{name} 1.0.0")).await.unwrap();
        let new = NewBinding { priority, enabled, ..binding_of(name, r#"{"off": 1}"#) };
        shop.plugins.bind(shop.actor(), new).await.unwrap();
    }
    let names: Vec<_> = shop.in_force().await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b@1.0.0", "d@1.0.0", "a@1.0.0"]);
    let page = shop.plugins.list_bindings(shop.actor(), &ListQuery::default()).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|binding| binding.plugin_name.as_str()).collect();
    assert_eq!(names, ["c", "b", "d", "a"]);
}

#[tokio::test]
async fn refuses_configurations_that_break_the_schema() {
    let shop = Shop::open().await;
    shop.upload("tiers 1.0.0").await.unwrap();
    let refusal = shop.bind("tiers", r#"{"off": 0, "label": 7, "extra": true}"#).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::InvalidInput);
    let PluginError::InvalidConfig(problems) = refusal else { panic!("{refusal}") };
    let mut paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["", "/label", "/off"]);
    assert!(matches!(shop.bind("tiers", "off: 5").await.unwrap_err(), PluginError::ConfigNotJson(_)));
    assert_eq!(shop.in_force().await, []);
    let binding = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap();
    let changes = BindingChanges { config: Some("{}".to_owned()), ..BindingChanges::default() };
    let refusal = shop.plugins.update_binding(shop.actor(), binding.id, changes).await.unwrap_err();
    assert!(matches!(refusal, PluginError::InvalidConfig(_)), "{refusal}");
    let strict = shop.upload("tiers 2.0.0\n{\"properties\": {\"off\": {\"maximum\": 3}}}").await.unwrap();
    let changes = BindingChanges { version: Some(strict.version.id), ..BindingChanges::default() };
    let refusal = shop.plugins.update_binding(shop.actor(), binding.id, changes).await.unwrap_err();
    assert!(
        matches!(refusal, PluginError::InvalidConfig(_)),
        "the old configuration with the new schema: {refusal}"
    );
    assert_eq!(shop.in_force().await, [("tiers@1.0.0".to_owned(), r#"{"off":5}"#.to_owned())]);
}

#[tokio::test]
async fn rolls_back_and_forth_in_one_call() {
    let shop = Shop::open().await;
    shop.upload("tiers 1.0.0").await.unwrap();
    let binding = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap();
    let refusal = shop.plugins.roll_back(shop.actor(), binding.id).await.unwrap_err();
    assert!(matches!(refusal, PluginError::NothingToRollBack), "{refusal}");
    let second = shop.upload("tiers 1.1.0").await.unwrap();
    let changes = BindingChanges {
        version: Some(second.version.id),
        config: Some(r#"{"off": 9}"#.to_owned()),
        ..BindingChanges::default()
    };
    shop.plugins.update_binding(shop.actor(), binding.id, changes).await.unwrap();
    let new = ("tiers@1.1.0".to_owned(), r#"{"off":9}"#.to_owned());
    let old = ("tiers@1.0.0".to_owned(), r#"{"off":5}"#.to_owned());
    assert_eq!(shop.in_force().await, std::slice::from_ref(&new));
    let back = shop.plugins.roll_back(shop.actor(), binding.id).await.unwrap();
    assert_eq!(back.previous.unwrap().version, second.version.in_brief());
    assert_eq!(shop.in_force().await, [old]);
    shop.plugins.roll_back(shop.actor(), binding.id).await.unwrap();
    assert_eq!(shop.in_force().await, [new]);
    let changes = BindingChanges { priority: Some(1), ..BindingChanges::default() };
    let moved = shop.plugins.update_binding(shop.actor(), binding.id, changes).await.unwrap();
    assert_eq!(moved.previous.unwrap().version.version, "1.0.0", "a new priority is nothing to roll back");
    shop.plugins.unbind(shop.actor(), binding.id).await.unwrap();
    assert_eq!(shop.in_force().await, []);
    let events = shop.events().await;
    let count = |name: &str| events.iter().filter(|event| *event == name).count();
    assert_eq!(
        (
            count("plugin.bound"),
            count("plugin.binding_updated"),
            count("plugin.rolled_back"),
            count("plugin.unbound")
        ),
        (1, 2, 2, 1)
    );
    let rebound = shop.bind("tiers", r#"{"off": 1}"#).await.unwrap();
    assert_ne!(rebound.id, binding.id);
    let gone = shop.plugins.roll_back(shop.actor(), binding.id).await.unwrap_err();
    assert!(matches!(gone, PluginError::UnknownBinding(id) if id == binding.id), "{gone}");
}

#[tokio::test]
async fn refuses_more_enabled_bindings_than_the_platform_allows() {
    let shop = Shop::open_with(PluginLimits { enabled_bindings_max: 1, ..PluginLimits::default() }).await;
    shop.upload("a 1.0.0").await.unwrap();
    shop.upload("b 1.0.0").await.unwrap();
    let config = r#"{"off": 1}"#;
    let first = shop.bind("a", config).await.unwrap();
    assert!(matches!(shop.bind("b", config).await.unwrap_err(), PluginError::TooManyBindings(1)));
    let off = NewBinding { enabled: false, ..binding_of("b", config) };
    let second = shop.plugins.bind(shop.actor(), off).await.unwrap();
    let enable = |enabled| BindingChanges { enabled: Some(enabled), ..BindingChanges::default() };
    let refusal = shop.plugins.update_binding(shop.actor(), second.id, enable(true)).await.unwrap_err();
    assert!(matches!(refusal, PluginError::TooManyBindings(1)), "{refusal}");
    shop.plugins.update_binding(shop.actor(), first.id, enable(true)).await.unwrap();
    shop.plugins.update_binding(shop.actor(), first.id, enable(false)).await.unwrap();
    shop.plugins.update_binding(shop.actor(), second.id, enable(true)).await.unwrap();
    assert_eq!(shop.in_force().await[0].0, "b@1.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_configuration_and_version_together_when_two_change_at_once() {
    let shop = Arc::new(Shop::open().await);
    shop.upload("tiers 1.0.0").await.unwrap();
    let binding = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap();
    let strict = shop.upload("tiers 2.0.0\n{\"properties\": {\"off\": {\"maximum\": 5}}}").await.unwrap();
    for round in 0..20_i64 {
        let version = BindingChanges { version: Some(strict.version.id), ..BindingChanges::default() };
        let config = BindingChanges {
            config: Some(format!("{{\"off\": {}}}", 10 + round)),
            ..BindingChanges::default()
        };
        let (one, other) = tokio::join!(
            shop.plugins.update_binding(shop.actor(), binding.id, version),
            shop.plugins.update_binding(shop.actor(), binding.id, config),
        );
        for outcome in [&one, &other] {
            if let Err(refusal) = outcome {
                let expected =
                    matches!(refusal, PluginError::ChangedMeanwhile | PluginError::InvalidConfig(_));
                assert!(expected, "{refusal}");
            }
        }
        let now = shop.plugins.find_binding(shop.actor(), binding.id).await.unwrap().unwrap();
        let fits = now.current.version != strict.version.in_brief() || now.current.config == r#"{"off":5}"#;
        assert!(fits, "{:?}", now.current);
        let first = now.previous.map_or(now.current.version.id, |previous| previous.version.id);
        let first = if first == strict.version.id { binding.current.version.id } else { first };
        let reset = BindingChanges {
            version: Some(first),
            config: Some(r#"{"off": 5}"#.to_owned()),
            ..BindingChanges::default()
        };
        shop.plugins.update_binding(shop.actor(), binding.id, reset).await.unwrap();
    }
}

#[tokio::test]
async fn refuses_unknown_names_and_versions_of_other_plugins() {
    let shop = Shop::open().await;
    let other = shop.upload("other 1.0.0").await.unwrap();
    let refusal = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap_err();
    assert!(matches!(refusal, PluginError::UnknownPlugin(_)), "{refusal}");
    shop.upload("tiers 1.0.0").await.unwrap();
    let new = NewBinding { version: Some(other.version.id), ..binding_of("tiers", r#"{"off": 5}"#) };
    let refusal = shop.plugins.bind(shop.actor(), new).await.unwrap_err();
    assert!(matches!(refusal, PluginError::UnknownVersion(id) if id == other.version.id), "{refusal}");
}

#[tokio::test]
async fn hides_each_shop_from_every_other() {
    let shop = Shop::open().await;
    let upload = shop.upload("tiers 1.0.0").await.unwrap();
    let binding = shop.bind("tiers", r#"{"off": 5}"#).await.unwrap();
    let stranger = shop.store.add_channel("stranger").await;
    let plugins = &shop.plugins;
    let all = ListQuery::default();
    assert_eq!(plugins.list(&stranger, &all).await.unwrap().total, 0);
    assert_eq!(plugins.list_versions(&stranger, None, &all).await.unwrap().total, 0);
    assert_eq!(
        plugins.list_versions(&stranger, Some(upload.version.plugin_id), &all).await.unwrap().total,
        0
    );
    assert_eq!(plugins.list_bindings(&stranger, &all).await.unwrap().total, 0);
    assert_eq!(plugins.find(&stranger, &PluginRef::Id(upload.version.plugin_id)).await.unwrap(), None);
    assert_eq!(plugins.find(&stranger, &PluginRef::Name("tiers".to_owned())).await.unwrap(), None);
    assert_eq!(plugins.find_version(&stranger, upload.version.id).await.unwrap(), None);
    assert_eq!(plugins.find_binding(&stranger, binding.id).await.unwrap(), None);
    assert!(plugins.bindings_for(&stranger).await.unwrap().is_empty());
    for plugin in [PluginRef::Name("tiers".to_owned()), PluginRef::Id(upload.version.plugin_id)] {
        let new = NewBinding { plugin, version: Some(upload.version.id), ..binding_of("", r#"{"off": 5}"#) };
        let refusal = plugins.bind(&stranger, new).await.unwrap_err();
        assert!(matches!(refusal, PluginError::UnknownPlugin(_)), "{refusal}");
    }
    let unknown = |refusal: PluginError, id: PluginBindingId| {
        assert!(matches!(refusal, PluginError::UnknownBinding(unknown) if unknown == id), "{refusal}");
    };
    let off = BindingChanges { enabled: Some(false), ..BindingChanges::default() };
    unknown(plugins.update_binding(&stranger, binding.id, off).await.unwrap_err(), binding.id);
    unknown(plugins.roll_back(&stranger, binding.id).await.unwrap_err(), binding.id);
    unknown(plugins.unbind(&stranger, binding.id).await.unwrap_err(), binding.id);
    // A plugin of the same name is the stranger's own, and cannot be bound with a version of this shop's.
    plugins.upload(&stranger, b"tiers 9.0.0"[..].into(), None).await.unwrap();
    let new = NewBinding { version: Some(upload.version.id), ..binding_of("tiers", r#"{"off": 5}"#) };
    let refusal = plugins.bind(&stranger, new).await.unwrap_err();
    assert!(matches!(refusal, PluginError::UnknownVersion(_)), "{refusal}");
    assert_eq!(shop.in_force().await.len(), 1);
}
