//! What holds for the whole house: freezes set and lifted, covers, and what they mean for a start.

use super::opening::again;
use super::stage::{By, Stage, lock_of};
use super::{Engine, Envelope, Inner};
use crate::card::{Block, Button, Card, Reply, Style};
use crate::config::Config;
use crate::domain::command::{Person, Timer};
use crate::domain::deployment::Deployment;
use crate::domain::event::{Authority, Event};
use crate::domain::freeze::{Freezes, Frozen, Holding, Scope};
use crate::domain::rotation::Cover;
use crate::domain::standing::{Rights, Ruled, Ruling, Standing, Wish, decide};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::grammar::{Order, Start, When};
use crate::store::{NewRuling, Summary};
use crate::words::{paging, standing as words};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Boards drawn anew at once because a freeze was set or lifted; of more, the newest. The others follow with whatever
/// happens to them next.
const MOST_BOARDS: usize = 500;

/// Why a start may not be, as things stand: the configuration's rules and what people have set.
pub(super) fn freezes<'a>(config: &'a Config, standing: &'a Standing, may_override: &'a [String]) -> Freezes<'a> {
    Freezes { rules: &config.freezes, set: standing.freezes(), may_override }
}

/// The roles that may start in a freeze somebody has set.
pub(super) fn overriding(config: &Config) -> Vec<String> {
    let mut roles = config.rules.freeze.clone();
    roles.extend(config.rules.override_.iter().filter(|r| !config.rules.freeze.contains(r)).cloned());
    roles
}

/// Handles an order.
pub(super) fn order(inner: &Arc<Inner>, stage: &mut Stage<'_>, envelope: &Envelope, order: &Order) -> Reply {
    let config = &inner.config;
    let wish = match wish(config, envelope, order, stage.now()) {
        Ok(wish) => wish,
        Err(sentence) => return Reply::refused(sentence),
    };
    let rights = Rights {
        freeze: config.rules.freeze.clone(),
        rules: config.freezes.iter().map(|r| r.name.clone()).collect(),
        has: stage.roles_of(&envelope.by.id),
    };
    let (standing, at) = (stage.standing(), stage.now());
    let ruling = match decide(&standing, &wish, &envelope.by, at, &rights) {
        Ok(ruling) => ruling,
        Err(refusal) => return Reply::refused(words::refusal(&refusal, at, config.timezone)),
    };
    let by = By { person: &envelope.by, via: envelope.via, reaction: None };
    let lifted = match &ruling {
        Ruling::FreezeLifted { number } => standing.freezes().iter().find(|f| f.number == *number).cloned(),
        _ => None,
    };
    let seq = stage.rule(ruling.clone(), &by);
    let standing = stage.standing();
    let roles = overriding(config);
    let freezes = freezes(config, &standing, &roles);
    let still = lifted.as_ref().map(|freeze| freezes.over(&freeze.scope(), at)).unwrap_or_default();
    let said = words::announced(&ruling, lifted.as_ref(), &still, &envelope.by, config.timezone);
    if let Some(card) = said {
        stage.post(&envelope.channel, format!("house/{seq}@{}", envelope.channel), card);
    }
    let scope = match (&ruling, &lifted) {
        (Ruling::FreezeSet { environment, service, .. }, _) => Some(Scope {
            services: service.iter().cloned().collect(),
            environments: environment.iter().cloned().collect(),
        }),
        (_, Some(freeze)) => Some(freeze.scope()),
        _ => None,
    };
    if let Some(scope) = scope {
        stage.freezes_changed(&scope);
    }
    Reply::ok(words::done(&ruling, &still, at, config.timezone))
}

fn wish(config: &Config, envelope: &Envelope, order: &Order, now: Timestamp) -> Result<Wish, String> {
    Ok(match order {
        Order::Freeze { reason, until, environment, service } => {
            let until = until.map(|w| w.resolve_for("until", now, config.timezone)).transpose()?;
            let environment = environment.as_ref().map(|e| e.to_lowercase());
            Wish::Freeze { reason: reason.clone(), until, environment, service: service.clone() }
        }
        Order::Unfreeze { which } => Wish::Unfreeze { which: which.clone() },
        Order::Cover { rotation, person, from, until } => {
            let mentioned = envelope.mentioned.iter().find(|p| p.id.eq_ignore_ascii_case(&person.name));
            let person = match mentioned {
                Some(person) => person.clone(),
                None if person.name.eq_ignore_ascii_case("me") => envelope.by.clone(),
                None => config.identify(&person.name),
            };
            reachable(config, &person)?;
            let from = from.map(|w| w.resolve_for("from", now, config.timezone)).transpose()?.unwrap_or(now);
            let until = until.resolve_for("until", now, config.timezone)?;
            Wish::Cover(Cover { rotation: self::rotation(config, rotation)?, person, from, until })
        }
        Order::Uncover { rotation } => Wish::Uncover { rotation: self::rotation(config, rotation)? },
    })
}

