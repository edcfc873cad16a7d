//! Values as bytes: numbers, text, and lists, options, pairs, sets and maps of what can be saved.

use std::any::{Any, type_name};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::path::PathBuf;
use std::time::Duration;

/// A value that can be saved and read back equal.
pub(crate) trait Kept: Any + Clone + Send {
    /// Why this value can't be saved, though others of its type can.
    fn refuses(&self) -> Option<String> {
        None
    }

    /// About how many bytes it takes; quick to tell.
    fn size(&self) -> u64;

    /// Adds its bytes.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes it from the front of the bytes.
    ///
    /// # Errors
    /// What does not fit.
    fn take_from(from: &mut &[u8]) -> Result<Self, String>;
}

/// A copy of a value on its way to a file.
pub(super) trait Snapshot: Send {
    /// The whole file: the name of the type, a line end, the value.
    fn bytes(&self) -> Vec<u8>;
}

impl<T: Kept> Snapshot for T {
    fn bytes(&self) -> Vec<u8> {
        let mut out = type_name::<T>().as_bytes().to_vec();
        out.push(b'\n');
        self.put(&mut out);
        out
    }
}

/// So many bytes from the front.
pub(super) fn cut<'a>(from: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    match from.split_at_checked(count) {
        Some((head, tail)) => {
            *from = tail;
            Ok(head)
        }
        None => Err(format!("it is cut short: {count} bytes expected, {} left", from.len())),
    }
}

/// Adds a length.
pub(super) fn put_length(length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

/// A length; at most the bytes that are left, as each element has one at least.
pub(super) fn take_length(from: &mut &[u8]) -> Result<usize, String> {
    let length = u64::take_from(from)?;
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= from.len())
        .ok_or_else(|| format!("a length of {length} where {} bytes are left", from.len()))
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Kept for $number {
            fn size(&self) -> u64 {
                size_of::<Self>() as u64
            }
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take_from(from: &mut &[u8]) -> Result<Self, String> {
                let bytes = cut(from, size_of::<Self>())?;
                bytes.try_into().map(Self::from_le_bytes).map_err(|_| "a number of another size".to_string())
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);

impl Kept for bool {
    fn size(&self) -> u64 {
        1
    }
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        match u8::take_from(from)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} where 0 or 1 stands for a bool")),
        }
    }
}

impl Kept for char {
    fn size(&self) -> u64 {
        4
    }
    fn put(&self, out: &mut Vec<u8>) {
        u32::from(*self).put(out);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let number = u32::take_from(from)?;
        Self::from_u32(number).ok_or_else(|| format!("{number} is no character"))
    }
}

impl Kept for String {
    fn size(&self) -> u64 {
        8 + self.len() as u64
    }
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let length = take_length(from)?;
        Self::from_utf8(cut(from, length)?.to_vec()).map_err(|error| error.to_string())
    }
}

/// Text that a cell wrote down; what comes back lives as long as the process.
impl Kept for &'static str {
    fn size(&self) -> u64 {
        8 + self.len() as u64
    }
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        Ok(String::take_from(from)?.leak())
    }
}

impl Kept for PathBuf {
    fn size(&self) -> u64 {
        8 + self.as_os_str().len() as u64
    }
    fn put(&self, out: &mut Vec<u8>) {
        let bytes = self.as_os_str().as_encoded_bytes();
        put_length(bytes.len(), out);
        out.extend_from_slice(bytes);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        use std::os::unix::ffi::OsStrExt;
        let length = take_length(from)?;
        Ok(std::ffi::OsStr::from_bytes(cut(from, length)?).into())
    }
}

impl Kept for Duration {
    fn size(&self) -> u64 {
        12
    }
    fn put(&self, out: &mut Vec<u8>) {
        self.as_secs().put(out);
        self.subsec_nanos().put(out);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let (seconds, nanoseconds) = (u64::take_from(from)?, u32::take_from(from)?);
        if nanoseconds >= 1_000_000_000 {
            return Err(format!("{nanoseconds} nanoseconds are more than a second"));
        }
        Ok(Self::new(seconds, nanoseconds))
    }
}

impl<T: Kept> Kept for Option<T> {
    fn refuses(&self) -> Option<String> {
        self.as_ref().and_then(T::refuses)
    }
    fn size(&self) -> u64 {
        1 + self.as_ref().map_or(0, T::size)
    }
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        bool::take_from(from)?.then(|| T::take_from(from)).transpose()
    }
}

/// Elements of which so many are looked at to estimate the size of a list; beyond, the rest is like them.
const LOOKED_AT: usize = 1000;

