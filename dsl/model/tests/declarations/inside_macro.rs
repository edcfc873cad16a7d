//! What the macro can tell before the data are known.

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

#[test]
fn nothing_is_said_about_what_is_unknown() {
    assert_eq!(check(TWO_SIDED), Vec::<String>::new());
    let text = "Net(n = somewhere(), deep = other) on toy {
        let mut x = dna.conv(n, width = 5);
        for _ in 0..n { x = x.pool(Max, 2); }
        if deep { x = x.linear(3); } else { y = x.linear(); }
        y = match deep { Some(c) => x.conv(c, width = 3), None => x }.linear();
    }";
    assert_eq!(check(text), Vec::<String>::new());
}

#[test]
fn what_is_literal_is_checked() {
    let found = check(
        "Net on toy {
        let x = dna.both_strands().conv(8, widht = 5);
        let t = (x + dna.conv(6, width = 3)).drpout(0.1).dropout(2.0);
        y = t.residual(2, width = 3, dilation = [1, 2, 4]);
        y = t.linear();
    }",
    );
    assert_eq!(
        found,
        [
            "widht: `conv` has no argument `widht` | did you mean `width`?",
            "+: `+` of [channel 8, position ?] and [channel 6, position ?] | both sides need the same shape",
            "drpout: unknown layer `drpout` | did you mean `dropout`?",
            "2.0: `rate` of `dropout` must be at least 0 and below 1, found 2",
            "[: `dilation` lists 3 values for 2 layers | one for each layer, or one number for all",
            "y: output `y` is assigned twice | first on line 4 | give the value between a name of its own with `let`",
        ]
    );
}
