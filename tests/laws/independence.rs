//! Where somebody stands under one salt says nothing about where they stand under another, however alike the two are.

use crate::chi_square::{IDS, assert_plausible, of_table, visitor_id};
use halftone::slot::{SLOTS, Slot};

/// A hundred rows and columns of a hundred slots each: a hundred ids in every cell on average.
const SIDE: u16 = 100;

fn check(one: &str, other: &str, id: impl Fn(u64) -> String) {
    let mut cells = vec![0; usize::from(SIDE) * usize::from(SIDE)];
    let place = |salt: &str, id: &str| usize::from(Slot::of(salt, id.as_bytes()).number() / (SLOTS / SIDE));
    for number in 0..IDS {
        let id = id(number);
        cells[place(one, &id) * usize::from(SIDE) + place(other, &id)] += 1;
    }
    let df = f64::from((SIDE - 1) * (SIDE - 1));
    assert_plausible(of_table(&cells, usize::from(SIDE)), df, &format!("{one} and {other}"));
}

#[test]
fn a_new_rollout_draws_anew_though_its_salt_differs_in_one_character() {
    check("shop/rollout/v1", "shop/rollout/v2", visitor_id);
    check("shop/rollout/v1", "shop/rollout/v11", |number| format!("user-{number}"));
}

#[test]
fn a_rules_split_is_drawn_apart_from_the_rollout() {
    check("shop/rollout/spring", "shop/rule/spring", visitor_id);
}

#[test]
fn two_sites_draw_apart() {
    check("shop/rollout/v2", "shoq/rollout/v2", |number| format!("{number}"));
}
