//! Credentials for a shared log: passwords and services as PostgreSQL's own programs find them.
//!
//! Floor 4: reads the files that the command line names; where they are, and what the environment says, it is told.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What the environment and the home directory have to say about a connection.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// `PGPASSWORD`.
    pub password: Option<String>,
    /// `PGPASSFILE`, else `~/.pgpass`; it need not be there.
    pub password_file: Option<PathBuf>,
    /// `PGSERVICE`; a `?service=` in the URL beats it.
    pub service: Option<String>,
    /// `PGSERVICEFILE` or `~/.pg_service.conf`, then the system's; the first that knows the service counts.
    pub service_files: Vec<PathBuf>,
    /// `PGUSER`, else the user of the operating system.
    pub user: Option<String>,
    /// `PGSSLROOTCERT`: the certificates to trust instead of the system's.
    pub root_certificates: Option<PathBuf>,
}

impl fmt::Debug for Credentials {
    /// Leaves the password out: what is debugged ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { password, password_file, service, service_files, user, root_certificates } = self;
        f.debug_struct("Credentials")
            .field("password", &password.as_ref().map(|_| "…"))
            .field("password_file", password_file)
            .field("service", service)
            .field("service_files", service_files)
            .field("user", user)
            .field("root_certificates", root_certificates)
            .finish()
    }
}

/// The settings of one service, in the order of the file.
pub(super) type Service = Vec<(String, String)>;

impl Credentials {
    /// The settings of a service, or that no file knows it.
    pub(super) fn service(&self, name: &str) -> Result<Service, String> {
        let mut texts = self.service_files.iter().filter_map(|path| fs::read_to_string(path).ok());
        texts.find_map(|text| section(&text, name)).ok_or_else(|| {
            let files: Vec<String> =
                self.service_files.iter().map(|path| path.display().to_string()).collect();
            format!("no service file knows the service `{name}`: looked in {}", files.join(", "))
        })
    }

    /// The password for a connection from the password file, or why the file is not used.
    pub(super) fn filed(&self, to: &Connection<'_>) -> Result<Option<String>, String> {
        let Some(path) = &self.password_file else { return Ok(None) };
        let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
        if is_open_to_others(path) {
            return Err(format!("`{}` can be read by others, so it is not used: chmod 600", path.display()));
        }
        Ok(text.lines().find_map(|line| to.password(line)))
    }
}

/// What a line of a password file must fit.
pub(super) struct Connection<'a> {
    /// The name or address of the host, or the directory of a socket.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

impl Connection<'_> {
    /// The password of a line `host:port:database:user:password` that fits; `*` fits all, a backslash takes the meaning
    /// of `:` and of itself away.
    fn password(&self, line: &str) -> Option<String> {
        if line.starts_with('#') {
            return None;
        }
        let fields = fields(line);
        let [host, port, database, user, password] = fields.as_slice() else { return None };
        let is_socket = self.host.is_empty() || self.host.starts_with('/');
        let fits = |field: &str, value: &str| field == "*" || field == value;
        let host = fits(host, self.host) || (is_socket && host == "localhost");
        let rest =
            fits(port, &self.port.to_string()) && fits(database, self.database) && fits(user, self.user);
        (host && rest).then(|| password.clone())
    }
}

/// The five fields of a line; the last one may hold colons.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let count = fields.len();
        let Some(field) = fields.last_mut() else { break };
        match character {
            '\\' => field.extend(characters.next()),
            ':' if count < 5 => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

/// The settings below `[name]`.
fn section(text: &str, name: &str) -> Option<Service> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(name))?;
    let settings = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    let pairs = settings.filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: Connection<'_> = Connection { host: "db.example", port: 5432, database: "ems", user: "me" };

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        assert_eq!(TO.password("db.example:5432:ems:me:a:b\\\\c").as_deref(), Some("a:b\\c"));
        assert_eq!(TO.password("*:*:*:me:secret").as_deref(), Some("secret"));
        assert_eq!(TO.password("other:*:*:*:secret"), None);
        assert_eq!(TO.password("#*:*:*:*:secret"), None);
        let socket = Connection { host: "/run/postgresql", ..TO };
        assert_eq!(socket.password("localhost:*:*:*:secret").as_deref(), Some("secret"));
    }

    #[test]
    fn a_service_is_what_stands_below_its_name() {
        let text = "[other]\nhost=a\n[ems]\n# shared\nhost = b\nport=6\n\n[last]\nhost=c\n";
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(section(text, "ems"), Some(vec![pair("host", "b"), pair("port", "6")]));
        assert_eq!(section(text, "none"), None);
    }

    #[test]
    fn a_password_is_not_debugged() {
        let credentials = Credentials { password: Some("hunter2".to_owned()), ..Credentials::default() };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
