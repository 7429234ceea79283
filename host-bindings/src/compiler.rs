//! Compiling components, away from the server: in a process of its own with capped time and memory.
//!
//! A compiler given hostile input may take for ever or all memory, so the host runs [`CompilerCommand`], writes the
//! component to its standard input and reads native code from its standard output. The child calls [`run_compiler`],
//! which limits itself before it reads the component. Protocol: in, three little-endian u64 (seconds of processor time,
//! bytes of memory, bytes of component) and the component; out, the code, exit 0; or one sentence on standard error,
//! exit 1.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use soko_extension::ComponentBytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use wasmtime::Engine;

use crate::engine::compiling_engine;
use crate::error::LoadError;
use crate::limits::{CompileLimits, MESSAGE_BYTES_MAX};
use crate::sandbox::one_line;

/// Components compiled at the same time: one already uses every core.
const COMPILERS_MAX: usize = 1;
/// Bytes of native code that are taken from a compiler.
const CODE_BYTES_MAX: u64 = 512 << 20;
/// Bytes of a compiler's complaint that are read.
const COMPLAINT_BYTES_MAX: u64 = 4 << 10;
/// Bytes of the header that precedes the component.
const HEADER_BYTES: usize = 24;
/// How much less urgent than the server the compiler is to the system's scheduler.
#[cfg(unix)]
const NICENESS: i32 = 10;

/// The program that compiles: it must do nothing but call [`compiler_main`].
#[derive(Debug, Clone)]
pub struct CompilerCommand {
    /// Path of the program, normally the server's own.
    pub program: PathBuf,
    /// Its arguments, normally one hidden subcommand.
    pub args: Vec<String>,
    /// Its whole environment. What its allocator reserves must stay far below the memory cap.
    pub env: Vec<(String, String)>,
}

/// Compiles components one after another.
pub(crate) struct Compiler {
    command: Option<CompilerCommand>,
    limits: CompileLimits,
    engine: Engine,
    turn: Semaphore,
}

impl Compiler {
    /// Without a command, compiles inside this process on a blocking thread, without caps: for tests and tools.
    pub(crate) fn new(command: Option<CompilerCommand>, limits: CompileLimits, engine: Engine) -> Self {
        Self { command, limits, engine, turn: Semaphore::new(COMPILERS_MAX) }
    }

    /// Native code of a component.
    pub(crate) async fn compile(&self, component: ComponentBytes) -> Result<Vec<u8>, LoadError> {
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|_| LoadError::Host("the host is shutting down".to_owned()))?;
        match &self.command {
            Some(command) => self.compile_in_child(command, &component).await,
            None => compile_here(self.engine.clone(), component).await,
        }
    }

    async fn compile_in_child(
        &self,
        command: &CompilerCommand,
        component: &[u8],
    ) -> Result<Vec<u8>, LoadError> {
        let mut child = Command::new(&command.program)
            .args(&command.args)
            .env_clear()
            .envs(command.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| child_error(&error))?;
        let wall = Duration::from_secs(self.limits.wall_s);
        let talk = talk(&mut child, &self.limits, component);
        // Dropping the child on a timeout kills it.
        match tokio::time::timeout(wall, talk).await {
            Err(_) => Err(LoadError::Compile(format!("not finished after {} s", self.limits.wall_s))),
            Ok(Err(error)) => Err(child_error(&error)),
            Ok(Ok(answer)) => answer.into_code(&self.limits),
        }
    }
}

fn child_error(error: &io::Error) -> LoadError {
    tracing::error!(%error, "the compiler process could not be run");
    LoadError::Host("the compiler process could not be run".to_owned())
}

async fn compile_here(engine: Engine, component: ComponentBytes) -> Result<Vec<u8>, LoadError> {
    tokio::task::spawn_blocking(move || engine.precompile_component(&component))
        .await
        .map_err(|_| LoadError::Compile("the compiler panicked".to_owned()))?
        .map_err(|error| LoadError::Compile(complaint(&error)))
}

/// What the child said and how it ended.
struct Answer {
    code: Vec<u8>,
    complaint: Vec<u8>,
    status: std::process::ExitStatus,
}

