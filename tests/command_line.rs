//! The command line as a script uses it: what commands write and print, and how they fail.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use halftone::plan::Plan;
use serde_json::{Value, json};

/// A folder with a config of one site and its two builds of one and two files.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for file in ["v1/index.html", "v2/index.html", "v2/new.html"] {
        let path = folder.join("www").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    write_config(&folder, "v1");
    folder
}

fn write_config(folder: &Path, stable: &str) {
    let versions = json!({ "v1": "assets:v1", "v2": "assets:v2" });
    let config = json!({ "sites": { "shop": { "versions": versions, "stable": stable } } });
    std::fs::write(folder.join("halftone.json"), config.to_string()).unwrap();
}

/// A config of that one site with these keys more.
fn write_keys(folder: &Path, keys: &Value) {
    let mut site = json!({ "versions": { "v1": "assets:v1", "v2": "assets:v2" }, "stable": "v1" });
    for (key, value) in keys.as_object().unwrap() {
        site[key] = value.clone();
    }
    std::fs::write(folder.join("halftone.json"), json!({ "sites": { "shop": site } }).to_string()).unwrap();
}

fn random(weight: &str) -> Value {
    json!({ "rollout": { "canary": "v2", "steps": [weight] } })
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halftone"));
    command.args(arguments).current_dir(folder);
    for name in ["HALFTONE_KEYS", "HALFTONE_TOKEN", "HALFTONE_URL", "HALFTONE_SITE", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn halftone(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What a command that succeeds prints.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = halftone(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn as_json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(folder, arguments)).unwrap()
}

/// The exit code of a command that fails, and what it says to standard error.
fn failed(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = halftone(folder, arguments);
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn compile_says_what_it_made_as_json() {
    let folder = folder("compile_json");
    let output = halftone(&folder, &["compile", "--json", "--out", "made"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let made = ["made/plan.halftone", "made/plan.json", "made/fallback.json", "made/offers.json", "made/lock.json"];
    assert_eq!(said, json!({ "revision": 1, "sites": [{ "site": "shop", "files": 2 }], "made": made }));
    let texts = made.map(|path| std::fs::read_to_string(folder.join(path)).unwrap());
    let plan = Plan::read(&texts[0]).unwrap();
    assert_eq!(plan.revision, 1);
    assert_eq!(serde_json::from_str::<Value>(&texts[1]).unwrap(), serde_json::to_value(&plan).unwrap());
    assert_eq!(serde_json::from_str::<Value>(&texts[2]).unwrap()["sites"][0]["stable"], "v1");

    let next = halftone(&folder, &["compile", "--json", "--out", "next", "--previous", "made/plan.halftone"]);
    assert_eq!(serde_json::from_slice::<Value>(&next.stdout).unwrap()["revision"], 2, "the one after the live one");
}

#[test]
fn compile_without_json_says_it_in_a_sentence() {
    let output = halftone(&folder("compile_words"), &["compile", "--out", "made"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "plan: revision 1, 1 site, 2 known files → made\n");
}

#[test]
fn compile_makes_nothing_of_a_config_with_errors() {
    let folder = folder("compile_wrong");
    write_config(&folder, "v3");
    let output = halftone(&folder, &["compile", "--json", "--out", "made"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`v3` is not a version of this site"));
    assert!(!folder.join("made").exists());
}

#[test]
fn check_says_how_many_problems_there_are_and_exits_with_one_for_errors_alone() {
    let folder = folder("check_codes");
    assert_eq!(printed(&folder, &["check"]), "halftone.json: no problems\n");
    std::fs::write(folder.join("www/v1/app.js"), "1").unwrap();
    std::fs::write(folder.join("www/v2/app.js"), "2").unwrap();
    let warned = printed(&folder, &["check"]);
    assert!(warned.starts_with("halftone.json:1:"), "{warned}");
    assert!(warned.ends_with("\nhalftone.json: 0 errors, 1 warning\n"), "{warned}");
    let json = as_json(&folder, &["check", "--json"]);
    assert_eq!(json["problems"][0]["code"], "shared-name");
    assert_eq!(json["problems"][0]["paths"], json!({ "/app.js": ["v1", "v2"] }));
    assert_eq!(json["deployment"], json!([]));

    write_config(&folder, "v3");
    let output = halftone(&folder, &["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("halftone.json: 1 error, 1 warning\n"));
    let output = halftone(&folder, &["check", "--json"]);
    assert_eq!(output.status.code(), Some(1), "and the problems are there all the same");
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["problems"].as_array().unwrap().len(), 2);

    let (code, why) = failed(&folder, &["check", "nowhere.json"]);
    assert_eq!(code, 2);
    assert!(why.starts_with("halftone: nowhere.json can not be read: "), "{why}");
}

#[test]
fn check_says_what_wranglers_file_lacks_whichever_of_its_names_it_has() {
    let folder = folder("check_findings");
    let assets = json!({ "directory": "www", "binding": "ASSETS", "run_worker_first": true, "html_handling": "none" });
    let file = json!({ "assets": assets, "cache": { "enabled": true } });
    std::fs::write(folder.join("wrangler.jsonc"), format!("// what the Worker needs\n{file}")).unwrap();
    let said = printed(&folder, &["check"]);
    let finding = "cache.enabled: a cache in front of the Worker gives one visitor's version to everybody — set it to false, or take the cache out";
    assert_eq!(said, format!("wrangler.jsonc: warning: {finding}\nhalftone.json: 0 errors, 1 warning\n"));
    assert_eq!(as_json(&folder, &["check", "--json"])["deployment"][0]["path"], "cache.enabled");

    // `plan` says it too, and what the checker warns of.
    write_keys(&folder, &json!({ "without_consent": "cookieless" }));
    let said = printed(&folder, &["plan"]);
    assert!(said.contains(&format!("\nwrangler.jsonc: warning: {finding}\n")), "{said}");
    assert!(said.contains("warning: sites.shop.without_consent: no consent is asked here"), "{said}");
    let json = as_json(&folder, &["plan", "--json"]);
    assert_eq!((&json["problems"][0]["code"], &json["deployment"][0]["path"]), (&json!("no-effect"), &json!("cache.enabled")));

    std::fs::write(folder.join("wrangler.jsonc"), "{").unwrap();
    let (code, why) = failed(&folder, &["check"]);
    assert_eq!(code, 2);
    assert!(why.starts_with("halftone: wrangler.jsonc: "), "{why}");
}

#[test]
fn plan_says_who_would_move_from_the_plan_before() {
    let folder = folder("plan_previous");
    write_keys(&folder, &random("5%"));
    printed(&folder, &["compile", "--out", "live"]);
    write_keys(&folder, &random("25%"));
    let (site, head) = ("site shop: stable v1, canary v2, random\n", "                 v1       v2");
    let hint = "With --previous build/plan.halftone (kept from the last deploy) this also shows who would move.\n";
    assert_eq!(printed(&folder, &["plan"]), format!("{site}{head}\n  everyone      75%      25%\n{hint}"));
    let previous = ["plan", "--previous", "live/plan.halftone"];
    assert_eq!(printed(&folder, &previous), format!("{site}{head}  moves\n  everyone      75%      25%  20.00%\n"));
    let json = as_json(&folder, &[&previous[..], &["--json"]].concat());
    assert_eq!(json["revision"], 2);
    let class = json!({ "who": "everyone", "shares": [["v1", 75.0], ["v2", 25.0]], "newcomers_only": false, "moves": 20.0, "exact": true });
    assert_eq!(json["sites"], json!([{ "site": "shop", "classes": [class] }]));

    write_keys(&folder, &json!({ "rollout": { "canary": "v2", "steps": ["25%"], "visitors": "new" } }));
    assert!(printed(&folder, &previous).contains(
        "  Only visitors who come for the first time are drawn: whoever was here before keeps their version; `moves` are those of them who lose it.\n"
    ));
    let (code, why) = failed(&folder, &["plan", "--previous", "halftone.json"]);
    assert_eq!((code, why.as_str()), (2, "halftone: halftone.json: plan: it does not begin with `halftone-plan/`\n"));
}

#[test]
fn plan_warns_of_a_version_that_pages_may_still_be_open_on() {
    let folder = folder("plan_gone");
    printed(&folder, &["compile", "--out", "live"]);
    let config = json!({ "sites": { "shop": { "versions": { "v1": "assets:v1" }, "stable": "v1" } } });
    std::fs::write(folder.join("halftone.json"), config.to_string()).unwrap();
    let warning =
        "site `shop`: version `v2` is gone; pages that are open on it lose their files — keep it listed until nobody has it open";
    let previous = ["plan", "--previous", "live/plan.halftone"];
    assert!(printed(&folder, &previous).ends_with(&format!("\nwarning: {warning}\n")));
    assert_eq!(as_json(&folder, &[&previous[..], &["--json"]].concat())["warnings"], json!([warning]));
}

#[test]
fn simulate_says_what_was_asked_and_how_far_off_it_is() {
    let folder = folder("simulate");
    write_keys(&folder, &random("25%"));
    let arguments = ["simulate", "--visitors", "20000", "--countries", "NZ,FR", "--json"];
    let json = as_json(&folder, &arguments);
    assert_eq!(json, as_json(&folder, &arguments), "the same seed gives the same");
    assert_ne!(json["counts"], as_json(&folder, &[&arguments[..], &["--seed", "2"]].concat())["counts"]);
    assert_eq!((&json["visitors"], &json["seed"], &json["host"]), (&json!(20_000), &json!(1), &json!("127.0.0.1")));
    let rows = json["shares"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["country"].as_str()).collect::<Vec<_>>(), [Some("FR"), Some("NZ"), None]);
    assert_eq!(rows.iter().map(|row| row["visitors"].as_u64().unwrap()).sum::<u64>(), 40_000, "each country, and all");
    for row in rows {
        for (got, asked) in row["versions"].as_array().unwrap().iter().zip([75.0, 25.0]) {
            assert!((got["asked"].as_f64().unwrap() - asked).abs() < 1e-9, "{row}");
            assert!(got["sigma"].as_f64().unwrap().abs() < 4.0, "{row}");
            assert!((got["percent"].as_f64().unwrap() - asked).abs() < 2.0, "{row}");
        }
    }
    let text = printed(&folder, &arguments[..5]);
    let all = text.lines().last().unwrap();
    assert!(all.starts_with("  all          20000   v1 ") && all.contains(" (asked 25.00%, "), "{text}");

    let (code, why) = failed(&folder, &["simulate", "--visitors", "many"]);
    assert_eq!(code, 2);
    assert!(why.contains("invalid value 'many' for '--visitors <VISITORS>'"), "{why}");
}

#[test]
fn simulate_draws_the_strategies_of_the_site_of_the_host() {
    let folder = folder("simulate_hosts");
    let site = |hosts: Value, rollout: Value| json!({ "versions": { "v1": "assets:v1", "v2": "assets:v2" }, "stable": "v1", "hosts": hosts, "rollout": rollout });
    let first = json!({ "canary": "v2", "strategy": "sequential", "steps": [{ "first": 300 }] });
    let areas = json!({ "canary": "v2", "strategy": "geographic", "steps": [{ "areas": { "NZ": "100%", "elsewhere": "50%" } }] });
    let mut sites = json!({ "first": site(json!(["first.example"]), first), "areas": site(json!(["*.example"]), areas) });
    sites["areas"]["default"] = json!(true);
    std::fs::write(folder.join("halftone.json"), json!({ "sites": sites }).to_string()).unwrap();
    let on = |host: &str| ["simulate", "--visitors", "10000", "--countries", "NZ,FR", "--host", host].map(str::to_owned);
    let text = |host: &str| printed(&folder, &on(host).each_ref().map(String::as_str));

    let sequential = text("First.example");
    assert!(sequential.ends_with("\n  the first 300 to arrive are enrolled: 300 were\n"), "{sequential}");
    assert!(sequential.contains("  all          10000   v1 97.000%   v2 3.000%\n"), "{sequential}");
    let geographic = text("areas.example");
    assert!(geographic.contains("   v2 100.000% (asked 100%)\n"), "{geographic}");
    assert!(geographic.lines().any(|line| line.starts_with("  FR ") && line.contains("(asked 50.00%, ")), "{geographic}");
    assert!(geographic.lines().last().unwrap().contains(" σ)"), "{geographic}");
}

#[test]
fn preview_makes_a_link_and_says_what_it_can_not_make() {
    let folder = folder("preview");
    let key = format!("HALFTONE_KEYS={}\n", "A".repeat(43));
    std::fs::write(folder.join(".dev.vars"), key).unwrap();
    let link = printed(&folder, &["preview", "v2"]);
    assert!(link.starts_with("http://127.0.0.1:8787/?"), "{link}");
    let json = as_json(&folder, &["preview", "v2", "--minutes", "1440", "--url", "https://shop.example/a?b=1", "--json"]);
    assert_eq!(json["version"], "v2");
    assert!(json["url"].as_str().unwrap().starts_with("https://shop.example/a?b=1&"), "{json}");
    assert!(json["expires_s"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(failed(&folder, &["preview", "v3"]), (2, "halftone: site `shop` has no version `v3`; it has v1, v2\n".to_owned()));
    let (code, why) = failed(&folder, &["preview", "v2", "--minutes", "1441"]);
    assert_eq!((code, why.as_str()), (2, "halftone: --minutes 1441: a preview link lives 1 to 1440 minutes\n"));
    let (code, why) = failed(&folder, &["preview", "v2", "--url", "shop.example"]);
    assert_eq!(code, 2);
    assert!(why.contains("--url shop.example: not an http(s) address"), "{why}");
    std::fs::remove_file(folder.join(".dev.vars")).unwrap();
    assert!(failed(&folder, &["preview", "v2"]).1.starts_with("halftone: no signing secret: set HALFTONE_KEYS"));
}

#[test]
fn commands_about_a_running_worker_say_what_they_lack() {
    let folder = folder("running");
    let (code, why) = failed(&folder, &["forget"]);
    assert_eq!(code, 2);
    assert!(why.contains("<VISITOR>"), "{why}");
    for arguments in [&["tallies"][..], &["forget", "AAAAAAAAAAAAAAAAAAAAAA"], &["status"]] {
        let (code, why) = failed(&folder, arguments);
        assert_eq!(code, 2, "{arguments:?}");
        assert!(why.starts_with("halftone: there is no token: set HALFTONE_TOKEN"), "{arguments:?}: {why}");
        let run =
            |url: &str| command(&folder, &[arguments, &["--url", url]].concat()).env("HALFTONE_TOKEN", "t").output().unwrap();
        let output = run("shop.example");
        let why = String::from_utf8(output.stderr).unwrap();
        assert_eq!(why, "halftone: --url shop.example: not an http(s) address; write it whole, like https://admin.example/\n");
        // Nothing listens on port 1.
        let output = run("http://127.0.0.1:1/");
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.starts_with("halftone: http://127.0.0.1:1/ does not answer: "), "{arguments:?}: {why}");
        assert_eq!(output.status.code(), Some(2));
    }
    let (code, why) = failed(&folder, &["tallies", "v2"]);
    assert_eq!(code, 2);
    assert!(why.contains("unexpected argument 'v2' found"), "{why}");
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_a_file() {
    let folder = folder("settings");
    // Nothing listens on these ports, so each names the address it tried.
    let tried = |command: &mut Command| String::from_utf8(command.output().unwrap().stderr).unwrap();
    let asked = |arguments: &[&str]| {
        let mut command = command(&folder, &[&["status"], arguments].concat());
        command.env("HALFTONE_TOKEN", "of-the-environment");
        command
    };
    let flag = ["--url", "http://127.0.0.1:1/"];
    assert!(tried(&mut asked(&flag)).contains("http://127.0.0.1:1/ does not answer"));
    assert!(tried(asked(&flag).env("HALFTONE_URL", "http://127.0.0.1:2/")).contains("http://127.0.0.1:1/ does not answer"));
    assert!(tried(asked(&[]).env("HALFTONE_URL", "http://127.0.0.1:2/")).contains("http://127.0.0.1:2/ does not answer"));

    // A token is looked for in the environment, then in the file that `make dev` writes; the keys of preview links are, too.
    assert!(tried(&mut command(&folder, &[&["status"], &flag[..]].concat())).contains("there is no token"));
    std::fs::write(folder.join(".dev.vars"), format!("HALFTONE_TOKEN=\"of-the-file\"\nHALFTONE_KEYS={}\n", "A".repeat(43)))
        .unwrap();
    assert!(tried(&mut command(&folder, &[&["status"], &flag[..]].concat())).contains("does not answer"));
    let link = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (file, environment) = (link(&mut command(&folder, &["preview", "v2"])), "Q".repeat(43));
    let other = link(command(&folder, &["preview", "v2"]).env("HALFTONE_KEYS", environment));
    assert!(
        !file.is_empty() && !other.is_empty() && file.split('.').next_back() != other.split('.').next_back(),
        "{file}{other}"
    );

    // Another config is named, or the one of the folder is read.
    std::fs::write(folder.join("other.json"), "{}").unwrap();
    assert_eq!(halftone(&folder, &["check"]).status.code(), Some(0));
    assert_eq!(halftone(&folder, &["check", "other.json"]).status.code(), Some(1));
}

#[test]
fn shells_learn_every_command_that_is_shown() {
    let folder = folder("completions");
    for (shell, mark) in [("bash", "complete -F _halftone"), ("zsh", "#compdef halftone"), ("fish", "complete -c halftone")] {
        let script = printed(&folder, &["completions", shell]);
        assert!(script.contains(mark), "{shell}: {script}");
        for command in ["check", "plan", "simulate", "rollback", "completions", "--previous"] {
            assert!(script.contains(command.trim_start_matches('-')), "{shell}: {command}");
        }
    }
    let (code, why) = failed(&folder, &["completions", "dos"]);
    assert_eq!(code, 2);
    assert!(why.contains("possible values: bash, elvish, fish, powershell, zsh"), "{why}");
}

#[test]
fn colours_are_for_terminals() {
    let folder = folder("colours");
    write_config(&folder, "v3");
    let text = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let plain = text(&mut command(&folder, &["check"]));
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = text(command(&folder, &["check"]).env("CLICOLOR_FORCE", "1"));
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31mhalftone.json:1:"), "{coloured:?}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    let json = text(command(&folder, &["check", "--json"]).env("CLICOLOR_FORCE", "1"));
    assert!(serde_json::from_str::<Value>(&json).is_ok());
    write_keys(&folder, &random("25%"));
    assert!(text(command(&folder, &["plan"]).env("CLICOLOR_FORCE", "1")).starts_with("\u{1b}[1msite shop"));
    assert!(!text(command(&folder, &["plan"]).env("NO_COLOR", "1")).contains('\u{1b}'));
}
