//! Descriptions of figures show the figure: at the end of a cell nobody has to say `.draw()?`.

use crate::figure::Figure;
use crate::{Bars, Curve, Histogram, Ladder, Letters, Logo, Logos, PlotError, Scatter, Violins};
use cistron_display::{Bundle, Show};

/// The figure, or why there is none.
fn bundle(drawn: Result<Figure, PlotError>) -> Bundle {
    match drawn {
        Ok(figure) => figure.bundle(),
        Err(error) => Bundle::failed(format!("no figure: {error}")),
    }
}

macro_rules! shown {
    ($($description:ty),* $(,)?) => {
        $(impl Show for $description {
            fn bundle(&self) -> Bundle {
                bundle(self.draw())
            }
        })*
    };
}

shown!(Bars, Curve, Histogram, Ladder, Letters, Logo, Logos, Scatter, Violins);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{histogram, scatter};

    #[test]
    fn a_description_shows_what_it_describes() {
        let good = scatter(&[1.0, 2.0, 3.0], &[1.5, 2.5, 2.0]);
        assert_eq!(Some(good.bundle()), good.draw().ok().map(|figure| figure.bundle()));
        let bad = histogram(&[], 10).bundle();
        assert!(bad.failed && bad.text().starts_with("no figure: "), "{bad:?}");
    }
}
