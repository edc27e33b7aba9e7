//! E-mail, by SMTP.

use super::{EMAIL, Turn, say, turn};
use crate::card::fit::{self, Limits};
use crate::config::ways::{self, Tls};
use crate::http::repeated;
use crate::link::Outside;
use crate::ports::{Chat, ChatError, Clock, Delivery, Pending};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as Wire, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Until the server answers a line; until a mail is taken as a whole.
const LINE: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The mail server as a place messages go to.
pub struct Mail {
    transport: Transport,
    server: String,
    from: Mailbox,
    outside: Outside,
    clock: Arc<dyn Clock>,
}

/// No mail answers this one by itself.
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

impl Mail {
    /// The error is a sentence.
    pub fn new(
        set: &ways::Mail,
        password: Option<&str>,
        outside: Outside,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let address: Address =
            set.from.parse().map_err(|_| format!("{} is no address mails can be from.", set.from))?;
        Ok(Self {
            transport: transport(set, password)?,
            server: set.server.clone(),
            from: Mailbox::new(set.from_name.clone(), address),
            outside,
            clock,
        })
    }

    fn message(&self, delivery: &Delivery) -> Result<Message, String> {
        let no_address = || format!("{} is no e-mail address", repeated(&delivery.channel));
        let address: Address = delivery.channel.parse().map_err(|_| no_address())?;
        let to = delivery.card.page.as_ref().and_then(|page| page.to.as_ref()).map(|to| to.name.to_string());
        let sent = UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().0).unwrap_or(0));
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(to, address))
            .subject(say::subject(&delivery.card))
            .date(sent)
            .message_id(Some(message_id(&delivery.key, self.from.email.domain())))
            .header(Automatic)
            .multipart(MultiPart::alternative_plain_html(
                say::text(&delivery.card, &self.outside),
                say::html(&delivery.card, &self.outside),
            ))
            .map_err(|_| "the mail could not be put together".into())
    }

    async fn shown(&self, delivery: &Delivery) -> Result<String, ChatError> {
        if let (Turn::Now(_), Some(posted)) = (turn(delivery)?, &delivery.posted) {
            return Ok(posted.clone());
        }
        let message = self.message(delivery).map_err(|why| ChatError::Refused { why })?;
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(message_id(&delivery.key, self.from.email.domain())),
            Ok(Err(error)) => Err(failed(&self.server, &error)),
            Err(_) => Err(ChatError::Retry {
                after_ms: 0,
                why: format!("the mail server {} does not answer in time", self.server),
            }),
        }
    }
}

/// The same for the same message, for ever: who gets it twice can tell.
fn message_id(key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", hex::encode(&Sha256::digest(key)[..16]))
}

fn transport(set: &ways::Mail, password: Option<&str>) -> Result<Transport, String> {
    let parameters =
        || TlsParameters::new(set.server.clone()).map_err(|_| "TLS to the mail server cannot be set up.".to_owned());
    let wire = match set.tls {
        Tls::Starttls => Wire::Required(parameters()?),
        Tls::Tls => Wire::Wrapper(parameters()?),
        Tls::None => Wire::None,
    };
    let mut builder = Transport::builder_dangerous(&set.server).port(set.port).tls(wire).timeout(Some(LINE));
    if let (Some(user), Some(password)) = (&set.user, password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
    }
    Ok(builder.build())
}

/// What an error of the server means. Its own words are repeated: they say which rule was broken.
fn failed(server: &str, error: &lettre::transport::smtp::Error) -> ChatError {
    use std::error::Error as _;
    let said = error.source().map(|e| repeated(&e.to_string())).unwrap_or_default();
    let code = error.status().map(|code| format!(" {code}")).unwrap_or_default();
    if error.is_permanent() {
        return ChatError::Refused { why: format!("the mail server {server} refuses it:{code} {said}") };
    }
    let why = if error.is_transient() {
        format!("the mail server {server} takes it later:{code} {said}")
    } else if error.is_timeout() {
        format!("the mail server {server} does not answer in time")
    } else if error.is_tls() {
        format!("no TLS with the mail server {server}: {said}")
    } else if error.is_client() {
        format!("the mail server {server} cannot do what is needed: {}", repeated(&error.to_string()))
    } else {
        format!("the mail server {server} cannot be reached")
    };
    ChatError::Retry { after_ms: 0, why }
}

/// Connects, says hello, signs in where that is set, and leaves.
pub async fn probe(set: &ways::Mail, password: Option<&str>) -> Result<String, String> {
    let transport = transport(set, password)?;
    match tokio::time::timeout(WHOLE, transport.test_connection()).await {
        Ok(Ok(true)) => Ok(format!("{}:{} says hello", set.server, set.port)),
        Ok(Ok(false)) => Err(format!("The mail server {} hangs up at once.", set.server)),
        Ok(Err(error)) => match failed(&set.server, &error) {
            ChatError::Retry { why, .. } | ChatError::Refused { why } => Err(format!("Mails do not go out: {why}.")),
            ChatError::Stands { .. } | ChatError::Gone => Err("Mails do not go out.".into()),
        },
        Err(_) => Err(format!("The mail server {} does not answer in time.", set.server)),
    }
}

impl Chat for Mail {
    fn platform(&self) -> &'static str {
        EMAIL
    }
    fn limits(&self) -> Limits {
        fit::CONSOLE
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(self.shown(delivery))
    }
}
