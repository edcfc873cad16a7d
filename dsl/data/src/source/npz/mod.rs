//! NumPy archives. Arrays are read as streams; only names, numbers and small arrays are held.

mod choose;
mod pickle;
mod sequences;

use super::files::{Opened, ReadSeek};
use crate::{DataError, Result};
use npyz::npz::NpzArchive;
use npyz::{NpyFile, Order};
use pickle::{Elements, Object};
use std::io::{BufReader, Read};

/// An archive that has been opened.
pub(crate) struct Archive<'a> {
    file: &'a Opened,
    archive: NpzArchive<Box<dyn ReadSeek>>,
    /// In alphabetical order.
    arrays: Vec<Entry>,
}

/// An array of an archive, from its header.
struct Entry {
    name: String,
    shape: Vec<usize>,
    holds: Holds,
}

/// What an array holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Numbers,
    Text,
    /// Pickled Python values.
    Objects,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(file: &'a Opened) -> Result<Self> {
        let broken = |error: std::io::Error| {
            let message = format!("not a complete npz archive (a truncated download?): {error}");
            file.error(None, message)
        };
        let mut archive = NpzArchive::new(file.seekable()?).map_err(broken)?;
        let mut names: Vec<String> = archive.array_names().map(str::to_string).collect();
        names.sort();
        let mut arrays = Vec::new();
        for name in names {
            let Some(array) = archive.by_name(&name).map_err(broken)? else {
                continue;
            };
            let shape = array.shape().iter().map(|&n| n as usize).collect();
            let descr = array.dtype().descr();
            let holds = if descr.contains('O') {
                Holds::Objects
            } else if descr.contains(['U', 'S']) {
                Holds::Text
            } else {
                Holds::Numbers
            };
            arrays.push(Entry { name, shape, holds });
        }
        if arrays.is_empty() {
            return Err(file.error(None, "the archive holds no arrays"));
        }
        Ok(Self { file, archive, arrays })
    }

    fn error(&self, message: impl Into<String>) -> DataError {
        self.file.error(None, message)
    }

    fn listing(&self) -> String {
        let shape = |s: &[usize]| s.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        let one = |a: &Entry| format!("`{}` ({})", a.name, shape(&a.shape));
        self.arrays.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// An array that must exist.
    fn entry(&self, name: &str) -> Result<&Entry> {
        let found = self.arrays.iter().find(|a| a.name == name);
        found.ok_or_else(|| self.error(format!("no array `{name}`; the archive holds {}", self.listing())))
    }

    /// The names of the `count` rows, if the archive has them.
    pub(crate) fn names(&mut self, chosen: Option<&str>, count: usize) -> Result<Option<Vec<String>>> {
        let Some(key) = self.names_key(chosen, count)? else {
            return Ok(None);
        };
        let names = self.text(&key)?;
        if names.len() != count {
            return Err(self.error(format!("`{key}` holds {} names for {count} rows", names.len())));
        }
        Ok(Some(names))
    }

    /// The names of the `count` tracks, if the archive has them.
    pub(crate) fn tracks(&mut self, count: usize) -> Result<Option<Vec<String>>> {
        match self.tracks_key(count) {
            Some(key) => self.text(&key).map(Some),
            None => Ok(None),
        }
    }

    /// An array of text.
    fn text(&mut self, key: &str) -> Result<Vec<String>> {
        let file = self.file;
        let wrong = |e: &dyn std::fmt::Display| file.error(None, format!("array `{key}`: {e}"));
        if self.entry(key)?.holds == Holds::Objects {
            return self.objects(key)?.texts().map_err(|e| wrong(&e));
        }
        let array = self.open_array(key)?;
        let descr = array.dtype().descr();
        if descr.contains('U') {
            return array.into_vec::<String>().map_err(|e| wrong(&e));
        }
        let bytes = array.into_vec::<Vec<u8>>().map_err(|e| wrong(&e))?;
        Ok(bytes
            .iter()
            .map(|b| String::from_utf8_lossy(b).trim_end_matches('\0').to_string())
            .collect())
    }

    /// An array of Python values.
    fn objects(&mut self, key: &str) -> Result<Object> {
        let file = self.file;
        let reader = self.open_array(key)?.into_inner();
        pickle::read(reader).map_err(|problem| file.error(None, format!("array `{key}`: {problem}")))
    }

    /// An array of numbers, row-major: shape and values.
    pub(crate) fn numbers(&mut self, key: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let shape = self.entry(key)?.shape.clone();
        let mut values = Vec::new();
        self.each(key, |_, v| {
            values.push(v as f32);
            Ok(())
        })?;
        Ok((shape, values))
    }

    fn open_array(&mut self, key: &str) -> Result<NpyFile<BufReader<impl Read + '_>>> {
        let file = self.file;
        let missing = self.error(format!("no array `{key}`"));
        let array = self
            .archive
            .by_name(key)
            .map_err(|e| file.error(None, format!("array `{key}`: {e}")))?;
        let array = array.ok_or(missing)?;
        if array.order() == Order::Fortran && array.shape().len() > 1 {
            return Err(file.error(None, by_columns(key)));
        }
        let header = array.header().clone();
        Ok(NpyFile::with_header(
            header,
            BufReader::with_capacity(1 << 16, array.into_inner()),
        ))
    }

    /// Calls `take(index, value)` for every number, in order.
    fn each(&mut self, key: &str, mut take: impl FnMut(usize, f64) -> Result<()>) -> Result<()> {
        let file = self.file;
        let array = self.open_array(key)?;
        let descr = array.dtype().descr();
        macro_rules! run {
            ($array:ident: $($t:ty)*) => {
                $(let $array = match $array.try_data::<$t>() {
                    Ok(values) => {
                        for (i, value) in values.enumerate() {
                            take(i, Number::number(value.map_err(|e| file.error(None, cut(key, i, &e)))?))?;
                        }
                        return Ok(());
                    }
                    Err(array) => array,
                };)*
                drop($array);
            };
        }
        run!(array: i8 u8 bool f32 f64 i32 i64 u32 u64 i16 u16);
        let message = format!("array `{key}` has the type {descr}, which holds no plain numbers");
        Err(file.error(None, message))
    }
}

fn by_columns(key: &str) -> String {
    format!("array `{key}` is stored by columns; save `np.ascontiguousarray({key})`")
}

fn cut(key: &str, values: usize, error: &std::io::Error) -> String {
    format!("array `{key}` cannot be read after {values} values (a truncated download?): {error}")
}

/// A number of any stored type.
trait Number {
    fn number(self) -> f64;
}

macro_rules! number { ($($t:ty)*) => { $(impl Number for $t { fn number(self) -> f64 { self as f64 } })* } }
number!(i8 u8 f32 f64 i32 i64 u32 u64 i16 u16);

impl Number for bool {
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
}
