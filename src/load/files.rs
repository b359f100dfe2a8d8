//! Which files a registry is read from: one file or a directory, what they include, and the fence around them.
//!
//! Floor 4: the only part of loading that touches the file system.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::plain::before_header;
use super::table::Said;
use super::{Options, catalogue_text, ready_made};
use crate::diagnostic::{Code, Diagnostic, Sink, closest, list_or};
use crate::model::{FileId, Place, SourceFile, Sources, Span};

/// Who wrote a text. A table of a later layer stands in for one of an earlier layer that has the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Layer {
    /// The catalogue that every registry begins with.
    Catalogue,
    /// A ready-made policy that the registry includes.
    ReadyMade,
    /// The user.
    User,
}

/// One text of the registry.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// What places in it carry.
    pub(super) file: FileId,
    /// Its name and text.
    pub(super) source: SourceFile,
    /// Where relative paths in it begin.
    directory: PathBuf,
    /// Who wrote it.
    pub(super) layer: Layer,
}

impl Page {
    /// File, line and column of a span.
    pub(super) fn place(&self, span: &Span) -> Place {
        self.source.place(span)
    }
    /// A diagnostic that points into this page.
    pub(super) fn complain(&self, code: Code, span: &Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, self.file, span.clone(), message)
    }
}

/// Everything that is read on behalf of one registry.
pub(super) struct Files<'s> {
    /// The catalogue, then every file in the order of reading: a file comes before what it includes.
    pages: Vec<Page>,
    sources: &'s mut Sources,
    /// The registry's directory, resolved; no path may lead outside of it.
    fence: Option<PathBuf>,
    /// Resolved paths and names of what was read, for each is read once.
    seen: BTreeSet<PathBuf>,
    hash: Sha256,
}

impl<'s> Files<'s> {
    /// Reads a file or the `*.toml` files of a directory, and whatever they include.
    pub(super) fn read(path: &Path, options: Options, sources: &'s mut Sources, sink: &mut Sink) -> Self {
        let mut files =
            Self { pages: Vec::new(), sources, fence: None, seen: BTreeSet::new(), hash: Sha256::new() };
        files.add("builtin:catalogue", catalogue_text().to_owned(), PathBuf::new(), Layer::Catalogue);
        let is_directory = path.is_dir();
        match fence(path, is_directory) {
            Ok(fence) => files.fence = (!options.allow_outside).then_some(fence),
            Err(error) => {
                sink.push(no_registry(path, &error));
                return files;
            }
        }
        if is_directory {
            files.directory(path, sink);
        } else {
            match files.root(path) {
                Ok(page) => files.included_by(page, sink),
                Err(diagnostic) => sink.push(diagnostic),
            }
        }
        files
    }

    /// Hands over the pages, so that tables can borrow from them while a matrix is still to be read.
    pub(super) fn take_pages(&mut self) -> Vec<Page> {
        std::mem::take(&mut self.pages)
    }

    /// Reads the matrix that the registry names: its text, and the file that stands for it.
    pub(super) fn matrix(&mut self, said: &Said<'_>) -> Result<Page, Diagnostic> {
        let path = said.page.directory.join(said.text);
        let resolved = self.inside(&path, Some(said))?;
        let text = text_of(&resolved, &path, Some(said))?;
        Ok(self.page(&path.display().to_string(), text, PathBuf::new(), Layer::User))
    }

