//! Where components come from: the store, the compiler process, the cache on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use soko_extension::{ComponentInspector as _, Digest, FailureKind, Rejection};
use soko_host::{COMPONENT_BYTES_DEFAULT, CompileLimits, CompilerCommand, HostConfig, Limits, PluginHost};

use crate::kit::{Kit, good_guest};

fn cached(folder: &Path) -> HostConfig {
    let cache_dir = Some(Dir::open_ambient_dir(folder, ambient_authority()).unwrap());
    HostConfig { cache_dir, ..HostConfig::default() }
}

/// Files of compiled code in the cache.
fn code_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm")).collect()
}

#[tokio::test]
async fn takes_compiled_code_from_the_cache_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let component = good_guest().build();
    for (compiles, disk_hits) in [(1, 0), (0, 1)] {
        let kit = Kit::with(cached(folder.path()));
        let digest = kit.store.put(component.clone());
        assert!(kit.price(1, digest).await.outcome.is_ok());
        assert!(kit.price(1, digest).await.outcome.is_ok());
        let stats = kit.host.stats();
        assert_eq!((stats.compiles, stats.disk_hits, stats.refused_files), (compiles, disk_hits, 0));
        assert_eq!(kit.store.loads.load(Ordering::SeqCst), usize::try_from(compiles).unwrap());
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 2, "the code and the key, and nothing half written");
}

#[cfg(unix)]
#[tokio::test]
async fn keeps_the_key_from_other_users() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let _kit = Kit::with(cached(folder.path()));
    let mode = std::fs::metadata(folder.path().join("host.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn compiles_again_rather_than_load_a_damaged_or_forged_file() {
    let folder = tempfile::tempdir().unwrap();
    let component = good_guest().build();
    let other = good_guest().name("other").build();
    let kit = Kit::with(cached(folder.path()));
    let (digest, other_digest) = (kit.store.put(component.clone()), kit.store.put(other));
    assert!(kit.price(1, digest).await.outcome.is_ok());
    let file = code_files(folder.path()).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    assert!(kit.price(1, other_digest).await.outcome.is_ok());
    let others_file = code_files(folder.path()).into_iter().find(|path| *path != file).unwrap();
    drop(kit);

    let mut flipped = whole.clone();
    flipped[whole.len() - 100] ^= 1;
    let mut resized = whole.clone();
    resized[40] ^= 1;
    let cut = whole[..whole.len() / 2].to_vec();
    let swapped = std::fs::read(&others_file).unwrap();
    for forged in [flipped, resized, cut, Vec::new(), swapped] {
        std::fs::write(&file, &forged).unwrap();
        let kit = Kit::with(cached(folder.path()));
        kit.store.put(component.clone());
        assert!(kit.price(1, digest).await.outcome.is_ok());
        let stats = kit.host.stats();
        assert_eq!((stats.compiles, stats.disk_hits, stats.refused_files), (1, 0, 1));
        assert_eq!(std::fs::read(&file).unwrap().len(), whole.len(), "the file is whole again");
    }
}

#[tokio::test]
async fn takes_no_file_that_another_hosts_key_signed() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let component = good_guest().build();
    let kit = Kit::with(cached(theirs.path()));
    let digest = kit.store.put(component.clone());
    assert!(kit.price(1, digest).await.outcome.is_ok());
    let file = code_files(theirs.path()).pop().unwrap();
    std::fs::copy(&file, ours.path().join(file.file_name().unwrap())).unwrap();

    let kit = Kit::with(cached(ours.path()));
    kit.store.put(component);
    assert!(kit.price(1, digest).await.outcome.is_ok());
    assert_eq!(kit.host.stats().refused_files, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiles_once_however_many_ask() {
    let kit = Arc::new(Kit::new());
    let digest = kit.store.put(good_guest().build());
    let mut tasks = tokio::task::JoinSet::new();
    for channel_id in 0..32 {
        let kit = Arc::clone(&kit);
        tasks.spawn(async move { kit.price(channel_id, digest).await.outcome.is_ok() });
    }
    assert!(tasks.join_all().await.into_iter().all(|is_ok| is_ok));
    assert_eq!(kit.host.stats().compiles, 1);
    assert_eq!(kit.store.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn says_when_a_component_is_missing_or_damaged() {
    let kit = Kit::new();
    let missing = kit.price(1, Digest([7; 32])).await.outcome.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Host);
    assert!(missing.message.contains("no component"), "{}", missing.message);
    let digest = kit.store.put(good_guest().build());
    kit.store.damage(digest);
    let damaged = kit.price(1, digest).await.outcome.unwrap_err();
    assert!(damaged.message.contains("damaged"), "{}", damaged.message);
    assert_eq!(kit.host.stats().compiles, 0);
    assert_eq!(kit.host.prepare(digest).await.unwrap_err().kind, FailureKind::Host);
}

fn compiling_with(program: &str, args: &[&str], compile: CompileLimits) -> Kit {
    let args = args.iter().map(|&arg| arg.to_owned()).collect();
    let compiler = Some(CompilerCommand { program: program.into(), args, env: Vec::new() });
    Kit::with(HostConfig {
        compiler,
        limits: Limits { compile, ..Limits::default() },
        ..HostConfig::default()
    })
}

const COMPILER: &str = env!("CARGO_BIN_EXE_soko-compiler");

async fn compile_refusal(host: &PluginHost) -> Rejection {
    host.inspect(good_guest().build().into(), COMPONENT_BYTES_DEFAULT).await.unwrap_err()
}

#[tokio::test]
async fn compiles_in_a_process_of_its_own() {
    let kit = compiling_with(COMPILER, &[], CompileLimits::default());
    let digest = kit.store.put(good_guest().build());
    assert_eq!(kit.price(1, digest).await.outcome.unwrap()[0].amount, -100);
    assert_eq!(kit.host.stats().compiles, 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn stops_a_compiler_that_takes_too_much_memory_or_time() {
    let small = CompileLimits { memory_bytes: 1 << 20, ..CompileLimits::default() };
    let refused = compile_refusal(&compiling_with(COMPILER, &[], small).host).await;
    assert!(matches!(&refused, Rejection::Compile(why) if why.contains("1 MiB")), "{refused}");

    let quick = CompileLimits { wall_s: 1, ..CompileLimits::default() };
    let kit = compiling_with("/bin/sleep", &["600"], quick);
    let refused = tokio::time::timeout(Duration::from_secs(20), compile_refusal(&kit.host)).await.unwrap();
    assert_eq!(refused, Rejection::Compile("not finished after 1 s".to_owned()));
}

#[tokio::test]
async fn blames_itself_when_the_compiler_does_not_start() {
    let kit = compiling_with("/nowhere/soko", &[], CompileLimits::default());
    let refused = compile_refusal(&kit.host).await;
    assert_eq!(refused, Rejection::Host("the compiler process could not be run".to_owned()));
}
