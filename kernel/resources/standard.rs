// The part of the standard library that completion offers, in the form of traits without bodies. Read as data, never
// compiled: `Slice`, `Iterator`, `Map`,
// `Float` and `Integer` stand for whatever is one.

/// A list that can grow.
trait Vec<T> {
    /// An empty list.
    fn new() -> Vec<T>;
    /// An empty list with room.
    fn with_capacity(capacity: usize) -> Vec<T>;
    /// Appends an item.
    fn push(&mut self, value: T);
    /// Removes the last item.
    fn pop(&mut self) -> Option<T>;
    /// Puts an item at a place.
    fn insert(&mut self, index: usize, value: T);
    /// Removes the item at a place.
    fn remove(&mut self, index: usize) -> T;
    /// Keeps the first items.
    fn truncate(&mut self, length: usize);
    /// Removes all items.
    fn clear(&mut self);
    /// Appends many items.
    fn extend(&mut self, items: impl IntoIterator<Item = T>);
    /// Moves the items of another list to the end.
    fn append(&mut self, other: &mut Vec<T>);
    /// Keeps the items for which the function says yes.
    fn retain(&mut self, keep: impl FnMut(&T) -> bool);
    /// Removes repeated neighbours.
    fn dedup(&mut self);
    /// Removes a stretch and gives its items.
    fn drain(&mut self, range: Range<usize>) -> Iterator<T>;
    /// Makes it as long as said.
    fn resize(&mut self, length: usize, value: T);
    /// Items that it has room for.
    fn capacity(&self) -> usize;
    /// The items themselves.
    fn into_iter(self) -> Iterator<T>;
    /// All of it as a slice.
    fn as_slice(&self) -> &[T];
    /// A copy.
    fn clone(&self) -> Vec<T>;
}

/// Items next to each other in memory, borrowed.
trait Slice<T> {
    /// How many items there are.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool;
    /// References to the items.
    fn iter(&self) -> Iterator<&T>;
    /// References through which the items can be changed.
    fn iter_mut(&mut self) -> Iterator<&mut T>;
    /// The first item.
    fn first(&self) -> Option<&T>;
    /// The last item.
    fn last(&self) -> Option<&T>;
    /// The item at a place, if there is one.
    fn get(&self, index: usize) -> Option<&T>;
    /// Whether an item is there.
    fn contains(&self, item: &T) -> bool;
    /// Puts the items in order.
    fn sort(&mut self);
    /// Puts the items in order by a comparison, such as `|a, b| a.total_cmp(b)`.
    fn sort_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);
    /// Puts the items in the order of their keys.
    fn sort_by_key<K>(&mut self, key: impl FnMut(&T) -> K);
    /// Turns the order around.
    fn reverse(&mut self);
    /// Exchanges two items.
    fn swap(&mut self, a: usize, b: usize);
    /// Stretches of so many items, the last one shorter.
    fn chunks(&self, size: usize) -> Iterator<&[T]>;
    /// All stretches of so many neighbours.
    fn windows(&self, size: usize) -> Iterator<&[T]>;
    /// The items before a place and those from it.
    fn split_at(&self, at: usize) -> (&[T], &[T]);
    /// A copy as a vector.
    fn to_vec(&self) -> Vec<T>;
    /// The items of all items.
    fn concat(&self) -> Vec<T>;
    /// All texts with something between them.
    fn join(&self, between: &str) -> String;
    /// The place of an item in a sorted list.
    fn binary_search(&self, item: &T) -> Result<usize, usize>;
    /// Sets all items.
    fn fill(&mut self, value: T);
}

