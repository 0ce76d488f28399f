//! Shares that add up: the method of largest remainders (最大余数法).

/// Divides `total` in proportion to `weights`, in whole units that sum to `total` exactly.
///
/// What is left after rounding down goes to the largest remainders, earlier entries first when equal. All
/// zeros when every weight is zero or the list is empty.
pub fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(total) * u128::from(weight);
    let mut shares: Vec<u64> = weights
        .iter()
        .map(|&weight| (exact(weight) / sum) as u64)
        .collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(exact(weights[i]) % sum), i));
    let left = total - shares.iter().sum::<u64>();
    for &i in order.iter().take(left as usize) {
        shares[i] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_total() {
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(7, &[5, 0, 2]), [5, 0, 2]);
        assert_eq!(apportion(18_430, &[7, 11, 13]).iter().sum::<u64>(), 18_430);
        assert_eq!(apportion(5, &[]), [0; 0]);
    }
}
