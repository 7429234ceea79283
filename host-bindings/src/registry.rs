//! Components by digest: loaded ones in memory, compiled ones on disk, the rest from the store.
//!
//! One digest is loaded once, however many ask for it at the same time, and loading goes on when those who asked have
//! given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use soko_extension::{ComponentBytes, ComponentSource, Digest, FailureKind, PluginFailure};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use wasmtime::Engine;

use crate::cache::{Artefact, ArtefactCache, Facts, Lookup};
use crate::compiler::Compiler;
use crate::error::LoadError;
use crate::guest::{Guest, Linkers};
use crate::stats::{LoadStats, Stats};

/// What a loaded component weighs at least: its memory image, file descriptor and mappings. With the default of 512 MiB
/// at most 512 components stay loaded.
const WEIGHT_MIN_BYTES: u64 = 1 << 20;
/// Components that are expected to be loaded; sizes the table.
const LOADED_ESTIMATE: usize = 64;
/// How long a component that failed to compile is not tried again.
const RETRY_AFTER: Duration = Duration::from_mins(1);
/// Failures of that sort that are remembered.
const FAILED_MAX: usize = 1_024;

/// A component that can be called.
pub(crate) struct Loaded {
    pub(crate) guest: Guest,
    pub(crate) facts: Facts,
    code_bytes: u64,
}

#[derive(Clone)]
struct ByCodeSize;

impl Weighter<Digest, Arc<Loaded>> for ByCodeSize {
    fn weight(&self, _: &Digest, loaded: &Arc<Loaded>) -> u64 {
        loaded.code_bytes.max(WEIGHT_MIN_BYTES)
    }
}

pub(crate) struct Registry {
    engine: Engine,
    linkers: Linkers,
    loaded: Cache<Digest, Arc<Loaded>, ByCodeSize>,
    artefacts: Option<Arc<ArtefactCache>>,
    compiler: Compiler,
    source: Arc<dyn ComponentSource>,
    failed: Mutex<HashMap<Digest, (Instant, LoadError)>>,
    stats: Arc<Stats>,
}

/// The parts of a [`Registry`].
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) linkers: Linkers,
    pub(crate) artefacts: Option<ArtefactCache>,
    pub(crate) compiler: Compiler,
    pub(crate) source: Arc<dyn ComponentSource>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) loaded_code_bytes: u64,
}

