//! Sequences of an archive, row by row.

use super::{Archive, Elements, Entry, Holds, Object, by_columns, cut};
use crate::alphabet::{PAD, UNKNOWN};
use crate::codes::Codes;
use crate::store::Sink;
use crate::{DataError, Result};
use std::io::Read;

/// How an array holds sequences.
#[derive(Clone, Copy)]
struct Layout {
    rows: usize,
    length: usize,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// `n x length`: 0 to 3, 4 = N.
    Numbers,
    /// `n x length x 4`.
    ChannelsLast,
    /// `n x 4 x length`.
    ChannelsFirst,
}

impl Layout {
    fn of(shape: &[usize]) -> Option<Self> {
        let (rows, length, form) = match *shape {
            [rows, length] => (rows, length, Form::Numbers),
            [rows, length, 4] => (rows, length, Form::ChannelsLast),
            [rows, 4, length] => (rows, length, Form::ChannelsFirst),
            _ => return None,
        };
        Some(Self { rows, length, form })
    }

    /// Stored values per row.
    fn width(self) -> usize {
        match self.form {
            Form::Numbers => self.length,
            Form::ChannelsLast | Form::ChannelsFirst => self.length.saturating_mul(4),
        }
    }

    /// The position that a value of a row belongs to.
    fn position(self, value: usize) -> usize {
        match self.form {
            Form::Numbers => value,
            Form::ChannelsLast => value / 4,
            Form::ChannelsFirst => value % self.length.max(1),
        }
    }

    /// The code of a position; the stored values when they are none.
    fn code(self, values: &[i8], position: usize, order: [u8; 4]) -> std::result::Result<u8, String> {
        let four: [i8; 4] = match self.form {
            Form::Numbers => {
                let value = values[position];
                return match u8::try_from(value) {
                    Ok(code) if code <= UNKNOWN => Ok(code),
                    _ => Err(value.to_string()),
                };
            }
            Form::ChannelsLast => std::array::from_fn(|c| values[4 * position + c]),
            Form::ChannelsFirst => std::array::from_fn(|c| values[c * self.length + position]),
        };
        match four {
            [1, 0, 0, 0] => Ok(order[0]),
            [0, 1, 0, 0] => Ok(order[1]),
            [0, 0, 1, 0] => Ok(order[2]),
            [0, 0, 0, 1] => Ok(order[3]),
            [0, 0, 0, 0] => Ok(UNKNOWN),
            [a, c, g, t] => Err(format!("{a} {c} {g} {t}")),
        }
    }

    fn expected(self) -> &'static str {
        match self.form {
            Form::Numbers => "0, 1, 2, 3 or 4 = N",
            Form::ChannelsLast | Form::ChannelsFirst => "one 1 and three 0 per position (or four 0 for N)",
        }
    }
}

/// Turns stored rows into codes.
struct Decoder<'a> {
    key: &'a str,
    layout: Layout,
    order: [u8; 4],
    pad: bool,
    codes: Vec<u8>,
}

impl Decoder<'_> {
    fn wrong(&self, row: usize, position: usize, found: &str) -> DataError {
        DataError::Values(format!(
            "array `{}`, row {}, position {}: {found} where a sequence has {}",
            self.key,
            row + 1,
            position + 1,
            self.layout.expected()
        ))
    }

    fn row(&mut self, row: usize, values: &[i8], sink: &mut Sink) -> Result<()> {
        self.codes.clear();
        for position in 0..self.layout.length {
            match self.layout.code(values, position, self.order) {
                Ok(code) => self.codes.push(code),
                Err(found) => return Err(self.wrong(row, position, &found)),
            }
        }
        if self.pad {
            let used = self.codes.iter().rposition(|&c| c != UNKNOWN).map_or(0, |last| last + 1);
            self.codes[used..].fill(PAD);
        }
        sink.write(&self.codes)
    }

    /// A stored number of any type as a small whole one.
    fn small(&self, index: usize, value: f64) -> Result<i8> {
        if value == value.trunc() && value.abs() <= 127.0 {
            return Ok(value as i8);
        }
        let width = self.layout.width().max(1);
        Err(self.wrong(index / width, self.layout.position(index % width), &value.to_string()))
    }
}

