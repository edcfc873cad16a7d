//! Values of the cell inside a `data!` declaration.

use cistron_declaration::Value;
use polars::prelude::DataFrame;

/// A Rust value that a `data!` declaration uses: a data frame, or a plain value such as a path or a number.
#[derive(Clone, Debug)]
pub struct Captured(pub(crate) Capture);

#[derive(Clone, Debug)]
pub(crate) enum Capture {
    Value(Value),
    Frame(DataFrame),
}

impl From<DataFrame> for Captured {
    fn from(frame: DataFrame) -> Self {
        Self(Capture::Frame(frame))
    }
}

impl From<&DataFrame> for Captured {
    fn from(frame: &DataFrame) -> Self {
        Self(Capture::Frame(frame.clone()))
    }
}

impl From<&&DataFrame> for Captured {
    fn from(frame: &&DataFrame) -> Self {
        Self(Capture::Frame((*frame).clone()))
    }
}

impl From<&crate::simulate::Simulation> for Captured {
    fn from(simulation: &crate::simulate::Simulation) -> Self {
        Self(Capture::Frame(simulation.table.clone()))
    }
}

impl From<std::path::PathBuf> for Captured {
    fn from(path: std::path::PathBuf) -> Self {
        Self(Capture::Value(Value::from(path)))
    }
}

impl From<&std::path::PathBuf> for Captured {
    fn from(path: &std::path::PathBuf) -> Self {
        Self(Capture::Value(Value::from(path.clone())))
    }
}

impl From<&std::path::Path> for Captured {
    fn from(path: &std::path::Path) -> Self {
        Self(Capture::Value(Value::from(path.to_path_buf())))
    }
}

impl From<Value> for Captured {
    fn from(value: Value) -> Self {
        Self(Capture::Value(value))
    }
}

macro_rules! from_value { ($($t:ty)*) => { $(impl From<$t> for Captured { fn from(v: $t) -> Self { Self(Capture::Value(Value::from(v))) } })* } }
from_value!(i32 i64 u32 u64 usize f32 f64 bool &str String &String);

impl<T: Into<Value>> From<Vec<T>> for Captured {
    fn from(list: Vec<T>) -> Self {
        Self(Capture::Value(Value::from(list)))
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Captured {
    fn from(list: [T; N]) -> Self {
        Self(Capture::Value(Value::from(list)))
    }
}
