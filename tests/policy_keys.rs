//! A policy is data: one number or one word in its file changes the answer, and nothing in `src` does. Each case takes a
//! ready-made policy, or the one below, and changes a single word of the copy.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

use std::fs;
use std::path::Path;
use std::process::Command;

use ambulance_diversion::load;

/// What none of the ready-made policies says.
const OWN: &str = r#"
[region.own]
name = "Own"

[status.yellow]
label = "Yellow"
effect = "diverting"

[policy.own]
regions = ["own"]
max_extra_minutes = 20
max_order_extra = 20
advisory_minutes = 0

[[policy.own.limit]]
counts = ["diverting", "yellow"]
same_type = false
more_than = 2
then = "reopen-all"
exempt = []
facilities = ["alder", "birch", "cedar"]

[policy.own.levels]
AMBER = { at = 4, consult = true }
"#;

/// Five hospitals that have everything, 3, 6, 9, 12 and 15 minutes from Oakham, and one far away as a last resort.
fn facilities(region: &str, include: &str) -> String {
    let mut text = format!(
        "include = [{include:?}]\n[registry]\nname = \"Five\"\ntimezone = \"UTC\"\n[travel]\nmatrix = \"travel.csv\"\n\
         [zone.oakham]\nname = \"Oakham\"\nregion = {region:?}\nlat = 40.0\nlon = -75.0\n\
         [facility.far]\nname = \"Far Base\"\nexternal = true\nlat = 41.0\nlon = -75.0\ned = {{}}\n"
    );
    for name in ["Alder", "Birch", "Cedar", "Dogwood", "Elm"] {
        let key = name.to_lowercase();
        text += &format!(
            "[facility.{key}]\nname = {name:?}\nregion = {region:?}\nlat = 40.1\nlon = -75.0\ned = {{}}\n\
             services = [\"ct\", \"stroke-primary\", \"obstetrics\", \"pediatric\"]\n"
        );
    }
    text
}

const TRAVEL: &str = "from,to,minutes\noakham,alder,3\noakham,birch,6\noakham,cedar,9\noakham,dogwood,12\n\
                      oakham,elm,15\noakham,far,90\n";

struct Case {
    /// The key whose value is changed.
    key: &'static str,
    /// A ready-made policy, or `own`, and the region in which the hospitals lie.
    policy: (&'static str, &'static str),
    /// What stands in the file, and what is to stand there instead.
    change: (&'static str, &'static str),
    at: &'static str,
    given: &'static [&'static str],
    patient: &'static str,
    /// Destination and what decided, before and after the change.
    answers: (&'static str, &'static str),
}

const LA: (&str, &str) = ("los-angeles-county", "los-angeles-county");
const SF: (&str, &str) = ("san-francisco", "san-francisco");
const RI: (&str, &str) = ("rhode-island", "rhode-island");
const RI_2018: (&str, &str) = ("rhode-island-2018", "rhode-island-north");
const MD: (&str, &str) = ("maryland", "maryland-iiia");
const SD: (&str, &str) = ("san-diego", "san-diego");
const VA: (&str, &str) = ("virginia-odemsa", "virginia-odemsa");
const SC: (&str, &str) = ("santa-clara", "santa-clara");
const MA: (&str, &str) = ("massachusetts", "massachusetts");
const MINE: (&str, &str) = ("own", "own");

