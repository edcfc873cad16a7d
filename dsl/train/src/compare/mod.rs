//! `compare!`: several models, every fold, every seed, one table.

mod checks;
mod figures;
mod finished;
mod frames;
mod numbers;
mod pooled;
mod progress;
mod result;
mod shown;

pub use numbers::{IntoNumbers, Numbers};
pub use result::{ComparedFit, Comparison};

use crate::{Fit, Options, Result, Run, TrainError};
use checks::{at, check_options, check_seeds, left_out, located, objectives};
use cistron_data::{DataError, Dataset, Part};
use cistron_declaration::{Diagnostic, Source, Span};
use cistron_display::{Show, clear_interrupt, interrupted, redirected};
use cistron_model::Model;
use progress::Progress;
use std::rc::Rc;

/// The folds that are held out in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Folds {
    /// None: the declared split.
    Split,
    /// All that the data have.
    All,
    /// These.
    Some(Vec<u64>),
}

/// One of the models.
#[derive(Clone, Debug)]
struct Entry {
    label: String,
    model: Model,
    span: Span,
}

/// A comparison before it runs; `compare!` expands to it. Every model is fitted for every fold and seed with the options of one
/// [`Fit`], each fit in a run folder of its own. An objective over more outputs than a model gives is cut down to those it has.
///
/// Fits are done seed by seed, fold by fold and model by model, so that what an interrupt leaves can be compared.
#[derive(Clone, Debug)]
pub struct Compare {
    fit: Fit,
    models: Vec<(Option<String>, Model)>,
    place: Option<Place>,
    folds: Folds,
    seeds: Vec<u64>,
    resume: bool,
    /// Options that make no sense, by name.
    mistakes: Vec<(&'static str, String)>,
}

/// Where a comparison was declared.
#[derive(Clone, Debug)]
struct Place {
    source: Source,
    models: Vec<Span>,
    /// The values of its own options, by name.
    options: Vec<(String, Span)>,
}

impl Compare {
    /// A comparison of no model yet: objective, data and options are those of `fit`, whose own model, seed, fold and name do not count.
    pub fn new(fit: Fit) -> Self {
        Self {
            fit,
            models: Vec::new(),
            place: None,
            folds: Folds::Split,
            seeds: vec![0],
            resume: false,
            mistakes: Vec::new(),
        }
    }

    /// One more model, under its own name.
    #[must_use]
    pub fn model(mut self, model: &Model) -> Self {
        self.models.push((None, model.clone()));
        self
    }

    /// One more model under another name, for two variants of one declaration.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>, model: &Model) -> Self {
        self.models.push((Some(label.into()), model.clone()));
        self
    }

    /// The text of the declaration, the place of each model and of the values of `folds`, `seeds`, `data` in it, for messages; without
    /// it the models' places are made up from the labels.
    #[must_use]
    pub fn declared(mut self, source: Source, models: Vec<Span>, options: Vec<(String, Span)>) -> Self {
        self.place = Some(Place { source, models, options });
        self
    }

    /// The folds that are held out in turn: a number or a list of them.
    #[must_use]
    pub fn folds(mut self, folds: impl IntoNumbers) -> Self {
        match folds.into_numbers() {
            Some(Numbers::One(fold)) => self.folds = Folds::Some(vec![fold]),
            Some(Numbers::List(list)) => self.folds = Folds::Some(list),
            None => self
                .mistakes
                .push(("folds", "`folds` is negative; folds are counted from 0".into())),
        }
        self
    }

    /// All folds of the data are held out in turn; the declared split where the data have none.
    #[must_use]
    pub fn all_folds(mut self) -> Self {
        self.folds = Folds::All;
        self
    }

    /// How many seeds (0, 1, ..), or a list of them; one fit per model, fold and seed.
    #[must_use]
    pub fn seeds(mut self, seeds: impl IntoNumbers) -> Self {
        match seeds.into_numbers() {
            Some(Numbers::One(count)) => self.seeds = (0..count).collect(),
            Some(Numbers::List(list)) => self.seeds = list,
            None => self
                .mistakes
                .push(("seeds", "`seeds` is negative; expected how many, or a list".into())),
        }
        self
    }

