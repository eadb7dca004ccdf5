//! Mail with known labels on which a newly added language model is weighed. Written for this purpose, and not
//! among the mail that the evidence was trained on, since a model would be weighed too lightly on that.

use mailroom_domain::{Address, Label, MessageContent};

/// Label, sender's name, sender's address, subject, text; separated by `|`, one message a line.
const MAIL: &str = include_str!("../calibration.txt");

pub(crate) fn mail() -> Vec<(MessageContent, Label)> {
    MAIL.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.splitn(5, '|').map(str::trim);
            let label: Label = parts.next()?.parse().ok()?;
            let (name, address, subject, text) =
                (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let text = text.replace(" / ", "\n");
            let mut content =
                MessageContent { text: text.clone(), new_text: text, ..MessageContent::default() };
            content.headers.from = Some(Address { name: name.into(), address: address.into() });
            content.headers.subject = subject.into();
            Some((content, label))
        })
        .collect()
}
