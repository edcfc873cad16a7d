//! Figures as PNG, for slides and for front ends that show no SVG. Figures are SVG; this makes pixels of them, with the fonts
//! of this machine.

use crate::verify::depth;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use resvg::{tiny_skia, usvg};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use usvg::fontdb::{Database, Family, Query};

/// A folder with fonts, for machines that have none.
const FONTS: &str = "CISTRON_FONTS";

/// Pixels for each of the figure's, if nothing is said: sharp on today's screens, 192 dots per inch.
pub const SCALE: f32 = 2.0;

/// What a scale may be.
const SCALES: std::ops::RangeInclusive<f32> = 0.25..=16.0;

/// Pixels that a picture may have.
const LARGEST: f32 = 5e7;

/// Elements inside elements that are drawn; figures have a dozen.
const DEPTH: usize = 100;

/// What an SVG may hold and is not drawn: a picture without it would be another one.
const UNDRAWN: [&str; 2] = ["<image", "<foreignObject"];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// Text would be missing.
    #[error(
        "this machine has no fonts, so a PNG would have no text\nhint: install some (Debian: fonts-dejavu-core), or name a folder \
         with fonts in {FONTS}"
    )]
    NoFonts,
    /// It would be too small to see or too large to hold.
    #[error("a PNG has {least} to {most} pixels for each of the figure's, found {0}", least = SCALES.start(), most = SCALES.end())]
    Scale(f32),
    /// Too many pixels.
    #[error("a PNG of {0} x {1} pixels is larger than {LARGEST:.0} pixels\nhint: a smaller scale")]
    Size(u32, u32),
    /// No SVG.
    #[error("no SVG that can be drawn: {0}")]
    Svg(String),
    /// The encoder failed.
    #[error("the PNG could not be written: {0}")]
    Encoding(String),
    /// A file that can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Checks a scale.
///
/// # Errors
/// When a picture can't have it.
pub fn checked_scale(scale: f32) -> Result<f32, PngError> {
    if SCALES.contains(&scale) {
        Ok(scale)
    } else {
        Err(PngError::Scale(scale))
    }
}

/// An SVG document as PNG, with `scale` pixels for each of its own.
///
/// # Errors
/// When it is no SVG, the scale is out of range, or there are no fonts.
pub fn from_svg(svg: &str, scale: f32) -> Result<Vec<u8>, PngError> {
    let scale = checked_scale(scale)?;
    if svg.contains("<text") && fonts().is_none() {
        return Err(PngError::NoFonts);
    }
    let pixels = drawn(svg, |_, _| scale)?;
    pixels.encode_png().map_err(|e| PngError::Encoding(e.to_string()))
}

/// An SVG document as pixels; `scale` is asked with its width and height. Without fonts it has no text.
///
/// # Errors
/// When it is no SVG, holds what is not drawn, or has too many pixels.
pub(crate) fn drawn(svg: &str, scale: impl FnOnce(f32, f32) -> f32) -> Result<tiny_skia::Pixmap, PngError> {
    if let Some(tag) = UNDRAWN.iter().find(|tag| svg.contains(**tag)) {
        return Err(PngError::Svg(format!("`{tag}` inside it is not drawn")));
    }
    if depth(svg) > DEPTH {
        return Err(PngError::Svg(format!("more than {DEPTH} elements inside each other")));
    }
    let mut options = usvg::Options::default();
    // A picture reads no files.
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    if let Some((fonts, sans)) = fonts() {
        options.fontdb = Arc::clone(fonts);
        options.font_family.clone_from(sans);
    }
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| PngError::Svg(e.to_string()))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = scale(width, height);
    let (width, height) = ((width * scale).ceil(), (height * scale).ceil());
    let (wide, high) = (width as u32, height as u32);
    let pixels = (width * height <= LARGEST)
        .then(|| tiny_skia::Pixmap::new(wide, high))
        .flatten();
    let mut pixels = pixels.ok_or(PngError::Size(wide, high))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

/// Makes a PNG beside an SVG file.
///
/// # Errors
/// Those of [`from_svg`], and those of reading and writing.
pub fn beside(file: &Path, scale: f32) -> Result<PathBuf, PngError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| PngError::File { path, error }
    };
    let svg = std::fs::read_to_string(file).map_err(at(file))?;
    let png = from_svg(&svg, scale)?;
    let to = file.with_extension("png");
    let temporary = to.with_extension(format!("png.{}", std::process::id()));
    std::fs::write(&temporary, png).map_err(at(&temporary))?;
    std::fs::rename(&temporary, &to).map_err(at(&to))?;
    Ok(to)
}

/// Adds the PNG twin to the forms of a display that has an SVG. What failed is answered.
pub(crate) fn add_twin(data: &mut Value, scale: f32) -> Option<PngError> {
    let svg = data["image/svg+xml"].as_str().filter(|_| data.get("image/png").is_none())?;
    match from_svg(svg, scale) {
        Ok(png) => {
            data["image/png"] = Value::String(STANDARD.encode(&png));
            None
        }
        Err(error) => Some(error),
    }
}

