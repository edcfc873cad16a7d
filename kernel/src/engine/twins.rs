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

    /// Passes an output on, with a twin if it is a figure. Where none can be made that is said; without fonts, once.
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
            let metadata = png::metadata(&content["data"]);
            if let Some(content) = content.as_object_mut() {
                content.insert("metadata".into(), metadata);
            }
        }
        emit(output);
        match failed {
            Some(error @ PngError::NoFonts) => {
                self.0.store(0, Ordering::Relaxed);
                emit(Output::Stream(
                    "stderr",
                    format!("figures have no PNG from here on: {error}\n"),
                ));
            }
            Some(error) => emit(Output::Stream("stderr", format!("this figure has no PNG: {error}\n"))),
            None => {}
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
        assert!(has_twin(&shown(&twins)));
        let mut odd = Vec::new();
        for content in [json!([1]), json!(2), json!({"data": {"image/svg+xml": "<svg"}})] {
            twins.pass_on(Output::Display(content), &mut |output| odd.push(output));
        }
        let notes: Vec<&Output> = odd.iter().filter(|output| matches!(output, Output::Stream(..))).collect();
        assert_eq!((odd.len(), notes.len()), (4, 1), "{odd:?}");
        twins.set(None).expect("none");
        assert!(!has_twin(&shown(&twins)));
        assert!(twins.set(Some(-1.0)).is_err());
    }
}
