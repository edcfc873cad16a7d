//! Damaged versions of valid inputs.

/// Numbers that readers of sizes stumble over.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_fff0,
    u64::MAX,
];

/// Words that readers of text stumble over.
const WORDS: [&str; 14] = [
    "-1",
    "1e999",
    "nan",
    "99999999999999999999",
    "\"",
    "\\u0000",
    "[",
    "{",
    ">",
    "\t",
    "\n",
    "\r",
    "null",
    "\u{feff}",
];

/// Makes damaged inputs out of valid ones, the same for the same seed.
#[derive(Clone, Debug)]
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Mutator {
    /// Starts with valid inputs.
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        Self {
            seeds,
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// xorshift: fast and enough for this.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random() % limit.max(1) as u64) as usize
    }

    /// The next input, of at most a few times the size of the largest valid one.
    pub fn next_input(&mut self) -> Vec<u8> {
        let chosen = self.below(self.seeds.len());
        let mut bytes = self.seeds.get(chosen).cloned().unwrap_or_default();
        let most = self.seeds.iter().map(Vec::len).max().unwrap_or(0) * 3 + 64;
        for _ in 0..=self.below(4) {
            self.damage(&mut bytes);
        }
        bytes.truncate(most);
        bytes
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let longest = if self.below(4) == 0 { bytes.len() + 1 } else { 9 };
        let length = self.below(longest);
        let end = (at + length).min(bytes.len());
        match self.below(9) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let new = self.random() as u8;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = new;
                }
            }
            2 => _ = bytes.drain(at.min(end)..end),
            3 => {
                let piece = bytes[at.min(end)..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            4 => {
                // A number of two, four or eight bytes, either way round.
                let number = NUMBERS[self.below(NUMBERS.len())];
                let size = [2, 4, 8][self.below(3)];
                let mut raw = number.to_le_bytes()[..size].to_vec();
                if self.below(4) == 0 {
                    raw.reverse();
                }
                let end = (at + size).min(bytes.len());
                bytes.splice(at.min(end)..end, raw);
            }
            5 => {
                let word = WORDS[self.below(WORDS.len())].bytes();
                bytes.splice(at..at, word);
            }
            6 => bytes.truncate(at),
            7 => {
                let other = self.below(self.seeds.len());
                let other = self.seeds.get(other).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {
                // A digit becomes another, or many.
                let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
                if let Some(at) = digits.get(self.below(digits.len())).copied() {
                    let longest = if self.below(3) == 0 { 20 } else { 1 };
                    let new = (0..=self.below(longest))
                        .map(|_| b'0' + self.below(10) as u8)
                        .collect::<Vec<u8>>();
                    bytes.splice(at..=at, new);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_damages_in_the_same_way_and_nothing_grows_without_end() {
        let seeds = vec![b"ACGT 12 34".to_vec(), b"{\"a\": [1, 2]}".to_vec()];
        let (mut one, mut two) = (Mutator::new(seeds.clone(), 7), Mutator::new(seeds.clone(), 7));
        let mut different = 0;
        for _ in 0..10_000 {
            let input = one.next_input();
            assert_eq!(input, two.next_input());
            assert!(input.len() <= 13 * 3 + 64);
            different += usize::from(!seeds.contains(&input));
        }
        assert!(different > 9_000, "{different}");
    }
}
