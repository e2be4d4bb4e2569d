//! Tables for people, JSON for machines, and goals that were met or not.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::disk::Disk;

/// One figure of a column: what it is, as people read it, and as programs do.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// In words, with its unit.
    name: &'static str,
    /// The member of the JSON object, with its unit.
    member: &'static str,
    text: String,
    value: Value,
}

impl Figure {
    /// So many a second, or another quantity with a fraction.
    pub(crate) fn quantity(name: &'static str, member: &'static str, value: f64, digits: usize) -> Self {
        Self { name, member, text: grouped(value, digits), value: json!(rounded(value, digits)) }
    }

    /// Milliseconds with two digits.
    pub(crate) fn time(name: &'static str, member: &'static str, value: Duration) -> Self {
        Self::quantity(name, member, value.as_secs_f64() * 1e3, 2)
    }

    /// Millions of bytes with one digit.
    pub(crate) fn megabytes(name: &'static str, member: &'static str, bytes: u64) -> Self {
        Self::quantity(name, member, float(bytes) / 1e6, 1)
    }
}

/// A goal and whether it was met.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) text: String,
    pub(crate) met: bool,
}

/// What a benchmark has to say.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) machine: Value,
    /// Columns: what was measured, and its figures.
    pub(crate) columns: Vec<(&'static str, Vec<Figure>)>,
    pub(crate) goals: Vec<Goal>,
}

impl Report {
    /// Prints the report; the exit code says whether the goals were met, if that was asked.
    pub(crate) fn print(&self, as_json: bool, check: bool) -> ExitCode {
        if as_json {
            println!("{:#}", self.json());
        } else {
            print!("{}", self.table());
        }
        let missed = self.goals.iter().any(|goal| !goal.met);
        if check && missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn json(&self) -> Value {
        let columns = self.columns.iter().map(|(name, figures)| {
            let figures = figures.iter().map(|figure| (figure.member.to_owned(), figure.value.clone()));
            ((*name).to_owned(), Value::Object(figures.collect()))
        });
        let goals = self.goals.iter().map(|goal| json!({ "goal": goal.text, "met": goal.met }));
        json!({
            "title": self.title,
            "machine": self.machine,
            "results": Value::Object(columns.collect()),
            "goals": goals.collect::<Vec<_>>(),
        })
    }

    fn table(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for figure in self.columns.iter().flat_map(|(_, figures)| figures) {
            if !names.contains(&figure.name) {
                names.push(figure.name);
            }
        }
        let name_width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let widths = self.columns.iter().map(|(head, figures)| {
            let texts = figures.iter().map(|figure| figure.text.chars().count());
            texts.chain([head.chars().count()]).max().unwrap_or_default()
        });
        let widths = widths.collect::<Vec<_>>();
        let row = |name: &str, cells: Vec<&str>| {
            let cells = cells.into_iter().zip(&widths).map(|(cell, &width)| format!("  {cell:>width$}"));
            format!("  {name:<name_width$}{}\n", cells.collect::<String>())
        };
        let mut text = format!("\n{}\n{}\n\n", self.title, machine_line(&self.machine));
        text += &row("", self.columns.iter().map(|(head, _)| *head).collect());
        for name in names {
            let cell = |figures: &'_ [Figure]| figures.iter().position(|figure| figure.name == name);
            let cells =
                self.columns.iter().map(|(_, figures)| cell(figures).map_or("", |at| figures[at].text.as_str()));
            text += &row(name, cells.collect());
        }
        text += "\n";
        for goal in &self.goals {
            text += &format!("  {}  {}\n", if goal.met { "met   " } else { "MISSED" }, goal.text);
        }
        text
    }
}

/// What a figure depends on.
pub(crate) fn machine(disk: &Disk) -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "cores": cores,
        "processor": processor.map_or("unknown", |(_, name)| name),
        "file_system": disk.file_system,
        "sync_p50_ms": rounded(disk.sync_p50.as_secs_f64() * 1e3, 3),
    })
}

fn machine_line(machine: &Value) -> String {
    let text = |member: &str| machine[member].as_str().map_or_else(|| machine[member].to_string(), str::to_owned);
    format!(
        "{} cores ({}), {}, a sync of 4 KiB takes {} ms",
        text("cores"),
        text("processor"),
        text("file_system"),
        text("sync_p50_ms")
    )
}

/// A count as a number that can be divided; counts here stay far below 2^52.
pub(crate) fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts and sizes here stay far below 2^52")]
    let float = count as f64;
    float
}

fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$}").parse().unwrap_or(value)
}

/// Thousands set apart by a thin space's plain cousin: `12 345.6`.
fn grouped(value: f64, digits: usize) -> String {
    let plain = format!("{value:.digits$}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, part)| (whole, Some(part)));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    fraction.map_or(text.clone(), |fraction| text + "." + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let figures = |rate| vec![Figure::quantity("accepted a second", "accepted_per_second", rate, 0)];
        let mut server = figures(12_345.6);
        server.push(Figure::megabytes("peak memory, MB", "peak_memory_mb", 61_234_567));
        Report {
            title: "accept".to_owned(),
            machine: json!({ "cores": 2, "processor": "x", "file_system": "ext4", "sync_p50_ms": 0.25 }),
            columns: vec![("bare", figures(50_000.0)), ("switchboard", server)],
            goals: vec![Goal { text: "10 000 a second".to_owned(), met: false }],
        }
    }

    #[test]
    fn a_table_lines_up_and_leaves_gaps_where_a_column_has_no_such_figure() {
        let expected = "
accept
2 cores (x), ext4, a sync of 4 KiB takes 0.25 ms

                       bare  switchboard
  accepted a second  50 000       12 346
  peak memory, MB                   61.2

  MISSED  10 000 a second
";
        assert_eq!(report().table(), expected);
    }

    #[test]
    fn json_names_every_figure_with_its_unit() {
        let json = report().json();
        assert_eq!(json["results"]["switchboard"]["peak_memory_mb"], 61.2);
        assert_eq!(json["goals"][0]["met"], false);
    }

    #[test]
    fn a_missed_goal_fails_only_when_it_was_asked_for() {
        assert_eq!(report().print(true, false), ExitCode::SUCCESS);
        assert_eq!(report().print(true, true), ExitCode::FAILURE);
    }
}
