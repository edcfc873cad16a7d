//! Stopping a cell from outside: while it compiles, while it runs, and for good.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Stage {
    now: Now,
    requested: bool,
    again: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Now {
    #[default]
    Idle,
    Preparing,
    Compiling(i32),
    Running(i32),
}

/// Stops the cell that runs. Clones speak to the same engine, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Interrupter(Arc<Mutex<Stage>>);

impl Interrupter {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the cell to stop. A compile is cancelled; running code unwinds at its next check and keeps
    /// its variables. The worker ends itself when a request comes a second after one that has not been
    /// heard, so impatient presses count as one; a fit that stopped has heard it, so the next fit of the
    /// same cell can be stopped too.
    pub fn interrupt(&self) {
        let mut stage = self.stage();
        let busy = stage.now != Now::Idle;
        let second = std::mem::replace(&mut stage.requested, busy);
        match stage.now {
            Now::Idle | Now::Preparing => {}
            Now::Compiling(process) => signal(-process, libc::SIGKILL),
            Now::Running(process) => {
                stage.again |= second;
                signal(process, libc::SIGINT);
            }
        }
    }

    /// A cell begins.
    pub(crate) fn begin(&self) {
        *self.stage() = Stage {
            now: Now::Preparing,
            ..Stage::default()
        };
    }

    /// A compiler has started; false when the user has already asked to stop.
    pub(crate) fn compiling(&self, process: i32) -> bool {
        let mut stage = self.stage();
        stage.now = Now::Compiling(process);
        !stage.requested
    }

    /// The compiler has ended; true when it was cancelled.
    pub(crate) fn compiled(&self) -> bool {
        let mut stage = self.stage();
        stage.now = Now::Preparing;
        stage.requested
    }

    /// The worker has begun with the cell. What was asked for before is passed on.
    pub(crate) fn running(&self, process: i32) {
        let mut stage = self.stage();
        stage.now = Now::Running(process);
        if stage.requested {
            signal(process, libc::SIGINT);
        }
    }

    /// The cell has ended; true when the user asked more than once.
    pub(crate) fn end(&self) -> bool {
        let again = self.stage().again;
        *self.stage() = Stage::default();
        again
    }
}

fn signal(process: i32, signal: i32) {
    // SAFETY: a plain system call; the process (or its group) is a child of ours that has not been waited for.
    unsafe { libc::kill(process, signal) };
}
