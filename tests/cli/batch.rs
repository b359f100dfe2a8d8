//! `route --batch`: many patients, a row each.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};

use serde_json::Value;

use crate::answers::packed;
use crate::harness::{Divert, LOG, Output, REGISTRY};

const HEADER: &str =
    "id,outcome,destination,minutes,decided_by,home,home_minutes,nemsis,alternates,flags,note\n";

/// Answers rows on standard input.
fn batch(input: impl AsRef<[u8]>, options: &[&str]) -> Output {
    Divert::new().input(input).run(&[&["route", "--batch", "-"], options].concat())
}

#[test]
fn compressed_patients_are_answered_as_they_are_unpacked() {
    for (name, patients) in [
        ("patients.csv", "id,from,need\n1,vernon,stroke\n2,vernon,general\n"),
        ("patients.jsonl", "{\"id\":1,\"from\":\"vernon\",\"need\":\"stroke\"}\n"),
    ] {
        let plain = batch(patients, &[]);
        assert!(plain.stdout.contains("routed"), "{plain:#?}");
        batch(packed(patients), &[]).answers(&plain.stdout);
        let divert = Divert::new();
        let name = format!("{name}.gz");
        let whole = packed(patients);
        std::fs::write(divert.path(&name), &whole).unwrap();
        divert.run(&["route", "--batch", &name]).answers(&plain.stdout);
        std::fs::write(divert.path(&name), &whole[..whole.len() - 9]).unwrap();
        let cut = divert.run(&["route", "--batch", &name]);
        assert!(cut.stderr.contains("the compressed file is cut off or damaged"), "{cut:#?}");
        assert_eq!(cut.status, 2);
    }
}

