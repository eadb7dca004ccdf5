//! From what is stored to what is shown.

use mailroom_domain::{AuthResult, Label};
use mailroom_llm::{Endpoint, InstalledModel, LlmState};
use mailroom_store as store;
use mailroom_triage::ModelHead;
use mailroom_wire as wire;

pub(crate) fn row(row: store::Row) -> wire::Row {
    wire::Row {
        id: row.id,
        lane: row.lane,
        unsure: row.unsure,
        confidence: row.confidence,
        decided_by: row.decided_by,
        from: row.from,
        subject: row.subject,
        snippet: row.snippet,
        received: row.received,
        seen: row.seen,
        flagged: row.flagged,
        attachments: row.attachments,
    }
}

pub(crate) fn page(page: store::Page) -> wire::Page {
    wire::Page {
        rows: page.rows.into_iter().map(row).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    }
}

pub(crate) fn counts(counts: store::LaneCounts) -> Vec<wire::LaneCount> {
    Label::ALL
        .into_iter()
        .map(|lane| {
            let count = counts.of(lane);
            wire::LaneCount { lane, total: count.total, unread: count.unread }
        })
        .collect()
}

pub(crate) fn model_state(state: &LlmState) -> wire::ModelState {
    match state.clone() {
        LlmState::Absent => wire::ModelState::Absent,
        LlmState::Downloading { done, total } => wire::ModelState::Downloading { done, total },
        LlmState::Loading { name } => wire::ModelState::Loading { name },
        LlmState::Ready { name } => wire::ModelState::Ready { name },
        LlmState::Failed { reason } => wire::ModelState::Failed { reason },
    }
}

pub(crate) fn model(
    model: &InstalledModel,
    in_use: bool,
    head: Option<&ModelHead>,
) -> wire::ModelView {
    wire::ModelView {
        id: model.id.clone(),
        name: model.name.clone(),
        size: model.bytes,
        in_use,
        endpoint: None,
        warnings: model.warnings.clone(),
        findings: head.map(findings),
    }
}

/// A model that runs elsewhere.
pub(crate) fn endpoint(
    endpoint: &Endpoint,
    in_use: bool,
    head: Option<&ModelHead>,
) -> wire::ModelView {
    wire::ModelView {
        id: endpoint.id(),
        name: endpoint.model.clone(),
        size: 0,
        in_use,
        endpoint: Some(endpoint.host()),
        warnings: Vec::new(),
        findings: head.map(findings),
    }
}

fn findings(head: &ModelHead) -> wire::ModelFindings {
    wire::ModelFindings {
        alone: head.accuracy,
        others: head.baseline,
        together: head.together,
        weight: head.weight,
        samples: head.samples as u64,
        own: head.own as u64,
        seconds: head.seconds,
        languages: head
            .languages
            .iter()
            .map(|(lang, found)| wire::LanguageFindings {
                lang: lang.clone(),
                n: found.n,
                alone: found.alone,
                others: found.others,
                together: found.together,
            })
            .collect(),
    }
}

/// Opens a message: sanitises its HTML. For a blocking thread; HTML may be large.
pub(crate) fn message(
    message: store::StoredMessage,
    raw: &[u8],
    address: &str,
) -> wire::MessageView {
    let content = message.content;
    let headers = content.headers;
    let mut defects = content.defects;
    let (html, blocked_remote) = match content.html {
        None => (None, 0),
        Some(html) => {
            match mailroom_mail::sanitize_html(&html, &mailroom_mail::inline_images(raw)) {
                Ok(clean) => (Some(clean.html), clean.blocked_remote),
                Err(error) => {
                    defects.push(error.to_string());
                    (None, content.remote_images)
                }
            }
        }
    };
    let failed = |result| result == AuthResult::Fail;
    let authentication = headers.authentication;
    wire::MessageView {
        row: row(message.row),
        to: headers.to,
        cc: headers.cc,
        reply_to: headers.reply_to,
        sender_doubtful: failed(authentication.dmarc)
            || (failed(authentication.spf) && failed(authentication.dkim)),
        list: headers.list_id,
        text: content.text,
        html,
        blocked_remote,
        attachments: content.attachments,
        calendar: content.calendar,
        defects,
        folder: match address {
            "" => message.folder_display,
            address => format!("{} · {address}", message.folder_display),
        },
        verdict: message.verdict,
        set_aside: message.set_aside.is_some(),
    }
}
