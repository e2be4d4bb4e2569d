//! The same numbers in the older text format, for whoever does not ask for OpenMetrics.

use std::fmt::Write as _;

/// Turns OpenMetrics 1.0 into the text exposition format 0.0.4. There a counter is named with its suffix, there is no type
/// for what a build is, and neither units nor the end are marked.
pub(super) fn classic(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut help = None;
    for line in openmetrics.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|typed| typed.split_once(' ')) {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                other => ("", other),
            };
            let help = help.take().filter(|(described, _)| *described == name).map_or("", |(_, help)| help);
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_in_full_and_the_rest_is_left_as_it_is() {
        let openmetrics = "# HELP a_seconds How long.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1.5\n\
                           # HELP b Many, # of them.\n# TYPE b counter\nb_total{x=\"# HELP\"} 2\n\
                           # HELP build What.\n# TYPE build info\nbuild_info{v=\"1\"} 1\n# EOF\n";
        let expected = "# HELP a_seconds How long.\n# TYPE a_seconds gauge\na_seconds 1.5\n\
                        # HELP b_total Many, # of them.\n# TYPE b_total counter\nb_total{x=\"# HELP\"} 2\n\
                        # HELP build_info What.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n";
        assert_eq!(classic(openmetrics), expected);
    }
}
