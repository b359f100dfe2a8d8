//! `log`, `import`, and what is followed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Divert, LOG, REGISTRY};

fn fresh() -> Divert {
    Divert::bare().registry(REGISTRY).by_the_clock()
}

fn pause() {
    // Events are recorded to the second.
    std::thread::sleep(Duration::from_millis(1100));
}

#[test]
fn what_was_believed_then_and_what_is_known_now_differ() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    pause();
    // A correction about the past, then a retraction of the first.
    divert.run(&["--at", "-2h", "declare", "Rockville", "General", "diverting"]);
    pause();
    divert.run(&["retract", "1"]);
    let log = divert.run(&["log", "-F", "jsonl"]).stdout;
    let recorded: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["recorded_at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(recorded.len(), 3, "{log}");
    let board =
        |at: &str, known_at: &str| divert.run(&["status", "-q", "--at", at, "--known-at", known_at]).stdout;
    let now = &recorded[2];
    assert_eq!(board(now, &recorded[0]), "hartford\n");
    assert_eq!(board(now, &recorded[1]), "hartford\nrockville-general\n");
    assert_eq!(board(now, &recorded[2]), "rockville-general\n");
    // What was so an hour ago: nobody knew then.
    let hour_ago = ["status", "-q", "--at", "-1h"];
    divert.run(&hour_ago).answers("rockville-general\n");
    assert_eq!(divert.run(&[&hour_ago[..], &["--known-at", "-1h"]].concat()).stdout, "");
}

#[test]
fn the_head_stands_in_every_answer_and_verifies() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let json: Value = serde_json::from_str(&divert.run(&["status", "-F", "json"]).stdout).unwrap();
    assert_eq!(json["log"]["head"], 1);
    let head = format!("1:{}", json["log"]["hash"].as_str().unwrap());
    divert.run(&["declare", "Hartford", "open"]);
    let well = divert.run(&["log", "verify", "--head", &head]);
    assert_eq!((well.stderr.as_str(), well.status), ("", 0), "{well:#?}");
    assert!(well.stdout.starts_with("2 events, and the chain holds\n"), "{well:#?}");
    let other = format!("1:{}", "0".repeat(64));
    let rewritten = divert.run(&["log", "verify", "--head", &other]);
    assert_eq!(rewritten.status, 1, "{rewritten:#?}");
    assert!(rewritten.stdout.contains("were rewritten"), "{rewritten:#?}");
    assert_eq!(divert.run(&["log", "verify", "--head", "9"]).status, 2);
    assert_eq!(divert.run(&["log", "--head", &head]).status, 2);
    assert_eq!(Divert::new().run(&["log", "verify"]).status, 4, "a csv file has no chain");
}

/// Does to the log what its triggers keep out.
fn forge(divert: &Divert, sql: &str) {
    let raw = rusqlite::Connection::open(divert.path("diversions.db")).unwrap();
    raw.execute_batch("DROP TRIGGER event_stays; DROP TRIGGER event_is_kept").unwrap();
    raw.execute_batch(sql).unwrap();
}

/// What `verify` says of a log of four events to which this was done.
fn verdict_on(sql: &str) -> Vec<String> {
    let divert = fresh();
    for status in ["closed", "open", "closed", "open"] {
        divert.run(&["declare", "Hartford", status]);
    }
    forge(&divert, sql);
    let verdict = divert.run(&["log", "verify"]);
    assert_eq!((verdict.stderr.as_str(), verdict.status), ("", 1), "{verdict:#?}");
    let head = verdict.stdout.lines().last().unwrap();
    assert!(head.starts_with("head 4:") && head.len() == 7 + 64, "{head}");
    let unguarded =
        ["event_is_kept", "event_stays"].map(|name| format!("`{name}`, which guards the log, was taken off"));
    let flaws: Vec<String> = verdict.stdout.lines().map(str::to_owned).collect();
    let (flaws, rest) = flaws.split_at(flaws.len() - 3);
    assert_eq!(rest[..2], unguarded);
    flaws.to_vec()
}

