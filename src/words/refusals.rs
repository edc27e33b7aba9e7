//! What people read when a command changes nothing: what was wrong, and what would work here.

use crate::card::{Button, compose, kinds};
use crate::domain::checklist::Number;
use crate::domain::command::Mark;
use crate::domain::deployment::{Closed, Deployment};
use crate::domain::refusal::Refusal;
use crate::domain::status::Status;
use crate::domain::time::{Timestamp, span};
use crate::markdown::escape;
use chrono_tz::Tz;

/// The word for what stands.
pub fn state_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Tick => "ticked",
        Mark::Untick => "open",
        Mark::Skip => "skipped",
        Mark::Fail => "failed",
        Mark::Block => "blocked",
    }
}

/// The command's word.
pub fn command_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Tick => "tick",
        Mark::Untick => "untick",
        Mark::Skip => "skip",
        Mark::Fail => "fail",
        Mark::Block => "block",
    }
}

fn named(d: &Deployment, n: &Number) -> String {
    format!("{n} *{}*", escape(&short(&d.plan.text(n), 80)))
}

fn short(text: &str, max: usize) -> String {
    if text.chars().count() <= max { text.to_owned() } else { text.chars().take(max - 1).chain(['…']).collect() }
}

fn list(numbers: &[Number]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A day from which on the hour alone does not say when it was, in milliseconds.
const LONG_AGO_MS: i64 = 12 * 3_600_000;

/// `10:00 UTC`, with the day where it is not clear.
fn hour(now: Timestamp, then: Timestamp) -> String {
    let format = if now.since_ms(then) < LONG_AGO_MS { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    then.utc().format(format).to_string()
}

/// `12 min ago (10:00 UTC)`.
fn ago(now: Timestamp, then: Timestamp) -> String {
    match now.since_ms(then) {
        ..1000 => format!("just now ({})", hour(now, then)),
        ms => format!("{} ago ({})", span(ms), hour(now, then)),
    }
}

/// `since 10:00 UTC (12 min)`.
fn since(now: Timestamp, then: Timestamp) -> String {
    format!("since {} ({})", hour(now, then), span(now.since_ms(then)))
}

/// A channel as a sentence names it.
pub fn place(channel: &str) -> String {
    format!("`{}`", channel.strip_prefix("console:").unwrap_or(channel))
}

/// The sentence for a refusal, as Markdown.
pub fn refusal(d: &Deployment, r: &Refusal, now: Timestamp, zone: Tz) -> String {
    let id = d.id;
    match r {
        Refusal::NoSuchItem { said, near } if near.is_empty() => format!(
            "There is no item {said} in #{id}. Its sections are {}. `/deploy next` shows what is up.",
            sections(d)
        ),
        Refusal::NoSuchItem { said, near } => {
            format!("There is no item {said} in #{id}. Near it: {}. Try `/deploy show {}`.", list(near), near[0])
        }
        Refusal::NoMatch { said } => format!(
            "No item of #{id} has the words “{}”. Use a number: `/deploy tick {}`.",
            escape(&short(said, 80)),
            example(d)
        ),
        Refusal::Ambiguous { said, matches, count } => {
            let more = count.saturating_sub(matches.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("“{}” could mean {}{more}. Say the number.", escape(&short(said, 80)), list(matches))
        }
        Refusal::Backwards { from, to } => {
            format!("The range ends before it begins. Did you mean `{to}-{from}`?")
        }
        Refusal::TooMany { count } => format!(
            "That means {count} items; one command changes at most {}. Nothing changed. Name a smaller range.",
            crate::domain::resolve::MAX_ITEMS
        ),
        Refusal::Already { item, mark, by, at } => format!(
            "{} was {} already, by {} {}. Nothing changed.",
            named(d, item),
            state_word(*mark),
            escape(&by.name),
            ago(now, *at)
        ),
        Refusal::NotMarked { item } => format!("{} is open: there is nothing to take back.", named(d, item)),
        Refusal::NotByThisReaction { item, by, at } => format!(
            "{} stays as it is: {} set it another way, {}. To reopen it: `/deploy untick {item}`.",
            named(d, item),
            escape(&by.name),
            ago(now, *at)
        ),
        Refusal::LeftAsIs { item, mark } => format!(
            "{} is {} and was left as it is. Name it alone to change it, for instance `/deploy untick {item}`.",
            named(d, item),
            state_word(*mark)
        ),
        Refusal::Closed { item, why } => closed(d, item, *why),
        Refusal::OtherEnvironment { item, environment } => format!(
            "{} is for {} only; this deployment goes to {}.",
            named(d, item),
            escape(environment),
            escape(&d.environment)
        ),
        Refusal::AlreadyFollows { channel } => format!("#{id} is shown in {} already.", place(channel)),
        Refusal::NotFollowing { channel } => {
            let all: Vec<String> = d.channels().map(place).collect();
            format!("#{id} is not shown in {}. It is shown in {}.", place(channel), all.join(", "))
        }
        Refusal::HomeChannel => format!("#{id} was started here, and here it stays."),
        Refusal::TooManyChannels { limit } => {
            format!(
                "#{id} is shown in {limit} channels, the most there may be. `/deploy unfollow CHANNEL` takes one away."
            )
        }
        Refusal::NothingToDo => "Nothing of that is left to do. Nothing changed.".into(),
        Refusal::ReasonNeeded { mark, item } => {
            let word = command_word(*mark);
            format!("{} needs a reason: `/deploy {word} {item} the reason`.", capital(word))
        }
        Refusal::OnHold { reason, since: from } => format!(
            "#{id} has been on hold {}: {}. Nothing is ticked or finished while it is held. `/deploy resume` goes on.",
            since(now, *from),
            escape(reason)
        ),
        Refusal::WrongStatus { status, reason, at } => wrong_status(d, *status, reason.as_deref(), *at, now),
        Refusal::RequiredOpen { items, count } => {
            let lines: String = items.iter().map(|n| format!("\n- {}", named(d, n))).collect();
            let more = count.saturating_sub(items.len());
            let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
            format!(
                "#{id} cannot finish: {count} required {} open.{lines}{more}\n\nTick or skip them, or end it with \
                 `/deploy partial the reason`.",
                if *count == 1 { "item is" } else { "items are" }
            )
        }
        Refusal::NoAuthority { roles } if roles.is_empty() => {
            "Nobody may finish with required items open: no role is configured for it. Add `override` under `[rules]` \
             in the configuration, or end with `/deploy partial the reason`."
                .into()
        }
        Refusal::NoAuthority { roles } => format!(
            "Only {} may finish with required items open. Ask one of them, or end with `/deploy partial the reason`.",
            escape(&roles.join(" or "))
        ),
        Refusal::NoSuchField { said, fields } if fields.is_empty() => format!(
            "This checklist has no fields, so “{}” cannot be filled. Keep it as a note: `/deploy note {}`.",
            escape(&short(said, 60)),
            escape(&short(said, 60))
        ),
        Refusal::NoSuchField { said, fields } => {
            let shown: Vec<String> = fields.iter().take(12).map(|f| escape(f)).collect();
            let more = fields.len().saturating_sub(shown.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "There is no field “{}”. Fields: {}{more}. For example `/deploy fill \"{}\" value`.",
                escape(&short(said, 60)),
                shown.join(", "),
                fields[0]
            )
        }
        Refusal::NotAChoice { field, choices } => format!(
            "{} is one of {}. For example `/deploy fill \"{field}\" {}`.",
            escape(field),
            escape(&choices.join(", ")),
            choices[0]
        ),
        Refusal::ValueNeeded { field, choices } if choices.is_empty() => {
            format!("Say what goes into {}: `/deploy fill \"{field}\" value`.", escape(field))
        }
        Refusal::ValueNeeded { field, choices } => {
            format!(
                "{}: {}? For example `/deploy fill \"{field}\" {}`.",
                escape(field),
                escape(&choices.join(", ")),
                choices[0]
            )
        }
        Refusal::ChoiceNeeded { item, choices } => format!(
            "{} is one of {}. For example `/deploy tick {item} {}`.",
            named(d, item),
            escape(&choices.join(", ")),
            choices.first().map_or("", String::as_str)
        ),
        Refusal::NotOnDemand { section } => {
            let lists: Vec<String> = d.on_demand().map(|s| compose::section_name(d, s.number)).collect();
            match lists.is_empty() {
                true => format!("#{id} has no list {section} to open now."),
                false => format!("There is no list {section} to open. There are {}.", escape(&lists.join(", "))),
            }
        }
        Refusal::AutomaticField { field } => format!("{} is filled by Rollcall itself.", escape(field)),
        Refusal::AlreadyLeads { to } => format!("{} leads #{id} already. Nothing changed.", escape(&to.name)),
        Refusal::LockTaken { holder } => format!(
            "#{holder} is under way on {} now; #{id} cannot be rolled back under it. Roll back #{holder}, or wait for it.",
            escape(&d.environment)
        ),
        Refusal::NobodyNamed { .. }
        | Refusal::NoMessage
        | Refusal::TooManyPages { .. }
        | Refusal::NoSuchPage { .. }
        | Refusal::NoPages
        | Refusal::WhichPage { .. }
        | Refusal::PageTaken { .. }
        | Refusal::PageOver { .. } => super::paging::refusal(d, r, now).unwrap_or_default(),
        Refusal::StartsThen { at } => {
            format!("#{id} is scheduled for {} already. Nothing changed.", super::standing::moment(*at, zone))
        }
        Refusal::NotSnoozed { item: None } => {
            format!("No reminders of #{id} are snoozed. `/deploy snooze 30m` keeps them quiet for half an hour.")
        }
        Refusal::NotSnoozed { item: Some(item) } => {
            format!("Reminders of {item} are not snoozed. `/deploy snooze off` ends all that is.")
        }
        Refusal::Stale => "That moment has passed; nothing changed.".into(),
        Refusal::LogFull { limit } => format!(
            "The record of #{id} is full: it has {limit} entries. Only its outcome can still be recorded: `/deploy partial the \
             reason`."
        ),
    }
}

fn closed(d: &Deployment, item: &Number, why: Closed) -> String {
    let item = named(d, item);
    match why {
        Closed::NotStarted => format!("{item} opens when #{} starts; it is {}.", d.id, d.status.label()),
        Closed::UntilRollback => {
            format!("{item} belongs to the rollback. It opens with `/deploy rollback the reason`.")
        }
        Closed::UntilSuccess => format!("{item} is for after success. It opens with `/deploy finish`."),
        Closed::UntilRolledBack => format!("{item} is for after a rollback. It opens with `/deploy rolled-back`."),
        Closed::ByRollback => {
            format!("{item} is closed: #{} is rolling back. `/deploy next` shows the rollback.", d.id)
        }
        Closed::Over => format!("{item} is closed: #{} is over ({}).", d.id, d.status.label()),
        Closed::Archived => format!("{item} is closed: #{} is archived. `/deploy record {0}` has all of it.", d.id),
    }
}

fn wrong_status(d: &Deployment, status: Status, reason: Option<&str>, at: Option<Timestamp>, now: Timestamp) -> String {
    let id = d.id;
    let long = at.map(|a| format!(" {}", since(now, a))).unwrap_or_default();
    let when = at.map(|a| format!(" {}", ago(now, a))).unwrap_or_default();
    let why = reason.map(|r| format!(": {}", escape(r))).unwrap_or_default();
    let over = match status {
        Status::Scheduled => {
            let starts = d.start_at.map(|t| t.utc().format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
            return format!(
                "#{id} has not started: it is scheduled for {starts}. `/deploy cancel the reason` takes it back."
            );
        }
        Status::Queued => {
            return format!("#{id} waits in the queue and has not started. `/deploy cancel the reason` takes it out.");
        }
        Status::Active => {
            return format!(
                "That does not apply now: #{id} has been active{long}. `/deploy status` shows where it is."
            );
        }
        Status::Held => return format!("#{id} has been on hold{long}{why}. `/deploy resume` goes on."),
        Status::RollingBack => {
            return format!(
                "#{id} has been rolling back{long}{why}. `/deploy next` shows the rollback; `/deploy rolled-back` ends it."
            );
        }
        Status::Succeeded => "succeeded",
        Status::Partial => "ended in part",
        Status::RolledBack => "was rolled back",
        Status::Cancelled => "was cancelled",
    };
    format!("#{id} is over: it {over}{when}{why}. To deploy again: `/deploy start {}`.", d.version)
}

fn sections(d: &Deployment) -> String {
    let numbers: Vec<u32> = d.plan.sections.iter().map(|s| s.number).collect();
    match numbers.as_slice() {
        [] => "none".into(),
        [one] => one.to_string(),
        few if few.len() <= 6 => few.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        many => {
            let (min, max) = (many.iter().min(), many.iter().max());
            format!("{} to {}", min.unwrap_or(&0), max.unwrap_or(&0))
        }
    }
}

/// A number that would work here.
pub fn example(d: &Deployment) -> Number {
    d.next_up()
        .next()
        .or_else(|| (!d.plan.leaves.is_empty()).then_some(0))
        .map_or_else(|| Number::new(vec![1, 1]), |i| d.plan.leaves[i].number.clone())
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What an ambiguous name could have meant: each choice with its words.
pub fn choices(d: &Deployment, r: &Refusal) -> Vec<(Number, String)> {
    match r {
        Refusal::Ambiguous { matches, .. } => matches
            .iter()
            .filter_map(|n| d.plan.leaf(n))
            .map(|i| (d.plan.leaves[i].number.clone(), compose::line(d, i)))
            .collect(),
        _ => Vec::new(),
    }
}

/// What to press where something is to be chosen.
pub fn picker(d: &Deployment, r: &Refusal) -> Vec<Button> {
    match r {
        Refusal::ChoiceNeeded { item, .. } => {
            d.plan.leaf(item).map(|i| kinds::choice_buttons(d, i)).unwrap_or_default()
        }
        Refusal::ValueNeeded { field, .. } | Refusal::NotAChoice { field, .. } => {
            d.plan.field(field).map(|f| kinds::fill_buttons(d, f)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
