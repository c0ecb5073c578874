//! `halftone.json`: any bytes give a config or problems, and every valid config makes a plan that can be read.

use halftone::config::{Builds, Severity, check, sources};
use halftone::plan::Plan;
use halftone::plan::compile::compile;

/// A config file.
pub fn run(data: &[u8]) {
    let _ = sources(data);
    let checked = check(data, &Builds::unknown());
    let has_errors = checked.problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(checked.config.is_none(), has_errors, "{:?}", checked.problems);
    for problem in &checked.problems {
        assert!(!problem.to_string().contains('\n'), "{problem}");
    }
    let Some(config) = checked.config else { return };
    let plan = compile(&config, &Vec::new(), None, 1).unwrap_or_else(|error| panic!("valid, but {error}"));
    assert_eq!(Plan::read(&plan.write()).as_ref(), Ok(&plan));
    // Nothing moves when nothing changes.
    let again = compile(&config, &Vec::new(), Some(&plan), 1).unwrap_or_else(|error| panic!("not again: {error}"));
    assert_eq!(again, plan);
}
