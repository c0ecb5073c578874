use super::*;
use proptest::prelude::*;

const CANARY: &str = "drawn|c|v2|2|-|400|9500";
const GOOD: u32 = row::TRIAL | row::PROVEN | row::ALIVE;

fn drawn() -> Row<'static> {
    Row { visitor: "ann", cell: CANARY, network: "net", bits: GOOD, voted: Some(0), ..Row::default() }
}

fn folded(rows: &[Row<'_>], ages: &[Age]) -> Folded {
    let mut folded = Folded::default();
    for age in ages {
        for row in rows {
            folded.add(row, *age);
        }
    }
    folded
}

fn count(folded: &Folded, counter: &str) -> u64 {
    folded.counts.get(&format!("{CANARY}|{counter}")).copied().unwrap_or(0)
}

fn votes(folded: &Folded) -> Vec<&str> {
    folded.votes.iter().map(|vote| vote.0.as_str()).collect()
}

#[test]
fn a_page_that_came_alive_is_a_good_trial() {
    let good = folded(&[drawn()], &[Age::Fast, Age::Slow]);
    for (counter, n) in [("pages", 1), ("pages_alive", 1), ("trials", 1), ("missing", 0), ("errors", 0), ("slow_trials", 1)] {
        assert_eq!(count(&good, counter), n, "{counter}");
    }
    assert!(good.votes.is_empty() && good.voted.is_empty());
}

#[test]
fn a_page_without_a_word_is_missing() {
    let silent = Row { bits: row::TRIAL | row::PROVEN, ..drawn() };
    let missing = folded(&[silent], &[Age::Fast]);
    assert_eq!((count(&missing, "trials"), count(&missing, "missing"), count(&missing, "pages_missing")), (1, 1, 1));
    assert_eq!(votes(&missing), ["missing"]);
}

#[test]
fn a_later_page_without_a_word_is_shown_but_no_trial() {
    let later = Row { bits: row::PROVEN, ..drawn() };
    let missing = folded(&[later], &[Age::Fast]);
    assert_eq!((count(&missing, "trials"), count(&missing, "missing"), count(&missing, "pages_missing")), (0, 0, 1));
    assert!(missing.votes.is_empty());
}

#[test]
fn an_error_on_any_page_of_a_draw_is_one_vote() {
    let first = Row { bits: GOOD | row::ERROR, ..drawn() };
    let later = Row { bits: row::PROVEN | row::ALIVE | row::ERROR, ..drawn() };
    let both = folded(&[first.clone(), later.clone()], &[Age::Fast]);
    assert_eq!((votes(&both), count(&both, "errors")), (vec!["errors"], 1));
    let only_later = folded(std::slice::from_ref(&later), &[Age::Fast]);
    assert_eq!((votes(&only_later), count(&only_later, "errors")), (vec!["errors"], 0));
    let voted = only_later.voted[&("ann".to_owned(), CANARY.to_owned())];
    assert!(folded(&[Row { voted: Some(voted), ..later }], &[Age::Fast]).votes.is_empty());
}

#[test]
fn what_can_not_be_tested_is_shown_and_no_evidence() {
    for (bits, shown) in [
        (row::TRIAL, "pages_missing"),
        (row::TRIAL | row::PROVEN | row::HIDDEN, "pages_hidden"),
        (row::TRIAL | row::PROVEN | row::WORKER, "pages_worker"),
        (row::TRIAL | row::PROVEN | row::UNTESTED, "pages_untested"),
    ] {
        let folded = folded(&[Row { bits: bits | row::ERROR, ..drawn() }], &[Age::Fast, Age::Slow]);
        assert_eq!(count(&folded, shown), 1, "{shown}");
        assert_eq!((count(&folded, "trials"), count(&folded, "slow_trials"), folded.votes.len()), (0, 0, 0), "{shown}");
        assert_eq!(count(&folded, "draws"), 1, "{shown}: the sample ratio counts every draw");
    }
    let apart = Row { cell: "apart|-|v2|2|rule:nz|0|0", voted: None, bits: row::PROVEN | row::ERROR, ..drawn() };
    let folded = folded(&[apart], &[Age::Fast, Age::Slow]);
    assert_eq!(folded.counts["apart|-|v2|2|rule:nz|0|0|pages_with_errors"], 1);
    assert!(folded.votes.is_empty());
}

#[test]
fn a_version_that_did_not_answer_is_a_trial_of_its_origin_alone() {
    let failed = folded(&[Row { bits: GOOD | row::FAILED | row::ERROR, ..drawn() }], &[Age::Fast, Age::Slow]);
    assert_eq!((count(&failed, "failed_trials"), count(&failed, "origin_failure"), count(&failed, "trials")), (1, 1, 0));
    assert_eq!(votes(&failed), ["origin_failure"]);
    assert_eq!(count(&failed, "slow_trials"), 0);
}

#[test]
fn loading_is_compared_among_first_visits_alone() {
    let slow = [Some(900), Some(1900), Some(2600), None, None];
    let first = folded(&[Row { bits: GOOD | row::FIRST, vitals: slow, ..drawn() }], &[Age::Fast]);
    assert_eq!(votes(&first), ["slow_ttfb", "slow_fcp", "poor_lcp"]);
    assert_eq!(count(&first, "cold_trials"), 1);
    let returning = folded(&[Row { vitals: slow, ..drawn() }], &[Age::Fast]);
    assert_eq!((returning.votes.len(), count(&returning, "cold_trials")), (0, 0));
    let late = Row { bits: GOOD | row::FIRST | row::LATE_FCP | row::LATE_LCP, ..drawn() };
    assert_eq!(votes(&folded(&[late], &[Age::Fast])), ["slow_fcp", "poor_lcp"]);
}

#[test]
fn values_at_their_target_are_good_and_beyond_it_poor() {
    let at = |vitals| folded(&[Row { bits: GOOD | row::FIRST, vitals, ..drawn() }], &[Age::Fast, Age::Slow]).votes.len();
    assert_eq!(at([Some(800), Some(1800), Some(2500), Some(200), Some(1000)]), 0);
    assert_eq!(at([Some(801), Some(1801), Some(2501), Some(201), Some(1001)]), 5);
}

#[test]
fn interaction_layout_and_goals_are_fixed_at_the_later_age() {
    let page = Row { vitals: [None, None, None, Some(300), Some(2000)], goals: "signup,buy", ..drawn() };
    assert!(folded(std::slice::from_ref(&page), &[Age::Fast]).votes.is_empty());
    let slow = folded(&[page], &[Age::Slow]);
    assert_eq!(votes(&slow), ["poor_inp", "poor_cls", "goal.signup", "goal.buy"]);
    assert_eq!((count(&slow, "goal.signup"), count(&slow, "pages_goal.buy")), (1, 1));
}

/// Two names whose hashes once were the same bit, so that one's vote hid the other's.
#[test]
fn every_goal_of_a_draw_has_its_own_vote_once() {
    let page = Row { goals: "contact,purchase", ..drawn() };
    let both = folded(std::slice::from_ref(&page), &[Age::Slow]);
    assert_eq!(votes(&both), ["goal.contact", "goal.purchase"]);
    let mut text = String::new();
    both.render(&mut text);
    assert!(text.ends_with(&format!("\ngoals ann {CANARY} contact,purchase\n")), "{text}");
    let later = Row { goals: "purchase,signup", voted_goals: "contact,purchase", ..drawn() };
    let more = folded(&[later.clone(), later], &[Age::Slow]);
    assert_eq!(votes(&more), ["goal.signup"]);
    let kept = &more.voted_goals[&("ann".to_owned(), CANARY.to_owned())];
    assert_eq!(kept.iter().map(String::as_str).collect::<Vec<_>>(), ["contact", "purchase", "signup"]);
}

#[test]
fn a_first_page_over_its_networks_share_is_counted_apart_and_is_no_trial() {
    let vitals = [Some(900), Some(1900), Some(2600), Some(300), Some(2000)];
    let over = row::TRIAL | row::OVER | row::FIRST | row::PROVEN | row::ERROR;
    let page = Row { bits: over, vitals, goals: "signup", ..drawn() };
    let apart = folded(std::slice::from_ref(&page), &[Age::Fast, Age::Slow]);
    assert_eq!((count(&apart, "over_network"), count(&apart, "draws"), count(&apart, "proven")), (1, 1, 1));
    let of_trials = ["trials", "cold_trials", "slow_trials", "failed_trials", "goal.signup"];
    for counter in GUARDS.iter().chain(&of_trials) {
        assert_eq!(count(&apart, counter), 0, "{counter}");
    }
    assert!(!apart.counts.keys().any(|key| key.contains('#')), "values are those of trials");
    let told = votes(&apart);
    assert!(told.contains(&"missing") && told.contains(&"goal.signup"), "the ledger bounds votes: {told:?}");
    let failed = folded(&[Row { bits: over | row::FAILED, ..drawn() }], &[Age::Fast]);
    assert_eq!((count(&failed, "failed_trials"), count(&failed, "origin_failure"), count(&failed, "over_network")), (0, 0, 1));
}

#[test]
fn a_row_is_read_as_it_is_handed_over() {
    let line = format!("ann\t{CANARY}\tnet\t193\t10\t\t30\t\t5\t2\t1\tsignup\t4\tsignup,order");
    let row = Row::parse(&line).unwrap();
    assert_eq!(row.vitals, [Some(10), None, Some(30), None, Some(5)]);
    assert_eq!((row.bits, row.errors, row.soft, row.goals, row.voted), (193, 2, 1, "signup", Some(4)));
    assert_eq!(row.voted_goals, "signup,order");
    for bad in ["", "a\tb", &format!("{line}\t"), &line.replace("193", "x")] {
        assert_eq!(Row::parse(bad), None, "{bad}");
    }
}

proptest! {
    /// Bits only ever lead to the outcomes they stand for, whatever else is set: no trial without a proven draw.
    #[test]
    fn only_proven_draws_vote(bits in 0_u32..4096, is_drawn in any::<bool>()) {
        let row = Row { bits, voted: is_drawn.then_some(0), vitals: [Some(9000); 5], ..drawn() };
        let folded = folded(&[row], &[Age::Fast, Age::Slow]);
        if !is_drawn || bits & row::PROVEN == 0 || bits & (row::HIDDEN | row::WORKER | row::UNTESTED) != 0 {
            prop_assert!(folded.votes.is_empty());
            prop_assert_eq!(count(&folded, "trials"), 0);
        }
        let mut guards = votes(&folded);
        guards.dedup();
        prop_assert_eq!(guards.len(), folded.votes.len());
        prop_assert!(count(&folded, "missing") <= count(&folded, "trials"));
    }

    #[test]
    fn no_line_breaks_the_reader(line in "\\PC{0,80}") {
        let _ = Row::parse(&line);
    }
}
