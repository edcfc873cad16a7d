//! Times as notebooks store them.

use jiff::Timestamp;
use std::time::Duration;

/// Now, in UTC, to the microsecond: `2026-01-31T12:00:00.000000Z`.
pub fn now() -> String {
    let micros = Timestamp::now().as_microsecond();
    let stamp = Timestamp::from_microsecond(micros).unwrap_or_default();
    format!("{stamp:.6}")
}

/// Seconds to the microsecond.
pub fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e6
}
