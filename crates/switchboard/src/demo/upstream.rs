//! The relay's part of the town: an upstream repository and those that test it, one on each level.

use std::time::Duration;

use switchboard_relay::config::Config;
use switchboard_simulator::{App, Downstream, InstallationSpec, Repository, Simulator, Workflow};

/// The repository whose events are relayed.
const UPSTREAM: &str = "acme/engine";

const ALLOWLIST: &str = "\
L1: [ backends/onboarding ]
L2: [ backends/observer ]
L3:
  gpu: { backends/gpu: }
  npu: { backends/npu: { timeout_minutes: 1 } }
L4: [ backends/required ]
";

/// In the story's time.
const WAITS: Duration = Duration::from_secs(3);
const SHORT: Duration = Duration::from_secs(8);
/// Long enough for somebody to give a label meanwhile.
const LONG: Duration = Duration::from_secs(30);

/// See the [module's documentation](self).
pub(super) struct Upstream {
    pub(super) repository: Repository,
    pub(super) onboarding: Workflow,
    pub(super) observer: Workflow,
    pub(super) gpu: Workflow,
    pub(super) gpu_repository: Repository,
    pub(super) npu: Workflow,
    pub(super) required: Workflow,
}

impl Upstream {
    /// Builds it beside the rest of the town.
    pub(super) fn build(github: &Simulator, app: &App) -> Self {
        let backends = github.organization("backends");
        app.install(&backends, InstallationSpec::all());
        let repository = github.organization("acme").repository("engine");
        repository.file(".github/allowlist.yml", ALLOWLIST);
        let script = || Downstream::run("CI").waits(WAITS);
        let entry = |name: &str, script: Downstream| backends.repository(name).on_dispatch(script);
        let gpu_repository = backends.repository("gpu");
        Self {
            repository,
            onboarding: entry("onboarding", script().result("build").succeeds_after(SHORT)),
            observer: entry("observer", script().result("build").fails_after(SHORT)),
            gpu: gpu_repository.on_dispatch(script().result("build").succeeds_after(LONG)),
            gpu_repository,
            npu: entry("npu", script().result("build").never_ends()),
            required: entry("required", script().result("build").succeeds_after(SHORT)),
        }
    }

    /// The workflows, in the allowlist's order.
    pub(super) fn workflows(&self) -> [&Workflow; 5] {
        [&self.onboarding, &self.observer, &self.gpu, &self.npu, &self.required]
    }
}

/// The relay's settings; tokens come from the simulated GitHub at `api`.
pub(super) fn config(issuer: String) -> Config {
    Config { enabled: true, upstream: UPSTREAM.parse().ok(), oidc_issuer: issuer, ..Config::default() }
}
