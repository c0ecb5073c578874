//! A crowd of new visitors, each through the very decision that runs at the edge: who gets what, counted.
//!
//! A visitor is made of the seed and their number alone, so the same seed gives the same crowd whatever runs at once. Where
//! the order of arrival decides, they come one after the other, each drawing the next number a ticket office would lease.

use std::collections::BTreeMap;

use crate::decide::{Edge, Instruction, Request};
use crate::plan::{Geo, Plan, Strategy};
use crate::strategy::sequential::Drawn;
use crate::visitor::{Keys, base64url};

/// Who comes.
#[derive(Clone, Copy, Debug)]
pub struct Population<'a> {
    /// How many.
    pub visitors: u64,
    /// The same seed gives the same visitors.
    pub seed: u64,
    /// Where they come from, evenly; at least one.
    pub countries: &'a [String],
    /// The host they ask for, lower case.
    pub host: &'a str,
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Visitors by country, version and why.
    pub by: BTreeMap<(String, String, &'static str), u64>,
    /// How many numbers of the order of arrival were drawn.
    pub enrolled: u64,
}

/// So many visits are done between two words about them.
const BETWEEN: u64 = 4096;

impl Population<'_> {
    /// Lets all of them come, in up to so many threads; `done` hears how many more have come.
    pub fn come(&self, plan: &Plan, threads: u64, done: impl Fn(u64) + Sync) -> Result<Counted, String> {
        let rollout = plan.site_of(self.host).and_then(|site| site.rollout.as_ref());
        let order = rollout.and_then(|rollout| match &rollout.strategy {
            Strategy::Sequential(enrolment) => Some(Order { tag: rollout.tag(), first: enrolment.first, next: 0 }),
            _ => None,
        });
        let threads = if order.is_some() { 1 } else { threads.max(1) };
        std::thread::scope(|scope| {
            let parts: Vec<_> = (0..threads)
                .map(|part| {
                    let done = &done;
                    scope.spawn(move || self.part(plan.clone(), order, (part, threads), done))
                })
                .collect();
            let mut all = Counted::default();
            for part in parts {
                let counted = part.join().map_err(|_| "a part of the population was lost".to_owned())??;
                all.enrolled += counted.enrolled;
                for (key, count) in counted.by {
                    *all.by.entry(key).or_insert(0) += count;
                }
            }
            Ok(all)
        })
    }

    /// Every `threads`-th visitor, beginning with the `part`-th.
    fn part(
        &self,
        plan: Plan,
        mut order: Option<Order>,
        (part, threads): (u64, u64),
        done: &impl Fn(u64),
    ) -> Result<Counted, String> {
        let mut edge = Edge::new(plan, Some(Keys::read(&base64url::encode(&[7; 32]))?));
        let url = format!("https://{}/", self.host);
        let mut counted = Counted::default();
        let mut unsaid = 0;
        let mut visitor = part;
        while visitor < self.visitors {
            let at = mixed(self.seed, visitor, 0) % (self.countries.len() as u64).max(1);
            let country = self.countries.get(at as usize).map_or("", String::as_str);
            let id = [mixed(self.seed, visitor, 1).to_le_bytes(), mixed(self.seed, visitor, 2).to_le_bytes()];
            let request = Request {
                method: "GET",
                url: &url,
                dest: "document",
                accept: "text/html",
                user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                geo: Geo { country, ..Geo::default() },
                now_ms: 1_790_000_000_000,
                ..Request::default()
            };
            let now_s = request.now_ms / 1000;
            if let Some(order) = &order {
                edge.lease.granted(order.tag, order.block(), now_s);
            }
            let instruction = edge.decide(&request, || Some(joined(id)));
            if let Some(order) = &mut order {
                order.next +=
                    u64::from(order.next < order.first && !matches!(edge.lease.draw(order.tag, now_s), Drawn::Number(_)));
            }
            let (version, why) = match instruction {
                Instruction::Carry(carry) => {
                    carry.attempts.first().map_or((String::new(), ""), |first| (first.version.clone(), first.why))
                }
                Instruction::Answer(answer) => (format!("(answer {})", answer.status), ""),
                Instruction::Known(..) | Instruction::More => ("(more)".to_owned(), ""),
                Instruction::Own(own) => (format!("({})", own.what.as_str()), ""),
            };
            *counted.by.entry((country.to_owned(), version, why)).or_insert(0) += 1;
            visitor += threads;
            unsaid += 1;
            if unsaid == BETWEEN {
                done(std::mem::take(&mut unsaid));
            }
        }
        done(unsaid);
        counted.enrolled = order.map_or(0, |order| order.next);
        Ok(counted)
    }
}

/// The order of arrival: what a ticket office would lease, one number at a time, and none from `first` on.
#[derive(Clone, Copy)]
struct Order {
    tag: u32,
    first: u64,
    next: u64,
}

