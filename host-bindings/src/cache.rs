//! Compiled components on disk, each under a MAC of this host.
//!
//! Loading native code means running it, so bytes that this host did not write itself are never loaded. A file is
//! `magic | HMAC-SHA256 | component size | compile time | code`; the MAC covers everything after itself and also the
//! component's digest and the engine's compatibility hash, so that a file cannot stand in for another. A file that is
//! damaged, forged, or of another engine is simply compiled again.
//!
//! The key is 32 random bytes in `host.key` beside the files, readable by its owner only. It protects from damage, from
//! files copied from elsewhere, and from users who may write the folder but not read the key. Who can act as the
//! server's own user needs no forged cache.

use std::io::{self, Read as _, Write as _};

#[cfg(unix)]
use cap_std::fs::OpenOptionsExt as _;
use cap_std::fs::{Dir, OpenOptions};
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;
use soko_extension::Digest;
use wasmtime::Engine;
use wasmtime::component::Component;

const MAGIC: [u8; 8] = *b"SOKOAOT1";
const MAC_BYTES: usize = 32;
const HEADER_BYTES: usize = 16;
const PREFIX_BYTES: usize = MAGIC.len() + MAC_BYTES + HEADER_BYTES;
const KEY_FILE: &str = "host.key";
const KEY_BYTES: usize = 32;
const SHA256_BLOCK_BYTES: usize = 64;
const FILE_SUFFIX: &str = ".cwasm";
/// Files that are kept; beyond it the ones written longest ago are removed.
const FILES_MAX: usize = 1_000;
/// Bytes of one file that are read; more is no file of ours. The largest known (a JavaScript engine) has 34 MB.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Native code that this host compiled, or that carries this host's MAC: it may be loaded.
pub(crate) struct Artefact {
    code: Vec<u8>,
    pub(crate) facts: Facts,
}

/// What is kept with the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Size of the component it was compiled from.
    pub(crate) component_bytes: u64,
    /// How long that took.
    pub(crate) compile_ms: u64,
}

impl Artefact {
    /// Takes what this host's own compiler just made.
    pub(crate) fn compiled_here(code: Vec<u8>, facts: Facts) -> Self {
        Self { code, facts }
    }

    /// Bytes of native code.
    pub(crate) fn len(&self) -> u64 {
        self.code.len() as u64
    }

    /// Loads the code into the engine.
    #[expect(unsafe_code, reason = "loading native code cannot be checked by the engine; see SAFETY")]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` trusts that a compatible engine's `serialize` made these bytes. They come either
        // straight from this host's compiler, or from a file whose MAC, under a key only this host has, was checked
        // over these very bytes in memory. The engine itself refuses code of another version or other settings.
        unsafe { Component::deserialize(engine, &self.code) }
    }
}

/// The folder of compiled components.
pub(crate) struct ArtefactCache {
    dir: Dir,
    key: [u8; KEY_BYTES],
    engine: [u8; 16],
}

/// What the cache had for a component.
pub(crate) enum Lookup {
    Found(Artefact),
    Absent,
    /// There was a file, but not one that this host wrote for this component.
    Refused,
}

impl ArtefactCache {
    /// Opens the folder, makes the key where there is none, and removes files of other engines.
    pub(crate) fn try_new(dir: Dir, engine: [u8; 16]) -> io::Result<Self> {
        let key = match read_key(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_key(&dir)?,
            other => other?,
        };
        let cache = Self { dir, key, engine };
        cache.remove_surplus()?;
        Ok(cache)
    }