/// The columns of rows of csv, without the header.
#[track_caller]
fn column(output: &Output, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(output.stdout.as_bytes());
    let at = reader.headers().unwrap().iter().position(|key| key == name).unwrap();
    reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

#[track_caller]
fn notes(input: impl AsRef<[u8]>) -> Vec<String> {
    let output = batch(input, &[]);
    let (outcomes, notes) = (column(&output, "outcome"), column(&output, "note"));
    let bad = outcomes.iter().filter(|outcome| *outcome == "error").count();
    assert_eq!(output.status, if bad == 0 { 0 } else { 2 }, "{output:#?}");
    outcomes
        .into_iter()
        .zip(notes)
        .map(|(outcome, note)| format!("{outcome} {note}").trim().to_owned())
        .collect()
}

fn objects(output: &Output) -> Vec<Value> {
    output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_row_is_answered_in_its_place_at_its_own_time() {
    let input = "id,time,from,need\n\
                 a,2023-08-04T01:00:00-04:00,vernon,stroke\n\
                 b,2023-08-04T06:00:00Z,vernon,stroke\n\
                 c,,vernon,general\n\
                 d,2023-08-04 08:00,manchester,stroke+general\n";
    batch(input, &[]).answers(&format!(
        "{HEADER}\
         a,routed,manchester-memorial,8.8,nearest,manchester-memorial,8.8,4220001,hartford:28.1,est,\n\
         b,routed,hartford,28.1,rule:echn-mutual,manchester-memorial,8.8,4220003,,est;unknown;detour:19.3,\
         ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`\n\
         c,routed,rockville-general,9.2,rule:echn-mutual,manchester-memorial,8.8,4220003,hartford:28.1,est;detour:0.4,\n\
         d,routed,hartford,20.7,rule:echn-mutual,manchester-memorial,1.1,4220003,,est;unknown;detour:19.6,\
         ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`\n"
    ));
}

#[test]
fn a_file_is_read_by_its_ending_and_anything_else_by_its_first_character() {
    let (csv, jsonl) = ("from,need\nvernon,stroke\n", "{\"from\":\"vernon\",\"need\":\"stroke\"}\n");
    let expected = batch(csv, &[]).stdout;
    batch(jsonl, &[]).answers(&expected);
    batch(format!("\u{feff}\n  {jsonl}"), &[]).answers(&expected);
    let divert = Divert::new();
    for (name, text) in [("a.csv", csv), ("a.jsonl", jsonl), ("a.CSV", csv), ("b", csv), ("c.txt", jsonl)] {
        std::fs::write(divert.path(name), text).unwrap();
        divert.run(&["route", "--batch", name]).answers(&expected);
    }
    let gone = divert.run(&["route", "--batch", "gone.csv"]);
    assert!(gone.stderr.starts_with("error: cannot read `gone.csv`: "), "{gone:#?}");
    assert_eq!((gone.stdout.as_str(), gone.status), ("", 2));
}

#[test]
fn a_row_says_what_a_single_decision_says() {
    let single = Divert::new().by_the_clock().run(&[
        "--at",
        "2023-08-04 08:00",
        "route",
        "--from",
        "vernon",
        "--need",
        "trauma+pediatric",
        "--priority",
        "p1",
        "--care",
        "bls",
        "--age",
        "adult",
        "--extremis",
        "--transfer",
        "--request",
        "hartford",
        "-F",
        "jsonl",
    ]);
    let row = "id,request,extremis,care,transfer,age,priority,need,from,time\n\
               7,hartford,true,bls,yes,adult,p1,trauma+pediatric,vernon,2023-08-04T08:00:00-04:00\n";
    let mut expected = objects(&single);
    expected[0]["id"] = "7".into();
    assert_eq!(objects(&batch(row, &["-F", "jsonl"])), expected);
    let object = r#"{"id":7,"time":"08:00","from":{"zone":"vernon","facility":null,"lat":1,"lon":1},"priority":1,
        "need":["trauma","pediatric"],"care":"BLS","age":"adult","extremis":true,"transfer":"1","request":"Hartford Hospital"}"#;
    assert_eq!(objects(&batch(object.replace('\n', ""), &["-F", "jsonl"])), expected);
}

/// Rows in brief come by way of the index where it says anything; rows with a column that only whole decisions have never
/// do.
#[test]
fn a_row_in_brief_says_what_the_whole_decision_says() {
    let example = |name: &str| format!("{}/examples/prospect-2023/{name}", env!("CARGO_MANIFEST_DIR"));
    let places = ["vernon", "chester", "manchester-memorial", "crozer-chester", "41.8,-72.5", "39.9,-75.4"];
    let needs = ["general", "stroke", "trauma", "pediatric", "obstetric", "burn", "stroke+trauma"];
    let mut input = String::from("id,time,from,need,priority,extremis\n");
    let mut id = 0;
    for day in 1..=14 {
        for place in places {
            for need in needs {
                let (hour, priority, extremis) = (id % 24, id % 3 + 1, id % 50 == 0);
                input.push_str(&format!(
                    "{id},2023-08-{day:02} {hour:02}:30,\"{place}\",{need},{priority},{extremis}\n"
                ));
                id += 1;
            }
        }
    }
    let ask = |columns: &str| {
        let divert = Divert::bare().input(&input);
        let (registry, log) = (example("registry"), example("events.csv"));
        let given = "Hartford Hospital diverting for stroke from 2023-08-05 06:00 until 2023-08-07 06:00";
        divert.run(&[
            "--registry",
            &registry,
            "--log",
            &log,
            "--given",
            given,
            "route",
            "--batch",
            "-",
            "--exclude",
            "bristol-hospital",
            "--columns",
            columns,
        ])
    };
    let in_brief = HEADER.trim_end();
    let (brief, whole) = (ask(in_brief), ask(&format!("{in_brief},ask")));
    assert_eq!((brief.status, whole.status), (0, 0), "{}", brief.stderr);
    for name in in_brief.split(',') {
        assert_eq!(column(&brief, name), column(&whole, name), "{name}");
    }
    let decided_by = column(&brief, "decided_by");
    for step in ["nearest", "extremis", "rule:"] {
        assert!(decided_by.iter().any(|by| by.starts_with(step)), "nobody was decided by {step}");
    }
}

#[test]
fn a_place_is_a_zone_a_facility_or_a_point() {
    let from = "from\nvernon\nVernon\nrockville-general\n\"41.8187,-72.4795\"\n\"'-41.8187,72.4795\"\n";
    let destinations = column(&batch(from, &["-F", "csv"]), "home_minutes");
    assert_eq!(destinations[..4], ["8.8", "8.8", "0.0", "8.8"], "{destinations:?}");
    let degrees = batch("lon,lat,need\n-72.4795,41.8187,stroke\n -72.4795 ,4.18187e1,stroke\n", &[]);
    assert_eq!(column(&degrees, "home_minutes"), ["8.8", "8.8"]);
    let both = "from,lat,lon\nvernon,,\n,41.8187,-72.4795\nvernon,41.8187,-72.4795\n,,\n,41.8187,\n,,1\n";
    assert_eq!(
        notes(both),
        [
            "routed",
            "routed",
            "error a place is said twice: `from`, and `lat` and `lon`",
            "error no place: neither `from`, nor `lat` and `lon`",
            "error `lon` is missing",
            "error `lat` is missing"
        ]
    );
}

#[test]
fn a_header_that_names_no_place_or_an_unknown_column_is_one_error_and_nothing_is_answered() {
    for (header, message) in [
        ("id,need", "the header names no place"),
        ("lat,need", "the header names no place"),
        ("from,lat", "a latitude and a longitude go together"),
        ("from,from", "the column `from` stands twice"),
        ("from,ned", "patients have no `ned`"),
        ("vernon", "patients have no `vernon`"),
        ("from\0", "patients have no `from"),
    ] {
        let output = batch(format!("{header}\nvernon,stroke\n"), &[]);
        assert_eq!((output.stdout.as_str(), output.status), ("", 2), "{output:#?}");
        assert!(output.stderr.starts_with(&format!("error[bad-row]: {message}")), "{output:#?}");
        assert!(output.stderr.contains(" --> standard input:1:"), "{output:#?}");
    }
    let long = batch("x".repeat(3_000_000), &[]);
    assert_eq!((long.stdout.as_str(), long.status), ("", 2));
    batch("", &[]).answers(HEADER);
    batch("from\n", &[]).answers(HEADER);
    batch("", &["-F", "jsonl"]).answers("");
}

#[test]
fn a_bad_row_is_answered_in_its_place_and_the_stream_goes_on() {
    let input = "id,time,lat,lon,need,priority,care\n\
                 1,2023-02-29T00:00:00Z,91,0,stroke,p1,als\n\
                 2,,41.8,-72.5,helipad,p4,mls\n\
                 3,,NaN,-72.5,,,\n\
                 4,,41.8,inf,strok,,\n\
                 5,,41.8,-72.5\n\
                 6,,41.8,-72.5,stroke,,,\n\
                 7,,x,-72.5,stroke,1,ALS\n\
                 8,2023-08-04 08:00,41.8,-72.5,stroke,1,ALS\n";
    let output = batch(input, &[]);
    assert_eq!(output.stderr, "warning: 7 of 8 rows could not be read: their `note` says why\n");
    assert_eq!(column(&output, "id"), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    let no_point = "is no point: latitudes go from -90 to 90, longitudes from -180 to 180";
    assert_eq!(
        notes(input),
        [
            format!(
                "error `time`: there is no date 2023-02-29; dates are written year-month-day: `2023-08-04`; `91,0` {no_point}"
            ),
            "error `need`: the registry has no need `helipad`; `priority`: expected p1, p2 or p3, found `p4`; \
             `care`: expected `als` or `bls`, found `mls`"
                .to_owned(),
            format!("error `NaN,-72.5` {no_point}"),
            format!("error `41.8,inf` {no_point}"),
            "error the row has 4 cells, and the header 7".to_owned(),
            "error the row has 8 cells, and the header 7".to_owned(),
            format!("error `x,-72.5` {no_point}"),
            "routed ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`".to_owned()
        ]
    );
}

#[test]
fn a_bad_object_is_answered_in_its_place() {
    let input = concat!(
        r#"{"id":1,"from":"vernon"}"#,
        "\n",
        r#"{"id":2,"from":"vernon""#,
        "\n",
        "\n",
        r#"{"id":3,"from":"vernon","ned":"stroke"}"#,
        "\n",
        r#"["id",4]"#,
        "\n",
        r#"{"id":5,"from":"vernon","from":"manchester"}"#,
        "\n",
        r#"{"id":6,"lat":NaN,"lon":0}"#,
        "\n",
        r#"{"id":7,"lat":1e999,"lon":0}"#,
        "\n",
        r#"{"id":8,"from":{"facility":"nowhere"}}"#,
        "\n",
        r#"{"id":9,"from":"vernon","extremis":1}"#,
        "\n",
        r#"{"id":10,"lat":41.8,"lon":-72.5}"#,
    );
    let output = batch(input, &["-F", "jsonl"]);
    assert_eq!(output.status, 2);
    let rows = objects(&output);
    let said = |key: &str| -> Vec<String> {
        rows.iter().map(|row| row[key].as_str().unwrap_or("null").to_owned()).collect()
    };
    assert_eq!(said("id"), ["1", "null", "3", "null", "5", "null", "7", "8", "9", "10"]);
    assert_eq!(said("outcome").iter().filter(|outcome| *outcome == "error").count(), 8);
    assert_eq!(said("outcome")[9], "routed");
    assert_eq!(said("note")[2], "patients have no `ned`; did you mean `need`?");
    assert_eq!(said("note")[4], "`from` stands twice");
    assert_eq!(said("note")[7], "`from`: the registry has no facility `nowhere`");
    assert_eq!(said("note")[8], "`extremis` takes true or false");
}

#[test]
fn hostile_bytes_cost_their_own_row_and_no_other() {
    let fine = b"1,vernon,stroke\n".as_slice();
    let long = [b"2,".as_slice(), &b"x".repeat(1 << 20), b",stroke\n"].concat();
    let megabyte = [b"3,".as_slice(), &b"x".repeat(1_000_000), b",stroke\n"].concat();
    let needs = format!("4,vernon,{}\n", vec!["general"; 100_000].join("+"));
    let more_needs = format!("5,vernon,{}\n", vec!["stroke"; 1_000_000].join("+"));
    let unknown = format!("6,vernon,general+{}\n", vec!["no"; 100_000].join("+"));
    let nul = b"7\0,ver\0non,stroke\n".as_slice();
    let latin = b"8,V\xe9rnon,stroke\n".as_slice();
    let commas = [b"9,".as_slice(), &b",".repeat(500_000), b"\n"].concat();
    let rows = [
        fine,
        &long,
        fine,
        &megabyte,
        fine,
        needs.as_bytes(),
        more_needs.as_bytes(),
        unknown.as_bytes(),
        nul,
        latin,
        &commas,
        fine,
    ];
    let notes = notes([b"id,from,need\n".as_slice(), &rows.concat()].concat());
    let quoted = "x".repeat(60);
    assert_eq!(
        notes,
        [
            "routed ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`",
            "error the row is longer than 1 MiB",
            "routed ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`",
            &format!("error `from`: `{quoted}…` is too long to be a name"),
            "routed ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`",
            "routed",
            "error the row is longer than 1 MiB",
            "error `need`: the registry has no need `no`",
            "error `from`: the registry has no zone or facility `ver<U+0000>non`; did you mean `vernon`?",
            "error not UTF-8: byte 4 belongs to no character",
            "error the row has 500002 cells, and the header 3",
            "routed ECHN has no eligible member: Rockville General Hospital has no `stroke-ready`",
        ]
    );
}

#[test]
fn line_breaks_marks_and_missing_ends_change_nothing() {
    let expected = batch("id,from,need\n1,vernon,general\n2,vernon,general\n", &[]).stdout;
    for input in [
        "\u{feff}id,from,need\r\n1,vernon,general\r\n2,vernon,general\r\n",
        "id,from,need\n1,vernon,general\n2,vernon,general",
        "\n\nid,from,need\n\n1,vernon,general\n\r\n\n2,vernon,general\n\n",
        "\"id\",\"from\",\"need\"\r\n\"1\",\"vernon\",\"general\"\r\n2,\"vernon\",general",
        "need,id,from\ngeneral,1,vernon\ngeneral,2,vernon\r",
        " id , from , need \n1, vernon ,general\n2,vernon, general\n",
    ] {
        batch(input, &[]).answers(&expected);
    }
}

#[test]
fn quotes_are_those_of_csv_and_a_stray_one_costs_its_own_line() {
    let input = "id,from,need\n\"1\n2\",\"vernon\",\"general\"\n\"say \"\"x\"\"\",vernon,general\n5'10\",vernon,general\n";
    assert_eq!(column(&batch(input, &[]), "id"), ["1 2", "say \"x\"", "5'10\""]);
    let input =
        "id,from,need\n1,\"vernon,stroke\n2,vernon,general\n3,\"vernon\",general\n4,vernon,\"general\n";
    let output = batch(input, &[]);
    assert_eq!(column(&output, "id"), ["1", "2", "3", "4"]);
    assert_eq!(column(&output, "outcome"), ["error", "routed", "routed", "error"]);
    assert!(column(&output, "note")[0].starts_with("a quote is not closed"));
}

#[test]
fn an_id_is_given_back_and_forges_nothing() {
    let input =
        "id,from\n=1+1,vernon\n7,vernon\n7,vernon\n-3,vernon\n\"a,\u{1b}[31m\u{202e}b\",vernon\n,vernon\n";
    let output = batch(input, &[]);
    assert_eq!(column(&output, "id"), ["'=1+1", "7", "7", "-3", "a,<U+001B>[31m<U+202E>b", ""]);
    assert_eq!(column(&batch(input, &["--raw"]), "id")[0], "=1+1");
    let rows = objects(&batch(input, &["-F", "jsonl"]));
    assert_eq!(rows[4]["id"], "a,\u{1b}[31m\u{202e}b");
    assert_eq!(rows[5]["id"], Value::Null);
    assert!(!batch(input, &["-F", "jsonl"]).stdout.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn outcomes_do_not_change_the_status_and_bad_rows_do() {
    let closed = ["manchester", "rockville", "hartford"].map(|name| format!("--given={name} closed"));
    let divert = Divert::new().input("from\nvernon\n");
    let none =
        &["route", "--batch", "-", "--strict", "--given", "Hartford Hospital diverting for all but trauma"];
    let forced = divert.run(none);
    assert_eq!(forced.status, 0, "{forced:#?}");
    let given = ["Manchester Memorial closed", "Rockville General closed", "Hartford Hospital closed"];
    let args: Vec<&str> =
        given.iter().flat_map(|given| ["--given", given]).chain(["route", "--batch", "-"]).collect();
    let none = divert.run(&args);
    assert_eq!((column(&none, "outcome"), none.status), (vec!["none".to_owned()], 0), "{closed:?}");
    let consult = REGISTRY.to_owned()
        + "[policy.p]\nregions = [\"connecticut\"]\nlevels = { RED = { at = 1, consult = true } }\n";
    let consult =
        Divert::bare().registry(&consult).log(LOG).input("from\nvernon\n").run(&["route", "--batch", "-"]);
    assert_eq!(
        (column(&consult, "outcome"), consult.status),
        (vec!["consult".to_owned()], 0),
        "{consult:#?}"
    );
}

#[test]
fn answers_are_csv_tsv_or_jsonl_and_nothing_else() {
    let input = "id,from\n1,vernon\n";
    let divert = Divert::new().input(input);
    let csv = divert.run(&["route", "--batch", "-"]);
    assert_eq!(divert.run(&["route", "--batch", "-", "-F", "tsv"]).stdout, csv.stdout.replace(',', "\t"));
    for format in ["table", "json", "md", "html"] {
        divert.run(&["route", "--batch", "-", "-F", format]).fails(
            "error: answers to a stream are written as they come, in csv, tsv or jsonl\n\
             help: leave --format out for csv, or end the output file in .csv, .tsv or .jsonl\n",
            2,
        );
    }
    divert.run(&["route", "--batch", "-", "-o", "a.csv"]).answers("");
    assert_eq!(std::fs::read_to_string(divert.path("a.csv")).unwrap(), csv.stdout);
    divert.run(&["route", "--batch", "-", "-o", "a.jsonl"]).answers("");
    assert!(std::fs::read_to_string(divert.path("a.jsonl")).unwrap().starts_with("{\"id\":\"1\""));
    assert_eq!(divert.run(&["route", "--batch", "-", "-o", "a.html"]).status, 2);
    assert!(!divert.path("a.html").exists());
    divert.run(&["route", "--batch", "-", "-o", "/dev/stdout"]).answers(&csv.stdout);
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let divert = Divert::new().input("id,ned\n1,vernon\n");
    std::fs::write(divert.path("a.csv"), "yesterday").unwrap();
    assert_eq!(divert.run(&["route", "--batch", "-", "-o", "a.csv"]).status, 2);
    assert_eq!(std::fs::read_to_string(divert.path("a.csv")).unwrap(), "yesterday");
    // A bad row is an answer.
    let divert = divert.input("id,from\n1,nowhere\n");
    assert_eq!(divert.run(&["route", "--batch", "-", "-o", "a.csv"]).status, 2);
    assert!(std::fs::read_to_string(divert.path("a.csv")).unwrap().starts_with(HEADER));
}

#[test]
fn columns_headings_alternates_and_ids_are_as_asked_for() {
    let input = "id,from\n1,vernon\n2,manchester\n3,vernon\n4,nowhere\n";
    let run = |options: &[&str]| batch(input, options).stdout;
    assert_eq!(
        run(&["--columns", "destination,id", "--no-headers"]),
        "rockville-general,1\nrockville-general,2\nrockville-general,3\n,4\n"
    );
    // What a row in brief does not have, a whole one has.
    assert_eq!(
        run(&["--columns", "id,phone,needs,outcome"]),
        "id,phone,needs,outcome\n1,,general,routed\n2,,general,routed\n3,,general,routed\n4,,,error\n"
    );
    assert_eq!(run(&["--columns", "flags"]).lines().last(), Some("\"\""));
    assert_eq!(run(&["-q"]), "rockville-general\n");
    let at_night = "time,from\n2023-08-04T01:00:00-04:00,vernon\n";
    let alternates = |count: &str| column(&batch(at_night, &["--alternates", count]), "alternates");
    assert_eq!(alternates("0"), [""]);
    assert_eq!(alternates("1"), ["rockville-general:9.2"]);
    assert_eq!(alternates("9"), ["rockville-general:9.2;hartford:28.1"]);
    let uncut = objects(&batch(at_night, &["--alternates", "0", "-F", "jsonl"]));
    assert_eq!(uncut[0]["alternates"].as_array().unwrap().len(), 2);
    let unknown = batch(input, &["--columns", "destinaton"]);
    assert_eq!((unknown.stdout.as_str(), unknown.status), ("", 2));
    assert!(unknown.stderr.contains("did you mean `destination`?"), "{unknown:#?}");
}

#[test]
fn what_describes_one_patient_cannot_describe_many() {
    let divert = Divert::new().input("from\nvernon\n");
    for option in [
        &["vernon"][..],
        &["--from", "vernon"],
        &["--need", "stroke"],
        &["--priority", "1"],
        &["--care", "als"],
        &["--age", "adult"],
        &["--extremis"],
        &["--transfer"],
        &["--request", "hartford"],
        &["--explain"],
    ] {
        let output = divert.run(&[&["route", "--batch", "-"], option].concat());
        assert_eq!((output.stdout.as_str(), output.status), ("", 2), "{output:#?}");
        assert!(output.stderr.contains("cannot be used with"), "{output:#?}");
    }
    let assigned = divert.run(&["assign", "--batch", "-"]);
    assigned.fails("error: `--batch` is for `divert route`\n", 2);
    let excluded = divert.run(&["route", "--batch", "-", "--exclude", "rockville,manchester"]);
    assert_eq!(column(&excluded, "destination"), ["hartford"]);
    assert_eq!(divert.run(&["route", "--batch", "-", "--exclude", "nowhere"]).status, 2);
}

#[test]
fn standard_input_cannot_be_the_log_and_the_patients() {
    let divert = Divert::bare().registry(REGISTRY).input(LOG);
    divert.run(&["--log", "-", "route", "--batch", "-"]).fails(
        "error: standard input can be read once, and both the log and the patients are to come from it\n\
         help: write one of them to a file, and name that\n",
        2,
    );
    std::fs::write(divert.path("patients.csv"), "from\nvernon\n").unwrap();
    let output = divert.run(&["--log", "-", "route", "--batch", "patients.csv"]);
    assert_eq!(column(&output, "destination"), ["rockville-general"]);
}

#[test]
fn a_row_is_known_as_it_was_at_its_own_time() {
    // Event 1 reaches back from 02:05 to 02:00.
    let input = "id,time,from\n\
                 a,2023-08-04T02:01:00-04:00,vernon\n\
                 b,2023-08-04T02:05:00-04:00,vernon\n\
                 c,2023-08-04T02:04:59-04:00,vernon\n\
                 d,2023-08-04T06:59:00-04:00,vernon\n";
    let to = |options: &[&str]| column(&batch(input, options), "destination");
    let (home, other) = ("manchester-memorial", "rockville-general");
    assert_eq!(to(&[]), [other, other, other, other]);
    assert_eq!(to(&["--known-at", "row"]), [home, other, home, other]);
    assert_eq!(to(&["--known-at", "2023-08-04 01:00"]), [home, home, home, home]);
    let rows = objects(&batch(input, &["-F", "jsonl", "--known-at", "row"]));
    assert_eq!(rows[0]["known_at"], "2023-08-04T02:01:00-04:00");
    assert_eq!(rows[0]["at"], "2023-08-04T02:01:00-04:00");
    // What is supposed is known, whatever was recorded; from the time of the question on.
    let given = &["--known-at", "row", "--given", "Manchester Memorial closed from 2023-08-04 02:00"];
    assert_eq!(to(given), [other, other, other, other]);
    // Each is what a single decision says that was known then.
    for (row, time) in rows.iter().zip(["02:01", "02:05", "02:04:59", "06:59"]) {
        let time = &format!("2023-08-04 {time}");
        let args = ["--at", time, "--known-at", time, "route", "vernon", "-F", "jsonl"];
        let mut single = objects(&Divert::new().by_the_clock().run(&args)).remove(0);
        single["id"] = row["id"].clone();
        assert_eq!(&single, row);
    }
}

#[test]
fn a_supposition_counts_from_the_time_of_the_question() {
    let input = "time,from\n2023-08-04T01:30:00-04:00,vernon\n2023-08-04T01:00:00-04:00,vernon\n";
    let output = Divert::new().by_the_clock().input(input).run(&[
        "--at",
        "2023-08-04 01:15",
        "route",
        "--batch",
        "-",
        "--given",
        "Manchester Memorial closed",
    ]);
    assert_eq!(column(&output, "destination"), ["rockville-general", "manchester-memorial"]);
}

#[test]
fn a_policy_that_takes_turns_counts_the_stream_since_local_midnight() {
    let registry =
        REGISTRY.to_owned() + "[policy.p]\nregions = [\"connecticut\"]\nall_diverting = \"rotate\"\n";
    let log = "event,recorded_at,kind,facility,lane,status,from,until,data,source\n\
        1,2023-08-03T00:00:00-04:00,declare,manchester-memorial,,diverting,2023-08-03T00:00:00-04:00,,,hospital\n\
        2,2023-08-03T00:00:00-04:00,declare,rockville-general,,diverting,2023-08-03T00:00:00-04:00,,,hospital\n\
        3,2023-08-03T00:00:00-04:00,declare,hartford,,diverting,2023-08-03T00:00:00-04:00,,,hospital\n";
    let mut input = String::from("id,time,from\n");
    for (id, time) in
        ["2023-08-03T23:58:00", "2023-08-03T23:59:00", "2023-08-04T00:00:00", "2023-08-04T00:01:00"]
            .into_iter()
            .enumerate()
    {
        input.push_str(&format!("{id},{time}-04:00,vernon\n"));
    }
    // Earlier again: its day has had two.
    input.push_str("4,2023-08-03T23:59:30-04:00,vernon\n5,2023-08-04T00:02:00-04:00,vernon\n");
    let divert = Divert::bare().registry(&registry).log(log).input(&input);
    let output = divert.run(&["route", "--batch", "-"]);
    let (m, r, h) = ("manchester-memorial", "rockville-general", "hartford");
    assert_eq!(column(&output, "destination"), [m, r, m, r, h, h], "{output:#?}");
    assert_eq!(column(&output, "outcome"), vec!["forced"; 6]);
    let whole = objects(&divert.run(&["route", "--batch", "-", "-F", "jsonl"]));
    assert_eq!(
        whole.iter().map(|row| row["destination"].as_str().unwrap()).collect::<Vec<_>>(),
        [m, r, m, r, h, h]
    );
}

#[test]
fn what_was_assigned_by_the_log_counts_where_a_policy_takes_turns() {
    let registry =
        REGISTRY.to_owned() + "[policy.p]\nregions = [\"connecticut\"]\nall_diverting = \"rotate\"\n";
    let divert = Divert::bare().registry(&registry).by_the_clock().input("from\nvernon\nvernon\n");
    for name in ["Manchester Memorial", "Rockville General", "Hartford Hospital"] {
        divert.run(&["declare", name, "diverting"]);
    }
    let assigned = divert.run(&["assign", "vernon"]);
    assert!(assigned.stdout.starts_with("FORCED to Manchester Memorial Hospital"), "{assigned:#?}");
    let output = divert.run(&["route", "--batch", "-"]);
    assert_eq!(column(&output, "destination"), ["rockville-general", "hartford"], "{output:#?}");
}

#[test]
fn a_patient_is_routed_on_a_day_that_has_no_midnight() {
    let divert = Divert::new().by_the_clock();
    let single = divert.run(&["--tz", "America/Havana", "--at", "2023-03-12 09:00", "route", "vernon"]);
    assert_eq!(single.status, 0, "{single:#?}");
}

/// A stream that stays open.
struct Open {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Open {
    fn run(divert: &Divert, args: &[&str]) -> Self {
        let mut child = divert.spawn(&divert.path("."), args);
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }
    fn say(&mut self, text: &str) {
        self.input.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
    /// Closes the input, and says what came of it.
    fn end(mut self) -> (i32, String) {
        drop(self.input.take());
        let output = self.child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn an_answer_comes_while_the_stream_stays_open() {
    for (format, header) in [("csv", true), ("jsonl", false)] {
        let divert = Divert::new();
        let mut stream = Open::run(&divert, &["route", "--batch", "-", "-F", format]);
        stream.say("id,from\n1,ver");
        if header {
            assert_eq!(stream.hear(), HEADER);
        }
        stream.say("non\n2,manchester\n3,");
        let (first, second) = (stream.hear(), stream.hear());
        assert!(
            first.contains("rockville-general") && second.contains("rockville-general"),
            "{first}{second}"
        );
        stream.say("nowhere\n4,vernon");
        assert!(stream.hear().contains("error"));
        drop(stream.input.take());
        assert!(stream.hear().contains("rockville-general"), "the last row needs no line break");
        assert_eq!(
            stream.end(),
            (2, "warning: 1 of 4 rows could not be read: their `note` says why\n".to_owned())
        );
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_stream_quietly() {
    let divert = Divert::new();
    let mut stream = Open::run(&divert, &["route", "--batch", "-"]);
    stream.say("id,from\n1,vernon\n");
    assert_eq!(stream.hear(), HEADER);
    let Open { mut child, input, output } = stream;
    drop(output);
    let mut input = input.unwrap();
    // The pipe holds what is said before the program finds out.
    while input.write_all("2,vernon\n".repeat(1000).as_bytes()).is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn what_is_recorded_between_two_rows_counts_from_the_next_on() {
    let divert = Divert::bare().registry(REGISTRY).by_the_clock();
    divert.run(&["declare", "Hartford Hospital", "advisory"]);
    let mut stream =
        Open::run(&divert, &["route", "--batch", "-", "--columns", "destination", "--no-headers"]);
    stream.say("from\nvernon\n");
    assert_eq!(stream.hear(), "manchester-memorial\n");
    divert.run(&["declare", "Manchester Memorial", "closed"]);
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "rockville-general\n");
    divert.run(&["retract", "2"]);
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "manchester-memorial\n");
    assert_eq!(stream.end(), (0, String::new()));
}

#[test]
fn a_log_that_is_begun_or_kept_by_hand_is_read_again() {
    // A log that was not there when the stream began.
    let divert = Divert::bare().registry(REGISTRY).by_the_clock();
    let columns = &["--columns", "destination", "--no-headers"];
    let mut stream = Open::run(&divert, &[&["route", "--batch", "-"], columns.as_slice()].concat());
    stream.say("from\nvernon\n");
    assert_eq!(stream.hear(), "manchester-memorial\n");
    divert.run(&["declare", "Manchester Memorial", "closed"]);
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "rockville-general\n");
    let (status, said) = stream.end();
    assert_eq!((status, said.as_str()), (0, "warning: there is no log `diversions.db`: nothing is known\n"));
    // A file.
    let divert = Divert::new();
    let mut stream = Open::run(&divert, &[&["route", "--batch", "-"], columns.as_slice()].concat());
    stream.say("from\nvernon\n");
    assert_eq!(stream.hear(), "rockville-general\n");
    let more = "3,2023-08-04T08:00:00-04:00,declare,rockville-general,,closed,2023-08-04T08:00:00-04:00,,,hospital\n";
    std::fs::write(divert.path("log.csv"), format!("{LOG}{more}")).unwrap();
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "hartford\n");
    // A log that can no longer be read ends the stream: nobody is to be sent by what may be out of date.
    std::fs::write(divert.path("log.csv"), "nonsense").unwrap();
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "");
    let (status, said) = stream.end();
    assert_eq!(status, 4, "{said}");
    assert!(said.contains("log.csv:1"), "{said}");
}

#[test]
fn a_row_of_the_log_that_is_half_written_is_not_recorded_yet() {
    let divert = Divert::new();
    let options = ["route", "--batch", "-", "--columns", "destination", "--no-headers"];
    let mut stream = Open::run(&divert, &options);
    stream.say("from\nvernon\n");
    assert_eq!(stream.hear(), "rockville-general\n");
    let more = "3,2023-08-04T08:00:00-04:00,declare,rockville-general,,closed,2023-08-04T08:00:00-04:00,,,hospital\n";
    for written in [&more[..20], &more[..50]] {
        std::fs::write(divert.path("log.csv"), format!("{LOG}{written}")).unwrap();
        stream.say("vernon\n");
        assert_eq!(stream.hear(), "rockville-general\n");
    }
    std::fs::write(divert.path("log.csv"), format!("{LOG}{more}")).unwrap();
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "hartford\n");
    // A row that is written to its end and says nothing ends the stream.
    std::fs::write(divert.path("log.csv"), format!("{LOG}{more}4,nonsense\n")).unwrap();
    stream.say("vernon\n");
    assert_eq!(stream.hear(), "");
    let (status, said) = stream.end();
    assert_eq!(status, 4, "{said}");
    let told = "warning: the last row of the log is not written to its end";
    assert_eq!(said.matches(told).count(), 2, "{said}");
}

#[test]
fn many_rows_keep_their_order_whoever_decides_them() {
    let places = ["vernon", "manchester", "rockville-general", "nowhere"];
    let mut input = String::from("id,from,need\n");
    for id in 0..5000 {
        input.push_str(&format!("{id},{},{}\n", places[id % 4], ["stroke", "general", "trauma"][id % 3]));
    }
    let output = batch(&input, &[]);
    let ids = column(&output, "id");
    assert!(ids.iter().enumerate().all(|(at, id)| *id == at.to_string()), "out of order");
    // Every twelfth row says the same.
    let rows: Vec<&str> = output.stdout.lines().skip(1).map(|row| row.split_once(',').unwrap().1).collect();
    assert!(rows.iter().zip(&rows[12..]).all(|(row, later)| row == later));
    let whole = objects(&batch(&input, &["-F", "jsonl"]));
    let destinations = column(&output, "destination");
    assert_eq!(whole.len(), 5000);
    for (row, destination) in whole.iter().zip(destinations) {
        assert_eq!(row["destination"].as_str().unwrap_or_default(), destination);
    }
}

#[test]
fn the_clock_is_the_time_of_rows_that_say_none() {
    let divert = Divert::bare().registry(REGISTRY).by_the_clock().input("from\nvernon\n");
    let row = &objects(&divert.run(&["route", "--batch", "-", "-F", "jsonl"]))[0];
    let at = chrono::DateTime::parse_from_rfc3339(row["at"].as_str().unwrap()).unwrap();
    let written = std::fs::metadata(divert.path("facilities.toml")).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(at.timestamp().abs_diff(i64::try_from(written).unwrap()) < 60);
}
