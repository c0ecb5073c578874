use super::*;
use proptest::prelude::*;

fn keys() -> Keys {
    Keys::read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

fn visitor() -> Visitor<'static> {
    Visitor {
        id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        first_seen_s: 1_790_000_000,
        written_s: 1_790_000_600,
        served: "v2".into(),
        rollout: 77,
        kept: Kept {
            placed: true,
            country: "NZ".into(),
            region: "AUK".into(),
            city: "Te Awamutu: ā".into(),
            colo: "".into(),
            arm: Some(Arm::Canary),
            ticket: Some(Ticket::Provisional { number: 12, issued_s: 1_790_000_000 }),
            draw: Some(Draw { step: 2, ground: 9, odds: Odds { canary: 400, stable: 9500 }, arm: drawn::Arm::Canary }),
        },
    }
}

#[test]
fn the_cookie_format_is_pinned() {
    insta::assert_snapshot!(
        write(&visitor(), "shop", &keys()),
        @"1:AAAAAAAAAAAAAAAAAAAAAA:tlpwu8:tlpxaw:v2:25:NZ/AUK/Te%20Awamutu%3a%20%c4%81/|c|pc/tlpwu8|c2/9/b4/7bw:jyhajYBm4XkLzvvzznN9-g"
    );
    let plain = Visitor { kept: Kept::default(), rollout: 0, ..visitor() };
    insta::assert_snapshot!(write(&plain, "shop", &keys()), @"1:AAAAAAAAAAAAAAAAAAAAAA:tlpwu8:tlpxaw:v2:0::PkLbyX2uVID9x4kqflseig");
}

#[test]
fn a_cookie_of_another_site_or_key_is_a_new_visitor() {
    let value = write(&visitor(), "shop", &keys());
    assert_eq!(read_value(&value, "shop", &keys()).unwrap().visitor, visitor());
    assert_eq!(read_value(&value, "blog", &keys()), None);
    let other = Keys::read("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8").unwrap();
    assert_eq!(read_value(&value, "shop", &other), None);
}

#[test]
fn of_several_cookies_the_one_that_verifies_counts() {
    let header = format!("halftone=garbage; a=b; halftone={}", write(&visitor(), "shop", &keys()));
    assert_eq!(read(&header, "halftone", "shop", &keys()).unwrap().visitor, visitor());
}

#[test]
fn a_provisional_ticket_is_void_after_ten_minutes() {
    let ticket = Ticket::Provisional { number: 3, issued_s: 100 };
    assert_eq!(ticket.valid_number(699), Some(3));
    assert_eq!(ticket.valid_number(700), None);
}

#[test]
fn kept_facts_with_more_or_other_than_a_draw_are_no_visitor() {
    let kept = |draw: &str| parse_kept(&format!("||{draw}")).map(|kept| kept.draw.is_some());
    assert_eq!(kept(""), Some(false));
    assert_eq!(kept("|s1/0/1/2"), Some(true));
    for bad in ["|", "|x1/0/1/2", "|s1/0/1", "|s1/0/1/2/3", "|s1/0/1/2|", "|s1/0/1/zzzzz", "|\u{e9}1/0/1/2"] {
        assert_eq!(kept(bad), None, "{bad}");
    }
}

fn any_draw() -> impl Strategy<Value = Option<Draw>> {
    let draw = any::<(u16, u32, u16, u16, bool)>().prop_map(|(step, ground, canary, stable, is_canary)| Draw {
        step,
        ground,
        odds: Odds { canary, stable },
        arm: if is_canary { drawn::Arm::Canary } else { drawn::Arm::Stable },
    });
    prop_oneof![Just(None), draw.prop_map(Some)]
}

fn any_kept() -> impl Strategy<Value = Kept<'static>> {
    let ticket = prop_oneof![
        Just(None),
        (0_u64..1 << 40).prop_map(|number| Some(Ticket::Confirmed { number })),
        (0_u64..1 << 40, 0_u64..1 << 40).prop_map(|(number, issued_s)| Some(Ticket::Provisional { number, issued_s })),
    ];
    let arm = prop_oneof![Just(None), Just(Some(Arm::Canary)), Just(Some(Arm::Stable)), Just(Some(Arm::Resident))];
    (any::<bool>(), "[A-Z]{0,2}", "\\PC{0,8}", arm, ticket, any_draw()).prop_map(|(placed, country, city, arm, ticket, draw)| {
        let (country, city) = if placed { (country, city) } else { Default::default() };
        Kept { placed, country: country.into(), region: "".into(), city: city.into(), colo: "".into(), arm, ticket, draw }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(kept in any_kept(), seen in 0_u64..1 << 40, rollout in any::<u32>()) {
        let visitor = Visitor { kept, first_seen_s: seen, rollout, ..visitor() };
        let value = write(&visitor, "shop", &keys());
        prop_assert!(value.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b)), "{}", value);
        prop_assert_eq!(read_value(&value, "shop", &keys()).unwrap().visitor, visitor);
    }

    #[test]
    fn one_changed_character_is_a_new_visitor(at in 0_usize..100, with in "[ -~]") {
        let value = write(&visitor(), "shop", &keys());
        let at = at % value.len();
        let mut changed = value.clone();
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != value);
        prop_assert_eq!(read_value(&changed, "shop", &keys()), None);
    }

    #[test]
    fn no_cookie_header_breaks_the_reader(header in "\\PC{0,200}") {
        prop_assert_eq!(read(&header, "halftone", "shop", &keys()), None);
    }
}
