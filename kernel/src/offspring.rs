//! Programs that are of no use without this one.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has a program end when the thread that starts it does, however that comes about: a kernel that is killed can't
/// end its compilers itself.
pub(crate) fn ends_with_us(command: &mut Command) {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call, which may be made between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}
