#![expect(clippy::unwrap_used, reason = "a failed test")]

mod bindings;
mod kept;
mod records;
mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use soko_extension::effect::Capabilities;
use soko_extension::{ComponentBytes, ComponentInspector, Inspection, Manifest, PluginKind, Rejection};
use soko_infra::DataScope;
use soko_kernel::{Actor, ListQuery, Permission, UserId};

use super::*;
use crate::testing::TestStore;

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {"off": {"type": "integer", "minimum": 1}, "label": {"type": "string"}},
    "required": ["off"],
    "additionalProperties": false
}"#;

/// A stand-in for the plugin host: takes what would be in the component from lines of text
/// `name version import import …`, and after them the schema where it is not [`SCHEMA`].
#[derive(Debug, Default)]
struct TextInspector {
    inspections: AtomicUsize,
}

#[async_trait]
impl ComponentInspector for TextInspector {
    async fn inspect(&self, bytes: ComponentBytes, size_limit_bytes: u64) -> Result<Inspection, Rejection> {
        assert!(bytes.len() as u64 <= size_limit_bytes);
        self.inspections.fetch_add(1, Ordering::Relaxed);
        let text =
            std::str::from_utf8(&bytes).map_err(|error| Rejection::NotAComponent(error.to_string()))?;
        let (facts, schema) = text.split_once('\n').unwrap_or((text, SCHEMA));
        let mut words = facts.split(' ').map(str::to_owned);
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            return Err(Rejection::NotAComponent("too few words".to_owned()));
        };
        Ok(Inspection {
            digest: repo::digest_of(&bytes).to_string(),
            size_bytes: bytes.len() as u64,
            manifest: Manifest {
                name,
                version,
                description: "Something off.".to_owned(),
                kind: PluginKind::Pricing,
                config_schema: schema.to_owned(),
                capabilities: Capabilities::default(),
            },
            contract: "soko:pricing@0.1.0".to_owned(),
            imports: words.collect(),
            compile_ms: 3,
        })
    }
}

struct Shop {
    store: TestStore,
    plugins: Plugins,
    inspector: Arc<TextInspector>,
}

impl Shop {
    async fn open() -> Self {
        Self::open_with(PluginLimits::default()).await
    }

    async fn open_with(limits: PluginLimits) -> Self {
        let store = TestStore::open().await;
        let inspector = Arc::new(TextInspector::default());
        let plugins = Plugins::new(store.database.clone(), store.clock.clone(), inspector.clone(), limits);
        Self { store, plugins, inspector }
    }

    fn actor(&self) -> &Actor {
        &self.store.actor
    }

    async fn upload(&self, component: &str) -> Result<Upload, PluginError> {
        self.plugins.upload(self.actor(), component.as_bytes().into(), Some("rule.wasm")).await
    }

    async fn bind(&self, plugin: &str, config: &str) -> Result<PluginBinding, PluginError> {
        self.plugins.bind(self.actor(), binding_of(plugin, config)).await
    }

    /// The actor as the next request would have it.
    async fn next_request(&self) -> Actor {
        let mut actor = self.store.actor.clone();
        let channels = crate::channels::Channels::new(self.store.database.clone(), self.store.clock.clone());
        actor.channel = channels.active(&actor).await.unwrap().for_actor();
        actor
    }

    /// What the next request calls: version and configuration, in order.
    async fn in_force(&self) -> Vec<(String, String)> {
        let bindings = self.plugins.bindings_for(&self.next_request().await).await.unwrap();
        let brief = |binding: &ActiveBinding| {
            (format!("{}@{}", binding.name, binding.version), binding.config.to_string())
        };
        bindings.iter().map(brief).collect()
    }

    async fn events(&self) -> Vec<String> {
        let names = self.store.database.read(DataScope::Platform, async |reader| {
            reader
                .fetch_all::<(String,)>("SELECT name FROM outbox WHERE name LIKE 'plugin.%' ORDER BY id", ())
                .await
        });
        names.await.unwrap().into_iter().map(|(name,)| name).collect()
    }
}

fn binding_of(plugin: &str, config: &str) -> NewBinding {
    NewBinding {
        plugin: PluginRef::Name(plugin.to_owned()),
        version: None,
        config: config.to_owned(),
        grants: Capabilities::default(),
        priority: 10,
        failure_policy: FailurePolicy::Skip,
        enabled: true,
    }
}

/// The actor with these permissions and no others.
fn allowed(actor: &Actor, permissions: &[Permission]) -> Actor {
    let permissions = permissions.iter().copied().collect();
    Actor { permissions, user: Some(UserId(1)), ..actor.clone() }
}
