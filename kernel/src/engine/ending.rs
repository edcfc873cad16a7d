//! How the worker ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Bytes of what a worker says on stderr that are remembered.
const REMEMBERED: usize = 4096;

/// What is known of a worker's end before it ends.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    stderr: String,
    /// What has been said and is not shown yet: the end of the process may say it better.
    held: String,
    /// Whether what is shown next begins a line.
    inside: bool,
    /// Processes that the system had killed for memory when the worker began.
    killed_before: Option<u64>,
}

impl LastWords {
    /// A worker begins.
    pub(crate) fn begin() -> Self {
        Self {
            killed_before: killed_for_memory(),
            ..Self::default()
        }
    }

    /// It has said something on stderr; what of it can be shown. Lines with which Rust's runtime ends a process are held
    /// back, and what may become one of them: the runtime writes them in pieces.
    pub(crate) fn hear(&mut self, text: &str) -> String {
        self.remember(text);
        self.held.push_str(text);
        let (mut shown, mut at) = (0, 0);
        for line in self.held.split_inclusive('\n') {
            at += line.len();
            let begun = std::mem::take(&mut self.inside);
            if begun || !is_last_line(line) {
                shown = at;
                self.inside = !line.ends_with('\n');
            }
        }
        self.held.drain(..shown).collect()
    }

    /// What was held back, to be shown after all.
    pub(crate) fn let_go(&mut self) -> String {
        self.inside &= self.held.is_empty();
        std::mem::take(&mut self.held)
    }

    /// The process has ended: what [`Self::ending`] says in better words is not shown.
    pub(crate) fn swallow(&mut self, status: Option<ExitStatus>) {
        if is_crash(status) {
            let rest = self.held.split_inclusive('\n').filter(|line| !is_last_line(line));
            self.held = rest.collect();
        }
    }

    fn remember(&mut self, text: &str) {
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
    let aborted = is_crash(Some(status));
    if aborted && let Some((before, _)) = stderr.rsplit_once(" has overflowed its stack") {
        return format!(
            "ran out of stack{} (a function that calls itself without an end, or a very large value that is not behind a `Box`)",
            thread(before)
        );
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

/// Lines with which Rust's runtime ends a process: how each begins, and what it says further on.
const LAST_LINES: [(&str, &str); 4] = [
    ("thread '", " has overflowed its stack"),
    ("fatal runtime error: stack overflow", ""),
    ("memory allocation of ", " bytes failed"),
    ("thread caused non-unwinding panic. aborting.", ""),
];

/// Bytes that such a line has at most: the name of a thread is in it.
const LONGEST: usize = 1000;

/// Whether a line is one of them, or may become one when it is whole. The one about the stack has a blank line before it.
fn is_last_line(line: &str) -> bool {
    let whole = line.ends_with('\n');
    // The runtime says it in few words, and never goes back to the start of a line.
    if line.len() > LONGEST || line.contains('\r') {
        return false;
    }
    line == "\n"
        || LAST_LINES.iter().any(|(begins, says)| match line.strip_prefix(begins) {
            Some(rest) => !whole || rest.contains(says),
            None => !whole && begins.starts_with(line),
        })
}

fn is_crash(status: Option<ExitStatus>) -> bool {
    let signal = status.and_then(|status| status.signal());
    matches!(signal, Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL))
}

/// Which thread it was, unless it was the cell's own; `before` ends in `thread 'name' (number)`.
fn thread(before: &str) -> String {
    let named = before.rsplit_once("thread '").and_then(|(_, name)| name.rsplit_once('\''));
    match named.map(|(name, _)| name) {
        None | Some("main") => String::new(),
        Some("<unknown>" | "<unnamed>") => " in a thread without a name".into(),
        Some(name) => format!(" in the thread `{name}`"),
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
        let named = OVERFLOW.replace("'main'", "'deep one' (17)");
        assert!(told(libc::SIGABRT, &named, false).contains("out of stack in the thread `deep one` ("));
    }

    #[test]
    fn last_lines_are_shown_only_if_the_process_lives_on() {
        let pieces = [
            "before\n",
            "\nthread '",
            "<unknown>",
            "' (17) has over",
            "flowed its stack\nfatal",
            " runtime error: stack overflow, aborting\n",
        ];
        let mut words = LastWords::default();
        let shown: String = pieces.iter().map(|piece| words.hear(piece)).collect();
        assert_eq!(shown, "before\n");
        words.swallow(Some(ExitStatus::from_raw(libc::SIGABRT)));
        assert_eq!(words.let_go(), "");
        let mut words = LastWords::default();
        let mut shown: String = pieces.iter().map(|piece| words.hear(piece)).collect();
        words.swallow(Some(ExitStatus::from_raw(0)));
        shown += &words.let_go();
        assert_eq!(shown, pieces.concat());
    }

    #[test]
    fn words_of_the_user_are_shown_at_once() {
        let mut words = LastWords::default();
        for text in [
            "thread 'a' is done\n",
            "x\n",
            "step 1",
            "\nthread pool\n",
            "memory allocation of 3 lists\n",
            "then ",
        ] {
            assert_eq!(words.hear(text), text);
        }
        assert_eq!(
            words.hear("thread 'main' has overflowed its stack"),
            "thread 'main' has overflowed its stack"
        );
        assert_eq!(words.hear("\n\n"), "\n");
        assert_eq!(words.hear("more"), "\nmore");
        assert_eq!(words.let_go(), "");
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