/// Text, borrowed.
trait str {
    /// Its length in bytes.
    fn len(&self) -> usize;
    /// Whether there is no character.
    fn is_empty(&self) -> bool;
    /// Its characters.
    fn chars(&self) -> Iterator<char>;
    /// Its bytes.
    fn bytes(&self) -> Iterator<u8>;
    /// Its bytes as a slice.
    fn as_bytes(&self) -> &[u8];
    /// Its lines.
    fn lines(&self) -> Iterator<&str>;
    /// The pieces between occurrences of a pattern.
    fn split(&self, pattern: &str) -> Iterator<&str>;
    /// The words between white space.
    fn split_whitespace(&self) -> Iterator<&str>;
    /// What stands before and after the first occurrence.
    fn split_once(&self, pattern: &str) -> Option<(&str, &str)>;
    /// Without white space at both ends.
    fn trim(&self) -> &str;
    /// Without white space at its beginning.
    fn trim_start(&self) -> &str;
    /// Without white space at its end.
    fn trim_end(&self) -> &str;
    /// The rest behind a beginning.
    fn strip_prefix(&self, prefix: &str) -> Option<&str>;
    /// The rest before an end.
    fn strip_suffix(&self, suffix: &str) -> Option<&str>;
    /// Whether it begins like this.
    fn starts_with(&self, prefix: &str) -> bool;
    /// Whether it ends like this.
    fn ends_with(&self, suffix: &str) -> bool;
    /// Whether a pattern occurs.
    fn contains(&self, pattern: &str) -> bool;
    /// Where a pattern occurs first, in bytes.
    fn find(&self, pattern: &str) -> Option<usize>;
    /// With every occurrence of a pattern replaced.
    fn replace(&self, from: &str, to: &str) -> String;
    /// In capitals.
    fn to_uppercase(&self) -> String;
    /// In small letters.
    fn to_lowercase(&self) -> String;
    /// So many times.
    fn repeat(&self, n: usize) -> String;
    /// As a number or another type: `parse::<f64>()`.
    fn parse<F>(&self) -> Result<F>;
    /// A copy as a `String`.
    fn to_string(&self) -> String;
    /// A copy as a `String`.
    fn to_owned(&self) -> String;
}

/// Text that can grow.
trait String {
    /// An empty text.
    fn new() -> String;
    /// A copy of a text.
    fn from(text: &str) -> String;
    /// Appends a character.
    fn push(&mut self, c: char);
    /// Appends a text.
    fn push_str(&mut self, text: &str);
    /// Removes the last character.
    fn pop(&mut self) -> Option<char>;
    /// Puts a text at a place.
    fn insert_str(&mut self, at: usize, text: &str);
    /// Keeps the first bytes.
    fn truncate(&mut self, length: usize);
    /// Removes everything.
    fn clear(&mut self);
    /// Borrowed.
    fn as_str(&self) -> &str;
    /// A copy.
    fn clone(&self) -> String;
}

/// A value that may be missing.
trait Option<T> {
    /// Whether there is a value.
    fn is_some(&self) -> bool;
    /// Whether there is none.
    fn is_none(&self) -> bool;
    /// The value; panics if there is none.
    fn unwrap(self) -> T;
    /// The value; panics with the message if there is none.
    fn expect(self, message: &str) -> T;
    /// The value, or another one.
    fn unwrap_or(self, default: T) -> T;
    /// The value, or what a function gives.
    fn unwrap_or_else(self, f: impl FnOnce() -> T) -> T;
    /// The value, or the default of its type.
    fn unwrap_or_default(self) -> T;
    /// Applies a function to the value.
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Option<U>;
    /// Applies a function to the value, or gives another one.
    fn map_or<U>(self, default: U, f: impl FnOnce(T) -> U) -> U;
    /// Applies a function that may give nothing.
    fn and_then<U>(self, f: impl FnOnce(T) -> Option<U>) -> Option<U>;
    /// Nothing if the function says no.
    fn filter(self, keep: impl FnOnce(&T) -> bool) -> Option<T>;
    /// The other one if there is no value.
    fn or(self, other: Option<T>) -> Option<T>;
    /// An error if there is no value.
    fn ok_or<E>(self, error: E) -> Result<T, E>;
    /// A reference to the value.
    fn as_ref(&self) -> Option<&T>;
    /// A reference through which the value can be changed.
    fn as_mut(&mut self) -> Option<&mut T>;
    /// A reference to what the value leads to.
    fn as_deref(&self) -> Option<&T>;
    /// The value, leaving nothing.
    fn take(&mut self) -> Option<T>;
    /// The value, leaving another.
    fn replace(&mut self, value: T) -> Option<T>;
    /// Puts a value in.
    fn insert(&mut self, value: T) -> &mut T;
    /// The value behind a reference, cloned.
    fn cloned(self) -> Option<T>;
    /// The value behind a reference, copied.
    fn copied(self) -> Option<T>;
}

/// A value, or the error that there is instead.
trait Result<T, E> {
    /// Whether there is a value.
    fn is_ok(&self) -> bool;
    /// Whether there is an error.
    fn is_err(&self) -> bool;
    /// The value, if there is one.
    fn ok(self) -> Option<T>;
    /// The error, if there is one.
    fn err(self) -> Option<E>;
    /// The value; panics with the error.
    fn unwrap(self) -> T;
    /// The value; panics with message and error.
    fn expect(self, message: &str) -> T;
    /// The error; panics with the value.
    fn unwrap_err(self) -> E;
    /// The value, or another one.
    fn unwrap_or(self, default: T) -> T;
    /// The value, or what a function makes of the error.
    fn unwrap_or_else(self, f: impl FnOnce(E) -> T) -> T;
    /// The value, or the default of its type.
    fn unwrap_or_default(self) -> T;
    /// Applies a function to the value.
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Result<U, E>;
    /// Applies a function to the error.
    fn map_err<F>(self, f: impl FnOnce(E) -> F) -> Result<T, F>;
    /// Applies a function that may fail.
    fn and_then<U>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<U, E>;
    /// References to what is inside.
    fn as_ref(&self) -> Result<&T, &E>;
}

