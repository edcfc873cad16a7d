//! How well a score tells two groups apart.

use crate::ranks;

/// The numbers of members and of others; none without both or when the lengths differ or a score is NaN.
fn groups(scores: &[f64], members: &[bool]) -> Option<(f64, f64)> {
    let inside = members.iter().filter(|m| **m).count();
    let usable = scores.len() == members.len() && inside > 0 && inside < members.len() && !scores.iter().any(|s| s.is_nan());
    usable.then(|| (inside as f64, (members.len() - inside) as f64))
}

/// Area under the receiver operating characteristic: the chance that a member scores above another, ties counting half.
/// None without both groups.
///
/// ```
/// let auroc = cistron_statistics::auroc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
/// assert_eq!(auroc, Some(0.75));
/// ```
pub fn auroc(scores: &[f64], members: &[bool]) -> Option<f64> {
    let (inside, outside) = groups(scores, members)?;
    let sum: f64 = ranks(scores).iter().zip(members).filter(|(_, m)| **m).map(|(r, _)| r).sum();
    Some((sum - inside * (inside + 1.0) / 2.0) / (inside * outside))
}

/// Area under precision against recall as average precision (scikit-learn's `average_precision_score`): the mean precision at the
/// thresholds, each weighted by the recall it adds. None without both groups.
///
/// ```
/// let auprc = cistron_statistics::auprc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
/// assert!((auprc.unwrap() - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
/// ```
pub fn auprc(scores: &[f64], members: &[bool]) -> Option<f64> {
    let (inside, _) = groups(scores, members)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut area, mut hits, mut seen, mut before) = (0.0, 0.0, 0.0, 0.0);
    for (place, &i) in order.iter().enumerate() {
        seen += 1.0;
        hits += f64::from(u8::from(members[i]));
        let last_of_its_score = order.get(place + 1).is_none_or(|&next| scores[next] != scores[i]);
        if last_of_its_score {
            area += (hits - before) / inside * (hits / seen);
            before = hits;
        }
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_a_random_order_gives_the_share() {
        let members = [true, false, true, false];
        assert_eq!(auroc(&[1.0; 4], &members), Some(0.5));
        assert_eq!(auprc(&[1.0; 4], &members), Some(0.5));
        assert_eq!(auroc(&[4.0, 1.0, 3.0, 2.0], &members), Some(1.0));
        assert_eq!(auprc(&[4.0, 1.0, 3.0, 2.0], &members), Some(1.0));
        assert_eq!(auroc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(auprc(&[1.0, f64::NAN], &[true, false]), None);
    }
}
