//! `split ..`

use super::Reader;
use super::arguments::{Call, Located};
use super::join::Joined;
use crate::alphabet::reverse_complement;
use crate::audit::Remark;
use crate::dataset::{Content, Contents};
use crate::part::{Part, Split};
use cistron_declaration::{Diagnostic, Entry, Kind, Span, did_you_mean};
use cistron_display::count;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Words that files use for the parts, when the declaration names none.
const USUAL: [(Part, &[&str]); 3] = [
    (Part::Train, &["train", "training"]),
    (Part::Valid, &["valid", "validation", "val", "dev"]),
    (Part::Test, &["test", "testing", "heldout", "held-out"]),
];

impl Reader<'_> {
    pub(crate) fn read_split(&mut self, entry: &Entry, joined: &Joined, contents: &Contents) -> Located<Split> {
        if matches!(entry.value.kind, Kind::Field { .. }) {
            let (records, title, span) = self.column_of(&entry.value)?;
            let values = self.joined_column(records, &title, joined, span)?;
            return self.split_by_values(&title, &values, [None, None, None], span);
        }
        let call = Call::of(&entry.value, self.captures, "how to split: `column`, `hash` or `chromosomes`")?;
        let split = match call.function {
            "column" => {
                call.only(&["train", "valid", "test"])?;
                let (records, title, span) = self.column_of(&entry.value)?;
                let values = self.joined_column(records, &title, joined, span)?;
                let mut chosen = [None, None, None];
                for (slot, name) in chosen.iter_mut().zip(["train", "valid", "test"]) {
                    *slot = call.named(name).map(|_| call.named_texts(name)).transpose()?;
                }
                self.split_by_values(&title, &values, chosen, span)?
            }
            "hash" => self.split_by_hash(&call, contents)?,
            "chromosomes" => self.split_by_chromosome(&call, joined)?,
            other => {
                let known = ["column", "hash", "chromosomes"];
                let message = format!("unknown split `{other}`");
                return Err(Diagnostic::error(call.span, message).help(did_you_mean(other, known)));
            }
        };
        if !split.parts.contains(&Some(Part::Train)) {
            let message = format!("the split leaves no row for training: {}", split.how);
            return Err(Diagnostic::error(call.span, message));
        }
        Ok(split)
    }

    fn split_by_values(
        &mut self,
        title: &str,
        values: &[String],
        chosen: [Option<Vec<(String, Span)>>; 3],
        span: Span,
    ) -> Located<Split> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for value in values {
            *counts.entry(value.as_str()).or_default() += 1;
        }
        let listing = || {
            counts
                .iter()
                .map(|(v, n)| format!("`{v}` ({})", count(*n)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let any_chosen = chosen.iter().any(Option::is_some);
        let mut part_of: HashMap<&str, Part> = HashMap::new();
        for (slot, (part, usual)) in chosen.iter().zip(USUAL) {
            for (wanted, at) in slot.iter().flatten() {
                let Some((value, _)) = counts.get_key_value(wanted.as_str()) else {
                    let message = format!(
                        "the {part} part would be empty: column `{title}` has no `{wanted}`, only {}",
                        listing()
                    );
                    return Err(Diagnostic::error(*at, message));
                };
                if part_of.insert(value, part).is_some_and(|other| other != part) {
                    return Err(Diagnostic::error(*at, format!("`{wanted}` cannot be in two parts")));
                }
            }
            if !any_chosen {
                part_of.extend(
                    counts
                        .keys()
                        .filter(|v| usual.contains(&v.to_lowercase().as_str()))
                        .map(|v| (*v, part)),
                );
            }
        }
        if !any_chosen && part_of.is_empty() {
            let message = format!("column `{title}` holds none of the usual words, only {}", listing());
            return Err(Diagnostic::error(span, message)
                .help("say which is which: `split column(\"..\", train = \"a\", valid = \"b\", test = \"c\")`"));
        }
        let unused: Vec<String> = counts
            .iter()
            .filter(|(v, _)| !part_of.contains_key(*v))
            .map(|(v, n)| format!("`{v}` ({})", count(*n)))
            .collect();
        if !unused.is_empty() {
            self.remarks.push(Remark::amber(format!(
                "column `{title}`: rows of no part: {}",
                unused.join(", ")
            )));
        }
        let parts = values.iter().map(|v| part_of.get(v.as_str()).copied()).collect();
        Ok(Split {
            how: format!("column `{title}`"),
            parts,
        })
    }

    fn split_by_hash(&mut self, call: &Call<'_>, contents: &Contents) -> Located<Split> {
        call.only(&["valid", "test", "seed", "by"])?;
        let mut shares = [0.0, 0.0];
        for (share, name) in shares.iter_mut().zip(["valid", "test"]) {
            if let Some((value, span)) = call.named_number(name)? {
                if !(0.0..1.0).contains(&value) {
                    return Err(Diagnostic::error(
                        span,
                        format!("`{name}` is a share from 0 to below 1, not {value}"),
                    ));
                }
                *share = value;
            }
        }
        if shares[0] + shares[1] >= 1.0 {
            return Err(Diagnostic::error(
                call.span,
                format!("shares of {} and {} leave nothing for training", shares[0], shares[1]),
            ));
        }
        let seed = call.named_number("seed")?.map_or(0, |(s, _)| s as u64);
        let by_name = call.word("by", "name")?;
        let sequences = contents.inputs.iter().find_map(|i| match &i.content {
            Content::Sequence { codes, rna } if !by_name => Some((codes, *rna)),
            _ => None,
        });
        let draw = |row: usize| match sequences {
            Some((codes, rna)) => {
                let one = codes.row(row);
                let other = reverse_complement(one);
                if rna || one <= other.as_slice() {
                    share(seed, one)
                } else {
                    share(seed, &other)
                }
            }
            None => share(seed, contents.names[row].as_bytes()),
        };
        let assign = |row| match draw(row) {
            u if u < shares[1] => Some(Part::Test),
            u if u < shares[0] + shares[1] => Some(Part::Valid),
            _ => Some(Part::Train),
        };
        let parts: Vec<Option<Part>> = (0..contents.names.len()).map(assign).collect();
        for (part, share) in [(Part::Valid, shares[0]), (Part::Test, shares[1])] {
            if share > 0.0 && !parts.contains(&Some(part)) {
                let message = format!("the {part} part is empty: a share of {share} of {} rows", parts.len());
                return Err(Diagnostic::error(call.span, message));
            }
        }
        let what = if sequences.is_some() {
            "sequence (either strand)"
        } else {
            "name"
        };
        Ok(Split {
            how: format!(
                "hash of the {what}, seed {seed}: {} validation, {} test",
                shares[0], shares[1]
            ),
            parts,
        })
    }

    fn split_by_chromosome(&mut self, call: &Call<'_>, joined: &Joined) -> Located<Split> {
        call.only(&["valid", "test", "column"])?;
        let wanted = match call.named_text("column")? {
            Some(title) => Some(title),
            None => self
                .records
                .iter()
                .flat_map(|r| r.columns.titles())
                .find(|t| matches!(t.to_lowercase().as_str(), "chrom" | "chromosome" | "chr" | "#chrom")),
        };
        let (of, how) = match wanted {
            Some(title) => {
                let records = self.records.iter().position(|r| r.columns.titles().contains(&title));
                let missing = || Diagnostic::error(call.span, format!("no records have a column `{title}`"));
                let values = self.joined_column(records.ok_or_else(missing)?, &title, joined, call.span)?;
                (values, format!("column `{title}`"))
            }
            None => {
                let prefix = |n: &String| n.split([':', '-', '_']).next().unwrap_or_default().to_string();
                if let Some(bad) = joined.names.iter().find(|n| !n.contains(':') && !n.starts_with("chr")) {
                    let message = format!(
                        "no chromosome is known: there is no column `chrom`, and `{bad}` does not begin with one (`chr1:..`)"
                    );
                    return Err(Diagnostic::error(call.span, message));
                }
                (joined.names.iter().map(prefix).collect(), "beginning of the name".to_string())
            }
        };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for c in &of {
            *counts.entry(c.as_str()).or_default() += 1;
        }
        let mut part_of: HashMap<String, Part> = HashMap::new();
        for (part, name) in [(Part::Valid, "valid"), (Part::Test, "test")] {
            for (chromosome, span) in call.named_texts(name)? {
                if !counts.contains_key(chromosome.as_str()) {
                    let list = counts.keys().copied().collect::<Vec<_>>().join(", ");
                    return Err(Diagnostic::error(
                        span,
                        format!("the {part} part: no row is on `{chromosome}`; there are {list}"),
                    ));
                }
                if part_of.insert(chromosome.clone(), part).is_some_and(|p| p != part) {
                    return Err(Diagnostic::error(span, format!("`{chromosome}` cannot be in two parts")));
                }
            }
        }
        let parts = of
            .iter()
            .map(|c| Some(part_of.get(c).copied().unwrap_or(Part::Train)))
            .collect();
        Ok(Split {
            how: format!("chromosomes ({how}); {} of {} held out", part_of.len(), counts.len()),
            parts,
        })
    }
}

/// A number in [0, 1) that depends on nothing but the seed and the bytes.
pub(super) fn share(seed: u64, bytes: &[u8]) -> f64 {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(bytes).finalize();
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    (u64::from_le_bytes(first) >> 11) as f64 / (1u64 << 53) as f64
}
