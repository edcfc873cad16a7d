//! What `folds` and `seeds` take.

use crate::options::Count;

/// A number, or a list of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// One.
    One(u64),
    /// Several, in order.
    List(Vec<u64>),
}

/// What `folds` and `seeds` take: a whole number, or a list or range of them.
pub trait IntoNumbers {
    /// The numbers; nothing for negative ones.
    fn into_numbers(self) -> Option<Numbers>;
}

macro_rules! numbers { ($($t:ty)*) => { $(
    impl IntoNumbers for $t {
        fn into_numbers(self) -> Option<Numbers> { self.to_count().map(Numbers::One) }
    }
    impl IntoNumbers for std::ops::Range<$t> {
        fn into_numbers(self) -> Option<Numbers> { self.map(Count::to_count).collect::<Option<_>>().map(Numbers::List) }
    }
    impl IntoNumbers for std::ops::RangeInclusive<$t> {
        fn into_numbers(self) -> Option<Numbers> { self.map(Count::to_count).collect::<Option<_>>().map(Numbers::List) }
    }
)* } }
numbers!(i32 i64 u32 u64 usize);

impl<T: Count, const N: usize> IntoNumbers for [T; N] {
    fn into_numbers(self) -> Option<Numbers> {
        self.into_iter()
            .map(Count::to_count)
            .collect::<Option<_>>()
            .map(Numbers::List)
    }
}

impl<T: Count> IntoNumbers for Vec<T> {
    fn into_numbers(self) -> Option<Numbers> {
        self.into_iter()
            .map(Count::to_count)
            .collect::<Option<_>>()
            .map(Numbers::List)
    }
}
