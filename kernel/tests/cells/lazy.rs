//! Lazy frames: a library of their own that cells need not name.

use crate::support::session;
use std::time::Duration;

const TABLE: &str = "let table = cistron::polars::df!(\"set\" => [\"a\", \"b\", \"a\"], \"count\" => [12, 40, 3])?;";

#[test]
fn tables_are_there_without_a_crates_name() {
    let mut session = session();
    session.ok("let genes = df!(\"gene\" => [\"a\", \"b\"], \"count\" => [12, 40])?;");
    session.ok("use polars::prelude::*;");
    assert_eq!(
        session.value(
            "genes.sort([\"count\"], SortMultipleOptions::default())?.inner_join(&genes, [\"gene\"], [\"gene\"])?.shape()"
        ),
        "(2, 3)"
    );
    assert_eq!(
        session.value("candle_core::Tensor::new(&[1f32, 2.0], &Device::Cpu)?.dims1()?"),
        "2"
    );
}

#[test]
fn a_cell_that_says_lazy_has_what_it_needs() {
    let mut session = session();
    session.ok(TABLE);
    let sum = session.value(
        "let sums = table.clone().lazy().filter(col(\"count\").gt(lit(5))).group_by([col(\"set\")]).agg([col(\"count\").sum(), len().alias(\"n\")]).sort([\"set\"], Default::default()).collect()?;\n\
         (sums.height(), sums.column(\"count\")?.i32()?.get(1))",
    );
    assert_eq!(sum, "(2, Some(40))");
}

#[test]
fn queries_live_on_between_cells_and_go_through_functions() {
    let mut session = session();
    session.ok(TABLE);
    session.ok("let query = table.lazy();");
    session.ok("let doubled = query.clone().with_column((col(\"count\") * lit(2)).alias(\"twice\"));");
    session.ok("fn large(least: i32) -> Expr { col(\"twice\").gt_eq(lit(least)) }");
    assert_eq!(
        session.value("doubled.clone().filter(large(24)).collect()?.shape()"),
        "(2, 3)"
    );
    assert_eq!(
        session.value("query"),
        "a value of type `LazyFrame` (a query that has not run; `.collect()?` runs it)"
    );
    // A cell that names nothing of the library but a variable and a function.
    assert_eq!(
        session.value("let kept = doubled.filter(large(80)); kept.collect()?.height()"),
        "1"
    );
}

#[test]
fn what_a_function_of_an_earlier_cell_gives_is_kept() {
    let mut session = session();
    session.ok(TABLE);
    session.ok("fn query(table: DataFrame) -> LazyFrame { table.lazy() }");
    session.ok("type Query = LazyFrame; struct Held { query: Query }");
    session.ok("fn held(table: DataFrame) -> Held { Held { query: query(table) } }");
    // No cell from here on names the library.
    session.ok("let first = query(table.clone()); let held = held(table);");
    assert_eq!(session.value("first.clone().collect()?.height()"), "3");
    session.ok("let second = held.query;");
    assert_eq!(session.value("second.collect()?.height()"), "3");
}

#[test]
fn a_new_worker_loads_it_again() {
    let mut session = session();
    session.ok("fn share() -> Expr { col(\"count\") / col(\"count\").sum() }");
    let worker = session.engine.worker_process().expect("a worker");
    // SAFETY: the process is the worker of this session.
    unsafe { libc::kill(worker, libc::SIGKILL) };
    while session.engine.worker_process() == Some(worker) {
        std::thread::sleep(Duration::from_millis(20));
        session.idle();
    }
    session.ok(TABLE);
    assert_eq!(session.value("table.lazy().select([share()]).collect()?.width()"), "1");
}

#[test]
fn names_of_ones_own_go_before_those_of_the_library() {
    let mut session = session();
    assert_eq!(session.value("{ let col = 3; let lit = |x: i32| x + col; lit(4) }"), "7");
    session.ok("fn col(i: usize) -> usize { i * 10 }");
    assert_eq!(session.value("col(4)"), "40");
}
