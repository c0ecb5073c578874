use super::*;
use proptest::prelude::*;

fn version(n: u8) -> VersionIndex {
    VersionIndex(n)
}

fn shares(weights: &[u16]) -> Vec<(VersionIndex, Weight)> {
    weights.iter().enumerate().map(|(at, &bp)| (version(at as u8), Weight::from_bp(bp).unwrap())).collect()
}

/// Splits of 10,000 slots among up to six versions.
fn any_weights() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(0_u16..=SLOTS, 1..6).prop_map(|mut cuts| {
        cuts.push(0);
        cuts.push(SLOTS);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    })
}

#[test]
fn the_hash_agrees_with_the_public_vectors() {
    assert_eq!(Murmur3::hash(0, b""), 0);
    assert_eq!(Murmur3::hash(1, b""), 0x514e_28b7);
    assert_eq!(Murmur3::hash(0, b"test"), 0xba6b_d213);
    assert_eq!(Murmur3::hash(0, b"Hello, world!"), 0xc036_3e43);
}

#[test]
fn slots_of_known_visitors_are_pinned() {
    assert_eq!(
        Slot::of("spring", b"visitor-1").number(),
        ((u64::from(Murmur3::hash(0, b"spring\0visitor-1")) * 10_000) >> 32) as u16
    );
    insta::assert_snapshot!(
        (0..6).map(|n| Slot::of("spring", format!("visitor-{n}").as_bytes()).number().to_string()).collect::<Vec<_>>().join(" "),
        @"424 4331 4881 9759 9152 5611"
    );
}

#[test]
fn weights_print_as_files_write_them() {
    let printed: Vec<String> = [0, 1, 25, 50, 500, 1010, 10_000].map(|bp| Weight::from_bp(bp).unwrap().to_string()).to_vec();
    assert_eq!(printed, ["0%", "0.01%", "0.25%", "0.5%", "5%", "10.1%", "100%"]);
}

#[test]
fn ownership_is_stored_in_a_pinned_format_and_refuses_gaps() {
    let split = Ownership::first(&shares(&[9_500, 500])).unwrap();
    let text = serde_json::to_string(&split).unwrap();
    assert_eq!(text, "[[9500,0],[10000,1]]");
    assert_eq!(serde_json::from_str::<Ownership>(&text).unwrap(), split);
    for bad in ["[]", "[[9999,0]]", "[[500,0],[500,1],[10000,0]]", "[[10001,0]]"] {
        assert!(serde_json::from_str::<Ownership>(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn pieces_hash_like_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..40), cut in 0_usize..40) {
        let cut = cut.min(bytes.len());
        let mut pieces = Murmur3::new(7);
        pieces.update(&bytes[..cut]);
        pieces.update(&bytes[cut..]);
        prop_assert_eq!(pieces.finish(), Murmur3::hash(7, &bytes));
    }

    #[test]
    fn a_new_split_moves_exactly_the_fewest_slots(before in any_weights(), steps in proptest::collection::vec(any_weights(), 1..5)) {
        let mut owners = Ownership::first(&shares(&before)).unwrap();
        for weights in steps {
            let next = owners.rebalanced(&shares(&weights)).unwrap();
            let mut fewest = 0;
            for at in 0..7_u8 {
                let new = weights.get(usize::from(at)).copied().unwrap_or(0);
                prop_assert_eq!(next.share(version(at)).bp(), new);
                fewest += new.saturating_sub(owners.share(version(at)).bp());
            }
            prop_assert_eq!(owners.moved(&next).bp(), fewest);
            let by_slot = (0..SLOTS).filter(|&n| owners.owner(Slot(n)) != next.owner(Slot(n))).count();
            prop_assert_eq!(by_slot, usize::from(fewest));
            owners = next;
        }
    }

    #[test]
    fn raising_a_weight_never_moves_a_visitor_out_of_the_canary(mut ladder in proptest::collection::vec(0_u16..=SLOTS, 2..8)) {
        ladder.sort_unstable();
        let mut owners = Ownership::all(version(0));
        for bp in ladder {
            let next = owners.rebalanced(&shares(&[SLOTS - bp, bp])).unwrap();
            for n in 0..SLOTS {
                if owners.owner(Slot(n)) == version(1) {
                    prop_assert_eq!(next.owner(Slot(n)), version(1));
                }
            }
            owners = next;
        }
    }
}
