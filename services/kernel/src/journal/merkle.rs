//! Merkle trees over SM3. Leaves and nodes are hashed with different prefixes, so that a node cannot pass for a leaf;
//! an odd node moves up unpaired.

use crate::digest::PartsDigest;

/// A digest.
pub type Digest = [u8; 32];

/// A sibling on the way from a leaf to the root, and whether it stands on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// The sibling's digest.
    pub digest: Digest,
    /// Whether it is the left one of the pair.
    pub is_left: bool,
}

/// The root over `leaves`, in order.
pub fn root(leaves: &[Digest]) -> Digest {
    let mut level: Vec<Digest> = leaves.iter().map(leaf).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(parent).collect();
    }
    level.first().copied().unwrap_or_default()
}

/// The siblings that lead from leaf `position` to the root.
pub fn path(leaves: &[Digest], mut position: usize) -> Vec<Sibling> {
    let mut level: Vec<Digest> = leaves.iter().map(leaf).collect();
    let mut siblings = Vec::new();
    while level.len() > 1 {
        let other = position ^ 1;
        if let Some(digest) = level.get(other) {
            siblings.push(Sibling {
                digest: *digest,
                is_left: other < position,
            });
        }
        level = level.chunks(2).map(parent).collect();
        position /= 2;
    }
    siblings
}

/// The root that a leaf and its siblings lead to.
#[cfg(test)]
pub fn fold(start: &Digest, siblings: &[Sibling]) -> Digest {
    siblings.iter().fold(leaf(start), |below, sibling| {
        if sibling.is_left {
            parent(&[sibling.digest, below])
        } else {
            parent(&[below, sibling.digest])
        }
    })
}

fn leaf(digest: &Digest) -> Digest {
    let mut tagged = PartsDigest::default();
    tagged.add(b"leaf").add(digest);
    tagged.finish()
}

fn parent(pair: &[Digest]) -> Digest {
    match pair {
        [left, right] => {
            let mut tagged = PartsDigest::default();
            tagged.add(b"node").add(left).add(right);
            tagged.finish()
        }
        [alone] => *alone,
        _ => Digest::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_every_size_leads_to_the_root() {
        for count in 1..20_u8 {
            let leaves: Vec<Digest> = (0..count).map(|n| [n; 32]).collect();
            for (position, start) in leaves.iter().enumerate() {
                assert_eq!(fold(start, &path(&leaves, position)), root(&leaves));
            }
        }
    }

    #[test]
    fn order_and_content_change_the_root() {
        let leaves = [[1; 32], [2; 32], [3; 32]];
        assert_ne!(root(&leaves), root(&[[2; 32], [1; 32], [3; 32]]));
        assert_ne!(root(&leaves), root(&leaves[..2]));
    }
}
