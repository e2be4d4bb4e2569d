//! What lists can be asked for. One filter at a time, each with an index of its own; the same for pages and API.

use std::str::FromStr;

use serde::Deserialize;
use switchboard_store::{
    Class, DeliveryFilter, DeliveryId, DeliveryState, Installation, Lane, Subject, WorkFilter, WorkId, WorkState,
};

use utoipa::IntoParams;

use crate::Fault;

/// The query of a list of deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Only this event: `workflow_run`.
    event: Option<String>,
    /// Only about this repository: `owner/repo`.
    repository: Option<String>,
    /// Only of this installation.
    #[param(value_type = Option<u64>)]
    installation: Option<String>,
    /// Only about this subject: `owner/repo#12`.
    subject: Option<String>,
    /// Only in this state: `pending`, `settled`, `dead` or `ignored`.
    state: Option<String>,
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

/// The filter in force, as the URL says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Chosen {
    /// Whether this filter is in force.
    #[expect(clippy::ref_option, reason = "templates hand over references to their fields")]
    pub(crate) fn is(chosen: &Option<Self>, name: &str) -> bool {
        chosen.as_ref().is_some_and(|chosen| chosen.name == name)
    }
}

const FILTERS: [&str; 4] = ["repository", "event", "installation", "subject"];

impl DeliveryQuery {
    /// What the form for people without the script sent: which filter, and its value; no filter if the value is empty.
    pub(crate) fn by_form(&self) -> Option<(Option<&'static str>, &str)> {
        let by = self.by.as_deref()?;
        let value = self.value.as_deref().unwrap_or_default().trim();
        Some((FILTERS.into_iter().find(|name| *name == by && !value.is_empty()), value))
    }

    /// The filter, and how the URL says it.
    pub(crate) fn filter(&self) -> Result<(DeliveryFilter, Option<Chosen>), Fault> {
        let given: Vec<(&'static str, &str)> = [
            ("event", &self.event),
            ("repository", &self.repository),
            ("installation", &self.installation),
            ("subject", &self.subject),
            ("state", &self.state),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?.trim())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
        let (name, value) = match given.as_slice() {
            [] => return Ok((DeliveryFilter::All, None)),
            [one] => *one,
            _ => {
                return Err(Fault::parameter("Deliveries are listed by one filter at a time.")
                    .hint("Leave one of event, repository, installation, subject and state."));
            }
        };
        let filter = match name {
            "event" => DeliveryFilter::Event(value.to_owned()),
            "repository" => DeliveryFilter::Repository(value.to_owned()),
            "subject" => DeliveryFilter::Subject(Subject::from(value.to_lowercase())),
            "installation" => DeliveryFilter::Installation(
                value.parse().map(Installation).map_err(|_| Fault::parameter("An installation is a number."))?,
            ),
            _ => DeliveryFilter::State(delivery_state(value)?),
        };
        Ok((filter, Some(Chosen { name, value: value.to_owned() })))
    }

    /// Where the page begins.
    pub(crate) fn cursor(&self) -> Result<Option<DeliveryId>, Fault> {
        cursor(self.cursor.as_deref())
    }
}

fn delivery_state(name: &str) -> Result<DeliveryState, Fault> {
    let states = [DeliveryState::Ignored, DeliveryState::Pending, DeliveryState::Settled, DeliveryState::Dead];
    states
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| Fault::parameter("A delivery's state is one of pending, settled, dead and ignored."))
}

/// The query of a list of jobs and intents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// `job` or `intent`.
    class: Option<String>,
    /// Jobs and intents in this state: `waiting`, `leased`, `done`, `dead` or `withdrawn`.
    state: Option<String>,
    /// Those that follow from this delivery: our id of it.
    delivery: Option<String>,
    /// What waits in this lane; `automation` names whose lane it is.
    lane: Option<String>,
    /// Of which class the lane is: `job`, unless `intent` is said.
    of: Option<String>,
    /// Whose lane it is: `dispatcher`.
    automation: Option<String>,
    /// Where the page begins: `next` of the one before.
    pub(crate) cursor: Option<String>,
    /// Rows of the page, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<String>,
}

impl JobQuery {
    /// The lane, if what waits in one is asked for.
    fn lane(&self) -> Result<Option<WorkFilter>, Fault> {
        let Some(lane) = self.lane.as_deref() else {
            if self.automation.is_some() || self.of.is_some() {
                return Err(Fault::parameter("`automation` and `of` say whose lane is meant, and no lane is named.")
                    .hint("Name it: `lane=…`, as a job has it."));
            }
            return Ok(None);
        };
        let class = match self.of.as_deref() {
            None | Some("job") => Class::Job,
            Some("intent") => Class::Intent,
            Some(_) => return Err(Fault::parameter("A lane is of jobs or of intents: `of=job` or `of=intent`.")),
        };
        let automation = self.automation.clone().ok_or_else(|| {
            Fault::parameter("A lane belongs to an automation.").hint("Name it: `automation=dispatcher`.")
        })?;
        Ok(Some(WorkFilter::Lane(class, automation, Lane::from(lane))))
    }