/// Writes the request, reads both outputs to their end at the same time, and waits for the child.
async fn talk(child: &mut Child, limits: &CompileLimits, component: &[u8]) -> io::Result<Answer> {
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(io::Error::other("the child has no pipes"));
    };
    let write = async {
        let mut header = [0; HEADER_BYTES];
        let numbers = [limits.cpu_s, limits.memory_bytes, component.len() as u64];
        for (field, number) in header.chunks_exact_mut(8).zip(numbers) {
            field.copy_from_slice(&number.to_le_bytes());
        }
        let written = match stdin.write_all(&header).await {
            Ok(()) => stdin.write_all(component).await,
            error => error,
        };
        drop(stdin);
        // A child that died early says why by its status.
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    };
    let (mut code, mut complaint) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(CODE_BYTES_MAX), stderr.take(COMPLAINT_BYTES_MAX));
    tokio::try_join!(write, stdout.read_to_end(&mut code), stderr.read_to_end(&mut complaint))?;
    let status = child.wait().await?;
    Ok(Answer { code, complaint, status })
}

impl Answer {
    fn into_code(self, limits: &CompileLimits) -> Result<Vec<u8>, LoadError> {
        if self.status.success() {
            return Ok(self.code);
        }
        let message = match self.status.code() {
            Some(1) => one_line(&String::from_utf8_lossy(&self.complaint), MESSAGE_BYTES_MAX),
            // Ended by a signal: SIGXCPU, or the abort of an allocation that the cap refused.
            _ => format!(
                "the compiler needed more than {} s of processor time or {} MiB of memory",
                limits.cpu_s,
                limits.memory_bytes >> 20
            ),
        };
        Err(LoadError::Compile(message))
    }
}

/// Why the child did not compile.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The request was cut short, or the limits could not be set.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The request's sizes are out of range.
    #[error("the request is malformed")]
    Malformed,
    /// The compiler refused the component.
    #[error("{0}")]
    Refused(String),
}

/// The whole work of a compiler process: limits this process, reads a request, writes the code.
///
/// # Errors
/// [`CompileError`]; its text is what the host shows.
pub fn run_compiler(mut input: impl Read, mut output: impl Write) -> Result<(), CompileError> {
    let mut header = [[0; 8]; HEADER_BYTES / 8];
    for field in &mut header {
        input.read_exact(field)?;
    }
    let [cpu_s, memory_bytes, component_bytes] = header.map(u64::from_le_bytes);
    limit_this_process(cpu_s, memory_bytes)?;
    let length = usize::try_from(component_bytes).map_err(|_| CompileError::Malformed)?;
    let mut component = Vec::new();
    component.try_reserve_exact(length).map_err(|_| CompileError::Malformed)?;
    input.take(component_bytes).read_to_end(&mut component)?;
    if component.len() != length {
        return Err(CompileError::Malformed);
    }
    let engine = compiling_engine().map_err(|error| CompileError::Refused(error.to_string()))?;
    let code =
        engine.precompile_component(&component).map_err(|error| CompileError::Refused(complaint(&error)))?;
    output.write_all(&code)?;
    output.flush()?;
    Ok(())
}

/// [`run_compiler`] over the standard streams, as the body of a program's `main`.
pub fn compiler_main() -> ExitCode {
    match run_compiler(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If the host is gone there is nobody left to tell.
            let _gone = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// The compiler's own words: its first error, which names offsets in the component and no paths.
fn complaint(error: &wasmtime::Error) -> String {
    one_line(&format!("{error:#}"), MESSAGE_BYTES_MAX)
}

/// Caps processor time and memory of this process, and lets the server go first.
#[cfg(unix)]
fn limit_this_process(cpu_s: u64, memory_bytes: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
    // Never above what this process may have anyway, which the system would refuse.
    let cap = |resource, wanted: u64| {
        let maximum = Some(getrlimit(resource).maximum.map_or(wanted, |ours| ours.min(wanted)));
        setrlimit(resource, Rlimit { current: maximum, maximum })
    };
    nice(NICENESS)?;
    cap(Resource::Cpu, cpu_s)?;
    cap(Resource::Core, 0)?;
    // Address space also counts what allocators and threads reserve and never touch, so the cap on data is the exact
    // one where the system has it (Linux), and the cap on address space a wider net.
    cap(Resource::Data, memory_bytes)?;
    cap(Resource::As, memory_bytes.saturating_mul(ADDRESS_SPACE_FACTOR))?;
    Ok(())
}

/// Address space that a compiler may reserve for each byte that it may use.
#[cfg(unix)]
const ADDRESS_SPACE_FACTOR: u64 = 4;

/// Other systems have no such caps; the parent's clock remains.
#[cfg(not(unix))]
fn limit_this_process(_cpu_s: u64, _memory_bytes: u64) -> io::Result<()> {
    Ok(())
}
