//! Hash maps whose order is the same whenever a notebook runs from its beginning.
//!
//! The standard library asks the system for random keys of its hash maps, through a symbol that a program may define itself
//! for exactly this. They protect servers from chosen keys; in a notebook they would give another order of a map's entries, and of
//! all that was printed or summed in that order, after each restart. Other callers get what the system gives.
//!
//! The keys of a thread's maps are counted up from there, so a cell that runs twice in a session has two orders; and a
//! `RandomState` is no source of random numbers here.

use libc::{GRND_INSECURE, SYS_getrandom, c_uint, c_void, size_t, ssize_t, syscall};

/// The system's function of this name, but for the keys of hash maps, which are always zero.
///
/// # Safety
/// As of the system's function: `length` bytes at `buffer` are written.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    // These bytes need not be unpredictable, says the caller; only the standard library's maps say so.
    if flags == GRND_INSECURE {
        // SAFETY: what the caller promises.
        unsafe { buffer.cast::<u8>().write_bytes(0, length) };
        return length.cast_signed();
    }
    // SAFETY: what the caller promises. The answer is a count of bytes, or -1.
    unsafe { syscall(SYS_getrandom, buffer, length, flags) as ssize_t }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::collections::hash_map::RandomState;
    use std::hash::BuildHasher;

    #[test]
    fn maps_of_two_threads_are_in_the_same_order() {
        let order = || {
            let map: HashMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
            (map.into_keys().collect::<Vec<_>>(), RandomState::new().hash_one("key"))
        };
        let [first, second] = [(); 2].map(|()| std::thread::spawn(order).join().expect("an order"));
        assert_eq!(first, second);
    }

    #[test]
    fn other_callers_get_random_bytes() {
        let bytes = || {
            let mut bytes = [0_u8; 32];
            // SAFETY: there is room for so many.
            let count = unsafe { super::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
            (count, bytes)
        };
        let (first, second) = (bytes(), bytes());
        assert_eq!((first.0, second.0), (32, 32));
        assert_ne!(first.1, second.1);
    }
}
