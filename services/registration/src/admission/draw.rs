//! Draws among equal applicants, so that anyone can repeat it.

use junheng_kernel::digest::sm3;
use uuid::Uuid;

/// SM3 over the ids in ascending order, one a line.
pub(super) fn list_digest(ids: &[Uuid]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    hex::encode(sm3(lines.as_bytes()))
}

/// The ids admitted: those `first` by law, then the others in the order of SM3(`{seed}\n{list digest}\n{id}`).
pub(super) fn admitted(
    seed: &str,
    list_digest: &str,
    first: &[Uuid],
    others: &[Uuid],
    places: usize,
) -> Vec<Uuid> {
    let key = |id: &Uuid| sm3(format!("{seed}\n{list_digest}\n{id}").as_bytes());
    let ordered = |ids: &[Uuid]| {
        let mut ids = ids.to_vec();
        ids.sort_by_cached_key(key);
        ids
    };
    let mut all = ordered(first);
    all.extend(ordered(others));
    all.truncate(places);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<u128>) -> Vec<Uuid> {
        range.map(Uuid::from_u128).collect()
    }

    #[test]
    fn the_seed_decides_and_the_order_of_entry_does_not() {
        let everybody = ids(1..40);
        let mut other_way: Vec<Uuid> = everybody.clone();
        other_way.reverse();
        let digest = list_digest(&everybody);
        assert_eq!(digest, list_digest(&other_way));
        let draw = |seed: &str, ids: &[Uuid]| admitted(seed, &digest, &[], ids, 10);
        assert_eq!(
            draw("0123456789abcdef", &everybody),
            draw("0123456789abcdef", &other_way)
        );
        assert_ne!(
            draw("0123456789abcdef", &everybody),
            draw("0123456789abcdeg", &everybody)
        );
    }

    #[test]
    fn the_law_goes_before_the_draw_and_nobody_beyond_the_places() {
        let drawn = admitted("0123456789abcdef", "d", &ids(100..103), &ids(1..40), 5);
        assert_eq!(drawn.len(), 5);
        assert!(ids(100..103).iter().all(|id| drawn.contains(id)));
    }
}
