//! Data sets and texts for the tests.

use cistron_declaration::{Axis, AxisKind, Diagnostics, ModelDeclaration, Port, PortKind, Signature};
use cistron_model::{Model, Node};

/// The declaration of a text.
pub(crate) fn parse(text: &str) -> ModelDeclaration {
    let read = cistron_syntax::read_model(text);
    assert!(!read.declaration.name.is_empty(), "{}", read.mistakes.len());
    read.declaration
}

fn axis(kind: AxisKind, size: usize, bp: Option<f64>) -> Axis {
    Axis {
        kind,
        size: Some(size),
        bp,
    }
}

/// A one-hot sequence.
pub(crate) fn sequence(name: &str, kind: PortKind, length: usize) -> Port {
    let axes = vec![axis(AxisKind::Channel, 4, None), axis(AxisKind::Position, length, Some(1.0))];
    Port {
        name: name.into(),
        kind,
        axes,
        tracks: Vec::new(),
    }
}

/// One number per track.
pub(crate) fn scalar(name: &str, tracks: usize) -> Port {
    let names = (0..tracks).map(|i| format!("track{i}")).collect();
    Port {
        name: name.into(),
        kind: PortKind::Scalar,
        axes: vec![axis(AxisKind::Track, tracks, None)],
        tracks: names,
    }
}

/// One number per track and bin.
pub(crate) fn bins(name: &str, tracks: usize, count: usize, bp: f64) -> Port {
    let axes = vec![axis(AxisKind::Track, tracks, None), axis(AxisKind::Position, count, Some(bp))];
    Port {
        name: name.into(),
        kind: PortKind::Bins,
        axes,
        tracks: Vec::new(),
    }
}

/// A map of one channel.
pub(crate) fn map(name: &str, count: usize, bp: f64) -> Port {
    let place = axis(AxisKind::Position, count, Some(bp));
    Port {
        axes: vec![axis(AxisKind::Track, 1, None), place, place],
        ..bins(name, 1, count, bp)
    }
}

/// `dna` of 40 positions, output `y` of 2 tracks.
pub(crate) fn toy() -> Signature {
    Signature {
        name: "toy".into(),
        inputs: vec![sequence("dna", PortKind::Dna, 40)],
        outputs: vec![scalar("y", 2)],
    }
}

/// The data of design.md: DNA and RNA of 40,000, three outputs of 88 tracks.
pub(crate) fn immune() -> Signature {
    Signature {
        name: "immune".into(),
        inputs: vec![sequence("dna", PortKind::Dna, 40_000), sequence("rna", PortKind::Rna, 40_000)],
        outputs: vec![scalar("ex", 88), scalar("kt", 88), scalar("kd", 88)],
    }
}

/// `Net on toy { .. }`
pub(crate) fn declare(body: &str) -> Result<Model, Diagnostics> {
    on(&format!("Net on toy {{\n{body}\n}}"), toy())
}

/// A whole text on a data set.
pub(crate) fn on(text: &str, signature: Signature) -> Result<Model, Diagnostics> {
    Model::declare(parse(text), Vec::new(), vec![signature])
}

/// The model, or a panic with its messages.
pub(crate) fn good(body: &str) -> Model {
    declare(body).unwrap_or_else(|e| panic!("{e}"))
}

/// The messages, with the underlined text of each: `token: message | label | help`.
pub(crate) fn messages(diagnostics: &Diagnostics) -> Vec<String> {
    let one = |d: &cistron_declaration::Diagnostic| {
        let line = diagnostics.source.line(d.span.line).unwrap_or_default();
        let token: String = line
            .chars()
            .skip(d.span.column as usize)
            .take(d.span.length as usize)
            .collect();
        let mut text = format!("{token}: {}", d.message);
        if !d.label.is_empty() {
            text.push_str(&format!(" | {}", d.label));
        }
        if let Some(help) = &d.help {
            text.push_str(&format!(" | {help}"));
        }
        text
    };
    diagnostics.list.iter().map(one).collect()
}

/// The messages of a body that must not be accepted.
pub(crate) fn mistakes(body: &str) -> Vec<String> {
    match declare(body) {
        Ok(model) => panic!("accepted:\n{model}"),
        Err(diagnostics) => messages(&diagnostics),
    }
}

/// Asserts that the first message begins like this.
pub(crate) fn mistake(body: &str, begins: &str) {
    let found = mistakes(body);
    assert!(
        found.first().is_some_and(|m| m.starts_with(begins)),
        "expected {begins}\nfound {found:#?}"
    );
}

/// The warnings of a model on a data set.
pub(crate) fn warnings(model: &Model) -> Vec<String> {
    let source = model.declaration().source.clone();
    messages(&Diagnostics {
        source,
        list: model.warnings().to_vec(),
    })
}

/// The node of a name.
pub(crate) fn node<'a>(model: &'a Model, name: &str) -> &'a Node {
    let found = model.graph().nodes.iter().find(|n| n.name == name);
    found.unwrap_or_else(|| panic!("no node {name}:\n{model}"))
}

/// The names of all parameters.
pub(crate) fn parameter_names(model: &Model) -> Vec<String> {
    model.graph().parameters.iter().map(|p| p.name.clone()).collect()
}

/// The model of design.md.
pub(crate) const TWO_SIDED: &str = "TwoSided(kernels = 300, width = 15, drop = 0.1) on immune {
    block trunk(x, pool) {
        let unit = |h| h.norm(Batch).gelu();           // what comes before each convolution of a tower
        x.conv(kernels, width = width).gelu().pool(Weighted, 4)
         .residual(3, width = 11, dilation = [1, 2, 4], before = unit)
         .residual(4, width = 11, before = unit, after = |h| h.pool(Weighted, pool))
         .dense(1024, layers = 3).gelu().dropout(drop)
    }
    let t = trunk(dna.both_strands(), 6);
    let r = trunk(rna, 6);
    kt = t.linear();
    kd = r.linear();
    ex = kt - kd;
}";
