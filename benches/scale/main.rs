//! `divert` at the scale of a nation, beside what somebody would write instead of it, on the same files and in turn.
//!
//! ```text
//! cargo bench --bench scale                           # a minute
//! cargo bench --bench scale -- --full                 # ten million events, a million patients: perhaps half an hour
//! cargo bench --bench scale -- --wide                 # 100,000 facilities
//! cargo bench --bench scale -- --full --tasks T2 --only divert,kd-tree --rounds 5
//! ```
//!
//! Files are generated once per size and seed ([`world`]), under `target`. Whole processes take turns (A B C A B C), their
//! standard output goes to a file; a first round that does not count gives the answers, which are compared row by row. What
//! is not installed is named and left out: Python with DuckDB, Polars, SciPy, pandas and scikit-learn (`python3`, or
//! `DIVERT_BENCH_PYTHON`), the shells of DuckDB and SQLite, mawk. A limit probe, a program that does only the unavoidable
//! work on exactly these files and says what the machine can do, is no part of this project: `--probe`, or `DIVERT_PROBE`,
//! names one, which is called as `t1 EVENTS HORIZON THREADS`, `t2 FACILITIES EVENTS INCIDENTS THREADS`,
//! `t3 FACILITIES EVENTS TIME LAT LON NEED` and `t4 FACILITIES EVENTS TIME THREADS`.
//!
//! Ends with status 1 where an answer differs or somebody fails.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods)] // a measurement reads the clock and prints
#![allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)] // counts and times, shown with three digits

mod answers;
mod measure;
mod pipe;
mod profile;
mod tasks;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant as Clock;

use clap::Parser;

use answers::Answer;
use measure::{Failed, Run};
use tasks::{Form, Machine, Role, Task, Tool};
use world::{Size, World};

/// Measures `divert` beside its peers.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools)] // each is a flag
struct Options {
    /// A few seconds: whether everything still runs and agrees; its times say nothing
    #[arg(long)]
    tiny: bool,
    /// Ten million events, a million patients, 6,000 facilities
    #[arg(long, conflicts_with = "tiny")]
    full: bool,
    /// 100,000 facilities
    #[arg(long, conflicts_with = "tiny")]
    wide: bool,
    /// Only these questions: T1 (hours), T2 (many patients), T3 (one patient), T4, T4gz, T4jsonl (the board)
    #[arg(long, value_delimiter = ',')]
    tasks: Vec<String>,
    /// Only those whose names contain one of these
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many rounds count; T3, which is quick, has four times as many
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Whoever takes longer than this, in seconds, is run once
    #[arg(long, default_value_t = 40.0)]
    patience: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Another build of `divert`, an earlier one say
    #[arg(long)]
    divert: Option<PathBuf>,
    /// A program that does only the unavoidable work
    #[arg(long)]
    probe: Option<PathBuf>,
    /// Also build the program anew, with all that it depends on
    #[arg(long)]
    build: bool,
    /// Also count the instructions of each question at the small size, under callgrind
    #[arg(long)]
    profile: bool,
    /// What `cargo bench` says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

const REGION: u64 = 181;
const NATION: u64 = 6_000;
const WIDE: u64 = 100_000;
/// The log that a single question is asked of.
const SHORT_LOG: u64 = 10_000;

impl Options {
    /// The questions, each with the size of its world.
    fn cases(&self) -> Vec<(Task, Size)> {
        let size = |facilities, events, patients| Size { facilities, events, patients };
        let mut cases = Vec::new();
        if self.tiny {
            let region = size(REGION, 3_000, 300);
            cases.extend([Task::Hours, Task::Batch, Task::One].map(|task| (task, region)));
            cases.extend(Self::boards(region));
        }
        if self.full {
            let long = size(NATION, 10_000_000, 0);
            cases.extend([(Task::Hours, long), (Task::Batch, size(NATION, 1_000_000, 1_000_000))]);
            cases.extend([REGION, NATION].map(|facilities| (Task::One, size(facilities, SHORT_LOG, 0))));
            cases.extend(Self::boards(long));
        }
        if self.wide {
            cases.push((Task::Batch, size(WIDE, 1_000_000, 1_000_000)));
            cases.push((Task::One, size(WIDE, SHORT_LOG, 0)));
            cases.push((Task::Board(Form::Csv), size(WIDE, 1_000_000, 0)));
        }
        if cases.is_empty() {
            cases = Self::small();
        }
        self.chosen(cases)
    }