#[test]
fn a_log_that_no_other_command_can_read_is_verified() {
    let changed =
        |event| format!("event {event} is not what was recorded: its hash does not cover what stands there");
    assert_eq!(
        verdict_on("DELETE FROM event WHERE event = 2"),
        ["event 2 is missing".to_owned(), changed(3)]
    );
    for (event, cell) in [
        (3, "facility = 'nowhere'"),
        (2, "recorded_at = 'yesterday'"),
        (4, "recorded_at = '2030-01-01T00:00:00Z'"),
        (4, "recorded_at = 'tomorrow'"),
        (1, "reason = CAST(x'ff' AS TEXT)"),
    ] {
        assert_eq!(
            verdict_on(&format!("UPDATE event SET {cell} WHERE event = {event}")),
            [changed(event)],
            "{cell}"
        );
    }
    let both =
        "DELETE FROM event WHERE event = 2; UPDATE event SET reason = CAST(x'ff' AS TEXT) WHERE event = 3";
    assert_eq!(verdict_on(both), ["event 2 is missing".to_owned(), changed(3)]);
}

#[test]
fn a_chain_holds_whatever_the_registry_says() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let other = "[registry]\nname = \"Elsewhere\"\ntimezone = \"America/New_York\"\n";
    std::fs::write(divert.path("other.toml"), other).unwrap();
    let verify = ["--log", "diversions.db", "log", "verify"];
    let elsewhere = divert.run(&[&["--registry", "other.toml"][..], &verify].concat());
    assert_eq!((elsewhere.stderr.as_str(), elsewhere.status), ("", 0), "{elsewhere:#?}");
    assert!(elsewhere.stdout.starts_with("1 event, and the chain holds\n"), "{elsewhere:#?}");
    let without = divert.run(&[&["--registry", "none.toml"][..], &verify].concat());
    assert_eq!((&without.stdout, without.status), (&elsewhere.stdout, 0), "{without:#?}");
    assert_eq!(without.stderr, "warning: the registry cannot be read; the chain is verified without it\n");
}

#[test]
fn a_journal_is_narrowed_by_name_and_time() {
    let divert = Divert::new();
    divert.run(&["log", "-q"]).answers("1\n2\n");
    divert.run(&["log", "rockville", "-q"]).answers("2\n");
    divert.run(&["log", "-q", "--since", "06:00"]).answers("2\n");
    divert.run(&["log", "-q", "--until", "06:00"]).answers("1\n");
    divert.run(&["log", "-q", "--known-at", "06:00"]).answers("1\n");
}

#[test]
fn changes_tell_what_ran_out() {
    let changes = ["log", "--changes", "-F", "csv", "--columns", "facility,change,lane,ended_by"];
    let divert = Divert::new();
    divert.run(&changes).answers(
        "facility,change,lane,ended_by\nmanchester-memorial,begins,closed,\nrockville-general,begins,service:ct,\n",
    );
    let later = Divert::new().by_the_clock();
    let at = [&["--at", "2023-08-04 13:00"][..], &changes].concat();
    assert!(later.run(&at).stdout.ends_with("rockville-general,ends,service:ct,expired\n"));
}

