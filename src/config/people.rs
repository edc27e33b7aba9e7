//! People and roles: who they are, how they are reached.

use super::read::{Reader, folded, is_group, line, shown};
use super::{CHATS, ConfigProblem, KeyDigest, PersonEntry};
use crate::domain::directory::{Directory, Entry, Way};
use crate::domain::hours::{self, Hours};
use crate::domain::schedule;
use crate::near::nearest;
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Digits of an international phone number (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Longest e-mail address, in bytes.
const LONGEST_EMAIL: usize = 254;

/// Role → people, groups and other roles.
pub(super) type RawRoles = BTreeMap<Spanned<String>, Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[people.ID]`")]
pub(super) struct RawPerson {
    name: Spanned<String>,
    key_sha256: Option<Spanned<String>>,
    slack: Option<Spanned<String>>,
    discord: Option<Spanned<String>>,
    email: Option<Spanned<String>>,
    phone: Option<Spanned<String>>,
    pagerduty: Option<Spanned<String>>,
    office_hours: Option<RawHours>,
    ways: Option<Spanned<Vec<Spanned<String>>>>,
}

/// Some hours of some days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `days`, `from` and `to`")]
pub(super) struct RawHours {
    days: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    timezone: Option<Spanned<String>>,
}

impl Reader<'_> {
    /// The people Rollcall knows, and how they are reached.
    pub(super) fn people(
        &self,
        raw: BTreeMap<Spanned<String>, RawPerson>,
        timezone: Tz,
        directory: &mut Directory,
    ) -> Result<BTreeMap<String, PersonEntry>, ConfigProblem> {
        let mut people = BTreeMap::new();
        let mut digests: BTreeSet<[u8; 32]> = BTreeSet::new();
        // Everything somebody may be called, folded: a name that means two people would record the wrong one.
        let mut called: BTreeMap<String, String> = BTreeMap::new();
        let mut taken: BTreeSet<(&str, String)> = BTreeSet::new();
        for (id, person) in raw {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
            if id.get_ref().is_empty() || id.get_ref().len() > 40 || !id.get_ref().chars().all(fits) {
                let message = "A person's id is made of at most 40 small letters, digits and `. _ -`, for instance \
                               `[people.ana]`; the name can be anything.";
                return Err(self.wrong(id.span(), message));
            }
            if id.get_ref() == "rollcall" {
                return Err(self.wrong(id.span(), "`rollcall` is the bot itself; choose another id."));
            }
            self.name("name", &person.name, 80)?;
            let name = folded(person.name.get_ref());
            if name == "rollcall" {
                return Err(self.wrong(person.name.span(), "Rollcall is the bot itself; choose another name."));
            }
            for (word, span) in [(id.get_ref().clone(), id.span()), (name, person.name.span())] {
                match called.get(&word) {
                    Some(other) if other != id.get_ref() => {
                        let message = format!(
                            "`{}` could mean two people: `{other}` and `{}`. Ids and names, whatever their case, must \
                             tell people apart; add an initial.",
                            shown(&word),
                            id.get_ref()
                        );
                        return Err(self.wrong(span, message));
                    }
                    _ => _ = called.insert(word, id.get_ref().clone()),
                }
            }
            let key = match &person.key_sha256 {
                None => None,
                Some(key) => {
                    let mut digest = [0_u8; 32];
                    let span = key.span();
                    if hex::decode_to_slice(key.get_ref().trim(), &mut digest).is_err() {
                        let message = format!(
                            "`key_sha256` of `{}` is not a SHA-256 digest: 64 hexadecimal digits are expected.",
                            id.get_ref()
                        );
                        return Err(self.wrong(span, message));
                    }
                    if !digests.insert(digest) {
                        let message =
                            format!("`{}` has the same key as somebody else; everybody needs their own.", id.get_ref());
                        return Err(self.wrong(span, message));
                    }
                    Some(KeyDigest(digest))
                }
            };
            let mut accounts = BTreeMap::new();
            for (platform, account) in CHATS.into_iter().zip([person.slack.clone(), person.discord.clone()]) {
                let Some(account) = account else { continue };
                let said = account.get_ref();
                if said.is_empty() || said.len() > 40 || !said.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    let message = format!(
                        "`{platform}` is the id of the user there, for instance \"U0123ABCD\" in Slack or \
                         \"80351110224678912\" in Discord."
                    );
                    return Err(self.wrong(account.span(), message));
                }
                if !taken.insert((platform, said.clone())) {
                    let message = format!("`{}` has the same account as somebody else.", id.get_ref());
                    return Err(self.wrong(account.span(), message));
                }
                accounts.insert(platform, account.into_inner());
            }
            if let Some(service) = person.pagerduty.as_ref().filter(|s| !directory.services.contains(s.get_ref())) {
                let known = directory.services.iter().map(String::as_str);
                return Err(self.unknown("service", "[pagerduty.NAME]", service, known));
            }
            let entry = self.contact(&id, &person, &accounts, timezone)?;
            directory.lines.insert(format!("people.{}", id.get_ref()), line(self.text, id.span().start));
            directory.people.insert(id.get_ref().clone(), entry);
            people.insert(id.into_inner(), PersonEntry { name: person.name.into_inner(), key, accounts });
        }
        Ok(people)
    }

    /// How somebody is reached.
    fn contact(
        &self,
        id: &Spanned<String>,
        person: &RawPerson,
        accounts: &BTreeMap<&'static str, String>,
        timezone: Tz,
    ) -> Result<Entry, ConfigProblem> {
        let email = person.email.as_ref().map(|said| self.email(said)).transpose()?;
        let phone = person.phone.as_ref().map(|said| self.phone(said)).transpose()?;
        if let Some(service) = &person.pagerduty {
            self.name("service", service, 40)?;
        }
        let ways = self.in_order(person.ways.as_ref())?;
        let entry = Entry {
            name: person.name.get_ref().clone(),
            accounts: accounts.clone(),
            email,
            phone,
            pagerduty: person.pagerduty.as_ref().map(|s| s.get_ref().clone()),
            office_hours: person.office_hours.as_ref().map(|h| self.hours(h, timezone)).transpose()?,
            ways,
        };
        for (way, said) in entry.ways.iter().zip(person.ways.iter().flat_map(Spanned::get_ref)) {
            let has = match way {
                Way::Direct => !entry.accounts.is_empty(),
                Way::Email => entry.email.is_some(),
                Way::Sms | Way::Voice => entry.phone.is_some(),
                Way::Pagerduty => entry.pagerduty.is_some(),
                Way::Mention | Way::Webhook => true,
            };
            if !has {
                let needs = match way {
                    Way::Direct => "`slack` or `discord`",
                    Way::Email => "`email`",
                    Way::Pagerduty => "`pagerduty`",
                    _ => "`phone`",
                };
                let message = format!("`{}` is to be reached by \"{}\" but has no {needs}.", id.get_ref(), way.word());
                return Err(self.wrong(said.span(), message));
            }
        }
        Ok(entry)
    }

    fn email(&self, said: &Spanned<String>) -> Result<String, ConfigProblem> {
        let text = said.get_ref();
        let sign = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '(' | ')' | ',' | ';' | ':' | '\\');
        let fits = text.len() <= LONGEST_EMAIL
            && text.chars().all(sign)
            && text.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && !host.contains('@') && host.split('.').all(|part| !part.is_empty())
            });
        if fits {
            return Ok(text.clone());
        }
        Err(self.wrong(said.span(), "`email` is an address such as \"ana@example.org\"."))
    }

    fn phone(&self, said: &Spanned<String>) -> Result<String, ConfigProblem> {
        let number: String = said.get_ref().chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        let digits = number.strip_prefix('+').unwrap_or("");
        let fits = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits {
            return Ok(number);
        }
        let message = "`phone` is an international number: a plus, the country and the number, for instance \
                       \"+4915112345678\".";
        Err(self.wrong(said.span(), message))
    }

    /// Ways in the order they are tried; none named: the usual ones.
    pub(super) fn in_order(&self, said: Option<&Spanned<Vec<Spanned<String>>>>) -> Result<Vec<Way>, ConfigProblem> {
        let mut ways = Vec::new();
        let Some(said) = said else { return Ok(ways) };
        // Whoever writes an empty list does not expect to be called by all of them.
        if said.get_ref().is_empty() {
            let known = Way::NAMED.map(Way::word).join(", ");
            let message = format!("`ways` names none; there are {known}. Name at least one, or leave `ways` out.");
            return Err(self.wrong(said.span(), message));
        }
        for word in said.get_ref() {
            let Some(way) = Way::NAMED.into_iter().find(|w| w.word() == word.get_ref()) else {
                let near = nearest(word.get_ref(), Way::NAMED.map(Way::word));
                let hint = near.map(|n| format!(" Did you mean \"{n}\"?")).unwrap_or_default();
                let known = Way::NAMED.map(Way::word).join(", ");
                let message = format!("There is no way `{}`; there are {known}.{hint}", shown(word.get_ref()));
                return Err(self.wrong(word.span(), message));
            };
            if ways.contains(&way) {
                return Err(self.wrong(word.span(), format!("\"{}\" stands here twice.", way.word())));
            }
            ways.push(way);
        }
        Ok(ways)
    }

    /// Hours of a week; what is not said is Monday to Friday, and the house's zone.
    pub(super) fn hours(&self, raw: &RawHours, timezone: Tz) -> Result<Hours, ConfigProblem> {
        let minute = |said: &Option<Spanned<String>>, usual: u16| match said {
            Some(said) => hours::minute(said.get_ref()).map_err(|e| self.wrong(said.span(), e)),
            None => Ok(usual),
        };
        let days = match &raw.days {
            Some(said) => hours::days(said.get_ref()).map_err(|e| self.wrong(said.span(), e))?,
            None => [true, true, true, true, true, false, false],
        };
        let (from, until) = (minute(&raw.from, 0)?, minute(&raw.to, 1440)?);
        if from == until {
            let span = raw.to.as_ref().or(raw.from.as_ref()).map_or(0..0, Spanned::span);
            return Err(self.wrong(span, "These hours end when they begin; leave both out for the whole day."));
        }
        if from >= 1440 {
            let span = raw.from.as_ref().map_or(0..0, Spanned::span);
            return Err(self.wrong(span, "Hours begin before 24:00."));
        }
        let timezone = match &raw.timezone {
            Some(name) => schedule::timezone(name.get_ref()).map_err(|e| self.wrong(name.span(), e))?,
            None => timezone,
        };
        Ok(Hours { days, from, until, timezone })
    }

    /// Roles with the people and groups they mean, roles within them resolved.
    pub(super) fn roles(
        &self,
        raw: RawRoles,
        people: &BTreeMap<String, PersonEntry>,
    ) -> Result<BTreeMap<String, Vec<String>>, ConfigProblem> {
        for (role, ids) in &raw {
            self.name("role", role, 40)?;
            for id in ids {
                match id.get_ref().strip_prefix("role:") {
                    Some(other) if raw.keys().any(|r| r.get_ref() == other) => {}
                    Some(_) => {
                        let known: Vec<String> = raw.keys().map(|r| format!("role:{}", r.get_ref())).collect();
                        return Err(self.unknown("role", "[roles]", id, known.iter().map(String::as_str)));
                    }
                    None if people.contains_key(id.get_ref()) || is_group(id.get_ref()) => {}
                    None => {
                        let known = people.keys().map(String::as_str);
                        return Err(self.unknown("person", "[people.ID]", id, known));
                    }
                }
            }
        }
        let mut roles = BTreeMap::new();
        for role in raw.keys() {
            let mut ids = Vec::new();
            self.members(&raw, role.get_ref(), &mut Vec::new(), &mut ids)?;
            roles.insert(role.get_ref().clone(), ids);
        }
        Ok(roles)
    }

    /// Adds everybody a role means. `above`: the roles it is looked at for, by which a circle is noticed.
    fn members(
        &self,
        raw: &RawRoles,
        role: &str,
        above: &mut Vec<String>,
        out: &mut Vec<String>,
    ) -> Result<(), ConfigProblem> {
        let Some((_, ids)) = raw.iter().find(|(name, _)| name.get_ref() == role) else { return Ok(()) };
        above.push(role.to_owned());
        for id in ids {
            match id.get_ref().strip_prefix("role:") {
                Some(other) if above.iter().any(|a| a == other) => {
                    let circle = [above.as_slice(), &[other.to_owned()]].concat().join(" → ");
                    return Err(self.wrong(id.span(), format!("Roles go in a circle: {circle}. Name people instead.")));
                }
                Some(other) => self.members(raw, other, above, out)?,
                None if out.contains(id.get_ref()) => {}
                None => out.push(id.get_ref().clone()),
            }
        }
        above.pop();
        Ok(())
    }
}