    /// Reads and authenticates the code of a component.
    pub(crate) fn find(&self, digest: Digest) -> io::Result<Lookup> {
        let name = self.file_name(digest);
        let mut bytes = Vec::new();
        match self.dir.open(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lookup::Absent),
            Err(error) => return Err(error),
            Ok(file) => file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?,
        };
        if let Some(facts) = self.authenticate(digest, &bytes) {
            bytes.drain(..PREFIX_BYTES);
            return Ok(Lookup::Found(Artefact { code: bytes, facts }));
        }
        tracing::warn!(%digest, "a file of the component cache is damaged or not ours; compiling again");
        self.dir.remove_file(&name)?;
        Ok(Lookup::Refused)
    }

    /// Writes the code of a component; a crash leaves either the whole file or none.
    pub(crate) fn store(&self, digest: Digest, artefact: &Artefact) -> io::Result<()> {
        let header = artefact.facts.to_bytes();
        let mac = self.mac(digest, &header, &artefact.code).finalize().into_bytes();
        let temporary = temporary_name();
        let mut file = self.dir.create(&temporary)?;
        let written = [MAGIC.as_slice(), mac.as_slice(), &header, &artefact.code]
            .into_iter()
            .try_for_each(|part| file.write_all(part))
            .and_then(|()| file.sync_all())
            .and_then(|()| self.dir.rename(&temporary, &self.dir, self.file_name(digest)));
        if written.is_err() {
            self.dir.remove_file(&temporary)?;
        }
        written?;
        self.remove_surplus()
    }

    fn authenticate(&self, digest: Digest, bytes: &[u8]) -> Option<Facts> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (mac, rest) = rest.split_first_chunk::<MAC_BYTES>()?;
        let (header, code) = rest.split_first_chunk::<HEADER_BYTES>()?;
        self.mac(digest, header, code).verify_slice(mac).ok()?;
        Some(Facts::from_bytes(header))
    }

    fn mac(&self, digest: Digest, header: &[u8; HEADER_BYTES], code: &[u8]) -> Hmac<Sha256> {
        // HMAC pads a key with zeros to the block of its hash, so this is the same key without a fallible conversion.
        let mut block = [0; SHA256_BLOCK_BYTES];
        block[..KEY_BYTES].copy_from_slice(&self.key);
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new((&block).into());
        // Every part but the last has a fixed length, so no two inputs run together.
        for part in [self.engine.as_slice(), &digest.0, header, code] {
            mac.update(part);
        }
        mac
    }

    fn file_name(&self, digest: Digest) -> String {
        format!("{digest}-{}", self.engine_suffix())
    }

    fn engine_suffix(&self) -> String {
        format!("{}{FILE_SUFFIX}", HEXLOWER.encode(&self.engine))
    }

    /// Removes files of other engines, files that a crash left half written, and the oldest beyond [`FILES_MAX`].
    fn remove_surplus(&self) -> io::Result<()> {
        let suffix = self.engine_suffix();
        let mut kept = Vec::new();
        for entry in self.dir.entries()? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.ends_with(&suffix) {
                kept.push((entry.metadata()?.modified()?, name));
            } else if name.ends_with(FILE_SUFFIX) {
                remove_if_there(&self.dir, &name)?;
            }
        }
        let surplus = kept.len().saturating_sub(FILES_MAX);
        if surplus > 0 {
            kept.sort();
            for (_, name) in kept.drain(..surplus) {
                remove_if_there(&self.dir, &name)?;
            }
        }
        Ok(())
    }
}

impl Facts {
    fn to_bytes(self) -> [u8; HEADER_BYTES] {
        (u128::from(self.component_bytes) | u128::from(self.compile_ms) << 64).to_le_bytes()
    }

    fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Self {
        let both = u128::from_le_bytes(*bytes);
        #[expect(clippy::cast_possible_truncation, reason = "each half is taken on purpose")]
        let facts = Self { component_bytes: both as u64, compile_ms: (both >> 64) as u64 };
        facts
    }
}

/// Another process that shares the folder may have removed it meanwhile.
fn remove_if_there(dir: &Dir, name: &str) -> io::Result<()> {
    match dir.remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn temporary_name() -> String {
    format!("{}.tmp", HEXLOWER.encode(&random_bytes::<8>()))
}

#[expect(clippy::disallowed_methods, reason = "a key that a test could seed would be no secret")]
fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn read_key(dir: &Dir) -> io::Result<[u8; KEY_BYTES]> {
    dir.read(KEY_FILE)?.try_into().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, "host.key has not 32 bytes; remove it to make a new one")
    })
}

/// Makes the key under another name and links it into place, so that of two processes starting together one wins and
/// the other takes its key.
fn create_key(dir: &Dir) -> io::Result<[u8; KEY_BYTES]> {
    let key = random_bytes();
    let temporary = temporary_name();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = dir.open_with(&temporary, &options)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let linked = dir.hard_link(&temporary, dir, KEY_FILE);
    dir.remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key(dir),
        other => other.map(|()| key),
    }
}
