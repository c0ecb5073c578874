use super::*;
use proptest::prelude::*;

fn keys() -> Keys {
    Keys::read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

const NOW_MS: u64 = 1_790_035_200_000;

fn page() -> Page {
    Page {
        time_ms: NOW_MS,
        visitor: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        rollout: 7,
        class: Class::Drawn,
        is_proven: true,
        is_first: false,
        is_speculative: false,
        drawn: "v2".to_owned(),
        served: "v2".to_owned(),
        arm: Some(Arm::Canary),
        step: 2,
        odds: Odds { canary: 400, stable: 9500 },
        place: "NZ".to_owned(),
    }
}

#[test]
fn the_text_of_a_token_is_pinned() {
    let token = page().sign("shop", &keys());
    assert_eq!(token, "1~mubwqo00~AAECAwQFBgcICQoLDA0ODw~7~dck~~v2~2~b4~7bw~NZ~S1ccpdqgzJ2BSDns2cpPJg");
    assert_eq!(Page::open(&token, "shop", &keys(), NOW_MS), Ok(page()));
    assert_eq!(page().id(), "mubwqo00AAECAwQF");
}

#[test]
fn a_token_is_for_one_site_one_key_and_one_day() {
    let token = page().sign("shop", &keys());
    let open = |site, keys: &Keys, now| Page::open(&token, site, keys, now);
    assert_eq!(open("blog", &keys(), NOW_MS), Err(Refused::Invalid));
    let others = Keys::read("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8").unwrap();
    assert_eq!(open("shop", &others, NOW_MS), Err(Refused::Invalid));
    assert!(open("shop", &keys(), NOW_MS + LIFE_MS).is_ok());
    assert_eq!(open("shop", &keys(), NOW_MS + LIFE_MS + 1), Err(Refused::Expired));
    assert!(open("shop", &keys(), NOW_MS - SKEW_MS).is_ok());
    assert_eq!(open("shop", &keys(), NOW_MS - SKEW_MS - 1), Err(Refused::Expired));
}

#[test]
fn a_network_is_known_again_within_a_rollout_and_not_beyond() {
    let of = |rollout, address| network(&keys(), "shop", rollout, address);
    assert_eq!(of(7, "203.0.113.7"), of(7, "203.0.113.250"));
    assert_ne!(of(7, "203.0.113.7"), of(7, "203.0.114.7"));
    assert_ne!(of(7, "203.0.113.7"), of(8, "203.0.113.7"));
    assert_eq!(of(7, "2001:db8:1:2::3"), of(7, "2001:db8:1:ffff::3"));
}

/// Keys rotate by `new,old`: what was signed with the old one speaks while that is listed, and networks have the new one's hash.
#[test]
fn a_token_outlives_the_rotation_of_its_key_and_a_networks_hash_does_not() {
    let (old, new) = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8");
    let read = |text: &str| Keys::read(text).unwrap();
    let [before, both, after] = [read(old), read(&format!("{new},{old}")), read(new)];
    let token = page().sign("shop", &before);
    assert_eq!(Page::open(&token, "shop", &both, NOW_MS), Ok(page()));
    assert_eq!(Page::open(&token, "shop", &after, NOW_MS), Err(Refused::Invalid));
    let fresh = page().sign("shop", &both);
    assert_eq!(Page::open(&fresh, "shop", &after, NOW_MS), Ok(page()), "the first key signs");
    assert_eq!(Page::open(&fresh, "shop", &before, NOW_MS), Err(Refused::Invalid));
    let hash = |keys: &Keys| network(keys, "shop", 7, "203.0.113.7");
    assert_ne!(hash(&before), hash(&both));
    assert_eq!(hash(&both), hash(&after));
}

#[test]
fn shards_share_the_visitors_evenly() {
    let mut counts = [0_u32; 4];
    for n in 0..40_000_u32 {
        counts[usize::from(shard(&format!("visitor {n}"), 4))] += 1;
    }
    assert!(counts.iter().all(|count| count.abs_diff(10_000) < 500), "{counts:?}");
    assert_eq!(shard("x", 0), 0);
}

#[test]
fn a_sample_of_nobody_and_of_everybody_are_what_they_say() {
    use crate::slot::Weight;
    let sampled = |bp| (0..10_000).filter(|n| is_sampled(&format!("visitor {n}"), Weight::from_bp(bp).unwrap())).count();
    assert_eq!((sampled(0), sampled(10_000)), (0, 10_000));
    assert!(sampled(1000).abs_diff(1000) < 150);
}

proptest! {
    #[test]
    fn what_is_signed_is_read(
        time in 0_u64..1 << 44, class in 0_usize..7, flags in any::<[bool; 3]>(), arm in 0_usize..3, odds in any::<(u16, u16)>(),
        versions in "[A-Za-z0-9][A-Za-z0-9._-]{0,20}", place in "[A-Za-z0-9:._-]{0,20}",
    ) {
        let [is_proven, is_first, is_speculative] = flags;
        let page = Page {
            time_ms: time,
            class: Class::ALL[class],
            is_proven,
            is_first,
            is_speculative,
            drawn: versions.clone(),
            served: if is_first { versions } else { "stable".to_owned() },
            arm: [None, Some(Arm::Stable), Some(Arm::Canary)][arm],
            odds: Odds { canary: odds.0, stable: odds.1 },
            place,
            ..page()
        };
        let token = page.sign("shop", &keys());
        prop_assert!(token.len() <= LONGEST);
        prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~:".contains(&b)), "{}", token);
        prop_assert_eq!(Page::open(&token, "shop", &keys(), time), Ok(page));
    }

    #[test]
    fn one_changed_character_is_no_token(at in 0_usize..100, with in "[ -~]") {
        let token = page().sign("shop", &keys());
        let at = at % token.len();
        let mut changed = token.clone();
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != token);
        prop_assert_eq!(Page::open(&changed, "shop", &keys(), NOW_MS), Err(Refused::Invalid));
    }

    #[test]
    fn no_text_breaks_the_reader(token in "\\PC{0,200}") {
        prop_assert!(Page::open(&token, "shop", &keys(), NOW_MS).is_err());
    }

    #[test]
    fn ids_sort_by_time(a in 1_000_000_000_000_u64..2_500_000_000_000, b in 1_000_000_000_000_u64..2_500_000_000_000) {
        let id = |time_ms| Page { time_ms, ..page() }.id();
        prop_assert_eq!(a.cmp(&b), id(a).cmp(&id(b)));
    }
}
