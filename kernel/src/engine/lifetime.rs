//! Starting a worker, and what is said when one has ended.

use super::failure::Failure;
use super::session::Engine;
use super::worker::{Emit, Event, Output, Worker, ending};
use std::io;
use std::path::{Path, PathBuf};

impl Engine {
    /// The worker; a new one if there is none, or none that lives.
    pub(super) fn worker(&mut self, emit: Emit<'_>) -> Result<&mut Worker, Failure> {
        self.idle(0, emit);
        if self.worker.is_none() {
            let mut worker = Worker::start(&self.sdk, &self.cells, &self.folder).map_err(internal)?;
            wait_until_ready(&mut worker, emit)?;
            let libraries = self
                .state
                .dependencies
                .iter()
                .map(|d| &d.library)
                .chain(self.state.item_cells.iter().map(|c| &c.library));
            for library in libraries {
                worker.load(library).map_err(internal)?;
                wait_until_ready(&mut worker, emit)?;
            }
            self.worker = Some(worker);
        }
        self.worker
            .as_mut()
            .ok_or_else(|| Failure::plain("WorkerDied", "there is no process to run the cell"))
    }

    pub(super) fn bury(&mut self, status: Option<std::process::ExitStatus>, emit: Emit<'_>) {
        let lost = self.bury_silently();
        emit(Output::Stream(
            "stderr",
            format!("The process that runs the cells {}.\n{lost}\n", ending(status)),
        ));
    }

    /// Forgets a worker that has ended, and says what went with it.
    pub(super) fn bury_silently(&mut self) -> String {
        self.worker = None;
        let names: Vec<String> = std::mem::take(&mut self.state.variables).into_keys().collect();
        for name in &names {
            self.state
                .lost
                .insert(name.clone(), "the process that held it has ended; run its cell again".into());
        }
        match names.len() {
            0 => "No variable was lost. The next cell starts a new process.".into(),
            _ => format!(
                "Lost with it: {}. Functions, types and imports are still there; the next cell starts a new process.",
                names.join(", ")
            ),
        }
    }
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

/// Removes what sessions left behind whose process was killed.
pub(super) fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix("cistron-")
            .and_then(|rest| rest.split('-').next())
            .and_then(|p| p.parse::<i32>().ok());
        // SAFETY: signal 0 only asks whether the process exists.
        if process.is_some_and(|process| unsafe { libc::kill(process, 0) } != 0) {
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
                    ending(status)
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
