//! What is asked, and of whom: the command lines of `divert`, of every peer that is installed, and of a limit probe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::{NEED, World};

/// A question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    /// T1: hours by facility, month and status.
    Hours,
    /// T2: destination and two alternates of every patient, each at the patient's own time.
    Batch,
    /// T3: the same of one patient, from a cold start.
    One,
    /// T4: the status of every facility at one instant, from a log in that form.
    Board(Form),
}

/// How a log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Csv,
    /// The same, compressed with gzip.
    Packed,
    /// JSON lines.
    Lines,
}

impl Form {
    /// The file of a world that is written so.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Csv => "events.csv",
            Self::Packed => "events.csv.gz",
            Self::Lines => "events.jsonl",
        }
    }
}

impl Task {
    /// Its number in the tables and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hours => "T1",
            Self::Batch => "T2",
            Self::One => "T3",
            Self::Board(Form::Csv) => "T4",
            Self::Board(Form::Packed) => "T4gz",
            Self::Board(Form::Lines) => "T4jsonl",
        }
    }

    /// What it asks.
    pub(crate) fn asks(self) -> &'static str {
        match self {
            Self::Hours => "hours by facility, month and status",
            Self::Batch => "destination and two alternates of every patient",
            Self::One => "one patient, cold start",
            Self::Board(Form::Csv) => "the status of every facility at one instant",
            Self::Board(Form::Packed) => "the same from a log compressed with gzip",
            Self::Board(Form::Lines) => "the same from JSON lines",
        }
    }
}

/// Whoever answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    pub(crate) role: Role,
}

/// What somebody's time is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// `divert`.
    Ours,
    /// What somebody would write instead.
    Peer,
    /// Only the unavoidable work: what the machine can do.
    Probe,
    /// A program that does nothing: what starting one costs.
    Nothing,
}

/// What is installed here.
pub(crate) struct Machine {
    /// The program that is measured.
    pub(crate) divert: PathBuf,
    /// The probe, if one was named.
    pub(crate) probe: Option<PathBuf>,
    pub(crate) threads: usize,
    python: Option<PathBuf>,
    /// Python's modules and their versions.
    modules: BTreeMap<String, String>,
    duckdb: Option<PathBuf>,
    sqlite3: Option<PathBuf>,
    mawk: Option<PathBuf>,
    nothing: Option<PathBuf>,
}

/// The modules that peers import.
const MODULES: [&str; 6] = ["duckdb", "polars", "pandas", "pyarrow", "scipy", "sklearn"];

