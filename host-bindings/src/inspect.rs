//! Inspection at upload: the cheap checks first, then the compiler, then the guest itself.

use semver::Version;
use serde_json::Value;
use soko_extension::effect::Capabilities;
use soko_extension::{
    ComponentBytes, FailureKind, Inspection, Manifest, PluginFailure, PluginKind, Rejection,
};
use wasmparser::{ComponentTypeRef, Encoding, Parser, Payload, TypeBounds, Validator};

use crate::effects::is_host_pattern;
use crate::error::LoadError;
use crate::guest::{Contract, Guest, RawManifest, world_of};
use crate::host::Inner;
use crate::limits::{COMPONENT_BYTES_OPT_IN, CallLimits, MESSAGE_BYTES_MAX};
use crate::registry::{Loaded, blocking, digest_of};
use crate::sandbox::one_line;
use crate::{action, payment, pricing};

/// How much longer than in service a guest may run while it is inspected: its code is touched for the first time.
const DEADLINE_FACTOR: u64 = 4;
/// Bytes of a component's name.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a component's version.
const VERSION_BYTES_MAX: usize = 64;
/// Bytes of a component's description.
const DESCRIPTION_BYTES_MAX: usize = 500;
/// Bytes of a component's configuration schema.
const SCHEMA_BYTES_MAX: usize = 64 << 10;

/// Hosts that a component may want to talk to.
const HOSTS_MAX: usize = 32;
/// Secrets that a component may want.
const SECRETS_MAX: usize = 16;

/// Names of what a component imports and exports.
#[derive(Debug)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// The whole inspection.
pub(crate) async fn inspect(
    host: &Inner,
    bytes: ComponentBytes,
    size_limit_bytes: u64,
) -> Result<Inspection, Rejection> {
    let size_bytes = bytes.len() as u64;
    let limit_bytes = size_limit_bytes.min(COMPONENT_BYTES_OPT_IN);
    if size_bytes > limit_bytes {
        return Err(Rejection::TooLarge { limit_bytes });
    }
    let given = bytes.clone();
    let (digest, outline) = blocking(move || outline(&given).map(|outline| (digest_of(&given), outline)))
        .await
        .map_err(rejection)??;
    check_world(&outline)?;
    let loaded = host.registry.load_given(digest, bytes).await.map_err(rejection)?;
    let limits = inspection_limits(host.limits.for_component(size_bytes));
    let raw = describe(host, &loaded, &limits).await?;
    let manifest = check_manifest(raw)?;
    trial_run(host, &loaded, &limits, &manifest).await?;
    Ok(Inspection {
        digest: digest.to_string(),
        size_bytes,
        manifest,
        contract: loaded.guest.contract(),
        imports: outline.imports,
        compile_ms: loaded.facts.compile_ms,
    })
}

fn rejection(error: LoadError) -> Rejection {
    match error {
        LoadError::Compile(message) => Rejection::Compile(message),
        LoadError::World(message) => Rejection::WrongWorld(one_line(&message, MESSAGE_BYTES_MAX)),
        other => Rejection::Host(other.to_string()),
    }
}

fn inspection_limits(limits: &CallLimits) -> CallLimits {
    CallLimits {
        hard_ms: limits.hard_ms.saturating_mul(DEADLINE_FACTOR),
        wall_ms: limits.wall_ms.saturating_mul(DEADLINE_FACTOR),
        ..limits.clone()
    }
}