#[test]
fn imported_twice_is_imported_once() {
    let divert = fresh();
    let log = format!(
        "{}3,2023-08-04T08:00:00-04:00,retract,,,,,,,dispatch\n",
        LOG.replace("reason,source\n", "reason,source,retracts\n").replace(",hospital\n", ",hospital,\n")
    );
    let log = log.replace("dispatch\n", "dispatch,1\n");
    std::fs::write(divert.path("old.csv"), &log).unwrap();
    divert.run(&["declare", "Hartford", "closed"]);
    let rehearsal = divert.run(&["import", "csv", "old.csv", "--dry-run"]).stdout;
    assert!(rehearsal.starts_with("3 events would be recorded, 0 are there already\n"), "{rehearsal}");
    divert.run(&["import", "csv", "old.csv"]).answers("3 events recorded (2 to 4), 0 were there already\n");
    divert.run(&["import", "csv", "old.csv"]).answers("0 events recorded, 3 were there already\n");
    // What it retracts is what event 1 of the file has become.
    let row = divert.run(&["log", "-F", "jsonl", "--columns", "event,retracts"]).stdout;
    assert!(row.ends_with("{\"event\":4,\"retracts\":2}\n"), "{row}");
    let data = divert.run(&["log", "-F", "jsonl", "--columns", "data"]).stdout;
    assert!(data.contains("2023-08-04T06:05:00Z"), "when it was recorded there is kept: {data}");
    // What came since is taken in alone.
    std::fs::write(
        divert.path("old.csv"),
        format!(
            "{log}4,2023-08-04T08:30:00-04:00,declare,hartford,,advisory,2023-08-04T08:30:00-04:00,,,news,\n"
        ),
    )
    .unwrap();
    divert.run(&["import", "csv", "old.csv"]).answers("1 event recorded (5), 3 were there already\n");
}

#[test]
fn words_of_notes_and_of_retractions_are_shown_and_imported() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let echo = divert.run(&["retract", "1", "--reason", "said of the wrong hospital"]).stdout;
    assert!(echo.starts_with("event 2: event 1 retracted: said of the wrong hospital\n"), "{echo}");
    std::fs::write(
        divert.path("book.csv"),
        "recorded_at,kind,facility,status,from,text\n2023-08-03T06:00:00-04:00,note,hartford,,,the bridge is closed\n",
    )
    .unwrap();
    divert.run(&["import", "csv", "book.csv"]).answers("1 event recorded (3), 0 were there already\n");
    let shown = divert.run(&["log"]).stdout;
    for words in
        ["event 1 retracted: said of the wrong hospital", "Hartford Hospital: note: the bridge is closed"]
    {
        assert!(shown.contains(words), "{shown}");
    }
    // What is shown can be imported elsewhere, and says the same there.
    let csv = divert.run(&["log", "-F", "csv"]).stdout;
    let copy = fresh();
    std::fs::write(copy.path("copy.csv"), csv).unwrap();
    copy.run(&["import", "csv", "copy.csv"]).answers("3 events recorded (1 to 3), 0 were there already\n");
    let text = copy.run(&["log", "-F", "csv", "--columns", "kind,retracts,text"]).stdout;
    assert_eq!(
        text,
        "kind,retracts,text\ndeclare,,\nretract,1,said of the wrong hospital\nnote,,the bridge is closed\n"
    );
}

#[test]
fn texts_that_a_spreadsheet_would_run_or_that_begin_as_guarded_ones_come_back_from_csv() {
    let texts =
        ["=1+1", "＝1", "-x", "@a", "'=1", "''=1", "' ＋1", "'s Heeren", "'", "+1-860-646-1222", "'-5"];
    let rows = texts.map(|text| {
        let note = serde_json::json!({
            "recorded_at": "2023-08-03T06:00:00-04:00", "kind": "note", "text": text, "source": "hospital",
        });
        let said = serde_json::json!({
            "recorded_at": "2023-08-03T06:00:00-04:00", "facility": "hartford", "status": "closed",
            "from": "2023-08-03T06:00:00-04:00", "source": text,
        });
        format!("{note}\n{said}\n")
    });
    let divert = fresh();
    std::fs::write(divert.path("said.jsonl"), rows.concat()).unwrap();
    let columns = ["-F", "jsonl", "--columns", "text,source"];
    let said = divert.run(&[&["--log", "said.jsonl", "log"][..], &columns].concat()).stdout;
    for text in texts {
        assert!(said.contains(&format!("\"text\":\"{text}\"")), "{text} in {said}");
        assert!(said.contains(&format!("\"source\":\"{text}\"")), "{text} in {said}");
    }
    divert.run(&["--log", "said.jsonl", "log", "-o", "copy.csv"]);
    divert.run(&[&["--log", "copy.csv", "log"][..], &columns].concat()).answers(&said);
    divert.run(&["import", "csv", "copy.csv"]);
    divert.run(&[&["log"][..], &columns].concat()).answers(&said);
}

