//! The intent `comment`: who is on call for an entry hears once per pull request, in one comment that is kept up to date.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::comments::Comment;
use switchboard_github::limits::MAX_PER_PAGE;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, RepoName, Scope};
use switchboard_store::{NewFact, Settlement, Work};

use crate::conclusion::Conclusion;
use crate::handlers::draft::subject;
use crate::handlers::{NAME, Relay, payload};
use crate::text::code;

/// Pages of comments that are looked through for ours, of 100 comments each.
const PAGES_MAX: u32 = 10;

/// What to tell whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommentOrder {
    /// The pull request.
    pub(crate) number: u64,
    /// The entry.
    pub(crate) repo: RepoName,
    /// Logins, without `@`.
    pub(crate) oncalls: Vec<String>,
    /// The check run that ended so.
    pub(crate) check: String,
    /// On which commit.
    pub(crate) head: String,
    /// How it ended.
    pub(crate) conclusion: Conclusion,
    /// Where to look.
    pub(crate) url: Option<String>,
}

impl Relay {
    pub(crate) async fn carry_comment(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: CommentOrder = payload(intent)?;
        let Some(installation) = self.installed.of(context, &self.up).await? else {
            return Err(Trouble::permanent("not_installed", format!("the App is not installed on {}", self.up)));
        };
        let scope = Scope::new(installation, Permission::PULL_REQUESTS, Access::Write).on_named(self.up.clone());
        let (marker, text) = (marker(&order.repo), text(&order));
        let id = match self.comment_with(&marker, &order, &scope, context).await? {
            Some(comment) if comment.body.as_deref() == Some(&text) => return Ok(Settlement::done()),
            Some(comment) => context.github.update_comment(scope, &self.up, comment.id, &text).fetch().await?.value.id,
            None => context.github.create_comment(scope, &self.up, order.number, &text).fetch().await?.value.id,
        };
        let fact = NewFact {
            automation: NAME,
            subject: subject(&self.up, Some(order.number), &order.head),
            kind: format!("{NAME}.oncall.notified"),
            data: json!({ "repo": order.repo, "check": order.check, "conclusion": order.conclusion, "comment": id }),
        };
        Ok(Settlement { facts: vec![fact], ..Settlement::done() })
    }

    /// Our comment for this entry, found by its mark. A comment of somebody else that quotes the mark is none of ours.
    async fn comment_with(
        &self,
        marker: &str,
        order: &CommentOrder,
        scope: &Scope,
        context: &Context,
    ) -> Result<Option<Comment>, Error> {
        let bot = context.github.slug().map(switchboard_github::ids::AppSlug::bot_login);
        for page in 1..=PAGES_MAX {
            let comments = context.github.comments(scope.clone(), &self.up, order.number, page).fetch().await?.value;
            let ours = comments.iter().find(|comment| {
                let login = comment.user.as_ref().and_then(|user| user.login.as_deref());
                // An App whose name is not known yet believes the mark alone.
                let by_us = bot.as_ref().is_none_or(|bot| login.is_some_and(|login| login.eq_ignore_ascii_case(bot)));
                by_us && comment.body.as_deref().is_some_and(|body| body.starts_with(marker))
            });
            if ours.is_some() || comments.len() < MAX_PER_PAGE as usize {
                return Ok(ours.cloned());
            }
        }
        Ok(None)
    }
}

fn marker(repo: &RepoName) -> String {
    format!("<!-- crcr-oncall:{repo} -->")
}

fn text(order: &CommentOrder) -> String {
    let mentions: Vec<String> = order.oncalls.iter().map(|login| format!("@{login}")).collect();
    let check = order.url.as_ref().map_or_else(|| code(&order.check), |url| format!("[{}]({url})", code(&order.check)));
    let head = order.head.get(..12).unwrap_or(&order.head);
    let conclusion = order.conclusion.title().to_lowercase();
    format!("{}\n{} {check} ended as **{conclusion}** on {head}.\n", marker(&order.repo), mentions.join(" "))
}
