//! Who belongs where.

use super::{App, Owner};
use crate::ids::TeamId;
use crate::simulator::Simulator;
use crate::state::State;
use crate::state::people::{Standing, Team as TeamState};

/// A team of an organization.
#[derive(Debug, Clone)]
pub struct Team {
    simulator: Simulator,
    organization: Owner,
    slug: String,
}

impl Owner {
    /// Makes somebody a member of this organization.
    pub fn add_member(&self, user: &Owner) {
        self.stands(user, Some(Standing::Active));
    }

    /// Invites somebody who has not accepted yet.
    pub fn invite(&self, user: &Owner) {
        self.stands(user, Some(Standing::Pending));
    }

    /// Ends a membership, those of its teams included.
    pub fn remove_member(&self, user: &Owner) {
        self.stands(user, None);
    }

    fn stands(&self, user: &Owner, standing: Option<Standing>) {
        let (organization, user) = (self.id(), user.id());
        self.simulator.with(|state| match standing {
            Some(standing) => {
                state.people.members.insert((organization, user), standing);
            }
            None => {
                state.people.members.remove(&(organization, user));
                let teams = state.people.teams.iter_mut().filter(|((owner, _), _)| *owner == organization);
                teams.for_each(|(_, team)| {
                    team.members.remove(&user);
                });
            }
        });
    }

    /// The team of this name, made if there is none.
    pub fn team(&self, slug: &str) -> Team {
        let key = (self.id(), slug.to_lowercase());
        self.simulator.with(|state| {
            if !state.people.teams.contains_key(&key) {
                let id: TeamId = state.next_id();
                state.people.teams.insert(key, TeamState { id, members: Default::default() });
            }
        });
        Team { simulator: self.simulator.clone(), organization: self.clone(), slug: slug.to_lowercase() }
    }

    /// Suspends this user, as the administrator of a GitHub Enterprise Server may.
    pub fn suspend(&self) {
        let id = self.id();
        self.simulator.with(|state| state.people.suspended.push(id));
    }
}

impl Team {
    /// Adds a member, who becomes one of the organization too.
    pub fn add_member(&self, user: &Owner) {
        self.organization.add_member(user);
        self.stands(user, Standing::Active);
    }

    /// Invites a member of the organization who has not accepted yet.
    pub fn invite(&self, user: &Owner) {
        self.stands(user, Standing::Pending);
    }

    fn stands(&self, user: &Owner, standing: Standing) {
        let (key, user) = ((self.organization.id(), self.slug.clone()), user.id());
        self.simulator.with(|state: &mut State| {
            if let Some(team) = state.people.teams.get_mut(&key) {
                team.members.insert(user, standing);
            }
        });
    }
}

impl App {
    /// How many users' tokens of this App are good now.
    #[must_use]
    pub fn user_tokens(&self) -> usize {
        let app = self.id();
        self.simulator.with(|state| {
            let good = |token: &&crate::state::people::UserToken| token.app == app && token.expires_at > state.now;
            state.people.tokens.values().filter(good).count()
        })
    }
}
