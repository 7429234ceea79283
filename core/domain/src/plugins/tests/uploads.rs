use soko_extension::{ComponentSource, Digest};
use soko_kernel::{ErrorKind, Forbidden};

use super::*;

#[tokio::test]
async fn stores_the_same_bytes_once() {
    let shop = Shop::open().await;
    let first = shop.upload("tiers 1.0.0 log").await.unwrap();
    assert!(first.created);
    assert_eq!(first.version.plugin_name, "tiers");
    assert_eq!(first.version.file_name.as_deref(), Some("rule.wasm"));
    assert_eq!(first.version.digest, repo::digest_of(b"tiers 1.0.0 log"));
    let again = shop.upload("tiers 1.0.0 log").await.unwrap();
    assert_eq!((again.version, again.imports, again.created), (first.version, first.imports, false));
    assert_eq!(shop.inspector.inspections.load(Ordering::Relaxed), 1);
    let other = shop.store.add_channel("other").await;
    let elsewhere = shop.plugins.upload(&other, b"tiers 1.0.0 log"[..].into(), None).await.unwrap();
    assert!(elsewhere.created, "another shop's upload is its own");
    let components = shop.store.database.read(shop.store.scope(), async |reader| {
        reader.fetch_one::<(i64,)>("SELECT COUNT(*) FROM component", ()).await
    });
    assert_eq!(components.await.unwrap(), (1,));
    assert_eq!(shop.events().await, ["plugin.uploaded", "plugin.uploaded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_once_what_many_upload_at_once() {
    let shop = Arc::new(Shop::open().await);
    let mut uploads = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let shop = shop.clone();
        uploads.spawn(async move { shop.upload("tiers 1.0.0").await.unwrap() });
    }
    let uploads = uploads.join_all().await;
    assert_eq!(uploads.iter().filter(|upload| upload.created).count(), 1);
    assert!(uploads.iter().all(|upload| upload.version == uploads[0].version));
}

#[tokio::test]
async fn refuses_other_bytes_under_a_taken_version() {
    let shop = Shop::open().await;
    shop.upload("tiers 1.0.0 log").await.unwrap();
    let refusal = shop.upload("tiers 1.0.0 log more").await.unwrap_err();
    assert!(
        matches!(&refusal, PluginError::VersionInUse { name, version } if name == "tiers" && version == "1.0.0"),
        "{refusal}"
    );
    assert_eq!(refusal.kind(), ErrorKind::Conflict);
    assert!(refusal.to_string().contains("raise the version"));
    let versions = shop.plugins.list_versions(shop.actor(), None, &ListQuery::default()).await.unwrap();
    assert_eq!(versions.total, 1);
}

#[tokio::test]
async fn shows_how_imports_changed() {
    let shop = Shop::open().await;
    let first = shop.upload("tiers 1.0.0 clock log").await.unwrap();
    assert_eq!(first.imports.previous_version, None);
    assert_eq!(first.imports.added, ["clock", "log"]);
    shop.upload("tiers 1.1.0 log random").await.unwrap();
    let third = shop.upload("tiers 1.2.0 log").await.unwrap();
    assert_eq!(third.imports.previous_version.as_deref(), Some("1.1.0"));
    assert_eq!((third.imports.added, third.imports.removed), (vec![], vec!["random".to_owned()]));
    let plugin = shop.plugins.find(shop.actor(), &PluginRef::Name("tiers".into())).await.unwrap().unwrap();
    assert_eq!(plugin.latest.version, "1.2.0");
    let versions =
        shop.plugins.list_versions(shop.actor(), Some(plugin.id), &ListQuery::default()).await.unwrap();
    let names: Vec<_> = versions.items.iter().map(|version| version.version.as_str()).collect();
    assert_eq!(names, ["1.2.0", "1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn refuses_what_is_too_large_or_no_component_or_has_a_hostile_schema() {
    let shop = Shop::open_with(PluginLimits { component_bytes_max: 100, ..PluginLimits::default() }).await;
    let large = format!("tiers 1.0.0 {}", "x".repeat(100));
    let refusal = shop.upload(&large).await.unwrap_err();
    assert!(matches!(refusal, PluginError::Rejected(Rejection::TooLarge { limit_bytes: 100 })), "{refusal}");
    assert_eq!(shop.inspector.inspections.load(Ordering::Relaxed), 0);
    let refusal = shop.upload("tiers").await.unwrap_err();
    assert!(matches!(&refusal, PluginError::Rejected(Rejection::NotAComponent(_))), "{refusal}");
    assert_eq!(refusal.kind(), ErrorKind::InvalidInput);
    let refusal = shop.upload("tiers 1.0.0\n{\"allOf\": [{\"$ref\": \"#\"}]}").await.unwrap_err();
    assert!(matches!(refusal, PluginError::Rejected(Rejection::Manifest(_))), "{refusal}");
    assert_eq!(shop.plugins.list(shop.actor(), &ListQuery::default()).await.unwrap().total, 0);
    let large_allowed =
        PluginLimits { component_bytes_max: 100, allow_large: true, ..PluginLimits::default() };
    let shop = Shop::open_with(large_allowed).await;
    assert!(shop.upload(&large).await.unwrap().created);
}

#[tokio::test]
async fn refuses_more_plugins_and_versions_than_the_platform_allows() {
    let shop =
        Shop::open_with(PluginLimits { plugins_max: 2, versions_max: 2, ..PluginLimits::default() }).await;
    shop.upload("a 1.0.0").await.unwrap();
    shop.upload("b 1.0.0").await.unwrap();
    assert!(matches!(shop.upload("c 1.0.0").await.unwrap_err(), PluginError::TooManyPlugins(2)));
    shop.upload("a 1.1.0").await.unwrap();
    assert!(matches!(shop.upload("a 1.2.0").await.unwrap_err(), PluginError::TooManyVersions(2)));
    assert!(!shop.upload("a 1.1.0").await.unwrap().created);
}

#[tokio::test]
async fn keeps_the_last_part_of_a_file_name() {
    let shop = Shop::open().await;
    for (version, given, kept) in [
        ("1.0.0", "C:\\work\\rule.wasm", Some("rule.wasm")),
        ("1.0.1", "../../etc/pass\u{0}wd", Some("passwd")),
        ("1.0.2", "work/", None),
    ] {
        let bytes = format!("tiers {version}").into_bytes().into();
        let upload = shop.plugins.upload(shop.actor(), bytes, Some(given)).await.unwrap();
        assert_eq!(upload.version.file_name.as_deref(), kept, "{given}");
    }
}

#[tokio::test]
async fn refuses_actors_without_the_permission() {
    let shop = Shop::open().await;
    let reader = allowed(shop.actor(), &[Permission::ReadPlugin]);
    let refusal = shop.plugins.upload(&reader, b"a 1.0.0"[..].into(), None).await.unwrap_err();
    assert!(
        matches!(refusal, PluginError::Forbidden(Forbidden::Missing(Permission::CreatePlugin))),
        "{refusal}"
    );
    let uploader = allowed(shop.actor(), &[Permission::CreatePlugin]);
    let upload = shop.plugins.upload(&uploader, b"a 1.0.0"[..].into(), None).await.unwrap();
    assert_eq!(upload.version.uploaded_by, Some(UserId(1)));
    let refusal = shop.plugins.list(&uploader, &ListQuery::default()).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Forbidden);
    let refusal = shop.plugins.bind(&uploader, binding_of("a", "{}")).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn hands_the_host_exactly_the_uploaded_bytes() {
    let shop = Shop::open().await;
    let upload = shop.upload("tiers 1.0.0 log").await.unwrap();
    let source: Arc<dyn ComponentSource> = Arc::new(StoredComponents::new(shop.store.database.clone()));
    let bytes = source.load(upload.version.digest).await.unwrap().unwrap();
    assert_eq!(&bytes[..], b"tiers 1.0.0 log");
    assert_eq!(source.load(Digest([7; 32])).await.unwrap(), None);
    shop.store.database.close().await;
    let failure = source.load(upload.version.digest).await.unwrap_err();
    assert_eq!(failure.kind, soko_extension::FailureKind::Host);
}
