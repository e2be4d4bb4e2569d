//! Strangers' text in Markdown, made to show and do nothing: no markup, no link, no mention, no reference.

/// Longest piece of a stranger's text in one place, in characters.
const MAX_TEXT: usize = 500;

/// Stands after `@` and `#`: GitHub links mentions and references in the rendered text, where a backslash is long gone.
const BREAK: char = '\u{200b}';

/// A text of any origin for use in Markdown prose.
pub(super) fn inert(text: &str) -> String {
    let mut result = String::new();
    for c in clipped(text, MAX_TEXT) {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '@' => result.extend(['@', BREAK]),
            '#' => result.extend(['\\', '#', BREAK]),
            // The colon and the dot are what makes bare addresses links.
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | ':' | '.' | '+' | '='
            | '$' => {
                result.extend(['\\', c]);
            }
            _ => result.push(c),
        }
    }
    result
}

/// A text as code, where Markdown does not look for markup.
pub(super) fn code(text: &str) -> String {
    let mut result = String::from("`");
    for c in clipped(text, MAX_TEXT) {
        match c {
            '`' => result.push('\''),
            '@' | '#' => result.extend([c, BREAK]),
            '<' => result.push('‹'),
            '>' => result.push('›'),
            _ => result.push(c),
        }
    }
    result.push('`');
    result
}

/// A text for a title, which GitHub shows without markup but for mentions and code.
pub(super) fn title_text(text: &str, longest: usize) -> String {
    let mut result = String::new();
    for c in clipped(text, longest) {
        match c {
            '`' => result.push('\''),
            '@' | '#' => result.extend([c, BREAK]),
            _ => result.push(c),
        }
    }
    result
}

/// An address that GitHub gave us: a link if it is plainly one, else inert text.
pub(super) fn url(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | '%' | '~');
    let is_link =
        (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(plain) && url.len() <= MAX_TEXT;
    if is_link { format!("<{url}>") } else { inert(url) }
}

/// The first characters, those that would change the line or its direction replaced.
fn clipped(text: &str, longest: usize) -> impl Iterator<Item = char> {
    let mut characters = text.chars();
    let kept: Vec<char> = characters.by_ref().take(longest).map(visible).collect();
    let more = characters.next().map(|_| '…');
    kept.into_iter().chain(more)
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        // Marks that turn the direction of text around, so that it reads as something else.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    }
}