/// Who stands in takes the calls: somebody nobody can reach would leave a rotation with nobody.
fn reachable(config: &Config, person: &Person) -> Result<(), String> {
    if !config.directory.addresses(&person.id, &[], "channel").is_empty() {
        return Ok(());
    }
    let text = match config.people.contains_key(&*person.id) {
        true => paging::unreachable(std::slice::from_ref(person)),
        false => {
            let near = crate::near::nearest(&person.name, config.people.keys().map(String::as_str));
            paging::cannot_cover(person, near)
        }
    };
    Err(text)
}

/// Whether a start may be at that moment (none: now): nothing in its way, the event of whoever may start all the same, or
/// the refusal with what else can be done.
pub(super) fn let_through(
    stage: &Stage<'_>,
    envelope: &Envelope,
    wish: &Start,
    then: Option<Timestamp>,
) -> Result<Option<Event>, Box<Reply>> {
    let (service, environment) = (wish.service.as_deref().unwrap_or(""), wish.environment.as_deref().unwrap_or(""));
    let frozen = match wish.rehearse {
        true => None,
        false => stage.frozen(service, environment, then.unwrap_or(stage.now()), &[]),
    };
    let Some(frozen) = frozen else { return Ok(None) };
    let (zone, has) = (stage.config().timezone, stage.roles_of(&envelope.by.id));
    let role_for = |h: &Holding| h.may_override.iter().find(|role| has.contains(*role)).cloned();
    let Some(reason) = &wish.override_ else {
        let mut choices = Vec::new();
        if let Some(free) = frozen.free_at {
            let at = free.to_minute().utc().with_timezone(&zone);
            let later = Start { at: Some(When::Exact(at.fixed_offset())), queue: false, ..wish.clone() };
            let mut button = Button::new(format!("Start {}", words::moment(free.to_minute(), zone)), again(&later, ""));
            button.style = Style::Primary;
            choices.push(button);
        }
        if frozen.holding.iter().all(|h| role_for(h).is_some()) {
            let mut button = Button::new("Start all the same", again(wish, "--override"));
            button.style = Style::Danger;
            button.ask = Some("Why may it start in a freeze?".into());
            choices.push(button);
        }
        let said = words::frozen(&frozen, service, environment, then, zone);
        return Err(Box::new(Reply::refused(said).with_choices(choices)));
    };
    if let Some(other) = frozen.holding.iter().find(|h| role_for(h).is_none()) {
        return Err(Box::new(Reply::refused(words::no_authority(other, zone))));
    }
    let role = frozen.first().and_then(role_for).unwrap_or_default();
    let freezes = frozen.holding.into_iter().map(|h| h.name).collect();
    Ok(Some(Event::FreezeOverridden { authority: Authority { role, reason: reason.clone() }, freezes }))
}

/// Whether a scheduled start may move to that moment. Freezes it was let through may hold there, too.
pub(super) fn moved(stage: &Stage<'_>, id: u64, at: Timestamp) -> Result<(), Reply> {
    let Some(d) = stage.peek(id).filter(|d| !d.rehearsal && d.status == Status::Scheduled) else { return Ok(()) };
    let except = d.overridden.as_ref().map_or(&[][..], |o| &o.freezes);
    let Some(frozen) = stage.frozen(&d.service, &d.environment, at, except) else { return Ok(()) };
    let zone = stage.config().timezone;
    let mut choices = Vec::new();
    if let Some(free) = frozen.free_at {
        // What is cut off would lie in the freeze still; what comes twice in a night has its offset.
        let then = free.to_minute().utc().with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z");
        let mut button = Button::new(
            format!("Move to {}", words::moment(free.to_minute(), zone)),
            format!("#{id} reschedule {then}"),
        );
        button.style = Style::Primary;
        choices.push(button);
    }
    Err(Reply::refused(words::frozen(&frozen, &d.service, &d.environment, Some(at), zone)).with_choices(choices))
}

