//! Scripts: their text, what they leave out, and, where Dovecot's tools are installed (`dovecot-sieve`), that they
//! compile and do what the rules do. With `MAILROOM_TEST_SIEVE=1` the tools must be there.

use crate::message::*;
use mailroom_domain::rules::*;
use mailroom_domain::{AuthResult, FlagSet, FolderRole, Label, RuleId, Voice};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn go(folder: &str) -> Action {
    Action::Move { folder: folder.into() }
}

fn when(condition: Condition) -> Group {
    Group::all(vec![condition])
}

fn text(field: TextField, test: TextTest) -> Condition {
    Condition::Text { field, test }
}

/// The test that a condition becomes.
fn said(condition: Condition) -> String {
    let sieve = to_sieve(&rules(vec![rule(1, when(condition), vec![Action::Flag {}])]));
    assert_eq!(sieve.left_out, []);
    let line = sieve.script.lines().find_map(|line| line.strip_prefix("if "));
    line.and_then(|line| line.strip_suffix(" {")).expect("a test").to_owned()
}

#[test]
fn a_script_says_what_the_rules_say() {
    let shop = Condition::Address {
        field: AddressField::From,
        part: AddressPart::Domain,
        test: TextTest::Is("shop.example".into()),
    };
    let list = rules(vec![
        rule(1, when(shop), vec![Action::MarkRead {}, go("Sh\\op \"1\""), Action::Stop {}]),
        rule(
            2,
            Group::none(vec![
                subject_contains("a"),
                Condition::Size { bytes: Span { at_least: Some(10), at_most: Some(20) } },
            ]),
            vec![Action::AddKeyword { keyword: "$work".into() }],
        ),
    ]);
    let sieve = to_sieve(&list);
    assert_eq!(sieve.left_out, []);
    assert!(!sieve.script.replace("\r\n", "").contains('\n'));
    assert_eq!(
        sieve.script.replace("\r\n", "\n"),
        r#"require ["fileinto", "imap4flags"];
# Written by Mailroom.

# Rule 1
if anyof (address :domain :is "from" "shop.example", address :domain :matches "from" "*.shop.example") {
    addflag "\\Seen";
    fileinto "Sh\\op \"1\"";
    stop;
}

# Rule 2
if not anyof (header :contains "subject" "a", allof (size :over 9, size :under 21)) {
    addflag "$work";
}
"#
    );
}

#[test]
fn a_move_waits_where_a_later_rule_may_still_act() {
    let any = || when(subject_contains("${x} $ a"));
    let list = rules(vec![
        rule(1, any(), vec![go("${x}")]),
        rule(2, any(), vec![Action::Flag {}, Action::Stop {}]),
    ]);
    assert_eq!(
        to_sieve(&list).script.replace("\r\n", "\n"),
        r#"require ["fileinto", "imap4flags", "variables"];
# Written by Mailroom.
set "dollar" "$";

# Rule 1
if header :contains "subject" "${dollar}{x} $ a" {
    set "folder" "${dollar}{x}";
}

# Rule 2
if header :contains "subject" "${dollar}{x} $ a" {
    addflag "\\Flagged";
    if not string :is "${folder}" "" {
        fileinto "${folder}";
    }
    stop;
}

if not string :is "${folder}" "" {
    fileinto "${folder}";
}
"#
    );
}

