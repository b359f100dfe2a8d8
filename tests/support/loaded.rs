//! A registry from its text, for tests whose worlds are written as users write them.

use ambulance_diversion::load::{self, Options};
use ambulance_diversion::model::{Registry, Sources};

/// Reads it; what is wrong with it fails the test.
pub(crate) fn registry(text: &str) -> Registry {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("facilities.toml");
    std::fs::write(&path, text).unwrap();
    match load::registry(&path, &Options::default(), &mut Sources::default()) {
        Ok(loaded) => loaded.registry,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}
