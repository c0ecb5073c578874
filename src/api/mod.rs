//! What the admin surface answers: every route, who may ask it, what it takes, gives and refuses. One table.
//!
//! From it comes the `OpenAPI` document (`halftone openapi`), which the Worker serves, reads its routes and roles from, and is tested
//! against. Handlers are in `src/edge/admin.mjs`, told apart by the operation's id.

mod document;
mod schemas;

pub use document::document;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who may look.
    Viewer,
    /// Who may change things.
    Operator,
}

/// What a request's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// A JSON object of this schema; may be left out if nothing in it is required.
    Json(&'static str),
    /// Text: a visitor's id.
    Visitor,
    /// The bytes of a file.
    Bytes,
}

/// What is answered when it went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// JSON of this schema.
    Json(&'static str),
    /// A JSON object of this schema in each line.
    Lines(&'static str),
    /// Nothing: 204.
    Nothing,
    /// The text format of Prometheus.
    Metrics,
    /// This document.
    Document,
}

/// A parameter in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether it is a whole number, 0 or more; text otherwise.
    pub whole: bool,
    /// What the text looks like; empty where anything will do.
    pub pattern: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `get`, `post` or `put`.
    pub method: &'static str,
    /// Path on the admin hostname.
    pub path: &'static str,
    /// Id of the operation, unique.
    pub id: &'static str,
    /// Who may ask.
    pub role: Role,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// The query.
    pub query: &'static [Parameter],
    /// The body.
    pub body: Body,
    /// The answer.
    pub answer: Answer,
    /// Codes of errors of its own, beside those every route has.
    pub errors: &'static [&'static str],
}

/// An error: its code, its status, what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means and what can be done.
    pub doc: &'static str,
}

const fn fault(code: &'static str, status: u16, doc: &'static str) -> Fault {
    Fault { code, status, doc }
}

/// Every error there is. Codes stay; messages may be reworded.
pub static FAULTS: &[Fault] = &[
    fault("bad_parameter", 400, "A part of the query is not what it must be, or is missing."),
    fault("bad_json", 400, "The body is not a JSON object."),
    fault("bad_body", 400, "The body lacks something, or holds something that is not known here."),
    fault("bad_visitor", 400, "The body is not a visitor's id."),
    fault("no_token", 401, "There is no valid token: none was sent, or nobody's."),
    fault("not_allowed", 403, "The token's role does not reach so far."),
    fault("not_own", 403, "A session is only good for the dashboard's own page."),
    fault("cross_site", 403, "A page of another site asked, with this browser's login."),
    fault("not_found", 404, "Nothing is at this address."),
    fault("unknown_site", 404, "There is no such site, or it was not said which of several."),
    fault("no_revision", 404, "There is no such revision."),
    fault("no_version", 404, "The site has no such version, or it is in quarantine; or the address is none."),
    fault("no_build", 404, "No such build was uploaded."),
    fault("bad_method", 405, "The address is asked with another method; the header `Allow` says which."),
    fault("stale", 409, "What is in force has changed since: look at it, then ask again."),
    fault("no_config", 409, "No config has come into force yet."),
    fault("not_now", 409, "The rollout is in a state in which this has no meaning."),
    fault("last_step", 409, "It stands on its last step: what comes next is the promotion."),
    fault("scheduled", 409, "The rollout draws nobody yet."),
    fault("quarantined", 409, "The version is in quarantine and has to be cleared first."),
    fault("not_quarantined", 409, "The version is not in quarantine."),
    fault("no_change", 409, "It is so already."),
    fault("area_back", 409, "An area has gone back: promote it for all, or roll it back for all."),
    fault("barred", 409, "Nothing may go forward now, because of a freeze or a window: say why it has to (`override`)."),
    fault("no_reason", 400, "An override is kept with its reason, and none was given."),
    fault("past", 409, "A freeze ends at a time that is still to come."),
    fault("not_deployed", 409, "A version of that revision is not deployed any more."),
    fault("unread_state", 409, "The state of the site was written by a release that this one can not read."),
    fault("nothing_before", 409, "What was stable before is not known any more: restore a revision instead."),
    fault("other_content", 409, "The version was uploaded with other files, and a version never changes."),
    fault("in_use", 409, "The build is a version of the deployed config."),
    fault("no_length", 411, "The content came without a `Content-Length`."),
    fault("too_large", 413, "The body is larger than is read."),
    fault("bad_config", 422, "The config can not come into force here, for the reason given."),
    fault("bad_manifest", 422, "The list of a build's files can not be taken."),
    fault("bad_hash", 422, "The content does not have the hash that was said, or that is none."),
    fault("too_many", 429, "Too many requests, or too many failed logins, within a minute."),
    fault("no_keys", 503, "The secret `HALFTONE_KEYS` is missing, so no session can be signed."),
    fault("no_bucket", 503, "No R2 bucket is bound as `BUILDS`."),
    fault("unavailable", 503, "It could not be done at the moment, and nothing was changed. Ask again."),
];

