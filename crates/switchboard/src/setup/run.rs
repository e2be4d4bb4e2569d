//! The set-up from beginning to end, as the terminal tells it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchboard_github::HttpTransport;
use switchboard_github::manifest::Registrar;
use switchboard_panel::{TokenHash, generate_token};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::env_text::{self, Change};
use super::files::Destination;
use super::finish;
use super::guard::{Door, KEY};
use super::plan::{Fields, Place};
use super::site::{self, Site};
use super::stage::{Created, Stage};
use crate::cli::{Exit, Failure};
use crate::listen;
use crate::needs::Needs;
use crate::settings::{Origin, Settings};

/// How long the page stays after the end, so that a browser that asks for it now and then sees it.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same while a page follows what happens: it may be behind the one on which the App was installed.
const FAREWELL_TO_LISTENERS: Duration = Duration::from_secs(300);

/// What was asked for on the command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which GitHub.
    pub place: Place,
    /// What the form begins with.
    pub fields: Fields,
    /// Where things are written.
    pub destination: Destination,
    /// The file of settings that the server will read beside the environment.
    pub config: Option<PathBuf>,
    /// Port of the local page; 0 lets the system choose one.
    pub port: u16,
    /// Whether to open a browser.
    pub open: bool,
    /// Whether to wait until the App is installed somewhere.
    pub wait: bool,
}

/// Variables that would win over those that are written, and so are taken out of the file.
pub(super) const IN_THE_WAY: [&str; 9] = [
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY_PATH",
    "SWITCHBOARD__GITHUB__APP_ID",
    "SWITCHBOARD__GITHUB__SLUG",
    "SWITCHBOARD__GITHUB__WEBHOOK_SECRET",
    "SWITCHBOARD__GITHUB__PRIVATE_KEY",
    "SWITCHBOARD__GITHUB__PRIVATE_KEY_PATH",
    "SWITCHBOARD__GITHUB__API_URL",
];

/// Variables that are written, and that one of the process would win over.
const WRITTEN: [&str; 4] = ["GITHUB_APP_ID", "GITHUB_APP_SLUG", "GITHUB_WEBHOOK_SECRET", "GITHUB_APP_PRIVATE_KEY_PATH"];

/// Sets a server up. `settings` were loaded [to inspect](crate::settings::Purpose::Inspect).
///
/// # Errors
/// [`Failure`], with what exists by then and what to do.
pub async fn run(options: Options, settings: Settings, shutdown: CancellationToken) -> Result<Exit, Failure> {
    unobstructed(&options, &settings)?;
    let listener = bind(options.port).await?;
    let port = listener.local_addr().map_err(|error| failed(&error, "try again"))?.port();
    let (key, _) = generate_token();
    let token = needs_token(&options, &settings)?.then(generate_token);
    let site = Arc::new(Site {
        needs: Needs::of_settings(&settings),
        registrar: registrar(&options.place)?,
        place: options.place.clone(),
        destination: options.destination.clone(),
        door: Door::new(&key, port),
        state: random_text(),
        address: format!("http://127.0.0.1:{port}"),
        operator: token.as_ref().map(|(_, hash)| TokenHash::clone(hash)),
        fields: Mutex::new(options.fields.clone()),
        stage: watch::Sender::new(Stage::Planning),
        exchanging: tokio::sync::Mutex::default(),
        waits: options.wait,
        seen: Notify::new(),
        listening: Arc::default(),
        closing: CancellationToken::new(),
        webhook_secret: random_text(),
    });
    let closing = site.closing.clone();
    let page = tokio::spawn(listen::serve(listener, site::router(Arc::clone(&site)), closing.clone()));
    let address = format!("{}/?{KEY}={key}", site.address);
    say(&format!(
        "Open this page to create the App on {}:\n\n  {address}\n\n\
         It is served on this machine only; from elsewhere: ssh -L {port}:127.0.0.1:{port} <this machine>\n\
         Nothing is created before you confirm it on GitHub. Ctrl-C ends this.\n",
        options.place
    ));
    if options.open {
        open(&address);
    }
    let ended = tokio::select! {
        () = shutdown.cancelled() => Err(interrupted(&site.stage.borrow())),
        ended = follow(&options, &site, token.as_ref().map(|(token, _)| token.as_str())) => ended,
    };
    if ended.is_ok() {
        farewell(&site, &shutdown).await;
    }
    closing.cancel();
    let _ = page.await;
    ended
}

/// Leaves the page up until somebody has seen the end of it, or nobody is there to see it.
async fn farewell(site: &Site, shutdown: &CancellationToken) {
    let followed = Arc::strong_count(&site.listening) > 1;
    let patience = if followed { FAREWELL_TO_LISTENERS } else { FAREWELL };
    if followed {
        say("The page in your browser shows this too. This ends once you have looked at it, or with Ctrl-C.\n");
    }
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = tokio::time::timeout(patience, site.seen.notified()) => {}
    }
}

/// 256 random bits as text.
fn random_text() -> String {
    generate_token().0.trim_start_matches("sbt_").to_owned()
}

