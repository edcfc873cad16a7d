//! DRG's names of losses.

use super::{Along, Contrast, Entropy, Loss, Profile};

impl Loss {
    /// What a name of DRG's (`--cnn loss_function=`) stands for: losses and their weights; nothing for a name that it does
    /// not have or whose loss always raises there (`GNLL`, `NLL`, `DLogMSE`, `LogMSE`).
    ///
    /// DRG minimises the sum of a loss's elements, this crate their mean: see [`Loss::drg_elements`]. A gene whose predictions
    /// are the same for all tracks has no correlation: its term is 1 as there, but its gradient is 0 instead of 1e16. Windows are those of the shape at hand; DRG's keep the padding of the first array they meet.
    ///
    /// # Example
    /// ```
    /// use cistron_ops::{Along, Loss};
    /// let parts = Loss::drg("Correlationmse").expect("one of DRG's");
    /// assert_eq!(parts, [(0.95, Loss::Correlation { along: Along::Positions }), (0.05, Loss::Mse)]);
    /// ```
    pub fn drg(name: &str) -> Option<Vec<(f64, Self)>> {
        let correlation = |along| Self::Correlation { along };
        let cosine = |along| Self::Cosine { along };
        let probabilities = |form, along| Self::Probabilities { form, along };
        let divergence = |along| Self::JensenShannon { along };
        let counts = |window, log| {
            let padding = 0;
            Self::Profile(Profile::Counts { window, padding, log })
        };
        let alone = |loss| vec![(1.0, loss)];
        Some(match name {
            "MSE" => alone(Self::Mse),
            "L1Loss" => alone(Self::Absolute),
            "CrossEntropy" => alone(Self::CrossEntropy { axis: 0 }),
            "BCELoss" => alone(Self::Bce),
            "KL" => alone(Self::KullbackLeibler),
            "PoissonNNL" => alone(Self::Poisson { log_input: true }),
            "CElossdata" => alone(probabilities(Entropy::Cross, Along::Positions)),
            "CElossclass" => alone(probabilities(Entropy::Cross, Along::Examples)),
            "SCElossdata" => alone(probabilities(Entropy::Symmetric, Along::Positions)),
            "SCElossclass" => alone(probabilities(Entropy::Symmetric, Along::Examples)),
            "HCElossdata" => alone(probabilities(Entropy::Balanced, Along::Positions)),
            "HCElossclass" => alone(probabilities(Entropy::Balanced, Along::Examples)),
            "Cosinedata" => alone(cosine(Along::Positions)),
            "Cosineclass" => alone(cosine(Along::Examples)),
            "Cosineboth" => alone(cosine(Along::Both)),
            "Correlationdata" => alone(correlation(Along::Positions)),
            "Correlationclass" => alone(correlation(Along::Examples)),
            "Correlationboth" => alone(correlation(Along::Both)),
            "Correlationsumdata" => alone(Self::CorrelationOfSums),
            "Correlationmse" => vec![(0.95, correlation(Along::Positions)), (0.05, Self::Mse)],
            "MSECorrelation" => vec![(0.95, correlation(Along::Examples)), (0.05, Self::Mse)],
            "BCEMSE" => vec![(1.0, Self::Profile(Profile::Shape)), (10.0, counts(0, true))],
            "BCEMCR" => vec![
                (1.0, Self::Profile(Profile::Shape)),
                (10.0, counts(0, true)),
                (1.0, Self::CorrelationOfSums),
            ],
            "MultinomialMSE" => vec![(1.0, Self::Profile(Profile::Multinomial)), (10.0, counts(0, false))],
            "JSD" => alone(divergence(Along::Positions)),
            "JensenShannon" => vec![(1.0, divergence(Along::Positions)), (10.0, counts(25, false))],
            "JensenShannonCount" => vec![(1.0, divergence(Along::Positions)), (10.0, counts(0, false))],
            "LogL1Loss" => alone(Self::Profile(Profile::LogAbsolute)),
            "CountDistLoss" => alone(Self::Profile(Profile::CountDistance { log: false })),
            "LogCountDistLoss" => alone(Self::Profile(Profile::CountDistance { log: true })),
            "MSEcontrastMSED" => vec![(1.0, Self::Mse), (1.0, Self::Contrast(Contrast::Squared))],
            "MSEcontrastMSEF" => vec![(1.0, Self::Mse), (1.0, Self::Contrast(Contrast::Ratio))],
            "L1contrastL1D" => vec![(1.0, Self::Absolute), (1.0, Self::Contrast(Contrast::Absolute))],
            "L1contrastMSED" => vec![(1.0, Self::Absolute), (1.0, Self::Contrast(Contrast::Squared))],
            "MSEcontrastCORD" => vec![(1.0, Self::Mse), (1.0, correlation(Along::Positions))],
            "L1contrastCORD" => vec![(1.0, Self::Absolute), (1.0, correlation(Along::Positions))],
            _ => return None,
        })
    }

    /// How many elements DRG's form of a loss has for predictions of a shape. Its objective is their sum, so it is this
    /// number times the mean; where DRG repeats a row's value over the row, every repetition counts.
    pub fn drg_elements(name: &str, dims: &[usize]) -> usize {
        let all: usize = dims.iter().product();
        let axis = match name {
            "Correlationboth" => return 1,
            "CElossdata" | "SCElossdata" | "HCElossdata" => dims.last(),
            "CElossclass" | "SCElossclass" | "HCElossclass" => dims.first(),
            "CrossEntropy" => dims.get(1),
            // Sums over the tracks instead of the positions, where there are both.
            "JSD" if dims.len() > 2 => return all / dims[dims.len() - 1].max(1) * dims[1],
            _ => None,
        };
        all / axis.copied().unwrap_or(1).max(1)
    }
}
