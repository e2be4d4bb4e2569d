//! After the App exists: with the settings as the server will read them, wait until it is installed, and let `doctor` look.

use std::sync::Arc;
use std::time::Duration;

use switchboard_github::GitHub;
use switchboard_github::api::app::Installation;
use tokio::sync::watch;

use super::run::{Options, say};
use super::stage::{Created, Stage};
use crate::cli::{Exit, Failure};
use crate::doctor::{Occasion, Progress, examine};
use crate::serve;
use crate::settings::{GitHubSettings, Purpose, Settings, Sources};

/// How often GitHub is asked for installations. An App may ask 5,000 times an hour.
const POLL: Duration = Duration::from_secs(3);

/// Ends the set-up, as far as waiting was asked for.
pub(super) async fn finish(
    options: &Options,
    created: &Arc<Created>,
    stage: &watch::Sender<Stage>,
) -> Result<Exit, Failure> {
    // Read back from where it was written: what the server will read is what is checked.
    let sources = Sources::gather(options.config.as_deref(), Some(&created.written.env))?;
    let settings = Settings::load(&sources, Purpose::Serve)?;
    let Some(github) = &settings.github else {
        return Err(Failure::Failed {
            message: "what was written names no App".to_owned(),
            hint: format!("look into {}", created.written.env.display()),
        });
    };
    let install = &created.install_url;
    if !options.wait {
        say(&format!(
            "\nInstall it: {install}\nThen: switchboard --env-file {} doctor\n",
            created.written.env.display()
        ));
        return Ok(Exit::Success);
    }
    say(&format!(
        "\nInstall it on an account:\n\n  {install}\n\n\
         Waiting for that. Ctrl-C ends the waiting; everything is written down.\n"
    ));
    let accounts = installed(github).await?;
    say(&format!("Installed on {}.\n\n", accounts.join(", ")));
    stage.send_replace(Stage::Installed(Arc::clone(created), accounts));
    let report = examine(&settings, github, Occasion::SetUp, &Progress::to_terminal()).await?;
    say(&report.to_text());
    let exit = if report.is_healthy() { Exit::Success } else { Exit::Finding };
    stage.send_replace(Stage::Examined(Arc::clone(created), Arc::new(report)));
    Ok(exit)
}

/// Waits until the App is installed somewhere; the accounts.
async fn installed(github: &GitHubSettings) -> Result<Vec<String>, Failure> {
    let client: GitHub = serve::client(github)?;
    let mut told = None;
    loop {
        match client.installations().fetch().await {
            Ok(fetched) if fetched.value.is_empty() => told = None,
            Ok(fetched) => return Ok(fetched.value.iter().map(account).collect()),
            // A new App is not known everywhere at once, and networks have their moments: said once, and outlived.
            Err(error) => {
                let problem = error.to_string();
                if told.as_ref() != Some(&problem) {
                    say(&format!("{problem}; still asking.\n"));
                    told = Some(problem);
                }
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn account(installation: &Installation) -> String {
    let login = installation.account.as_ref().and_then(|account| account.login.clone());
    login.unwrap_or_else(|| installation.id.to_string())
}
