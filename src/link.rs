//! The link that acknowledges a page: whoever has it may do so in the name of the person it was sent to, and no more.

use crate::card::PageFacts;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Where links lead.
pub const PATH: &str = "/ack/";

/// Bytes of a token, and of the seal in it.
const LONGEST: usize = 600;
const SEAL: usize = 16;

/// What stays as it is in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-').remove(b':');

/// Makes links and reads them. Its secret is the server's own and survives restarts, as the links in mails do.
#[derive(Clone)]
pub struct Links {
    secret: Vec<u8>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(…)")
    }
}

/// What a link may do: acknowledge this page as this person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// 0: a test of whether somebody can be reached.
    pub deployment: u64,
    pub page: u32,
    /// By id.
    pub person: String,
}

impl Links {
    /// `secret`: random, at least 32 bytes.
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.as_bytes().to_vec() }
    }

    /// The end of a link, fit for an address.
    pub fn token(&self, grant: &Grant) -> String {
        let person = utf8_percent_encode(&grant.person, PLAIN);
        format!("{}-{}-{person}-{}", grant.deployment, grant.page, hex::encode(self.seal(grant)))
    }

    /// What a token may do; none: it is none of ours. Takes equally long however much of its seal is right.
    pub fn read(&self, token: &str) -> Option<Grant> {
        if token.len() > LONGEST {
            return None;
        }
        let (rest, seal) = token.rsplit_once('-')?;
        let mut parts = rest.splitn(3, '-');
        let (deployment, page, person) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let person = percent_decode_str(person).decode_utf8().ok()?.into_owned();
        let grant = Grant { deployment, page, person };
        let given = hex::decode(seal).ok()?;
        bool::from(self.seal(&grant).ct_eq(given.as_slice())).then_some(grant)
    }

    fn seal(&self, grant: &Grant) -> [u8; SEAL] {
        let mut seal = [0; SEAL];
        // A key of any length will do: there is no error to come.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(b"rollcall acknowledge 1\0");
            mac.update(&grant.deployment.to_be_bytes());
            mac.update(&grant.page.to_be_bytes());
            mac.update(grant.person.as_bytes());
            seal.copy_from_slice(&mac.finalize().into_bytes()[..SEAL]);
        }
        seal
    }
}

/// Where people reach the console from outside, and the links that lead there.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Without a slash at the end. None: links would lead nowhere, and there are none.
    pub public_url: Option<String>,
    pub links: Option<Links>,
}

impl Outside {
    /// Acknowledges the page at a touch; none where there is no address, or the page is for nobody in particular.
    pub fn acknowledges(&self, page: &PageFacts) -> Option<String> {
        let (url, links, to) = (self.public_url.as_ref()?, self.links.as_ref()?, page.to.as_ref()?);
        let grant = Grant { deployment: page.deployment, page: page.page, person: to.id.to_string() };
        Some(format!("{url}{PATH}{}", links.token(&grant)))
    }

    /// The deployment's page in the console.
    pub fn deployment(&self, page: &PageFacts) -> Option<String> {
        let url = self.public_url.as_ref().filter(|_| page.deployment > 0)?;
        Some(format!("{url}/d/{}", page.deployment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(person: &str) -> Grant {
        Grant { deployment: 12, page: 1, person: person.into() }
    }

    #[test]
    fn a_link_is_read_as_it_was_made_and_no_other_is() {
        let links = Links::new("0123456789abcdef0123456789abcdef");
        for person in ["ana", "ana-maria.k_2", "slack:U02BOB", "zoë müller", "a/b?c#d%2e"] {
            let token = links.token(&grant(person));
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:%".contains(&b)), "{token}");
            assert_eq!(links.read(&token), Some(grant(person)));
        }
        let token = links.token(&grant("ana"));
        assert!(Links::new("another").read(&token).is_none());
        let seal = token.rsplit_once('-').unwrap().1;
        for wrong in [
            format!("13-1-ana-{seal}"),
            format!("12-2-ana-{seal}"),
            format!("12-1-bob-{seal}"),
            format!("12-1-ana-{}", &seal[2..]),
            "12-1-ana-".into(),
            "12-1-ana-zz".into(),
            "12--ana-00".into(),
            "-".into(),
            String::new(),
            "x".repeat(10_000),
        ] {
            assert_eq!(links.read(&wrong), None, "{wrong}");
        }
        assert!(!format!("{links:?}").contains("0123"));
    }
}