/// Items one after the other.
trait Iterator<T> {
    /// Applies a function to each item.
    fn map<B>(self, f: impl FnMut(T) -> B) -> Iterator<B>;
    /// Keeps the items for which the function says yes.
    fn filter(self, keep: impl FnMut(&T) -> bool) -> Iterator<T>;
    /// Applies a function and keeps what it gives.
    fn filter_map<B>(self, f: impl FnMut(T) -> Option<B>) -> Iterator<B>;
    /// Applies a function that gives several items.
    fn flat_map<U>(self, f: impl FnMut(T) -> U) -> Iterator<U>;
    /// Pairs of place and item.
    fn enumerate(self) -> Iterator<(usize, T)>;
    /// Pairs of the items of both.
    fn zip<U>(self, other: U) -> Iterator<(T, U)>;
    /// The items of both, one after the other.
    fn chain<U>(self, other: U) -> Iterator<T>;
    /// The items backwards.
    fn rev(self) -> Iterator<T>;
    /// The first `n` items.
    fn take(self, n: usize) -> Iterator<T>;
    /// All but the first `n` items.
    fn skip(self, n: usize) -> Iterator<T>;
    /// Every `step`-th item.
    fn step_by(self, step: usize) -> Iterator<T>;
    /// The items before the first for which the function says no.
    fn take_while(self, keep: impl FnMut(&T) -> bool) -> Iterator<T>;
    /// The items from the first for which the function says no.
    fn skip_while(self, skip: impl FnMut(&T) -> bool) -> Iterator<T>;
    /// The items that references lead to, cloned.
    fn cloned(self) -> Iterator<T>;
    /// The items that references lead to, copied.
    fn copied(self) -> Iterator<T>;
    /// An iterator whose next item can be looked at.
    fn peekable(self) -> Iterator<T>;
    /// All items in a collection: `collect::<Vec<_>>()`.
    fn collect<C>(self) -> C;
    /// The sum of all items: `sum::<f64>()`.
    fn sum<S>(self) -> S;
    /// The product of all items.
    fn product<S>(self) -> S;
    /// How many items there are.
    fn count(self) -> usize;
    /// The smallest item.
    fn min(self) -> Option<T>;
    /// The largest item.
    fn max(self) -> Option<T>;
    /// The smallest item by a comparison, such as `|a, b| a.total_cmp(b)`.
    fn min_by(self, compare: impl FnMut(&T, &T) -> Ordering) -> Option<T>;
    /// The largest item by a comparison, such as `|a, b| a.total_cmp(b)`.
    fn max_by(self, compare: impl FnMut(&T, &T) -> Ordering) -> Option<T>;
    /// Joins all items, one after the other.
    fn fold<B>(self, start: B, f: impl FnMut(B, T) -> B) -> B;
    /// Whether the function says yes for one item.
    fn any(&mut self, f: impl FnMut(T) -> bool) -> bool;
    /// Whether the function says yes for all items.
    fn all(&mut self, f: impl FnMut(T) -> bool) -> bool;
    /// The first item for which the function says yes.
    fn find(&mut self, f: impl FnMut(&T) -> bool) -> Option<T>;
    /// The place of the first item for which the function says yes.
    fn position(&mut self, f: impl FnMut(T) -> bool) -> Option<usize>;
    /// The next item.
    fn next(&mut self) -> Option<T>;
    /// The last item.
    fn last(self) -> Option<T>;
    /// The item at a place.
    fn nth(&mut self, n: usize) -> Option<T>;
    /// Calls a function with each item.
    fn for_each(self, f: impl FnMut(T));
    /// Two collections: of what the function says yes to, and of the rest.
    fn partition<B>(self, f: impl FnMut(&T) -> bool) -> (B, B);
}

