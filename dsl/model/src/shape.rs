//! Shapes while a declaration is being elaborated: sizes may be unknown, or be decided by a later assignment.

use cistron_declaration::{Axis, AxisKind};
use cistron_display::count;

/// The size of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// So many.
    Known(usize),
    /// Not known: inside the macro, or after a mistake that has been reported.
    Unknown,
    /// The width of a `.linear()` without a number, by its place in [`Widths`].
    Width(usize),
}

impl Size {
    /// The number, if it is known.
    pub(crate) fn known(self) -> Option<usize> {
        match self {
            Self::Known(n) => Some(n),
            _ => None,
        }
    }
}

impl From<Option<usize>> for Size {
    fn from(size: Option<usize>) -> Self {
        size.map_or(Self::Unknown, Self::Known)
    }
}

/// One axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dimension {
    pub(crate) kind: AxisKind,
    pub(crate) size: Size,
    pub(crate) bp: Option<f64>,
}

impl Dimension {
    pub(crate) fn new(kind: AxisKind, size: Size) -> Self {
        Self { kind, size, bp: None }
    }

    /// Whether it counts places: positions, tokens or latents.
    pub(crate) fn is_place(&self) -> bool {
        matches!(self.kind, AxisKind::Position | AxisKind::Token | AxisKind::Latent)
    }
}

/// The axes of a node without the batch axis; nothing where even their number is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shape(pub(crate) Option<Vec<Dimension>>);

impl Shape {
    pub(crate) fn of(axes: &[Axis]) -> Self {
        let one = |a: &Axis| Dimension {
            kind: a.kind,
            size: a.size.into(),
            bp: a.bp,
        };
        Self(Some(axes.iter().map(one).collect()))
    }

    pub(crate) fn features(size: Size) -> Self {
        Self(Some(vec![Dimension::new(AxisKind::Feature, size)]))
    }

    pub(crate) fn rank(&self) -> Option<usize> {
        self.0.as_ref().map(Vec::len)
    }

    /// The first axis: channels of a sequence, features of a vector.
    pub(crate) fn first(&self) -> Size {
        self.0.as_ref().and_then(|d| d.first()).map_or(Size::Unknown, |d| d.size)
    }

    /// The (first) axis of positions, tokens or latents.
    pub(crate) fn positions(&self) -> Option<Dimension> {
        self.0.as_ref().and_then(|d| d.iter().find(|d| d.is_place())).copied()
    }

    /// As the declaration's axes.
    pub(crate) fn axes(&self) -> Vec<Axis> {
        let one = |d: &Dimension| Axis {
            kind: d.kind,
            size: d.size.known(),
            bp: d.bp,
        };
        self.0.as_ref().map(|d| d.iter().map(one).collect()).unwrap_or_default()
    }
}

/// `64 x 50 at 4 bp`, `88`.
pub(crate) fn show_axes(axes: &[Axis]) -> String {
    if axes.is_empty() {
        return "?".into();
    }
    let size = |a: &Axis| a.size.map_or_else(|| "?".to_string(), count);
    let mut text = axes.iter().map(size).collect::<Vec<_>>().join(" x ");
    if let Some(bp) = axes.iter().find_map(|a| a.bp) {
        text.push_str(&format!(" at {} bp", show_bp(bp)));
    }
    text
}

/// `[channel 64, position 50 at 4 bp]`, for messages.
pub(crate) fn name_axes(axes: &[Axis]) -> String {
    let one = |a: &Axis| {
        let size = a.size.map_or_else(|| "?".to_string(), count);
        let unit = a.bp.map_or_else(String::new, |bp| format!(" at {} bp", show_bp(bp)));
        format!("{} {size}{unit}", a.kind)
    };
    format!("[{}]", axes.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Base pairs without needless decimals.
pub(crate) fn show_bp(bp: f64) -> String {
    if bp.fract() == 0.0 && bp.abs() < 9e15 {
        count(bp as usize)
    } else {
        format!("{bp:.2}")
    }
}

/// The widths that later assignments decide: sets of equal widths, some with a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Widths {
    parents: Vec<usize>,
    numbers: Vec<Option<Size>>,
}

impl Widths {
    /// A new undecided width.
    pub(crate) fn open(&mut self) -> Size {
        self.parents.push(self.parents.len());
        self.numbers.push(None);
        Size::Width(self.parents.len() - 1)
    }

    fn root(&self, mut width: usize) -> usize {
        while self.parents[width] != width {
            width = self.parents[width];
        }
        width
    }

    /// What a size is by now.
    pub(crate) fn resolve(&self, size: Size) -> Size {
        match size {
            Size::Width(w) => {
                let root = self.root(w);
                self.numbers[root].unwrap_or(Size::Width(root))
            }
            other => other,
        }
    }

    /// A shape with what is decided by now.
    pub(crate) fn resolve_shape(&self, shape: &Shape) -> Shape {
        Shape(shape.0.as_ref().map(|d| {
            d.iter()
                .map(|d| Dimension {
                    size: self.resolve(d.size),
                    ..*d
                })
                .collect()
        }))
    }

    /// Makes two sizes equal; false if they cannot be.
    pub(crate) fn unify(&mut self, a: Size, b: Size) -> bool {
        match (self.resolve(a), self.resolve(b)) {
            (Size::Known(a), Size::Known(b)) => a == b,
            (Size::Width(a), Size::Width(b)) => {
                self.parents[a] = b;
                true
            }
            (Size::Width(w), other) | (other, Size::Width(w)) => {
                self.numbers[w] = Some(other);
                true
            }
            _ => true,
        }
    }
}
