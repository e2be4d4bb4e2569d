//! What is looked for on a page in every look: whether it is accessible, and whether it fits.

use serde_json::Value;

use crate::chrome::{Axe, Browser, Scheme, Viewport};

/// A window on a desk.
pub const LAPTOP: Viewport = Viewport { width: 1280, height: 900 };
/// The narrowest phone in use.
pub const PHONE: Viewport = Viewport { width: 360, height: 740 };

/// The document's width, and what is wider than it without a region of its own to scroll in.
pub const TOO_WIDE: &str = r#"
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return null;
  const inside = (it) => { for (; it; it = it.parentElement) if (/(auto|scroll|hidden|clip)/.test(getComputedStyle(it).overflowX)) return true; };
  const wide = [...document.body.querySelectorAll("*")].filter((it) => it.getBoundingClientRect().right > width + 1 && !inside(it));
  return { scrollWidth: document.documentElement.scrollWidth, width, wide: wide.slice(0, 5).map((it) => it.outerHTML.slice(0, 200)) };
"#;

/// Eyes that note what is wrong with each page that they are shown.
pub struct Eyes {
    axe: Option<Axe>,
    noted: Vec<String>,
}

impl Eyes {
    /// Without axe-core, where it was not fetched and need not be, they see only whether a page fits.
    pub fn open() -> Self {
        Self { axe: Axe::find(), noted: Vec::new() }
    }

    /// Looks at the page as it is, on a phone and on a desk, in the light and, for its colours, in the dark.
    pub async fn look(&mut self, browser: &Browser, page: &str) {
        for (viewport, scheme) in
            [(PHONE, Scheme::Light), (PHONE, Scheme::Dark), (LAPTOP, Scheme::Dark), (LAPTOP, Scheme::Light)]
        {
            browser.look(viewport, scheme).await;
            let at = format!("{page} at {}, {scheme:?}", viewport.width);
            let too_wide = browser.eval(TOO_WIDE).await;
            if too_wide != Value::Null {
                self.noted.push(format!("{at}: {too_wide:#}"));
            }
            if let Some(axe) = &self.axe {
                let violations = axe.violations(browser, scheme == Scheme::Dark).await;
                self.noted.extend(violations.into_iter().map(|it| format!("{at}: {it}")));
            }
        }
    }

    /// Nothing was wrong with any page.
    #[track_caller]
    pub fn saw_nothing_wrong(self) {
        assert!(self.noted.is_empty(), "{}", self.noted.join("\n"));
    }
}
