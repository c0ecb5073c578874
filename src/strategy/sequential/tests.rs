use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Rows in memory, with the meaning that the SQL of the office has.
#[derive(Default)]
struct Memory(BTreeMap<u64, Row>);

impl Rows for Memory {
    type Error = std::convert::Infallible;
    fn count(&self) -> Result<u64, Self::Error> {
        Ok(self.0.len() as u64)
    }
    fn lapsed(&self, before_s: u64, most: u64) -> Result<Vec<u64>, Self::Error> {
        let lapsed = self.0.values().filter(|row| !row.confirmed && row.leased_s <= before_s);
        Ok(lapsed.take(most as usize).map(|row| row.number).collect())
    }
    fn row(&self, number: u64) -> Result<Option<Row>, Self::Error> {
        Ok(self.0.get(&number).copied())
    }
    fn put(&mut self, row: Row) -> Result<(), Self::Error> {
        self.0.insert(row.number, row);
        Ok(())
    }
}

#[test]
fn a_lease_hands_out_its_numbers_in_order_and_then_asks_once() {
    let mut lease = Lease::default();
    assert_eq!(lease.draw(7, 100), Drawn::Ask);
    assert_eq!(lease.draw(7, 100), Drawn::Wait);
    lease.granted(7, vec![3, 4], 100);
    assert_eq!(lease.draw(7, 101), Drawn::Number(3));
    assert_eq!(lease.draw(7, 102), Drawn::Number(4));
    assert_eq!(lease.draw(7, 103), Drawn::Ask);
}

#[test]
fn a_lease_ends_with_its_time_and_with_its_rollout() {
    let mut lease = Lease::default();
    lease.granted(7, vec![1, 2], 100);
    assert_eq!(lease.clone().draw(8, 101), Drawn::Ask);
    assert_eq!(lease.draw(7, 100 + LEASE_S), Drawn::Ask);
}

#[test]
fn an_isolate_that_got_nothing_waits() {
    let mut lease = Lease::default();
    lease.granted(7, Vec::new(), 100);
    assert_eq!(lease.draw(7, 129), Drawn::Wait);
    assert_eq!(lease.draw(7, 130), Drawn::Ask);
}

#[test]
fn a_number_whose_cookie_never_came_back_goes_out_again() {
    let mut rows = Memory::default();
    let mut office = Office(&mut rows);
    assert_eq!(office.lease(3, 2, 1000).unwrap(), [0, 1]);
    assert!(office.confirm(0, 1000, 1100).unwrap());
    assert_eq!(office.lease(3, 2, 1001).unwrap(), [2]);
    assert_eq!(office.lease(3, 2, 1000 + REISSUE_S).unwrap(), [1]);
    assert!(!office.confirm(1, 1000, 1000 + REISSUE_S).unwrap(), "the earlier holder is too late");
    assert!(office.confirm(1, 1000 + REISSUE_S, 1001 + REISSUE_S).unwrap());
}

/// What can happen, in any order, with any delay.
#[derive(Clone, Debug)]
enum Event {
    /// An isolate's visitor arrives.
    Arrive { isolate: usize },
    /// A visitor comes back with their cookie.
    Return { visitor: usize },
    /// Time passes.
    Wait { seconds: u64 },
}

fn events() -> impl proptest::strategy::Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0_usize..4).prop_map(|isolate| Event::Arrive { isolate }),
        4 => (0_usize..200).prop_map(|visitor| Event::Return { visitor }),
        1 => (1_u64..900).prop_map(|seconds| Event::Wait { seconds }),
    ];
    proptest::collection::vec(event, 1..300)
}

proptest! {
    #[test]
    fn never_more_than_n_visitors_hold_a_valid_number(events in events(), first in 1_u64..40) {
        let mut rows = Memory::default();
        let mut leases = vec![Lease::default(); 4];
        let mut visitors: Vec<Option<Ticket>> = Vec::new();
        let mut now = 10_000;
        for event in events {
            match event {
                Event::Wait { seconds } => now += seconds,
                Event::Arrive { isolate } => {
                    let mut drawn = leases[isolate].draw(1, now);
                    if drawn == Drawn::Ask {
                        let numbers = Office(&mut rows).lease(first, BLOCK, now).unwrap();
                        leases[isolate].granted(1, numbers, now);
                        drawn = leases[isolate].draw(1, now);
                    }
                    visitors.push(match drawn {
                        Drawn::Number(number) => Some(Ticket::Provisional { number, issued_s: now }),
                        Drawn::Ask | Drawn::Wait => None,
                    });
                }
                Event::Return { visitor } => {
                    if let Some(slot) = visitors.get_mut(visitor)
                        && let Some(Ticket::Provisional { number, issued_s }) = *slot
                    {
                        let valid = slot.and_then(|ticket| ticket.valid_number(now)).is_some();
                        let confirmed = valid && Office(&mut rows).confirm(number, issued_s, now).unwrap();
                        if confirmed {
                            *slot = Some(Ticket::Confirmed { number });
                        } else if !valid {
                            *slot = None;
                        }
                    }
                }
            }
            let mut held: Vec<u64> = visitors.iter().flatten().filter_map(|ticket| ticket.valid_number(now)).collect();
            held.sort_unstable();
            let count = held.len();
            held.dedup();
            prop_assert_eq!(held.len(), count, "one number in two hands");
            prop_assert!(held.iter().all(|&number| number < first));
        }
    }
}