    /// The filter, and how the URL says it. Jobs, unless something else is asked for.
    pub(crate) fn filter(&self) -> Result<(WorkFilter, Chosen), Fault> {
        let states = [WorkState::Waiting, WorkState::Leased, WorkState::Done, WorkState::Dead, WorkState::Withdrawn];
        let chosen = |name, value: &str| Chosen { name, value: value.to_owned() };
        if let Some(filter) = self.lane()? {
            if self.class.is_some() || self.state.is_some() || self.delivery.is_some() {
                return Err(Fault::parameter("Jobs are listed by one of class, state, delivery and lane at a time."));
            }
            return Ok((filter, chosen("lane", self.lane.as_deref().unwrap_or_default())));
        }
        match (self.class.as_deref(), self.state.as_deref(), self.delivery.as_deref()) {
            (None | Some("job"), None, None) => Ok((WorkFilter::Class(Class::Job), chosen("class", "job"))),
            (Some("intent"), None, None) => Ok((WorkFilter::Class(Class::Intent), chosen("class", "intent"))),
            (None, Some(name), None) => states
                .into_iter()
                .find(|state| state.as_str() == name)
                .map(|state| (WorkFilter::State(state), chosen("state", name)))
                .ok_or_else(|| Fault::parameter("A state is one of waiting, leased, done, dead and withdrawn.")),
            (None, None, Some(id)) => id
                .parse()
                .map(|delivery| (WorkFilter::Delivery(delivery), chosen("delivery", id)))
                .map_err(|_| Fault::parameter("A delivery is named by the id that the list of deliveries gives.")),
            (Some(_), None, None) => Err(Fault::parameter("A class is job or intent.")),
            _ => Err(Fault::parameter("Jobs are listed by one of class, state, delivery and lane at a time.")),
        }
    }

    /// Where the page begins.
    pub(crate) fn cursor(&self) -> Result<Option<WorkId>, Fault> {
        cursor(self.cursor.as_deref())
    }
}

/// A cursor as an earlier page gave it.
fn cursor<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Fault> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| Fault::parameter("The cursor is not one that a list gave.")))
        .transpose()
}

/// A cursor of a list of records: the key of the last row before it, told from whatever else might be sent by `K`.
pub(crate) fn place<K: FromStr>(text: Option<&str>) -> Result<Option<&str>, Fault> {
    cursor::<K>(text)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The key of a row of the audit: a moment counted backwards, and who carried it out.
#[derive(Debug)]
pub(crate) struct AuditKey;

impl FromStr for AuditKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        /// Of the moment, as `switchboard_engine::audit` writes it.
        const DIGITS: usize = 15;
        let (moment, work) = text.split_once('/').ok_or(())?;
        let moment = moment.len() == DIGITS && moment.bytes().all(|byte| byte.is_ascii_digit());
        (moment && work.parse::<WorkId>().is_ok()).then_some(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &str) -> DeliveryQuery {
        axum::extract::Query::try_from_uri(&format!("/?{pairs}").parse().unwrap()).unwrap().0
    }

    fn jobs(pairs: &str) -> JobQuery {
        axum::extract::Query::try_from_uri(&format!("/?{pairs}").parse().unwrap()).unwrap().0
    }

    #[test]
    fn what_belongs_to_a_lane_goes_with_one() {
        let lane = WorkFilter::Lane(Class::Intent, "dispatcher".to_owned(), Lane::from("x"));
        assert_eq!(jobs("lane=x&automation=dispatcher&of=intent").filter().unwrap().0, lane);
        for alone in ["automation=dispatcher", "of=intent", "lane=x", "state=dead&automation=dispatcher"] {
            assert_eq!(jobs(alone).filter().unwrap_err().status, 422, "{alone}");
        }
    }

    #[test]
    fn a_place_in_a_list_is_a_key_of_it() {
        let key = "251607544799999/01a1fd1c-cc72-7000-83e5-9a941a4fd980";
        assert_eq!(place::<AuditKey>(Some(key)).unwrap(), Some(key));
        assert_eq!(place::<AuditKey>(Some("")).unwrap(), None);
        assert_eq!(place::<u64>(Some("60001001")).unwrap(), Some("60001001"));
        for wrong in
            ["garbage", "\0", "251607544799999", "2516/01a1fd1c-cc72-7000-83e5-9a941a4fd980", "251607544799999/x"]
        {
            assert_eq!(place::<AuditKey>(Some(wrong)).unwrap_err().status, 422, "{wrong}");
        }
        assert_eq!(place::<u64>(Some("x")).unwrap_err().status, 422);
    }

    #[test]
    fn one_filter_at_a_time() {
        assert_eq!(query("").filter().unwrap(), (DeliveryFilter::All, None));
        assert_eq!(query("state=dead&event=").filter().unwrap().0, DeliveryFilter::State(DeliveryState::Dead));
        assert_eq!(query("installation=7").filter().unwrap().0, DeliveryFilter::Installation(Installation(7)));
        assert_eq!(query("subject=Acme/API%2312").filter().unwrap().0, DeliveryFilter::Subject("acme/api#12".into()));
        for wrong in ["state=odd", "installation=x", "event=push&repository=a/b"] {
            assert_eq!(query(wrong).filter().unwrap_err().status, 422, "{wrong}");
        }
        assert!(query("cursor=x").cursor().is_err());
    }

    #[test]
    fn the_form_leads_to_the_address_that_people_share() {
        assert_eq!(query("by=event&value=push").by_form(), Some((Some("event"), "push")));
        assert_eq!(query("by=event&value=+").by_form(), Some((None, "")));
        assert_eq!(query("by=limit&value=9").by_form(), Some((None, "9")));
        assert_eq!(query("event=push").by_form(), None);
    }
}
