//! Page tokens, the rows objects hand over, and reports to the ledger: whatever stands in them, nothing breaks.

use halftone::beacon::fold::{Age, Folded, Row};
use halftone::beacon::tallies::{Key, Metrics, Tallies};
use halftone::beacon::token::Page;
use halftone::visitor::base64url;
use halftone::visitor::keys::{Keys, Purpose};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const NOW_MS: u64 = 1_790_035_200_000;

/// The first line is a token's text, signed here as well; the rest are rows and counts.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let keys = Keys::read(KEY).unwrap();
    let (token, rest) = text.split_once('\n').unwrap_or((&text, ""));
    assert!(Page::open(token, "shop", &keys, NOW_MS).is_err(), "nobody has signed this");
    let signature = base64url::encode(&keys.sign(Purpose::Page, &[b"shop", token.as_bytes()]));
    if let Ok(page) = Page::open(&format!("{token}~{signature}"), "shop", &keys, NOW_MS) {
        let again = Page::open(&page.sign("shop", &keys), "shop", &keys, NOW_MS);
        assert_eq!(again.as_ref(), Ok(&page));
    }
    let mut folded = Folded::default();
    for row in rest.lines().filter_map(Row::parse) {
        folded.add(&row, Age::Fast);
        folded.add(&row, Age::Slow);
    }
    folded.render(&mut String::new());
    let rows: String = rest.lines().map(|line| format!("count 7 {line}\n{line}\n")).collect();
    let mut metrics = Metrics::default();
    Tallies::read(&rows).prometheus("shop", &mut metrics);
    assert!(metrics.render().lines().all(|line| line.starts_with('#') || line.starts_with("halftone_")));
    assert!(Tallies::read(&rows).json("shop", NOW_MS).ends_with("}\n"));
    let _ = Key::parse(rest);
}
