//! Cargo's progress as one line: crates built of crates to build.

use super::cargo::Watch;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A line that shows how far a build is: redrawn on a terminal, now and then elsewhere.
pub(super) struct BuildProgress {
    bar: Option<ProgressBar>,
    last: Option<Instant>,
    started: Instant,
}

impl BuildProgress {
    pub(super) fn new(what: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} [{bar:32}] {pos} of {len} crates, {elapsed}");
            let bar = ProgressBar::new(0).with_message(what.to_string());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self {
            bar,
            last: None,
            started: Instant::now(),
        }
    }
}

impl Watch for BuildProgress {
    fn started(&mut self, _process: i32) -> bool {
        true
    }

    fn progress(&mut self, built: u64, all: u64, name: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(all);
                bar.set_position(built);
            }
            None if self.last.is_none_or(|at| at.elapsed() > Duration::from_secs(20))
                && self.started.elapsed() > Duration::from_secs(2) =>
            {
                eprintln!(
                    "  {built} of {all} crates, {:.0} s, now {name}",
                    self.started.elapsed().as_secs_f64()
                );
                self.last = Some(Instant::now());
            }
            None => {}
        }
    }

    fn ended(&mut self) -> bool {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        false
    }
}

/// Reads `Building [====>   ] 12/331: candle-core, polars`.
pub(super) fn read_progress(line: &str) -> Option<(u64, u64, &str)> {
    let rest = line.trim().strip_prefix("Building [")?.split_once(']')?.1.trim();
    let (counts, names) = rest.split_once(':').unwrap_or((rest, ""));
    let (built, all) = counts.trim().split_once('/')?;
    let name = names.split([',', '(']).next().unwrap_or_default().trim();
    Some((built.parse().ok()?, all.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_line_is_read() {
        assert_eq!(
            read_progress("  Building [====>   ] 12/331: candle-core, polars"),
            Some((12, 331, "candle-core"))
        );
        assert_eq!(read_progress("   Compiling serde v1.0.0"), None);
    }
}
