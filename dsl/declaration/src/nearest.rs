//! The nearest valid name to a misspelt one.

/// Edit distance in which swapping two neighbours counts once (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, value) in rows[0].iter_mut().enumerate() {
        *value = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The candidate nearest to `name` by edit distance, unless all are too far away to be meant.
///
/// # Example
/// ```
/// assert_eq!(cistron_declaration::nearest("wram_up", ["warmup", "patience"]), Some("warmup"));
/// assert_eq!(cistron_declaration::nearest("zebra", ["warmup", "patience"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.to_lowercase().chars().collect();
    let limit = (lower.len() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|c| (distance(&lower, &c.to_lowercase().chars().collect::<Vec<_>>()), c))
        .min_by_key(|(d, _)| *d)
        .filter(|(d, c)| *d <= limit && *d < c.chars().count().max(2))
        .map(|(_, c)| c)
}

/// "did you mean `x`?" or, when nothing is near, the list of what is valid.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = candidates.into_iter().collect();
    match nearest(name, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => "there are none".to_string(),
        None => format!("one of: {}", all.join(", ")),
    }
}
