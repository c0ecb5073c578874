//! Listed bots, by what their user agent contains.
//!
//! The list (made by scripts/bots.mjs) is some thousand lower-case literals. A user agent is read once: at each position
//! one bit says whether any literal begins with the next four letters; only then are literals compared. No allocation per
//! look, no expressions, nothing that grows with the length of the list but the table.

/// The list, ready to be asked: literals in chains, one chain for every hash of the four letters they begin with.
pub struct Bots {
    /// One bit for every longer hash that a literal begins with. It spares most looks into the chains.
    begun: Box<[u64; WORDS]>,
    /// Where the chain of a hash begins in `literals`; `NONE` where no literal begins so.
    heads: Box<[u16; CHAINS]>,
    literals: Vec<Literal>,
}

/// Chains of the table, for some thousand literals.
const CHAINS: usize = 8192;

/// 65,536 bits: two in a hundred are set, so a browser's 120 letters lead to two or three chains in vain.
const WORDS: usize = 1024;

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
        let mut bots = Self { begun: Box::new([0; WORDS]), heads: Box::new([NONE; CHAINS]), literals: Vec::new() };
        for line in include_str!("bots.txt").lines() {
            bots.add(line);
        }
        bots
    }

    fn add(&mut self, line: &'static str) {
        let text = line.strip_prefix('^').unwrap_or(line);
        let at = self.literals.len() as u16;
        let Some(hash) = text.as_bytes().first_chunk().map(|first| Hash::of(*first)) else { return };
        if let (Some(word), Some(head)) = (self.begun.get_mut(hash.word()), self.heads.get_mut(hash.chain())) {
            *word |= hash.bit();
            self.literals.push(Literal { text, anchored: text.len() < line.len(), next: *head });
            *head = at;
        }
    }

    /// Whether a user agent contains a literal of the list; case does not matter.
    #[must_use]
    pub fn matches(&self, user_agent: &str) -> bool {
        let agent = user_agent.as_bytes();
        agent.windows(4).enumerate().any(|(at, four)| {
            let Some(hash) = four.first_chunk().map(|first| Hash::of(*first)) else { return false };
            self.begun.get(hash.word()).is_some_and(|word| word & hash.bit() != 0)
                && self.heads.get(hash.chain()).is_some_and(|&head| self.begins(head, agent, at))
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

/// Four letters, without case, as a number whose upper bits are well mixed.
#[derive(Clone, Copy)]
struct Hash(u32);

impl Hash {
    fn of(letters: [u8; 4]) -> Self {
        // The bit 0x20 is what tells `a` from `A`. Other bytes that it makes one are told apart by the comparison.
        Self((u32::from_le_bytes(letters) | 0x2020_2020).wrapping_mul(0x9e37_79b1))
    }

    /// The upper 13 bits: below [`CHAINS`].
    fn chain(self) -> usize {
        (self.0 >> 19) as usize
    }

    /// The upper 10 bits: below [`WORDS`].
    fn word(self) -> usize {
        (self.0 >> 22) as usize
    }

    /// The six bits after those of the word.
    fn bit(self) -> u64 {
        1 << (self.0 >> 16 & 63)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Browsers of people: phones of the brand Cubot, and those that patterns of the package match, among them.
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
        "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 21) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 12; CUBOT KINGKONG 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 11; Cubot_Note_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 8.1.0; CUBOT MAX 3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; KINGKONG AX) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; CUBOT GT99 Build/KOT49H) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
        "Mozilla/5.0 (Linux; Android 5.1; Panasonic ELUGA I2) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 8.1.0; Panasonic_P100) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 4.4.2; HTC Butterfly s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 6.0; FEVER) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 8.0.0; Expanse) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; Spider 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 4.0.3; TS1008) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 5.1.1; XDS94K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.7444.142 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 MetaIAB Facebook",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.40.81;]",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 Viber/11.9.5.8",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 MicroMessenger/8.0.49 NetType/WIFI Language/en",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 Line/14.9.0/IAB",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 GSA/15.30.31",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 Snapchat/12.90.0.40",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 musical_ly_2023405040 BytedanceWebview/d8a21c6",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 KAKAOTALK 10.9.5",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 [Pinterest/Android]",
        "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36 DuckDuckGo/5",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/15.8.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 385.0.0.28.75 (iPhone15,4; iOS 18_5; en_US; en; scale=3.00; 1179x2556; 748384613)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [LinkedInApp]/9.31.4385",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Twitter for iPhone/11.5",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/138.0.3351.77 Version/18.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/375.0.776 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        "Mozilla/5.0 (Linux; U; Android 10; zh-cn; M2006C3LC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Mobile Safari/537.36 SogouMSE,SogouMobileBrowser/5.31.2",
        "Mozilla/5.0 (Linux; U; Android 13; en-US; RMX3630) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.5.0.1311 Mobile Safari/537.36",
        "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
        "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Vivaldi/7.5.3735.54",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Avast/138.0.0.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Code/1.115.0 Electron/39.8.5 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Trae/1.107.1 Electron/39.2.7 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Slack/4.44.65 Electron/37.2.2 Safari/537.36 Sonic Slack_SSB/4.44.65",
        "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_5_6; en-us) AppleWebKit/528.16 (KHTML, like Gecko) Fluid/0.9.6 Safari/528.16",
        "Mozilla/5.0 (X11; Linux x86_64; rv:68.0) Gecko/20100101 Thunderbird/68.12.0 Lightning/68.12.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edge/44.18363.8131",
        "Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/138.3.1 like Chrome/138.0.7204.100 Safari/537.36",
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.211 Safari/537.36 WebAppManager",
        "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.2 Chrome/76.0.3809.146 TV Safari/537.36",
        "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474",
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

    #[test]
    fn every_line_of_the_list_is_in_the_table() {
        assert_eq!(
            Bots::standard().literals.len(),
            include_str!("bots.txt").lines().count(),
            "a literal has four letters or more"
        );
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
