//! `halftone token NAME`: a token for the admin surface, and the entry by which the Worker knows it.

use halftone::visitor::base64url;
use sha2::{Digest, Sha256};

use super::Failure;

#[derive(clap::Args)]
pub struct Token {
    /// Whose it is: what the record of changes will say.
    name: String,
    /// What it may do: a viewer looks, an operator changes.
    #[arg(long, value_parser = ["viewer", "operator"], default_value = "viewer")]
    role: String,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Token) -> Result<(), Failure> {
    let name = &command.name;
    if !(1..=64).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte)) {
        return Err(Failure::Other(format!(
            "`{name}` can not be a token's name: letters, digits, `.`, `_`, `-` and `@`, at most 64"
        )));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    let token = base64url::encode(&bytes);
    let hash: String = Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = format!("{name}:{}:{hash}", command.role);
    if command.json {
        println!("{}", serde_json::json!({ "token": token, "entry": entry }));
    } else {
        println!("token  {token}");
        println!("entry  {entry}");
        eprintln!(
            "The token is shown this once: give it to {name}, who sets HALFTONE_TOKEN to it. Add the entry to the secret\n\
             HALFTONE_TOKENS (entries are separated by commas): `npx wrangler secret put HALFTONE_TOKENS`."
        );
    }
    Ok(())
}
