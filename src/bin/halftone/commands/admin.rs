//! Talking to a running Worker's admin surface: where it is, who asks, and what went wrong in words.

use std::sync::OnceLock;

use super::Failure;
use super::preview::setting;

#[derive(Clone, clap::Args)]
pub struct Admin {
    /// Address of the admin surface.
    #[arg(long, global = true, env = "HALFTONE_URL", default_value = "http://localhost:8787/")]
    url: String,
    /// The site that is meant; needed where there are several.
    #[arg(long, global = true, env = "HALFTONE_SITE")]
    site: Option<String>,
}

impl Admin {
    /// The same, about one site.
    pub fn of(&self, site: &str) -> Self {
        Self { site: Some(site.to_owned()), ..self.clone() }
    }

    /// The answer to a question.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        self.get_with(path, &[])
    }

    /// The answer to a question with parameters.
    pub fn get_with(&self, path: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let request =
            ureq::get(&self.address(path)?).query_pairs(parameters.iter().copied()).config().http_status_as_error(false).build();
        self.read(request.header("authorization", &bearer()?).call())
    }

    /// The answer to a request that changes something.
    pub fn post(&self, path: &str, body: &str) -> Result<String, Failure> {
        let request = ureq::post(&self.address(path)?).config().http_status_as_error(false).build();
        self.read(request.header("authorization", &bearer()?).content_type("text/plain").send(body))
    }

    /// The answer to bytes that are to be kept.
    pub fn put(&self, path: &str, parameters: &[(&str, &str)], bytes: &[u8]) -> Result<String, Failure> {
        // Many are sent, over connections that stay open.
        static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
        let agent = AGENT.get_or_init(|| ureq::Agent::config_builder().http_status_as_error(false).build().into());
        let request = agent.put(&self.address(path)?).query_pairs(parameters.iter().copied());
        self.read(request.header("authorization", &bearer()?).content_type("application/octet-stream").send(bytes))
    }

    fn address(&self, path: &str) -> Result<String, Failure> {
        let base = halftone::route::Address::parse(&self.url)
            .ok_or_else(|| format!("--url {}: not an http(s) address; write it whole, like https://admin.example/", self.url))?;
        let scheme = if base.secure { "https" } else { "http" };
        let site = self.site.as_ref().map(|site| format!("?site={site}")).unwrap_or_default();
        Ok(format!("{scheme}://{}{path}{site}", base.authority))
    }

    fn read(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, Failure> {
        let mut answer =
            answer.map_err(|error| format!("{} does not answer: {error}. Is the Worker running there?", self.url))?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(|error| format!("{} broke off: {error}", self.url))?;
        if status.is_success() {
            return Ok(text);
        }
        let said = serde_json::from_str::<serde_json::Value>(&text).ok();
        let part = |name: &str| said.as_ref().and_then(|said| said.pointer(&format!("/error/{name}"))?.as_str());
        let Some((code, message)) = part("code").zip(part("message")) else {
            return Err(Failure::Other(format!("{} answered {status}; is that the admin hostname of the config?", self.url)));
        };
        Err(Failure::Refused { code: code.to_owned(), why: format!("{}: {message}", self.url) })
    }
}

fn bearer() -> Result<String, Failure> {
    let token = setting("HALFTONE_TOKEN").ok_or(
        "there is no token: set HALFTONE_TOKEN to one that `halftone token NAME` made and the Worker's HALFTONE_TOKENS names"
            .to_owned(),
    )?;
    Ok(format!("Bearer {token}"))
}
