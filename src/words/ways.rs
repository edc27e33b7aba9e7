//! Sentences about the ways out to people: what is wrong with how they are set, and why one failed.

pub const PUBLIC_URL: &str = "`public_url` is where people open the console: https://, a name and a port if need be, and no path, for instance \
     \"https://rollcall.example.com\".";
pub const SERVER: &str = "`server` is the mail server's name or address alone, for instance \"smtp.example.com\"; its port stands in `port`.";
pub const TLS: &str =
    "`tls` is \"starttls\" (the usual, port 587), \"tls\" (port 465) or \"none\" (on this machine only).";
pub const PLAIN_MAIL: &str = "Without TLS others can read the mails and the password. \"none\" is for a mail server on this machine; use \
     \"starttls\" or \"tls\".";
pub const FROM: &str =
    "`from` is whom mails are from, for instance \"Rollcall <rollcall@example.com>\" or the address alone.";
pub const ACCOUNT: &str = "`account` is the account's SID: letters and digits, at Twilio beginning with AC.";
pub const PHONE: &str =
    "A telephone number is written with a plus, the country and no spaces, for instance \"+4915112345678\".";
pub const EVERY: &str = "`every` is a time between 10 s and 1 h, for instance \"1 min\".";
pub const NAME: &str =
    "A name here is made of at most 40 letters, digits, `-` and `_`: a variable of the environment is named after it.";
pub const NO_URL: &str = "This is no address: it begins with https:// and names a host, for instance \"https://hooks.example.com/rollcall\".";
pub const PLAIN_URL: &str =
    "Others can read what is sent by http://. Use https://; http:// is for this machine only (127.0.0.1, localhost).";
pub const SECRET_IN_URL: &str =
    "An address here has no user, no password and no `#`: secrets stand in the environment.";

/// A secret stands in the file.
pub fn in_environment(key: &str, variable: &str) -> String {
    format!("Secrets do not stand in this file: put `{key}` into the environment as {variable}.")
}

/// Two names have one variable.
pub fn same_variable(name: &str, other: &str, variable: &str) -> String {
    format!("`{name}` and `{other}` would both take their secret from {variable}. Rename one.")
}

/// A secret is not in the environment.
pub fn missing(what: &str, variable: &str) -> String {
    format!("{variable} is missing: set it to {what} and start Rollcall again.")
}

/// It looks like no routing key.
pub fn no_routing_key(variable: &str) -> String {
    format!(
        "{variable} is no routing key: 32 letters and digits from the service's integration “Events API v2”. Copy it \
         anew and start Rollcall again."
    )
}

/// A message that did not go out, by its key: `1/page/2/1@email:ben@example.org` is “page 2 to email:ben@example.org”.
pub fn message(key: &str) -> String {
    let Some((what, to)) = key.split_once('@') else { return key.to_owned() };
    let what = what.split_once('/').map_or(what, |(_, what)| what);
    match what.split('/').collect::<Vec<_>>().as_slice() {
        ["page", page, ..] => format!("page {page} to {to}"),
        _ => format!("{what} to {to}"),
    }
}
