//! The models of dsl.md: each parses, and what cannot run yet is said at its place and nothing else.

use crate::support::*;
use cistron_model::check_declaration;

fn check(text: &str) -> Vec<String> {
    let declaration = parse(text);
    let source = declaration.source.clone();
    messages(&cistron_declaration::Diagnostics {
        source,
        list: check_declaration(&declaration),
    })
}

const MAXATAC: &str = "Dilated on ctcf {
    let mut x = concat([dna, atac]);
    for (filters, d) in [(15, 1), (22, 1), (33, 2), (50, 4), (75, 8)] {
        for _ in 0..2 { x = x.conv(filters, width = 7, dilation = d).relu().norm(Batch, momentum = 0.99, eps = 1e-3); }
        x = x.pool(Max, 2);
    }
    bound = x.conv(1, width = 1).sigmoid();
}";

#[test]
fn maxatac_runs() {
    assert_eq!(check(MAXATAC), Vec::<String>::new());
    let mut data = toy();
    data.name = "ctcf".into();
    data.inputs = vec![
        sequence("dna", cistron_declaration::PortKind::Dna, 1024),
        bins("atac", 1, 1024, 1.0),
    ];
    data.outputs = vec![bins("bound", 1, 32, 32.0)];
    let model = on(MAXATAC, data).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(node(&model, "conv").axes[0].size, Some(15));
    assert_eq!(model.graph().parameters[0].sizes, [15, 5, 7]);
}

const ORCA: &str = "Orca1 on one_mb {
    block linear_pair(x, c) { x.conv(c, width = 9).norm(Batch).conv(c, width = 9).norm(Batch) }
    block pair(x, c)        { x.conv(c, width = 9).norm(Batch).relu().conv(c, width = 9).norm(Batch).relu() }
    block pair2(x, d, act)  { let h = x.conv(32, width = 3, dilation = d).norm(Batch); let h = if act { h.relu() } else { h };
                              let h = h.conv(64, width = 3, dilation = d).norm(Batch); if act { h.relu() } else { h } }
    part encoder(dna) {
        let mut l = linear_pair(dna, 64);  let mut o = pair(l, 64);
        for (c, p) in [(96, 4), (128, 4), (128, 5), (128, 5), (128, 5), (128, 2)] { l = linear_pair((o + l).pool(Max, p), c);  o = pair(l, c); }
        o
    }
    let e = encoder(dna);
    marks = e.conv(128, width = 1).norm(Batch).relu().conv(width = 1).sigmoid();
    let mut m = e.outer_sum();
    for (i, d) in dilations(2.pow(0..=6), 2.pow(1..=6), 2.pow(1..=6)) {
        m = if i == 0 { pair2(m.dropout(0.1), d, false) } else { pair2(m, d, false) + m };
        m = pair2(m, d, true) + m;
    }
    map = m.conv(5, width = 1).norm(Batch).relu().conv(1, width = 1).symmetric();
}";

#[test]
fn orca_runs() {
    assert_eq!(check(ORCA), Vec::<String>::new());
    let mut data = toy();
    data.inputs = vec![sequence("dna", cistron_declaration::PortKind::Dna, 1_000_000)];
    data.outputs = vec![map("map", 250, 4_000.0), bins("marks", 32, 250, 4_000.0)];
    let model = on(ORCA, data).unwrap_or_else(|e| panic!("{e}"));
    // specs/orca.md 4.2, with 32 tracks.
    assert_eq!(model.parameter_count(), 4_790_325);
    assert_eq!(node(&model, "outer_sum").sizes(), [128, 250, 250]);
    assert_eq!(node(&model, "map.symmetric").axes[2].bp, Some(4_000.0));
}

