//! The rectangle that data are drawn in: margins, axes, ticks, labels, and the way from data to px.

use crate::canvas::{Anchor, Canvas, Type, wrap};
use crate::{Backend, PlotError, axes, theme};
use cistron_display::Theme;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{EmptyElement, PathElement};
use plotters::style::{Color, ShapeStyle};
use std::cell::RefCell;
use std::rc::Rc;

/// Units of plotters' whole-numbered coordinates per px.
pub(crate) const UNITS: u32 = 20;
const TICK: f64 = 4.0;
const ROTATION: f64 = -35.0;

type Area = DrawingArea<Backend, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// One axis as asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axis {
    pub(crate) limits: (f64, f64),
    pub(crate) label: String,
    /// Positions and labels; none means round numbers.
    pub(crate) ticks: Option<Vec<(f64, String)>>,
    /// Names instead of numbers: no tick marks, long labels are broken or turned.
    pub(crate) names: bool,
}

impl Axis {
    pub(crate) fn new(limits: (f64, f64), label: impl Into<String>) -> Self {
        Self {
            limits,
            label: label.into(),
            ..Self::default()
        }
    }
}

/// What is laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) size: (f64, f64),
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Room between the title and the data, for a legend or a mark's label.
    pub(crate) head: f64,
    /// Room right of the data.
    pub(crate) tail: f64,
    /// Same px per unit on both axes' whole length.
    pub(crate) square: bool,
}

/// The rectangle of the data in px, and what it spans in data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
}

impl Map {
    /// From data to px, horizontally.
    pub(crate) fn px(&self, x: f64) -> f64 {
        self.left + (x - self.x.0) / (self.x.1 - self.x.0) * (self.right - self.left)
    }

    /// From data to px, vertically.
    pub(crate) fn py(&self, y: f64) -> f64 {
        self.bottom - (y - self.y.0) / (self.y.1 - self.y.0) * (self.bottom - self.top)
    }

    /// From data to px.
    pub(crate) fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.px(x), self.py(y))
    }
}

/// The laid out rectangle with its axes drawn.
pub(crate) struct Frame {
    pub(crate) canvas: Rc<RefCell<Canvas>>,
    map: Map,
    area: Area,
}

impl std::ops::Deref for Frame {
    type Target = Map;

    fn deref(&self) -> &Map {
        &self.map
    }
}

/// How names stand under the axis.
enum Names {
    Flat(Vec<Vec<String>>),
    Turned(f64),
}

