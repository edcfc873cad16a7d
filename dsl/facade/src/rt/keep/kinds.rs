//! The types that can be saved, found by `TypeId` or by name.

use super::value::{Kept, Snapshot};
use cistron::candle_core::Tensor;
use cistron::polars::prelude::{DataFrame, Series};
use cistron::{Dataset, Model, Objective, Run};
use std::any::{Any, TypeId, type_name};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// Takes a value from the front of some bytes.
type Read = fn(&mut &[u8]) -> Result<Box<dyn Any>, String>;

/// What can be done with the values of one type.
pub(super) struct Kind {
    /// Why this value can't be saved.
    pub(super) refuses: fn(&dyn Any) -> Option<String>,
    /// About how many bytes it takes.
    pub(super) size: fn(&dyn Any) -> u64,
    /// A copy that a thread can write.
    pub(super) snapshot: fn(&dyn Any) -> Box<dyn Snapshot>,
    read: Read,
}

/// Stands in where a value has another type than its kind was found by; that does not happen.
struct Nothing;

impl Snapshot for Nothing {
    fn bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl Kind {
    fn of<T: Kept>() -> Self {
        Self {
            refuses: |value| value.downcast_ref::<T>().and_then(T::refuses),
            size: |value| value.downcast_ref::<T>().map_or(0, T::size),
            snapshot: |value| match value.downcast_ref::<T>() {
                Some(value) => Box::new(value.clone()),
                None => Box::new(Nothing),
            },
            read: |from| T::take_from(from).map(|value| Box::new(value) as Box<dyn Any>),
        }
    }
}

#[derive(Default)]
struct Kinds {
    by_type: HashMap<TypeId, &'static Kind>,
    by_name: HashMap<&'static str, &'static Kind>,
}

impl Kinds {
    fn add<T: Kept>(&mut self) {
        let kind: &'static Kind = Box::leak(Box::new(Kind::of::<T>()));
        self.by_type.insert(TypeId::of::<T>(), kind);
        self.by_name.insert(type_name::<T>(), kind);
    }

    /// The type, lists of it, lists of lists, and one that may be missing.
    fn with_lists<T: Kept>(&mut self) {
        self.add::<T>();
        self.add::<Vec<T>>();
        self.add::<Vec<Vec<T>>>();
        self.add::<Option<T>>();
    }

    /// The type, lists of it, one that may be missing, and maps from names.
    fn with_maps<T: Kept>(&mut self) {
        self.add::<T>();
        self.add::<Vec<T>>();
        self.add::<Option<T>>();
        self.add::<HashMap<String, T>>();
        self.add::<BTreeMap<String, T>>();
    }

    /// Sets of keys, and maps from them to what is counted and named.
    fn with_keys<K: Kept + Eq + Hash + Ord>(&mut self) {
        self.add::<HashSet<K>>();
        self.add::<BTreeSet<K>>();
        self.add::<HashMap<K, usize>>();
        self.add::<HashMap<K, i32>>();
        self.add::<HashMap<K, f64>>();
        self.add::<HashMap<K, String>>();
        self.add::<BTreeMap<K, usize>>();
        self.add::<BTreeMap<K, i32>>();
        self.add::<BTreeMap<K, f64>>();
        self.add::<BTreeMap<K, String>>();
    }

    /// So many numbers, and lists of that.
    fn with_arrays<const N: usize>(&mut self) {
        self.add::<[f64; N]>();
        self.add::<[f32; N]>();
        self.add::<[usize; N]>();
        self.add::<[i32; N]>();
        self.add::<[[f64; N]; N]>();
        self.add::<Vec<[f64; N]>>();
        self.add::<Vec<[f32; N]>>();
    }

    fn with_pairs<A: Kept, B: Kept>(&mut self) {
        self.add::<(A, B)>();
        self.add::<Vec<(A, B)>>();
    }

    fn all() -> Self {
        let mut kinds = Self::default();
        macro_rules! lists {
            ($($name:ty),*) => { $(kinds.with_lists::<$name>();)* };
        }
        macro_rules! maps {
            ($($name:ty),*) => { $(kinds.with_maps::<$name>();)* };
        }
        lists!(
            u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char
        );
        lists!(String, &'static str, PathBuf, Duration);
        maps!(
            f32,
            f64,
            usize,
            i32,
            i64,
            u64,
            bool,
            String,
            Vec<f32>,
            Vec<f64>,
            Vec<usize>,
            Vec<String>
        );
        maps!(Tensor, DataFrame, Series, Dataset, Model, Objective, Run);
        macro_rules! keyed {
            ($($key:ty),*) => { $(kinds.with_keys::<$key>();)* };
        }
        keyed!(String, &'static str, char, usize, i32, u32, i64, u64);
        keyed!(
            (usize, usize),
            (i32, i32),
            (String, String),
            (&'static str, &'static str),
            (char, char)
        );
        kinds.with_arrays::<2>();
        kinds.with_arrays::<3>();
        kinds.with_arrays::<4>();
        macro_rules! pairs {
            ($($first:ty),*) => { $(
                kinds.with_pairs::<$first, usize>();
                kinds.with_pairs::<$first, i32>();
                kinds.with_pairs::<$first, i64>();
                kinds.with_pairs::<$first, u64>();
                kinds.with_pairs::<$first, f32>();
                kinds.with_pairs::<$first, f64>();
                kinds.with_pairs::<$first, String>();
            )* };
        }
        pairs!(usize, i32, i64, u64, f32, f64, String, &'static str, char);
        kinds.with_pairs::<&'static str, &'static str>();
        kinds.with_pairs::<Tensor, Tensor>();
        kinds.with_pairs::<String, Run>();
        kinds
    }
}

fn kinds() -> &'static Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS.get_or_init(Kinds::all)
}

/// What can be done with this value, if it can be saved.
pub(super) fn find(value: &dyn Any) -> Option<&'static Kind> {
    kinds().by_type.get(&value.type_id()).copied()
}

/// Reads a saved value.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read(path: &Path) -> Result<Box<dyn Any>, String> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let name = String::from_utf8_lossy(&bytes[..end]);
    let kind = kinds().by_name.get(&*name);
    let kind = kind.ok_or_else(|| wrong(format!("no values of a type `{name}` can be read")))?;
    let mut rest = bytes.get(end + 1..).unwrap_or_default();
    let value = (kind.read)(&mut rest).map_err(&wrong)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(wrong(format!("{} bytes too many", rest.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_type_and_read_by_name() {
        let value: Vec<(String, f64)> = vec![("a".into(), 0.5)];
        let kind = find(&value).expect("a kind");
        let file = std::env::temp_dir().join(format!("cistron-kind-{}", std::process::id()));
        std::fs::write(&file, (kind.snapshot)(&value).bytes()).expect("written");
        let back = read(&file).expect("it reads");
        assert_eq!(back.downcast_ref::<Vec<(String, f64)>>(), Some(&value));
        std::fs::write(&file, "elsewhere::Type\nx").expect("written");
        let error = read(&file).expect_err("unknown");
        assert!(error.contains("`elsewhere::Type`"), "{error}");
        let _ = std::fs::remove_file(&file);
        assert!(find(&std::cell::Cell::new(1)).is_none());
    }
}
