//! `keep!`: variables that come back when the process of a notebook's cells has died.

use std::any::{Any, type_name};
use std::sync::OnceLock;

/// Takes a name, the value and the name of its type; an error says why it can't be kept.
pub type Keeper = fn(&str, &dyn Any, &str) -> Result<(), String>;

static KEEPER: OnceLock<Keeper> = OnceLock::new();

/// Why a variable can't be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKept(String);

impl std::fmt::Display for NotKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotKept {}

/// Says who keeps variables; the first call counts. The worker of a notebook calls it.
pub fn set_keeper(keeper: Keeper) {
    let _ = KEEPER.set(keeper);
}

/// What [`keep!`](crate::keep!) expands to. Without a keeper, as in a program, nothing is done.
///
/// # Errors
/// A value of a type that can't be saved, or one that refuses (a tensor on a GPU).
pub fn keep<T: Any>(name: &str, value: &T) -> Result<(), NotKept> {
    match KEEPER.get() {
        Some(keeper) => keeper(name, value, type_name::<T>()).map_err(NotKept),
        None => Ok(()),
    }
}

/// Saves variables of a notebook at the end of the cell, and again whenever a later cell has changed them: they come
/// back, equal, when the process that runs the cells has died. Small variables (64 MB in all) are kept without it.
///
/// What can be kept: numbers, text, lists, options, arrays, pairs, sets and maps of them, `DataFrame`, `Series`, `Tensor` on the CPU,
/// `Dataset`, `Model`, `Objective`, `Run`. In a program, which holds its variables itself, it does nothing.
///
/// # Errors
/// A value that can't be saved: the expression ends in `?`.
///
/// # Example
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let levels = vec![0.5, 1.5];
/// cistron::keep!(levels);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! keep {
    ($($name:ident),+ $(,)?) => {
        { $($crate::kept::keep(stringify!($name), &$name)?;)+ }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn without_a_keeper_everything_is_fine() {
        assert_eq!(super::keep("x", &std::cell::Cell::new(1)), Ok(()));
    }
}
