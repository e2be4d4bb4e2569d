//! Reading the file given as `--env-file`: lines of `NAME=value`, as `.env.example` shows them.

use std::sync::Arc;

use super::environment::{Variable, Variables};
use super::origin::{Origin, Position};
use super::problem::Problem;

/// Reads the variables of a file.
///
/// A value may stand in single or double quotes; in double quotes it may span lines. `#` begins a comment at the start
/// of a line, and `export` before a name is skipped.
pub(super) fn read(path: &Arc<str>, text: &str, problems: &mut Vec<Problem>) -> Variables {
    let mut variables = Variables::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let position = Position { path: Arc::clone(path), line: index + 1, column: 1 };
        let Some((name, value)) = line.split_once('=') else {
            // The line is not repeated: it may be the rest of a key whose quotes were forgotten.
            problems.push(
                Problem::new("expected NAME=value")
                    .at(Origin::File(position))
                    .hint("put a value of several lines in double quotes, or write its line breaks as \\n"),
            );
            continue;
        };
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim().to_owned();
        let mut value = value.trim().to_owned();
        if value.starts_with('"') && !is_closed(&value) {
            for (_, more) in lines.by_ref() {
                value.push('\n');
                value.push_str(more.trim_end());
                if is_closed(&value) {
                    break;
                }
            }
        }
        let value = unquoted(&value).to_owned();
        variables.insert(name.clone(), Variable { value, origin: Origin::EnvFile { name, position } });
    }
    variables
}

fn is_closed(value: &str) -> bool {
    value.len() > 1 && value.ends_with('"')
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_quotes_and_comments_are_told_apart() {
        let text = "# comment\nPORT=8080\nexport LOG_LEVEL = 'debug'\nEMPTY=\n\nKEY=\"one\ntwo\"\nAFTER=a=b # kept\n";
        let mut problems = Vec::new();
        let variables = read(&".env".into(), text, &mut problems);
        let value = |name: &str| variables[name].value.as_str();
        assert_eq!(problems, []);
        assert_eq!((value("PORT"), value("LOG_LEVEL"), value("EMPTY")), ("8080", "debug", ""));
        assert_eq!((value("KEY"), value("AFTER")), ("one\ntwo", "a=b # kept"));
        assert_eq!(variables["AFTER"].origin.to_string(), ".env:8 (AFTER)");
    }

    #[test]
    fn a_line_that_is_no_variable_is_named_but_not_repeated() {
        let mut problems = Vec::new();
        read(&".env".into(), "A=1\nMIIEpAIBAAKCAQEA\n", &mut problems);
        let text = problems.iter().map(ToString::to_string).collect::<String>();
        assert!(text.contains(".env:2:1") && !text.contains("MIIE"), "{text}");
    }
}