const SITE: Parameter = text("site", false, "", "The site that is meant; the only one need not be named.");

const fn whole(name: &'static str, required: bool, doc: &'static str) -> Parameter {
    Parameter { name, required, whole: true, pattern: "", doc }
}

const fn text(name: &'static str, required: bool, pattern: &'static str, doc: &'static str) -> Parameter {
    Parameter { name, required, whole: false, pattern, doc }
}

/// About uploaded builds.
const fn upload(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    body: Body,
    answer: &'static str,
    doc: &'static str,
    errors: &'static [&'static str],
) -> Route {
    let (query, answer): (&[Parameter], _) = (&[SITE], Answer::Json(answer));
    Route { method, path, id, role: Role::Operator, doc, query, body, answer, errors }
}

const fn look(path: &'static str, id: &'static str, query: &'static [Parameter], answer: Answer, doc: &'static str) -> Route {
    Route { method: "get", path, id, role: Role::Viewer, doc, query, body: Body::None, answer, errors: &["unknown_site"] }
}

/// What a person asks for.
const fn wish(
    path: &'static str,
    id: &'static str,
    body: &'static str,
    doc: &'static str,
    errors: &'static [&'static str],
) -> Route {
    let (role, query, body, answer) = (Role::Operator, &[SITE] as &[Parameter], Body::Json(body), Answer::Json("Decisions"));
    Route { method: "post", path, id, role, doc, query, body, answer, errors }
}

