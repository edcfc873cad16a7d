//! One line for many fits: which is running, how many are done, how long it will still take.

use cistron_display::{Bundle, Live, Sink, display, duration, escape, note, show_result};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often the line is drawn again at most.
const EVERY: Duration = Duration::from_millis(250);

struct State {
    live: Option<Live>,
    total: usize,
    done: usize,
    /// Fits that were computed, not taken from an earlier run, and their time.
    fitted: usize,
    spent: Duration,
    began: Instant,
    name: String,
    /// What the running fit says about itself.
    inner: String,
}

/// The display of a comparison; while a fit runs it stands in place of the fit's own.
pub(super) struct Progress {
    state: Mutex<State>,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        Self {
            state: Mutex::new(State {
                live: Some(Live::new()),
                total,
                done: 0,
                fitted: 0,
                spent: Duration::ZERO,
                began: Instant::now(),
                name: String::new(),
                inner: String::new(),
            }),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    pub(super) fn begins(&self, name: &str) {
        self.change(|state| {
            state.name = name.into();
            state.inner.clear();
            state.began = Instant::now();
            let line = state.line();
            if let Some(live) = state.live.as_mut() {
                live.update(&bundle(&line));
            }
        });
    }

    pub(super) fn ends(&self, taken: bool) {
        self.change(|state| {
            state.done += 1;
            if !taken {
                state.fitted += 1;
                state.spent += state.began.elapsed();
            }
            state.inner.clear();
        });
    }

    /// Draws the last form, which stays.
    pub(super) fn finish(&self, line: &str) {
        self.change(|state| {
            if let Some(live) = state.live.take() {
                live.finish(&bundle(line));
            }
        });
    }
}

impl State {
    fn line(&self) -> String {
        let mut line = format!("{} of {} fits done", self.done, self.total);
        if self.fitted > 0 {
            let each = self.spent.as_secs_f64() / self.fitted as f64;
            let left = each * (self.total - self.done) as f64 - self.began.elapsed().as_secs_f64().min(each);
            line.push_str(&format!(
                " · about {} left",
                duration(Duration::from_secs_f64(left.clamp(0.0, 1e9)))
            ));
        }
        if !self.name.is_empty() {
            line.push_str(&format!(" · {}", self.name));
        }
        if !self.inner.is_empty() {
            line.push_str(&format!(": {}", self.inner));
        }
        line
    }

    fn draw(&mut self) {
        let line = self.line();
        if let Some(live) = self.live.as_mut().filter(|live| live.is_due(EVERY)) {
            live.update(&bundle(&line));
        }
    }
}

fn bundle(line: &str) -> Bundle {
    let html = format!(
        "<div style=\"font-size:13px;font-variant-numeric:tabular-nums\">{}</div>",
        escape(line)
    );
    Bundle::plain(line).html(html)
}

/// What a fit says of itself between its name and how fast it is: `epoch 3 of 20, step 2 of 9`.
fn position(line: &str, name: &str) -> String {
    let rest = line
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(line);
    rest.split(" · ").next().unwrap_or_default().to_string()
}

impl Sink for Progress {
    fn result(&self, bundle: &Bundle) {
        show_result(bundle);
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        match id {
            // A fit's own display, which this line stands for.
            Some(id) => self.update(bundle, id, false),
            None => display(bundle),
        }
    }

    fn update(&self, bundle: &Bundle, _id: &str, last: bool) {
        if last {
            return;
        }
        self.change(|state| {
            let line = bundle.text().lines().last().unwrap_or_default().to_string();
            state.inner = position(&line, &state.name);
            state.draw();
        });
    }

    fn note(&self, line: &str) {
        note(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_runs_and_how_far_it_is() {
        let progress = Progress::new(6);
        progress.begins("D fold 1");
        progress.change(|state| {
            state.inner = position("D fold 1: epoch 3 of 20, step 2 of 9 · 12 steps/s", "D fold 1");
            assert_eq!(state.line(), "0 of 6 fits done · D fold 1: epoch 3 of 20, step 2 of 9");
        });
        progress.ends(false);
        progress.change(|state| {
            state.spent = Duration::from_secs(10);
            state.began = Instant::now();
            let line = state.line();
            assert!(line.starts_with("1 of 6 fits done · about 50 s left"), "{line}");
        });
        progress.ends(true);
        progress.change(|state| assert_eq!((state.done, state.fitted), (2, 1)));
    }
}
