//! The registries that ship: they load without an error, and what they expect holds. The ready-made policies load too,
//! each alone and all together.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

use std::path::Path;

use ambulance_diversion::load::{self, Options};
use ambulance_diversion::model::{Instant, Sources};
use ambulance_diversion::report::check;

fn holds(path: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut sources = Sources::default();
    let loaded =
        load::registry(&path, &Options::default(), &mut sources).unwrap_or_else(|all| panic!("{all:#?}"));
    let file = sources.add("expectations", "");
    let findings = check::expectations(&loaded.registry, file, Instant::from_seconds(0));
    assert!(findings.is_empty(), "{findings:#?}");
    assert!(!loaded.registry.expects.is_empty(), "a shipped registry carries its own tests");
    assert!(loaded.warnings.is_empty(), "{:#?}", loaded.warnings);
}

#[test]
fn connecticut_loads_and_holds() {
    holds("facilities.toml");
}

#[test]
fn the_august_2023_registry_loads_and_holds() {
    holds("examples/prospect-2023/registry");
}

#[test]
fn ready_made_policies_load_alone_and_together() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("facilities.toml");
    let include = |id: &str| format!("\"builtin:{id}\"");
    let ids: Vec<String> = load::ready_made().iter().map(|policy| include(policy.id)).collect();
    for included in ids.iter().chain([&ids.join(", ")]) {
        std::fs::write(&path, format!("include = [{included}]\n")).unwrap();
        let loaded = load::registry(&path, &Options::default(), &mut Sources::default())
            .unwrap_or_else(|all| panic!("{included}: {all:#?}"));
        assert!(!loaded.registry.policies.is_empty(), "{included}: no policy");
        assert!(loaded.warnings.is_empty(), "{included}: {:#?}", loaded.warnings);
    }
}
