//! DRG's option strings (`num_kernels=300+l_kernels=15+..`) and parameter files, as declarations.

mod code;
mod given;
mod known;
mod optimizer;
mod training;
mod trunk;
mod value;
mod wiring;
mod words;

pub use code::merged_names;
pub use value::OptionValue;

use crate::{Result, ZooError};
use cistron_declaration::Signature;
use cistron_model::{Compat, Model};
use given::Given;

/// A sequence input of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencePort {
    /// Its name in the data set.
    pub name: String,
    /// Positions.
    pub length: usize,
    /// Whether the first convolution reads both strands (`--reverse_complement`).
    pub both_strands: bool,
}

/// What the option string leaves to the files and flags: inputs and outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Sequences in the order of the input files; one of them for the single-sequence script.
    pub inputs: Vec<SequencePort>,
    /// Names and track numbers in the order of the output files.
    pub outputs: Vec<(String, usize)>,
}

impl Ports {
    /// One sequence input, to which others can be added.
    #[must_use]
    pub fn input(mut self, name: &str, length: usize, both_strands: bool) -> Self {
        self.inputs.push(SequencePort {
            name: name.into(),
            length,
            both_strands,
        });
        self
    }

    /// One output with its number of tracks.
    #[must_use]
    pub fn output(mut self, name: &str, tracks: usize) -> Self {
        self.outputs.push((name.into(), tracks));
        self
    }
}

/// What an option string means.
#[derive(Clone, Debug)]
pub struct Translation {
    model: String,
    objective: Vec<String>,
    fit: Vec<String>,
    names: Vec<String>,
    unread: Vec<String>,
    notes: Vec<String>,
    code: String,
    ports: Ports,
}

/// Translates an option string, or the text of a `*_model_params.dat`, for a network of these inputs and outputs.
///
/// Unknown options, options without an effect and what the original would do silently are told in
/// [`Translation::notes`]; nothing is left out without a word.
///
/// # Errors
/// [`ZooError::Option`] for a string that cannot be read, [`ZooError::Impossible`] with everything that has no word in the
/// language or crashes in the original.
///
/// # Example
/// ```
/// use cistron_zoo::drg::{Ports, translate};
/// let ports = Ports::default().input("dna", 400, true).output("ex", 6);
/// let options = "num_kernels=8+l_kernels=7+max_pooling=False+weighted_pooling=True+pooling_size=4+wram_up_epochs=3";
/// let found = translate(options, &ports)?;
/// assert!(found.model().contains("let mut h = x.conv(8, width = 7).gelu();"));
/// assert!(found.notes()[0].contains("did you mean `warm_up_epochs`?"));
/// # Ok::<(), cistron_zoo::ZooError>(())
/// ```
pub fn translate(options: &str, ports: &Ports) -> Result<Translation> {
    translate_pairs(given::pairs(options)?, ports)
}

/// The same from options that have been taken apart, later ones winning.
///
/// # Errors
/// As [`translate`].
pub fn translate_pairs(pairs: Vec<(String, OptionValue)>, ports: &Ports) -> Result<Translation> {
    if ports.inputs.is_empty() || ports.outputs.is_empty() {
        return Err(ZooError::Impossible(vec!["a network has an input and an output".into()]));
    }
    let mut given = Given::new(pairs, ports.inputs.len() > 1);
    let body = if ports.inputs.len() == 1 {
        wiring::one(&mut given, ports)
    } else {
        wiring::several(&mut given, ports)
    };
    let objective = training::objective(&mut given, ports);
    let fit = training::fit(&mut given);
    let code = code::code(&mut given, ports);
    if !given.impossible.is_empty() {
        given.impossible.dedup();
        return Err(ZooError::Impossible(given.impossible));
    }
    given.note_program();
    given.notes.dedup();
    Ok(Translation {
        model: format!("Net on data {{\n{}\n}}", indented(&body.lines)),
        objective,
        fit,
        names: body.names,
        unread: body.unread,
        notes: given.notes,
        code,
        ports: ports.clone(),
    })
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|l| format!("    {l}")).collect::<Vec<_>>().join("\n")
}

impl Translation {
    /// What stands between the braces of `model!`.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What should be known: unknown options, options without an effect, those that concern the original's program alone, what the
    /// original does silently.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The original's names of the parameters, in the order of [`Model::graph`]'s.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name that the original gives the files of a run: outputs and inputs, `rcomp`, the name added by the user, the split,
    /// and a code of some of the settings. Runs that differ in other settings (routing, patience, warm-up, ..) have the same
    /// name there.
    pub fn stem(&self, input_files: &[&str], output_files: &[&str], added: Option<&str>, split: Option<(f64, usize)>) -> String {
        let merge = |files: &[&str]| {
            let all = files.iter().copied().map(str::to_string);
            all.reduce(|so_far, file| merged_names(&file, &so_far, ""))
                .unwrap_or_default()
        };
        let mut stem = merged_names(&merge(input_files), &merge(output_files), "on");
        if self.ports.inputs.iter().any(|i| i.both_strands) {
            stem.push_str("rcomp");
        }
        if let Some(added) = added {
            stem.push_str(&format!("_{added}"));
        }
        if let Some((cutoff, fold)) = split {
            stem.push_str(&format!("-cv{}-{fold}", cutoff as i64));
        }
        stem + &self.code
    }

    /// Parameters of the original that nothing reads.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// The network for a data set with these inputs and outputs, with the original's numbers (`compat = drg`).
    ///
    /// # Errors
    /// Ports that the data lack, or other lengths than those the translation was made for.
    pub fn declare(&self, signature: &Signature) -> Result<Model> {
        let declaration = cistron_syntax::read_model(&self.model).whole()?;
        let used = |names: &[&str], name: &str| names.contains(&name);
        let inputs: Vec<&str> = self.ports.inputs.iter().map(|i| i.name.as_str()).collect();
        let outputs: Vec<&str> = self.ports.outputs.iter().map(|o| o.0.as_str()).collect();
        let mut signature = signature.clone();
        signature.inputs.retain(|p| used(&inputs, &p.name));
        signature.outputs.retain(|p| used(&outputs, &p.name));
        Ok(Model::declare(declaration, Vec::new(), vec![signature])?.compat(Compat::Drg))
    }
}

impl std::fmt::Display for Translation {
    /// The declarations, ready for a cell, with the notes as comments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for note in &self.notes {
            writeln!(f, "// {note}")?;
        }
        writeln!(f, "let net = model! {{ {} }};", self.model)?;
        writeln!(
            f,
            "let loss = objective! {{ on data {{\n{}\n}} }};",
            indented(&self.objective)
        )?;
        writeln!(f, "// `data` is your data set; with folds add `fold = ..`")?;
        writeln!(f, "let run = fit! {{ net, loss, data;\n    {} }};", self.fit.join(",\n    "))
    }
}
