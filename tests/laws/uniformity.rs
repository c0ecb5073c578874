//! Every slot takes an equal share, whatever the ids look like.

use crate::chi_square::{IDS, assert_plausible, of_equal_cells, visitor_id};
use halftone::slot::{SLOTS, Slot};
use halftone::visitor::base64url;

fn check(what: &str, salt: &str, id: impl Fn(u64) -> String) {
    let mut counts = vec![0; usize::from(SLOTS)];
    for number in 0..IDS {
        counts[usize::from(Slot::of(salt, id(number).as_bytes()).number())] += 1;
    }
    assert_plausible(of_equal_cells(&counts), f64::from(SLOTS - 1), what);
}

#[test]
fn slots_of_visitors_ids_are_uniform() {
    check("ids as the edge makes them", "shop/rollout/spring", visitor_id);
}

#[test]
fn slots_of_sequential_ids_are_uniform() {
    check("user-1, user-2, ...", "shop/rollout/spring", |number| format!("user-{}", number + 1));
    check("1, 2, ...", "s", |number| (number + 1).to_string());
}

#[test]
fn slots_of_ids_that_count_in_their_bytes_are_uniform() {
    check("a counter in the last bytes", "shop/rollout/v1", |number| base64url::encode(&u128::from(number).to_be_bytes()));
    check("a counter in the first bytes", "shop/rollout/v2", |number| base64url::encode(&u128::from(number).to_le_bytes()));
}
