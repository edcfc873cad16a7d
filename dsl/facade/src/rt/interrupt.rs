//! The interrupt as the worker sees it: a flag that the signal sets and that a cell's code looks at.
//!
//! The handler never unwinds. It notes the request, and ends the process only when an earlier request has
//! gone unheard for [`GRACE_MS`]: presses in quick succession count as one.

use std::io::Read;
use std::os::fd::FromRawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a request may go unheard before a second one ends the process.
const GRACE_MS: u64 = 1000;

/// A sleep is cut into pieces of this length.
const PIECE: Duration = Duration::from_millis(20);

/// What is said when the grace time is over.
const UNHEARD: &str = "The cell has not stopped yet: it is in a long step of a fit, or in code that takes no notice of interrupts.\n\
    A second interrupt ends the process that runs the cells; of its variables only those that `:vars` marks as kept come back.\n";

/// Set with the signal, looked at by user code. Apart from `cistron_display::interrupted`, which a
/// training loop takes back when it has stopped, so that a loop of several fits ends too.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// When the oldest request came that nobody has heard, in milliseconds; 0: there is none.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Whether code of this cell has unwound because of it, in whatever thread.
static HEARD: AtomicBool = AtomicBool::new(false);

/// Where the handler wakes the thread that speaks up after the grace time.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// What an interrupted cell unwinds with.
pub(super) struct Interrupted;

/// Ends the cell here if the user asked for it. The kernel puts it into loops, functions that call
/// themselves, and closures.
#[inline(always)]
pub fn tick() {
    if INTERRUPTED.load(Relaxed) {
        stop();
    }
}

/// Unwinds, except where that would do harm: in a destructor that runs because of a panic, and in a
/// user's layer inside a fit, which ends by itself at the end of its step.
#[cold]
#[inline(never)]
fn stop() {
    if std::thread::panicking() || cistron::train::is_training() {
        return;
    }
    ASKED.store(0, Relaxed);
    HEARD.store(true, Relaxed);
    std::panic::resume_unwind(Box::new(Interrupted))
}

/// Ends the cell because the user asked for it while it waited for somebody else, who has told.
pub(super) fn told() {
    INTERRUPTED.store(true, Relaxed);
    tick();
}

/// Sleeps, and ends the cell when the user asks for it. The kernel puts it around the argument of
/// `thread::sleep`, which then has nothing left to do.
pub fn sleep(time: Duration) -> Duration {
    let begun = Instant::now();
    tick();
    while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::sleep(left.min(PIECE));
        tick();
    }
    Duration::ZERO
}

/// Whether an interrupt has ended code of this cell. Where that was another thread's, the cell's own panics when it
/// joins that thread.
pub(super) fn was_heard() -> bool {
    HEARD.load(Relaxed)
}

/// Takes back what was asked: a cell begins or has ended.
pub(super) fn clear() {
    INTERRUPTED.store(false, Relaxed);
    ASKED.store(0, Relaxed);
    HEARD.store(false, Relaxed);
    cistron_display::clear_interrupt();
}

/// From here on SIGINT is a request.
pub(super) fn install() {
    let mut ends = [0; 2];
    // SAFETY: the array has room for both descriptors, which are ours from then on.
    let piped = unsafe { libc::pipe(ends.as_mut_ptr()) } == 0;
    if piped {
        for end in ends {
            super::events::close_on_exec(end);
        }
        // SAFETY: the descriptor was made above and nothing else uses it.
        let wakes = unsafe { std::fs::File::from_raw_fd(ends[0]) };
        let started = std::thread::Builder::new()
            .name("interrupts".into())
            .spawn(move || speak_up(wakes));
        if started.is_ok() {
            WAKE.store(ends[1], Relaxed);
        }
    }
    // SAFETY: the handler stores to atomics and makes calls that are allowed in a handler.
    unsafe { libc::signal(libc::SIGINT, on_interrupt as *const () as libc::sighandler_t) };
}

extern "C" fn on_interrupt(_signal: libc::c_int) {
    let (now, asked) = (now_ms(), ASKED.load(Relaxed));
    let unheard = asked != 0 && cistron_display::interrupted();
    if unheard && now.saturating_sub(asked) >= GRACE_MS {
        // SAFETY: both calls may be made in a signal handler.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
    if !unheard {
        ASKED.store(now, Relaxed);
        let wake = WAKE.load(Relaxed);
        if wake >= 0 {
            // SAFETY: the call may be made in a signal handler; the byte lives through it.
            unsafe { libc::write(wake, [0u8].as_ptr().cast(), 1) };
        }
    }
    INTERRUPTED.store(true, Relaxed);
    cistron_display::request_interrupt();
}

/// Milliseconds of a clock that never goes back, never 0. May be called in a signal handler.
fn now_ms() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64) * 1000 + (time.tv_nsec as u64) / 1_000_000 + 1
}

/// Says that a request has not been heard, once for each. Past Rust's stderr: a cell may hold its lock.
fn speak_up(mut wakes: std::fs::File) {
    while wakes.read(&mut [0; 1]).is_ok_and(|count| count == 1) {
        let asked = ASKED.load(Relaxed);
        std::thread::sleep(Duration::from_millis(GRACE_MS));
        if asked != 0 && ASKED.load(Relaxed) == asked && cistron_display::interrupted() {
            // SAFETY: the text lives through the call.
            unsafe { libc::write(libc::STDERR_FILENO, UNHEARD.as_ptr().cast(), UNHEARD.len()) };
        }
    }
}
