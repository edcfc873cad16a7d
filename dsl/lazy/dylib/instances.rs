//! Code that most queries need, compiled once instead of in each cell (see the facade's `instances.rs`).

use cistron::polars::prelude::{DataFrame, NamedFrom, PolarsError, Series};
use cistron::rt::Store;
use cistron_lazy::{Expr, IntoLazy, LazyFrame, LazyGroupBy, col, cols, len, lit, when};

/// Variables: kept, taken, put back and dropped.
macro_rules! kept {
    ($($kind:ty),* $(,)?) => {
        #[used]
        static KEPT: &[fn(&mut Store)] = &[$({
            fn uses(store: &mut Store) {
                let value = store.take::<$kind>("");
                store.put("", 0, value);
                let value = store.take::<$kind>("");
                store.put_back("", value);
                drop(store.take::<$kind>(""));
                drop(store.take::<Vec<$kind>>(""));
            }
            uses as fn(&mut Store)
        }),*];
    };
}

kept!(LazyFrame, LazyGroupBy, Expr);

/// A query with everything that is usual in one, for expressions given as `one` and as `several`; never called.
fn query<const N: usize>(store: &mut Store, several: fn(Expr) -> [Expr; N]) -> Result<DataFrame, PolarsError> {
    let frame = store.take::<DataFrame>("").lazy();
    let one = store.take::<Expr>("");
    frame
        .clone()
        .filter(one.clone())
        .select(several(one.clone()))
        .with_columns(several(one.clone()))
        .with_column(one.clone())
        .group_by(several(one.clone()))
        .agg(several(one.clone()))
        .group_by_stable([""; N])
        .agg(vec![one.clone()])
        .select(vec![one.clone()])
        .with_columns(vec![one.clone()])
        .sort([""; N], Default::default())
        .sort_by_exprs(several(one.clone()), Default::default())
        .join(frame, several(one.clone()), several(one), Default::default())
        .collect()
}

/// What expressions are made of.
fn expressions(store: &mut Store) -> Vec<Expr> {
    let a = col("");
    let text = store.take::<String>("");
    let numbers = [lit(0_i32), lit(0_i64), lit(0_u32), lit(0_u64), lit(0_f32), lit(0_f64), lit(false), lit(""), lit(text)];
    let mut all: Vec<Expr> = numbers.into();
    all.push(col(store.take::<String>("")));
    all.push(cols(["", ""]).as_expr());
    all.push(lit(Series::new("".into(), [0.0])));
    all.push(a.clone().gt(a.clone()).and(a.clone().lt(a.clone())).or(a.clone().eq(a.clone()).not()));
    all.push(a.clone().gt_eq(a.clone()).and(a.clone().lt_eq(a.clone())).or(a.clone().neq(a.clone())));
    all.push((a.clone() + a.clone()) * (a.clone() - a.clone()) / a.clone());
    all.push(when(a.clone()).then(a.clone()).otherwise(a.clone()).alias(""));
    all.push(a.clone().fill_null(a.clone()).alias(""));
    all.extend(a.clone().over([""]));
    all.extend(a.mean().over(["", ""]));
    all.push(len());
    all
}

#[used]
static QUERIES: fn(&mut Store) = |store| {
    let expressions = expressions(store);
    store.put("", 0, expressions);
    let frames = [
        query(store, |a| [a]),
        query(store, |a| [a.clone(), a]),
        query(store, |a| [a.clone(), a.clone(), a]),
    ];
    for frame in frames.into_iter().flatten() {
        store.put("", 0, frame);
    }
};
