//! What hostile files may cost in memory. The peak is the process's, so this test has a process of its own.

use std::fmt::Write as _;
use std::fs;

use switchboard_dispatcher::file;

/// Far more than the budget of one file needs, far less than any of these files would take unchecked.
const MOST_KIB: u64 = 32 * 1024;

/// The most memory that this process has held so far, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Levels of lists that each hold ten times the one before.
fn bomb(levels: usize) -> String {
    let mut file = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..levels {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(file, "a{level}: &a{level} [{aliases}]");
    }
    file
}

#[test]
fn dispatcher_16_bombs_and_huge_files_are_invalid_in_bounded_memory() {
    let long_text = "x".repeat(60_000);
    let copies = format!("a: &a {long_text}\nb: [{}]\n", ["*a"; 1_000].join(", "));
    let files = [
        bomb(9),
        bomb(400),
        copies,
        "#".repeat(5 * 1024 * 1024),
        "- a\n".repeat(2 * 1024 * 1024),
        format!("outbound: {}", "[".repeat(60_000)),
        format!("outbound: {}", "{a: ".repeat(15_000)),
        "- ".repeat(30_000),
        "? ".repeat(30_000),
    ];
    let before = peak_kib();
    for text in &files {
        assert!(file::read(text.as_bytes()).is_err(), "{}", &text[..40]);
    }
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < MOST_KIB, "{} KiB more than before", after - before);
    }
}
