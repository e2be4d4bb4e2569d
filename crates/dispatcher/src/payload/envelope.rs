//! The JSON members that are read of a `workflow_run` webhook.

use switchboard_engine::object;

object!(Envelope {
    action: String,
    installation: Identified,
    repository: Repository,
    workflow_run: Run,
    workflow: Workflow,
});

object!(Identified { id: u64 });

object!(Account { login: String });

object!(Workflow { path: String });

object!(Repository { id: u64, name: String, full_name: String, owner: Account, default_branch: String });

object!(Run {
    id: u64,
    run_attempt: u64,
    name: String,
    path: String,
    head_branch: String,
    head_sha: String,
    event: String,
    conclusion: String,
    html_url: String,
    created_at: String,
    actor: Account,
    head_repository: Identified,
});