impl Registry {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            engine: parts.engine,
            linkers: parts.linkers,
            loaded: Cache::with_weighter(LOADED_ESTIMATE, parts.loaded_code_bytes, ByCodeSize),
            artefacts: parts.artefacts.map(Arc::new),
            compiler: parts.compiler,
            source: parts.source,
            failed: Mutex::default(),
            stats: parts.stats,
        }
    }

    /// The component if it is loaded.
    pub(crate) fn find(&self, digest: Digest) -> Option<Arc<Loaded>> {
        self.loaded.get(&digest)
    }

    /// What is loaded.
    pub(crate) fn stats(&self) -> LoadStats {
        let cache = &self.loaded;
        LoadStats {
            hits: cache.hits(),
            misses: cache.misses(),
            loaded: cache.len() as u64,
            bytes: cache.weight(),
            bytes_max: cache.capacity(),
        }
    }

    /// The component, loaded now if need be.
    ///
    /// # Errors
    /// A failure of kind `Host`, also when loading takes longer than `patience`; it then goes on without the caller.
    pub(crate) async fn get(
        self: &Arc<Self>,
        digest: Digest,
        patience: Duration,
    ) -> Result<Arc<Loaded>, PluginFailure> {
        let registry = Arc::clone(self);
        let load = async move { registry.load(digest, None).await };
        let load = tokio::spawn(load.in_current_span());
        match tokio::time::timeout(patience, load).await {
            Ok(Ok(loaded)) => loaded.map_err(PluginFailure::from),
            Ok(Err(_panicked)) => {
                Err(PluginFailure::new(FailureKind::Host, "the host could not load the component"))
            }
            Err(_elapsed) => Err(PluginFailure::new(
                FailureKind::Host,
                "the component is still being compiled; try again soon",
            )),
        }
    }

    /// Loads a component that is being inspected and is in no store yet.
    pub(crate) async fn load_given(
        &self,
        digest: Digest,
        bytes: ComponentBytes,
    ) -> Result<Arc<Loaded>, LoadError> {
        self.load(digest, Some(bytes)).await
    }

    async fn load(&self, digest: Digest, given: Option<ComponentBytes>) -> Result<Arc<Loaded>, LoadError> {
        let load = async {
            if let Some(error) = self.recent_failure(digest) {
                return Err(error);
            }
            let loaded = self.load_anew(digest, given).await;
            if let Err(error) = &loaded
                && error.is_lasting()
            {
                self.remember_failure(digest, error.clone());
            }
            loaded.map(Arc::new)
        };
        self.loaded.get_or_insert_async(&digest, load).await
    }

    async fn load_anew(&self, digest: Digest, given: Option<ComponentBytes>) -> Result<Loaded, LoadError> {
        if let Some(artefact) = self.find_artefact(digest).await {
            match self.link(artefact).await {
                Ok(loaded) => {
                    self.stats.disk_hits.add(1);
                    return Ok(loaded);
                }
                Err(error) => {
                    tracing::warn!(%digest, %error, "a compiled component did not load; compiling again");
                }
            }
        }
        let bytes = match given {
            Some(bytes) => bytes,
            None => self
                .source
                .load(digest)
                .await
                .map_err(LoadError::Source)?
                .ok_or(LoadError::Missing(digest))?,
        };
        let started = Instant::now();
        let component_bytes = bytes.len() as u64;
        let checked = Arc::clone(&bytes);
        if blocking(move || digest_of(&checked)).await? != digest {
            return Err(LoadError::Damaged(digest));
        }
        let code = self.compiler.compile(bytes).await?;
        self.stats.compiles.add(1);
        let compile_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(%digest, component_bytes, code_bytes = code.len(), compile_ms, "compiled a component");
        let artefact = Arc::new(Artefact::compiled_here(code, Facts { component_bytes, compile_ms }));
        let loaded = self.link(Arc::clone(&artefact)).await?;
        self.store_artefact(digest, artefact).await;
        Ok(loaded)
    }

    /// Loads native code and resolves its imports.
    async fn link(&self, artefact: Arc<Artefact>) -> Result<Loaded, LoadError> {
        let engine = self.engine.clone();
        let (facts, code_bytes) = (artefact.facts, artefact.len());
        let component = blocking(move || artefact.load(&engine))
            .await?
            .map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        Ok(Loaded { guest: self.linkers.link(&self.engine, &component)?, facts, code_bytes })
    }

    async fn find_artefact(&self, digest: Digest) -> Option<Arc<Artefact>> {
        let artefacts = Arc::clone(self.artefacts.as_ref()?);
        match blocking(move || artefacts.find(digest)).await {
            Ok(Ok(Lookup::Found(artefact))) => return Some(Arc::new(artefact)),
            Ok(Ok(Lookup::Absent)) => {}
            Ok(Ok(Lookup::Refused)) => self.stats.refused_files.add(1),
            Ok(Err(error)) => tracing::warn!(%digest, %error, "could not read the component cache"),
            Err(error) => tracing::warn!(%digest, %error, "could not read the component cache"),
        }
        None
    }

    /// A component that could not be cached is compiled again after the next start: slow, but not wrong.
    async fn store_artefact(&self, digest: Digest, artefact: Arc<Artefact>) {
        let Some(artefacts) = self.artefacts.clone() else { return };
        match blocking(move || artefacts.store(digest, &artefact)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%digest, %error, "could not write the component cache"),
            Err(error) => tracing::warn!(%digest, %error, "could not write the component cache"),
        }
    }

    fn recent_failure(&self, digest: Digest) -> Option<LoadError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failed.get(&digest)?;
        (at.elapsed() < RETRY_AFTER).then(|| error.clone())
    }

    fn remember_failure(&self, digest: Digest, error: LoadError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= FAILED_MAX {
            failed.retain(|_, (at, _)| at.elapsed() < RETRY_AFTER);
        }
        if failed.len() < FAILED_MAX {
            failed.insert(digest, (Instant::now(), error));
        }
    }
}

/// The digest of these bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Runs heavy work off the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadError> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .map_err(|_| LoadError::Host("the host failed while it loaded the component".to_owned()))
}
