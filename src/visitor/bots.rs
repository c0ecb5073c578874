//! Listed bots, by what their user agent contains.
//!
//! The list (made by scripts/bots.mjs) is some thousand lower-case literals. A user agent is read once: at each position
//! the next three letters say, by one bit, whether any literal begins so; only then are literals compared. No
//! allocation per look, no expressions, nothing that grows with the length of the list but the table.

/// The list, ready to be asked.
pub struct Bots {
    /// One bit for every hash of three letters that some literal begins with.
    bits: Box<[u64; BITS / 64]>,
    /// Literals sorted by that hash.
    literals: Vec<Literal>,
}

/// Bits of the table: with some thousand literals three positions in four need no look at the list.
const BITS: usize = 8192;

struct Literal {
    hash: u16,
    /// Only at the beginning of the user agent.
    anchored: bool,
    text: &'static str,
}

impl Bots {
    /// The list this was built with.
    #[must_use]
    pub fn standard() -> Self {
        Self::of(include_str!("bots.txt").lines())
    }

    fn of(lines: impl Iterator<Item = &'static str>) -> Self {
        let mut bits = Box::new([0_u64; BITS / 64]);
        let mut literals: Vec<Literal> = lines
            .filter_map(|line| {
                let text = line.strip_prefix('^').unwrap_or(line);
                let hash = hash(*text.as_bytes().first_chunk::<3>()?);
                Some(Literal { hash, anchored: text.len() < line.len(), text })
            })
            .collect();
        literals.sort_unstable_by_key(|literal| literal.hash);
        for literal in &literals {
            if let Some(word) = bits.get_mut(usize::from(literal.hash) / 64) {
                *word |= 1 << (literal.hash % 64);
            }
        }
        Self { bits, literals }
    }

    /// Whether a user agent contains a literal of the list; case does not matter.
    #[must_use]
    pub fn matches(&self, user_agent: &str) -> bool {
        let agent = user_agent.as_bytes();
        let mut window = agent.windows(3).enumerate();
        window.any(|(at, three)| {
            let &[a, b, c] = three else { return false };
            let hash = hash([a, b, c].map(|byte| byte.to_ascii_lowercase()));
            let set = self.bits.get(usize::from(hash) / 64).is_some_and(|word| word >> (hash % 64) & 1 == 1);
            set && self.begins(hash, agent, at)
        })
    }

    fn begins(&self, hash: u16, agent: &[u8], at: usize) -> bool {
        let from = self.literals.partition_point(|literal| literal.hash < hash);
        let same = self.literals.iter().skip(from).take_while(|literal| literal.hash == hash);
        let mut fitting = same.filter(|literal| at == 0 || !literal.anchored);
        fitting.any(|literal| agent.get(at..at + literal.text.len()).is_some_and(|here| here.eq_ignore_ascii_case(literal.text.as_bytes())))
    }
}

/// Three letters to one of [`BITS`] numbers.
fn hash([a, b, c]: [u8; 3]) -> u16 {
    let joined = u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16;
    (joined.wrapping_mul(0x9e37_79b1) >> 19) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Browsers of people, phones of the brand Cubot among them.
    const PEOPLE: &[&str] = &[
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_POWER Build/PPR1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0",
        "Mozilla/5.0 (Linux; U; Android 13; zh-cn; Redmi Note 12) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100 MQQBrowser/14.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 12; V2203) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36 VivoBrowser/23.1",
        "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138 Mobile Safari/537.36 Instagram 390.0.0.43.81 Android",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/520.0;FBBV/7]",
        "Mozilla/5.0 (PlayStation 5 3.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0 Safari/605.1.15",
        "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/5.0 (Linux; Android 11; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/35.0 Chrome/126 VR Safari/537.36",
        "",
    ];

    #[test]
    fn crawlers_are_known_and_people_are_not() {
        let bots = Bots::standard();
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0 Safari/537.36",
            "Mozilla/5.0 (compatible; AhrefsSiteAudit/6.1; +http://ahrefs.com/robot/site-audit)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "curl/8.5.0",
            "Wget/1.21",
            "Mozilla/5.0 (compatible; SomethingNew-Crawler; +https://example.com)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
        ] {
            assert!(bots.matches(agent), "{agent}");
        }
        for agent in PEOPLE {
            assert!(!bots.matches(agent), "{agent}");
        }
        assert!(!bots.matches("Mozilla/5.0 libcurl/8.5"), "`^curl` counts at the beginning alone");
    }

    proptest! {
        #[test]
        fn looking_is_the_same_as_searching_for_each(agent in "\\PC{0,30}", pick in any::<prop::sample::Index>(), join in any::<bool>()) {
            let bots = Bots::standard();
            let lines: Vec<&str> = include_str!("bots.txt").lines().collect();
            let agent = if join { format!("{agent}{}{agent}", pick.get(&lines).trim_start_matches('^').to_uppercase()) } else { agent };
            let lower = agent.to_ascii_lowercase();
            let obvious = lines.iter().any(|line| match line.strip_prefix('^') {
                Some(start) => lower.starts_with(start),
                None => lower.contains(line),
            });
            prop_assert_eq!(bots.matches(&agent), obvious, "{}", agent);
        }
    }
}
