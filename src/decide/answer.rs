//! Answers Halftone gives itself: health, refusals, redirects. Never a word about what is inside.

use super::instruction::Answer;
use crate::plan::Plan;

const TEXT: &str = "text/plain; charset=utf-8";

fn plain(status: u16, body: &str) -> Answer {
    Answer {
        status,
        headers: vec![("content-type", TEXT.to_owned()), ("cache-control", "no-store".to_owned())],
        body: body.to_owned(),
    }
}

/// 400: a path that could leave a version's prefix.
pub fn bad_address() -> Answer {
    plain(400, "This address can not be served: its path holds `..`, `//`, a backslash or broken encoding.\n")
}

/// 404 on the admin hostname: it serves no site.
pub fn admin(plan: &Plan) -> Answer {
    plain(404, &format!("This is the admin address of Halftone, revision {}. It serves no site.\n", plan.revision))
}

/// 404 under the reserved prefix.
pub fn nothing_there(prefix: &str) -> Answer {
    plain(404, &format!("Nothing is at this address. {prefix}/health says whether Halftone is well.\n"))
}

/// `GET health`: for load balancers and people. `keys` is false when visitors can not be recognised and all get stable.
pub fn health(plan: &Plan, keys: bool, method: &str) -> Answer {
    if !matches!(method, "GET" | "HEAD") {
        let mut answer = plain(405, "Only GET and HEAD.\n");
        answer.headers.push(("allow", "GET, HEAD".to_owned()));
        return answer;
    }
    let status = if keys { "ok" } else { "stable only: the secret HALFTONE_KEYS is missing or can not be read" };
    let mut answer =
        plain(200, &format!("{{\"status\":\"{status}\",\"revision\":{},\"plan_format\":{}}}\n", plan.revision, plan.format));
    answer.headers.retain(|header| header.0 != "content-type");
    answer.headers.push(("content-type", "application/json".to_owned()));
    answer
}

/// 403: a preview link that does not open.
pub fn preview_refused(why: crate::preview::Refused) -> Answer {
    use crate::preview::Refused;
    plain(
        403,
        match why {
            Refused::Expired => "This preview link has expired. Ask for a new one: `halftone preview VERSION`.\n",
            Refused::Invalid => {
                "This preview link is not valid here: it was changed, or made for another host, version or key.\n"
            }
        },
    )
}

/// A redirect with cookies. `status` is 303 for previews, 307 where the method stays.
pub fn redirect(status: u16, location: String, cookies: Vec<String>) -> Answer {
    let mut headers = vec![("location", location), ("cache-control", "no-store".to_owned())];
    headers.extend(cookies.into_iter().map(|cookie| ("set-cookie", cookie)));
    Answer { status, headers, body: String::new() }
}