/// Validates the file and reads the names at its border.
fn outline(bytes: &[u8]) -> Result<Outline, Rejection> {
    let invalid = |error: wasmparser::BinaryReaderError| {
        Rejection::NotAComponent(one_line(&error.to_string(), MESSAGE_BYTES_MAX))
    };
    if !bytes.starts_with(b"\0asm") {
        return Err(Rejection::NotAComponent("it does not begin like a WebAssembly file".to_owned()));
    }
    if Parser::is_core_wasm(bytes) {
        let message = "it is a core module; build a component, for example for the target wasm32-wasip2";
        return Err(Rejection::NotAComponent(message.to_owned()));
    }
    Validator::new().validate_all(bytes).map_err(invalid)?;
    let mut outline = Outline { imports: Vec::new(), exports: Vec::new() };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(Rejection::NotAComponent("it is a core module".to_owned()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(invalid)?;
                    // Types that the world uses from an interface are imported by name; a name for a known type gives
                    // the guest nothing to call.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        outline.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    outline.exports.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    outline.imports.sort();
    Ok(outline)
}

/// Whether the component is of a world that is hosted and imports only what that world allows.
fn check_world(outline: &Outline) -> Result<(), Rejection> {
    let world = world_of(&outline.exports);
    let missing: Vec<&str> = world
        .exports
        .iter()
        .filter(|name| !outline.exports.iter().any(|export| export == *name))
        .copied()
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "a {} component exports {}; missing: {}",
            world.kind.as_str(),
            world.exports.join(", "),
            missing.join(", ")
        );
        return Err(Rejection::WrongWorld(message));
    }
    let version = match (world.contract)(&outline.imports) {
        Contract::Hosted(version) => version,
        Contract::Foreign(contract) => {
            let hosted = (world.hosted)();
            let message =
                one_line(&format!("it was built against {contract}; hosted: {hosted}"), MESSAGE_BYTES_MAX);
            return Err(Rejection::WrongWorld(message));
        }
    };
    let forbidden: Vec<String> = outline
        .imports
        .iter()
        .filter(|import| !(world.may_import)(import, version))
        .map(|import| one_line(import, MESSAGE_BYTES_MAX))
        .collect();
    if forbidden.is_empty() {
        Ok(())
    } else {
        Err(Rejection::ForbiddenImports { kind: world.kind.as_str(), imports: forbidden })
    }
}

async fn describe(host: &Inner, loaded: &Loaded, limits: &CallLimits) -> Result<RawManifest, Rejection> {
    host.describe(loaded, limits).await.map_err(|failure| match failure.kind {
        FailureKind::Host => Rejection::Host(failure.message),
        _ => Rejection::Manifest(format!("describe failed: {failure}")),
    })
}

/// Whether the manifest is well formed and true.
fn check_manifest(raw: RawManifest) -> Result<Manifest, Rejection> {
    let RawManifest { kind, manifest } = raw;
    let wrong = |what: String| Err(Rejection::Manifest(what));
    let is_name_character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &manifest.name;
    if name.len() > NAME_BYTES_MAX
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
        || name.ends_with('-')
        || !name.chars().all(is_name_character)
    {
        return wrong(format!(
            "the name must be 1 to {NAME_BYTES_MAX} lower-case letters, digits and dashes, and begin with a letter"
        ));
    }
    if manifest.version.len() > VERSION_BYTES_MAX || Version::parse(&manifest.version).is_err() {
        return wrong("the version must be a semantic version such as 1.2.0".to_owned());
    }
    let description = &manifest.description;
    if description.trim().is_empty()
        || description.len() > DESCRIPTION_BYTES_MAX
        || description.chars().any(char::is_control)
    {
        return wrong(format!("the description must be one line of 1 to {DESCRIPTION_BYTES_MAX} bytes"));
    }
    if PluginKind::parse(&kind) != Some(manifest.kind) {
        let kind = one_line(&kind, NAME_BYTES_MAX);
        return wrong(format!(
            "it calls itself a `{kind}` plugin, but exports the world of a `{}` plugin",
            manifest.kind.as_str()
        ));
    }
    check_capabilities(&manifest.capabilities).map_err(Rejection::Manifest)?;
    if manifest.config_schema.len() > SCHEMA_BYTES_MAX {
        return wrong(format!("the config schema has more than {SCHEMA_BYTES_MAX} bytes"));
    }
    match serde_json::from_str::<Value>(&manifest.config_schema) {
        Ok(Value::Object(_)) => Ok(manifest),
        Ok(_) => wrong("the config schema must be a JSON object".to_owned()),
        Err(error) => wrong(format!("the config schema is no JSON: {error}")),
    }
}

/// Whether what the component wants of the world is well formed.
fn check_capabilities(wanted: &Capabilities) -> Result<(), String> {
    if wanted.hosts.len() > HOSTS_MAX || wanted.secrets.len() > SECRETS_MAX {
        return Err(format!("a plugin may want at most {HOSTS_MAX} hosts and {SECRETS_MAX} secrets"));
    }
    if let Some(odd) = wanted.hosts.iter().find(|host| !is_host_pattern(host)) {
        let odd = one_line(odd, NAME_BYTES_MAX);
        return Err(format!("`{odd}` is no host such as api.example.com or *.example.com, in lower case"));
    }
    for (place, secret) in wanted.secrets.iter().enumerate() {
        if !is_secret_name(&secret.name) {
            let odd = one_line(&secret.name, NAME_BYTES_MAX);
            return Err(format!("`{odd}` is no name of a secret: lower-case letters, digits and dashes"));
        }
        if secret.description.len() > DESCRIPTION_BYTES_MAX
            || secret.description.chars().any(char::is_control)
        {
            return Err(format!("the description of the secret `{}` is not one short line", secret.name));
        }
        if wanted.secrets[..place].iter().any(|before| before.name == secret.name) {
            return Err(format!("the secret `{}` is wanted twice", secret.name));
        }
    }
    Ok(())
}

