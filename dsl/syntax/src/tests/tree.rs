//! The tree that a text becomes.

use crate::reader::Reader;
use crate::{data, model};
use cistron_declaration::{BlockRole, DataDeclaration, Expression, Kind, ModelDeclaration, Pattern, Span, Statement};

fn model_of(text: &str) -> ModelDeclaration {
    let input: proc_macro2::TokenStream = text.parse().expect("tokens");
    let mut reader = Reader::new("model!", &input);
    let (declaration, _) = model::read(&mut reader, input);
    declaration
}

fn data_of(text: &str) -> (DataDeclaration, Vec<String>) {
    let input: proc_macro2::TokenStream = text.parse().expect("tokens");
    let mut reader = Reader::new("data!", &input);
    let declaration = data::read(&mut reader, input);
    assert!(reader.mistakes.is_empty(), "{:?}", reader.mistakes);
    (declaration, reader.captures.iter().map(ToString::to_string).collect())
}

fn at(text: &str, span: Span) -> String {
    let line = text.lines().nth(span.line as usize - 1).unwrap_or_default();
    line.chars().skip(span.column as usize).take(span.length as usize).collect()
}

#[test]
fn a_model_keeps_names_roles_and_places() {
    let text = "Net(kernels = 300, act = Relu) on first, second {\n    shared block trunk(x, pool) { x.conv(kernels, width = 15) }\n    let t = trunk(first.dna, 4);\n    first.y = t - 1;\n}";
    let model = model_of(text);
    assert_eq!((model.name.as_str(), model.on.len(), model.parameters.len()), ("Net", 2, 2));
    assert_eq!(model.parameters[1].default.kind, Kind::Name("Relu".into()));
    assert_eq!(at(text, model.parameters[0].span), "kernels");
    let Statement::Define(block) = &model.body.statements[0] else {
        panic!("{model:?}")
    };
    assert_eq!(
        (block.role, block.name.as_str(), at(text, block.span).as_str()),
        (BlockRole::Shared, "trunk", "trunk")
    );
    assert_eq!(
        block.parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["x", "pool"]
    );
    let value = block.body.value.as_deref().expect("a value");
    assert_eq!(at(text, value.span), "conv");
    let Kind::Method { arguments, .. } = &value.kind else {
        panic!("{value:?}")
    };
    assert_eq!(arguments[1].name.as_deref(), Some("width"));
    let Statement::Assign { targets, value } = &model.body.statements[2] else {
        panic!("{model:?}")
    };
    assert_eq!((targets[0].of.as_deref(), targets[0].name.as_str()), (Some("first"), "y"));
    assert_eq!(at(text, value.span), "-");
}

#[test]
fn assignments_with_an_operator_and_to_several_names() {
    let model = model_of("Net on toy { x += dna; [a, b] = x.linear(); map[1] = x; }");
    let Statement::Assign { targets, value } = &model.body.statements[0] else {
        panic!("{model:?}")
    };
    assert_eq!(targets[0].name, "x");
    assert!(matches!(&value.kind, Kind::Binary { left, .. } if left.kind == Kind::Name("x".into())));
    let Statement::Assign { targets, .. } = &model.body.statements[1] else {
        panic!("{model:?}")
    };
    assert_eq!(
        targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let Statement::Assign { targets, .. } = &model.body.statements[2] else {
        panic!("{model:?}")
    };
    assert!(targets[0].index.is_some());
}

#[test]
fn loops_choices_and_closures() {
    let model = model_of(
        "Net on toy { for (c, _) in [(1, -2), (3, 4)] { if c > 1 { x = dna; } } let f = |h| match h { Some(k) => k, None => dna }; }",
    );
    let Statement::For {
        pattern: Pattern::Tuple(names),
        values,
        body,
        ..
    } = &model.body.statements[0]
    else {
        panic!("{model:?}")
    };
    assert_eq!(names[1], Pattern::Any);
    let Kind::List(rows) = &values.kind else {
        panic!("{values:?}")
    };
    assert!(matches!(&rows[0].kind, Kind::Tuple(row) if row[1].kind == Kind::Int(-2)));
    assert!(matches!(
        &body.statements[0],
        Statement::Expression(Expression {
            kind: Kind::If { .. },
            ..
        })
    ));
    let Statement::Let {
        value: Expression {
            kind: Kind::Closure(closure),
            ..
        },
        ..
    } = &model.body.statements[1]
    else {
        panic!("{model:?}")
    };
    let Kind::Match { arms, .. } = &closure.body.kind else {
        panic!("{closure:?}")
    };
    assert!(matches!(&arms[1].pattern, Pattern::Variant { name, .. } if name == "None"));
}

#[test]
fn a_declaration_survives_json() {
    let model = model_of("Net(k = 3) on toy { y = dna.conv(k, width = 5, after = |h| h.relu()).linear(); }");
    let json = serde_json::to_string(&model).expect("json");
    assert_eq!(serde_json::from_str::<ModelDeclaration>(&json).expect("read back"), model);
}

#[test]
fn rust_values_in_data_are_captured_and_names_are_kept() {
    let (declaration, captures) = data_of(
        "records t = frame(simulation.table), u = table(path); \
         input dna: Dna = column(\"s\"); \
         output y = column(name, missing = masked), z = table(folder.join(\"x.tsv\")), w = npz(\"a.npz\", key = keys[0]); \
         split chromosomes(valid = [\"chr1\", other], test = [\"chr2\"]);",
    );
    assert_eq!(
        captures,
        [
            "& (simulation . table)",
            ":: std :: clone :: Clone :: clone (& path)",
            ":: std :: clone :: Clone :: clone (& name)",
            "folder . join (\"x.tsv\")",
            ":: std :: clone :: Clone :: clone (& keys [0])",
            ":: std :: clone :: Clone :: clone (& other)",
        ]
    );
    let Kind::Call { arguments, .. } = &declaration.statements[2].entries[0].value.kind else {
        panic!()
    };
    assert_eq!(arguments[0].value.kind, Kind::Capture(2));
    assert_eq!(arguments[1].value.kind, Kind::Name("masked".into()));
}
