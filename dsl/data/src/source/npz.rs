//! NumPy archives.

use super::files::Content;
use crate::alphabet::{PAD, UNKNOWN};
use crate::{DataError, Result};
use npyz::npz::NpzArchive;
use npyz::{NpyFile, Order};
use std::io::{Cursor, Read};

/// An archive that has been opened.
pub(crate) struct Archive<'a> {
    label: &'a str,
    archive: NpzArchive<Cursor<&'a [u8]>>,
    /// Names and shapes of the arrays, in alphabetical order.
    pub(crate) arrays: Vec<(String, Vec<usize>, bool)>,
}

/// Sequences of equal stored length, one code per base.
pub(crate) struct Sequences {
    pub(crate) length: usize,
    pub(crate) codes: Vec<u8>,
}

/// The usual names of arrays with the examples' names.
const NAMES: [&str; 5] = ["genenames", "names", "name", "ids", "genes"];
/// The usual names of arrays with sequences.
const SEQUENCES: [&str; 5] = ["seqfeatures", "sequences", "sequence", "onehot", "x"];
/// The usual names of arrays with the tracks' names.
const TRACKS: [&str; 4] = ["celltypes", "tracks", "columns", "conditions"];

impl<'a> Archive<'a> {
    pub(crate) fn open(content: &'a Content) -> Result<Self> {
        let label = content.label.as_str();
        let broken = |error: std::io::Error| {
            let message = format!("not a complete npz archive (a truncated download?): {error}");
            DataError::file(label, None, message)
        };
        let mut archive = NpzArchive::new(Cursor::new(content.bytes.as_slice())).map_err(broken)?;
        let mut names: Vec<String> = archive.array_names().map(str::to_string).collect();
        names.sort();
        let mut arrays = Vec::new();
        for name in names {
            let Some(array) = archive.by_name(&name).map_err(broken)? else {
                continue;
            };
            let shape = array.shape().iter().map(|&n| n as usize).collect();
            let text = array.dtype().descr().contains(['U', 'S']);
            arrays.push((name, shape, text));
        }
        if arrays.is_empty() {
            return Err(DataError::file(label, None, "the archive holds no arrays"));
        }
        Ok(Self { label, archive, arrays })
    }

    fn error(&self, message: impl Into<String>) -> DataError {
        DataError::file(self.label, None, message)
    }

