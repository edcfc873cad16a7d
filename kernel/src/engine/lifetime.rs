//! Starting a worker, and what is said when one has ended.

use super::failure::Failure;
use super::kept::Restored;
use super::session::Engine;
use super::worker::{Emit, Event, Output, Worker};
use crate::sdk::digest;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Engine {
    /// The worker; a new one if there is none, or none that lives.
    pub(super) fn worker(&mut self, emit: Emit<'_>) -> Result<&mut Worker, Failure> {
        self.idle(0, emit);
        if self.worker.is_none() {
            let mut worker = Worker::start(&self.sdk, &self.cells, self.kept.folder(), &self.folder).map_err(internal)?;
            wait_until_ready(&mut worker, emit)?;
            let extras = self.state.extras.iter().map(|extra| self.sdk.extra(extra.name));
            let dependencies = self.state.dependencies.iter().map(|d| d.library.clone());
            let cells = self.state.item_cells.iter().map(|c| c.library.clone());
            for library in extras.chain(dependencies).chain(cells) {
                worker.load(&library).map_err(internal)?;
                wait_until_ready(&mut worker, emit)?;
            }
            self.worker = Some(worker);
        }
        self.worker
            .as_mut()
            .ok_or_else(|| Failure::plain("WorkerDied", "there is no process to run the cell"))
    }

    /// A worker has ended between cells: starts another, and says what went with the old one.
    pub(super) fn bury(&mut self, status: Option<std::process::ExitStatus>, emit: Emit<'_>) {
        let death = self.replace(status, emit);
        emit(Output::Stream("stderr", death.told("The") + "\n"));
    }

    /// Starts a worker in the place of one that has ended.
    pub(super) fn replace(&mut self, status: Option<std::process::ExitStatus>, emit: Emit<'_>) -> Death {
        let fatal = self.worker.as_ref().and_then(|worker| worker.fatal.as_ref());
        let raised = fatal.map(|body| self.fatal_panic(body));
        let how = self.worker.as_ref().map_or("ended".into(), |worker| worker.ending(status));
        self.worker = None;
        let restored = self.restore(emit);
        for (name, why) in &restored.lost {
            self.state.variables.remove(name);
            let why = match why {
                None => "the process that held it has ended; run its cell again".to_string(),
                Some(why) => format!("the process that held it has ended, and what was saved of it did not read: {why}"),
            };
            self.state.lost.insert(name.clone(), why);
        }
        Death {
            how,
            raised,
            became: told(&restored),
        }
    }
}

/// How a worker ended.
pub(super) struct Death {
    /// In words that follow "the process".
    pub(super) how: String,
    /// The panic that ended it, with its place.
    raised: Option<String>,
    /// What became of the variables.
    became: String,
}

impl Death {
    /// All of it; `the` is the word that it begins with.
    pub(super) fn told(&self, the: &str) -> String {
        let Self { how, raised, became } = self;
        match raised {
            Some(raised) => format!("{raised}\nSuch a panic can't be caught: the process that runs the cells {how}.\n{became}"),
            None => format!("{the} process that runs the cells {how}.\n{became}"),
        }
    }
}

/// What became of the variables, in words.
fn told(restored: &Restored) -> String {
    let mut lines = Vec::new();
    if !restored.back.is_empty() {
        lines.push(format!("Restored as they were before: {}.", restored.back.join(", ")));
    }
    if restored.lost.is_empty() {
        lines.push("No variable was lost.".to_string());
    } else {
        let names: Vec<&str> = restored.lost.iter().map(|(name, _)| name.as_str()).collect();
        lines.push(format!("Lost with it: {}.", names.join(", ")));
    }
    for (name, why) in &restored.lost {
        if let Some(why) = why {
            lines.push(format!("What was saved of {name} did not read: {why}."));
        }
    }
    lines.push("Functions, types and imports are still there (statics begin anew); the next cell runs in a new process.".into());
    lines.join("\n")
}

/// Room that a session may need for its compiled cells.
const ROOM: u64 = 256 << 20;

/// `ST_NOEXEC` of Linux.
const NO_EXEC: libc::c_ulong = 8;

/// Where compiled cells lie: in memory if there is room (containers often have 64 MB) and code may be
/// loaded from there, else in the system's folder for temporary files.
pub(super) fn scratch_base() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if usable(memory) { memory.into() } else { std::env::temp_dir() }
}

fn usable(folder: &Path) -> bool {
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_encoded_bytes()) else {
        return false;
    };
    // SAFETY: the string ends in NUL; all zeros is a valid `statvfs`, which the call fills.
    let (answer, about) = unsafe {
        let mut about: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut about), about)
    };
    #[allow(clippy::unnecessary_cast, reason = "the fields are 32 bits wide on macOS")]
    let room = about.f_bavail as u64 * about.f_frsize as u64;
    let no_code = cfg!(target_os = "linux") && about.f_flag & NO_EXEC != 0;
    answer == 0 && room > ROOM && !no_code
}

/// Folders of sessions on other machines that nobody has touched for so long are nobody's.
const ABANDONED: Duration = Duration::from_secs(60 * 24 * 3600);

/// The name of a session's folders: process, the machine that its number counts on, something that no other has.
pub(crate) fn session_name() -> String {
    format!(
        "cistron-{}-{}-{}",
        std::process::id(),
        machine(),
        uuid::Uuid::new_v4().simple()
    )
}

/// A folder of this process among those of [`scratch_base`], which only its user can look into: code is loaded from there.
/// [`sweep`] removes it when the process is gone.
///
/// # Errors
/// When it can't be made.
pub(crate) fn private_folder(name: &str) -> io::Result<PathBuf> {
    let folder = scratch_base().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

/// Process numbers mean something on one machine, since it was started, in one container. Folders may be seen from
/// several (a shared home, a shared `/dev/shm`).
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    digest(format!("{}{}", boot.trim(), space.display()).as_bytes(), 12)
}

/// Removes what sessions of this machine left behind whose process was killed.
pub(super) fn sweep(base: &Path) {
    let here = machine();
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('-');
        let (Some("cistron"), Some(process), Some(machine)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let Ok(process) = process.parse::<i32>() else { continue };
        // SAFETY: signal 0 only asks whether the process exists.
        let dead = machine == here && unsafe { libc::kill(process, 0) } != 0;
        let changed = entry.metadata().and_then(|about| about.modified()).ok();
        let abandoned = machine != here && changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED);
        if dead || abandoned {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

pub(super) fn wait_until_ready(worker: &mut Worker, emit: Emit<'_>) -> Result<(), Failure> {
    loop {
        match worker.step(-1, emit).map_err(internal)? {
            Some(Event::Ready) => return Ok(()),
            Some(Event::Died(status)) => {
                let text = format!(
                    "the process that runs the cells {} at its start\n`cistron doctor` says more",
                    worker.ending(status)
                );
                return Err(Failure::plain("WorkerDied", &text));
            }
            Some(Event::NotLoaded(message)) => return Err(Failure::plain("LoadError", &message)),
            _ => {}
        }
    }
}

pub(super) fn internal(error: io::Error) -> Failure {
    Failure::plain("KernelError", &format!("the kernel and its worker lost touch: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_room_is_not_used() {
        assert!(!usable(Path::new("/proc")));
        assert!(!usable(Path::new("/nowhere")));
        assert!(scratch_base().is_dir());
    }
}
