//! The drawing and what a notebook shows.

use crate::support::*;
use cistron_declaration::Signature;
use cistron_display::Show;
use cistron_model::Model;

/// Draws, keeps the file beside the test's other output to be looked at, and checks that nothing overlaps.
fn draw(name: &str, model: &Model) -> String {
    let svg = model.diagram();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.svg"));
    std::fs::write(path, &svg).expect("a folder for drawings");
    let boxes = rectangles(&svg);
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            let apart = a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1];
            assert!(apart, "{name}: boxes overlap: {a:?} {b:?}");
        }
    }
    svg
}

/// x, y, width, height of each box (the page has no x).
fn rectangles(svg: &str) -> Vec<[f64; 4]> {
    let number = |tag: &str, key: &str| {
        let rest = tag.split_once(&format!(" {key}=\"")).map(|(_, rest)| rest)?;
        rest.split('"').next().and_then(|n| n.parse().ok())
    };
    let one = |tag: &str| {
        Some([
            number(tag, "x")?,
            number(tag, "y")?,
            number(tag, "width")?,
            number(tag, "height")?,
        ])
    };
    svg.split("<rect")
        .skip(1)
        .filter_map(|t| one(t.split('>').next().unwrap_or_default()))
        .collect()
}

#[test]
fn two_heads_on_one_trunk() {
    let data = Signature {
        outputs: vec![scalar("activity", 1), scalar("half_life", 1)],
        ..toy()
    };
    let text = "Small(kernels = 32) on toy {
        let t = dna.both_strands().conv(kernels, width = 11).relu().pool(Max, 4).conv(kernels, width = 5).norm(Batch).gelu().pool(Max, 2).linear(64).gelu().dropout(0.1);
        activity = t.linear();
        half_life = t.linear().softplus();
    }";
    let model = on(text, data).unwrap();
    let svg = draw("two_heads", &model);
    for text in [
        ">dna<",
        ">activity<",
        ">half_life<",
        "conv 32, width 11, both strands",
        ">at 1 bp<",
        ">4 x 40<",
        ">max pool 4<",
    ] {
        assert!(svg.contains(text), "{text} in {svg}");
    }
    assert_eq!(rectangles(&svg).len(), 1 + 1 + 2 + 2);
    let bundle = model.bundle();
    assert_eq!(bundle.text(), model.to_string());
    assert!(
        bundle
            .get("text/html")
            .is_some_and(|html| html.contains(&svg) && html.contains("<table"))
    );
}

#[test]
fn the_model_of_the_design() {
    let model = on(TWO_SIDED, immune()).unwrap();
    let svg = draw("two_sided", &model);
    for text in [
        ">dna<",
        ">rna<",
        ">trunk<",
        ">trunk2<",
        ">ex<",
        ">kt<",
        ">kd<",
        "residual: batch norm",
    ] {
        assert!(svg.contains(text), "{text} in {svg}");
    }
}

#[test]
fn forty_layers_still_read() {
    let model = good(
        "let mut x = dna.conv(16, width = 7).relu();
         for c in [16, 24, 32, 48] {
             x = x.conv(c, width = 5);
             for d in [1, 2, 4] { x = x.conv(c, width = 3, dilation = d).norm(Batch).gelu(); }
             for _ in 0..3 { x = x.conv(c, width = 3).norm(Layer).silu().dropout(0.1); }
             x = x.pool(Max, 2);
         }
         y = x.dense(64, layers = 3).linear();",
    );
    let svg = draw("forty_layers", &model);
    assert!(rectangles(&svg).len() <= 6, "{}", rectangles(&svg).len());
    assert!(svg.contains("\u{d7} 3"));
}

#[test]
fn shared_blocks_branches_and_hand_written_units() {
    let data = Signature {
        outputs: vec![scalar("y", 2), scalar("<z>", 2)],
        ..immune()
    };
    let text = "Mixed on immune {
        shared block stem(x) { x.conv(16, width = 11).norm(Batch).gelu().pool(Max, 8) }
        let (a, b) = (stem(dna), stem(rna));
        let mut m = concat([a, b]);
        for _ in 0..4 { m = m + m.norm(Batch).gelu().conv(32, width = 5); }
        let wide = m.conv(8, width = 25).relu().mean(Positions);
        let narrow = m.conv(8, width = 3).relu().mean(Positions);
        y = concat([wide, narrow, a.max(Positions)]).linear(32).relu().linear();
        without(z);
    }";
    let text = text.replace("without(z);", "");
    let mut data = data;
    data.outputs.truncate(1);
    let model = on(&text, data).unwrap();
    let svg = draw("mixed", &model);
    assert!(svg.contains("stem (shared weights)") && svg.contains("stem2 (shared weights)"));
    assert!(svg.contains("stroke-dasharray"));
    assert!(svg.contains("\u{d7} 4"), "{svg}");
}