const NOON: &str = "2026-03-02 12:00";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Of a status.
    Case { key: "effect", policy: MD, change: (r#"effect = "advisory""#, r#"effect = "diverting""#), at: NOON,
        given: &["Alder reroute"], patient: "general", answers: ("alder,nearest", "birch,nearest") },
    Case { key: "diverts", policy: MD, change: ("priority 2 and priority 3", "priority 3"), at: NOON,
        given: &["Alder yellow"], patient: "general", answers: ("birch,nearest", "alder,nearest") },
    Case { key: "status.consult", policy: MD, change: (r#"consult = "pediatric""#, r#"consult = "obstetric""#), at: NOON,
        given: &["Alder yellow"], patient: "pediatric", answers: (",consult", "birch,nearest") },
    Case { key: "max", policy: LA, change: (r#"max = "2h""#, r#"max = "3h""#), at: NOON,
        given: &["Alder ALS ED saturation from 09:30"], patient: "general", answers: ("alder,nearest", "birch,nearest") },
    Case { key: "renewal", policy: SC, change: (r#"renewal = "bypass-second-hour""#, r#"renewal = "refused""#), at: NOON,
        given: &["Alder bypass from 10:45", "Alder bypass from 11:30, approved by EMS duty chief"], patient: "general",
        answers: ("birch,nearest", "alder,nearest") },
    Case { key: "approver", policy: SD, change: (r#"approver = ["EMS duty officer"]"#, r#"approver = ["sheriff"]"#), at: NOON,
        given: &["Alder CAD, approved by EMS duty officer"], patient: "general", answers: ("birch,nearest", "alder,nearest") },
    Case { key: "mandatory", policy: SD, change: ("mandatory = true", "mandatory = false"), at: NOON,
        given: &["Alder, Birch, Cedar, Dogwood and Elm CAD, approved by EMS duty officer"], patient: "general",
        answers: ("far,external", "alder,all-diverting") },
    Case { key: "suspends", policy: MD, change: (r#"suspends = ["yellow"]"#, r#"suspends = ["red"]"#), at: NOON,
        given: &["Alder yellow", "region maryland-iiia blue"], patient: "general", answers: ("alder,nearest", "birch,nearest") },
    // Of a policy.
    Case { key: "from", policy: MA, change: ("from = 2009-01-01", "from = 2029-01-01"), at: NOON,
        given: &["Alder diverting"], patient: "general", answers: ("alder,nearest", "birch,nearest") },
    Case { key: "until", policy: RI_2018, change: ("until = 2024-07-01", "until = 2017-07-01"), at: "2018-03-02 12:00",
        given: &["Alder diverting"], patient: "obstetric", answers: ("alder,nearest", "birch,nearest") },
    Case { key: "honoured_reasons", policy: RI, change: (r#""ct-down""#, r#""scanner-down""#), at: NOON,
        given: &["Alder diverting for stroke because CT down"], patient: "stroke", answers: ("birch,nearest", "alder,nearest") },
    Case { key: "never_diverted", policy: RI, change: (r#"never_diverted = "obstetric""#, r#"never_diverted = "burn""#), at: NOON,
        given: &["Alder diverting because power outage"], patient: "obstetric", answers: ("alder,nearest", "birch,nearest") },
    Case { key: "honour_request", policy: VA, change: ("honour_request = true", "honour_request = false"), at: NOON,
        given: &["Alder diverting"], patient: "general --request alder", answers: ("alder,request", "birch,nearest") },
    Case { key: "all_diverting", policy: LA, change: (r#"all_diverting = "closest""#, r#"all_diverting = "consult""#), at: NOON,
        given: &["Alder, Birch, Cedar, Dogwood and Elm ALS ED saturation"], patient: "general",
        answers: ("alder,all-diverting", ",consult") },
    Case { key: "alternatives", policy: LA, change: ("alternatives = 1", "alternatives = 2"), at: NOON,
        given: &["Alder and Birch ALS ED saturation"], patient: "general", answers: ("alder,travel-limit", "cedar,nearest") },
    Case { key: "max_minutes", policy: LA, change: ("# max_minutes = 15", "max_minutes = 5"), at: NOON,
        given: &["Alder ALS ED saturation"], patient: "general", answers: ("birch,nearest", "alder,travel-limit") },
    Case { key: "max_extra_minutes", policy: MINE, change: ("max_extra_minutes = 20", "max_extra_minutes = 2"), at: NOON,
        given: &["Alder diverting"], patient: "general", answers: ("birch,nearest", "alder,travel-limit") },
    Case { key: "max_order_extra", policy: MINE, change: ("max_order_extra = 20", "max_order_extra = 8"), at: NOON,
        given: &["Alder closed, route to Elm"], patient: "general", answers: ("elm,order:1", "birch,nearest") },
    Case { key: "advisory_minutes", policy: MINE, change: ("advisory_minutes = 0", "advisory_minutes = 5"), at: NOON,
        given: &["Alder advisory"], patient: "general", answers: ("alder,nearest", "birch,nearest") },
    // Of a limit.
    Case { key: "counts", policy: SF, change: (r#"counts = ["diverting"]"#, r#"counts = ["trauma-override"]"#), at: NOON,
        given: &["Alder, Birch and Cedar diverting", "Dogwood diverting"], patient: "general",
        answers: ("alder,nearest", "elm,nearest") },
    Case { key: "more_than", policy: SF, change: ("more_than = 3", "more_than = 2"), at: NOON,
        given: &["Alder and Birch diverting", "Cedar diverting"], patient: "general",
        answers: ("dogwood,nearest", "alder,nearest") },
    Case { key: "then", policy: RI_2018, change: (r#"then = "reopen-all""#, r#"then = "reject""#), at: "2018-03-02 12:00",
        given: &["Alder and Birch diverting from 11:00", "Cedar diverting"], patient: "general",
        answers: ("alder,nearest", "cedar,nearest") },
    Case { key: "for", policy: SF, change: (r#"for = "4h""#, r#"for = "1h""#), at: NOON,
        given: &["Alder, Birch, Cedar and Dogwood diverting from 10:00", "Alder diverting from 11:30"], patient: "general",
        answers: ("alder,nearest", "birch,nearest") },
    Case { key: "exempt", policy: MINE, change: ("exempt = []", r#"exempt = ["yellow"]"#), at: NOON,
        given: &["Birch and Cedar yellow", "Alder diverting"], patient: "general",
        answers: ("alder,nearest", "dogwood,nearest") },
    Case { key: "same_type", policy: MINE, change: ("same_type = false", "same_type = true"), at: NOON,
        given: &["Birch and Cedar yellow", "Alder diverting"], patient: "general",
        answers: ("alder,nearest", "dogwood,nearest") },
    Case { key: "facilities", policy: MINE, change: (r#""birch", "cedar"]"#, r#""birch"]"#), at: NOON,
        given: &["Birch and Cedar yellow", "Alder diverting"], patient: "general",
        answers: ("alder,nearest", "dogwood,nearest") },
    // Of a level.
    Case { key: "levels", policy: VA, change: ("RED = { at = 5", "RED = { at = 2"), at: NOON,
        given: &["Alder and Birch diverting"], patient: "general", answers: ("cedar,nearest", ",consult") },
    Case { key: "levels.consult", policy: MINE, change: ("consult = true", "consult = false"), at: NOON,
        given: &["Birch, Cedar, Dogwood and Elm closed"], patient: "general", answers: (",consult", "alder,nearest") },
];

/// Asks where the patient goes, in a directory that holds the registry.
fn ask(directory: &Path, include: &str, case: &Case, columns: &str) -> std::io::Result<String> {
    fs::write(directory.join("facilities.toml"), facilities(case.policy.1, include))?;
    fs::write(directory.join("travel.csv"), TRAVEL)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_divert"));
    command.current_dir(directory).env_clear().args(["--at", case.at, "-F", "csv", "--no-headers"]);
    command.args(case.given.iter().flat_map(|given| ["--given", given]));
    command.args(["--columns", columns, "route", "oakham"]).args(case.patient.split(' '));
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    assert!(!said.is_empty(), "{}: {}", case.key, String::from_utf8_lossy(&output.stderr));
    Ok(said)
}

/// Asks with this text as the policy.
fn ask_with(text: &str, directory: &Path, case: &Case, columns: &str) -> std::io::Result<String> {
    fs::write(directory.join("policy.toml"), text)?;
    ask(directory, "policy.toml", case, columns)
}

fn text_of(policy: &str) -> &'static str {
    load::ready_made().iter().find(|ready| ready.id == policy).map_or(OWN, |ready| ready.text)
}

#[test]
fn one_word_of_a_policy_file_changes_the_answer() {
    const COLUMNS: &str = "destination,decided_by";
    let mut wrong = Vec::new();
    for case in CASES {
        let policy = case.policy.0;
        let directory = tempfile::tempdir().unwrap();
        let text = text_of(policy);
        let changed = text.replacen(case.change.0, case.change.1, 1);
        assert_ne!(text, changed, "{}: {policy} does not say `{}`", case.key, case.change.0);
        let before = ask_with(text, directory.path(), case, COLUMNS).unwrap();
        let after = ask_with(&changed, directory.path(), case, COLUMNS).unwrap();
        if (before.as_str(), after.as_str()) != case.answers {
            wrong.push(format!("{}: {before} then {after}, not {:?}", case.key, case.answers));
        }
        if policy != "own" {
            let included = ask(directory.path(), &format!("builtin:{policy}"), case, COLUMNS).unwrap();
            assert_eq!(included, before, "{}: a copy answers as the original does", case.key);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_is_asked_stands_in_the_policy() {
    let case = Case {
        key: "policy.consult",
        policy: MD,
        change: ("medical consultation, through EMRC", "the physician on duty"),
        at: NOON,
        given: &["Alder yellow"],
        patient: "pediatric",
        answers: ("\"medical consultation, through EMRC\"", "the physician on duty"),
    };
    let directory = tempfile::tempdir().unwrap();
    let text = text_of(case.policy.0);
    let changed = text.replacen(case.change.0, case.change.1, 1);
    let before = ask_with(text, directory.path(), &case, "ask").unwrap();
    let after = ask_with(&changed, directory.path(), &case, "ask").unwrap();
    assert_eq!((before.as_str(), after.as_str()), case.answers);
}

#[test]
fn the_target_stands_in_the_policy() {
    // Two hours of every eight: 25 % of July.
    let mut log = "facility,status,from\n".to_owned();
    for day in 1..=31 {
        for hour in ["00", "08", "16"] {
            log += &format!("alder,diverting,2025-07-{day:02}T{hour}:00:00Z\n");
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("log.csv", &log);
    write("travel.csv", TRAVEL);
    write("facilities.toml", &facilities("san-francisco", "policy.toml"));
    let asked = |policy: &str| {
        write("policy.toml", policy);
        let mut command = Command::new(env!("CARGO_BIN_EXE_divert"));
        command.current_dir(directory.path()).env_clear().args(["--log", "log.csv", "--at", NOON]);
        command.args(["-F", "csv", "--no-headers", "--columns", "percent,over,breach", "report", "targets"]);
        let output = command.args(["alder", "--period", "2025-07"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    };
    let text = text_of("san-francisco");
    let strict = text.replace("percent = 30", "percent = 20");
    assert_eq!(asked(text), "25.00,false,false");
    assert_eq!(asked(&strict), "25.00,true,false");
    assert_eq!(asked(&strict.replace("months = 2", "months = 1")), "25.00,true,true");
}