impl Frame {
    /// Lays out and draws the axes.
    pub(crate) fn new(layout: &Layout) -> Result<Self, PlotError> {
        let (width, height) = layout.size;
        let title = if layout.title.is_empty() { 0.0 } else { theme::TITLE + 10.0 };
        let top = 10.0 + title + layout.head;
        let label_room = |label: &str| if label.is_empty() { 0.0 } else { theme::LABEL + 6.0 };
        let wanted = |px: f64, each: f64| ((px / each) as usize).clamp(2, 8);

        let y_ticks = layout
            .y
            .ticks
            .clone()
            .unwrap_or_else(|| axes::ticks(layout.y.limits, wanted(height - top - 40.0, 40.0)));
        let widest = y_ticks
            .iter()
            .map(|t| theme::text_width(&t.1, theme::SMALL))
            .fold(0.0, f64::max);
        let mut left = (widest + TICK + 4.0 + 6.0 + label_room(&layout.y.label)).min(width * 0.6);
        let mut right = width - 12.0 - layout.tail;
        let mut x_ticks = layout
            .x
            .ticks
            .clone()
            .unwrap_or_else(|| axes::ticks(layout.x.limits, wanted(right - left, 55.0)));
        if !layout.x.names
            && let Some((at, text)) = x_ticks.last()
        {
            let share = (layout.x.limits.1 - at) / (layout.x.limits.1 - layout.x.limits.0);
            let over = theme::text_width(text, theme::SMALL) / 2.0 - share * (right - left) - 10.0 - layout.tail;
            right -= over.max(0.0);
        }
        if layout.square && layout.x.limits == layout.y.limits {
            x_ticks.clone_from(&y_ticks);
        }
        let names = layout
            .x
            .names
            .then(|| names(&x_ticks, (right - left) / x_ticks.len().max(1) as f64));
        if matches!(names, Some(Names::Turned(_))) {
            // The first names reach to the left of their ticks.
            let slot = (right - left) / x_ticks.len().max(1) as f64;
            let reach = x_ticks.iter().enumerate().map(|(i, t)| {
                theme::text_width(&t.1, theme::SMALL) * ROTATION.to_radians().cos() - slot * (i as f64 + 0.5) + 4.0
            });
            left = left.max(reach.fold(0.0, f64::max).min(width * 0.5));
        }
        let name_room = match &names {
            None => theme::SMALL + 4.0,
            Some(Names::Flat(lines)) => lines.iter().map(Vec::len).max().unwrap_or(1) as f64 * (theme::SMALL + 2.0) + 2.0,
            Some(Names::Turned(room)) => *room,
        };
        let mut bottom = height - (TICK + name_room + label_room(&layout.x.label) + 6.0);
        let mut top = top;
        if layout.square {
            let side = (right - left).min(bottom - top);
            left += ((right - left) - side) / 2.0;
            top += ((bottom - top) - side) / 2.0;
            (right, bottom) = (left + side, top + side);
        }
        if right - left < 20.0 || bottom - top < 12.0 {
            let found = format!("{width} x {height} px");
            return Err(PlotError::value(
                "figure",
                "the size",
                found,
                "room for the axes and their labels; make it larger",
            ));
        }

        let canvas = Rc::new(RefCell::new(Canvas::new(width, height)));
        let units = |px: f64| (px * f64::from(UNITS)).round() as i32;
        let ranges = (units(left)..units(right), units(bottom)..units(top));
        let (x, y) = (layout.x.limits, layout.y.limits);
        let spec = Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(x.0..x.1, y.0..y.1, ranges);
        let area = Backend::new(Rc::clone(&canvas), UNITS)
            .into_drawing_area()
            .apply_coord_spec(spec);
        let frame = Self {
            canvas,
            map: Map {
                left,
                top,
                right,
                bottom,
                x,
                y,
            },
            area,
        };
        frame.draw_axes(layout, &x_ticks, &y_ticks, names)?;
        let centre = ((left + right) / 2.0, (top + bottom) / 2.0);
        let mut canvas = frame.canvas.borrow_mut();
        let title_x = if layout.square {
            left
        } else {
            left.min(width - theme::text_width(&layout.title, theme::TITLE) - 6.0)
                .max(6.0)
        };
        canvas.text(
            (title_x, 10.0 + theme::TITLE * 0.85),
            &layout.title,
            Type::new(theme::TITLE, Anchor::Start).bold(),
        );
        canvas.text(
            (centre.0, bottom + TICK + name_room + theme::LABEL),
            &layout.x.label,
            Type::new(theme::LABEL, Anchor::Middle),
        );
        let label_x = left - widest - TICK - 4.0 - 7.0;
        let fits = (height - 8.0) / theme::text_width(&layout.y.label, theme::LABEL).max(1.0);
        let size = (theme::LABEL * fits.min(1.0)).max(8.0);
        let half = theme::text_width(&layout.y.label, size) / 2.0 + 2.0;
        let middle = centre.1.min(height - half).max(half);
        canvas.text(
            (label_x, middle),
            &layout.y.label,
            Type::new(size, Anchor::Middle).rotate(-90.0),
        );
        drop(canvas);
        Ok(frame)
    }

