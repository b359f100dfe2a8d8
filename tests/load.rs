//! What a registry's files come to once they are read: merging, overriding, dates, and the fence around them.
#![allow(clippy::unwrap_used)] // a test that cannot go on stops

use std::fs;
use std::path::Path;

use ambulance_diversion::diagnostic::{Code, Diagnostic};
use ambulance_diversion::load::{self, Loaded, Options};
use ambulance_diversion::model::{
    Class, Cohort, Effect, Instant, Minutes, Registry, Renewal, Scope, Sources,
};
use tempfile::TempDir;

const ALPHA: &str = "[facility.alpha]\nname = \"Alpha Hospital\"\nlat = 41.78\nlon = -72.52\n";

/// A directory with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load::registry(path, &Options::default(), &mut Sources::default())
}

fn registry_of(text: &str) -> Registry {
    let folder = folder(&[("facilities.toml", text)]);
    match read(&folder.path().join("facilities.toml")) {
        Ok(loaded) => loaded.registry,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

fn codes_of(text: &str) -> Vec<Code> {
    let folder = folder(&[("facilities.toml", text)]);
    let found = read(&folder.path().join("facilities.toml"));
    found.map_or_else(|all| all, |loaded| loaded.warnings).iter().map(|d| d.code).collect()
}

#[test]
fn the_catalogue_alone_is_a_registry() {
    let registry = registry_of("");
    assert_eq!(registry.name, "facilities");
    for effect in [Effect::Advisory, Effect::Diverting, Effect::Closed] {
        let status = &registry.statuses[registry.builtin(effect)];
        assert_eq!((status.effect, status.builtin, status.place.is_none()), (effect, true, true));
    }
    let trauma_1 = registry.services.id("trauma-1").unwrap();
    let includes = &registry.services[trauma_1].includes;
    let keys: Vec<&str> = includes.iter().map(|id| registry.services[*id].key.as_str()).collect();
    assert_eq!(keys, ["trauma-2", "trauma-3", "trauma-4"]);
}

#[test]
fn a_facility_has_what_its_services_include() {
    let registry = registry_of(&format!("{ALPHA}services = [\"stroke-comprehensive\"]\ned = {{}}\n"));
    let alpha = &registry.facilities[registry.facilities.id("alpha").unwrap()];
    assert!(alpha.services.contains(&registry.services.id("stroke-ready").unwrap()));
    assert!(alpha.ed.is_some_and(|ed| ed.beds.is_none()));
}

#[test]
fn a_table_for_a_built_in_need_replaces_it_whole() {
    let registry = registry_of("[need.stroke]\nrequires = [\"ct\"]\nmax_minutes = 60\n");
    let stroke = &registry.needs[registry.needs.id("stroke").unwrap()];
    assert_eq!(stroke.requires.len(), 1);
    assert_eq!((stroke.name.as_str(), stroke.time_critical), ("stroke", false));
    assert_eq!(stroke.max_minutes.map(Minutes::tenths), Some(600));
}

#[test]
fn a_table_for_a_built_in_status_sets_the_keys_it_names() {
    let registry =
        registry_of("[status.diverting]\nmax = \"2h\"\nrenewal = \"refused\"\nlabel = \"Bypass\"\n");
    let diverting = &registry.statuses[registry.builtin(Effect::Diverting)];
    assert_eq!(diverting.max, Some(chrono::TimeDelta::hours(2)));
    assert_eq!((diverting.renewal, diverting.builtin), (Renewal::Refused, true));
    assert_eq!((diverting.label.as_str(), diverting.effect), ("Bypass", Effect::Diverting));
}

#[test]
fn a_region_defined_status_has_its_scopes() {
    let registry = registry_of(
        "[region.east]\n[status.yellow]\neffect = \"diverting\"\ndiverts = \"adult als\"\nconsult = \"pediatric\"\n\
         regions = [\"east\"]\n[status.blue]\nof = \"region\"\nsuspends = [\"yellow\"]\n",
    );
    let yellow = &registry.statuses[registry.statuses.id("yellow").unwrap()];
    assert_eq!(yellow.diverts, Scope::new(Cohort::new([Class::Adult, Class::Als]), []));
    assert_eq!(yellow.consult, Some(Scope::new([Cohort::of(Class::Pediatric)], [])));
    assert!(!yellow.builtin && yellow.place.is_some());
    assert_eq!(registry.statuses[registry.statuses.id("blue").unwrap()].suspends.len(), 1);
}

#[test]
fn a_bare_date_is_local_midnight_of_the_facility() {
    let text = format!(
        "[registry]\ntimezone = \"America/New_York\"\n{ALPHA}closed_on = 2022-11-07\n\
         [facility.beta]\nname = \"Beta Hospital\"\nlat = 34\nlon = -118\ntimezone = \"America/Los_Angeles\"\n\
         closed_on = 2022-11-07\n\
         [facility.gamma]\nname = \"Gamma Hospital\"\nlat = 41\nlon = -72\nclosed_on = 2022-11-07T12:00:00Z\n"
    );
    let registry = registry_of(&text);
    let closed: Vec<String> = registry
        .facilities
        .iter()
        .map(|(_, facility)| facility.closed_on.unwrap().rfc3339(chrono_tz::UTC))
        .collect();
    assert_eq!(closed, ["2022-11-07T05:00:00Z", "2022-11-07T08:00:00Z", "2022-11-07T12:00:00Z"]);
}

#[test]
fn a_wall_time_that_exists_twice_is_an_error() {
    let text =
        format!("[registry]\ntimezone = \"America/New_York\"\n{ALPHA}closed_on = 2023-11-05T01:30:00\n");
    assert_eq!(codes_of(&text), [Code::AmbiguousLocalTime]);
    let text =
        format!("[registry]\ntimezone = \"America/New_York\"\n{ALPHA}closed_on = 2023-03-12T02:30:00\n");
    assert_eq!(codes_of(&text), [Code::NoSuchLocalTime]);
}

#[test]
fn the_files_of_a_directory_are_merged_in_name_order() {
    let rule = |id: &str| format!("[[rule]]\nid = \"{id}\"\nsay = \"when alpha closed, route to nearest\"\n");
    let second = format!("{}{ALPHA}", rule("second"));
    let folder = folder(&[("b.toml", &second), ("a.toml", &rule("first")), ("notes.txt", "not a registry")]);
    let registry = read(folder.path()).unwrap().registry;
    let rules: Vec<&str> = registry.rules.iter().map(|rule| rule.key.as_str()).collect();
    assert_eq!(rules, ["first", "second"]);
}

#[test]
fn each_file_is_read_once_however_often_it_is_included() {
    let folder = folder(&[
        ("facilities.toml", "include = [\"more/a.toml\", \"more/b.toml\"]\n"),
        ("more/a.toml", &format!("include = [\"b.toml\", \"../facilities.toml\"]\n{ALPHA}")),
        ("more/b.toml", "include = [\"./a.toml\"]\n[region.east]\n"),
    ]);
    let registry = read(&folder.path().join("facilities.toml")).unwrap().registry;
    assert_eq!((registry.facilities.len(), registry.regions.len()), (1, 1));
}

#[test]
fn no_path_leads_out_of_the_fence_unless_permitted() {
    let folder = folder(&[
        ("registry/facilities.toml", "include = [\"../other.toml\"]\n[travel]\nmatrix = \"../travel.csv\"\n"),
        ("other.toml", ALPHA),
        ("travel.csv", "from,to,minutes\nalpha,alpha,0\n"),
    ]);
    let path = folder.path().join("registry/facilities.toml");
    let codes: Vec<Code> = read(&path).unwrap_err().iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::OutsidePath, Code::OutsidePath]);
    let options = Options { allow_outside: true };
    let loaded = load::registry(&path, &options, &mut Sources::default()).unwrap();
    assert_eq!(loaded.registry.travel.from_facility.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_leads_where_it_leads() {
    let folder =
        folder(&[("registry/facilities.toml", "include = [\"link.toml\"]\n"), ("other.toml", ALPHA)]);
    let link = folder.path().join("registry/link.toml");
    std::os::unix::fs::symlink(folder.path().join("other.toml"), link).unwrap();
    let found = read(&folder.path().join("registry/facilities.toml")).unwrap_err();
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::OutsidePath]);
    // The registry itself may be a link to anywhere: nobody but the user named it.
    assert!(read(&folder.path().join("registry/link.toml")).is_ok());
}