/// Every route.
pub static ROUTES: &[Route] = &[
    look(
        "/api/v1/status",
        "status",
        &[SITE],
        Answer::Json("Status"),
        "Where the site stands, what the evidence says, what it waits for.",
    ),
    look(
        "/api/v1/series",
        "series",
        &[SITE, whole("after", false, "Only points behind this time, ms.")],
        Answer::Json("Series"),
        "The course of the site over time, for charts: at most 400 points, old ones farther apart, and how it stands now.",
    ),
    look(
        "/api/v1/config",
        "config",
        &[SITE],
        Answer::Json("Config"),
        "The config in force, compiled, as a deploy is made over it.",
    ),
    look(
        "/api/v1/source",
        "source",
        &[SITE, whole("revision", false, "The text up to this revision; the newest unless given.")],
        Answer::Json("Source"),
        "The text of the config as it was deployed or published last, and of which revisions there are others.",
    ),
    look(
        "/api/v1/revisions",
        "revisions",
        &[SITE, whole("before", false, "Only revisions before this one.")],
        Answer::Json("Revisions"),
        "What came into force, newest first, 200 at most.",
    ),
    look(
        "/api/v1/decisions",
        "decisions",
        &[SITE, whole("after", false, "Only entries behind this one.")],
        Answer::Lines("LogEntry"),
        "The log, oldest first, 200 entries at most: `halftone replay` goes through it again.",
    ),
    Route {
        errors: &["unknown_site", "no_revision"],
        ..look(
            "/api/v1/diff",
            "diff",
            &[SITE, whole("from", true, "A revision."), whole("to", false, "Another one; what is in force unless given.")],
            Answer::Json("Difference"),
            "What differs between the configs of two revisions.",
        )
    },
    Route {
        role: Role::Viewer,
        answer: Answer::Json("Preview"),
        ..wish(
            "/api/v1/foresee",
            "foresee",
            "Foresee",
            "What a config would change and who would move if it were published now. Nothing is done.",
            &["unknown_site", "bad_config"],
        )
    },
    Route {
        role: Role::Viewer,
        answer: Answer::Json("Imagined"),
        ..wish(
            "/api/v1/imagine",
            "imagine",
            "Imagine",
            "What a visitor from a country, with a browser, would get at an address, and why. Nothing is drawn or kept.",
            &["unknown_site", "no_keys", "no_config"],
        )
    },
    Route {
        answer: Answer::Json("Link"),
        ..wish(
            "/api/v1/preview",
            "preview",
            "Show",
            "A signed link that shows one version at one host, for a day at most.",
            &["unknown_site", "no_version", "no_keys", "no_config"],
        )
    },
    look("/api/v1/tallies", "tallies", &[SITE], Answer::Json("Tallies"), "What pages reported, added up."),
    Route { errors: &[], ..look("/api/v1/openapi.json", "openapi", &[], Answer::Document, "This document.") },
    Route { errors: &[], ..look("/metrics", "metrics", &[], Answer::Metrics, "Counts of all sites for Prometheus.") },
    wish(
        "/api/v1/publish",
        "publish",
        "Publish",
        "Brings a config into force, as `halftone publish` compiles it.",
        &["unknown_site", "bad_config", "stale"],
    ),
    wish("/api/v1/promote", "promote", "Forward", "Makes the canary the stable version.", FORWARD),
    wish("/api/v1/advance", "advance", "Forward", "Goes one step further.", FORWARD),
    wish(
        "/api/v1/pause",
        "pause",
        "Wish",
        "Stops the rollout where it is.",
        &["unknown_site", "not_now", "scheduled", "no_config"],
    ),
    wish("/api/v1/resume", "resume", "Forward", "Lets a rollout go on.", FORWARD),
    wish(
        "/api/v1/freeze",
        "freeze",
        "Freeze",
        "Lets nothing go forward until a time; rollbacks wait for nobody.",
        &["unknown_site", "past", "no_config"],
    ),
    wish("/api/v1/unfreeze", "unfreeze", "Wish", "Ends a freeze.", &["unknown_site", "no_change", "no_config"]),
    wish(
        "/api/v1/rollback",
        "rollback",
        "Wish",
        "Gives everybody stable and puts the canary into quarantine, after a promotion too.",
        &["unknown_site", "not_now", "nothing_before", "no_config"],
    ),
    wish("/api/v1/abort", "abort", "Wish", "Ends the rollout without a verdict.", ASKED),
    wish("/api/v1/approve", "approve", "Wish", "Agrees that a step is left.", ASKED),
    wish(
        "/api/v1/retry",
        "retry",
        "Wish",
        "Starts a rollout again, with fresh draws.",
        &["unknown_site", "not_now", "quarantined", "no_config"],
    ),
    wish(
        "/api/v1/clear",
        "clear",
        "Clear",
        "Takes a version out of quarantine.",
        &["unknown_site", "not_quarantined", "no_config"],
    ),
    wish("/api/v1/off", "off", "Wish", "Gives everybody stable and writes nothing.", &["unknown_site", "no_change", "no_config"]),
    wish("/api/v1/on", "on", "Wish", "Undoes `off`.", &["unknown_site", "no_change", "no_config"]),
    wish(
        "/api/v1/restore",
        "restore",
        "Restore",
        "Goes back to what an earlier revision had.",
        &["unknown_site", "no_revision", "not_deployed", "quarantined", "no_config"],
    ),
    Route {
        body: Body::Visitor,
        answer: Answer::Json("Forgotten"),
        ..wish("/api/v1/forget", "forget", "", "Takes the rows of one visitor out.", &["unknown_site", "bad_visitor"])
    },
    Route {
        role: Role::Viewer,
        ..upload(
            "get",
            "/api/v1/builds",
            "builds",
            Body::None,
            "Builds",
            "Builds that were uploaded, newest first.",
            &["unknown_site", "no_bucket"],
        )
    },
    Route {
        role: Role::Viewer,
        query: &[SITE, text("version", true, "", "The build's version.")],
        ..upload(
            "get",
            "/api/v1/builds/manifest",
            "manifest",
            Body::None,
            "UploadedManifest",
            "The list of an uploaded build's files.",
            &["unknown_site", "no_bucket", "no_build"],
        )
    },
    upload(
        "post",
        "/api/v1/builds/missing",
        "missing",
        Body::Json("Hashes"),
        "Missing",
        "Which of these contents were not uploaded yet. 64 KiB at most.",
        &["unknown_site", "no_bucket"],
    ),
    Route {
        query: &[SITE, text("sha256", true, "^[0-9a-f]{64}$", "The content's hash.")],
        ..upload(
            "put",
            "/api/v1/builds/blob",
            "blob",
            Body::Bytes,
            "Blob",
            "Uploads the content of a file, 100,000,000 bytes at most, with its `Content-Length`.",
            &["unknown_site", "no_bucket", "bad_hash", "no_length"],
        )
    },
    upload(
        "post",
        "/api/v1/builds/register",
        "register",
        Body::Json("Manifest"),
        "Registered",
        "Ends an upload: the list of the build's files, 16 MiB at most.",
        &["unknown_site", "no_bucket", "bad_manifest", "other_content"],
    ),
    upload(
        "post",
        "/api/v1/builds/drop",
        "drop",
        Body::Json("Drop"),
        "Dropped",
        "Takes a build out, and the contents that no other build has.",
        &["unknown_site", "no_bucket", "no_build", "in_use"],
    ),
    Route {
        method: "post",
        query: &[],
        errors: &["not_own", "no_keys"],
        ..look(
            "/api/v1/login",
            "login",
            &[],
            Answer::Json("Session"),
            "Begins a session of the dashboard's own page, with a token; a cookie comes with the answer.",
        )
    },
    Route { method: "post", errors: &["not_own"], ..look("/api/v1/logout", "logout", &[], Answer::Nothing, "Ends the session.") },
    look(
        "/api/v1/glance",
        "glance",
        &[
            text("site", false, "", "The site that is shown; the first one unless it is named."),
            whole("after", false, "Only decisions behind this entry of the log."),
        ],
        Answer::Json("Glance"),
        "All that one look of the dashboard shows; with an entity tag, so that nothing comes twice.",
    ),
];

const FORWARD: &[&str] = &["unknown_site", "not_now", "last_step", "area_back", "barred", "no_reason", "no_config"];
const ASKED: &[&str] = &["unknown_site", "not_now", "no_config"];

#[cfg(test)]
mod tests;
