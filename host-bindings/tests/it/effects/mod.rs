//! Plugins that talk to the world, against servers on real sockets.

mod egress;
mod handlers;
mod keeping;
mod servers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use soko_extension::ComponentSource;
use soko_extension::effect::{
    Capabilities, EffectfulCall, EffectfulRun, KeepError, PaymentPlugins as _, PluginCaller, PluginStore,
    SecretBytes, WantedSecret,
};
use soko_extension::payment::{PaymentOutcome, PaymentReference, PaymentRequest};
use soko_host::testing::PaymentGuest;
use soko_host::{EffectLimits, EgressPolicy, HostConfig, Limits, PluginHost};
use soko_kernel::{Actor, ActorChannel, ChannelId, Currency, Language, PluginId};

use crate::kit::Store;

/// Secrets and values in memory.
#[derive(Default)]
struct Kept {
    secrets: Mutex<HashMap<(i64, String), Vec<u8>>>,
    values: Mutex<HashMap<(PluginCaller, String), Vec<u8>>>,
}

#[async_trait]
impl PluginStore for Kept {
    async fn secret(&self, caller: PluginCaller, name: &str) -> Result<Option<SecretBytes>, KeepError> {
        let secrets = self.secrets.lock().unwrap();
        Ok(secrets.get(&(caller.scope.channel_id().0, name.to_owned())).cloned().map(SecretBytes))
    }

    async fn get(&self, caller: PluginCaller, key: &str) -> Result<Option<Vec<u8>>, KeepError> {
        Ok(self.values.lock().unwrap().get(&(caller, key.to_owned())).cloned())
    }

    async fn set(
        &self,
        caller: PluginCaller,
        key: &str,
        value: Vec<u8>,
        _lives_ms: Option<u64>,
    ) -> Result<(), KeepError> {
        self.values.lock().unwrap().insert((caller, key.to_owned()), value);
        Ok(())
    }

    async fn delete(&self, caller: PluginCaller, key: &str) -> Result<(), KeepError> {
        self.values.lock().unwrap().remove(&(caller, key.to_owned()));
        Ok(())
    }
}

/// A host for payment handlers.
struct Desk {
    components: Arc<Store>,
    kept: Arc<Kept>,
    host: PluginHost,
}

/// Who calls: a plugin of a channel.
fn caller(channel: i64, plugin: i64) -> PluginCaller {
    let channel = ActorChannel {
        id: ChannelId(channel),
        code: "duka-moja".to_owned(),
        revision: 1,
        default_language: Language::EN,
        currency: Currency::KES,
        prices_include_tax: true,
        time_zone: "Africa/Nairobi".to_owned(),
    };
    PluginCaller { scope: Actor::system(channel).public_scope(), plugin: PluginId(plugin) }
}

impl Desk {
    /// A host that may talk to these private hosts, with limits for an impatient test.
    fn new(private_hosts: &[&str], effectful: EffectLimits) -> Self {
        let egress = EgressPolicy {
            private_hosts: private_hosts.iter().map(|host| (*host).to_owned()).collect(),
            ..EgressPolicy::default()
        };
        Self::with(egress, effectful)
    }

    fn with(egress: EgressPolicy, effectful: EffectLimits) -> Self {
        let (components, kept) = (Arc::new(Store::default()), Arc::new(Kept::default()));
        let source: Arc<dyn ComponentSource> = components.clone();
        let limits = Limits { egress, effectful, load_wait_ms: 60_000, ..Limits::default() };
        let config = HostConfig { limits, store: Some(kept.clone()), ..HostConfig::default() };
        Self { components, kept, host: PluginHost::try_new(config, source).unwrap() }
    }

    fn set_secret(&self, channel_id: i64, name: &str, value: &[u8]) {
        self.kept.secrets.lock().unwrap().insert((channel_id, name.to_owned()), value.to_vec());
    }

    fn call(&self, guest: PaymentGuest, wanted: Capabilities, granted: Capabilities) -> EffectfulCall {
        EffectfulCall {
            name: "guest".into(),
            version: "1.0.0".into(),
            digest: self.components.put(guest.build()),
            caller: caller(1, 7),
            config: "{}".into(),
            wanted: Arc::new(wanted),
            granted: Arc::new(granted),
        }
    }

    /// Tries to pay by a guest that is granted all that it wants.
    async fn pay(&self, guest: PaymentGuest, capabilities: &Capabilities) -> EffectfulRun<PaymentOutcome> {
        let call = self.call(guest, capabilities.clone(), capabilities.clone());
        self.host.create(call, request()).await
    }
}

/// What names these hosts and secrets.
fn capabilities(hosts: &[&str], secrets: &[(&str, bool)]) -> Capabilities {
    let secret = |(name, readable): &(&str, bool)| WantedSecret {
        name: (*name).to_owned(),
        description: String::new(),
        readable: *readable,
    };
    Capabilities {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        secrets: secrets.iter().map(secret).collect(),
        kv: true,
        ..Capabilities::default()
    }
}

fn request() -> PaymentRequest {
    PaymentRequest {
        idempotency_key: "payment-1".to_owned(),
        order_code: "T1".to_owned(),
        amount: 250_000,
        currency: "KES".to_owned(),
        metadata: serde_json::json!({ "phone": "0712345678" }),
        arguments: Vec::new(),
    }
}

fn reference() -> PaymentReference {
    PaymentReference {
        idempotency_key: "payment-1".to_owned(),
        transaction_id: Some("ref-1".to_owned()),
        amount: 250_000,
        currency: "KES".to_owned(),
        arguments: Vec::new(),
    }
}

/// Why the answer is in doubt.
#[track_caller]
fn doubt(run: &EffectfulRun<PaymentOutcome>) -> String {
    match &run.outcome {
        Ok(PaymentOutcome::InDoubt { message }) => message.clone(),
        other => panic!("another outcome: {other:?}"),
    }
}
