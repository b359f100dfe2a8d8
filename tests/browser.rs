//! Pages in a browser: they load, nothing overflows on a phone or on a desk, nothing is fetched, and they print.
//!
//! Skipped, and it says so, where no Chromium is installed.
#![allow(clippy::format_collect)] // two frames
#![allow(clippy::unwrap_used)] // a test that cannot go on stops

use std::fs;
use std::path::Path;
use std::process::Command;

fn browser() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

fn chromium(browser: &str, profile: &Path, args: &[&str]) -> String {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--no-first-run", "--virtual-time-budget=4000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(args)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The page that a report writes.
fn page(arguments: &[&str], into: &Path) -> String {
    let path = into.join("page.html");
    let output = Command::new(env!("CARGO_BIN_EXE_divert"))
        .args(["--registry", "examples/prospect-2023/registry", "--log", "examples/prospect-2023/events.csv"])
        .args(["--at", "2023-08-04T09:00:00-04:00"])
        .args(arguments)
        .arg("-o")
        .arg(&path)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(path).unwrap()
}

/// Shows a page in frames of both widths, and tells how wide it came out and what it fetched.
fn measured(browser: &str, html: &str, directory: &Path) -> String {
    let inside = html.replace('&', "&amp;").replace('"', "&quot;");
    let frames: String = [390, 1280]
        .iter()
        .map(|width| {
            format!("<iframe style=\"width:{width}px;height:900px;border:0\" srcdoc=\"{inside}\"></iframe>")
        })
        .collect();
    let script = "onload=()=>{document.title=[...document.querySelectorAll('iframe')].map(f=>{\
                  const d=f.contentDocument,w=f.clientWidth;\
                  return w+':'+(d.documentElement.scrollWidth<=w?'fits':'overflows by '+(d.documentElement.scrollWidth-w))\
                  +':'+f.contentWindow.performance.getEntriesByType('resource').length+':'+d.querySelectorAll('td').length\
                  }).join(' ')}";
    let outer = directory.join("outer.html");
    fs::write(
        &outer,
        format!("<!doctype html><title>not measured</title><body>{frames}<script>{script}</script>"),
    )
    .unwrap();
    let address = format!("file://{}", outer.display());
    let dom = chromium(browser, &directory.join("profile"), &["--dump-dom", &address]);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    title.unwrap_or("no title").to_owned()
}

#[test]
#[allow(clippy::disallowed_macros)] // a test says what it skips
fn pages_fit_a_phone_and_a_desk_and_fetch_nothing() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium here");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        &["report", "hours", "--period", "2023-08-01..2023-08-05"][..],
        &["report", "packet"],
        &["status"],
        &["timeline"],
        &["route", "vernon", "stroke"],
    ] {
        let html = page(arguments, directory.path());
        let told = measured(browser, &html, directory.path());
        for (frame, width) in told.split(' ').zip(["390", "1280"]) {
            let parts: Vec<&str> = frame.split(':').collect();
            assert_eq!(parts[..parts.len().min(3)], [width, "fits", "0"], "{arguments:?}: {told}");
            assert_ne!(parts[3], "0", "{arguments:?} shows no table: {told}");
        }
        assert_eq!(told.split(' ').count(), 2, "{arguments:?}: {told}");
    }
}

#[test]
#[allow(clippy::disallowed_macros)] // a test says what it skips
fn a_packet_prints_on_both_papers() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium here");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    for (paper, size) in [("letter", "612 792"), ("a4", "594.95 841.91")] {
        page(&["report", "packet", "--paper", paper], directory.path());
        let pdf = directory.path().join("packet.pdf");
        let (to, from) = (
            format!("--print-to-pdf={}", pdf.display()),
            format!("file://{}", directory.path().join("page.html").display()),
        );
        chromium(browser, &directory.path().join("profile"), &["--no-pdf-header-footer", &to, &from]);
        let bytes = fs::read(&pdf).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let first = size.split(' ').next().unwrap().split('.').next().unwrap();
        assert!(text.contains(&format!("/MediaBox [0 0 {first}")), "{paper}: no page of {size}");
    }
}
