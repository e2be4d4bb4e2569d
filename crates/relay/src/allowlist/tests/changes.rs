use super::*;

fn changes(old: &str, new: &str) -> Vec<String> {
    let changes = diff(&read(old), &read(new));
    changes.iter().map(|change| format!("{} {} {}", change.repo, change.word(), change.is_of_level())).collect()
}

#[test]
fn a_new_list_names_what_came_left_and_moved() {
    let old = "L1: [o/a, o/b]\nL2: [o/c]\nL3: {x: {o/d: , o/e: }}\nL4: [o/f]";
    let new = "L2: [o/a]\nL3: {y: {o/d: , O/C: }}\nL1: [o/f, o/g]\nL4: [o/e: ann]";
    assert_eq!(
        changes(old, new),
        [
            "o/a promoted true",
            "o/d device false",
            "O/C promoted true",
            "o/f demoted true",
            "o/g added true",
            "o/e promoted true",
            "o/b removed true"
        ]
    );
}

#[test]
fn order_lines_and_spelling_are_no_change() {
    assert_eq!(changes("L1: [o/a, o/b]", "# moved\nL1:\n- O/B\n- o/a\n"), [""; 0]);
    assert_eq!(changes("L3: {x: {o/a: }}", "L3: {X: {o/a: }}"), [""; 0]);
    assert_eq!(changes("L1: [o/a]", "L1: [o/a: {silent: true}]"), ["o/a options false"]);
}

#[test]
fn a_change_is_recorded_by_what_it_says() {
    let changes = diff(&read("L2: [o/a]"), &read("L3: {x: {o/a: {silent: true}}}\nL1: [o/b]"));
    assert_eq!(
        serde_json::to_value(&changes).unwrap(),
        json!([
            {"repo": "o/a", "before": {"level": "L2"}, "after": {"level": "L3", "device": "x"}, "options": true},
            {"repo": "o/b", "after": {"level": "L1"}},
        ])
    );
}

proptest! {
    #[test]
    fn nothing_differs_from_itself_and_going_back_undoes(old in lists(), new in lists()) {
        let (old, new) = (read(&old), read(&new));
        prop_assert!(diff(&old, &old).is_empty());
        let there = diff(&old, &new);
        let mut back = diff(&new, &old);
        prop_assert_eq!(there.len(), back.len());
        back.iter_mut().for_each(|change| std::mem::swap(&mut change.before, &mut change.after));
        prop_assert!(there.iter().all(|change| back.contains(change)));
    }
}

fn lists() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..6_usize, 4).prop_map(|places| {
        let on = |place: usize| {
            let names = places.iter().enumerate().filter(move |(_, at)| **at == place);
            names.map(|(name, _)| format!("o/r{name}: ")).collect::<Vec<_>>().join(", ")
        };
        format!("L1: [{}]\nL3: {{x: {{{}}}, y: {{{}}}}}\nL4: [{}]", on(0), on(1), on(2), on(3))
    })
}
