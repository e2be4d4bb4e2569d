//! What the list of runs is asked by a form without the script: the filter's name and its value apart.

use serde::Deserialize;
use switchboard_panel::Fault;
use utoipa::IntoParams;

use super::reading::Filter;

/// The query of a list of runs, the same for page and API.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// Only of this source: `owner/name`.
    source: Option<String>,
    /// Only with this target: `owner/name`.
    target: Option<String>,
    /// The targets that ended with this reason: `inbound_not_authorized`.
    reason: Option<String>,
    /// Where the page begins: `next` of the one before.
    pub(crate) cursor: Option<String>,
    /// Rows of the page, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<String>,
    #[param(ignore)]
    by: Option<String>,
    #[param(ignore)]
    value: Option<String>,
}

impl RunQuery {
    /// The filter.
    ///
    /// # Errors
    /// 422 for more than one, or one that is none.
    pub(crate) fn filter(&self) -> Result<Filter, Fault> {
        Filter::of(self.source.as_deref(), self.target.as_deref(), self.reason.as_deref())
    }

    /// The address that the form's question has as people share it.
    pub(super) fn by_form(&self) -> Option<String> {
        let by = self.by.as_deref()?;
        let value = self.value.as_deref().unwrap_or_default().trim();
        let known = ["source", "target", "reason"].into_iter().find(|name| *name == by && !value.is_empty());
        Some(known.map_or("/dispatcher/runs".to_owned(), |name| super::links::runs(name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_leads_to_the_address_that_people_share() {
        let query = |pairs: &str| {
            axum::extract::Query::<RunQuery>::try_from_uri(&format!("/?{pairs}").parse().unwrap()).unwrap().0
        };
        assert_eq!(query("by=source&value=a%2Fb").by_form().as_deref(), Some("/dispatcher/runs?source=a%2Fb"));
        assert_eq!(query("by=odd&value=x").by_form().as_deref(), Some("/dispatcher/runs"));
        assert_eq!(query("source=a%2Fb").by_form(), None);
        assert!(query("source=a%2Fb&reason=expired").filter().is_err());
    }
}
