//! Whether a build's inputs or outputs changed since it last succeeded.
//!
//! A stamp file holds a SHA-256 over the inputs (relative path, length and bytes of every file, and any text such as
//! a compiler's version) and one over the outputs. Times do not count, so a fresh clone or a checkout back and forth
//! costs nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Folders that hold no inputs: what the builds themselves put among the sources.
const GENERATED_FOLDERS: [&str; 3] = ["dist", "node_modules", "target"];

/// Collects what a build depends on, in the order in which it is added.
#[derive(Default)]
pub struct Fingerprint {
    hash: Sha256,
}

impl Fingerprint {
    /// Adds a text, such as a compiler's version.
    pub fn add_text(&mut self, text: &str) {
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text);
    }

    /// Adds a file, or every file of a folder in the order of the paths, without what builds generate there.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn add_path(&mut self, path: &Path) -> anyhow::Result<()> {
        for file in list_files(path)? {
            let relative = file.strip_prefix(path).unwrap_or(&file);
            self.add_text(&relative.to_string_lossy());
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            self.hash.update((bytes.len() as u64).to_le_bytes());
            self.hash.update(&bytes);
        }
        Ok(())
    }

    /// The fingerprint in hexadecimal.
    pub fn finish(self) -> String {
        HEXLOWER.encode(&self.hash.finalize())
    }
}

/// Remembers the fingerprints of one build that succeeded.
#[derive(Debug)]
pub struct Stamp {
    file: PathBuf,
}

impl Stamp {
    /// The stamp of the build `name` in a folder of stamps.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { file: folder.join(format!("{name}.stamp")) }
    }

    /// Whether the last success had these inputs and left the outputs as they are now.
    ///
    /// # Errors
    /// When an output exists but cannot be read.
    pub fn holds(&self, inputs: &str, outputs: &[PathBuf]) -> anyhow::Result<bool> {
        if !outputs.iter().all(|output| output.is_file()) {
            return Ok(false);
        }
        let content = stamp_content(inputs, outputs)?;
        Ok(fs::read_to_string(&self.file).is_ok_and(|stamped| stamped == content))
    }

    /// Notes a success.
    ///
    /// # Errors
    /// When an output cannot be read or the stamp cannot be written.
    pub fn write(&self, inputs: &str, outputs: &[PathBuf]) -> anyhow::Result<()> {
        let content = stamp_content(inputs, outputs)?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&self.file, content).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn stamp_content(inputs: &str, outputs: &[PathBuf]) -> anyhow::Result<String> {
    let mut fingerprint = Fingerprint::default();
    for output in outputs {
        fingerprint.add_path(output)?;
    }
    Ok(format!("inputs {inputs}\noutputs {}\n", fingerprint.finish()))
}

/// Every file below a folder in the order of the paths, or the file itself.
fn list_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut folders = vec![path.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            if entry.file_type()?.is_dir() {
                let name = entry.file_name();
                if !GENERATED_FOLDERS.iter().any(|generated| name == *generated) {
                    folders.push(entry.path());
                }
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn fingerprint(folder: &Path) -> String {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_path(folder).unwrap();
        fingerprint.finish()
    }

    #[test]
    fn changes_with_names_and_contents_but_not_with_generated_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/a"), "one").unwrap();
        let first = fingerprint(folder.path());
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/out"), "built").unwrap();
        assert_eq!(fingerprint(folder.path()), first);
        fs::write(folder.path().join("src/a"), "two").unwrap();
        let second = fingerprint(folder.path());
        assert_ne!(second, first);
        fs::rename(folder.path().join("src/a"), folder.path().join("src/b")).unwrap();
        assert_ne!(fingerprint(folder.path()), second);
    }

    #[test]
    fn holds_until_inputs_or_outputs_change() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("out.wasm");
        let outputs = [output.clone()];
        let stamp = Stamp::new(&folder.path().join("stamps"), "build");
        assert!(!stamp.holds("inputs", &outputs).unwrap());
        fs::write(&output, "built").unwrap();
        assert!(!stamp.holds("inputs", &outputs).unwrap());
        stamp.write("inputs", &outputs).unwrap();
        assert!(stamp.holds("inputs", &outputs).unwrap());
        assert!(!stamp.holds("other inputs", &outputs).unwrap());
        fs::write(&output, "damaged").unwrap();
        assert!(!stamp.holds("inputs", &outputs).unwrap());
    }
}