impl Order {
    fn block(self) -> Vec<u64> {
        if self.next < self.first { vec![self.next] } else { Vec::new() }
    }
}

fn joined(halves: [[u8; 8]; 2]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(halves.as_flattened()) {
        *to = *from;
    }
    bytes
}

/// A well-mixed number for (seed, visitor, use): `SplitMix64`'s finaliser.
fn mixed(seed: u64, visitor: u64, purpose: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ visitor.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(purpose << 56);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::config::{Builds, check};
    use crate::plan::compile::compile;

    fn plan(site: &str) -> Plan {
        let versions = r#""versions":{"v1":"https://a.example","v2":"https://b.example"},"stable":"v1","#;
        let other = format!(r#""other":{{"hosts":["other.example"],{versions}"rollout":{{"canary":"v2","steps":["100%"]}}}}"#);
        let text = format!(r#"{{"sites":{{"s":{{"default":true,{versions}{site}}},{other}}}}}"#);
        let checked = check(text.as_bytes(), &Builds::unknown());
        let config = checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems));
        compile(&config, &Vec::new(), None, 1).unwrap()
    }

    fn come(plan: &Plan, visitors: u64, threads: u64) -> (Counted, u64) {
        let countries = ["NZ".to_owned(), "FR".to_owned()];
        let done = AtomicU64::new(0);
        let population = Population { visitors, seed: 1, countries: &countries, host: "shop.example" };
        let counted = population.come(plan, threads, |more| _ = done.fetch_add(more, Ordering::Relaxed)).unwrap();
        (counted, done.into_inner())
    }

    fn of(counted: &Counted, wanted: &str) -> u64 {
        counted.by.iter().filter(|((_, version, _), _)| version == wanted).map(|(_, count)| count).sum()
    }

    #[test]
    fn the_same_seed_gives_the_same_crowd_whatever_runs_at_once_and_every_visit_is_said_once() {
        let plan = plan(r#""rollout":{"canary":"v2","steps":["25%"]}"#);
        let (one, done) = come(&plan, 20_001, 1);
        assert_eq!(done, 20_001);
        assert_eq!(one.by.values().sum::<u64>(), 20_001);
        for threads in [2, 3, 7] {
            assert_eq!(come(&plan, 20_001, threads), (one.clone(), 20_001), "{threads} threads");
        }
        let countries = ["NZ".to_owned(), "FR".to_owned()];
        let population = Population { visitors: 20_001, seed: 2, countries: &countries, host: "shop.example" };
        assert_ne!(population.come(&plan, 1, |_| ()).unwrap(), one);
    }

    #[test]
    fn of_an_order_of_arrival_exactly_the_first_are_enrolled() {
        let plan = plan(r#""rollout":{"canary":"v2","strategy":"sequential","steps":[{"first":1500}]}"#);
        for threads in [1, 3] {
            let (counted, done) = come(&plan, 10_000, threads);
            assert_eq!((of(&counted, "v2"), counted.enrolled, done), (1500, 1500, 10_000), "{threads} threads");
        }
        assert_eq!(of(&come(&plan, 900, 1).0, "v2"), 900);
    }

    #[test]
    fn visitors_whom_a_rule_catches_take_no_place_in_the_order_of_arrival() {
        let rule = r#""rules":[{"name":"nz","when":{"country":"NZ"},"serve":"v1"}],"#;
        let plan = plan(&format!(r#"{rule}"rollout":{{"canary":"v2","strategy":"sequential","steps":[{{"first":1500}}]}}"#));
        let (counted, _) = come(&plan, 10_000, 1);
        assert_eq!((of(&counted, "v2"), counted.enrolled), (1500, 1500));
        assert!(counted.by.keys().all(|(country, version, _)| country == "FR" || version == "v1"));
    }

    #[test]
    fn each_area_gets_its_own_share() {
        let steps = r#"[{"areas":{"NZ":"100%","elsewhere":"0%"}}]"#;
        let plan = plan(&format!(r#""rollout":{{"canary":"v2","strategy":"geographic","steps":{steps}}}"#));
        let (counted, _) = come(&plan, 2000, 2);
        assert!(counted.by.keys().all(|(country, version, _)| (country == "NZ") == (version == "v2")), "{counted:?}");
    }

    #[test]
    fn the_site_is_that_of_the_host() {
        let plan = plan(r#""rollout":{"canary":"v2","strategy":"sequential","steps":[{"first":5}]}"#);
        let countries = ["NZ".to_owned()];
        let population = Population { visitors: 100, seed: 1, countries: &countries, host: "other.example" };
        let counted = population.come(&plan, 2, |_| ()).unwrap();
        assert_eq!((of(&counted, "v2"), counted.enrolled), (100, 0));
    }
}
