use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::at_desk::{TokenArgs, at_desk, print, segment};
use super::{Exit, Failure, SourceArgs};
use crate::deliver::Recording;
use crate::desk::Errand;

/// What the API calls the platform that webhooks come from.
const GITHUB: &str = "github";

const EXAMPLES: &str = "\
Examples:
  switchboard deliveries export 72d3162e-cc78-11e3-81ab-4c9367dc0958 --output run.http
      writes its headers and its body, byte for byte
  switchboard deliveries export 72d3162e-cc78-11e3-81ab-4c9367dc0958 | tail -n 1 | jq .
      the body alone, made readable

The file reads like the HTTP request that it was: headers, an empty line, the body. It holds no signature;
`switchboard replay --from` makes one. Payloads are as private as the repositories that they tell of.";

/// What to do with a delivery, other than showing it.
#[derive(Debug, Subcommand)]
pub enum DeliveriesCommand {
    /// Write a delivery's headers and body to a file
    Export(ExportArgs),
}

/// Writes a delivery as it came, as long as its body is kept.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// The delivery's id, as in X-GitHub-Delivery
    #[arg(value_name = "ID")]
    pub id: String,
    /// The file to make; standard output unless given
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to reach a running server
    #[command(flatten)]
    pub token: TokenArgs,
}

pub(super) fn run(args: &ExportArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let id = segment(&args.id);
    let recording = at_desk(sources, &args.token, Errand::Read, async |desk| {
        let delivery = desk.get(&format!("/api/v1/deliveries/{id}")).await?;
        came_from_github(&delivery, &args.id)?;
        let body = desk.bytes(&format!("/deliveries/{id}/body")).await?;
        Ok(Recording { headers: headers(&delivery), body: Bytes::from(body) })
    })?;
    let content = recording.to_bytes();
    match &args.output {
        None => {
            let _ = io::stdout().write_all(&content);
        }
        Some(path) => {
            write_new(path, &content)?;
            print(&format!(
                "{}: {} bytes of body, {} headers\n",
                path.display(),
                recording.body.len(),
                recording.headers.len()
            ));
        }
    }
    Ok(Exit::Success)
}

/// What operators did and what the server began itself stand in the same list, and never were a request of GitHub's.
fn came_from_github(delivery: &Value, id: &str) -> Result<(), Failure> {
    if delivery["platform"] == GITHUB {
        return Ok(());
    }
    Err(Failure::Failed {
        message: format!("{id} is no webhook: it is an action of an operator or of the server itself"),
        hint: "name a delivery that GitHub sent; `switchboard deliveries` lists them by their events".to_owned(),
    })
}

fn headers(delivery: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
    delivery["headers"].as_array().into_iter().flatten().filter_map(pair).collect()
}

/// Makes a file for its owner's eyes only.
fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(content));
    written.map_err(|error| Failure::Failed {
        message: format!("{} cannot be written: {error}", path.display()),
        hint: "name a file that does not exist yet".to_owned(),
    })
}