fn is_secret_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(allowed)
}

/// One call: of a rule with a small order, of a handler with a callback of nobody's. A refusal passes: the component may
/// well need a configuration that nobody has written yet.
async fn trial_run(
    host: &Inner,
    loaded: &Loaded,
    limits: &CallLimits,
    manifest: &Manifest,
) -> Result<(), Rejection> {
    let config = trial_config(&manifest.config_schema);
    let outcome = match &loaded.guest {
        Guest::Pricing(_) => {
            let order = pricing::trial_order();
            let (run, _used) = host.run_rule(loaded, limits, (&order, &config), None, None).await;
            run.outcome.map(|_| ())
        }
        Guest::Payment(_) => payment::trial_run(host, loaded, &config, limits).await,
        Guest::Action(_) => action::trial_run(host, loaded, &config, limits).await,
    };
    match outcome {
        Ok(()) | Err(PluginFailure { kind: FailureKind::Guest, .. }) => Ok(()),
        Err(PluginFailure { kind: FailureKind::Host, message }) => Err(Rejection::Host(message)),
        Err(failure) => Err(Rejection::SmokeRun(failure)),
    }
}

/// The configuration that the schema itself offers: its default, its first example, or its properties' defaults.
fn trial_config(schema: &str) -> String {
    let offered = serde_json::from_str::<Value>(schema).ok().and_then(|schema| {
        let whole = schema.get("default").or_else(|| schema.pointer("/examples/0")).cloned();
        whole.or_else(|| {
            let properties = schema.get("properties")?.as_object()?;
            let with_default =
                |(name, property): (&String, &Value)| Some((name.clone(), property.get("default")?.clone()));
            Some(properties.iter().filter_map(with_default).collect::<serde_json::Map<_, _>>().into())
        })
    });
    offered.map_or_else(|| "{}".to_owned(), |config| config.to_string())
}

#[cfg(test)]
mod tests {
    use soko_extension::effect::WantedSecret;

    use super::*;

    #[test]
    fn takes_the_trial_configuration_from_the_schema() {
        assert_eq!(trial_config("{}"), "{}");
        assert_eq!(trial_config(r#"{"default": {"a": 1}, "examples": [{"a": 2}]}"#), r#"{"a":1}"#);
        assert_eq!(trial_config(r#"{"examples": [{"a": 2}]}"#), r#"{"a":2}"#);
        assert_eq!(trial_config(r#"{"properties": {"a": {"default": 3}, "b": {}}}"#), r#"{"a":3}"#);
    }

    #[test]
    fn refuses_malformed_manifests() {
        let refused = |change: fn(&mut RawManifest)| {
            let mut raw = RawManifest {
                kind: "pricing".to_owned(),
                manifest: Manifest {
                    name: "bulk-2".to_owned(),
                    version: "1.0.0".to_owned(),
                    description: "Bulk prices.".to_owned(),
                    kind: PluginKind::Pricing,
                    config_schema: "{}".to_owned(),
                    capabilities: Capabilities::default(),
                },
            };
            change(&mut raw);
            match check_manifest(raw) {
                Ok(_) => String::new(),
                Err(rejection) => rejection.to_string(),
            }
        };
        assert_eq!(refused(|_| {}), "");
        assert!(refused(|raw| raw.manifest.name = "Bulk".to_owned()).contains("name"));
        assert!(refused(|raw| raw.manifest.name = String::new()).contains("name"));
        assert!(refused(|raw| raw.manifest.version = "1.0".to_owned()).contains("version"));
        assert!(
            refused(|raw| raw.manifest.capabilities.hosts.push("https://a.com".to_owned())).contains("host")
        );
        let twice = |raw: &mut RawManifest| {
            for _ in 0..2 {
                let (name, description) = ("key".to_owned(), String::new());
                raw.manifest.capabilities.secrets.push(WantedSecret { name, description, readable: false });
            }
        };
        assert!(refused(twice).contains("wanted twice"));
        assert!(refused(|raw| raw.manifest.description = "a\nb".to_owned()).contains("description"));
        assert!(refused(|raw| raw.kind = "payment".to_owned()).contains("`payment`"));
        assert!(refused(|raw| raw.manifest.config_schema = "[]".to_owned()).contains("object"));
        assert!(refused(|raw| raw.manifest.config_schema = "{".to_owned()).contains("no JSON"));
    }
}
