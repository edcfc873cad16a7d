//! `dbg!` in a cell: the kernel knows where in the cell it stands, and writes the line.

use super::events;
use super::show::debug_within;
use serde_json::json;
use std::fmt::Debug;

/// Tells the kernel of one `dbg!`: where it stands in generated source, and the code and its value if it has one.
#[inline(never)]
pub fn debugged(file: &str, line: u32, column: u32, value: Option<(&str, &dyn Debug)>) {
    let (code, text) = value.map(|(code, value)| (code, debug_within(value))).unzip();
    let place = json!({"file": file, "line": line, "column": column});
    events::send("debugged", &json!({"place": place, "code": code, "value": text}).to_string());
}

/// What `dbg!` is in a cell: the standard library's, with the place that the user sees.
#[doc(hidden)]
#[macro_export]
macro_rules! debugged {
    () => {
        $crate::rt::debugged(::std::file!(), ::std::line!(), ::std::column!(), ::std::option::Option::None)
    };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                let told: (&str, &dyn ::std::fmt::Debug) = (::std::stringify!($value), &value);
                $crate::rt::debugged(::std::file!(), ::std::line!(), ::std::column!(), ::std::option::Option::Some(told));
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::debugged!($value)),+,) };
}