/// What goes with the forms of a display: a PNG twin is as large on the page as the SVG.
pub(crate) fn metadata(data: &Value) -> Value {
    let (Some(svg), Some(_)) = (data["image/svg+xml"].as_str(), data.get("image/png")) else {
        return json!({});
    };
    let head = svg.split('>').next().unwrap_or_default();
    let side = |name: &str| {
        let value = head.split_once(name)?.1.trim_start_matches(['=', '"', '\'']);
        let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(value.len());
        value[..end].parse::<f64>().ok()
    };
    match (side(" width"), side(" height")) {
        (Some(width), Some(height)) => json!({"image/png": {"width": width.round(), "height": height.round()}}),
        _ => json!({}),
    }
}

/// The fonts of this machine, and the one for text that names none of them; read once, when somebody asks for the first time.
fn fonts() -> &'static Option<(Arc<Database>, String)> {
    static FOUND: OnceLock<Option<(Arc<Database>, String)>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let mut fonts = Database::new();
        if let Some(folder) = std::env::var_os(FONTS) {
            fonts.load_fonts_dir(folder);
        }
        fonts.load_system_fonts();
        let sans = [
            "Helvetica",
            "Arial",
            "Liberation Sans",
            "DejaVu Sans",
            "Noto Sans",
            "Open Sans",
        ];
        let mono = ["Menlo", "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono"];
        let (sans, mono) = (first(&fonts, &sans)?, first(&fonts, &mono)?);
        fonts.set_sans_serif_family(&sans);
        fonts.set_monospace_family(&mono);
        Some((Arc::new(fonts), sans))
    })
}

/// The first family that is there, else any.
fn first(fonts: &Database, families: &[&str]) -> Option<String> {
    let there = |name: &&&str| {
        let query = Query {
            families: &[Family::Name(name)],
            ..Query::default()
        };
        fonts.query(&query).is_some()
    };
    let any = || Some(fonts.faces().next()?.families.first()?.0.clone());
    families.iter().find(there).map(|name| (*name).to_string()).or_else(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str =
        "<svg xmlns='http://www.w3.org/2000/svg' width='10' height='6'><rect x='5' width='5' height='6' fill='#ff0000'/></svg>";

    fn with(inner: &str) -> String {
        SQUARE.replace("</svg>", &format!("{inner}</svg>"))
    }

    #[test]
    fn a_figure_becomes_pixels() {
        let png = from_svg(SQUARE, 3.0).expect("a PNG");
        let picture = tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
        assert_eq!((picture.width(), picture.height()), (30, 18));
        let red = picture.pixel(25, 9).expect("inside");
        assert_eq!((red.red(), red.green(), red.alpha()), (255, 0, 255));
        assert_eq!(picture.pixel(5, 9).map(|p| p.alpha()), Some(0));
    }

    #[test]
    fn letters_are_drawn_or_the_missing_fonts_are_named() {
        match from_svg(&with("<text x='0' y='5' font-size='4'>a</text>"), 3.0) {
            Ok(png) => {
                let picture = tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
                let left = (0..15).flat_map(|x| (0..18).map(move |y| (x, y)));
                let dark = left.filter(|(x, y)| picture.pixel(*x, *y).is_some_and(|p| p.alpha() > 128));
                assert!(dark.count() > 5);
            }
            Err(error) => {
                assert!(
                    fonts().is_none() && error.to_string().contains("fonts-dejavu-core"),
                    "{error}"
                );
                println!("skipped: no fonts on this machine");
            }
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        assert!(matches!(from_svg(SQUARE, 0.0), Err(PngError::Scale(_))));
        assert!(matches!(from_svg(SQUARE, f32::NAN), Err(PngError::Scale(_))));
        let large = "<svg xmlns='http://www.w3.org/2000/svg' width='90000' height='90000'/>";
        assert!(matches!(from_svg(large, 4.0), Err(PngError::Size(..))));
        let deep = with(&format!("{}{}", "<g>".repeat(1000), "</g>".repeat(1000)));
        for bad in ["no picture", &deep, &with("<image href='/dev/zero' width='1' height='1'/>")] {
            assert!(
                matches!(from_svg(bad, 1.0), Err(PngError::Svg(_))),
                "{}",
                &bad[..bad.len().min(200)]
            );
        }
    }

    #[test]
    fn displays_get_a_twin_once() {
        let mut data = json!({"image/svg+xml": SQUARE, "text/plain": "a square"});
        assert_eq!(metadata(&data), json!({}));
        assert!(add_twin(&mut data, 2.0).is_none());
        assert_eq!(metadata(&data), json!({"image/png": {"width": 10.0, "height": 6.0}}));
        let kept = data.clone();
        assert!(add_twin(&mut data, 3.0).is_none() && data == kept);
        let mut text = json!({"text/plain": "no figure"});
        assert!(add_twin(&mut text, 2.0).is_none() && text.get("image/png").is_none());
    }
}
