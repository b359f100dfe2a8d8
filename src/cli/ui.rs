//! The one place that writes: answers to standard output or a file, everything else to standard error.
//!
//! Floor 6. A reader that went away is no error: the program ends quietly, with the status that was due.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::diagnostic::Diagnostic;
use crate::model::Sources;
use crate::render::{self, diagnostics, safe};

use super::args::Common;
use super::context::{Environment, stderr_style};
use super::error::Failure;

/// Where answers and remarks go.
pub struct Ui {
    output: Option<PathBuf>,
    remarks: render::Options,
}

impl Ui {
    /// As the user wants it.
    pub fn new(common: &Common, environment: &Environment) -> Self {
        let style = stderr_style(common.color.unwrap_or_default(), environment);
        let remarks = render::Options {
            width: style.width,
            color: style.color,
            ascii: common.ascii,
            ..render::Options::default()
        };
        Self { output: common.output.clone(), remarks }
    }

    /// Writes the answer.
    pub fn answer(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.output {
            None => to_stdout(write)
                .map_err(|error| Failure::Output { name: "standard output".to_owned(), error: error.into() }),
            Some(path) => to_file(path, write)
                .map_err(|error| Failure::Output { name: format!("`{}`", path.display()), error }),
        }
    }

    /// Writes a part of an answer that goes on. Says whether anybody still reads.
    pub fn pass_on(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<bool, Failure> {
        let mut out = buffered(io::stdout().lock());
        let written = write(&mut out).and_then(|()| out.flush());
        let (_, _) = out.into_parts();
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::Output { name: "standard output".to_owned(), error: error.into() }),
        }
    }

    /// Writes a text into a file that is not there yet.
    #[allow(clippy::unused_self)] // writing is what this type is for
    pub fn new_file(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let written = if path.exists() {
            Err(io::Error::from(ErrorKind::AlreadyExists).into())
        } else {
            to_file(path, |out| out.write_all(text.as_bytes()))
        };
        written.map_err(|error| Failure::Output { name: format!("`{}`", path.display()), error })
    }

    /// Remarks on something that does not keep the answer back.
    pub fn warn(&self, text: &str) {
        to_stderr(&format!("warning: {}\n", safe::terminal(text, self.remarks.ascii)));
    }

    /// Shows what is about to be done and asks whether it shall be. Only yes is yes.
    pub fn ask(&self, about: &[String]) -> Result<bool, Failure> {
        for line in about {
            to_stderr(&format!("  {}\n", safe::terminal(line, self.remarks.ascii)));
        }
        to_stderr("record this? [y/N] ");
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(unreadable)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Everything on standard input; nothing where somebody sits there, for nobody expects to type sentences blindly.
    pub fn input(&self, environment: &Environment) -> Result<String, Failure> {
        if environment.asks {
            return Ok(String::new());
        }
        io::read_to_string(io::stdin().lock()).map_err(unreadable)
    }

    /// Shows diagnostics.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        to_stderr(&diagnostics::render(diagnostics, sources, &self.remarks));
    }

    /// Says why there is no answer.
    pub fn failure(&self, failure: &Failure, sources: &Sources) {
        if failure.diagnostics().is_empty() {
            to_stderr(&format!("error: {}\n", safe::terminal(&failure.to_string(), self.remarks.ascii)));
        } else {
            self.diagnostics(failure.diagnostics(), sources);
        }
        for hint in failure.hints() {
            to_stderr(&format!("help: {}\n", safe::terminal(&hint, self.remarks.ascii)));
        }
    }
}

fn unreadable(error: io::Error) -> Failure {
    Failure::Input { name: "standard input".to_owned(), error }
}

/// So much of an answer is written at a time: of a long one more than the usual 8 KiB, which costs a file twice the time.
fn buffered<W: Write>(out: W) -> BufWriter<W> {
    BufWriter::with_capacity(1 << 16, out)
}

/// Writes to standard output; a closed pipe is no error.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = buffered(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    // What is left in the buffer of a reader that went away must not be tried again when the buffer is dropped.
    let (_, _) = out.into_parts();
    quiet_if_closed(written)
}

/// Writes to standard error. Where that fails there is nobody to tell.
pub fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn quiet_if_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a regular file whole or not at all, and anything else (a device, a pipe) as it is.
fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    if path == Path::new("-") || path == Path::new("/dev/stdout") {
        return Ok(to_stdout(write)?);
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(ErrorKind::IsADirectory).into()),
        Ok(found) if found.is_file() && !path.starts_with("/dev") && !path.starts_with("/proc") => {
            if found.permissions().readonly() {
                return Err(io::Error::from(ErrorKind::PermissionDenied).into());
            }
            // A link stays a link: the file that it leads to is replaced.
            replace(&fs::canonicalize(path)?, Some(found.permissions()), write)
        }
        Ok(_) => {
            let mut out = buffered(OpenOptions::new().write(true).open(path)?);
            let written = write(&mut out).and_then(|()| out.flush());
            let (_, _) = out.into_parts();
            Ok(quiet_if_closed(written)?)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => replace(path, None, write),
        Err(error) => Err(error.into()),
    }
}

/// Writes beside the file, makes sure that it is on the disk, and only then lets it take the file's place.
fn replace(
    path: &Path,
    permissions: Option<fs::Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let beside = directory.join(hidden);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside);
    let file = file.with_context(|| format!("no new file can be made in `{}`", directory.display()))?;
    let written = fill(file, permissions, write).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside); // it may be gone already; the first error is the one to tell
        return Ok(written?);
    }
    // The new name is on the disk once its directory is. Where directories can't be synced, the file itself is.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn fill(
    file: File,
    permissions: Option<fs::Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    let mut out = buffered(file);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| out.write_all(text.as_bytes())
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("board.csv");
        to_file(&path, answer("first")).unwrap();
        let failed = to_file(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        to_file(&path, answer("second")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(names(directory.path()), ["board.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real.csv"), directory.path().join("link.csv"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        to_file(&link, answer("new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_directory_is_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = to_file(directory.path(), answer("x")).unwrap_err();
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        assert_eq!(kind, Some(ErrorKind::IsADirectory));
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        assert!(quiet_if_closed(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(quiet_if_closed(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
