//! Dispatches: of one workflow, and of a repository to whoever listens in it.
//! <https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event>,
//! <https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event>

use serde_json::{Map, Value, json};

use super::{Answer, Exchange, Refusal};
use crate::ids::WorkflowId;
use crate::limits::{
    MAX_CLIENT_PAYLOAD_BYTES, MAX_CLIENT_PAYLOAD_MEMBERS, MAX_DISPATCH_INPUTS, MAX_DISPATCH_PAYLOAD, MAX_EVENT_TYPE,
};
use crate::settings::RunDetails;
use crate::state::actions::{Input, Trigger, Workflow};
use crate::state::runs::{HeadRepository, NewRun};

/// Starts a run of a workflow.
pub(super) fn workflow(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    let workflow = repository.workflow_named(x.param(0)).ok_or_else(Refusal::not_found)?;
    let details = wanted_details(x)?;
    let reference = x.text("ref").filter(|r| !r.is_empty());
    let reference = reference.ok_or_else(|| Refusal::new(422, "Invalid request.\n\n\"ref\" wasn't supplied."))?;
    let unknown = || Refusal::new(422, &format!("No ref found for: {reference}"));
    // A SHA resolves to a commit but names no ref, and runs start on refs only.
    let branch = repository.short_ref(reference).ok_or_else(unknown)?.to_owned();
    let head_sha = repository.resolve(reference).ok_or_else(unknown)?.sha.clone();
    let inputs = checked_inputs(workflow, x.body.get("inputs"))?;
    let new = NewRun {
        workflow: workflow.id,
        event: "workflow_dispatch".to_owned(),
        head_branch: Some(branch),
        head_sha,
        head_repository: HeadRepository::Same,
        actor: x.actor(),
        title: None,
        inputs,
    };
    let run = x.state.queue_run(repo, new).ok_or_else(Refusal::not_found)?;
    x.state.schedule_run(repo, run);
    if !details {
        return Ok(Answer::empty(204));
    }
    let name = x.state.full_name(repo);
    Ok(Answer::ok(json!({
        "workflow_run_id": run,
        "run_url": x.state.api_url(&format!("/repos/{name}/actions/runs/{run}")),
        "html_url": x.state.html_url(&format!("/{name}/actions/runs/{run}")),
    })))
}

/// Whether the answer names the run, as the body wishes and this GitHub can.
fn wanted_details(x: &Exchange<'_>) -> Result<bool, Refusal> {
    let wanted = x.body.get("return_run_details");
    match x.state.settings.run_details {
        RunDetails::Returned => Ok(wanted == Some(&Value::Bool(true))),
        RunDetails::Ignored => Ok(false),
        RunDetails::Refused if wanted.is_none() => Ok(false),
        RunDetails::Refused => {
            Err(Refusal::new(422, "Invalid request.\n\n\"return_run_details\" is not a permitted key."))
        }
    }
}

/// The inputs that the run gets: those sent, checked against those declared, and defaults.
fn checked_inputs(workflow: &Workflow, sent: Option<&Value>) -> Result<Map<String, Value>, Refusal> {
    let refuse = |text: &str| Refusal::new(422, text);
    if !workflow.enabled {
        return Err(refuse("Cannot trigger a 'workflow_dispatch' on a disabled workflow"));
    }
    let declared =
        workflow.dispatch_inputs().ok_or_else(|| refuse("Workflow does not have 'workflow_dispatch' trigger"))?;
    let mut inputs = match sent {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(inputs)) => inputs.clone(),
        Some(_) => return Err(refuse("Invalid request.\n\nFor 'properties/inputs', the value is not an object.")),
    };
    if inputs.len() > MAX_DISPATCH_INPUTS {
        return Err(refuse("Invalid request.\n\nToo many properties were supplied in \"inputs\"."));
    }
    if Value::Object(inputs.clone()).to_string().chars().count() > MAX_DISPATCH_PAYLOAD {
        return Err(refuse("inputs are too large."));
    }
    let unexpected: Vec<&String> =
        inputs.keys().filter(|key| !declared.iter().any(|input| input.name == **key)).collect();
    if !unexpected.is_empty() {
        return Err(refuse(&format!("Unexpected inputs provided: {unexpected:?}")));
    }
    for Input { name, required, default, options } in declared {
        match (inputs.get(name), default) {
            (None, Some(default)) => {
                inputs.insert(name.clone(), json!(default));
            }
            (None, None) if *required => return Err(refuse(&format!("Required input '{name}' not provided"))),
            (None, None) => {}
            (Some(value), _) => {
                let allowed = options.is_empty() || value.as_str().is_some_and(|v| options.iter().any(|o| o == v));
                if !allowed {
                    let text = format!("Provided value {value} for input '{name}' not in the list of allowed values");
                    return Err(refuse(&text));
                }
            }
        }
    }
    Ok(inputs)
}

/// Tells a repository's workflows, and the Apps that listen, about an event of the caller's making.
pub(super) fn repository(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    let missing = || Refusal::new(422, "Invalid request.\n\n\"event_type\" wasn't supplied.");
    let event_type = x.text("event_type").ok_or_else(missing)?.to_owned();
    if event_type.is_empty() || event_type.chars().count() > MAX_EVENT_TYPE {
        return Err(Refusal::new(422, "Invalid request.\n\n\"event_type\" must be 1 to 100 characters long."));
    }
    let payload = x.body.get("client_payload").cloned().unwrap_or_else(|| json!({}));
    let Some(members) = payload.as_object() else {
        return Err(Refusal::new(
            422,
            "Invalid request.\n\nFor 'properties/client_payload', the value is not an object.",
        ));
    };
    if members.len() > MAX_CLIENT_PAYLOAD_MEMBERS {
        let text = format!(
            "Invalid request.\n\nNo more than {MAX_CLIENT_PAYLOAD_MEMBERS} properties are allowed; {} were supplied.",
            members.len()
        );
        return Err(Refusal::new(422, &text));
    }
    if payload.to_string().len() >= MAX_CLIENT_PAYLOAD_BYTES {
        return Err(Refusal::new(422, "client_payload is too large."));
    }
    let branch = repository.default_branch.clone();
    let head_sha = repository.branches.get(&branch).cloned().unwrap_or_default();
    let actor = x.actor();
    let new = NewRun {
        workflow: WorkflowId(0),
        event: "repository_dispatch".to_owned(),
        head_branch: Some(branch.clone()),
        head_sha,
        head_repository: HeadRepository::Same,
        actor,
        title: Some(event_type.clone()),
        inputs: members.clone(),
    };
    let members = json!({ "branch": branch, "client_payload": payload });
    x.state.emit(repo, actor, "repository_dispatch", Some(&event_type), &members);
    x.state.trigger(repo, |triggers| triggers.iter().any(|trigger| listens(trigger, &event_type)), &new);
    Ok(Answer::empty(204))
}

fn listens(trigger: &Trigger, event_type: &str) -> bool {
    match trigger {
        Trigger::RepositoryDispatch(types) => types.is_empty() || types.iter().any(|t| t == event_type),
        _ => false,
    }
}
