//! Uploading: inspect outside any transaction, then store in one.

use soko_extension::{ComponentBytes, Digest, Inspection, PluginKind, Rejection};
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, Permission, PluginId, Timestamp, UserId};

use super::entity::{ImportsDifference, PluginRef, PluginVersion, Upload};
use super::error::PluginError;
use super::event::PluginUploaded;
use super::schema::{ConfigSchema, cut};
use super::{Plugins, repo};

/// Bytes of a file name that are kept.
const FILE_NAME_BYTES_MAX: usize = 200;

/// What goes into the store, beside the bytes.
#[derive(Clone)]
struct NewVersion {
    digest: Digest,
    inspection: Inspection,
    file_name: Option<String>,
    uploaded_by: Option<UserId>,
}

impl Plugins {
    /// Stores a component as a version of the plugin that its manifest names; the plugin is created with its first
    /// version. The same bytes again give the version that is there. Nothing is put to use.
    ///
    /// # Errors
    /// [`PluginError::Rejected`] when the component is not acceptable, [`PluginError::VersionInUse`] when other bytes
    /// are stored under the version, or one of the platform's limits.
    pub async fn upload(
        &self,
        actor: &Actor,
        bytes: ComponentBytes,
        file_name: Option<&str>,
    ) -> Result<Upload, PluginError> {
        let scope = actor.require(Permission::CreatePlugin)?;
        let limit_bytes = self.limits.upload_bytes_max();
        if bytes.len() as u64 > limit_bytes {
            return Err(Rejection::TooLarge { limit_bytes }.into());
        }
        let hashed = bytes.clone();
        let digest = off_the_request_thread(move || repo::digest_of(&hashed)).await?;
        if let Some(upload) = self.find_upload(scope, digest).await? {
            return Ok(upload);
        }
        let inspection = self.inspector.inspect(bytes.clone(), limit_bytes).await?;
        let schema = inspection.manifest.config_schema.clone();
        let compiled = off_the_request_thread(move || ConfigSchema::compile(&schema).map(|_| ())).await?;
        compiled.map_err(Rejection::Manifest)?;
        let file_name = file_name.map(plain_file_name).filter(|name| !name.is_empty());
        let new = NewVersion { digest, inspection, file_name, uploaded_by: actor.user };
        let (now, limits) = (self.clock.now(), self.limits);
        self.database
            .write(scope, async move |tx| {
                if let Some(version) = repo::find_version_by_digest(tx, scope, digest).await? {
                    return with_difference(tx, scope, version, false).await;
                }
                let manifest = &new.inspection.manifest;
                let plugin =
                    get_or_create(tx, scope, (&manifest.name, manifest.kind), limits.plugins_max, now)
                        .await?;
                store_version(tx, scope, plugin, &new, &bytes, (limits.versions_max, now)).await
            })
            .await
    }

    async fn find_upload(&self, scope: ChannelScope, digest: Digest) -> Result<Option<Upload>, PluginError> {
        self.database
            .read(scope, async |reader| match repo::find_version_by_digest(reader, scope, digest).await? {
                Some(version) => with_difference(reader, scope, version, false).await.map(Some),
                None => Ok(None),
            })
            .await
    }
}

async fn with_difference(
    reader: &mut soko_infra::Reader,
    scope: ChannelScope,
    version: PluginVersion,
    created: bool,
) -> Result<Upload, PluginError> {
    let previous = repo::find_version_before(reader, scope, &version).await?;
    let imports = ImportsDifference::between(previous.as_ref(), &version);
    Ok(Upload { version, imports, created })
}

async fn get_or_create(
    tx: &mut Tx,
    scope: ChannelScope,
    (name, kind): (&str, PluginKind),
    plugins_max: i64,
    now: Timestamp,
) -> Result<PluginId, PluginError> {
    match repo::find_plugin(tx, scope, &PluginRef::Name(name.to_owned())).await? {
        Some(plugin) if plugin.kind == kind => Ok(plugin.id),
        Some(plugin) => Err(PluginError::KindDiffers {
            name: plugin.name,
            existing: plugin.kind.as_str(),
            uploaded: kind.as_str(),
        }),
        None if repo::count_plugins(tx, scope).await? >= plugins_max => {
            Err(PluginError::TooManyPlugins(plugins_max))
        }
        None => Ok(repo::insert_plugin(tx, scope, name, kind, now).await?),
    }
}

async fn store_version(
    tx: &mut Tx,
    scope: ChannelScope,
    plugin: PluginId,
    new: &NewVersion,
    bytes: &ComponentBytes,
    (versions_max, now): (i64, Timestamp),
) -> Result<Upload, PluginError> {
    let manifest = &new.inspection.manifest;
    let (versions, same_version) = repo::count_versions(tx, scope, plugin, &manifest.version).await?;
    if same_version > 0 {
        let (name, version) = (manifest.name.clone(), manifest.version.clone());
        return Err(PluginError::VersionInUse { name, version });
    }
    if versions >= versions_max {
        return Err(PluginError::TooManyVersions(versions_max));
    }
    repo::insert_component(tx, new.digest, bytes, now).await?;
    let provenance = (new.file_name.as_deref(), new.uploaded_by, now);
    let id = repo::insert_version(tx, scope, plugin, new.digest, &new.inspection, provenance).await?;
    repo::touch_plugin(tx, scope, plugin, now).await?;
    let event = PluginUploaded { plugin_id: plugin, version_id: id, digest: new.digest.to_string() };
    tx.publish(scope, now, &event)?;
    let version = repo::find_version(tx, scope, id).await?.ok_or(PluginError::UnknownVersion(id))?;
    with_difference(tx, scope, version, true).await
}

/// The last part of a path, without control characters.
fn plain_file_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    cut(&name, FILE_NAME_BYTES_MAX).to_owned()
}

/// Runs work that needs the processor for long where it holds up no request.
pub(super) async fn off_the_request_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PluginError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PluginError::CheckFailed(error.to_string()))
}
