//! The outlines of the letters, each in a box of 100 by 100 that it fills.

/// The outline of a base's letter; what is no base is drawn as N.
pub(crate) fn outline(letter: char) -> &'static str {
    match letter.to_ascii_uppercase() {
        'A' => "M0 100L37 0H63L100 100H76L69 78H31L24 100ZM37 60H63L50 19Z",
        'C' => {
            "M100 34C96 13 79 0 53 0C20 0 0 20 0 50C0 80 20 100 53 100C79 100 96 87 100 66L77 62C74 74 66 81 53 81C35 81 24 69 24 50C24 31 35 19 53 19C66 19 74 26 77 38Z"
        }
        'G' => {
            "M98 32C94 12 78 0 53 0C20 0 0 20 0 50C0 80 20 100 53 100C73 100 90 93 100 82V45H53V63H78V72C72 78 64 81 54 81C35 81 24 69 24 50C24 31 35 19 53 19C65 19 72 25 75 36Z"
        }
        'T' => "M0 0H100V19H62V100H38V19H0Z",
        'U' => "M0 0H24V60C24 74 34 81 50 81C66 81 76 74 76 60V0H100V61C100 86 81 100 50 100C19 100 0 86 0 61Z",
        _ => "M0 100V0H24L76 64V0H100V100H76L24 36V100Z",
    }
}