    fn small() -> Vec<(Task, Size)> {
        let size = |facilities, events, patients| Size { facilities, events, patients };
        let nation = size(NATION, 300_000, 30_000);
        let short = size(NATION, SHORT_LOG, 0);
        let region = size(REGION, SHORT_LOG, 0);
        vec![
            (Task::Hours, nation),
            (Task::Batch, nation),
            (Task::One, region),
            (Task::One, short),
            (Task::Board(Form::Csv), nation),
        ]
    }

    /// The board from a log in each form.
    fn boards(size: Size) -> [(Task, Size); 3] {
        [Form::Csv, Form::Packed, Form::Lines].map(|form| (Task::Board(form), size))
    }

    fn chosen(&self, mut cases: Vec<(Task, Size)>) -> Vec<(Task, Size)> {
        cases.retain(|(task, _)| {
            self.tasks.is_empty() || self.tasks.iter().any(|name| name.eq_ignore_ascii_case(task.name()))
        });
        cases
    }

    fn rounds(&self, task: Task) -> usize {
        match task {
            _ if self.tiny => 1,
            Task::One => self.rounds.max(1) * 4,
            Task::Hours | Task::Batch | Task::Board(_) => self.rounds.max(1),
        }
    }
}

/// Where files and answers are, and whether all is well so far.
struct Bench {
    options: Options,
    machine: Machine,
    worlds: PathBuf,
    /// Where standard output goes.
    out: PathBuf,
    is_well: bool,
}

/// Somebody's runs.
struct Measured {
    tool: Tool,
    runs: Vec<Run>,
    /// Which of the different answers it gave.
    answer: Option<usize>,
    /// Why it is run no more.
    remark: Option<String>,
}

impl Measured {
    fn seconds(&self) -> Option<Spread> {
        Spread::of(self.runs.iter().map(|run| run.seconds).collect())
    }
}

/// Median, least and most.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_by(f64::total_cmp);
        let middle = numbers.len() / 2;
        let above = *numbers.get(middle)?;
        let below = if numbers.len().is_multiple_of(2) { numbers[middle - 1] } else { above };
        Some(Self { median: f64::midpoint(below, above), least: numbers[0], most: *numbers.last()? })
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == measure::STARTER) {
        return match measure::start(&arguments[2..]) {
            Ok(told) => {
                println!("{told}");
                ExitCode::SUCCESS
            }
            Err(failed) => {
                eprintln!("{failed}");
                ExitCode::FAILURE
            }
        };
    }
    let options = Options::parse();
    match measure_all(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(options: Options) -> Result<bool, Failed> {
    // A memory file system where there is one: no disk is measured with the answers.
    let memory = Path::new("/dev/shm");
    let answers = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    let mut bench = Bench {
        machine: Machine::look(options.divert.clone(), options.probe.clone()),
        worlds: Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale"),
        out: answers.path().join("answer"),
        is_well: true,
        options,
    };
    println!("{}\n", bench.machine.description());
    let cases = bench.options.cases();
    for (task, size) in &cases {
        let world = bench.world(*size)?;
        if let Task::Board(form) = task {
            world.write_log(*form)?;
        }
        bench.case(*task, &world);
    }
    if !bench.options.tiny && bench.options.only.is_empty() {
        bench.growth(&cases)?;
        bench.pipe(&cases)?;
        bench.program()?;
    }
    if bench.options.profile {
        bench.profiles()?;
    }
    Ok(bench.is_well)
}

impl Bench {
    fn world(&self, size: Size) -> Result<World, Failed> {
        Ok(World::find_or_make(&self.worlds, size, self.options.seed)?)
    }

    /// One question: everybody in turn, then a table.
    fn case(&mut self, task: Task, world: &World) {
        let Size { facilities, events, patients } = world.size;
        let (name, asks) = (task.name(), task.asks());
        let of =
            if task == Task::Batch { format!(", {} patients", grouped(patients)) } else { String::new() };
        println!("## {name}: {asks}\n");
        println!("{} facilities, {} events{of}", grouped(facilities), grouped(events));
        let (mut tools, absent) = self.machine.tools(task, world);
        let only = &self.options.only;
        tools.retain(|tool| only.is_empty() || only.iter().any(|part| tool.name.contains(part.as_str())));
        if !absent.is_empty() {
            println!("\nnot here, and left out: {}", absent.join(", "));
        }
        let measured = |tool| Measured { tool, runs: Vec::new(), answer: None, remark: None };
        let mut measured: Vec<Measured> = tools.into_iter().map(measured).collect();
        let mut different: Vec<Answer> = Vec::new();
        let (others, spent) = (measure::others(), Clock::now());
        let rounds = self.options.rounds(task);
        for round in 0..=rounds {
            for one in measured.iter_mut().filter(|one| one.remark.is_none()) {
                let run = match measure::run(&one.tool.command, &self.out) {
                    Ok(run) => run,
                    Err(failed) => {
                        one.remark = Some(failed.to_string());
                        self.is_well = false;
                        continue;
                    }
                };
                let is_slow = run.seconds > self.options.patience;
                if round == 0 {
                    if one.tool.role != Role::Nothing {
                        match answers::read(task, one.tool.role == Role::Ours, &self.out) {
                            Ok(answer) => one.answer = Some(place(&mut different, answer)),
                            Err(error) => {
                                one.remark = Some(format!("its answer cannot be read: {error}"));
                                self.is_well = false;
                            }
                        }
                    }
                    if is_slow {
                        one.remark = Some(format!("over {} s: run once", self.options.patience));
                    }
                }
                if round > 0 || is_slow {
                    one.runs.push(run);
                }
            }
        }
        self.agreement(&measured, &different);
        table(task, &measured);
        if let (Some(before), Some(after)) = (others, measure::others()) {
            let share =
                (after - before).max(0.0) / spent.elapsed().as_secs_f64() / self.machine.threads as f64;
            println!("\nother programs kept {:.0}% of the machine busy meanwhile\n", 100.0 * share);
        }
    }

    /// Says who gave which answer, and how the others' rows differ from that which most gave.
    fn agreement(&mut self, measured: &[Measured], different: &[Answer]) {
        let votes = |answer: usize| measured.iter().filter(|one| one.answer == Some(answer)).count();
        let Some(most) = (0..different.len()).max_by_key(|answer| (votes(*answer), different.len() - answer))
        else {
            return;
        };
        let reference = &different[most];
        let rows = grouped(reference.len() as u64);
        match votes(most) {
            _ if reference.is_empty() => {
                // Nothing agrees with nothing.
                println!("\nnot a row was answered");
                self.is_well = false;
            }
            1 if different.len() > 1 => println!("\nno two gave the same answer"),
            1 => println!("\n{rows} rows; nobody to compare them with"),
            all => println!("\n{all} gave the same answer in each of {rows} rows"),
        }
        for one in measured {
            if let Some(answer) = one.answer.filter(|answer| *answer != most) {
                let (count, shown) = answers::differences(&different[answer], reference);
                println!("{}: {} rows differ", one.tool.name, grouped(count as u64));
                for row in shown {
                    println!("  {row}");
                }
                self.is_well = false;
            }
        }
    }

    /// How the times of `divert` grow with events and with facilities.
    fn growth(&self, cases: &[(Task, Size)]) -> Result<(), Failed> {
        let mut rows = Vec::new();
        for (task, size) in cases {
            match task {
                Task::Hours | Task::Board(Form::Csv) => {
                    let fewer = Size { events: size.events / 10, patients: 0, ..*size };
                    let small = self.machine.tools(*task, &self.world(fewer)?).0.swap_remove(0);
                    let large = self.machine.tools(*task, &self.world(*size)?).0.swap_remove(0);
                    let [small, large] = self.in_turn([&small.command, &large.command])?;
                    let (before, after) = (grouped(fewer.events), grouped(size.events));
                    rows.push(format!(
                        "| {}, {before} and {after} events | {small:.3} s | {large:.3} s | {:.1} |",
                        task.name(),
                        large / small
                    ));
                }
                Task::Batch if size.facilities == WIDE => rows.push(self.wide(*size)?),
                Task::Batch | Task::One | Task::Board(_) => {}
            }
        }
        if !rows.is_empty() {
            println!("## Growth of `divert`\n\n| what | less | more | times as much |\n|---|---|---|---|");
            println!("{}\n", rows.join("\n"));
        }
        Ok(())
    }

    /// The time of a patient, reading registry and log aside, among many facilities and among very many.
    fn wide(&self, size: Size) -> Result<String, Failed> {
        let few = usize::try_from(size.patients / 100).unwrap_or(1).max(1);
        let mut each = [0.0; 2];
        for (each, facilities) in each.iter_mut().zip([NATION, size.facilities]) {
            let world = self.world(Size { facilities, ..size })?;
            let ask = |patients: &str| self.machine.divert(&world, &["route", "--batch", patients]);
            let commands = [ask(&world.few_patients(few)?), ask(&world.file("incidents.csv"))];
            let [few_seconds, seconds] = self.in_turn([&commands[0], &commands[1]])?;
            *each = (seconds - few_seconds) / (size.patients as f64 - few as f64) * 1e6;
        }
        let [nation, wide] = each;
        let (fewer, more) = (grouped(NATION), grouped(size.facilities));
        Ok(format!(
            "| T2, one patient more among {fewer} and {more} facilities | {nation:.2} µs | {wide:.2} µs | {:.1} |",
            wide / nation
        ))
    }

    /// The median seconds of two commands that take turns.
    fn in_turn(&self, commands: [&Vec<String>; 2]) -> Result<[f64; 2], Failed> {
        let mut seconds = [Vec::new(), Vec::new()];
        for round in 0..=self.options.rounds.max(1) {
            for (command, seconds) in commands.iter().zip(&mut seconds) {
                let run = measure::run(command, &self.out)?;
                if round > 0 {
                    seconds.push(run.seconds);
                }
            }
        }
        Ok(seconds.map(|seconds| Spread::of(seconds).map_or(f64::NAN, |spread| spread.median)))
    }

    /// The patients ten times over, through a pipe.
    fn pipe(&mut self, cases: &[(Task, Size)]) -> Result<(), Failed> {
        const TIMES: u64 = 10;
        for (_, size) in cases.iter().filter(|(task, _)| *task == Task::Batch) {
            let world = self.world(*size)?;
            let ask = self.machine.divert(&world, &["route", "--batch", "-"]);
            let piped = pipe::send(&ask, &world.file("incidents.csv"), TIMES)?;
            let order = if piped.in_order { "each in its place" } else { "NOT each in its place" };
            self.is_well &= piped.in_order;
            let mib = |peak: Option<f64>| {
                peak.map_or_else(|| "unknown".to_owned(), |peak| format!("{peak:.0} MiB"))
            };
            println!("## {} patients through a pipe\n", grouped(size.patients * TIMES));
            println!("| what | how much |\n|---|---|");
            println!("| answered | {}, {order} |", grouped(piped.rows));
            println!("| from the first patient in to the first answer out | {:.2} s |", piped.first_answer);
            println!("| to the last | {:.1} s |", piped.seconds);
            println!("| peak memory after a tenth | {} |", mib(piped.peak_mib[0]));
            println!("| peak memory near the end | {} |\n", mib(piped.peak_mib[1]));
        }
        Ok(())
    }

    /// Where the instructions go.
    fn profiles(&self) -> Result<(), Failed> {
        println!("## Instructions of `divert`\n");
        for (task, size) in self.options.chosen(Options::small()) {
            let ours = self.machine.tools(task, &self.world(size)?).0.swap_remove(0);
            let folder = self.out.parent().unwrap_or(Path::new("."));
            let Some(profile) = profile::of(&ours.command, folder)? else {
                println!("valgrind is not here, and left out\n");
                return Ok(());
            };
            let millions = |count: u64| grouped(count.div_ceil(1_000_000));
            let Size { facilities, events, patients } = size;
            let (facilities, events) = (grouped(facilities), grouped(events));
            let of = match task {
                Task::Batch => {
                    format!("{facilities} facilities, {events} events, {} patients", grouped(patients))
                }
                Task::Hours | Task::One | Task::Board(_) => {
                    format!("{facilities} facilities, {events} events")
                }
            };
            println!("| {}: {of} | million instructions | % |\n|---|---|---|", task.name());
            println!("| all | {} | 100 |", millions(profile.all));
            for (function, count) in profile.functions {
                let share = 100.0 * count as f64 / profile.all as f64;
                println!("| `{}` | {} | {share:.1} |", function.replace('|', "\\|"), millions(count));
            }
            println!();
        }
        Ok(())
    }

    /// The program itself: how quickly it starts, how large it is, what it depends on, how long it takes to build.
    fn program(&self) -> Result<(), Failed> {
        println!("## The program\n\n| what | how much |\n|---|---|");
        let divert = &self.machine.divert;
        let version = vec![divert.display().to_string(), "--version".to_owned()];
        let mut runs: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        let nothing = self.machine.nothing().map(|tool| tool.command);
        for _ in 0..40 {
            runs[0].push(measure::run(&version, &self.out)?.seconds * 1e3);
            if let Some(nothing) = &nothing {
                runs[1].push(measure::run(nothing, &self.out)?.seconds * 1e3);
            }
        }
        for (what, runs) in ["start-up (`divert --version`)", "a program that does nothing"].iter().zip(runs)
        {
            if let Some(Spread { median, least, most }) = Spread::of(runs) {
                println!("| {what} | {median:.1} ms ({least:.1} to {most:.1}) |");
            }
        }
        let size = std::fs::metadata(divert)?.len() as f64 / 1e6;
        println!("| binary | {size:.1} MB |");
        let folder = env!("CARGO_MANIFEST_DIR");
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}"])
            .current_dir(folder)
            .output()?;
        let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
        let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        crates.sort_unstable();
        crates.dedup();
        // The first of them is this one.
        println!("| crates that it depends on | {} |", crates.len().saturating_sub(1));
        if self.options.build {
            let target = tempfile::tempdir()?;
            let begun = Clock::now();
            let built = Command::new(env!("CARGO"))
                .args(["build", "--release", "--locked", "--quiet", "--bin", "divert", "--target-dir"])
                .arg(target.path())
                .current_dir(folder)
                .status()?;
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "| cold build | {} |",
                if built.success() { format!("{seconds:.0} s") } else { "failed".to_owned() }
            );
        }
        println!();
        Ok(())
    }
}

