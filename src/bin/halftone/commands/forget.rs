//! `halftone forget VISITOR`: takes a visitor's rows out of a running Worker.

use super::Failure;
use super::admin::Admin;

#[derive(clap::Args)]
pub struct Forget {
    /// The visitor's id: the 22 characters behind `1:` in their cookie.
    visitor: String,
    #[command(flatten)]
    admin: Admin,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Forget) -> Result<(), Failure> {
    let answer = command.admin.post("/api/v1/forget", &command.visitor)?;
    if command.json {
        print!("{answer}");
        return Ok(());
    }
    let rows = serde_json::from_str::<serde_json::Value>(&answer).ok().and_then(|answer| answer.get("rows")?.as_u64());
    match rows {
        Some(0) => println!("nothing was kept of this visitor"),
        Some(rows) => println!("{rows} rows of this visitor are gone; counts, in which nobody can be found, stay"),
        None => return Err(Failure::Other("the answer can not be read; try again with --json".to_owned())),
    }
    Ok(())
}
