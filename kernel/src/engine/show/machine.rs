//! `:device`: what computes.

use super::table::{Table, size};
use serde_json::Value;
use std::path::Path;

/// The processor, its memory, and whether a GPU can be used. `worker` is what the process that runs the cells said of
/// itself at its start.
pub fn machine(worker: &Value) -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mut table = Table::new(&["part", "what"]);
    let mut row = |part: &str, what: String| table.rows.push(vec![part.into(), what]);
    let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    row("processor", model);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    row("cores", cores.to_string());
    let threads = std::env::var("CISTRON_THREADS").ok().and_then(|t| t.trim().parse().ok());
    let threads: usize = threads.filter(|t| *t > 0).unwrap_or(cores);
    row("threads", format!("{threads} (`CISTRON_THREADS` changes it)"));
    let instructions = worker["instructions"].as_str().unwrap_or("not known: no process runs cells");
    row("instructions", format!("{instructions} (`CISTRON_INSTRUCTIONS` changes it)"));
    let memory = read("/proc/meminfo");
    let kilobytes = |name| field(&memory, name).and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    if let (Some(all), Some(free)) = (kilobytes("MemTotal"), kilobytes("MemAvailable")) {
        row("memory", format!("{}, {} available", size(all * 1024), size(free * 1024)));
    }
    row("CUDA", cuda(Path::new("/")));
    table.forms()
}

/// The value of a line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text
        .lines()
        .find(|line| line.split(':').next().is_some_and(|n| n.trim() == name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_string())
}

/// Whether a GPU is there; cells compute on the processor all the same, and why.
fn cuda(root: &Path) -> String {
    let driver = std::fs::read_to_string(root.join("proc/driver/nvidia/version")).unwrap_or_default();
    let version = driver.lines().next().and_then(|line| {
        let words = line.split_whitespace();
        words
            .map(|w| w.trim())
            .find(|w| w.contains('.') && w.starts_with(|c: char| c.is_ascii_digit()))
            .map(String::from)
    });
    let device = root.join("dev/nvidia0").exists();
    match (device, version) {
        (true, Some(version)) => format!("not used: a GPU is there (driver {version}), but cells are built for the processor"),
        (true, None) => "not used: a GPU is there, but cells are built for the processor".into(),
        (false, Some(version)) => format!("none: the driver {version} is there, but no device (/dev/nvidia0)"),
        (false, None) => "none: there is no NVIDIA driver and no device (/dev/nvidia0)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_what_it_is() {
        let forms = machine(&serde_json::json!({"instructions": "avx2"}));
        let text = forms["text/plain"].as_str().unwrap_or_default();
        for part in ["processor", "cores", "threads", "avx2", "CUDA"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn a_gpu_is_found_by_its_files() {
        let root = tempfile::tempdir().expect("a folder");
        assert!(cuda(root.path()).starts_with("none: there is no NVIDIA driver"));
        std::fs::create_dir_all(root.path().join("dev")).expect("a folder");
        std::fs::create_dir_all(root.path().join("proc/driver/nvidia")).expect("a folder");
        std::fs::write(root.path().join("dev/nvidia0"), "").expect("a file");
        let line = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:17:43 UTC 2025\n";
        std::fs::write(root.path().join("proc/driver/nvidia/version"), line).expect("a file");
        assert!(cuda(root.path()).contains("(driver 580.65.06)"), "{}", cuda(root.path()));
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field("a b\t: 1\na : 2\n", "a"), Some("2".into()));
        assert_eq!(field("ab: 1", "a"), None);
    }
}
