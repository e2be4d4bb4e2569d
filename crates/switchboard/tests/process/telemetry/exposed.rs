//! What `/metrics` says, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// The values of each label.
pub type Labels = BTreeMap<String, BTreeSet<String>>;

/// A metric with its type, its help, and what its samples are labelled with.
#[derive(Debug, Default)]
pub struct Family {
    pub kind: String,
    pub help: String,
    pub labels: Labels,
}

/// What was exposed.
pub struct Exposed {
    /// By the name that stands in the documents: with `_total`, without `_bucket`.
    pub families: BTreeMap<String, Family>,
    /// By the name that stands in an expression.
    pub samples: BTreeMap<String, Labels>,
}

impl Exposed {
    /// Reads the text exposition format 0.0.4.
    pub fn read(text: &str) -> Self {
        let sample = Regex::new(r"^([a-z_]+)(?:\{(.*)\})? \S+$").unwrap();
        let label = Regex::new(r#"([a-z_]+)="([^"]*)""#).unwrap();
        let mut exposed = Self { families: BTreeMap::new(), samples: BTreeMap::new() };
        let mut current = String::new();
        for line in text.lines() {
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|line| line.split_once(' ')) {
                exposed.families.entry(name.to_owned()).or_default().help = help.to_owned();
            } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
                exposed.families.get_mut(name).unwrap().kind = kind.to_owned();
                current = name.to_owned();
            } else {
                let found = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
                assert!(found[1].starts_with(&current), "{line} does not belong to {current}");
                let family = exposed.families.get_mut(&current).unwrap();
                let labels = exposed.samples.entry(found[1].to_owned()).or_default();
                for pair in label.captures_iter(found.get(2).map_or("", |labels| labels.as_str())) {
                    labels.entry(pair[1].to_owned()).or_default().insert(pair[2].to_owned());
                    if &pair[1] != "le" {
                        family.labels.entry(pair[1].to_owned()).or_default().insert(pair[2].to_owned());
                    }
                }
            }
        }
        exposed
    }

    /// What two servers exposed together.
    pub fn and(mut self, other: Self) -> Self {
        fn join(labels: &mut Labels, others: Labels) {
            for (label, values) in others {
                labels.entry(label).or_default().extend(values);
            }
        }
        for (name, family) in other.families {
            match self.families.get_mut(&name) {
                Some(known) => join(&mut known.labels, family.labels),
                None => drop(self.families.insert(name, family)),
            }
        }
        for (name, labels) in other.samples {
            join(self.samples.entry(name).or_default(), labels);
        }
        self
    }

    /// Asserts that an expression asks only for metrics and labels that exist. With `values`, what it selects by must be
    /// something that was seen.
    pub fn assert_answers(&self, expression: &str, values: bool) {
        let metric = Regex::new(r"\b((?:switchboard|process)_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
        let selector = Regex::new(r#"([a-z_]+)(=~|!~|!=|=)"([^"]*)""#).unwrap();
        let groups = Regex::new(r"\bby \(([a-z_, ]+)\)").unwrap();
        let mut asked = 0;
        for found in metric.captures_iter(expression) {
            asked += 1;
            let name = &found[1];
            let known = self.samples.get(name).unwrap_or_else(|| panic!("{name} does not exist: {expression}"));
            for group in groups.captures_iter(expression) {
                for label in group[1].split(", ").filter(|label| !SCRAPED.contains(label)) {
                    assert!(known.contains_key(label), "{name} has no label {label}: {expression}");
                }
            }
            for selected in selector.captures_iter(found.get(2).map_or("", |selectors| selectors.as_str())) {
                let (label, operator, value) = (&selected[1], &selected[2], &selected[3]);
                if SCRAPED.contains(&label) {
                    continue;
                }
                let seen = known.get(label).unwrap_or_else(|| panic!("{name} has no label {label}: {expression}"));
                let pattern = if operator == "=" { regex::escape(value) } else { value.to_owned() };
                let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
                let matches = seen.iter().any(|seen| pattern.is_match(seen));
                assert!(matches || !values, "{name} has had no {label} like {value}, but {seen:?}: {expression}");
            }
        }
        assert!(asked > 0, "asks for nothing: {expression}");
    }
}

/// Labels that Prometheus itself adds.
const SCRAPED: [&str; 2] = ["job", "instance"];