/// The place of an answer among the different ones.
fn place(different: &mut Vec<Answer>, answer: Answer) -> usize {
    different.iter().position(|known| *known == answer).unwrap_or_else(|| {
        different.push(answer);
        different.len() - 1
    })
}

/// Prints what was measured.
fn table(task: Task, measured: &[Measured]) {
    let median = |role: Role| {
        let of_role = measured.iter().filter(|one| one.tool.role == role);
        of_role.filter_map(|one| Some(one.seconds()?.median)).min_by(f64::total_cmp)
    };
    let (ours, probe) = (median(Role::Ours), median(Role::Probe));
    println!("\n| task | who | median s | least to most | CPU s | peak MiB | / divert | / probe |");
    println!("|---|---|---|---|---|---|---|---|");
    for one in measured {
        let name = task.name();
        let remark = one.remark.as_ref().map_or_else(String::new, |remark| format!(" ({remark})"));
        let Some(Spread { median, least, most }) = one.seconds() else {
            println!("| {name} | {}{remark} | | | | | | |", one.tool.name);
            continue;
        };
        let processor = Spread::of(one.runs.iter().map(|run| run.processor).collect());
        let processor = processor.map_or(f64::NAN, |spread| spread.median);
        let peak = one.runs.iter().map(|run| run.peak_mib).fold(0.0, f64::max);
        let ratio = |to: Option<f64>| to.map_or_else(String::new, |to| format!("{:.2}", median / to));
        let seconds =
            |seconds: f64| if median < 1.0 { format!("{seconds:.4}") } else { format!("{seconds:.2}") };
        println!(
            "| {name} | {}{remark} | {} | {} to {} | {} | {peak:.0} | {} | {} |",
            one.tool.name,
            seconds(median),
            seconds(least),
            seconds(most),
            seconds(processor),
            ratio(ours),
            ratio(probe)
        );
    }
}

/// A number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let lead = digits.len() % 3;
    let groups = digits.as_bytes()[lead..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let first = (lead > 0).then(|| digits[..lead].to_owned());
    first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}
