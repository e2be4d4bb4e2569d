//! How much room text takes in the picture. SVG does not wrap lines, so this does; it reckons generously, and whatever is cut stands
//! whole in the cards below.

/// The room that a character takes, in halves of a Latin letter's: 4 for wide scripts and emoji, 0 for what combines.
fn halves(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0x1f300..=0x3fffd => 4,
        _ => 2,
    }
}

/// The columns that `text` takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(halves).sum::<usize>().div_ceil(2)
}

/// `text` cut in the middle, so that a name's beginning and end are both seen.
pub(super) fn fit(text: &str, max: usize) -> String {
    if columns(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1) * 2;
    let tail = room / 3;
    let end: Vec<char> = take(text.chars().rev(), tail);
    let start: Vec<char> = take(text.chars(), room - tail);
    start.into_iter().chain(['…']).chain(end.into_iter().rev()).collect()
}

fn take(chars: impl Iterator<Item = char>, halves_max: usize) -> Vec<char> {
    let mut room = halves_max;
    let fits = |c: &char| match room.checked_sub(halves(*c)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    chars.take_while(fits).collect()
}

/// `text` in at most `lines` lines of `max` columns, broken at spaces; the last line ends in `…` if there was more.
pub(super) fn wrap(text: &str, max: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let word = fit(word, max);
        let joined = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
        if columns(&joined) <= max {
            line = joined;
            continue;
        }
        out.push(std::mem::replace(&mut line, word));
        if out.len() == lines {
            if let Some(last) = out.last_mut() {
                *last = format!("{}…", last.trim_end_matches(['.', ',', ';', ':']));
            }
            return out;
        }
    }
    if !line.is_empty() {
        out.push(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(fit("acme/api", 10), "acme/api");
        assert_eq!(fit("acme/a-very-long-repository", 16), "acme/a-ver…itory");
        assert!(columns(&fit("日本語のとても長い名前です", 12)) <= 12);
        assert_eq!(columns("e\u{301}🚀"), 3);
    }

    #[test]
    fn sentences_wrap_and_say_when_they_are_cut() {
        assert_eq!(wrap("one two three four", 9, 3), ["one two", "three", "four"]);
        assert_eq!(wrap("one two, three four", 9, 1), ["one two…"]);
        assert_eq!(wrap("one two", 9, 1), ["one two"]);
        assert!(wrap("", 9, 3).is_empty());
        assert!(wrap(&"x".repeat(500), 20, 2).iter().all(|line| columns(line) <= 21));
    }
}