    /// Sha-256 over the bytes of every file that was read, in hexadecimal. Of a registry in one file it is what
    /// `sha256sum` prints.
    pub(super) fn sha256(self) -> String {
        self.hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            hex.extend(
                [byte >> 4, byte & 15].map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)])),
            );
            hex
        })
    }

    fn directory(&mut self, path: &Path, sink: &mut Sink) {
        let mut names: Vec<PathBuf> = match std::fs::read_dir(path) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => return sink.push(no_registry(path, &error)),
        };
        names.retain(|name| name.extension().is_some_and(|ending| ending == "toml"));
        names.sort();
        if names.is_empty() {
            sink.push(
                Diagnostic::nowhere(
                    Code::CannotRead,
                    format!("the directory `{}` has no `*.toml` file", path.display()),
                )
                .help("a registry is one TOML file, or a directory of them"),
            );
        }
        for name in names {
            match self.file(&name, None) {
                Ok(Some(page)) => self.included_by(page, sink),
                Ok(None) => {}
                Err(diagnostic) => sink.push(diagnostic),
            }
        }
    }

    /// Follows the `include` of a page, depth first.
    fn included_by(&mut self, page: usize, sink: &mut Sink) {
        let page = self.pages[page].clone();
        // Only before its first table can a file's own keys stand, so that is all that needs to be parsed here. What is
        // wrong with it is said when the whole file is.
        let (tree, _) = DeTable::parse_recoverable(before_header(&page.source.text));
        let Some(included) = tree.get_ref().get("include").and_then(|value| value.get_ref().as_array())
        else {
            return;
        };
        for value in included {
            let Some(text) = value.get_ref().as_str() else { continue };
            let said = Said { text, span: value.span(), page: &page };
            let read = match text.strip_prefix("builtin:") {
                Some(name) => self.builtin(name, &said),
                None => self.file(&page.directory.join(text), Some(&said)),
            };
            match read {
                Ok(Some(page)) => self.included_by(page, sink),
                Ok(None) => {}
                Err(diagnostic) => sink.push(diagnostic),
            }
        }
    }

    fn builtin(&mut self, name: &str, said: &Said<'_>) -> Result<Option<usize>, Diagnostic> {
        let Some(policy) = ready_made::of(name) else {
            let diagnostic =
                said.complain(Code::UnknownBuiltin, format!("no ready-made policy is called `{name}`"));
            let known = || ready_made::ALL.iter().map(|policy| policy.id);
            return Err(match closest(name, known()) {
                Some(near) => diagnostic.help(format!("did you mean `builtin:{near}`?")),
                None => diagnostic.help(format!("there are {}", list_or(known()))),
            });
        };
        if !self.seen.insert(PathBuf::from(said.text)) {
            return Ok(None);
        }
        Ok(Some(self.add(said.text, policy.text.to_owned(), PathBuf::new(), Layer::ReadyMade)))
    }

    /// Reads the file that the user named. It may be a link to anywhere: the fence is round what it names in turn.
    fn root(&mut self, path: &Path) -> Result<usize, Diagnostic> {
        let resolved = path.canonicalize().map_err(|error| no_registry(path, &error))?;
        self.seen.insert(resolved.clone());
        self.keep(&resolved, path, None)
    }

    /// Reads a file, unless it was read before.
    fn file(&mut self, path: &Path, said: Option<&Said<'_>>) -> Result<Option<usize>, Diagnostic> {
        let resolved = self.inside(path, said)?;
        if !self.seen.insert(resolved.clone()) {
            return Ok(None);
        }
        self.keep(&resolved, path, said).map(Some)
    }
    fn keep(&mut self, resolved: &Path, path: &Path, said: Option<&Said<'_>>) -> Result<usize, Diagnostic> {
        let text = text_of(resolved, path, said)?;
        let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(self.add(&path.display().to_string(), text, directory, Layer::User))
    }

    /// The path with every symbolic link followed, if it lies inside the fence.
    fn inside(&self, path: &Path, said: Option<&Said<'_>>) -> Result<PathBuf, Diagnostic> {
        let resolved = path.canonicalize().map_err(|error| cannot_read(path, &error, said))?;
        match &self.fence {
            Some(fence) if !resolved.starts_with(fence) => Err(about(
                said,
                Code::OutsidePath,
                format!("`{}` leads outside the registry's directory", path.display()),
            )
            .help("move the file there, or permit it with --allow-outside")),
            _ => Ok(resolved),
        }
    }

    /// Keeps a TOML text as the next page.
    fn add(&mut self, name: &str, text: String, directory: PathBuf, layer: Layer) -> usize {
        let page = self.page(name, text, directory, layer);
        self.pages.push(page);
        self.pages.len() - 1
    }
    /// Keeps a text for diagnostics to quote.
    fn page(&mut self, name: &str, text: String, directory: PathBuf, layer: Layer) -> Page {
        if layer == Layer::User {
            self.hash.update(text.as_bytes());
        }
        let file = self.sources.add(name, text);
        Page { file, source: self.sources.get(file).clone(), directory, layer }
    }
}

/// The directory that no path may leave.
fn fence(path: &Path, is_directory: bool) -> std::io::Result<PathBuf> {
    if is_directory {
        return path.canonicalize();
    }
    // Where the registry is a symbolic link, its directory is the one that the user named, not that of the link's target.
    std::fs::metadata(path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or_else(|| Path::new(".")).canonicalize()
}

fn text_of(resolved: &Path, shown: &Path, said: Option<&Said<'_>>) -> Result<String, Diagnostic> {
    let bytes = std::fs::read(resolved).map_err(|error| cannot_read(shown, &error, said))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].split(|byte| *byte == b'\n').count();
        about(
            said,
            Code::CannotRead,
            format!(
                "`{}` is not UTF-8: line {line} has a byte that belongs to no character",
                shown.display()
            ),
        )
        .help("save the file as UTF-8")
    })
}

fn about(said: Option<&Said<'_>>, code: Code, message: String) -> Diagnostic {
    match said {
        Some(said) => said.complain(code, message),
        None => Diagnostic::nowhere(code, message),
    }
}

fn cannot_read(path: &Path, error: &std::io::Error, said: Option<&Said<'_>>) -> Diagnostic {
    let diagnostic =
        about(said, Code::CannotRead, format!("cannot read `{}`: {}", path.display(), in_words(error)));
    match said {
        Some(_) => diagnostic.help("a path begins in the directory of the file that names it"),
        None => diagnostic,
    }
}

fn no_registry(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::nowhere(
        Code::CannotRead,
        format!("cannot read the registry `{}`: {}", path.display(), in_words(error)),
    )
    .help(
        "the registry is `facilities.toml` here unless `--registry PATH` or the environment's DIVERT_REGISTRY names \
         another",
    )
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    }
}