#[test]
fn text_that_is_not_utf_8_names_the_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("facilities.toml");
    fs::write(&path, b"[registry]\nname = \"Caf\xe9\"\n").unwrap();
    let found = read(&path).unwrap_err();
    assert_eq!(found[0].code, Code::CannotRead);
    assert!(found[0].message.contains("line 2"), "{}", found[0].message);
}

#[test]
fn the_hash_of_one_file_is_that_of_its_bytes() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(registry_of("").sha256, empty);
    assert_ne!(registry_of("# a comment\n").sha256, empty);
}

#[test]
fn a_caret_finds_its_word_inside_a_string() {
    for quoted in ["\"when beta closed, route to nearest\"", "'''\nwhen beta closed, route to nearest'''"] {
        let text = format!("{ALPHA}[[rule]]\nsay = {quoted}\n");
        let folder = folder(&[("facilities.toml", &text)]);
        let found = read(&folder.path().join("facilities.toml")).unwrap_err();
        assert_eq!(found[0].code, Code::UnknownName);
        assert_eq!(&text[found[0].labels[0].span.clone()], "beta");
    }
    // Escapes have no place of their own: the whole string is pointed at.
    let text = format!("{ALPHA}[[rule]]\nsay = \"when\\u0020beta closed, route to nearest\"\n");
    let folder = folder(&[("facilities.toml", &text)]);
    let found = read(&folder.path().join("facilities.toml")).unwrap_err();
    assert!(text[found[0].labels[0].span.clone()].starts_with("\"when"));
}

