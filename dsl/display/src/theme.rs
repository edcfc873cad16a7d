//! One look for tables, diagrams and figures.

/// Colours, sizes and fonts of everything that is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Theme;

impl Theme {
    /// A font stack that exists everywhere.
    pub const FONT: &'static str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
    /// Size of labels in points.
    pub const FONT_SIZE: u32 = 12;
    /// Text and axes: a grey that reads on light and on dark pages.
    pub const INK: &'static str = "#333333";
    /// Secondary text, grid lines of weight.
    pub const SOFT: &'static str = "#8a8a8a";
    /// Hairlines.
    pub const LINE: &'static str = "#d0d0d0";
    /// The page that figures bring with them, so that they read on dark pages too.
    pub const PAPER: &'static str = "#ffffff";
    /// A wash for boxes.
    pub const WASH: &'static str = "#f3f5f7";
    /// What deserves a look.
    pub const AMBER: &'static str = "#b45f06";
    /// Series colours, safe for colour-blind readers (after Okabe and Ito), ordered so that they differ in grey too.
    pub const SERIES: [&'static str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#555555"];
}

/// The field's colour of a base: A green, C blue, G orange, T and U red.
pub fn base_colour(base: char) -> &'static str {
    match base.to_ascii_uppercase() {
        'A' => "#008000",
        'C' => "#0000ff",
        'G' => "#ffa600",
        'T' | 'U' => "#ff0000",
        _ => Theme::SOFT,
    }
}