#[test]
fn an_import_is_all_or_nothing() {
    let divert = fresh();
    let log =
        format!("{LOG}3,2023-08-04T08:00:00-04:00,declare,nowhere,,closed,2023-08-04T08:00:00-04:00,,,\n");
    std::fs::write(divert.path("old.csv"), log).unwrap();
    let failed = divert.run(&["import", "csv", "old.csv"]);
    assert_eq!((failed.stdout.as_str(), failed.status), ("", 2), "{failed:#?}");
    assert!(!divert.path("diversions.db").exists());
}

#[test]
fn a_copy_of_a_log_is_a_log() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting", "for", "stroke", "for", "2h,", "route", "to", "ECHN"]);
    divert.run(&["declare", "Manchester", "Memorial", "ct", "down"]);
    divert.run(&["census", "Hartford", "--occupied", "4"]);
    divert.run(&["retract", "2"]);
    for format in ["csv", "jsonl"] {
        let name = format!("copy.{format}");
        assert_eq!(divert.run(&["log", "-o", &name]).status, 0);
        let status = ["status", "--all", "-F", "csv", "--columns", "facility,status,lanes,census"];
        let copy = divert.run(&[&["--log", &name][..], &status].concat());
        copy.answers(&divert.run(&status).stdout);
    }
}

/// Another log of the same registry.
fn with_registry_of(divert: &Divert) -> Divert {
    let registry = std::fs::read_to_string(divert.path("facilities.toml")).unwrap();
    Divert::bare().registry(&registry).by_the_clock()
}

/// A log with everything that stands in `data`: an end that nobody stated, figures, an assignment.
fn with_data() -> Divert {
    let yellow = "[status.yellow]\nlabel = \"Yellow\"\neffect = \"diverting\"\nmax = \"2h\"\n";
    let divert = Divert::bare().registry(&format!("{REGISTRY}\n{yellow}")).by_the_clock();
    divert.run(&["declare", "Hartford", "yellow"]);
    divert.run(&["census", "Hartford", "--occupied", "4", "--longest-boarding", "1.1"]);
    divert.run(&["assign", "vernon", "stroke", "p2", "--id", "4411"]);
    divert.run(&["retract", "2"]);
    divert
}

#[test]
fn a_copy_of_a_copy_of_a_log_has_the_same_data() {
    let divert = with_data();
    // Of author and hash a file keeps nothing once it is read.
    let columns =
        "event,recorded_at,kind,facility,lane,status,scope,from,until,source,exercise,retracts,data";
    for format in ["csv", "jsonl"] {
        let copy = format!("copy.{format}");
        divert.run(&["log", "-F", format, "-o", &copy, "--columns", columns]);
        let copied = std::fs::read_to_string(divert.path(&copy)).unwrap();
        let bare = copied.replace(['"', '\\'], "");
        for data in ["{until:max}", "occupied:4", "longest_boarding:1.1", "id:4411", "needs:[stroke],"] {
            assert!(bare.contains(data), "{data} in {copied}");
        }
        let again = divert.run(&["--log", &copy, "log", "-F", format, "--columns", columns]);
        again.answers(&copied);
    }
}

