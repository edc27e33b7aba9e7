//! Escalation policies, and how often one person may be called.

use super::ConfigProblem;
use super::read::{Reader, line, shown};
use crate::domain::directory::{Directory, Escalation, Low, MAX_REPEAT, MAX_STEPS, MAX_TARGETS, Step, Target};
use crate::domain::time::{parse_span, span};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The longest delay, in milliseconds: a page that waits longer is a reminder.
const DAY_MS: i64 = 86_400_000;
/// The shortest delay between two steps: nobody answers sooner.
const LEAST_MS: i64 = 10_000;
/// The shortest and longest time to resolve what was acknowledged, in milliseconds.
const LEAST_TIMEOUT_MS: i64 = 60_000;
const LONGEST_TIMEOUT_MS: i64 = 7 * DAY_MS;
/// Calls to one person in an hour that may be configured.
const PER_HOUR: std::ops::RangeInclusive<i64> = 1..=120;
/// Policies there may be.
const MOST: usize = 200;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table with `per_hour`")]
pub(super) struct RawPaging {
    per_hour: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[policies.NAME]`")]
pub(super) struct RawPolicy {
    #[serde(default)]
    environments: Vec<Spanned<String>>,
    #[serde(default)]
    steps: Vec<RawStep>,
    repeat: Option<Spanned<i64>>,
    ack_timeout: Option<Spanned<String>>,
    low: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `[[policies.NAME.steps]]`")]
struct RawStep {
    after: Option<Spanned<String>>,
    targets: Spanned<Vec<Spanned<String>>>,
    ways: Option<Spanned<Vec<Spanned<String>>>>,
}

impl Reader<'_> {
    /// How often one person may be called in an hour.
    pub(super) fn limits(&self, raw: &RawPaging, directory: &mut Directory) -> Result<(), ConfigProblem> {
        if let Some(said) = &raw.per_hour {
            let fits = Some(*said.get_ref()).filter(|n| PER_HOUR.contains(n)).and_then(|n| usize::try_from(n).ok());
            directory.per_hour = fits.ok_or_else(|| {
                let message = format!("`per_hour` is from {} to {}.", PER_HOUR.start(), PER_HOUR.end());
                self.wrong(said.span(), message)
            })?;
        }
        Ok(())
    }

    /// Puts the policies into the directory, whose people, roles and rotations are there.
    pub(super) fn policies(
        &self,
        raw: BTreeMap<Spanned<String>, RawPolicy>,
        directory: &mut Directory,
    ) -> Result<(), ConfigProblem> {
        if raw.len() > MOST {
            let span = raw.keys().next().map_or(0..0, Spanned::span);
            return Err(self.wrong(span, format!("There may be at most {MOST} policies.")));
        }
        // Which policy an environment has must not depend on the order they stand in.
        let mut taken: Vec<(String, String)> = Vec::new();
        for (name, policy) in raw {
            self.name("policy", &name, 40)?;
            let environments: Vec<&str> = match policy.environments.as_slice() {
                [] => vec![""],
                some => some.iter().map(|e| e.get_ref().as_str()).collect(),
            };
            for environment in environments {
                let same =
                    |(other, _): &&(String, String)| crate::domain::deployment::same_environment(other, environment);
                if let Some((_, other)) = taken.iter().find(same) {
                    let what = match environment {
                        "" => "every environment without one of its own".to_owned(),
                        environment => format!("`{}`", shown(environment)),
                    };
                    let message = format!(
                        "The policies `{other}` and `{}` are both for {what}. Give each its own `environments`.",
                        name.get_ref()
                    );
                    return Err(self.wrong(name.span(), message));
                }
                taken.push((environment.to_owned(), name.get_ref().clone()));
            }
            let escalation = self.policy(&name, policy, directory)?;
            if !escalation.steps.iter().flat_map(|s| &s.targets).any(|t| directory.may_reach(t)) {
                let message = format!(
                    "The policy `{}` reaches nobody: none of its targets has a way to be reached. Add contacts under \
                     `[people.ID]`, or the target \"channel\".",
                    name.get_ref()
                );
                return Err(self.wrong(name.span(), message));
            }
            directory.lines.insert(format!("policies.{}", name.get_ref()), line(self.text, name.span().start));
            directory.policies.insert(name.into_inner(), escalation);
        }
        Ok(())
    }

    fn policy(
        &self,
        name: &Spanned<String>,
        raw: RawPolicy,
        directory: &Directory,
    ) -> Result<Escalation, ConfigProblem> {
        for environment in &raw.environments {
            self.name("environment", environment, 40)?;
        }
        if raw.steps.is_empty() || raw.steps.len() > MAX_STEPS {
            let message = format!(
                "The policy `{0}` needs 1 to {MAX_STEPS} steps: `[[policies.{0}.steps]]` with `targets`, and `after` from \
                 the second on.",
                name.get_ref()
            );
            return Err(self.wrong(name.span(), message));
        }
        let mut steps = Vec::with_capacity(raw.steps.len());
        for (n, step) in raw.steps.iter().enumerate() {
            steps.push(self.step(n, step, directory)?);
        }
        let repeat = match &raw.repeat {
            None => 0,
            Some(said) => u32::try_from(*said.get_ref()).ok().filter(|n| *n <= MAX_REPEAT).ok_or_else(|| {
                self.wrong(
                    said.span(),
                    format!("`repeat` is how often the steps are gone through again, 0 to {MAX_REPEAT}."),
                )
            })?,
        };
        let ack_timeout_ms = match &raw.ack_timeout {
            None => None,
            Some(said) => {
                let fits = |ms: &i64| (LEAST_TIMEOUT_MS..=LONGEST_TIMEOUT_MS).contains(ms);
                let ms = parse_span(said.get_ref(), 60_000).filter(fits);
                Some(ms.ok_or_else(|| {
                    let message =
                        "`ack_timeout` is how long somebody who acknowledged may take, from \"1m\" to \"7d\".";
                    self.wrong(said.span(), message)
                })?)
            }
        };
        let known = [("office-hours", Low::OfficeHours), ("channel", Low::Channel), ("as-high", Low::AsHigh)];
        let low = self.choice(raw.low, "low", &known)?;
        let environments = raw.environments.into_iter().map(Spanned::into_inner).collect();
        Ok(Escalation { environments, steps, repeat, ack_timeout_ms, low })
    }

    fn step(&self, n: usize, raw: &RawStep, directory: &Directory) -> Result<Step, ConfigProblem> {
        let after_ms = match &raw.after {
            None if n == 0 => 0,
            None => {
                let message = "This step needs `after`: how long after the one before it, for instance \"5m\".";
                return Err(self.wrong(raw.targets.span(), message));
            }
            Some(said) => {
                let wrong = |message: String| self.wrong(said.span(), message);
                let read = parse_span(said.get_ref(), 60_000);
                let ms = read.ok_or_else(|| wrong("`after` is a time such as \"5m\", \"90s\" or \"1h\".".into()))?;
                if ms == 0 && n > 0 {
                    return Err(wrong(
                        "Only the first step may come at once; this one needs a delay such as \"5m\".".into(),
                    ));
                }
                if ms > 0 && ms < LEAST_MS {
                    return Err(wrong(format!("Nobody answers within {}; at least 10 s lie between steps.", span(ms))));
                }
                if ms > DAY_MS {
                    return Err(wrong(format!("{} is too long for a step; at most a day.", span(ms))));
                }
                ms
            }
        };
        let targets = raw.targets.get_ref();
        if targets.is_empty() || targets.len() > MAX_TARGETS {
            return Err(self.wrong(raw.targets.span(), format!("A step has 1 to {MAX_TARGETS} targets.")));
        }
        let targets = targets.iter().map(|t| self.target(t, directory)).collect::<Result<_, _>>()?;
        Ok(Step { after_ms, targets, ways: self.in_order(raw.ways.as_ref())? })
    }

    fn target(&self, said: &Spanned<String>, directory: &Directory) -> Result<Target, ConfigProblem> {
        let Some(target) = Target::parse(said.get_ref()) else {
            let message = "A target is a person's id, \"role:NAME\", \"rotation:NAME\", \"channel\", \
                           \"channel:slack:C0123\", \"pagerduty:SERVICE\" or \"webhook:NAME\".";
            return Err(self.wrong(said.span(), message));
        };
        let known: (&str, &str, bool, Vec<String>) = match &target {
            Target::Person(id) => {
                let people = directory.people.keys().cloned();
                let roles = directory.roles.keys().map(|r| format!("role:{r}"));
                let rotations = directory.rotations.keys().map(|r| format!("rotation:{r}"));
                let all = people.chain(roles).chain(rotations).chain(["channel".to_owned()]).collect();
                ("person", "[people.ID]", directory.people.contains_key(id), all)
            }
            Target::Role(name) => {
                let all = directory.roles.keys().map(|r| format!("role:{r}")).collect();
                ("role", "[roles]", directory.roles.contains_key(name), all)
            }
            Target::Rotation(name) => {
                let all = directory.rotations.keys().map(|r| format!("rotation:{r}")).collect();
                ("rotation", "[rotations.NAME]", directory.rotations.contains_key(name), all)
            }
            Target::Channel(Some(channel)) => {
                self.address(Spanned::new(said.span(), channel.clone()))?;
                return Ok(target);
            }
            Target::Webhook(name) => {
                let all = directory.webhooks.iter().map(|w| format!("webhook:{w}")).collect();
                ("webhook", "[webhooks.NAME]", directory.webhooks.contains(name), all)
            }
            Target::Pagerduty(name) => {
                let all = directory.services.iter().map(|s| format!("pagerduty:{s}")).collect();
                ("service", "[pagerduty.NAME]", directory.services.contains(name), all)
            }
            Target::Channel(None) => return Ok(target),
        };
        let (what, place, there, all) = known;
        match there {
            true => Ok(target),
            false => Err(self.unknown(what, place, said, all.iter().map(String::as_str))),
        }
    }
}