/// Tells in the terminal what happens on the page, and does what comes after it.
async fn follow(options: &Options, site: &Site, token: Option<&str>) -> Result<Exit, Failure> {
    let mut stages = site.stage.subscribe();
    let mut told_unsaved = false;
    let created = loop {
        let stage = stages.borrow_and_update().clone();
        match stage {
            Stage::Unsaved { app, problem: (message, hint), .. } if !told_unsaved => {
                told_unsaved = true;
                say(&format!(
                    "The App {} exists, but {message}.\n  hint: {hint}; then press \"Try again\" on the page. \
                     Its private key is only in this process: leave it running.\n",
                    app.slug
                ));
            }
            stage => {
                if let Some(created) = stage.created() {
                    break Arc::clone(created);
                }
            }
        }
        if stages.changed().await.is_err() {
            return Err(interrupted(&Stage::Planning));
        }
    };
    say(&told(&created));
    if let Some(token) = token {
        say(&format!("\nSign in with this token. It is shown once; only its hash was written down:\n\n  {token}\n"));
    }
    let exit = finish::finish(options, &created, &site.stage).await?;
    say(&format!("\nStart the server:\n\n  switchboard --env-file {} serve\n", created.written.env.display()));
    Ok(exit)
}

/// What exists now.
fn told(created: &Created) -> String {
    let Created { name, id, slug, owner, written, .. } = created;
    let mut text = format!("\nCreated the App {name} ({slug}, number {id}) of {owner}.\n");
    text.push_str(&format!("Wrote {}, readable by you only.\n", written.key.display()));
    text.push_str(&format!("Wrote {}, readable by you only:\n", written.env.display()));
    for (name, change) in &written.changes {
        let sign = match change {
            Change::Added => '+',
            Change::Changed => '~',
            Change::Kept => '=',
            Change::Removed => '-',
        };
        text.push_str(&format!("  {sign} {name}\n"));
    }
    text
}

/// What would go wrong only once the App exists.
fn unobstructed(options: &Options, settings: &Settings) -> Result<(), Failure> {
    let usage = |message: String, hint: &str| Err(Failure::Usage { message, hint: hint.to_owned() });
    let set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let winning: Vec<&str> = WRITTEN.iter().chain(&IN_THE_WAY).filter(set).copied().collect();
    if !winning.is_empty() {
        let hint = "unset them for this command and for the server: they win over what is written to the file";
        return usage(format!("set in the environment: {}", winning.join(", ")), hint);
    }
    let api = std::env::var("GITHUB_API_URL").unwrap_or_default();
    if !api.is_empty() && api.trim_end_matches('/') != options.place.api.as_str() {
        let hint = "unset it, or give --github-url the address of that GitHub's pages";
        return usage(format!("GITHUB_API_URL is {api}, and the App is to be made on {}", options.place), hint);
    }
    let in_file = |row: &&crate::settings::Effective| {
        row.setting.section == "github"
            && row.setting.key.starts_with("private_key")
            && matches!(row.origin, Origin::File(_))
    };
    if let Some(row) = settings.effective.iter().find(in_file) {
        let hint = "take it out: the key is named in the environment file";
        return usage(format!("the settings file names a private key ({})", row.origin), hint);
    }
    options
        .destination
        .check()
        .map_err(|problem| Failure::Usage { message: problem.to_string(), hint: problem.hint().to_owned() })
}

/// Whether nobody can sign in yet.
fn needs_token(options: &Options, settings: &Settings) -> Result<bool, Failure> {
    let text = options
        .destination
        .present()
        .map_err(|problem| Failure::Usage { message: problem.to_string(), hint: problem.hint().to_owned() })?;
    let in_file = ["SWITCHBOARD_OPERATOR_TOKEN", "SWITCHBOARD_OPERATOR_TOKEN_HASH"]
        .iter()
        .any(|name| env_text::value(&text, name).is_some_and(|value| !value.is_empty()));
    Ok(!in_file && settings.auth.operator.is_none())
}

async fn bind(port: u16) -> Result<TcpListener, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| Failure::Failed {
        message: format!("the page cannot be served on {address}: {error}"),
        hint: "something else listens there: --port names another port, and 0 takes a free one".to_owned(),
    })
}

fn registrar(place: &Place) -> Result<Registrar, Failure> {
    let transport = HttpTransport::new().map_err(|error| failed(&error, "check this machine's certificates"))?;
    Ok(Registrar::new(place.api.url().clone(), Arc::new(transport)))
}

fn failed(error: &dyn std::fmt::Display, hint: &str) -> Failure {
    Failure::Failed { message: error.to_string(), hint: hint.to_owned() }
}

fn interrupted(stage: &Stage) -> Failure {
    let (message, hint) = match stage {
        Stage::Planning => ("ended before an App was created", "run it again whenever you like".to_owned()),
        Stage::Unsaved { app, .. } => (
            "ended with an App whose private key was not written down",
            format!("delete {} under \"Advanced\" on its settings page, or generate a new private key there", app.slug),
        ),
        Stage::Saved(created) | Stage::Installed(created, _) | Stage::Examined(created, _) => (
            "ended before the App was installed; it exists and is written down",
            format!(
                "install it at {}, then look with `switchboard --env-file {} doctor`",
                created.install_url,
                created.written.env.display()
            ),
        ),
    };
    Failure::Failed { message: message.to_owned(), hint }
}

/// Opens a browser. If none can be, the address stands in the terminal.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if started(std::process::Command::new(program).arg(address)).is_err() {
        say("No browser could be opened; open the address yourself.\n");
    }
}

fn started(command: &mut std::process::Command) -> std::io::Result<()> {
    use std::process::Stdio;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}

/// Tells something in the terminal at once.
pub(super) fn say(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
