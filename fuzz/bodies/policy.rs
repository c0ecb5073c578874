//! `Content-Security-Policy` as other servers write it: one more policy never allows more, and a nonce is one of the page's.

use halftone::beacon::policy::{Script, judge};

/// The first line is the page's origin, every other one a header.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let origin = lines.next().unwrap_or_default();
    let headers: Vec<_> = lines.collect();
    let verdict = judge(headers.iter().copied(), origin, "/_halftone");

    if let Script::Allowed { nonce: Some(nonce) } = &verdict.script {
        assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)), "{nonce}");
        assert!(headers.iter().any(|header| header.contains(&format!("-{nonce}'"))), "{nonce}");
    }
    assert!(!verdict.inline || verdict.script != Script::Blocked);
    assert_eq!(judge([headers.join(",").as_str()], origin, "/_halftone"), verdict, "commas separate policies as lines do");

    let Some((_, fewer)) = headers.split_last() else { return };
    let looser = judge(fewer.iter().copied(), origin, "/_halftone");
    assert!(verdict.script == Script::Blocked || looser.script != Script::Blocked);
    assert!(verdict.inline <= looser.inline && verdict.connect <= looser.connect && verdict.reports <= looser.reports);
}