#[test]
fn orca_says_what_is_later() {
    let found = check(
        "Orca32 on thirty_two_mb {
        use stage_a.encoder as frozen, cached;
        use stage_a.decoder as frozen;
        let e = unet(encoder(dna), levels = 5);
        zoom level in [32, 16, 8, 4, 2, 1], view = 250, into = 125 {
            let m = concat([e.outer_sum(), distance_encoding]).start();
            let m = match coarse { Some(c) => concat([m, c.upsample(Nearest, 2)]).merge(), None => m };
            map[level] = tower(m);
        }
        map[1] += decoder(e[1]);
    }",
    );
    assert!(
        found.iter().any(|m| m == "use: `use` parses but cannot run yet"),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|m| m == "zoom: `zoom` parses but cannot run yet"),
        "{found:#?}"
    );
    assert!(found.iter().all(|m| m.contains("parses but cannot run yet")), "{found:#?}");
}

const ENFORMER: &str = "Enformer(channels = 1536, depth = 11, heads = 8) on basenji {
    block pointwise(x)   { x + x.norm(Batch).gelu(Sigmoid).conv(x.channels, width = 1) }
    let mut x = pointwise(dna.conv(channels / 2, width = 15)).pool(Attention, 2);
    for c in geometric(channels / 2, channels, 6, multiple = 128) { x = pointwise(x.norm(Batch).gelu(Sigmoid).conv(c, width = 5)).pool(Attention, 2); }
    for _ in 0..depth {
        x = x + x.norm(Layer).attention(heads, key = 64, relative = basis(gamma = PerFeature)).dropout(0.4);
        x = x + x.norm(Layer).linear(2 * channels).dropout(0.4).relu().linear(channels).dropout(0.4);
    }
    let t = x.crop(896).norm(Batch).gelu(Sigmoid).conv(2 * channels, width = 1).dropout(0.05).gelu(Sigmoid);
    human = t.linear().softplus();
    mouse = t.linear().softplus();
}";

#[test]
fn enformer_runs() {
    assert_eq!(check(ENFORMER), Vec::<String>::new());
    let mut data = toy();
    data.inputs = vec![sequence("dna", cistron_declaration::PortKind::Dna, 196_608)];
    data.outputs = vec![bins("human", 5313, 896, 128.0), bins("mouse", 1643, 896, 128.0)];
    let model = on(ENFORMER, data).unwrap_or_else(|e| panic!("{e}"));
    // specs/enformer.md A1: 251.22 million; without the head of the mouse (5,048,939) 246.17 million.
    assert_eq!(model.parameter_count(), 251_221_292);
    assert_eq!(node(&model, "human.softplus").sizes(), [5313, 896]);
    // specs/enformer.md A10: 3.293 TFLOP, two for each multiply-add.
    let flop = 2.0 * model.multiply_adds() as f64;
    assert!((flop / 3.293e12 - 1.0).abs() < 0.02, "{flop}");
}

#[test]
fn the_joint_model_says_what_is_later() {
    let found = check(
        "Joint(width = 64, latents = 16, depth = 2) on tracks, assay {
        shared block perceiver(tokens) { latents(16, 96).cross_attention(tokens, heads = 4).self_attention(depth, heads = 4).mean(Latents) }
        shared block stem(x)           { x.conv(width, width = 11).norm(Batch).gelu().pool(Max, 2).conv(width, width = 5) }
        tracks.value   = perceiver(stem(tracks.dna).tokens() + tracks.cov.pool(Mean, 2).embed(width).tokens() + positions()).linear();
        let a          = perceiver(concat([assay.cell.embed(width).token(), stem(assay.dna).tokens() + positions()])).film(assay.cell);
        assay.activity = a.linear();
        assay.dna      = autoregressive(width, prefix = [assay.activity.token(mask = 0.5), assay.cell.embed(width).token()]);
    }",
    );
    assert!(
        found[0].starts_with("Joint: a model on several data sets parses but cannot run yet"),
        "{found:#?}"
    );
    assert!(found.iter().all(|m| m.contains("parses but cannot run yet")), "{found:#?}");
}
