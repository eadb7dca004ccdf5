//! The plans of statements that must cost no more than the rows they return.

use crate::{Store, history, lesson, list, queue, relabel, search, vector};
use sqlx::{AssertSqlSafe, Row as _};

/// What a plan says about reading or sorting more than is asked for.
fn waste(step: &str) -> bool {
    let scan = step.starts_with("SCAN m ") || step == "SCAN m" || step.starts_with("SCAN messages");
    let queue = step.starts_with("SCAN encoder_queue") || step.starts_with("SCAN relabel_items");
    let record = step.starts_with("SCAN decisions") || step.starts_with("SCAN d ");
    (scan || queue || record) && !step.contains("INDEX") || step.contains("USE TEMP B-TREE")
}

#[tokio::test]
async fn no_list_or_queue_reads_all_messages_or_sorts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    let planned = (list::PLANNED.iter().chain(&queue::PLANNED))
        .chain(&vector::PLANNED)
        .chain(&lesson::PLANNED)
        .chain(&history::PLANNED)
        .chain(&relabel::PLANNED)
        .chain(&search::PLANNED);
    for statement in planned {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = sqlx::query(explain).fetch_all(store.readers()).await.expect("a plan");
        assert!(!steps.is_empty(), "{statement} has no plan");
        for step in steps {
            let step: String = step.try_get("detail").expect("a step");
            assert!(!waste(&step), "{statement} is planned as {step}");
        }
    }
}

#[test]
fn a_plan_that_wastes_is_told_from_one_that_does_not() {
    assert!(waste("SCAN m"));
    assert!(waste("SCAN messages"));
    assert!(waste("USE TEMP B-TREE FOR ORDER BY"));
    assert!(!waste("SCAN messages USING INDEX messages_undecided"));
    assert!(!waste("SEARCH m USING INDEX messages_lane (lane=? AND sort_key<?)"));
    assert!(!waste("SCAN lane_counts"));
}