#[test]
fn an_expectation_is_a_test_that_never_depends_on_the_day() {
    let expect = |at: &str| {
        format!(
            "{ALPHA}ed = {{}}\n[[expect]]\nat = {at}\ngiven = [\"alpha closed\"]\nsay = \"general from alpha goes to alpha\"\n"
        )
    };
    let registry = registry_of(&expect("\"2023-08-04 09:00\""));
    assert_eq!(registry.expects[0].at, registry_of(&expect("2023-08-04T09:00:00")).expects[0].at);
    assert_eq!(registry.expects[0].given, ["alpha closed"]);
    assert_eq!(codes_of(&expect("\"10:00\"")), [Code::BadTime]);
}

#[test]
fn one_damaged_table_hides_no_mistake_of_another() {
    let text = "[facility.alpha]\nservices = [\"ct\"\nname = \"Alpha\"\n[facility.beta]\nname = \"Beta Hospital\"\nlat = 1\n";
    assert_eq!(codes_of(text), [Code::Syntax, Code::MissingKey]);
}

#[test]
fn a_file_with_windows_line_ends_and_a_byte_order_mark_is_read() {
    let registry = registry_of(&format!("\u{feff}{}", ALPHA.replace('\n', "\r\n")));
    assert_eq!(registry.facilities.len(), 1);
    let alpha = &registry.facilities[registry.facilities.id("alpha").unwrap()];
    assert_eq!(alpha.name, "Alpha Hospital");
}

#[test]
fn a_policy_is_read_as_written() {
    let registry = registry_of(
        "[region.sf]\n[policy.sf]\nregions = [\"sf\"]\nfrom = 2015-01-01\nhonoured_reasons = [\"ct-down\"]\n\
         never_diverted = \"obstetric, burn\"\nhonour_request = true\nall_diverting = \"rotate\"\nalternatives = 1\n\
         max_minutes = 15\ncrowding = { nedocs = 141, minutes = 10 }\n\
         [[policy.sf.limit]]\ncounts = [\"diverting\"]\nmore_than = 3\nthen = \"suspend\"\nfor = \"4h\"\n\
         [policy.sf.levels]\nRED = 5\nBLACK = { at = 8, consult = true }\n",
    );
    let policy = &registry.policies[registry.policies.id("sf").unwrap()];
    assert_eq!(policy.never_diverted.as_ref().map(|scope| scope.named().len()), Some(2));
    assert_eq!(policy.limits[0].lasts, Some(chrono::TimeDelta::hours(4)));
    assert_eq!(policy.levels["BLACK"].at, 8);
    assert_eq!(policy.from.map(Instant::seconds), Some(1_420_070_400));
    let region = registry.regions.id("sf").unwrap();
    assert!(registry.policy(region, Instant::from_seconds(0)).is_none());
}
