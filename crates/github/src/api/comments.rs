//! Comments on pull requests.

use serde::{Deserialize, Serialize};

use super::app::Account;
use crate::auth::Auth;
use crate::call::Call;
use crate::client::GitHub;
use crate::endpoint;
use crate::limits::MAX_PER_PAGE;
use crate::repo_name::RepoName;

/// A comment.
#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Its text.
    pub body: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// Who wrote it.
    pub user: Option<Account>,
}

#[derive(Serialize)]
struct Text<'a> {
    body: &'a str,
}

impl GitHub {
    /// A page of the comments on a pull request, oldest first, from page 1.
    pub fn comments(&self, auth: impl Into<Auth>, repo: &RepoName, number: u64, page: u32) -> Call<Vec<Comment>> {
        let call = self.call(auth, &endpoint::COMMENTS, &[repo.owner(), repo.name(), &number.to_string()]);
        call.query("per_page", MAX_PER_PAGE).query("page", page).typed()
    }

    /// Comments on a pull request. Sent once: after a lost answer look for it before writing another.
    pub fn create_comment(&self, auth: impl Into<Auth>, repo: &RepoName, number: u64, body: &str) -> Call<Comment> {
        let values = [repo.owner(), repo.name(), &number.to_string()];
        self.call(auth, &endpoint::CREATE_COMMENT, &values).json(&Text { body }).typed()
    }

    /// Edits a comment.
    pub fn update_comment(&self, auth: impl Into<Auth>, repo: &RepoName, id: u64, body: &str) -> Call<Comment> {
        let values = [repo.owner(), repo.name(), &id.to_string()];
        self.call(auth, &endpoint::UPDATE_COMMENT, &values).json(&Text { body }).typed()
    }
}
