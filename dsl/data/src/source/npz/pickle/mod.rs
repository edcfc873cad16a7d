//! NumPy arrays inside Python pickles, as `numpy.savez` writes arrays of Python values.
//!
//! Only what such a pickle consists of is read: the calls that build arrays, their types and numpy's scalars. Any other
//! call is refused by name, and nothing of Python is run.

mod machine;

pub(super) use machine::read;
use std::rc::Rc;

type Answer<T> = Result<T, String>;

/// A value of a pickle.
#[derive(Clone, Debug)]
pub(super) enum Object {
    None,
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Rc<Vec<u8>>),
    /// A tuple or a list.
    Items(Vec<Object>),
    /// A function or class: module and name.
    Global(String),
    /// A type: its code such as `i1`, and whether its bytes are swapped.
    Type {
        code: String,
        swapped: bool,
    },
    Array(Rc<Array>),
    /// Another object of the pickle, by its place in the memo.
    Same(usize),
}

/// An array of a pickle.
#[derive(Clone, Debug)]
pub(super) struct Array {
    shape: Vec<usize>,
    code: String,
    swapped: bool,
    by_column: bool,
    /// Bytes, or items when the array holds Python values.
    content: Object,
}

/// The numbers of an array.
pub(super) struct Elements<'a> {
    bytes: &'a [u8],
    size: usize,
    number: FromBytes,
    swapped: bool,
}

impl Elements<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.size
    }

    /// A number; `index` is below [`Elements::len`].
    pub(super) fn get(&self, index: usize) -> f64 {
        let mut bytes = [0u8; 8];
        let bytes = &mut bytes[..self.size];
        bytes.copy_from_slice(&self.bytes[index * self.size..(index + 1) * self.size]);
        if self.swapped {
            bytes.reverse();
        }
        (self.number)(bytes)
    }
}

/// Reads a number from its little-endian bytes.
type FromBytes = fn(&[u8]) -> f64;

/// How many bytes a type has, and how they are read.
fn reading(code: &str) -> Option<(usize, FromBytes)> {
    macro_rules! read {
        ($t:ty) => {
            (size_of::<$t>(), |b| {
                b.try_into().map_or(f64::NAN, |b| <$t>::from_le_bytes(b) as f64)
            })
        };
    }
    Some(match code {
        "i1" => read!(i8),
        "u1" | "b1" => read!(u8),
        "i2" => read!(i16),
        "u2" => read!(u16),
        "i4" => read!(i32),
        "u4" => read!(u32),
        "i8" => read!(i64),
        "u8" => read!(u64),
        "f4" => read!(f32),
        "f8" => read!(f64),
        _ => return None,
    })
}

impl Object {
    /// The items of a tuple, a list or an array of Python values.
    pub(super) fn items(&self) -> Option<&[Object]> {
        match self {
            Self::Items(items) => Some(items),
            Self::Array(array) => array.content.items(),
            _ => None,
        }
    }

    /// An array's shape, and whether it is stored by columns.
    pub(super) fn shape(&self) -> Option<(&[usize], bool)> {
        match self {
            Self::Array(array) => Some((&array.shape, array.by_column)),
            _ => None,
        }
    }

    /// An array's numbers.
    pub(super) fn elements(&self) -> Answer<Elements<'_>> {
        let Self::Array(array) = self else {
            return Err("an array of numbers is expected".into());
        };
        match (&array.content, reading(&array.code)) {
            (Self::Bytes(bytes), Some((size, number))) => Ok(Elements {
                bytes,
                size,
                number,
                swapped: array.swapped,
            }),
            _ => Err(format!("an array of type `{}` holds no plain numbers", array.code)),
        }
    }

    /// All items as text.
    pub(super) fn texts(&self) -> Answer<Vec<String>> {
        if let Self::Array(array) = self
            && let Self::Bytes(bytes) = &array.content
        {
            return texts_of(&array.code, array.swapped, bytes);
        }
        let items = self.items().ok_or("names are expected, found one value")?;
        let text = |item: &Object| match item {
            Self::Text(text) => Ok(text.clone()),
            Self::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Self::Int(number) => Ok(number.to_string()),
            Self::Float(number) => Ok(number.to_string()),
            _ => Err("a value is no text".to_string()),
        };
        items.iter().map(text).collect()
    }
}

/// The texts of numpy's fixed widths: `U5` has 5 letters of 4 bytes, `S5` 5 bytes.
fn texts_of(code: &str, swapped: bool, bytes: &[u8]) -> Answer<Vec<String>> {
    let wrong = || format!("an array of type `{code}` holds no text");
    let width: usize = code
        .get(1..)
        .and_then(|n| n.parse().ok())
        .filter(|n| *n > 0)
        .ok_or_else(wrong)?;
    let end = |text: String| text.trim_end_matches('\0').to_string();
    match code.as_bytes()[0] {
        b'S' => Ok(bytes
            .chunks_exact(width)
            .map(|b| end(String::from_utf8_lossy(b).into_owned()))
            .collect()),
        b'U' => {
            let letter = |b: &[u8]| {
                let four: [u8; 4] = b.try_into().unwrap_or_default();
                let number = if swapped {
                    u32::from_be_bytes(four)
                } else {
                    u32::from_le_bytes(four)
                };
                char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
            };
            let text = |b: &[u8]| end(b.chunks_exact(4).map(letter).collect());
            Ok(bytes.chunks_exact(width.saturating_mul(4)).map(text).collect())
        }
        _ => Err(wrong()),
    }
}
