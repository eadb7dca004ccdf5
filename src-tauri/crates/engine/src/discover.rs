//! From an address to servers that may hold its mail. Asks DNS; sends nothing to a mail server.

use hickory_resolver::TokioResolver;
use mailroom_mail::discover::{self as mail, Source, SrvRecord};
use mailroom_wire::{Candidate, Code, Discovery, Failure, SignIn};
use std::time::Duration;

/// A DNS server that does not answer by then is taken for one that knows nothing.
const PATIENCE: Duration = Duration::from_secs(4);

pub(crate) async fn discover(address: &str) -> Result<Discovery, Failure> {
    let invalid = |e: mail::NotAnAddress| Failure::new(Code::Invalid, e.to_string());
    let address = address.trim();
    let domain = mail::domain_of(address).map_err(invalid)?;
    let records = match mail::provider(&domain) {
        Some(_) => Vec::new(),
        None => srv(&format!("_imaps._tcp.{domain}.")).await,
    };
    let found = mail::candidates(address, |_| records).map_err(invalid)?;
    let provider = found.first().and_then(|c| c.provider).map(str::to_owned);
    let sign_in = found.first().map_or(SignIn::Password, |c| sign_in(c.sign_in));
    let mut candidates = Vec::new();
    for candidate in found {
        if matches!(candidate.sign_in, mail::SignIn::NoImap { .. }) {
            continue;
        }
        // A usual name that nobody has is no candidate.
        if candidate.source == Source::Usual && !resolves(&candidate.server.host).await {
            continue;
        }
        candidates.push(Candidate {
            source: match candidate.source {
                Source::BuiltIn => "known provider",
                Source::Srv => "DNS (RFC 6186)",
                Source::Usual => "usual name",
            }
            .to_owned(),
            server: candidate.server,
            user: candidate.user,
            confirm: candidate.confirm_host,
        });
    }
    Ok(Discovery { provider, sign_in, candidates })
}

/// How a provider lets people in, in words for the user.
pub(crate) fn sign_in(how: mail::SignIn) -> SignIn {
    match how {
        mail::SignIn::Password => SignIn::Password,
        mail::SignIn::AppPassword { note, url } => {
            SignIn::AppPassword { note: format!("{note} Make one at {url}.") }
        }
        mail::SignIn::OAuth2Only { note } => SignIn::OAuth2Only { note: note.to_owned() },
        mail::SignIn::NoImap { note } => SignIn::NoImap { note: note.to_owned() },
    }
}

async fn resolves(host: &str) -> bool {
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 993))).await;
    found.is_ok_and(|found| found.is_ok_and(|mut addresses| addresses.next().is_some()))
}

async fn srv(name: &str) -> Vec<SrvRecord> {
    let Ok(builder) = TokioResolver::builder_tokio() else { return Vec::new() };
    let resolver = builder.build();
    match tokio::time::timeout(PATIENCE, resolver.srv_lookup(name)).await {
        Ok(Ok(answer)) => answer
            .iter()
            .map(|record| SrvRecord {
                priority: record.priority(),
                weight: record.weight(),
                port: record.port(),
                target: record.target().to_utf8(),
            })
            .collect(),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no SRV records");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn known_providers_need_no_network() {
        let found = discover("someone@outlook.com").await.expect("an address");
        assert!(matches!(found.sign_in, SignIn::OAuth2Only { .. }), "{found:?}");
        let found = discover("someone@gmail.com").await.expect("an address");
        assert!(matches!(found.sign_in, SignIn::AppPassword { .. }), "{found:?}");
        assert_eq!(found.candidates.len(), 1);
        assert!(!found.candidates[0].confirm);
        assert_eq!(discover("nobody").await.expect_err("no address").code, Code::Invalid);
    }
}
