//! How the worker ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Bytes of what a worker says on stderr that are remembered.
const REMEMBERED: usize = 4096;

/// What is known of a worker's end before it ends.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    stderr: String,
    /// Processes that the system had killed for memory when the worker began.
    killed_before: Option<u64>,
}

impl LastWords {
    /// A worker begins.
    pub(crate) fn begin() -> Self {
        Self {
            stderr: String::new(),
            killed_before: killed_for_memory(),
        }
    }

    /// It has said something on stderr.
    pub(crate) fn hear(&mut self, text: &str) {
        self.stderr.push_str(text);
        let start = self.stderr.ceil_char_boundary(self.stderr.len().saturating_sub(REMEMBERED));
        self.stderr.drain(..start);
    }

    /// How it ended.
    pub(crate) fn ending(&self, status: Option<ExitStatus>) -> String {
        let memory = match (self.killed_before, killed_for_memory()) {
            (Some(before), Some(now)) => now > before,
            _ => false,
        };
        ending(status, &self.stderr, memory)
    }
}

fn ending(status: Option<ExitStatus>, stderr: &str, memory: bool) -> String {
    let Some(status) = status else {
        return "ended".into();
    };
    let aborted = matches!(
        status.signal(),
        Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL)
    );
    if aborted && stderr.contains("has overflowed its stack") {
        return "ran out of stack (a function that calls itself without an end, or a very large value that is not behind a `Box`)".into();
    }
    if aborted && let Some(size) = refused(stderr) {
        return format!("ran out of memory (the system refused {size} bytes)");
    }
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) if memory => "was killed by the system, which ran out of memory (SIGKILL)".into(),
        (Some(libc::SIGKILL), _) => "was killed (SIGKILL; out of memory, or `kill -9`)".into(),
        (Some(libc::SIGSEGV | libc::SIGBUS), _) => {
            "crashed (SIGSEGV: memory was used that is not its own; look at `unsafe` code)".into()
        }
        (Some(libc::SIGABRT), _) => "aborted (SIGABRT)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("called `exit({code})`"),
        (None, None) => "ended".into(),
    }
}

/// The size in Rust's `memory allocation of N bytes failed`.
fn refused(stderr: &str) -> Option<&str> {
    let (_, rest) = stderr.rsplit_once("memory allocation of ")?;
    let (size, _) = rest.split_once(" bytes failed")?;
    size.bytes().all(|byte| byte.is_ascii_digit()).then_some(size)
}

/// How many processes of this container or session the system has killed for memory, where it counts them.
fn killed_for_memory() -> Option<u64> {
    let group = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|line| line.strip_prefix("0::"))?;
    let read = |folder: &str| std::fs::read_to_string(format!("/sys/fs/cgroup{folder}/memory.events")).ok();
    count(&read(path.trim_end_matches('/')).or_else(|| read(""))?)
}

fn count(events: &str) -> Option<u64> {
    events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))
        .and_then(|number| number.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERFLOW: &str = "\nthread 'main' has overflowed its stack\nfatal runtime error: stack overflow, aborting\n";

    #[test]
    fn ends_have_names() {
        let told = |raw: i32, stderr: &str, memory: bool| ending(Some(ExitStatus::from_raw(raw)), stderr, memory);
        assert!(told(libc::SIGABRT, OVERFLOW, false).contains("ran out of stack"));
        assert!(told(libc::SIGABRT, "memory allocation of 12 bytes failed\n", false).contains("refused 12 bytes"));
        assert!(told(libc::SIGABRT, "", false).contains("SIGABRT"));
        assert!(told(libc::SIGKILL, OVERFLOW, false).contains("`kill -9`"));
        assert!(told(libc::SIGKILL, "", true).contains("which ran out of memory"));
        assert_eq!(told(3 << 8, OVERFLOW, false), "called `exit(3)`");
    }

    #[test]
    fn only_the_newest_words_are_remembered() {
        let mut words = LastWords::default();
        for _ in 0..1000 {
            words.hear("ä long line of what a cell says\n");
        }
        words.hear(OVERFLOW);
        assert!(words.stderr.len() <= REMEMBERED && words.stderr.ends_with(OVERFLOW));
    }

    #[test]
    fn the_systems_count_is_read() {
        assert_eq!(count("low 0\nhigh 2\noom 1\noom_kill 7\noom_group_kill 0\n"), Some(7));
        assert_eq!(count("low 0\n"), None);
    }
}
