//! Putting an issue's body together within GitHub's limit.

/// Longest body in characters. Source: GitHub's limit for issue bodies is 65,536.
pub(super) const MAX_BODY: usize = 65_535;

/// Room that each section keeps for the line that counts what did not fit.
const COUNT_LINE: usize = 40;

pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) rows: Vec<String>,
    /// Rows that exist elsewhere and are only counted.
    pub(super) surplus: usize,
}

/// Introduction, sections, marker. Rows that do not fit are counted instead.
pub(super) fn assemble(introduction: &str, sections: &[Section], marker: &str) -> String {
    let fixed: usize = sections.iter().map(|section| length(section.heading) + COUNT_LINE).sum();
    let mut room = MAX_BODY.saturating_sub(fixed + length(introduction) + length(marker) + COUNT_LINE);
    let mut body = introduction.to_owned();
    for Section { heading, rows, surplus } in sections {
        body.push_str(&format!("**{heading}**\n\n"));
        let mut shown = 0;
        for row in rows {
            let Some(left) = room.checked_sub(length(row) + 1) else { break };
            room = left;
            shown += 1;
            body.push_str(row);
            body.push('\n');
        }
        match (rows.len() - shown).saturating_add(*surplus) {
            0 if rows.is_empty() => body.push_str("none\n"),
            0 => {}
            more => body.push_str(&format!("- … and {more} more\n")),
        }
        body.push('\n');
    }
    body.push_str(marker);
    body
}

fn length(text: &str) -> usize {
    text.chars().count()
}
