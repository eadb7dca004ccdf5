//! How long a preview of rules over the whole archive takes.
//!
//! `bench-rules FOLDER [ROUNDS]`: a folder that `bench-store` has filled. Rules are changed between rounds, as by a
//! keystroke. "Rows" are rules that a message's row answers; "narrowed" ask for the text where the row leaves it open;
//! "text" ask for the text of every message.

use mailroom_domain::rules::{
    Action, AddressField, AddressPart, Condition, Group, Rule, TextField, TextTest,
};
use mailroom_domain::{Label, RuleId};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Answer, Request};
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

fn rule(id: i64, of: Vec<Condition>, label: Label) -> Rule {
    Rule {
        id: RuleId(-id),
        name: format!("rule {id}"),
        enabled: true,
        when: Group::all(of),
        then: vec![Action::SetLabel { label }],
    }
}

fn from(text: String) -> Condition {
    Condition::Address {
        field: AddressField::From,
        part: AddressPart::Address,
        test: TextTest::Contains(text),
    }
}

fn has(field: TextField, text: &str) -> Condition {
    Condition::Text { field, test: TextTest::Contains(text.into()) }
}

fn rules(kind: &str, round: usize) -> Vec<Rule> {
    let sender = from(format!("sender{}@", 10 + round));
    let subject = || has(TextField::Subject, "invoice");
    let body = || has(TextField::Body, "deadline");
    let mut out: Vec<Rule> = (1..=8)
        .map(|n| rule(n, vec![from(format!("@firm{n}.")), subject()], Label::Task))
        .collect();
    out.push(match kind {
        "rows" => {
            rule(9, vec![sender, Condition::Label { is: Label::Notification }], Label::Urgent)
        }
        "narrowed" => rule(9, vec![sender, body()], Label::Urgent),
        _ => rule(9, vec![body(), sender], Label::Urgent),
    });
    if kind == "text" {
        out.push(rule(10, vec![body()], Label::NeedsHuman));
    }
    out
}

async fn run(folder: &str, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new(folder.into(), Mode::Quiet);
    (config.keychain, config.encoder) = (false, None);
    let engine = Engine::start(config).await?;
    for kind in ["rows", "narrowed", "text"] {
        let mut times = Vec::new();
        let mut matches = 0;
        let mut messages = 0;
        let rounds = if kind == "text" { 1 } else { rounds };
        for round in 0..=rounds {
            let start = Instant::now();
            let request = Request::PreviewRules { rules: rules(kind, round), examples: 5 };
            let Answer::PreviewRules(found) = engine.request(request).await? else {
                return Err("another answer".into());
            };
            times.push(start.elapsed().as_secs_f64() * 1e3);
            messages = found.messages;
            matches = found.rules.iter().map(|count| count.matches).sum();
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        println!(
            "{kind:<9} {messages} messages, {matches} matches: first {first:.0} ms, then {:.0} ms (median of {}), {:.0} at most",
            times.get(times.len() / 2).copied().unwrap_or_default(),
            times.len(),
            times.last().copied().unwrap_or_default()
        );
    }
    engine.stop().await;
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = args.first() else {
        eprintln!("Usage: bench-rules FOLDER [ROUNDS]");
        return ExitCode::from(2);
    };
    let rounds = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(20);
    let done = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(folder, rounds)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
