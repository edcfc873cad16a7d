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

/// The candidate nearest to `name` by edit distance; where all are too far away to be meant, the only one that `name` (of three
/// letters or more) begins.
///
/// # Example
/// ```
/// use cistron_declaration::nearest;
/// assert_eq!(nearest("wram_up", ["warmup", "patience"]), Some("warmup"));
/// assert_eq!(nearest("corr", ["mse", "correlation"]), Some("correlation"));
/// assert_eq!(nearest("zebra", ["warmup", "patience"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.to_lowercase().chars().collect();
    let limit = (lower.len() / 3).max(1) + 1;
    let all: Vec<(Vec<char>, &str)> = candidates
        .into_iter()
        .map(|c| (c.to_lowercase().chars().collect(), c))
        .collect();
    let near = all
        .iter()
        .map(|(letters, c)| (distance(&lower, letters), letters.len(), *c))
        .min_by_key(|(d, ..)| *d)
        .filter(|(d, length, _)| *d <= limit && *d < (*length).max(2));
    if let Some((.., near)) = near {
        return Some(near);
    }
    let mut longer = all
        .iter()
        .filter(|(letters, _)| lower.len() >= 3 && letters.starts_with(&lower));
    match (longer.next(), longer.next()) {
        (Some((_, only)), None) => Some(only),
        _ => None,
    }
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
