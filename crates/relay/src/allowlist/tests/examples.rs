//! Files on which the reader and the JSON Schema must agree.

pub(super) const FULL: &str = r#"# A full file.
L4:
  - Org/Mature
  - Org/second: ann, @bob
L1:
  - org/newcomer
L2:
  - /org/watched/
  - org/arm.v2:
      oncalls: ["@ann", Bob, org/team]
      events:
        - pull_request
      refs: [refs/heads/main, refs/tags/ciflow/riscv64/*]
      branches: [main, "release/**"]
      labels:
        - ci:arm
      timeout_minutes: 1440
      start_timeout_minutes: 10080
      silent: true
L3:
  cuda:
    org/cuda-a:
    org/cuda-b: [ann]
  # CUDA would be the same device.
  Ascend_NPU: { org/npu: "ann,bob" }
"#;

fn option(option: &str) -> String {
    format!("L1:\n- o/r: {{ {option} }}\n")
}

pub(super) fn all() -> Vec<(String, bool)> {
    let mut examples: Vec<(String, bool)> = [
        (FULL, true),
        ("", true),
        ("{}", true),
        ("[]", false),
        ("L1", false),
        ("5", false),
        ("L1: ", true),
        ("L1: {}", false),
        ("L1: o/r", false),
        ("L1: {o/r: }", false),
        ("L1: [~]", false),
        ("L1: [5]", false),
        ("L1: [[o/r]]", false),
        ("L1: [{}]", false),
        ("L1: [{o/r: , o/s: }]", false),
        ("L1: [{o/r: ann}]", true),
        ("L1: [{o/r: true}]", false),
        ("L1: [{o/r: 5}]", false),
        ("L1: [{o/r: [ann]}]", true),
        ("L1: [{o/r: [5]}]", false),
        ("L1: [{o/r: ['']}]", false),
        ("L1: [{o/r: [[ann]]}]", false),
        ("L3: ", true),
        ("L3: []", false),
        ("L3: [o/r]", false),
        ("L3: {cuda: }", true),
        ("L3: {cuda: o/r}", false),
        ("L3: {cuda: [o/r]}", false),
        ("L3: {cuda: {o/r: }}", true),
        ("L3: {cuda: {o: }}", false),
        ("L3: {'a b': {o/r: }}", false),
        ("L3: {'': {o/r: }}", false),
        ("L4: [{o/r: {unknown: 1}}]", false),
        ("L5: [o/r]", true),
        ("other: {}", true),
    ]
    .map(|(text, valid)| (text.to_owned(), valid))
    .into();
    let (device, long_device) = ("d".repeat(64), "d".repeat(65));
    examples.push((format!("L3: {{{device}: {{o/r: }}}}"), true));
    examples.push((format!("L3: {{{long_device}: {{o/r: }}}}"), false));
    let (long, longer) = ("x".repeat(100), "x".repeat(101));
    for (name, valid) in [
        ("o/r", true),
        ("/o/r/", true),
        (" o/r ", true),
        ("O-1_a/.github", true),
        ("o/...", true),
        ("o/..a", true),
        ("o", false),
        ("o/", false),
        ("", false),
        ("//", false),
        ("o/.", false),
        ("o/..", false),
        ("a/b/c", false),
        ("o//r", false),
        ("o /r", false),
        ("o/ r", false),
        ("o/r s", false),
        ("@o/r", false),
        ("ö/r", false),
        ("https://github.com/o/r", false),
        (&*format!("o/{long}"), true),
        (&*format!("o/{longer}"), false),
        (&*format!("{}/r", "o".repeat(40)), false),
    ] {
        examples.push((format!("L1: ['{name}']"), valid));
        examples.push((format!("L1: [{{'{name}': ann}}]"), valid));
        examples.push((format!("L3: {{cuda: {{'{name}': }}}}"), valid));
    }
    let long_glob = format!("refs: [refs/heads/{}]", "x".repeat(290));
    for (text, valid) in [
        ("oncalls: ", true),
        ("oncalls: 'a, b'", true),
        ("oncalls: {}", false),
        ("events: []", true),
        ("events: [nightly]", true),
        ("events: [pull_request, nightly]", true),
        ("events: nightly", false),
        ("events: [push]", false),
        ("events: [Nightly]", false),
        ("events: ", false),
        ("refs: []", true),
        ("refs: ['**']", true),
        ("refs: ['']", false),
        ("refs: main", false),
        ("refs: ", false),
        ("refs: [5]", false),
        (&*long_glob, false),
        ("branches: [main]", true),
        ("branches: {}", false),
        ("labels: []", true),
        ("labels: [x]", true),
        ("labels: [' ']", false),
        ("labels: x", false),
        ("timeout_minutes: 1", true),
        ("timeout_minutes: 10080", true),
        ("timeout_minutes: 0", false),
        ("timeout_minutes: -5", false),
        ("timeout_minutes: 10081", false),
        ("timeout_minutes: 1.5", false),
        ("timeout_minutes: '60'", false),
        ("start_timeout_minutes: 60", true),
        ("start_timeout_minutes: 99999999999999999999", false),
        ("silent: true", true),
        ("silent: yes", false),
        ("silent: ", false),
        ("Silent: true", false),
        ("timeout: 5", false),
    ] {
        examples.push((option(text), valid));
    }
    examples
}
