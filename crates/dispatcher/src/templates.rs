//! Filling a run's data into the inputs of a dispatch. A value is scanned once; what was filled in is never scanned again.

use std::sync::Arc;

use crate::names::InputKey;
use crate::payload::SourceRun;
use crate::reasons::Reason;

/// Longest value, in characters, that may come out of a template.
const MAX_EXPANDED: usize = 1_024;
/// Most characters of all inputs together, as JSON. Source: GitHub's limit for the `inputs` of a dispatch.
const MAX_INPUTS_JSON: usize = 65_535;

/// What templates may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    sha: String,
    head_branch: String,
    run_id: String,
    run_url: String,
    repository: String,
    workflow: String,
}

impl Variables {
    /// The variables of a run.
    #[must_use]
    pub fn of(run: &SourceRun) -> Self {
        Self {
            sha: run.head_sha.clone(),
            head_branch: run.head_branch.clone().unwrap_or_default(),
            run_id: run.run_id.to_string(),
            run_url: run.url.clone(),
            repository: run.repository.to_string(),
            workflow: run.workflow.to_string(),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        Some(match name {
            "source.sha" => &self.sha,
            "source.head_branch" => &self.head_branch,
            "source.run_id" => &self.run_id,
            "source.run_url" => &self.run_url,
            "source.repo" => &self.repository,
            "source.workflow" => &self.workflow,
            _ => return None,
        })
    }
}

/// Inputs that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputsRefused {
    /// `inputs_template_error` or `inputs_limit_exceeded`.
    pub reason: Reason,
    /// Which input, and why.
    pub detail: String,
}

/// The inputs of a dispatch, in the order of the file.
pub type Inputs = Vec<(InputKey, Arc<str>)>;

/// Fills in all inputs of a target.
///
/// # Errors
/// The first template that cannot be filled in; else more than `max_inputs` keys, or more than 65,535 characters as JSON.
pub fn expand_inputs(inputs: &Inputs, variables: &Variables, max_inputs: u32) -> Result<Inputs, InputsRefused> {
    let mut expanded = Vec::with_capacity(inputs.len());
    for (key, value) in inputs {
        let value = expand(value, variables).map_err(|error| InputsRefused {
            reason: Reason::InputsTemplateError,
            detail: format!("{key}: {error}"),
        })?;
        expanded.push((key.clone(), value));
    }
    let limit = |detail| Err(InputsRefused { reason: Reason::InputsLimitExceeded, detail });
    if u32::try_from(expanded.len()).is_ok_and(|count| count > max_inputs) {
        return limit(format!("{} keys, at most {max_inputs}", expanded.len()));
    }
    let length = json_length(&expanded);
    if length > MAX_INPUTS_JSON {
        return limit(format!("{length} characters as JSON, at most {MAX_INPUTS_JSON}"));
    }
    Ok(expanded)
}

/// Why a template cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Only the names of the contract are known, and `${{ … }}` is another tool's.
    #[error("unknown name in {0:?}")]
    UnknownName(String),
    /// `{{` without `}}`.
    #[error("`{{{{` is never closed")]
    Unclosed,
    /// The run has nothing to fill in.
    #[error("`{0}` is empty for this run")]
    Empty(String),
    /// The result is over 1,024 characters.
    #[error("the result has {0} characters, at most 1024")]
    TooLong(usize),
    /// The result holds a character below U+0020, or U+007F.
    #[error("the result holds a control character")]
    Control,
}

/// Longest piece of a template that an error quotes, in characters.
const MAX_QUOTED: usize = 80;

/// Fills in one value. A value without `{{` is a literal and comes back as it is.
///
/// # Errors
/// See [`TemplateError`].
pub fn expand(value: &Arc<str>, variables: &Variables) -> Result<Arc<str>, TemplateError> {
    if !value.contains("{{") {
        return Ok(Arc::clone(value));
    }
    let mut result = String::new();
    let mut rest = &**value;
    while let Some((literal, opened)) = rest.split_once("{{") {
        let (name, after) = opened.split_once("}}").ok_or(TemplateError::Unclosed)?;
        let name = name.trim_matches(' ');
        let known = variables.get(name).filter(|_| !literal.ends_with('$'));
        let filling = known.ok_or_else(|| TemplateError::UnknownName(name.chars().take(MAX_QUOTED).collect()))?;
        if filling.is_empty() {
            return Err(TemplateError::Empty(name.to_owned()));
        }
        result.push_str(literal);
        result.push_str(filling);
        rest = after;
    }
    result.push_str(rest);
    let length = result.chars().count();
    if length > MAX_EXPANDED {
        return Err(TemplateError::TooLong(length));
    }
    if result.chars().any(|c| c.is_ascii_control()) {
        return Err(TemplateError::Control);
    }
    Ok(result.into())
}

/// Characters of the inputs as a JSON object without spaces, counted without building it.
fn json_length(inputs: &Inputs) -> usize {
    let pairs: usize = inputs.iter().map(|(key, value)| text_length(key.as_str()) + 1 + text_length(value)).sum();
    2 + pairs + inputs.len().saturating_sub(1)
}

