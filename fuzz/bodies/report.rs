//! The body of `POST reports`: any bytes give reports or say why not, and every reason is a short label.

use halftone::beacon::reports::{MOST_REASON_CHARS, MOST_REPORTS, parse};

/// A request's body.
pub fn run(data: &[u8]) {
    match parse(data) {
        Ok(reports) => {
            assert!(reports.len() <= MOST_REPORTS);
            for report in reports.into_iter().flatten() {
                let is_label = report.reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _.-".contains(&byte));
                assert!(is_label && report.reason.len() <= MOST_REASON_CHARS, "{:?}", report.reason);
            }
        }
        Err(fault) => assert!(matches!(fault.status(), 400 | 413) && !fault.message().contains('\n')),
    }
}
