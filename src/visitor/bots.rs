//! Listed bots, by what their user agent contains.
//!
//! The list (made by scripts/bots.mjs) is some thousand lower-case literals. A user agent is read once: at each position
//! the next three letters say whether any literal begins so; only then are literals compared. No
//! allocation per look, no expressions, nothing that grows with the length of the list but the table.

/// The list, ready to be asked: literals in chains, one chain for every hash of the three letters they begin with.
pub struct Bots {
    /// Where the chain of a hash begins in `literals`; `NONE` where no literal begins so.
    heads: Box<[u16; CHAINS]>,
    literals: Vec<Literal>,
}

/// Chains of the table: with some thousand literals six positions in seven need no look at the list.
const CHAINS: usize = 8192;

/// The end of a chain.
const NONE: u16 = u16::MAX;

struct Literal {
    text: &'static str,
    /// Only at the beginning of the user agent.
    anchored: bool,
    next: u16,
}

impl Bots {
    /// The list this was built with.
    #[must_use]
    pub fn standard() -> Self {
        let mut bots = Self { heads: Box::new([NONE; CHAINS]), literals: Vec::new() };
        for line in include_str!("bots.txt").lines() {
            bots.add(line);
        }
        bots
    }

    fn add(&mut self, line: &'static str) {
        let text = line.strip_prefix('^').unwrap_or(line);
        let at = self.literals.len() as u16;
        let head = text.as_bytes().first_chunk().and_then(|first| self.heads.get_mut(hash(*first)));
        if let Some(head) = head {
            self.literals.push(Literal { text, anchored: text.len() < line.len(), next: *head });
            *head = at;
        }
    }

    /// Whether a user agent contains a literal of the list; case does not matter.
    #[must_use]
    pub fn matches(&self, user_agent: &str) -> bool {
        let agent = user_agent.as_bytes();
        agent.windows(3).enumerate().any(|(at, three)| {
            let &[a, b, c] = three else { return false };
            let head = self.heads.get(hash([a, b, c].map(|byte| byte.to_ascii_lowercase())));
            head.is_some_and(|&head| head != NONE && self.begins(head, agent, at))
        })
    }

    /// Whether a literal of the chain stands here.
    fn begins(&self, head: u16, agent: &[u8], at: usize) -> bool {
        let mut chain =
            std::iter::successors(self.literals.get(usize::from(head)), |literal| self.literals.get(usize::from(literal.next)));
        chain.any(|literal| {
            let here = agent.get(at..at + literal.text.len());
            (at == 0 || !literal.anchored) && here.is_some_and(|here| here.eq_ignore_ascii_case(literal.text.as_bytes()))
        })
    }
}

/// Three letters to one of [`CHAINS`] numbers.
fn hash([a, b, c]: [u8; 3]) -> usize {
    let joined = u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16;
    (joined.wrapping_mul(0x9e37_79b1) >> 19) as usize
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
