//! Where a cell's own code was running when something went wrong.
//!
//! Told are addresses in the libraries of cells, which is quick; the kernel finds functions and lines for them. Cells
//! with functions are compiled with line tables for that, the others are not (they would take longer to compile for it): they
//! say which of their statements is next instead, with [`at`].

use serde_json::{Value, json};
use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Calls that are told at most, the innermost ones.
const CALLS: usize = 24;

/// The line of generated source where the statement begins that runs now.
static LINE: AtomicU32 = AtomicU32::new(0);

/// Says that the statement on this line of generated source is next.
pub fn at(line: u32) {
    LINE.store(line, Relaxed);
}

/// The line of the statement that runs now.
pub(super) fn line() -> u32 {
    LINE.load(Relaxed)
}

/// A cell begins.
pub(super) fn begin() {
    LINE.store(0, Relaxed);
}

/// A call that has not come back: the file name of the library that it is in, and where in that.
pub(super) struct Call {
    library: String,
    address: usize,
}

unsafe extern "C" {
    fn _Unwind_Backtrace(step: extern "C" fn(*mut c_void, *mut c_void) -> c_int, data: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
}

/// The calls of code in cells that led here, the innermost first.
pub(super) fn capture() -> Vec<Call> {
    /// `_URC_NORMAL_STOP` and `_URC_NO_REASON`.
    const STOP: c_int = 4;
    const GO_ON: c_int = 0;
    extern "C" fn step(context: *mut c_void, data: *mut c_void) -> c_int {
        // SAFETY: the unwinder gives a context that is valid during this call, and the pointer that `capture` gave it.
        let (address, calls) = unsafe { (_Unwind_GetIP(context), &mut *data.cast::<Vec<Call>>()) };
        // The address is where the call comes back to: what called stands before it.
        calls.extend(call(address.saturating_sub(1)));
        if calls.len() < CALLS { GO_ON } else { STOP }
    }
    let mut calls: Vec<Call> = Vec::new();
    // SAFETY: the list outlives the call, and nothing else touches it meanwhile.
    unsafe { _Unwind_Backtrace(step, (&raw mut calls).cast()) };
    calls
}

/// The call that an address belongs to, if that is in a cell.
fn call(address: usize) -> Option<Call> {
    // SAFETY: all zeros is a valid `Dl_info`, which the call fills for any address; its name ends in NUL.
    unsafe {
        let mut about: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(address as *const c_void, &raw mut about) == 0 || about.dli_fname.is_null() {
            return None;
        }
        let path = CStr::from_ptr(about.dli_fname).to_string_lossy();
        let library = path.rsplit('/').next().filter(|name| name.starts_with("libcell_"))?;
        Some(Call {
            library: library.to_string(),
            address: address - about.dli_fbase as usize,
        })
    }
}

/// Calls as the kernel reads them.
pub(super) fn told(calls: &[Call]) -> Value {
    let told = |call: &Call| json!({"library": call.library, "address": call.address});
    calls.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_in_cells_are_told() {
        assert_eq!(told(&capture()), json!([]));
        let calls = [Call {
            library: "libcell_3.so".into(),
            address: 7,
        }];
        assert_eq!(told(&calls), json!([{"library": "libcell_3.so", "address": 7}]));
    }
}