/// Values by key.
trait Map<K, V> {
    /// An empty map.
    fn new() -> Self;
    /// Sets the value of a key.
    fn insert(&mut self, key: K, value: V) -> Option<V>;
    /// The value of a key.
    fn get(&self, key: &K) -> Option<&V>;
    /// The value of a key, to be changed.
    fn get_mut(&mut self, key: &K) -> Option<&mut V>;
    /// Removes a key.
    fn remove(&mut self, key: &K) -> Option<V>;
    /// Whether a key is there.
    fn contains_key(&self, key: &K) -> bool;
    /// The place of a key: `entry(key).or_insert(value)`.
    fn entry(&mut self, key: K) -> Entry<K, V>;
    /// All keys.
    fn keys(&self) -> Iterator<&K>;
    /// All values.
    fn values(&self) -> Iterator<&V>;
    /// All pairs.
    fn iter(&self) -> Iterator<(&K, &V)>;
    /// How many pairs there are.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool;
    /// Removes all pairs.
    fn clear(&mut self);
}

/// A path of a file or folder.
trait Path {
    /// A path from text.
    fn from(text: &str) -> PathBuf;
    /// A path inside it.
    fn join(&self, path: &str) -> PathBuf;
    /// As text to be shown.
    fn display(&self) -> Display;
    /// Whether there is something.
    fn exists(&self) -> bool;
    /// Whether it is a file.
    fn is_file(&self) -> bool;
    /// Whether it is a folder.
    fn is_dir(&self) -> bool;
    /// The folder it lies in.
    fn parent(&self) -> Option<&Path>;
    /// Its last part.
    fn file_name(&self) -> Option<&OsStr>;
    /// What stands behind the last dot.
    fn extension(&self) -> Option<&OsStr>;
    /// With another ending.
    fn with_extension(&self, extension: &str) -> PathBuf;
}

/// A floating point number: `f64` or `f32`.
trait Float {
    /// Without its sign.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// To a whole power.
    fn powi(self, n: i32) -> Self;
    /// To a power.
    fn powf(self, n: Self) -> Self;
    /// `e` to this power.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The logarithm to base 2.
    fn log2(self) -> Self;
    /// The logarithm to base 10.
    fn log10(self) -> Self;
    /// The natural logarithm of 1 more.
    fn ln_1p(self) -> Self;
    /// The exponential less 1.
    fn exp_m1(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The tangent.
    fn tan(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The angle of a point.
    fn atan2(self, other: Self) -> Self;
    /// Rounded down.
    fn floor(self) -> Self;
    /// Rounded up.
    fn ceil(self) -> Self;
    /// Rounded to the nearest whole number.
    fn round(self) -> Self;
    /// Without what stands behind the point.
    fn trunc(self) -> Self;
    /// The smaller one.
    fn min(self, other: Self) -> Self;
    /// The larger one.
    fn max(self, other: Self) -> Self;
    /// Not below, not above.
    fn clamp(self, low: Self, high: Self) -> Self;
    /// Whether it is no number.
    fn is_nan(self) -> bool;
    /// Whether it is a number and not infinite.
    fn is_finite(self) -> bool;
    /// An order of all values, for sorting.
    fn total_cmp(&self, other: &Self) -> Ordering;
    /// As text.
    fn to_string(&self) -> String;
}

/// A whole number.
trait Integer {
    /// Without its sign.
    fn abs(self) -> Self;
    /// To a power.
    fn pow(self, n: u32) -> Self;
    /// The smaller one.
    fn min(self, other: Self) -> Self;
    /// The larger one.
    fn max(self, other: Self) -> Self;
    /// Not below, not above.
    fn clamp(self, low: Self, high: Self) -> Self;
    /// The sum, if it fits.
    fn checked_add(self, other: Self) -> Option<Self>;
    /// The difference, not beyond the smallest value.
    fn saturating_sub(self, other: Self) -> Self;
    /// The sum, beginning again where it does not fit.
    fn wrapping_add(self, other: Self) -> Self;
    /// The remainder, never negative.
    fn rem_euclid(self, other: Self) -> Self;
    /// Bits that are set.
    fn count_ones(self) -> u32;
    /// As text.
    fn to_string(&self) -> String;
    /// How far apart both are.
    fn abs_diff(self, other: Self) -> Self;
    /// The quotient, rounded up.
    fn div_ceil(self, other: Self) -> Self;
}

/// A character.
trait char {
    /// Whether it is a letter.
    fn is_alphabetic(self) -> bool;
    /// Whether it is a digit.
    fn is_numeric(self) -> bool;
    /// Whether it is white space.
    fn is_whitespace(self) -> bool;
    /// In capitals.
    fn to_ascii_uppercase(&self) -> char;
    /// In small letters.
    fn to_ascii_lowercase(&self) -> char;
    /// As text.
    fn to_string(&self) -> String;
}
