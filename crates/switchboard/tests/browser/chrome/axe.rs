//! axe-core, which looks at a page for what keeps people from using it.

use serde_json::Value;

use super::{Browser, needs};

/// axe-core's script, read once.
pub struct Axe(String);

impl Axe {
    /// `None` where it was not fetched and need not be.
    pub fn find() -> Option<Self> {
        needs::axe().map(Self)
    }

    /// What is serious or critical on the page, each with where it is; only about colours, if so asked.
    pub async fn violations(&self, browser: &Browser, only_colours: bool) -> Vec<String> {
        if browser.eval("return window.axe === undefined").await == true {
            browser.eval(&format!("{}; return null", self.0)).await;
        }
        let options = if only_colours {
            r#"{ runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations"] }"#
        } else {
            r#"{ resultTypes: ["violations"] }"#
        };
        let result = browser.eval(&format!("return axe.run(document, {options})")).await;
        let violations = result["violations"].as_array().unwrap();
        let serious = violations.iter().filter(|it| it["impact"] == "serious" || it["impact"] == "critical");
        serious.flat_map(told).collect()
    }
}

fn told(violation: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let told = nodes.map(|node| {
        let (rule, html, why) = (text(&violation["id"]), text(&node["html"]), text(&node["failureSummary"]));
        format!("{rule}: {html}\n    {}", why.replace('\n', " "))
    });
    told.collect()
}
