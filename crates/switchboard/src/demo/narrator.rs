//! How the demo talks: headings, lines and links, in colour on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// A colour on a terminal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Quiet,
    Strong,
}

impl Tone {
    /// The parameters of the terminal's "select graphic rendition" sequence (ECMA-48, 8.3.117).
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Quiet => "2",
            Self::Strong => "1",
        }
    }
}

/// Writes to standard output.
#[derive(Debug)]
pub(super) struct Narrator {
    colours: bool,
    /// `http://127.0.0.1:3000`.
    pages: String,
    /// The addresses that were told so far.
    told: Mutex<Vec<String>>,
}

impl Narrator {
    /// A narrator whose links lead to `pages`.
    pub(super) fn new(pages: String) -> Self {
        // <https://no-color.org>: any text at all means no.
        let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: io::stdout().is_terminal() && !asked_not_to, pages, told: Mutex::default() }
    }

    /// The text in a colour, where there are colours.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        if self.colours { format!("\x1b[{}m{text}\x1b[0m", tone.code()) } else { text.to_owned() }
    }

    /// A new chapter.
    pub(super) fn heading(&self, text: &str) {
        self.line("");
        self.line(&self.toned(Tone::Strong, text));
    }

    /// What happens.
    pub(super) fn say(&self, text: &str) {
        self.line(&format!("  {text}"));
    }

    /// Where to look at it; `path` begins with a slash.
    pub(super) fn link(&self, path: &str) {
        let address = self.address(path);
        self.line(&format!("  {}", self.toned(Tone::Quiet, &address)));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(address);
    }

    /// Every address that a link has led to.
    pub(super) fn links(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of a page.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.pages)
    }

    /// A whole line. A reader who has gone (`| head`) is no failure.
    pub(super) fn line(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}
