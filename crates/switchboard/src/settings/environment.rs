//! Reading environment variables.

use std::collections::BTreeMap;

use super::file::{Given, refused};
use super::nearest::nearest;
use super::origin::Origin;
use super::problem::Problem;
use super::setting::Setting;
use super::table;
use super::value::{Refusal, Value};

/// Every variable of ours begins so; one that nobody knows is a mistake and not somebody else's.
const OWN_PREFIX: &str = "SWITCHBOARD__";

/// A variable as it was found.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// The variables by name.
pub(super) type Variables = BTreeMap<String, Variable>;

/// What variables set, by the names of the settings.
#[derive(Debug, Default)]
pub(super) struct FromVariables {
    /// Said to this program.
    pub(super) own: BTreeMap<String, Given>,
    /// Said to every program that knows a standard; see [`Setting::shared`].
    pub(super) shared: BTreeMap<String, Given>,
}

/// What the variables set; what is wrong goes to `problems`.
pub(super) fn read(variables: &Variables, problems: &mut Vec<Problem>) -> FromVariables {
    let mut found = FromVariables::default();
    for setting in table::settings() {
        let long = variables.get(&setting.variable()).map_or(Ok(None), |variable| parsed(setting, variable));
        let (values, given) = match long {
            Ok(None) if setting.shared => (&mut found.shared, by_short_name(setting, variables)),
            Ok(None) => (&mut found.own, by_short_name(setting, variables)),
            long => (&mut found.own, long),
        };
        match given {
            Ok(Some(given)) => {
                values.insert(setting.name(), given);
            }
            Ok(None) => {}
            Err(problem) => problems.push(*problem),
        }
    }
    for (name, variable) in variables.iter().filter(|(name, _)| name.starts_with(OWN_PREFIX)) {
        let known: Vec<String> = table::settings().map(Setting::variable).collect();
        if !known.contains(name) {
            let hint = match nearest(name, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "`switchboard settings --names` lists every variable".to_owned(),
            };
            let problem = Problem::new(format!("{name} sets nothing that exists"));
            problems.push(problem.at(variable.origin.clone()).hint(hint));
        }
    }
    found
}

fn by_short_name(setting: &Setting, variables: &Variables) -> Result<Option<Given>, Box<Problem>> {
    let mut chosen: Option<(&str, Given)> = None;
    for name in setting.env {
        let Some(variable) = variables.get(*name) else { continue };
        let Some(given) = parsed(setting, variable)? else { continue };
        match &chosen {
            None => chosen = Some((name, given)),
            Some((_, first)) if first.value == given.value => {}
            Some((first, _)) => {
                let problem = Problem::new(format!("{name} and {first} are two names of one setting, but they differ"));
                return Err(Box::new(problem.of(setting.name()).at(given.origin).hint(format!("set {first} only"))));
            }
        }
    }
    Ok(chosen.map(|(_, given)| given))
}

fn parsed(setting: &Setting, variable: &Variable) -> Result<Option<Given>, Box<Problem>> {
    let origin = variable.origin.clone();
    match setting.form.read_text(&variable.value) {
        Ok(value) => Ok(value.map(|value: Value| Given { value, origin, entries: Vec::new() })),
        Err(refusal) => Err(Box::new(refused(setting, without_quotes_hint(&variable.value, refusal), origin))),
    }
}

/// `docker run --env-file` keeps quotes as part of the value, which is hard to see.
fn without_quotes_hint(value: &str, refusal: Refusal) -> Refusal {
    let value = value.trim();
    let quoted =
        value.len() > 1 && ['"', '\''].iter().any(|quote| value.starts_with(*quote) && value.ends_with(*quote));
    if quoted { refusal.hint("the quotes have become part of the value: leave them out") } else { refusal }
}