impl<T: Kept> Kept for Vec<T> {
    fn refuses(&self) -> Option<String> {
        self.iter().take(LOOKED_AT).find_map(T::refuses)
    }
    fn size(&self) -> u64 {
        let looked: u64 = self.iter().take(LOOKED_AT).map(T::size).sum();
        match self.len() {
            0..=LOOKED_AT => 8 + looked,
            length => 8 + looked * length as u64 / LOOKED_AT as u64,
        }
    }
    fn put(&self, out: &mut Vec<u8>) {
        put_length(self.len(), out);
        out.reserve(self.len() * size_of::<T>());
        self.iter().for_each(|value| value.put(out));
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let length = take_length(from)?;
        (0..length).map(|_| T::take_from(from)).collect()
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn refuses(&self) -> Option<String> {
        self.0.refuses().or_else(|| self.1.refuses())
    }
    fn size(&self) -> u64 {
        self.0.size() + self.1.size()
    }
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        Ok((A::take_from(from)?, B::take_from(from)?))
    }
}

impl<T: Kept, const N: usize> Kept for [T; N] {
    fn refuses(&self) -> Option<String> {
        self.iter().find_map(T::refuses)
    }
    fn size(&self) -> u64 {
        self.iter().map(T::size).sum()
    }
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(out));
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let values: Vec<T> = (0..N).map(|_| T::take_from(from)).collect::<Result<_, _>>()?;
        values.try_into().map_err(|_| format!("not {N} values"))
    }
}

macro_rules! sets {
    ($($set:ident: $($needs:ident)+),*) => {$(
        impl<T: Kept $(+ $needs)+> Kept for $set<T> {
            fn refuses(&self) -> Option<String> {
                self.iter().find_map(T::refuses)
            }
            fn size(&self) -> u64 {
                8 + self.iter().map(T::size).sum::<u64>()
            }
            fn put(&self, out: &mut Vec<u8>) {
                put_length(self.len(), out);
                self.iter().for_each(|value| value.put(out));
            }
            fn take_from(from: &mut &[u8]) -> Result<Self, String> {
                let length = take_length(from)?;
                (0..length).map(|_| T::take_from(from)).collect()
            }
        }
    )*};
}

sets!(HashSet: Eq Hash, BTreeSet: Ord);

macro_rules! maps {
    ($($map:ident: $($needs:ident)+),*) => {$(
        impl<K: Kept $(+ $needs)+, T: Kept> Kept for $map<K, T> {
            fn refuses(&self) -> Option<String> {
                self.iter().find_map(|(key, value)| key.refuses().or_else(|| value.refuses()))
            }
            fn size(&self) -> u64 {
                8 + self.iter().map(|(key, value)| key.size() + value.size()).sum::<u64>()
            }
            fn put(&self, out: &mut Vec<u8>) {
                put_length(self.len(), out);
                for (key, value) in self {
                    key.put(out);
                    value.put(out);
                }
            }
            fn take_from(from: &mut &[u8]) -> Result<Self, String> {
                let length = take_length(from)?;
                (0..length).map(|_| Ok((K::take_from(from)?, T::take_from(from)?))).collect()
            }
        }
    )*};
}

maps!(HashMap: Eq Hash, BTreeMap: Ord);

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What comes back of a value's file.
    pub(in super::super) fn there_and_back<T: Kept>(value: &T) -> T {
        let bytes = value.bytes();
        let start = bytes.iter().position(|b| *b == b'\n').expect("a first line") + 1;
        let mut rest = &bytes[start..];
        let back = T::take_from(&mut rest).expect("it reads");
        assert!(rest.is_empty(), "{} bytes are left over", rest.len());
        back
    }

    #[test]
    fn values_come_back_equal() {
        assert_eq!(there_and_back(&-3_i128), -3);
        assert_eq!(there_and_back(&f64::NAN).to_bits(), f64::NAN.to_bits());
        assert_eq!(there_and_back(&-0.0_f32).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(there_and_back(&"ä€\n".to_string()), "ä€\n");
        assert_eq!(there_and_back(&Duration::from_nanos(1_500_000_001)).as_nanos(), 1_500_000_001);
        let nested = vec![vec![1.5_f32], vec![], vec![f32::INFINITY, 2.0]];
        assert_eq!(there_and_back(&nested), nested);
        let map: HashMap<String, (u8, Option<char>)> = [("a".to_string(), (1, None)), ("b".to_string(), (2, Some('ß')))].into();
        assert_eq!(there_and_back(&map), map);
        let counts: BTreeMap<char, [f64; 3]> = [('A', [0.1, -0.0, 2.0]), ('C', [1.0; 3])].into();
        assert_eq!(there_and_back(&counts), counts);
        let names: HashSet<&str> = ["chr1", "chr2"].into();
        assert_eq!(there_and_back(&names), names);
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_an_error() {
        let mut bytes = Vec::new();
        vec!["one".to_string(), "two".to_string()].put(&mut bytes);
        for end in 0..bytes.len() {
            assert!(Vec::<String>::take_from(&mut &bytes[..end]).is_err(), "{end}");
        }
        let claims = u64::MAX.to_le_bytes();
        let error = Vec::<u8>::take_from(&mut claims.as_slice()).expect_err("too long");
        assert!(error.contains("a length of 18446744073709551615"), "{error}");
    }

    #[test]
    fn the_size_of_a_long_list_is_told_from_its_head() {
        assert_eq!(vec![0.0_f64; 4].size(), 40);
        assert_eq!(vec![0.0_f64; 4_000_000].size(), 32_000_008);
    }
}