    /// Whether a finished run of the same model, data, objective and options in the folder of runs is taken instead of a new fit.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Fits everything. An interrupt ends it with the fits that are done; a fit whose loss is not finite any more is left out and
    /// said.
    ///
    /// # Errors
    /// Before the first fit: no model, two models of one label, a fold that does not exist, an empty part, a model that does not fit
    /// objective and data, options that make no sense. Later: files that cannot be written, an interrupt before the first fit was done, no
    /// fit that ended well.
    pub fn run(self) -> Result<Comparison> {
        let entries = self.entries()?;
        let (objective, data, options, root) = self.fit.parts()?;
        check_options(self.place.as_ref(), &self.mistakes)?;
        // Without `folds` it is the data that have no split.
        let folds = self
            .chosen_folds(data)
            .map_err(|e| at(self.place.as_ref(), &["folds", "data"], e))?;
        let source = self.source(&entries).0;
        let objectives = objectives(&source, &entries, objective, data)?;
        check_seeds(&self.seeds).map_err(|e| at(self.place.as_ref(), &["seeds"], e))?;
        if !data.audit().is_shown() {
            cistron_display::display(&data.audit().bundle());
        }
        let total = entries.len() * folds.len() * self.seeds.len();
        let progress = Rc::new(Progress::new(total));
        let mut result = Comparison::new(entries.iter().map(|e| e.label.clone()).collect(), data, total);
        result.notes.extend(left_out(&entries, objective, &objectives));
        if self.folds == Folds::All && data.fold_count() == 0 {
            result
                .notes
                .push("the data declare no folds: the declared split was used".into());
        }
        let mut first_failure = None;
        let models = entries.len();
        let of_seed = |&seed: &u64| {
            folds
                .iter()
                .flat_map(move |&fold| (0..models).map(move |model| (seed, fold, model)))
        };
        for (seed, fold, number) in self.seeds.iter().flat_map(of_seed) {
            if interrupted() {
                clear_interrupt();
                result.interrupted = true;
                break;
            }
            let (entry, objective) = (&entries[number], &objectives[number]);
            let name = name_of(&entry.label, fold, seed);
            progress.begins(&name);
            let options = Options {
                seed,
                fold,
                name: Some(name.clone()),
                ..options.clone()
            };
            let earlier = if self.resume {
                finished::find(&root, &entry.model, objective, data, &options)?
            } else {
                None
            };
            let taken = earlier.is_some();
            let fit = self.fit.variant(&entry.model, objective, options).runs_in(&root).quiet(true);
            let run = match earlier {
                Some(run) => Ok(run),
                None => redirected(progress.clone(), || fit.run()),
            };
            match run {
                Ok(run) if was_interrupted(&run)? => {
                    result.notes.push(format!(
                        "{name} was interrupted and is left out; `Run::resume` goes on with {}",
                        run.folder().display()
                    ));
                    result.interrupted = true;
                    break;
                }
                Ok(run) => {
                    result.reused += usize::from(taken);
                    result.add(&entry.label, fold, seed, run, data)?;
                }
                Err(error @ TrainError::NotFinite(_)) => {
                    let why = error.to_string().replace('\n', ";");
                    result.notes.push(format!("{name} is left out: {why}"));
                    first_failure.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
            progress.ends(taken);
        }
        if result.fits().is_empty() {
            let interrupted = || TrainError::Impossible("the comparison was interrupted before its first fit was done".into());
            return Err(first_failure.unwrap_or_else(interrupted));
        }
        let result = result.finish()?;
        progress.finish(&result.closing_line());
        Ok(result)
    }

    /// The models with their labels and places.
    fn entries(&self) -> Result<Vec<Entry>> {
        if self.models.is_empty() {
            return Err(TrainError::Impossible(
                "a comparison needs at least one model, found none".into(),
            ));
        }
        let label = |(label, model): &(Option<String>, Model)| label.clone().unwrap_or_else(|| model.name().to_string());
        let mut entries: Vec<Entry> = self
            .models
            .iter()
            .map(|one| Entry {
                label: label(one),
                model: one.1.clone(),
                span: Span::default(),
            })
            .collect();
        let (source, spans) = self.source(&entries);
        let last = spans.last().copied().unwrap_or_default();
        let spans = spans.into_iter().chain(std::iter::repeat(last));
        entries.iter_mut().zip(spans).for_each(|(entry, span)| entry.span = span);
        let mut mistakes = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            if entries[..number].iter().any(|earlier| earlier.label == entry.label) {
                let label = &entry.label;
                mistakes.push(
                    Diagnostic::error(entry.span, format!("two models of this comparison are called `{label}`"))
                        .help(format!("give one a name of its own: `\"{label}, large\" = ..`")),
                );
            }
        }
        located(source, mistakes)?;
        Ok(entries)
    }

    /// The declaration's text and the places of the models.
    fn source(&self, entries: &[Entry]) -> (Source, Vec<Span>) {
        if let Some(place) = &self.place {
            return (place.source.clone(), place.models.clone());
        }
        let (mut text, mut spans) = (String::new(), Vec::new());
        for entry in entries {
            if !text.is_empty() {
                text.push_str(", ");
            }
            spans.push(Span {
                line: 1,
                column: text.chars().count() as u32,
                length: entry.label.chars().count() as u32,
            });
            text.push_str(&entry.label);
        }
        let macro_name = "compare!".into();
        (Source { macro_name, text }, spans)
    }

    /// The folds that are held out; each has all three parts.
    fn chosen_folds(&self, data: &Dataset) -> Result<Vec<Option<u64>>> {
        let folds: Vec<Option<u64>> = match &self.folds {
            Folds::All if data.fold_count() > 0 => (0..data.fold_count() as u64).map(Some).collect(),
            Folds::All | Folds::Split => vec![None],
            Folds::Some(list) => list.iter().copied().map(Some).collect(),
        };
        if let Some(twice) = folds
            .iter()
            .enumerate()
            .find(|(i, f)| folds[..*i].contains(f))
            .and_then(|(_, f)| *f)
        {
            return Err(TrainError::Options(vec![format!("fold {twice} stands twice in `folds`")]));
        }
        if folds.is_empty() {
            return Err(TrainError::Options(vec!["`folds` is empty; expected folds, or `all`".into()]));
        }
        for fold in &folds {
            for part in [Part::Train, Part::Valid, Part::Test] {
                match data.rows(part, fold.map(|f| f as usize)) {
                    Err(DataError::EmptyPart { .. }) if fold.is_none() && data.fold_count() > 0 => {
                        return Err(TrainError::Unfit {
                            found: format!(
                                "the data have {} folds and no split that fills all three parts",
                                data.fold_count()
                            ),
                            help: "`folds = all`, `folds = [0, 1]` or `folds = 0`".into(),
                        });
                    }
                    rows => _ = rows?,
                }
            }
        }
        Ok(folds)
    }
}

/// `D fold 1 seed 0`
fn name_of(label: &str, fold: Option<u64>, seed: u64) -> String {
    let fold = fold.map_or(String::new(), |fold| format!(" fold {fold}"));
    format!("{label}{fold} seed {seed}")
}

fn was_interrupted(run: &Run) -> Result<bool> {
    let ending = run.record.folder.manifest()?.ending;
    Ok(ending.is_some_and(|ending| ending.reason == "interrupted"))
}
