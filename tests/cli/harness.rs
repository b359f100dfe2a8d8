//! A hermetic run: an empty environment, a directory of its own, and no clock but `--at`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where the tests' time stands still.
pub(crate) const AT: &str = "2023-08-04 09:00";

/// Two hospitals of one network, a third beside them, two towns.
pub(crate) const REGISTRY: &str = r#"
[registry]
name = "Two towns"
timezone = "America/New_York"
stale_after = "12h"

[network.echn]
name = "Eastern Connecticut Health Network"
aliases = ["ECHN"]

[region.connecticut]
name = "Connecticut"

[facility.manchester-memorial]
name = "Manchester Memorial Hospital"
aliases = ["Manchester Memorial"]
kind = "hospital"
network = "echn"
region = "connecticut"
lat = 41.7815
lon = -72.5257
phone = "+1-860-646-1222"
services = ["ct", "stroke-primary"]
ed = { beds = 31 }

[facility.rockville-general]
name = "Rockville General Hospital"
aliases = ["Rockville General"]
kind = "hospital"
network = "echn"
region = "connecticut"
lat = 41.8668
lon = -72.4495
services = ["ct"]
ed = {}

[facility.hartford]
name = "Hartford Hospital"
kind = "hospital"
region = "connecticut"
lat = 41.7538
lon = -72.6787
services = ["ct", "stroke-comprehensive", "trauma-1"]
ed = {}

[zone.vernon]
name = "Vernon"
region = "connecticut"
lat = 41.8187
lon = -72.4795

[zone.manchester]
name = "Manchester"
region = "connecticut"
lat = 41.7759
lon = -72.5215

[[rule]]
id = "echn-mutual"
say = "when Manchester Memorial closed, route to ECHN then Hartford Hospital"
"#;

/// Manchester Memorial closed since the night, Rockville General down a scanner.
pub(crate) const LOG: &str = "\
event,recorded_at,kind,facility,lane,status,from,until,reason,source
1,2023-08-04T02:05:00-04:00,declare,manchester-memorial,,closed,2023-08-04T02:00:00-04:00,,it-outage,hospital
2,2023-08-04T07:00:00-04:00,declare,rockville-general,service:ct,down,2023-08-04T07:00:00-04:00,2023-08-04T12:00:00-04:00,,hospital
";

/// The program, about to be run.
pub(crate) struct Divert {
    directory: TempDir,
    at: Option<&'static str>,
    environment: Vec<(&'static str, String)>,
    input: Vec<u8>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Divert {
    /// With nothing: no registry, no log.
    pub(crate) fn bare() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, at: Some(AT), environment: Vec::new(), input: Vec::new() }
    }
    /// With the registry and the log of these tests.
    pub(crate) fn new() -> Self {
        Self::bare().registry(REGISTRY).log(LOG)
    }
    /// With this registry.
    pub(crate) fn registry(self, toml: &str) -> Self {
        fs::write(self.path("facilities.toml"), toml).unwrap();
        self
    }
    /// With this log, named in the environment.
    pub(crate) fn log(self, csv: &str) -> Self {
        fs::write(self.path("log.csv"), csv).unwrap();
        self.env("DIVERT_LOG", "log.csv")
    }
    /// With the machine's clock.
    pub(crate) fn by_the_clock(mut self) -> Self {
        self.at = None;
        self
    }
    /// With this in the environment.
    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
        self
    }
    /// With this on standard input.
    pub(crate) fn input(mut self, text: impl AsRef<[u8]>) -> Self {
        self.input = text.as_ref().to_vec();
        self
    }
    /// A file of the run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
    /// Runs it in its directory.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.run_in(self.directory.path(), args)
    }
    /// Starts it in that directory, with pipes to and from it.
    pub(crate) fn spawn(&self, directory: &Path, args: &[&str]) -> Child {
        let mut command = self.command(directory);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }
    /// Runs it in another directory.
    pub(crate) fn run_in(&self, directory: &Path, args: &[&str]) -> Output {
        let mut child = self.spawn(directory, args);
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A program that does not read its input may be gone before it is written.
                let _ = stdin.write_all(&self.input);
            });
            child.wait_with_output().unwrap()
        });
        Output {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            status: output.status.code().unwrap(),
        }
    }
    /// The bare command, for a test that sees to its own pipes.
    pub(crate) fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_divert"));
        command.current_dir(directory).env_clear().envs(self.environment.iter().cloned());
        if let Some(at) = self.at {
            command.args(["--at", at]);
        }
        command
    }
}

impl Output {
    /// Asserts everything.
    #[track_caller]
    pub(crate) fn is(&self, stdout: &str, stderr: &str, status: i32) {
        assert_eq!(self.stdout, stdout, "stdout of {self:#?}");
        assert_eq!(self.stderr, stderr, "stderr of {self:#?}");
        assert_eq!(self.status, status, "status of {self:#?}");
    }
    /// Asserts an answer with nothing beside it.
    #[track_caller]
    pub(crate) fn answers(&self, stdout: &str) {
        self.is(stdout, "", 0);
    }
    /// Asserts that there is no answer, and what is said instead.
    #[track_caller]
    pub(crate) fn fails(&self, stderr: &str, status: i32) {
        self.is("", stderr, status);
    }
}
