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
    /// Binding and time of the last change of what has a name here.
    stamps: HashMap<String, (u32, u64)>,
    /// The time at which the cell began.
    now: u64,
}

impl Store {
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

    /// [`Store::take`] for a variable that the cell may change.
    pub fn take_mut<T: 'static>(&mut self, name: &str) -> T {
        self.stamps.remove(name);
        self.take(name)
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
        self.stamps.remove(name);
        self.variables.remove(name);
    }

    /// A cell begins: its bindings are counted from `base` on, and what it binds or changes is newer than everything
    /// there is.
    pub(super) fn begin(&mut self, base: u32) {
        self.base = base;
        self.taken.clear();
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanoseconds = time.map_or(0, |time| time.as_nanos() as u64);
        self.now = nanoseconds.max(self.now + 1);
    }

    /// Every variable with its binding and the time of its last change.
    pub(super) fn stamped(&self) -> impl Iterator<Item = (&str, u32, u64, &dyn Any)> {
        self.variables.iter().filter_map(|(name, (slot, value))| {
            let (_, stamp) = self.stamps.get(name)?;
            Some((name.as_str(), *slot, *stamp, &**value))
        })
    }

    /// Puts back what was saved before this process was there.
    pub(super) fn restore(&mut self, name: &str, slot: u32, stamp: u64, value: Box<dyn Any>) {
        self.stamps.insert(name.to_owned(), (slot, stamp));
        self.variables.insert(name.to_owned(), (slot, value));
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
        if self.variables.contains_key(name) {
            return;
        }
        let unchanged = self.stamps.get(name).is_some_and(|(bound, _)| *bound == slot);
        if !unchanged {
            self.stamps.insert(name.to_owned(), (slot, self.now));
        }
        self.variables.insert(name.to_owned(), (slot, value));
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