#[test]
fn what_an_assignment_rested_on_is_imported_and_tells_it_from_no_other() {
    let divert = with_data();
    let data = |divert: &Divert| -> Value {
        let rows = divert.run(&["log", "-F", "jsonl", "--columns", "kind,data"]).stdout;
        let row = rows.lines().find(|row| row.contains("assign")).unwrap();
        let row: Value = serde_json::from_str(row).unwrap();
        serde_json::from_str(row["data"].as_str().unwrap()).unwrap()
    };
    let recorded = data(&divert);
    let keys: Vec<&String> = recorded.as_object().unwrap().keys().collect();
    let all = "age care decided_by home id minutes needs nemsis outcome priority zone";
    assert_eq!(keys, all.split(' ').collect::<Vec<_>>());
    for format in ["csv", "jsonl"] {
        let name = format!("copy.{format}");
        divert.run(&["log", "-o", &name]);
        let copy = with_registry_of(&divert);
        let path = divert.path(&name);
        let import = ["import", format, path.to_str().unwrap()];
        copy.run(&import).answers("4 events recorded (1 to 4), 0 were there already\n");
        let mut imported = data(&copy);
        let facts = imported.as_object_mut().unwrap();
        assert!(facts.remove("import").is_some() && facts.remove("recorded_at").is_some());
        assert_eq!(imported, recorded);
        copy.run(&import).answers("0 events recorded, 4 were there already\n");
    }
    // Logs were filled before by imports that left it out, and from files that have less: it is the same assignment.
    let full = std::fs::read_to_string(divert.path("copy.jsonl")).unwrap();
    let assigned = recorded.to_string().replace('"', "\\\"");
    let less = format!("{{\"home\":{},\"id\":\"4411\"}}", recorded["home"]).replace('"', "\\\"");
    assert!(full.contains(&assigned), "{full}");
    let copy = with_registry_of(&divert);
    std::fs::write(copy.path("less.jsonl"), full.replace(&assigned, &less)).unwrap();
    copy.run(&["import", "jsonl", "less.jsonl"]);
    std::fs::write(copy.path("full.jsonl"), full).unwrap();
    copy.run(&["import", "jsonl", "full.jsonl"]).answers("0 events recorded, 4 were there already\n");
}

#[test]
fn where_a_patient_was_is_not_imported() {
    let divert = fresh();
    let row = "2023-08-03T06:00:00Z,assign,hartford,\"{\"\"id\"\":\"\"4411\"\",\"\"lat\"\":41.7,\"\"zone\"\":\"\"vernon\"\"}\"";
    std::fs::write(
        divert.path("sent.csv"),
        format!("from,kind,facility,status,data\n{}\n", row.replacen("hartford,", "hartford,,", 1)),
    )
    .unwrap();
    divert.run(&["import", "csv", "sent.csv"]).answers("1 event recorded (1), 0 were there already\n");
    let data = divert.run(&["log", "-F", "jsonl", "--columns", "data"]).stdout;
    assert!(data.contains("vernon") && !data.contains("lat"), "{data}");
}

#[test]
fn what_ends_soon_is_told_and_nothing_else() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "diverting", "for", "20m"]);
    divert.run(&["declare", "Rockville", "General", "diverting", "for", "2h"]);
    divert.run(&["status", "--ending", "5m"]).answers("");
    divert.run(&["status", "--ending", "30m", "-q"]).is("hartford\n", "", 1);
    divert.run(&["status", "rockville", "--ending", "30m"]).answers("");
}

/// A command that goes on, until it is dropped.
struct Followed {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    remarks: Lines<BufReader<ChildStderr>>,
}

impl Followed {
    fn new(divert: &Divert, args: &[&str]) -> Self {
        let mut command = divert.command(&divert.path("."));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let remarks = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, remarks }
    }
    /// The next line that it writes.
    fn next(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
    /// The next that it says on standard error.
    fn remark(&mut self) -> String {
        self.remarks.next().unwrap().unwrap()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Runs a command that goes on, does something, and gives the first lines that it writes.
fn followed(divert: &Divert, args: &[&str], lines: usize, meanwhile: impl FnOnce()) -> Vec<String> {
    let mut follows = Followed::new(divert, args);
    let mut read = vec![follows.next()];
    meanwhile();
    read.extend((1..lines).map(|_| follows.next()));
    read
}

#[test]
fn a_board_that_is_followed_says_what_changes() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let lines = followed(&divert, &["status", "--follow"], 2, || {
        divert.run(&["declare", "Hartford", "open"]);
    });
    assert!(lines[0].starts_with("Hartford Hospital closed: closed since "), "{lines:#?}");
    assert_eq!(lines[1], "Hartford Hospital open");
}

#[test]
fn a_journal_that_is_followed_gives_every_event_once() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let args = ["log", "--follow", "-F", "jsonl", "--columns", "event,status"];
    let lines = followed(&divert, &args, 3, || {
        divert.run(&["declare", "Hartford", "open"]);
        divert.run(&["declare", "Hartford", "advisory"]);
    });
    assert_eq!(
        lines,
        [
            "{\"event\":1,\"status\":\"closed\"}",
            "{\"event\":2,\"status\":\"open\"}",
            "{\"event\":3,\"status\":\"advisory\"}"
        ]
    );
    divert
        .run(&["status", "--follow", "-F", "json"])
        .fails("error: what is followed is written line by line\nhelp: leave --output out, and write the table, csv, tsv or jsonl\n", 2);
}