/// The rotation of that name, however it is spelled; the refusal names what there is.
fn rotation(config: &Config, said: &str) -> Result<String, String> {
    let known = || config.directory.rotations.keys();
    let found = known().find(|name| name.eq_ignore_ascii_case(said)).cloned();
    found.ok_or_else(|| match config.directory.rotations.is_empty() {
        true => paging::NO_ROTATIONS.to_owned(),
        false => paging::no_such_rotation(&config.directory, said),
    })
}

impl Stage<'_> {
    /// Records a ruling; its place in the journal.
    pub(in crate::engine) fn rule(&mut self, ruling: Ruling, by: &By<'_>) -> u64 {
        let (standing, head) = self.kept_standing();
        let mut standing = standing.as_ref().clone();
        let (seq, at) = (standing.seq + 1, self.now().max(standing.at));
        let ruled = Ruled { seq, at, by: by.person.clone(), via: by.via, ruling };
        standing.evolve(&ruled);
        let new = NewRuling::after(head, ruled);
        self.keep_standing(Arc::new(standing), new.hash);
        self.batch.rulings.push(new);
        seq
    }

    /// What stands as this unit leaves it.
    pub(in crate::engine) fn standing(&self) -> Arc<Standing> {
        self.kept_standing().0
    }

    /// Why a start may not be at a moment, but for the freezes named in `except`.
    pub(in crate::engine) fn frozen(
        &self,
        service: &str,
        environment: &str,
        at: Timestamp,
        except: &[String],
    ) -> Option<Frozen> {
        let (standing, roles) = (self.standing(), overriding(self.config()));
        freezes(self.config(), &standing, &roles).frozen(service, environment, at, except)
    }

    /// A freeze was set or lifted: boards say so, and whoever waits looks again.
    fn freezes_changed(&mut self, scope: &Scope) {
        let here = |s: &Summary| !s.rehearsal && scope.covers(&s.service, &s.environment);
        let concerned = self.open(here);
        for s in concerned.iter().rev().filter(|s| s.status.is_under_way()).take(MOST_BOARDS) {
            self.show_board_of(s);
        }
        // Of those in a queue, the first: the others' turn has not come.
        let mut queues = BTreeSet::new();
        let waits = |s: &&Summary| match s.status {
            Status::Scheduled => true,
            Status::Queued => queues.insert(lock_of(s)),
            _ => false,
        };
        for s in concerned.iter().filter(waits) {
            self.batch.timers.push((s.id, Timer::Start, Some(super::stage::AT_ONCE)));
        }
    }
}

impl Engine {
    /// What stands for the whole house: freezes set, covers, proofs.
    pub fn standing(&self) -> Arc<Standing> {
        self.inner.house.standing()
    }

    /// A deployment's board, with what the house says of it besides.
    pub(super) fn board(&self, d: &Deployment) -> Card {
        let now = self.now();
        let mut card = crate::card::compose::board(d, now);
        self.add_freeze(d, &mut card);
        card
    }

    /// A freeze never touches what is under way, but its board says that one has begun.
    pub(super) fn add_freeze(&self, d: &Deployment, card: &mut Card) {
        if d.rehearsal || !d.status.is_under_way() {
            return;
        }
        let (config, standing) = (&self.inner.config, self.standing());
        let roles = overriding(config);
        let freezes = freezes(config, &standing, &roles);
        let mut holding = freezes.holding(&d.service, &d.environment, self.now(), &[]);
        // A window that is closed says nothing to what has started in it.
        holding.retain(|h| h.since.is_some());
        if let Some(first) = holding.first() {
            let at = card.blocks.iter().position(|b| matches!(b, Block::Context { .. })).unwrap_or(card.blocks.len());
            card.blocks.insert(at, Block::Context { text: words::on_board(first, config.timezone) });
        }
    }

    pub(super) fn freezes(&self) -> Reply {
        let (config, standing, now) = (&self.inner.config, self.standing(), self.now());
        let roles = overriding(config);
        Reply::ok(words::freezes(&freezes(config, &standing, &roles), now, config.timezone))
    }
}
