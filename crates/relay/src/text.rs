//! Foreign text in Markdown.

/// Text as inline code, which GitHub shows literally: no mention, no link, no image comes to life in it.
#[must_use]
pub fn code(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c == '`' || c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", plain.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_code() {
        assert_eq!(code("a `@team` b\n# c"), "`a  @team  b # c`");
    }
}
