//! Numbers as people read them.

use std::time::Duration;

/// A whole number with thin groups: `1,234,567`.
///
/// ```
/// assert_eq!(cistron_display::count(1234567), "1,234,567");
/// ```
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number with so many significant digits, without exponent between 1e-4 and 1e7.
///
/// ```
/// assert_eq!(cistron_display::significant(0.0123456, 3), "0.0123");
/// assert_eq!(cistron_display::significant(1234.5, 3), "1234");
/// assert_eq!(cistron_display::significant(1.2e-9, 3), "1.20e-9");
/// ```
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { x.to_string() };
    }
    let magnitude = x.abs().log10().floor() as i32;
    if !(-4..7).contains(&magnitude) {
        return format!("{x:.*e}", digits.saturating_sub(1));
    }
    let decimals = (digits as i32 - 1 - magnitude).max(0) as usize;
    format!("{x:.decimals$}")
}

/// A time span: `0.42 s`, `41 s`, `2 min 05 s`, `1 h 02 min`.
///
/// ```
/// assert_eq!(cistron_display::duration(std::time::Duration::from_secs(125)), "2 min 05 s");
/// ```
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        return format!("{seconds:.2} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}
