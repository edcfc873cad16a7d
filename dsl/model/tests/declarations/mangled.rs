//! Mangled declarations give messages or models, never a panic, and a refusal always says why.

use crate::support::*;
use cistron_model::{Model, check_declaration};

const TEXTS: [&str; 3] = [
    TWO_SIDED,
    "Loops(n = 3, act = Gelu, rate = 0.5) on immune {
        shared block stem(x, c) { x.conv(c, width = 11).norm(Batch, eps = 1e-3).gelu().pool(Max, 8) }
        let (a, b) = (stem(dna.both_strands(), 4), stem(rna, 4));
        let mut m = concat([a, b]).crop(n * 100);
        for (i, d) in [1, 2, 4].enumerate() { if i > 0 { m = m + m.conv(m.channels, width = 3, dilation = d); } else { m = m.flip(); } }
        let p = match act { Gelu => m.gelu(Tanh), _ => m.relu() }.pool(Mean, 5);
        [ex, kt] = (p.mean(Positions) * 2 - 1).dropout(rate).dense(8, layers = 2).linear();
        kd = geometric(1, 4, 3)[1] * p.max(Positions).linear() / 4;
    }",
    "Small on immune { let k = 2.pow(0..=3); ex = dna.linear(); kt = rna.residual(2, width = 3, after = |h| h.pool(Max, 9)).linear(); kd = -kt; }",
];

/// A small generator with a fixed start: the same mangling every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Words, numbers and signs of a text.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut word = false;
    for c in text.chars() {
        let now = c.is_alphanumeric() || c == '_';
        match pieces.last_mut() {
            Some(last) if word && now => last.push(c),
            _ => pieces.push(c.to_string()),
        }
        word = now;
    }
    pieces
}

#[test]
fn nothing_panics() {
    let mut dice = Dice(7);
    let (mut read, mut accepted) = (0, 0);
    for round in 0..2400 {
        let mut parts = pieces(TEXTS[round % TEXTS.len()]);
        for _ in 0..1 + dice.roll(3) {
            let (at, other) = (dice.roll(parts.len()), dice.roll(parts.len()));
            let words: Vec<usize> = (0..parts.len())
                .filter(|i| parts[*i].chars().all(|c| c.is_alphanumeric()))
                .collect();
            match dice.roll(5) {
                0 => parts[at] = String::new(),
                1 => parts[at] = parts[other].clone(),
                2 => parts.swap(at, other),
                _ => {
                    let word = words[dice.roll(words.len())];
                    parts[word] = parts[words[dice.roll(words.len())]].clone();
                }
            }
        }
        if parts.concat().parse::<proc_macro2::TokenStream>().is_err() {
            continue;
        }
        let declaration = cistron_syntax::read_model(&parts.concat()).declaration;
        read += 1;
        check_declaration(&declaration);
        match Model::declare(declaration, Vec::new(), vec![immune()]) {
            Ok(model) => {
                accepted += 1;
                assert!(!model.table().text().is_empty() && model.diagram().ends_with("</svg>"));
            }
            Err(diagnostics) => assert!(diagnostics.has_errors(), "{}", diagnostics.source.text),
        }
    }
    assert!(read > 300 && accepted > 30, "{read} read, {accepted} accepted");
}

#[test]
fn what_the_macro_refuses_is_refused_with_the_data_too() {
    let mut dice = Dice(11);
    for round in 0..1500 {
        let mut parts = pieces(TEXTS[round % TEXTS.len()]);
        let words: Vec<usize> = (0..parts.len())
            .filter(|i| parts[*i].chars().all(|c| c.is_alphanumeric()))
            .collect();
        let word = words[dice.roll(words.len())];
        parts[word] = parts[words[dice.roll(words.len())]].clone();
        if parts.concat().parse::<proc_macro2::TokenStream>().is_err() {
            continue;
        }
        let declaration = cistron_syntax::read_model(&parts.concat()).declaration;
        let refused = check_declaration(&declaration);
        let with_data = Model::declare(declaration, Vec::new(), vec![immune()]);
        assert!(refused.is_empty() || with_data.is_err(), "{refused:#?}\n{}", parts.concat());
    }
}
