//! `halftone check`: every problem of a config at once.

use halftone::config::Severity;

use super::load::load;
use super::{ConfigFile, Failure, paint};

#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// Print the problems as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Check) -> Result<(), Failure> {
    let loaded = load(&command.file)?;
    let problems = &loaded.checked.problems;
    let name = command.file.path.display();
    let findings = &loaded.findings;
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors + findings.len();
    if command.json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "problems": problems, "deployment": findings }))
            .map_err(|error| error.to_string())?;
        println!("{text}");
    } else {
        for problem in problems {
            paint::line(&format!("{name}:{problem}"), paint::of(problem.severity));
        }
        for finding in findings {
            paint::line(&format!("{}: warning: {finding}", loaded.wrangler), paint::WARNING);
        }
        let counts = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
        let (style, said) = match (errors, warnings) {
            (0, 0) => (paint::GOOD, "no problems".to_owned()),
            (0, _) => (paint::WARNING, counts),
            _ => (paint::BAD, counts),
        };
        paint::line(&format!("{name}: {said}"), style);
    }
    if errors == 0 { Ok(()) } else { Err(Failure::Config) }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
