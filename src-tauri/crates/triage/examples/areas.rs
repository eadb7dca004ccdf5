//! How sure the voices are of mail of a kind that they have never seen.
//!
//! `cargo run --release -p mailroom-triage --example areas ENCODER.gguf`
//!
//! Of each area of the corpus, and of wider kinds of mail, the evidence is trained without it, and so is a head over
//! the encoder's vectors, which stands in for the encoder (fine-tuning it once a kind would take hours). Their pool is
//! fitted on the rest of `calibration`; reported is what it says of the kind left out. Beside it stands what the pool
//! would say at the one temperature that fits all areas left out from each other. Writes nothing.

#[path = "common/linear.rs"]
mod linear;
#[path = "common/mail.rs"]
mod mail;
#[path = "common/trainer.rs"]
mod trainer;

use linear::Linear;
use mail::{Mail, encode};
use mailroom_corpus::measure::{Figures, Judged, figures};
use mailroom_corpus::{Record, Split, Via};
use mailroom_domain::{Label, Probabilities};
use mailroom_encoder::{Encoder, Encoding};
use mailroom_triage::{Pool, Triage};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use trainer::{Example, train};

/// Pull on the head's weights; what `baselines` finds best on `calibration`.
const RIDGE: f32 = 1e-2;

struct Corpus {
    examples: Vec<Example>,
    mail: Vec<Mail>,
    encodings: Vec<Encoding>,
}

/// What a pool says: where, and of whom.
struct Said {
    at: Vec<usize>,
    p: Vec<Probabilities>,
}

impl Corpus {
    fn on(&self, at: usize, split: Split) -> bool {
        self.examples[at].record.split() == split
    }

    fn sound(&self, at: usize) -> bool {
        !self.on(at, Split::Train) && self.examples[at].record.agreed()
    }

    fn all(&self, holds: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.mail.len()).filter(|at| holds(*at)).collect()
    }

    /// What voices that learn from all but `out` say, pooled, of what is asked about.
    fn say(&self, out: &dyn Fn(&Record) -> bool, asked: Vec<usize>) -> Said {
        let left = |at: usize| out(&self.examples[at].record);
        let training = self.all(|at| self.on(at, Split::Train) && !left(at));
        let evidence = train(&training.iter().map(|at| &self.examples[*at]).collect::<Vec<_>>());
        let known: Vec<(&[f32], Label)> = training
            .iter()
            .map(|at| (self.encodings[*at].vector.as_slice(), self.mail[*at].label))
            .collect();
        let head = Linear::fit(&known, RIDGE);
        let voices = |at: usize| {
            vec![
                Probabilities::softmax(evidence.scores(&self.examples[at].features)),
                head.say(&self.encodings[at].vector),
            ]
        };
        let fitted: Vec<_> = self
            .all(|at| self.on(at, Split::Calibration) && self.sound(at) && !left(at))
            .into_iter()
            .map(|at| (voices(at), self.mail[at].target()))
            .collect();
        let pool = Pool::fit(&fitted);
        let p = asked.iter().map(|at| pool.probabilities(&voices(*at))).collect();
        Said { at: asked, p }
    }

    fn figures(&self, said: &Said, temperature: f32) -> Figures {
        let judged: Vec<Judged> = said
            .at
            .iter()
            .zip(&said.p)
            .map(|(at, p)| {
                self.mail[*at].judged(Probabilities::softmax(p.ln().map(|ln| ln / temperature)))
            })
            .collect();
        figures(&judged)
    }
}

/// The temperature at which what was said has the least log-loss.
fn temperature(corpus: &Corpus, said: &[Said]) -> f32 {
    let loss =
        |t: f32| said.iter().map(|s| corpus.figures(s, t).log_loss * s.at.len() as f64).sum();
    (30..100)
        .map(|t| t as f32 * 0.02)
        .map(|t| (t, loss(t)))
        .min_by(|a: &(f32, f64), b| a.1.total_cmp(&b.1))
        .map_or(1.0, |(t, _)| t)
}

fn line(name: &str, corpus: &Corpus, said: &Said, t: f32) {
    let (now, warmer) = (corpus.figures(said, 1.0), corpus.figures(said, t));
    println!(
        "| {name} | {} | {:.3} | {:+.3} | {:.3} | {:.3} | {:+.3} | {:.3} | {:.3} |",
        now.n,
        now.strict,
        now.too_sure,
        now.ece,
        now.log_loss,
        warmer.too_sure,
        warmer.ece,
        warmer.log_loss
    );
}

fn by_person(record: &Record) -> bool {
    use Via::{
        Android, Applemail, Eudora, Exchange, Gmail, Iphone, Mutt, Notes, Outlook, Pine,
        Thunderbird, Webmail,
    };
    matches!(
        record.via,
        Outlook
            | Exchange
            | Notes
            | Eudora
            | Pine
            | Mutt
            | Thunderbird
            | Applemail
            | Iphone
            | Android
            | Gmail
            | Webmail
    )
}

fn by_list(record: &Record) -> bool {
    use Via::{Ezmlm, Googlegroups, Listserv, Mailman, Majordomo};
    matches!(record.via, Mailman | Majordomo | Ezmlm | Googlegroups | Listserv)
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("Usage: areas ENCODER.gguf")?;
    let (triage, encoder) = (Triage::shipped()?, Encoder::open(Path::new(&file))?);
    let records = mailroom_corpus::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"))?;
    let mail: Vec<Mail> = records.iter().map(Mail::written).collect();
    let corpus = Corpus {
        examples: records.iter().map(|record| Example::new(record, |content| content)).collect(),
        encodings: encode(&triage, &encoder, &mail)?,
        mail,
    };
    let areas: BTreeSet<&str> = records.iter().map(Record::area).collect();
    let mut apart = Vec::new();
    for area in &areas {
        let asked = corpus.all(|at| corpus.sound(at) && records[at].area() == *area);
        if !asked.is_empty() {
            apart.push((*area, corpus.say(&|record| record.area() == *area, asked)));
        }
    }
    // Fitted on `calibration` alone, so that the line "nothing" is on mail that nothing was fitted on.
    let fitted: Vec<Said> = apart
        .iter()
        .map(|(_, said)| {
            let kept =
                said.at.iter().zip(&said.p).filter(|(at, _)| corpus.on(**at, Split::Calibration));
            let (at, p) = kept.map(|(at, p)| (*at, *p)).unzip();
            Said { at, p }
        })
        .collect();
    let t = temperature(&corpus, &fitted);
    println!("temperature for areas left out: {t:.2}\n");
    println!(
        "| left out | n | strict | too sure by | ECE | log loss | at {t:.2}: too sure by | ECE | log loss |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let test = corpus.all(|at| corpus.on(at, Split::Test) && corpus.sound(at));
    line("nothing (split test)", &corpus, &corpus.say(&|_| false, test), t);
    let (mut at, mut p) = (Vec::new(), Vec::new());
    for (area, said) in apart {
        line(area, &corpus, &said, t);
        at.extend(said.at);
        p.extend(said.p);
    }
    line("each area by itself, together", &corpus, &Said { at, p }, t);
    let kinds: [(&str, &dyn Fn(&Record) -> bool); 5] = [
        ("all English", &|r| r.lang == "en"),
        ("all but English", &|r| r.lang != "en"),
        ("from persons", &by_person),
        ("through lists", &by_list),
        ("from machines", &|r| !by_person(r) && !by_list(r)),
    ];
    for (name, out) in kinds {
        let asked = corpus.all(|at| corpus.sound(at) && out(&records[at]));
        line(name, &corpus, &corpus.say(out, asked), t);
    }
    Ok(())
}
