//! Code that most cells need, compiled once.
//!
//! A cell that holds a `DataFrame` needs the code that drops one, with everything in it; a cell that says `?` needs the
//! code that turns an error into a failure of the cell; one that ends in a number needs the code that shows it. The compiler
//! would make that code anew in each cell, and it was more than half of what compiling a cell took. What is instantiated
//! here is used by all of them (`-Zshare-generics`). Which types are worth it was found by counting over typical cells
//! (`-Zprint-mono-items`); whatever is not here works as well, only slower.

#![allow(
    clippy::let_unit_value,
    clippy::unit_arg,
    clippy::drop_non_drop,
    clippy::needless_borrow,
    dropping_copy_types,
    dropping_references,
    reason = "the same lines for all types, as the kernel writes them into cells"
)]

use crate::Error;
use crate::polars::prelude::{
    BooleanChunked, ChunkCompareEq, ChunkCompareIneq, Column, DataFrameJoinOps, Float32Chunked, Float64Chunked, Int32Chunked,
    Int64Chunked, JoinArgs, NamedFrom, PolarsError, Series, StringChunked, UInt32Chunked,
};
use crate::prelude::*;
use crate::rt::{EvcxrFallback, Fail, Shown, ShownByDebug, ShownByForm, ShownByTable, Store, was_shown};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

/// One function per type, none of which is ever called.
macro_rules! each {
    ($name:ident($store:ident, $value:ident: $take:ident) $body:block for $($kind:ty),* $(,)?) => {
        #[used]
        static $name: &[fn(&mut Store)] = &[$({
            fn uses($store: &mut Store) {
                type $take = $kind;
                #[allow(unused_mut)]
                let mut $value = $store.take::<$take>("");
                $body
            }
            uses as fn(&mut Store)
        }),*];
    };
}

// Variables: kept, taken, put back and dropped.
each!(VARIABLES(store, value: Kept) {
    store.put("", 0, value);
    let value = store.take::<Kept>("");
    store.put_back("", value);
    drop(store.take::<Kept>(""));
} for
    (), bool, i32, i64, u8, u32, u64, usize, f32, f64, char, String, &'static str, (f64, f64), (usize, usize), Option<f64>,
    Vec<i32>, Vec<i64>, Vec<u8>, Vec<u32>, Vec<u64>, Vec<usize>, Vec<f32>, Vec<f64>, Vec<bool>, Vec<String>, Vec<&'static str>,
    Vec<Vec<f32>>, Vec<Vec<f64>>, Vec<(String, f64)>, Vec<(f64, f64)>, Vec<Run>, Vec<DataFrame>, Vec<Tensor>, Vec<Motif>,
    HashMap<String, f64>, HashMap<String, usize>, HashMap<String, String>, BTreeMap<String, f64>, BTreeMap<String, usize>,
    Dataset, Model, Objective, Run, Network, Simulation, MotifGrammar, Comparison, Genome, Metrics, Motif, Blocks,
    Tensor, Device, DType, DataFrame, Series, Column, BooleanChunked, Float64Chunked, Int64Chunked, StringChunked,
    plot::Bar, Vec<plot::Bar>, plot::Bars, plot::Scatter, plot::Histogram,
);

// Values at the end of a cell.
each!(SHOWN(store, value: Shows) {
    let value = &value;
    if !was_shown(&(*value).evcxr_display()) {
        (&&&&&Shown(value)).show();
    }
} for
    (), bool, i32, i64, u8, u32, u64, usize, f32, f64, char, String, &'static str, (f64, f64), (usize, usize), Option<f64>,
    Vec<i32>, Vec<i64>, Vec<u8>, Vec<u32>, Vec<u64>, Vec<usize>, Vec<f32>, Vec<f64>, Vec<bool>, Vec<String>, Vec<&'static str>,
    Dataset, Model, Objective, Run, Simulation, Comparison, Tensor, DataFrame, Series,
    plot::Bars, plot::Scatter, plot::Histogram,
);

// What `?` does to a value.
each!(TRIED(store, value: Tries) {
    fn opened(store: &mut Store) -> Result<Tries, Fail> {
        Ok(store.take::<Result<Tries, Error>>("")?)
    }
    if let Err(fail) = opened(store) {
        black_box(fail);
    }
    store.put("", 0, value);
} for (), f64, String, Dataset, Model, Objective, Run, Comparison, DataFrame, Simulation, plot::Scatter, plot::Bars);

/// What `?` does to an error.
macro_rules! errors {
    ($($kind:ty),* $(,)?) => {
        #[used]
        static ERRORS: &[fn(Box<dyn Any>) -> Fail] = &[$({
            fn fails(error: Box<dyn Any>) -> Fail {
                match error.downcast::<$kind>() {
                    Ok(error) => Fail::from(*error),
                    Err(_) => Fail::from(String::new()),
                }
            }
            fails as fn(Box<dyn Any>) -> Fail
        }),*];
    };
}

errors!(
    Error,
    crate::candle_core::Error,
    PolarsError,
    std::io::Error,
    Box<dyn std::error::Error>,
    Box<dyn std::error::Error + Send + Sync>,
    std::num::ParseIntError,
    std::num::ParseFloatError,
    String,
    &'static str,
);

/// Joins are methods of a trait with bodies of their own: without this each cell that joins two tables would take fifteen seconds.
fn joined(store: &mut Store, left: &DataFrame, right: &DataFrame) -> Result<(), PolarsError> {
    let keys = || [""];
    store.put("", 0, left.inner_join(right, keys(), keys())?);
    store.put("", 0, left.left_join(right, keys(), keys())?);
    store.put("", 0, left.full_join(right, keys(), keys())?);
    let keys = || ["", ""];
    store.put("", 0, left.inner_join(right, keys(), keys())?);
    store.put("", 0, left.left_join(right, keys(), keys())?);
    store.put("", 0, left.full_join(right, keys(), keys())?);
    store.put("", 0, left.join(right, [""], [""], JoinArgs::default(), None)?);
    Ok(())
}

#[used]
static JOINED: fn(&mut Store, &DataFrame, &DataFrame) -> Result<(), PolarsError> = joined;

// Columns: made, compared with numbers, combined.
each!(COLUMNS(store, value: Values) {
    store.put("", 0, Series::new("".into(), &value));
    store.put("", 0, Column::new("".into(), &value));
    store.put("", 0, Column::new("".into(), value));
} for Vec<i32>, Vec<i64>, Vec<u32>, Vec<u64>, Vec<f32>, Vec<f64>, Vec<bool>, Vec<String>, Vec<&'static str>);

/// Comparisons of a column with one number.
fn compared<C, N: Copy>(column: &C, number: N) -> [BooleanChunked; 6]
where
    C: ChunkCompareEq<N, Item = BooleanChunked> + ChunkCompareIneq<N, Item = BooleanChunked>,
{
    [
        column.gt(number),
        column.gt_eq(number),
        column.lt(number),
        column.lt_eq(number),
        column.equal(number),
        column.not_equal(number),
    ]
}

each!(COMPARED(store, value: Numbers) {
    store.put("", 0, compared(&value, 0_i32));
    store.put("", 0, compared(&value, 0_i64));
    store.put("", 0, compared(&value, 0_u32));
    store.put("", 0, compared(&value, 0_f32));
    store.put("", 0, compared(&value, 0_f64));
} for Float32Chunked, Float64Chunked, Int32Chunked, Int64Chunked, UInt32Chunked);
