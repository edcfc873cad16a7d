//! Polars' lazy frames: queries that are planned as a whole, for groups, joins and tables with many columns.
//!
//! A program says `use cistron_lazy::*;`. In a notebook nothing has to be said: a cell with `table.lazy()`, `col("x")` or
//! `LazyFrame` has these names. They stand in a library of their own because every crate behind a cell is paid for in each
//! cell, and most cells need none of this. What is not named here is in [`polars_lazy`].
//!
//! # Example
//! ```
//! use cistron_lazy::*;
//! use polars::prelude::*;
//!
//! let counts = df!("set" => ["train", "test", "train"], "count" => [12, 40, 3])?;
//! let sums = counts.lazy().filter(col("count").gt(lit(5))).group_by([col("set")]).agg([col("count").sum()]);
//! assert_eq!(sums.collect()?.shape(), (2, 2));
//! # Ok::<(), PolarsError>(())
//! ```

pub use polars_lazy;

pub use polars_lazy::dsl::{
    Expr, all, coalesce, col, cols, concat, dtype_col, element, first, last, len, lit, max_horizontal, mean_horizontal,
    min_horizontal, nth, sum_horizontal, ternary_expr, when,
};
pub use polars_lazy::frame::{IntoLazy, LazyCsvReader, LazyFileListReader, LazyFrame, LazyGroupBy};
pub use polars_lazy::prelude::{JoinArgs, JoinType, JoinValidation, Literal, RankMethod, RankOptions, UnionArgs};
