//! The user's instructions to the language model.

use crate::{say, with_engine};
use clap::Subcommand;
use mailroom_domain::{Instruction, Label};
use mailroom_engine::{Config, Engine};
use mailroom_wire::{Answer, Code, Failure, Request};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists them with their numbers.
    List,
    /// Adds one: `add urgent "mail from my landlord"`.
    Add {
        /// The label of such mail.
        label: Label,
        /// Which mail, in your words.
        text: String,
    },
    /// Removes one.
    Remove {
        /// Its number in the list.
        number: usize,
    },
}

async fn ask(engine: &Engine, request: Request) -> Result<Vec<Instruction>, Failure> {
    match engine.request(request).await? {
        Answer::Instructions { list } => Ok(list),
        _ => Err(Failure::new(Code::Internal, "Another answer came than was asked for.")),
    }
}

pub(crate) async fn run(command: Command, config: Config) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let mut list = ask(engine, Request::Instructions).await?;
        match command {
            Command::List => {}
            Command::Add { label, text } => list.push(Instruction { text, label }),
            Command::Remove { number } => {
                if number == 0 || number > list.len() {
                    let text = "There is no such instruction. `mailroom-cli instructions list` shows their numbers.";
                    return Err(Failure::new(Code::NotFound, text));
                }
                list.remove(number - 1);
            }
        }
        let list = ask(engine, Request::SetInstructions { list }).await?;
        for (at, instruction) in list.iter().enumerate() {
            say(&format!("{}\t{}\t{}", at + 1, instruction.label, instruction.text));
        }
        Ok(())
    })
    .await
}
