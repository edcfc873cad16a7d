//! The backend that plotters draws through: integer units in, our SVG out.

use crate::canvas::{Anchor, Canvas, Stroke, Type, opacity_attribute};
use crate::theme;
use cistron_display::Theme;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A plotters backend that writes a figure's SVG: our fonts, round joins, text that stays text.
///
/// Plotters counts in whole units; here a px may have several, so that curves are as smooth as SVG allows.
#[derive(Clone, Debug)]
pub struct Backend {
    canvas: Rc<RefCell<Canvas>>,
    units_per_px: f64,
}

impl Backend {
    pub(crate) fn new(canvas: Rc<RefCell<Canvas>>, units_per_px: u32) -> Self {
        Self {
            canvas,
            units_per_px: f64::from(units_per_px),
        }
    }

    fn point(&self, at: BackendCoord) -> (f64, f64) {
        (f64::from(at.0) / self.units_per_px, f64::from(at.1) / self.units_per_px)
    }

    fn width<S: BackendStyle>(&self, style: &S) -> f64 {
        f64::from(style.stroke_width()) / self.units_per_px
    }
}

fn hex(colour: BackendColor) -> String {
    let (r, g, b) = colour.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

impl DrawingBackend for Backend {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let canvas = self.canvas.borrow();
        (
            (canvas.width * self.units_per_px) as u32,
            (canvas.height * self.units_per_px) as u32,
        )
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Drawn {
        let size = 1.0 / self.units_per_px;
        self.canvas
            .borrow_mut()
            .rect(self.point(point), (size, size), &hex(colour), None);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let (a, b) = (self.point(from), self.point(to));
        let (left, top) = (a.0.min(b.0), a.1.min(b.1));
        let size = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let colour = hex(style.color());
        let mut canvas = self.canvas.borrow_mut();
        if !fill {
            canvas.rect((left, top), size, "none", Some(Stroke::new(&colour, self.width(style))));
        } else if style.color().alpha < 1.0 {
            let (right, bottom) = (left + size.0, top + size.1);
            canvas.polygon(
                &[(left, top), (right, top), (right, bottom), (left, bottom)],
                &colour,
                style.color().alpha,
            );
        } else {
            canvas.rect((left, top), size, &colour, None);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let points: Vec<_> = path.into_iter().map(|p| self.point(p)).collect();
        let width = self.width(style);
        match points.as_slice() {
            [from, to] => self
                .canvas
                .borrow_mut()
                .line(*from, *to, Stroke::new(&hex(style.color()), width)),
            _ => self
                .canvas
                .borrow_mut()
                .polyline(&points, Stroke::new(&hex(style.color()), width)),
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let colour = hex(style.color());
        let (centre, radius) = (self.point(centre), f64::from(radius) / self.units_per_px);
        let stroke = Stroke::new(&colour, self.width(style));
        let mut canvas = self.canvas.borrow_mut();
        if fill {
            canvas.circle(centre, radius, &colour, None)
        } else {
            canvas.circle(centre, radius, "none", Some(stroke))
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<_> = path.into_iter().map(|p| self.point(p)).collect();
        self.canvas
            .borrow_mut()
            .polygon(&points, &hex(style.color()), style.color().alpha);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        let size = style.size() / self.units_per_px;
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76 * size,
            VPos::Center => 0.35 * size,
            VPos::Bottom => -0.2 * size,
        };
        let (x, y) = self.point(at);
        let (at, degrees) = match style.transform() {
            FontTransform::None => ((x, y + down), 0.0),
            FontTransform::Rotate90 => ((x - down, y), 90.0),
            FontTransform::Rotate180 => ((x, y - down), 180.0),
            FontTransform::Rotate270 => ((x + down, y), 270.0),
        };
        let bold = style.style().as_str() == "bold";
        let colour = if hex(style.color()) == Theme::SOFT {
            Theme::SOFT
        } else {
            Theme::INK
        };
        let setting = Type {
            size,
            anchor,
            colour,
            bold,
            rotate: degrees,
        };
        self.canvas.borrow_mut().text(at, text, setting);
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(&self, text: &str, style: &T) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((
            theme::text_width(text, style.size()).ceil() as u32,
            style.size().ceil() as u32,
        ))
    }

    fn blit_bitmap(&mut self, at: BackendCoord, (width, height): (u32, u32), pixels: &[u8]) -> Drawn {
        let side = 1.0 / self.units_per_px;
        for (i, colour) in pixels.chunks_exact(3).take((width * height) as usize).enumerate() {
            let (x, y) = ((i as u32 % width.max(1)) as i32, (i as u32 / width.max(1)) as i32);
            let fill = format!(
                "#{:02x}{:02x}{:02x}{}",
                colour[0],
                colour[1],
                colour[2],
                opacity_attribute(1.0)
            );
            self.canvas
                .borrow_mut()
                .rect(self.point((at.0 + x, at.1 + y)), (side, side), &fill, None);
        }
        Ok(())
    }
}