    fn listing(&self) -> String {
        let shape = |s: &[usize]| s.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        self.arrays
            .iter()
            .map(|(n, s, _)| format!("`{n}` ({})", shape(s)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The shape of an array that must exist.
    fn shape(&self, name: &str) -> Result<Vec<usize>> {
        let found = self.arrays.iter().find(|a| a.0 == name).map(|a| a.1.clone());
        found.ok_or_else(|| self.error(format!("no array `{name}`; the archive holds {}", self.listing())))
    }

    fn choose(
        &self,
        chosen: Option<&str>,
        usual: &[&str],
        fits: impl Fn(&[usize], bool) -> bool,
        what: &str,
    ) -> Result<Option<String>> {
        if let Some(name) = chosen {
            return self.shape(name).map(|_| Some(name.to_string()));
        }
        let fit: Vec<&str> = self
            .arrays
            .iter()
            .filter(|(_, s, t)| fits(s, *t))
            .map(|a| a.0.as_str())
            .collect();
        if let Some(name) = usual.iter().find(|u| fit.contains(u)) {
            return Ok(Some((*name).to_string()));
        }
        match fit.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).to_string())),
            _ => Err(self.error(format!(
                "several arrays could be {what}: {}; choose one with `key = \"..\"`",
                fit.join(", ")
            ))),
        }
    }

    /// The array that holds sequences.
    pub(crate) fn sequence_key(&self, chosen: Option<&str>) -> Result<String> {
        let fits = |s: &[usize], text: bool| !text && (s.len() == 2 || s.len() == 3 && (s[1] == 4 || s[2] == 4));
        let key = self.choose(chosen, &SEQUENCES, fits, "the sequences")?;
        key.ok_or_else(|| {
            self.error(format!(
                "no array of shape n x length x 4; the archive holds {}",
                self.listing()
            ))
        })
    }

    /// The array that holds numbers, one row per example.
    pub(crate) fn number_key(&self, chosen: Option<&str>) -> Result<String> {
        let fits = |s: &[usize], text: bool| !text && (s.len() == 1 || s.len() == 2);
        let key = self.choose(chosen, &["counts", "values", "y", "targets"], fits, "the values")?;
        key.ok_or_else(|| {
            self.error(format!(
                "no array of numbers per example; the archive holds {}",
                self.listing()
            ))
        })
    }

    /// The names of the `count` rows, if the archive has them.
    pub(crate) fn names(&mut self, chosen: Option<&str>, count: usize) -> Result<Option<Vec<String>>> {
        let fits = |s: &[usize], text: bool| text && s == [count];
        let Some(key) = self.choose(chosen, &NAMES, fits, "the names")? else {
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
        let known = |a: &(String, Vec<usize>, bool)| a.2 && a.1 == [count] && TRACKS.contains(&a.0.as_str());
        match self.arrays.iter().find(|a| known(a)).map(|a| a.0.clone()) {
            Some(key) => self.text(&key).map(Some),
            None => Ok(None),
        }
    }

    /// An array of text.
    fn text(&mut self, key: &str) -> Result<Vec<String>> {
        let label = self.label;
        let wrong = |e: &dyn std::fmt::Display| DataError::file(label, None, format!("array `{key}`: {e}"));
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

    /// An array of numbers, row-major: shape and values.
    pub(crate) fn numbers(&mut self, key: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let shape = self.shape(key)?;
        let mut values = Vec::with_capacity(shape.iter().product());
        self.each(key, |_, v| {
            values.push(v as f32);
            true
        })?;
        Ok((shape, values))
    }

    /// Sequences from one-hot (`n x length x 4` or `n x 4 x length`) or from whole numbers (`n x length`: 0 to 3, 4 = N).
    /// Trailing positions without a base become padding when `pad`. The channel order is read from `featurenames`.
    pub(crate) fn sequences(&mut self, key: &str, pad: bool) -> Result<Sequences> {
        let shape = self.shape(key)?;
        let (rows, length, hot, channel_last) = match shape.as_slice() {
            [n, l] => (*n, *l, false, true),
            [n, l, 4] => (*n, *l, true, true),
            [n, 4, l] => (*n, *l, true, false),
            _ => {
                let message =
                    format!("array `{key}` has shape {shape:?}; sequences have n x length x 4, n x 4 x length or n x length");
                return Err(self.error(message));
            }
        };
        let order = self.channel_order()?;
        let mut codes = vec![UNKNOWN; rows * length];
        let mut wrong = None;
        self.each(key, |i, v| {
            let bad = if hot {
                let (position, channel) = if channel_last {
                    (i / 4, i % 4)
                } else {
                    (i / (4 * length) * length + i % length, i / length % 4)
                };
                let taken = codes[position] != UNKNOWN;
                if v == 1.0 && !taken {
                    codes[position] = order[channel];
                }
                (v != 0.0 && (v != 1.0 || taken)).then_some(position)
            } else {
                if v == v.trunc() && (0.0..=4.0).contains(&v) {
                    codes[i] = v as u8;
                }
                (v != v.trunc() || !(0.0..=4.0).contains(&v)).then_some(i)
            };
            wrong = bad.map(|position| (position, v));
            wrong.is_none()
        })?;
        if let Some((position, value)) = wrong {
            let expected = if hot {
                "one 1 and three 0 per position (or four 0 for N)"
            } else {
                "0, 1, 2, 3 or 4 = N"
            };
            let message = format!(
                "array `{key}`, row {}, position {}: {value} where a sequence has {expected}",
                position / length.max(1) + 1,
                position % length.max(1) + 1
            );
            return Err(self.error(message));
        }
        if pad {
            for row in codes.chunks_exact_mut(length.max(1)) {
                let used = row.iter().rposition(|&c| c != UNKNOWN).map_or(0, |last| last + 1);
                row[used..].fill(PAD);
            }
        }
        Ok(Sequences { length, codes })
    }

    /// The base of each channel: A, C, G, T unless `featurenames` says otherwise.
    fn channel_order(&mut self) -> Result<[u8; 4]> {
        if !self.arrays.iter().any(|a| a.0 == "featurenames" && a.2 && a.1 == [4]) {
            return Ok([0, 1, 2, 3]);
        }
        let names = self.text("featurenames")?;
        let codes: Vec<u8> = names
            .iter()
            .filter_map(|n| {
                ["A", "C", "G", "T"]
                    .iter()
                    .position(|b| n.eq_ignore_ascii_case(b) || (*b == "T" && n.eq_ignore_ascii_case("U")))
            })
            .map(|i| i as u8)
            .collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        match (<[u8; 4]>::try_from(codes), sorted.as_slice()) {
            (Ok(order), [0, 1, 2, 3]) => Ok(order),
            _ => Err(self.error(format!("`featurenames` holds {names:?}, not the four bases"))),
        }
    }

    fn open_array(&mut self, key: &str) -> Result<NpyFile<impl Read + '_>> {
        let label = self.label;
        let missing = self.error(format!("no array `{key}`"));
        let array = self
            .archive
            .by_name(key)
            .map_err(|e| DataError::file(label, None, format!("array `{key}`: {e}")))?;
        let array = array.ok_or(missing)?;
        if array.order() == Order::Fortran && array.shape().len() > 1 {
            let message = format!("array `{key}` is stored by columns; save `np.ascontiguousarray({key})`");
            return Err(DataError::file(label, None, message));
        }
        Ok(array)
    }

    /// Calls `take(index, value)` for every number, in order, until it says stop.
    fn each(&mut self, key: &str, mut take: impl FnMut(usize, f64) -> bool) -> Result<()> {
        let label = self.label;
        let array = self.open_array(key)?;
        let descr = array.dtype().descr();
        macro_rules! run {
            ($array:ident: $($t:ty)*) => {
                $(let $array = match $array.try_data::<$t>() {
                    Ok(values) => {
                        for (i, value) in values.enumerate() {
                            let value = value.map_err(|e| {
                                DataError::file(label, None, format!("array `{key}` cannot be read after {i} values (a truncated download?): {e}"))
                            })?;
                            if !take(i, Number::number(value)) {
                                break;
                            }
                        }
                        return Ok(());
                    }
                    Err(array) => array,
                };)*
                drop($array);
            };
        }
        run!(array: i8 u8 bool f32 f64 i32 i64 u32 u64 i16 u16);
        Err(DataError::file(
            label,
            None,
            format!("array `{key}` has the type {descr}, which holds no plain numbers"),
        ))
    }
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