impl Archive<'_> {
    /// Sequences from one-hot (`n x length x 4` or `n x 4 x length`), from whole numbers (`n x length`: 0 to 3, 4 = N) or
    /// from DRG's older pair of one-hot and channel names. Trailing positions without a base become padding when `pad`.
    /// The channel order is read from `featurenames`. The array is unpacked once and never held as a whole (the pair is,
    /// while it is unpacked: Python's pickles cannot be read in parts).
    pub(crate) fn sequences(&mut self, key: &str, pad: bool) -> Result<Codes> {
        let file = self.file;
        let located = |error| match error {
            DataError::Values(message) => file.error(None, message),
            other => other,
        };
        let Entry { shape, holds, .. } = self.entry(key)?;
        let (shape, holds) = (shape.clone(), *holds);
        let unpacked = format!("npz {} {key} padded {pad}", file.print.sha256);
        if holds == Holds::Objects {
            let pair = self.objects(key)?;
            return from_pair(&pair, key, pad, &unpacked).map_err(located);
        }
        let layout = self.layout(key, &shape)?;
        let order = self.channel_order()?;
        let decoder = Decoder {
            key,
            layout,
            order,
            pad,
            codes: Vec::new(),
        };
        Codes::keep(layout.rows, layout.length, Some(&unpacked), |sink| {
            self.unpack(decoder, sink)?;
            file.unchanged()
        })
        .map_err(located)
    }

    fn layout(&self, key: &str, shape: &[usize]) -> Result<Layout> {
        let layout = Layout::of(shape).ok_or_else(|| self.error(wrong_shape(key, shape)))?;
        if layout.rows == 0 || layout.length == 0 {
            return Err(self.error(format!("array `{key}` is empty")));
        }
        Ok(layout)
    }

    fn unpack(&mut self, mut decoder: Decoder<'_>, sink: &mut Sink) -> Result<()> {
        let (file, key, layout) = (self.file, decoder.key, decoder.layout);
        let width = layout.width();
        let array = self.open_array(key)?;
        if array.dtype().descr().contains("i1") || array.dtype().descr().contains("b1") {
            let mut reader = array.into_inner();
            let (mut bytes, mut values) = (vec![0u8; width], vec![0i8; width]);
            for row in 0..layout.rows {
                let failed = |e| file.error(None, cut(key, row * width, &e));
                reader.read_exact(&mut bytes).map_err(failed)?;
                values.iter_mut().zip(&bytes).for_each(|(v, &b)| *v = b.cast_signed());
                decoder.row(row, &values, sink)?;
            }
            return Ok(());
        }
        drop(array);
        let mut values = Vec::with_capacity(width);
        self.each(key, |index, value| {
            values.push(decoder.small(index, value)?);
            if values.len() == width {
                decoder.row(index / width, &values, sink)?;
                values.clear();
            }
            Ok(())
        })
    }

    /// The base of each channel: A, C, G, T unless `featurenames` says otherwise.
    fn channel_order(&mut self) -> Result<[u8; 4]> {
        let named = |a: &Entry| a.name == "featurenames" && a.holds != Holds::Numbers && a.shape == [4];
        if !self.arrays.iter().any(named) {
            return Ok([0, 1, 2, 3]);
        }
        let names = self.text("featurenames")?;
        bases(&names).ok_or_else(|| self.error(format!("`featurenames` holds {names:?}, not the four bases")))
    }
}

fn wrong_shape(key: &str, shape: &[usize]) -> String {
    format!("array `{key}` has shape {shape:?}; sequences have n x length x 4, n x 4 x length or n x length")
}

/// The codes of four channels, when they are the four bases.
fn bases(names: &[String]) -> Option<[u8; 4]> {
    let code = |name: &String| match name.to_ascii_uppercase().as_str() {
        "A" => Some(0),
        "C" => Some(1),
        "G" => Some(2),
        "T" | "U" => Some(3),
        _ => None,
    };
    let codes: Vec<u8> = names.iter().filter_map(code).collect();
    let order = <[u8; 4]>::try_from(codes).ok()?;
    let mut sorted = order;
    sorted.sort_unstable();
    (names.len() == 4 && sorted == [0, 1, 2, 3]).then_some(order)
}

/// DRG's older form: an array of two Python values, the one-hot array and the names of its channels.
fn from_pair(pair: &Object, key: &str, pad: bool, unpacked: &str) -> Result<Codes> {
    let wrong = |what: &str| DataError::Values(format!("array `{key}` holds Python values, but {what}"));
    let [array, names] = pair.items().unwrap_or_default() else {
        return Err(wrong("not the pair of sequences and channel names that DRG wrote"));
    };
    let Some((shape, by_column)) = array.shape() else {
        return Err(wrong("the first of the pair is no array"));
    };
    if by_column && shape.len() > 1 {
        return Err(DataError::Values(by_columns(key)));
    }
    let layout = Layout::of(shape).ok_or_else(|| DataError::Values(wrong_shape(key, shape)))?;
    let names = names.texts().map_err(|e| wrong(&format!("the second of the pair: {e}")))?;
    let order = bases(&names).ok_or_else(|| wrong(&format!("its channels are {names:?}, not the four bases")))?;
    let mut decoder = Decoder {
        key,
        layout,
        order,
        pad,
        codes: Vec::new(),
    };
    let (width, rows) = (layout.width(), layout.rows);
    if rows == 0 || width == 0 {
        return Err(DataError::Values(format!("array `{key}` is empty")));
    }
    Codes::keep(rows, layout.length, Some(unpacked), |sink| {
        let elements: Elements<'_> = array.elements().map_err(|e| wrong(&e))?;
        if Some(elements.len()) != rows.checked_mul(width) {
            return Err(wrong(&format!("{} numbers do not fill {shape:?}", elements.len())));
        }
        let mut values = vec![0i8; width];
        for row in 0..rows {
            for (i, value) in values.iter_mut().enumerate() {
                let index = row * width + i;
                *value = decoder.small(index, elements.get(index))?;
            }
            decoder.row(row, &values, sink)?;
        }
        Ok(())
    })
}
