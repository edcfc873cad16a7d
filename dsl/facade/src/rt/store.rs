//! Variables that live on between cells.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// The variables of a session: name, number of the binding, value.
#[derive(Default)]
pub struct Store {
    variables: HashMap<String, (u32, Box<dyn Any>)>,
    /// What the cell that runs adds to the numbers of its own bindings.
    base: u32,
    /// The numbers of the variables that it has taken.
    taken: HashMap<String, u32>,
    /// Names that were stored since somebody asked.
    changed: RefCell<BTreeSet<String>>,
}

impl Store {
    /// A cell begins; its bindings are counted from `base` on.
    pub(super) fn begin(&mut self, base: u32) {
        self.base = base;
        self.taken.clear();
    }

    /// Keeps a value, unless the name is there already: of two bindings of one name in a cell, the
    /// inner and newer one is stored first.
    pub fn put<T: 'static>(&mut self, name: &str, slot: u32, value: T) {
        self.put_box(name, self.base + slot, Box::new(value));
    }

    /// Keeps a value that the cell had taken, under the number that it had.
    pub fn put_back<T: 'static>(&mut self, name: &str, value: T) {
        let slot = self.taken.get(name).copied().unwrap_or_default();
        self.put_box(name, slot, Box::new(value));
    }

    /// Moves a value out, into the cell that names it. A wrong type unwinds as the cell's panic.
    pub fn take<T: 'static>(&mut self, name: &str) -> T {
        match self.take_box(name).downcast::<T>() {
            Ok(value) => *value,
            Err(_) => other_type(name),
        }
    }

    /// Forgets the value that has this name, if any: a new binding is about to take its place.
    pub fn forget(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// One line per variable, `name slot`.
    pub(super) fn listing(&self) -> String {
        let lines: Vec<String> = self
            .variables
            .iter()
            .map(|(name, (slot, _))| format!("{name} {slot}"))
            .collect();
        lines.join("\n")
    }

    /// The variables that were stored since the last call.
    pub(super) fn changed(&self) -> impl Iterator<Item = (String, &dyn Any)> {
        let names = self.changed.take();
        names
            .into_iter()
            .filter_map(|name| self.variables.get(&name).map(|(_, value)| (name, &**value)))
    }

    #[inline(never)]
    fn put_box(&mut self, name: &str, slot: u32, value: Box<dyn Any>) {
        self.changed.get_mut().insert(name.to_owned());
        self.variables.entry(name.to_owned()).or_insert((slot, value));
    }

    #[inline(never)]
    fn take_box(&mut self, name: &str) -> Box<dyn Any> {
        match self.variables.remove(name) {
            Some((slot, value)) => {
                self.taken.insert(name.to_owned(), slot);
                value
            }
            None => std::panic::panic_any(format!("the variable `{name}` is not there any more")),
        }
    }
}

#[cold]
#[inline(never)]
fn other_type(name: &str) -> ! {
    std::panic::panic_any(format!(
        "the variable `{name}` has another type than this cell was compiled for"
    ))
}
