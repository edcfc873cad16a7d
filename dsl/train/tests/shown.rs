//! What a fit shows: the audit first unless it was seen, curves, or lines alone when it is asked to be quiet.

mod common;

use cistron_display::{Bundle, Show, Sink, set_sink};
use common::{alone, data, fit, mse, table};
use std::sync::{Arc, Mutex};

/// One thing that was shown: the call, and the bundle.
type Shown = (&'static str, Bundle);

/// Keeps everything that is shown.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Shown>>>);

impl Recorder {
    fn keep(&self, call: &'static str, bundle: &Bundle) {
        self.0.lock().unwrap().push((call, bundle.clone()));
    }

    fn take(&self) -> Vec<Shown> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Sink for Recorder {
    fn result(&self, bundle: &Bundle) {
        self.keep("result", bundle);
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        self.keep(if id.is_some() { "live" } else { "display" }, bundle);
    }

    fn update(&self, bundle: &Bundle, _id: &str, last: bool) {
        self.keep(if last { "last" } else { "update" }, bundle);
    }

    fn note(&self, line: &str) {
        self.keep("note", &Bundle::plain(line));
    }
}

fn recorder() -> Recorder {
    let recorder = Recorder::default();
    set_sink(Box::new(recorder.clone()));
    recorder
}

/// The cards among what was shown, with their place.
fn cards(shown: &[Shown]) -> Vec<usize> {
    let is_card = |(call, bundle): &Shown| *call == "display" && bundle.text().contains("identical sequences across splits");
    (0..shown.len()).filter(|&i| is_card(&shown[i])).collect()
}

#[test]
fn the_audit_comes_before_training_once() {
    let _alone = alone();
    let (recorder, root) = (recorder(), tempfile::tempdir().unwrap());
    let data = data(table(200, 1, false));
    fit(&data, &mse(&data), root.path()).epochs(1).run().unwrap();
    let shown = recorder.take();
    assert_eq!(cards(&shown), [0], "{shown:?}");
    assert!(shown[1..].iter().any(|(call, _)| *call == "last"));
    let control = data.with_shuffled_targets(1);
    for data in [&data, &control] {
        fit(data, &mse(data), root.path()).epochs(1).run().unwrap();
    }
    assert!(cards(&recorder.take()).is_empty(), "the card was seen");
}

#[test]
fn an_audit_that_was_the_value_of_a_cell_does_not_come_again() {
    let _alone = alone();
    let (recorder, root) = (recorder(), tempfile::tempdir().unwrap());
    let data = data(table(200, 1, false));
    data.bundle();
    fit(&data, &mse(&data), root.path()).epochs(1).run().unwrap();
    assert!(cards(&recorder.take()).is_empty());
}

#[test]
fn a_quiet_fit_shows_lines_alone() {
    let _alone = alone();
    let (recorder, root) = (recorder(), tempfile::tempdir().unwrap());
    let data = data(table(200, 1, false));
    data.bundle();
    let run = fit(&data, &mse(&data), root.path())
        .epochs(2)
        .name("<seed>")
        .quiet(true)
        .run()
        .unwrap();
    let shown = recorder.take();
    for (_, bundle) in &shown {
        let html = bundle.get("text/html").unwrap();
        assert!(
            !html.contains("<svg") && !html.contains("<table") && !html.contains("<seed>"),
            "{html}"
        );
        assert_eq!(bundle.text().lines().count(), 1, "{}", bundle.text());
    }
    let (call, last) = shown.last().unwrap();
    let expected = format!("<seed>: {}, after ", run.stopped());
    assert!(*call == "last" && last.text().starts_with(&expected), "{}", last.text());
    assert!(
        last.text().contains("kept epoch ") && last.text().ends_with(&run.folder().display().to_string()),
        "{}",
        last.text()
    );
    // The run itself has all of it.
    assert!(run.bundle().get("text/html").unwrap().contains("<svg"));
}