fn text_length(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => 1,
    };
    2 + text.chars().map(escaped).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::run;

    fn fill(value: &str) -> Result<String, TemplateError> {
        expand(&value.into(), &Variables::of(&run())).map(|text| text.to_string())
    }

    #[test]
    fn names_are_filled_in_once_mixed_with_text() {
        let table = [
            ("{{ source.sha }}", "0123456789abcdef0123456789abcdef01234567"),
            ("{{source.run_id}}-{{  source.head_branch  }}!", "500-main!"),
            ("{{source.repo}}:{{source.workflow}}", "Org/source:ci.yml"),
            ("{{source.run_url}}", "https://github.com/Org/source/actions/runs/500"),
            ("no template }} $", "no template }} $"),
            ("$ {{source.run_id}}", "$ 500"),
        ];
        for (value, expected) in table {
            assert_eq!(fill(value).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        let unknown = |name: &str| Err(TemplateError::UnknownName(name.to_owned()));
        assert_eq!(fill("{{ source.bogus }}"), unknown("source.bogus"));
        assert_eq!(fill("{{ github.sha }}"), unknown("github.sha"));
        assert_eq!(fill("${{ source.sha }}"), unknown("source.sha"));
        assert_eq!(fill("{{ SOURCE.SHA }}"), unknown("SOURCE.SHA"));
        assert_eq!(fill("{{}}"), unknown(""));
        assert_eq!(fill("{{ {{ source.sha }} }}"), unknown("{{ source.sha"));
        assert_eq!(fill("{{\nsource.sha}}"), unknown("\nsource.sha"));
        assert_eq!(fill("x {{ source.sha"), Err(TemplateError::Unclosed));
        assert_eq!(fill("{{ source.sha }} {{"), Err(TemplateError::Unclosed));
    }

    #[test]
    fn an_empty_variable_is_an_error() {
        let run = SourceRun { head_branch: None, ..run() };
        let result = expand(&"{{source.head_branch}}".into(), &Variables::of(&run));
        assert_eq!(result, Err(TemplateError::Empty("source.head_branch".to_owned())));
    }

    #[test]
    fn what_comes_out_is_one_line_of_at_most_1024_characters() {
        let with = |branch: String| {
            expand(&"{{source.head_branch}}".into(), &Variables::of(&SourceRun { head_branch: Some(branch), ..run() }))
        };
        assert!(with("é".repeat(1_024)).is_ok());
        assert_eq!(with("é".repeat(1_025)), Err(TemplateError::TooLong(1_025)));
        for control in ["a\nb", "a\0", "\u{7f}"] {
            assert_eq!(with(control.to_owned()), Err(TemplateError::Control), "{control:?}");
        }
        assert_eq!(fill("{{source.run_id}}\n"), Err(TemplateError::Control));
        assert!(fill(&"x\n".repeat(2_000)).is_ok(), "literals are not cut");
    }

    #[test]
    fn hostile_branches_travel_as_they_are_and_are_not_expanded_again() {
        for branch in ["$(touch x)", "`x`", "\"'", "{{ source.sha }}", "<script>", "\u{202e}evil", "e\u{301}"] {
            let run = SourceRun { head_branch: Some(branch.to_owned()), ..run() };
            assert_eq!(&*expand(&"{{source.head_branch}}".into(), &Variables::of(&run)).unwrap(), branch);
        }
    }

    #[test]
    fn too_many_or_too_large_inputs_are_refused() {
        let inputs = |count: usize, value: &str| {
            (0..count).map(|n| (format!("k{n}").parse().unwrap(), value.into())).collect::<Inputs>()
        };
        let reason = |inputs: &Inputs, max| {
            expand_inputs(inputs, &Variables::of(&run()), max).err().map(|refused| refused.reason)
        };
        assert_eq!(reason(&inputs(25, "x"), 25), None);
        assert_eq!(reason(&inputs(26, "x"), 25), Some(Reason::InputsLimitExceeded));
        // {"k0":"…"} has 9 characters around the value.
        assert_eq!(reason(&inputs(1, &"x".repeat(65_526)), 25), None);
        assert_eq!(reason(&inputs(1, &"x".repeat(65_527)), 25), Some(Reason::InputsLimitExceeded));
        assert_eq!(reason(&inputs(30, "{{"), 25), Some(Reason::InputsTemplateError));
    }

    proptest! {
        #[test]
        fn any_value_gives_a_verdict(value in "(\\{\\{|\\}\\}|\\$|source\\.sha|source\\.repo| |\\PC){0,20}") {
            if let Ok(result) = fill(&value) {
                prop_assert!(!value.contains("${{") && (!value.contains("{{") || result.chars().count() <= MAX_EXPANDED));
            }
        }

        #[test]
        fn the_json_length_is_serde_jsons(values in proptest::collection::vec(any::<String>(), 0..5)) {
            let inputs: Inputs = values.iter().enumerate().map(|(n, value)| (format!("k{n}").parse().unwrap(), value.as_str().into())).collect();
            let object: BTreeMap<&str, &str> = inputs.iter().map(|(key, value)| (key.as_str(), &**value)).collect();
            prop_assert_eq!(json_length(&inputs), serde_json::to_string(&object).unwrap().chars().count());
        }
    }
}