    fn draw_axes(
        &self,
        layout: &Layout,
        x_ticks: &[(f64, String)],
        y_ticks: &[(f64, String)],
        names: Option<Names>,
    ) -> Result<(), PlotError> {
        let hair = stroke(Theme::INK, theme::HAIR);
        let length = (TICK * f64::from(UNITS)) as i32;
        let corner = (self.x.0, self.y.0);
        self.draw(&PathElement::new(vec![corner, (self.x.1, self.y.0)], hair))?;
        if !layout.y.names {
            self.draw(&PathElement::new(vec![corner, (self.x.0, self.y.1)], hair))?;
        }
        for (at, text) in x_ticks.iter().filter(|_| !layout.x.names) {
            self.draw(&(EmptyElement::at((*at, self.y.0)) + PathElement::new(vec![(0, 0), (0, length)], hair)))?;
            let place = (self.px(*at), self.bottom + TICK + theme::SMALL + 1.0);
            self.canvas
                .borrow_mut()
                .text(place, text, Type::new(theme::SMALL, Anchor::Middle));
        }
        for (at, text) in y_ticks {
            if !layout.y.names {
                self.draw(&(EmptyElement::at((self.x.0, *at)) + PathElement::new(vec![(0, 0), (-length, 0)], hair)))?;
            }
            let place = (self.left - TICK - 4.0, self.py(*at) + theme::SMALL * 0.36);
            self.canvas
                .borrow_mut()
                .text(place, text, Type::new(theme::SMALL, Anchor::End));
        }
        let mut canvas = self.canvas.borrow_mut();
        match names {
            None => {}
            Some(Names::Flat(lines)) => {
                for ((at, _), lines) in x_ticks.iter().zip(&lines) {
                    for (i, line) in lines.iter().enumerate() {
                        let down = TICK + (theme::SMALL + 2.0) * (i + 1) as f64;
                        canvas.text(
                            (self.px(*at), self.bottom + down),
                            line,
                            Type::new(theme::SMALL, Anchor::Middle),
                        );
                    }
                }
            }
            Some(Names::Turned(_)) => {
                for (at, text) in x_ticks {
                    let place = (self.px(*at) + 3.0, self.bottom + TICK + theme::SMALL * 0.9);
                    canvas.text(place, text, Type::new(theme::SMALL, Anchor::End).rotate(ROTATION));
                }
            }
        }
        Ok(())
    }

    /// Draws a plotters element in data coordinates.
    pub(crate) fn draw<E>(&self, element: &E) -> Result<(), PlotError>
    where
        for<'a> &'a E: plotters::element::PointCollection<'a, (f64, f64)>,
        E: plotters::element::Drawable<Backend>,
    {
        self.area.draw(element).map_err(|e| PlotError::Plotters(e.to_string()))
    }

    /// Runs `inner` on the canvas with everything outside the data's rectangle cut off (a line's width beyond it).
    pub(crate) fn clipped(&self, inner: impl FnOnce(&mut Canvas)) {
        let size = (self.right - self.left + 4.0, self.bottom - self.top + 4.0);
        self.canvas
            .borrow_mut()
            .clipped((self.left - 2.0, self.top - 2.0), size, inner);
    }

    /// The canvas when all is drawn.
    pub(crate) fn finish(self) -> Canvas {
        self.canvas.borrow().clone()
    }
}

/// A line of a theme colour and a width in px, as plotters takes it.
pub(crate) fn stroke(colour: &str, width: f64) -> ShapeStyle {
    theme::rgb(colour).stroke_width((width * f64::from(UNITS)).round() as u32)
}

fn names(ticks: &[(f64, String)], slot: f64) -> Names {
    let lines: Vec<Vec<String>> = ticks.iter().map(|t| wrap(&t.1, slot - 6.0, theme::SMALL)).collect();
    let fits = |line: &String| theme::text_width(line, theme::SMALL) <= slot - 4.0;
    if lines.iter().all(|l| l.len() <= 3 && l.iter().all(fits)) {
        return Names::Flat(lines);
    }
    let widest = ticks
        .iter()
        .map(|t| theme::text_width(&t.1, theme::SMALL))
        .fold(0.0, f64::max);
    let turn = ROTATION.to_radians();
    Names::Turned(widest * turn.sin().abs() + theme::SMALL * turn.cos() + 2.0)
}