#[test]
fn what_is_followed_goes_on_while_a_row_of_the_log_is_half_written() {
    let closed = "facility,status,from\nhartford,closed,2023-08-04T08:00:00Z\n";
    let opens = "hartford,open,2023-08-04T09:00:00Z\n";
    for (command, columns, told) in
        [("status", "facility,status", ["hartford", "hartford"]), ("log", "event,status", ["1", "2"])]
    {
        let divert = fresh();
        let append = |text: &str| {
            let mut options = std::fs::File::options();
            options
                .create(true)
                .append(true)
                .open(divert.path("log.csv"))
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
        };
        append(closed);
        let args = ["--log", "log.csv", command, "--follow", "-F", "csv", "--columns", columns];
        let mut follows = Followed::new(&divert, &args);
        assert_eq!(follows.next(), columns);
        assert_eq!(follows.next(), format!("{},closed", told[0]));
        append(&opens[..20]);
        let remark = "warning: the last row of the log is not written to its end: what came since is not known until it is";
        assert_eq!(follows.remark(), remark, "{command}");
        append(&opens[20..]);
        assert_eq!(follows.next(), format!("{},open", told[1]));
    }
}

#[test]
fn changes_that_are_followed_are_told_once_also_where_they_are_recorded_late() {
    let divert = fresh();
    divert.run(&["declare", "Hartford", "closed"]);
    let args = ["log", "--changes", "--follow", "-F", "jsonl", "--columns", "facility,change,event"];
    let told = |facility: &str, change: &str, event: u64| {
        format!("{{\"facility\":\"{facility}\",\"change\":\"{change}\",\"event\":{event}}}")
    };
    let mut follows = Followed::new(&divert, &args);
    assert_eq!(follows.next(), told("hartford", "begins", 1));
    // What is said now, perhaps within the second that was told already, and what was so five minutes ago.
    divert.run(&["declare", "Manchester", "Memorial", "closed"]);
    assert_eq!(follows.next(), told("manchester-memorial", "begins", 2));
    divert.run(&["--at", "-5m", "declare", "Rockville", "General", "diverting"]);
    assert_eq!(follows.next(), told("rockville-general", "begins", 3));
    divert.run(&["retract", "1"]);
    assert_eq!(follows.next(), told("hartford", "withdrawn", 1));
    divert.run(&["retract", "4"]);
    assert_eq!(follows.next(), told("hartford", "begins", 1));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_recorded_is_said_also_where_the_answer_cannot_be_written() {
    let divert = fresh();
    let rows = [(6, "closed"), (7, "open"), (8, "closed"), (9, "open")]
        .map(|(hour, status)| format!("2023-08-03T0{hour}:00:00Z,hartford,{status},hospital\n"));
    let board = format!("from,facility,status,source\n{}", rows.concat());
    std::fs::write(divert.path("board.csv"), board).unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut import = divert.command(&divert.path(""));
    import.args(["import", "csv", "board.csv", "-F", "csv"]).stdin(Stdio::null()).stdout(full);
    let output = import.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("warning: recorded as event 1 to 4, and cannot write standard output: "),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(0), "it was recorded");
}
