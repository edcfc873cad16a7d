//! Tables as bytes, column by column.

use super::value::{Kept, put_length, take_length};
use cistron::polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};

/// Adds the values of a typed column, each behind a byte that says whether there is one.
macro_rules! put_values {
    ($values:expr, $out:expr) => {
        if let Ok(values) = $values {
            for value in values.iter() {
                value.is_some().put($out);
                if let Some(value) = value {
                    value.put($out);
                }
            }
        }
    };
}

/// The types of columns that can be saved, and the byte that stands for each.
fn code(kind: &DataType) -> Option<u8> {
    Some(match kind {
        DataType::Boolean => 0,
        DataType::Int32 => 1,
        DataType::Int64 => 2,
        DataType::UInt32 => 3,
        DataType::UInt64 => 4,
        DataType::Float32 => 5,
        DataType::Float64 => 6,
        DataType::String => 7,
        _ => return None,
    })
}

impl Kept for Series {
    fn refuses(&self) -> Option<String> {
        let kind = self.dtype();
        code(kind)
            .is_none()
            .then(|| format!("its column `{}` is of type {kind}; cast it, or keep the others", self.name()))
    }

    fn size(&self) -> u64 {
        self.estimated_size() as u64
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.name().to_string().put(out);
        let code = code(self.dtype()).unwrap_or(u8::MAX);
        code.put(out);
        put_length(self.len(), out);
        match code {
            0 => put_values!(self.bool(), out),
            1 => put_values!(self.i32(), out),
            2 => put_values!(self.i64(), out),
            3 => put_values!(self.u32(), out),
            4 => put_values!(self.u64(), out),
            5 => put_values!(self.f32(), out),
            6 => put_values!(self.f64(), out),
            _ => {
                if let Ok(values) = self.str() {
                    for value in values.iter() {
                        value.map(str::to_string).put(out);
                    }
                }
            }
        }
    }

    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        fn column<T: Kept>(length: usize, from: &mut &[u8]) -> Result<Vec<Option<T>>, String> {
            (0..length).map(|_| Option::<T>::take_from(from)).collect()
        }
        let name = String::take_from(from)?.as_str().into();
        let code = u8::take_from(from)?;
        let length = take_length(from)?;
        Ok(match code {
            0 => Self::new(name, column::<bool>(length, from)?),
            1 => Self::new(name, column::<i32>(length, from)?),
            2 => Self::new(name, column::<i64>(length, from)?),
            3 => Self::new(name, column::<u32>(length, from)?),
            4 => Self::new(name, column::<u64>(length, from)?),
            5 => Self::new(name, column::<f32>(length, from)?),
            6 => Self::new(name, column::<f64>(length, from)?),
            7 => Self::new(name, column::<String>(length, from)?),
            other => return Err(format!("{other} stands for no type of column")),
        })
    }
}

impl Kept for DataFrame {
    fn refuses(&self) -> Option<String> {
        self.columns()
            .iter()
            .find_map(|column| column.as_materialized_series().refuses())
    }

    fn size(&self) -> u64 {
        self.estimated_size() as u64
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.height(), out);
        put_length(self.width(), out);
        for column in self.columns() {
            column.as_materialized_series().put(out);
        }
    }

    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let height = u64::take_from(from)?;
        let height = usize::try_from(height).map_err(|error| error.to_string())?;
        let width = take_length(from)?;
        let columns = (0..width).map(|_| Series::take_from(from).map(Column::from));
        Self::new(height, columns.collect::<Result<_, _>>()?).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::there_and_back;
    use super::*;

    #[test]
    fn a_table_comes_back_with_its_missing_values() {
        let columns = vec![
            Column::from(Series::new("gene".into(), vec![Some("a"), None, Some("ä\n")])),
            Column::from(Series::new("level".into(), vec![Some(0.1_f64), Some(f64::INFINITY), None])),
            Column::from(Series::new("count".into(), vec![Some(-1_i64), Some(i64::MAX), None])),
            Column::from(Series::new("kept".into(), vec![Some(true), None, Some(false)])),
        ];
        let frame = DataFrame::new(3, columns).expect("a frame");
        assert!(there_and_back(&frame).equals_missing(&frame));
        assert_eq!(there_and_back(&frame).dtypes(), frame.dtypes());
        let empty = DataFrame::new(0, Vec::new()).expect("a frame");
        assert_eq!(there_and_back(&empty).shape(), (0, 0));
    }
}