#[test]
fn each_comparison_is_said_exactly() {
    use TextField as F;
    use TextTest as T;
    let s = |v: &str| v.to_owned();
    for (condition, expected) in [
        (text(F::Subject, T::Is(s("a*"))), r#"header :is "subject" "a*""#),
        (text(F::Subject, T::Starts(s("a*\\"))), r#"header :matches "subject" "a\\*\\\\*""#),
        (text(F::Subject, T::Ends(s("a?"))), r#"header :matches "subject" "*a\\?""#),
        (text(F::Subject, T::Glob(s("a\\*b\\c*"))), r#"header :matches "subject" "a\\*b\\\\c*""#),
        (text(F::Subject, T::Present), r#"header :value "ne" "subject" """#),
        (text(F::Subject, T::Contains(s("é1"))), r#"header :contains "subject" ["É1", "é1"]"#),
        (text(F::Subject, T::Is(s("日本"))), r#"header :is "subject" "日本""#),
        (text(F::Body, T::Contains(s(" pay "))), r#"body :text :contains "pay""#),
        (
            text(F::AutoSubmitted, T::Present),
            r#"allof (header :value "ne" "auto-submitted" "", not header :is "auto-submitted" "no")"#,
        ),
        (
            text(F::ListId, T::Starts(s("x"))),
            r#"anyof (header :matches "list-id" "*<x*>*", allof (not header :contains "list-id" "<", header :matches "list-id" "x*"))"#,
        ),
        (
            text(F::ListId, T::Present),
            r#"allof (header :value "ne" "list-id" "", not header :matches "list-id" "*<>*")"#,
        ),
        (Condition::Header { name: s("X-A") }, r#"exists "X-A""#),
        (Condition::Seen { is: false }, r#"not hasflag :is "\\Seen""#),
        (Condition::Keyword { is: s("$a") }, r#"hasflag :is "$a""#),
        (Condition::Size { bytes: Span { at_least: Some(0), at_most: None } }, "true"),
    ] {
        assert_eq!(said(condition), expected);
    }
}

#[test]
fn what_cannot_be_said_is_named() {
    use Unsayable as U;
    let test = || TextTest::Is("x".into());
    let any = Span { at_least: Some(1), at_most: None };
    let address = |field, part| Condition::Address { field, part, test: test() };
    let cases = [
        (Condition::Label { is: Label::Task }, U::Verdict),
        (Condition::Unsure { is: true }, U::Verdict),
        (
            Condition::Probability {
                of: Label::Task,
                bound: Share { at_least: Some(0.5), below: None },
            },
            U::Verdict,
        ),
        (Condition::VoiceSays { voice: Voice::Model, label: Label::Task }, U::Verdict),
        (Condition::VoiceDoubts { voice: Voice::Model, below: 0.5 }, U::Verdict),
        (Condition::Language { is: "de".into() }, U::Language),
        (Condition::Attachment { mime: None, ending: None, size: None }, U::Attachments),
        (Condition::AttachmentCount { bound: any }, U::Attachments),
        (Condition::AttachmentSize { bytes: any }, U::Attachments),
        (Condition::Age { seconds: any }, U::Age),
        (Condition::Account { is: "a@b".into() }, U::Account),
        (Condition::Folder { test: test() }, U::Folder),
        (Condition::FolderRole { is: FolderRole::Inbox }, U::Folder),
        (Condition::Answered { is: true }, U::Reader),
        (Condition::Reader { is: Standing::To }, U::Reader),
        (
            Condition::Authentication { method: AuthMethod::Spf, is: AuthResult::Pass },
            U::Authentication,
        ),
        (address(AddressField::To, AddressPart::Name), U::DisplayName),
        (address(AddressField::Sender, AddressPart::Address), U::Sender),
        (text(TextField::Mailer, test()), U::SeveralHeaders),
        (text(TextField::DeliveredTo, test()), U::SeveralHeaders),
        (text(TextField::Body, test()), U::Body),
        (text(TextField::Body, TextTest::Contains("two words".into())), U::Body),
        (subject_contains("ßa"), U::Letters),
        (subject_contains("éèêäöü"), U::Letters),
        (text(TextField::Subject, TextTest::Glob("a?".into())), U::OneCharacter),
        (Condition::Size { bytes: Span { at_least: Some(1 << 40), at_most: None } }, U::Number),
    ];
    for (condition, why) in cases {
        let nested = Condition::Group(Group::any(vec![condition.clone()]));
        let when = Group::all(vec![subject_contains("a"), nested]);
        let sieve = to_sieve(&rules(vec![rule(3, when, vec![Action::Flag {}])]));
        let at = Where::Condition { path: ConditionPath(vec![1, 0]) };
        let said =
            format!("# Written by Mailroom.\r\n# Left out: “Rule 3”, condition 2.1: {why}.\r\n");
        let left = LeftOut { rule: RuleId(3), name: "Rule 3".into(), at, why };
        assert_eq!(sieve.left_out, [left], "{condition}");
        assert_eq!(sieve.script, said, "{condition}");
    }
}

#[test]
fn actions_that_cannot_be_said_are_named_and_the_rest_is_said() {
    let then = vec![set(Label::Task), Action::Archive {}, Action::Notify {}, Action::Flag {}];
    let sieve = to_sieve(&rules(vec![rule(1, when(subject_contains("a")), then)]));
    let whys: Vec<_> = sieve.left_out.iter().map(|l| (l.at.clone(), l.why.clone())).collect();
    let at = |at| Where::Action { at };
    assert_eq!(
        whys,
        [(at(0), Unsayable::SetLabel), (at(1), Unsayable::Archive), (at(2), Unsayable::Notify)]
    );
    assert!(sieve.script.contains("addflag \"\\\\Flagged\";"), "{}", sieve.script);
}

#[test]
fn a_rule_that_depends_on_one_left_out_is_left_out() {
    let task = || when(Condition::Label { is: Label::Task });
    let a = || when(subject_contains("a"));
    let sieve = to_sieve(&rules(vec![
        rule(1, task(), vec![Action::Flag {}]),
        rule(2, when(Condition::Flagged { is: true }), vec![Action::MarkRead {}]),
        rule(3, when(Condition::Seen { is: true }), vec![go("A")]),
        rule(4, a(), vec![go("B")]),
        rule(5, task(), vec![Action::Stop {}]),
        rule(6, a(), vec![go("C")]),
    ]));
    let whys: Vec<_> = sieve.left_out.iter().map(|l| (l.rule.0, l.why.clone())).collect();
    assert_eq!(
        whys,
        [
            (1, Unsayable::Verdict),
            (2, Unsayable::BehindFlag { rule: RuleId(1) }),
            (3, Unsayable::BehindFlag { rule: RuleId(2) }),
            (5, Unsayable::Verdict),
            (6, Unsayable::BehindStop { rule: RuleId(5) }),
        ]
    );
    assert!(sieve.script.contains("fileinto \"B\""));
    assert!(!sieve.script.contains("fileinto \"A\"") && !sieve.script.contains("fileinto \"C\""));
    let mut off = rule(1, a(), vec![Action::Flag {}]);
    off.enabled = false;
    assert_eq!(to_sieve(&rules(vec![off])).left_out[0].why, Unsayable::Off);
}

/// Whether the tool is there. Says so if not, and fails if it must be.
fn have(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file()));
    if !found {
        let must = std::env::var_os("MAILROOM_TEST_SIEVE").is_some_and(|v| v == "1");
        assert!(!must, "MAILROOM_TEST_SIEVE is set and {tool} is not there; install dovecot-sieve");
        println!("skipped: {tool} is not installed (Debian: dovecot-sieve)");
    }
    found
}

/// A folder that is removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("mailroom-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for scripts");
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn each_script_compiles() {
    if !have("sievec") {
        return;
    }
    let folder = Folder::new("sievec");
    let mut scripts = Vec::new();
    for seed in 0..60 {
        // Most rules of the wide kind cannot be said, so half of the lists are of the other kind.
        let list = Random(seed).rules(seed % 2 == 0);
        scripts.push(folder.write(&format!("{seed}.sieve"), &to_sieve(&list).script));
    }
    // As deep and as wide as rules may be.
    let leaf = subject_contains("müll");
    let deep = (1..DEPTH_LIMIT).fold(Group::any(vec![leaf; 150]), |inner, _| {
        Group::none(vec![subject_contains("a"), Condition::Group(inner)])
    });
    let list = rules(vec![rule(1, deep, vec![Action::Flag {}])]);
    scripts.push(folder.write("deep.sieve", &to_sieve(&list).script));
    // The compiler takes a whole folder, but goes on after an error, so each script is asked for.
    let done = Command::new("sievec").arg(&folder.0).output().expect("sievec");
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{told}");
    for script in scripts {
        let text = std::fs::read_to_string(&script).expect("the script");
        assert!(script.with_extension("svbin").is_file(), "{told}\n{text}");
    }
}

/// The message as it would be delivered, and made to say nothing that it does not.
fn delivered(random: &mut Random) -> (Message, String) {
    let mut m = random.message();
    let mut out = String::new();
    let h = &m.content.headers;
    let list = |a: &[mailroom_domain::Address]| {
        let one = |a: &mailroom_domain::Address| match a.name.as_str() {
            "" => a.address.clone(),
            name => format!("\"{name}\" <{}>", a.address),
        };
        a.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
    };
    add("From", h.from.as_ref().map(|a| list(std::slice::from_ref(a))).unwrap_or_default());
    add("Reply-To", list(&h.reply_to));
    add("To", list(&h.to));
    add("Cc", list(&h.cc));
    add("Subject", h.subject.clone());
    let bare = random.chance(2);
    let list_id = h.list_id.clone().unwrap_or_default();
    add("List-Id", if bare || list_id.is_empty() { list_id } else { format!("Talk <{list_id}>") });
    add("Precedence", h.precedence.clone().unwrap_or_default());
    add("Auto-Submitted", h.auto_submitted.clone().unwrap_or_else(|| "no".into()));
    add("X-Shop", if h.names.is_empty() { String::new() } else { "1".into() });
    add("Content-Type", "text/plain; charset=utf-8".into());
    add("Content-Transfer-Encoding", "8bit".into());
    out.push_str(&format!("\r\n{}\r\n", m.content.text.replace('\n', "\r\n")));
    m.content.size = out.len() as u64;
    m.flags = FlagSet::default();
    (m, out)
}

#[test]
fn a_server_does_what_the_rules_do() {
    if !have("sieve-test") {
        return;
    }
    let folder = Folder::new("sieve-test");
    let (mut moved, mut flagged, mut waited) = (0, 0, 0);
    for seed in 0..60 {
        let mut random = Random(seed * 7919 + 1);
        let (message, text) = delivered(&mut random);
        let list = random.rules(true);
        let sieve = to_sieve(&list);
        // What the script says, it says of the other rules alone.
        let left: BTreeSet<RuleId> = sieve.left_out.iter().map(|l| l.rule).collect();
        let kept = list.as_slice().iter().filter(|r| !left.contains(&r.id)).cloned().collect();
        let outcome = evaluate(&rules(kept), &message.subject(), RECEIVED).expect("all is loaded");
        let script = folder.write("test.sieve", &sieve.script);
        let mail = folder.write("test.eml", &text);
        let (stored, flags) = run(&folder.0, &script, &mail);
        let place = match outcome.place.as_ref().map(|e| &e.value) {
            Some(Place::Folder { name }) => name.as_str(),
            _ => "INBOX",
        };
        let mut expected: BTreeSet<String> =
            outcome.keywords.iter().map(|e| e.value.to_lowercase()).collect();
        expected.extend(outcome.flagged.map(|_| "\\flagged".to_owned()));
        expected.extend(outcome.read.map(|_| "\\seen".to_owned()));
        let told = trace(&list, &message.subject(), RECEIVED);
        assert_eq!(
            (stored.as_slice(), &flags),
            ([place.to_owned()].as_slice(), &expected),
            "seed {seed}\n{}\n{text}\n{told}",
            sieve.script
        );
        moved += usize::from(place != "INBOX");
        flagged += usize::from(!expected.is_empty());
        waited += usize::from(sieve.script.contains("variables"));
    }
    assert!(moved > 5 && flagged > 15 && waited > 5, "{moved} {flagged} {waited}");
}

/// The folders in which the server would store the message, and the flags that it would set.
fn run(home: &Path, script: &Path, mail: &Path) -> (Vec<String>, BTreeSet<String>) {
    let mut command = Command::new("sieve-test");
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    if root {
        // The tool will not work as root.
        command.args([
            "-o",
            "mail_uid=nobody",
            "-o",
            "mail_gid=nogroup",
            "-o",
            "first_valid_uid=0",
        ]);
    }
    let location = format!("mail_location=maildir:{}/mail", home.display());
    let home = format!("mail_home={}", home.display());
    let done = command
        .args(["-o", &home, "-o", &location])
        .args([script, mail])
        .output()
        .expect("sieve-test");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    let (mut stored, mut flags) = (Vec::new(), BTreeSet::new());
    for line in told.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("* store message in folder: ") {
            stored.push(name.to_owned());
        }
        if let Some(set) = line.strip_prefix("+ add IMAP flags: ") {
            flags.extend(set.split_whitespace().map(str::to_lowercase));
        }
    }
    (stored, flags)
}
