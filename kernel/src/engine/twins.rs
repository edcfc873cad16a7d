//! PNG twins of the figures that cells show, when they were asked for.

use super::worker::Output;
use crate::png::{self, PngError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether there are any, and how large: the bits of a scale, which is 0 for none.
#[derive(Clone, Debug, Default)]
pub(super) struct Twins(Arc<AtomicU32>);

impl Twins {
    /// What follows has twins of so many pixels for each of the figure's, or none.
    ///
    /// # Errors
    /// When no picture can have that scale.
    pub(super) fn set(&self, scale: Option<f32>) -> Result<(), PngError> {
        let scale = scale.map(png::checked_scale).transpose()?.unwrap_or_default();
        self.0.store(scale.to_bits(), Ordering::Relaxed);
        Ok(())
    }

    /// Passes an output on, with a twin if it is a figure. Where none can be made that is said once, and none follows.
    pub(super) fn pass_on(&self, mut output: Output, emit: &mut dyn FnMut(Output)) {
        let scale = f32::from_bits(self.0.load(Ordering::Relaxed));
        let data = match &mut output {
            Output::Display(content) | Output::Update(content) => content.get_mut("data"),
            Output::Result(data) => Some(data),
            Output::Stream(..) | Output::Clear(_) => None,
        };
        let failed = data.filter(|_| scale > 0.0).and_then(|data| png::add_twin(data, scale));
        if let Output::Display(content) | Output::Update(content) = &mut output
            && content["metadata"].as_object().is_none_or(serde_json::Map::is_empty)
        {
            content["metadata"] = png::metadata(&content["data"]);
        }
        emit(output);
        if let Some(error) = failed {
            self.0.store(0, Ordering::Relaxed);
            emit(Output::Stream(
                "stderr",
                format!("figures have no PNG from here on: {error}\n"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_have_twins_while_they_are_asked_for() {
        let twins = Twins::default();
        let shown = |twins: &Twins| {
            let data = json!({"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='2'/>"});
            let mut out = Vec::new();
            let display = Output::Display(json!({"data": data, "metadata": {}, "transient": {}}));
            twins.pass_on(display, &mut |output| out.push(output));
            out
        };
        let has_twin = |out: &[Output]| matches!(&out[0], Output::Display(content) if content["data"].get("image/png").is_some());
        assert!(!has_twin(&shown(&twins)));
        twins.set(Some(2.0)).expect("a scale");
        let out = shown(&twins);
        match out.get(1) {
            None => assert!(has_twin(&out)),
            Some(note) => {
                assert!(
                    matches!(note, Output::Stream("stderr", text) if text.contains("no fonts")),
                    "{note:?}"
                );
                assert_eq!(shown(&twins).len(), 1, "it is said once");
            }
        }
        twins.set(None).expect("none");
        assert!(!has_twin(&shown(&twins)));
        assert!(twins.set(Some(-1.0)).is_err());
    }
}