/// Where the peers' scripts are.
fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scale/peers").join(name).display().to_string()
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A program in the folders of `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The first line that a command says.
fn said(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned()
}

impl Machine {
    /// Looks for everything.
    pub(crate) fn look(divert: Option<PathBuf>, probe: Option<PathBuf>) -> Self {
        let named = variable("DIVERT_BENCH_PYTHON").or_else(|| program("python3"));
        // What stands in `PATH` may be a script that looks for it anew each time.
        let python = named.map(|python| said(&python, &["-c", "import sys; print(sys.executable)"]));
        let python = python.map(PathBuf::from).filter(|python| python.is_file());
        let mut modules = BTreeMap::new();
        for module in MODULES {
            let version = format!("import {module}; print({module}.__version__)");
            let run = python.as_ref().map(|python| Command::new(python).args(["-c", &version]).output());
            if let Some(Ok(output)) = run
                && output.status.success()
            {
                modules.insert(module.to_owned(), String::from_utf8_lossy(&output.stdout).trim().to_owned());
            }
        }
        let beside_python = python.as_ref().map(|python| python.with_file_name("duckdb"));
        Self {
            divert: divert.unwrap_or_else(|| env!("CARGO_BIN_EXE_divert").into()),
            probe: probe.or_else(|| variable("DIVERT_PROBE")),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            duckdb: beside_python.filter(|file| file.is_file()).or_else(|| program("duckdb")),
            sqlite3: program("sqlite3"),
            mawk: program("mawk").filter(|_| program("sort").is_some()),
            nothing: program("true"),
            python,
            modules,
        }
    }

    /// The machine and the peers, in a sentence or two.
    pub(crate) fn description(&self) -> String {
        let of_file = |file: &str, key: &str| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':'));
            line.map(|(_, value)| value.trim().to_owned())
        };
        let model =
            of_file("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        let memory = of_file("/proc/meminfo", "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
            .map_or_else(String::new, |kib| format!(", {:.0} GiB", kib / 1024.0 / 1024.0));
        let mut versions = vec![said(Path::new("rustc"), &["--version"])];
        versions.extend(self.python.as_ref().map(|python| said(python, &["--version"])));
        versions.extend(self.modules.iter().map(|(module, version)| format!("{module} {version}")));
        versions.extend(
            self.duckdb.as_ref().map(|shell| format!("DuckDB shell {}", said(shell, &["--version"]))),
        );
        versions.extend(self.sqlite3.as_ref().map(|shell| {
            let version = said(shell, &["--version"]);
            format!("SQLite {}", version.split(' ').next().unwrap_or_default())
        }));
        versions.extend(self.mawk.as_ref().map(|mawk| said(mawk, &["-W", "version"])));
        let (cores, system) = (self.threads, std::env::consts::OS);
        format!("{model}, {cores} cores{memory}, {system}; {}.", versions.join(", "))
    }

    fn python(&self, file: &str, modules: &[&str], arguments: &[&str]) -> Option<Vec<String>> {
        let python = self.python.as_ref()?;
        let all = modules.iter().all(|module| self.modules.contains_key(*module));
        all.then(|| {
            // Nothing is written beside the scripts.
            let before = [python.display().to_string(), "-B".to_owned(), script(file)];
            before.into_iter().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
        })
    }

    /// A script for `sh`, where the program that it needs is here.
    fn shell(needed: Option<&PathBuf>, file: &str, arguments: &[&str]) -> Option<Vec<String>> {
        needed?;
        let before = ["sh".to_owned(), script(file)];
        Some(before.into_iter().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect())
    }

    /// DuckDB's shell and its Python module, on the same query.
    fn duckdb(&self, file: &str, arguments: &[(&str, &str)]) -> [(&'static str, Option<Vec<String>>); 2] {
        let query = std::fs::read_to_string(script(file)).unwrap_or_default();
        let settings: String = arguments.iter().map(|(name, value)| set(name, value)).collect();
        let shell = self.duckdb.as_ref().map(|duckdb| {
            let flags = ["-init", "/dev/null", "-batch", "-c"].map(str::to_owned);
            [duckdb.display().to_string()].into_iter().chain(flags).chain([settings + &query]).collect()
        });
        let pairs: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut words = vec![script(file)];
        words.extend(pairs);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        [("DuckDB shell", shell), ("DuckDB in Python", self.python("with_duckdb.py", &["duckdb"], &words))]
    }

    fn probes(&self, arguments: &[&str]) -> Vec<(String, Option<Vec<String>>)> {
        let with = |threads: usize| {
            self.probe.as_ref().map(|probe| {
                let words = arguments.iter().map(|word| (*word).to_owned());
                [probe.display().to_string()].into_iter().chain(words).chain([threads.to_string()]).collect()
            })
        };
        match self.threads {
            1 => vec![("limit probe".to_owned(), with(1))],
            all => vec![
                ("limit probe, 1 thread".to_owned(), with(1)),
                (format!("limit probe, {all} threads"), with(all)),
            ],
        }
    }

    /// Everybody who answers a question about a world, and the names of those who are not here.
    pub(crate) fn tools(&self, task: Task, world: &World) -> (Vec<Tool>, Vec<String>) {
        let (registry, events) = (world.file("facilities.csv"), world.file("events.csv"));
        let incidents = world.file("incidents.csv");
        let (registry, events, incidents) = (registry.as_str(), events.as_str(), incidents.as_str());
        let World { horizon, instant, patient_at, patient: [lat, lon], .. } = world;
        let mut tools =
            vec![Tool { name: "divert".to_owned(), command: self.ours(task, world), role: Role::Ours }];
        let mut found: Vec<(String, Option<Vec<String>>)> = Vec::new();
        let mut peer = |name: &str, command: Option<Vec<String>>| found.push((name.to_owned(), command));
        let probes = match task {
            Task::Hours => {
                for (name, command) in self.duckdb("hours.sql", &[("events", events), ("horizon", horizon)]) {
                    peer(name, command);
                }
                let arguments = [events, horizon];
                peer("Polars", self.python("hours_polars.py", &["polars"], &arguments));
                peer("pandas", self.python("hours_pandas.py", &["pandas", "pyarrow"], &arguments));
                peer("SQLite shell", Self::shell(self.sqlite3.as_ref(), "hours_sqlite.sh", &arguments));
                self.probes(&["t1", events, horizon])
            }
            Task::Batch => {
                let arguments = [registry, events, incidents];
                let modules = ["polars", "scipy"];
                peer("Polars + SciPy kd-tree", self.python("batch_kdtree.py", &modules, &arguments));
                let variables = [("facilities", registry), ("events", events), ("incidents", incidents)];
                for (name, command) in self.duckdb("batch.sql", &variables) {
                    peer(name, command);
                }
                let modules = ["pandas", "sklearn", "pyarrow"];
                let balltree = self.python("batch_balltree.py", &modules, &arguments);
                peer("pandas + scikit-learn BallTree", balltree);
                self.probes(&["t2", registry, events, incidents])
            }
            Task::One => {
                let arguments = [registry, events, patient_at, lat, lon, NEED];
                peer("mawk + sort", Self::shell(self.mawk.as_ref(), "one_awk.sh", &arguments));
                peer("SQLite shell", Self::shell(self.sqlite3.as_ref(), "one_sqlite.sh", &arguments));
                peer("Python, standard library", self.python("one_plain.py", &[], &arguments));
                let variables = [
                    ("facilities", registry),
                    ("events", events),
                    ("instant", patient_at),
                    ("lat", lat),
                    ("lon", lon),
                    ("need", NEED),
                ];
                for (name, command) in self.duckdb("one.sql", &variables) {
                    peer(name, command);
                }
                peer("Polars", self.python("one_polars.py", &["polars"], &arguments));
                let words = [&["t3"], &arguments[..]].concat();
                let command = self.probe.as_ref().map(|probe| {
                    let words = words.iter().map(|word| (*word).to_owned());
                    [probe.display().to_string()].into_iter().chain(words).collect()
                });
                vec![("limit probe".to_owned(), command)]
            }
            Task::Board(form @ (Form::Packed | Form::Lines)) => {
                let query = if form == Form::Lines { "board_lines.sql" } else { "board.sql" };
                let log = world.file(form.file());
                let variables = [("facilities", registry), ("events", &log), ("instant", instant)];
                for (name, command) in self.duckdb(query, &variables) {
                    peer(name, command);
                }
                Vec::new()
            }
            Task::Board(Form::Csv) => {
                let arguments = [registry, events, instant];
                peer("mawk + sort", Self::shell(self.mawk.as_ref(), "board_awk.sh", &arguments));
                let variables = [("facilities", registry), ("events", events), ("instant", instant)];
                for (name, command) in self.duckdb("board.sql", &variables) {
                    peer(name, command);
                }
                peer("Polars", self.python("board_polars.py", &["polars"], &arguments));
                peer("pandas", self.python("board_pandas.py", &["pandas", "pyarrow"], &arguments));
                peer("SQLite shell", Self::shell(self.sqlite3.as_ref(), "board_sqlite.sh", &arguments));
                self.probes(&["t4", registry, events, instant])
            }
        };
        let peers = found.into_iter().map(|(name, command)| (name, command, Role::Peer));
        let probes = probes.into_iter().map(|(name, command)| (name, command, Role::Probe));
        let mut absent = Vec::new();
        for (name, command, role) in probes.chain(peers) {
            match command {
                Some(command) => tools.push(Tool { name, command, role }),
                None => absent.push(name),
            }
        }
        if task == Task::One {
            tools.extend(self.nothing());
        }
        (tools, absent)
    }

    /// A program that does nothing.
    pub(crate) fn nothing(&self) -> Option<Tool> {
        let command = vec![self.nothing.as_ref()?.display().to_string()];
        Some(Tool { name: "a program that does nothing (`true`)".to_owned(), command, role: Role::Nothing })
    }

    /// `divert`, as anybody would call it.
    pub(crate) fn divert(&self, world: &World, arguments: &[&str]) -> Vec<String> {
        self.with_log(world, Form::Csv, arguments)
    }

    fn with_log(&self, world: &World, form: Form, arguments: &[&str]) -> Vec<String> {
        let program = self.divert.display().to_string();
        let (registry, log) = (world.file("facilities.toml"), world.file(form.file()));
        let files = ["--registry".to_owned(), registry, "--log".to_owned(), log];
        let words = arguments.iter().map(|word| (*word).to_owned());
        [program].into_iter().chain(files).chain(words).chain(["-F".to_owned(), "csv".to_owned()]).collect()
    }

    fn ours(&self, task: Task, world: &World) -> Vec<String> {
        let World { first, horizon, instant, patient_at, patient: [lat, lon], .. } = world;
        match task {
            Task::Hours => {
                let period = ["report", "hours", "--by", "month", "--since", first, "--until", horizon];
                self.divert(world, &[&["--at", horizon], &period[..]].concat())
            }
            Task::Batch => self.divert(world, &["route", "--batch", &world.file("incidents.csv")]),
            Task::One => self.divert(world, &["--at", patient_at, "route", &format!("{lat},{lon}"), NEED]),
            Task::Board(form) => self.with_log(world, form, &["--at", instant, "status", "--all"]),
        }
    }
}

/// Sets a variable of an SQL script.
fn set(name: &str, value: &str) -> String {
    format!("SET VARIABLE {name} = '{}';\n", value.replace('\'', "''"))
}
