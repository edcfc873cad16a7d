//! Random numbers from one seed, through counter-based streams split by purpose and step.
//!
//! A stream is ChaCha8 keyed by the seed and the purpose; the step (and, inside a step, the part)
//! chooses the stream's number. So a stream can be opened anywhere without drawing what came before:
//! a run that is resumed at step 700 draws the same numbers as one that never stopped, and a new
//! consumer does not shift the others.

use rand_chacha::ChaCha8Rng;
pub use rand_chacha::rand_core::{Rng, SeedableRng};

/// What random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// First values of weights.
    Initialisation,
    /// The order of examples and the choice of windows.
    Sampling,
    /// Shifts, strands, crops.
    Augmentation,
    /// Dropout masks.
    Dropout,
    /// Simulated data.
    Simulation,
    /// Splits by hash or at random.
    Split,
    /// Bootstrap samples and shuffled controls.
    Statistics,
}

impl Purpose {
    fn number(self) -> u64 {
        match self {
            Self::Initialisation => 1,
            Self::Sampling => 2,
            Self::Augmentation => 3,
            Self::Dropout => 4,
            Self::Simulation => 5,
            Self::Split => 6,
            Self::Statistics => 7,
        }
    }
}

/// A stream of random numbers.
///
/// # Example
/// ```
/// use cistron_random::{Purpose, Stream};
/// let mut a = Stream::new(1, Purpose::Sampling, 700, 0);
/// let mut b = Stream::new(1, Purpose::Sampling, 700, 0);
/// assert_eq!(a.uniform(), b.uniform());
/// assert_ne!(a.uniform(), Stream::new(2, Purpose::Sampling, 700, 0).uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Stream {
    /// Opens the stream of a seed, a purpose, a step (of training, or 0) and a part (a parameter's or a node's number).
    pub fn new(seed: u64, purpose: Purpose, step: u64, part: u64) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&purpose.number().to_le_bytes());
        key[16..24].copy_from_slice(&part.to_le_bytes());
        key[24..].copy_from_slice(b"cistron1");
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(step);
        Self { generator, spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Fills a slice with random bits: the same that [`Stream::bits`] gives, low half first, but faster.
    pub fn fill(&mut self, words: &mut [u32]) {
        let mut bytes = [0u8; 1024];
        for words in words.chunks_mut(bytes.len() / 4) {
            let bytes = &mut bytes[..4 * words.len()];
            self.generator.fill_bytes(bytes);
            for (word, four) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *word = u32::from_le_bytes(*four);
            }
        }
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A whole number in `0..bound`, without bias. `bound` 0 gives 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let reject = u64::MAX - u64::MAX % bound;
        loop {
            let bits = self.bits();
            if bits < reject {
                return bits % bound;
            }
        }
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// Shuffles a slice in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_every_key() {
        let first = |seed, purpose, step, part| Stream::new(seed, purpose, step, part).bits();
        let base = first(1, Purpose::Sampling, 0, 0);
        assert_ne!(base, first(2, Purpose::Sampling, 0, 0));
        assert_ne!(base, first(1, Purpose::Dropout, 0, 0));
        assert_ne!(base, first(1, Purpose::Sampling, 1, 0));
        assert_ne!(base, first(1, Purpose::Sampling, 0, 1));
        assert_eq!(base, first(1, Purpose::Sampling, 0, 0));
    }

    #[test]
    fn filled_words_are_the_same_bits() {
        let open = || Stream::new(5, Purpose::Dropout, 3, 9);
        let mut words = vec![0; 1_001];
        open().fill(&mut words);
        let mut stream = open();
        for two in words.chunks(2) {
            let bits = stream.bits();
            assert_eq!(two[0], bits as u32);
            assert!(two.get(1).is_none_or(|high| u64::from(*high) == bits >> 32));
        }
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut stream = Stream::new(7, Purpose::Simulation, 0, 0);
        let n = 200_000;
        let (mut u, mut z, mut z2) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            u += stream.uniform();
            let x = stream.normal();
            z += x;
            z2 += x * x;
        }
        let n = f64::from(n);
        assert!((u / n - 0.5).abs() < 0.005 && (z / n).abs() < 0.01 && (z2 / n - 1.0).abs() < 0.02);
    }

    #[test]
    fn shuffling_keeps_the_items() {
        let mut items: Vec<u32> = (0..100).collect();
        Stream::new(3, Purpose::Split, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
