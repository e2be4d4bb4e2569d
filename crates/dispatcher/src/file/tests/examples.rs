//! Files on which the reader and the JSON Schema must agree.

pub(super) const FULL: &str = r#"# A full file.
outbound:
  - source: { workflow: ci.yml, conclusions: [success, skipped] }
    targets:
      - repository: my-target
        workflow: cd.yml
        ref: main
      - repository: Friends/other
        workflow: .github/workflows/deploy.yaml
        ref: refs/heads/main
        inputs:
          sha: "{{ source.sha }}"
          n: "5"

inbound:
  - source: { repository: my-source, workflow: ci.yml }
    targets: [{ workflow: cd.yml, accept_inputs: [sha] }]
"#;

fn outbound(target: &str) -> String {
    format!("outbound:\n- source: {{ workflow: ci.yml }}\n  targets: [{target}]\n")
}

fn inbound(source: &str, target: &str) -> String {
    format!("inbound:\n- source: {source}\n  targets: [{target}]\n")
}

pub(super) fn all() -> Vec<(String, bool)> {
    let mut examples = vec![
        (FULL.to_owned(), true),
        ("{}".to_owned(), true),
        ("outbound: []".to_owned(), true),
        ("outbound: ~".to_owned(), false),
        ("outbound: {}".to_owned(), false),
        ("outbound: [~]".to_owned(), false),
        ("other: []".to_owned(), false),
        ("[]".to_owned(), false),
        ("outbound: [{ source: { workflow: a.yml }, targets: [] }]".to_owned(), false),
        ("outbound: [{ source: { workflow: a.yml } }]".to_owned(), false),
        ("outbound: [{ targets: [{ repository: a, workflow: b.yml }] }]".to_owned(), false),
        ("outbound: [{ source: { workflow: a.yml, conclusions: [] }, targets: [{ repository: a, workflow: b.yml }] }]".to_owned(), false),
        ("outbound: [{ source: { workflow: a.yml, conclusions: [5] }, targets: [{ repository: a, workflow: b.yml }] }]".to_owned(), false),
        ("outbound: [{ source: { repository: a, workflow: a.yml }, targets: [{ repository: a, workflow: b.yml }] }]".to_owned(), false),
        (inbound("{ workflow: a.yml }", "{ workflow: b.yml }"), false),
        (inbound("{ repository: a }", "{ workflow: b.yml }"), false),
        (inbound("{ repository: a, workflow: a.yml }", "{ workflow: b.yml }"), true),
        (inbound("{ repository: a, workflow: a.yml }", "{ workflow: b.yml, accept_inputs: [] }"), true),
        (inbound("{ repository: a, workflow: a.yml }", "{ workflow: b.yml, accept_inputs: [1a] }"), false),
        (inbound("{ repository: a, workflow: a.yml }", "{ repository: a, workflow: b.yml }"), false),
        (outbound("{ owner: o, repository: a, workflow: b.yml }"), false),
        (outbound("{ repository: a, workflow: b.yml, inputs: {} }"), true),
        (outbound("{ repository: a, workflow: b.yml, inputs: { 'a b': x } }"), false),
        (outbound("{ repository: a, workflow: b.yml, inputs: { a: '' } }"), false),
        (outbound("{ repository: a, workflow: b.yml, inputs: { a: 1.10 } }"), false),
        (outbound("{ repository: a, workflow: b.yml, inputs: { a: true } }"), false),
        (outbound("{ repository: a, workflow: b.yml, inputs: { a: [x] } }"), false),
    ];
    let long = "x".repeat(101);
    for (repository, valid) in [
        ("a", true),
        ("a.b", true),
        (".github", true),
        ("...", true),
        ("O/r", true),
        ("..a", true),
        ("", false),
        (".", false),
        ("..", false),
        ("o/..", false),
        ("a/b/c", false),
        ("../x", false),
        ("a b", false),
        ("x?y", false),
        (&*long, false),
    ] {
        examples.push((outbound(&format!("{{ repository: '{repository}', workflow: b.yml }}")), valid));
    }
    for (workflow, valid) in [
        ("ci.yml", true),
        ("a (b).yaml", true),
        ("構築.yml", true),
        (".github/workflows/x.yml", true),
        ("ci", false),
        ("../x.yml", false),
        ("x.yml?ref=", false),
        ("a/b.yml", false),
        ("", false),
    ] {
        examples.push((outbound(&format!("{{ repository: a, workflow: '{workflow}' }}")), valid));
    }
    for (git_ref, valid) in [
        ("main", true),
        ("a/b", true),
        ("refs/heads/x", true),
        ("refs/tags/x", true),
        ("reef/x", true),
        ("", false),
        ("refs/pull/1/merge", false),
        ("refs/x", false),
    ] {
        examples.push((outbound(&format!("{{ repository: a, workflow: b.yml, ref: '{git_ref}' }}")), valid));
    }
    examples
}
