//! What is said to those who can act, and announcements: where each goes.

use super::stage::Stage;
use crate::card::{compose, kinds};
use crate::domain::command::Person;
use crate::domain::deployment::Deployment;
use crate::domain::event::Recorded;
use crate::domain::react::Occasion;
use crate::words::facts::{self, Moment};
use crate::words::{Template, occasions};

impl Stage<'_> {
    /// Speaks to people in the channel where the deployment was started, not in those that only follow it: in the
    /// channel itself if `loud`, else in the thread. And to each by a direct message, but not to practise.
    pub(super) fn remind(
        &mut self,
        (occasion, call, loud): (Occasion, &[Person], bool),
        before: &Deployment,
        d: &Deployment,
        recorded: &Recorded,
    ) {
        let facts = facts::of(&Moment { before, after: d, recorded });
        let text = self.text(occasions::template(occasion), &facts, d);
        let mut card = compose::post(d, occasion, crate::markdown::lines(&text));
        card.buttons = kinds::post_buttons(d, &recorded.event);
        let name = format!("{}/{}", recorded.seq, occasions::word(occasion));
        if !d.rehearsal {
            let addresses: Vec<String> = call.iter().filter_map(|p| self.direct(p, &d.channel)).collect();
            for address in addresses {
                self.post_about(d.id, &address, &name, card.clone());
            }
        }
        if !call.is_empty() {
            card.blocks.push(compose::calling(call));
        }
        let thread = (!loud && d.started_at.is_some()).then(|| format!("{}/start@{}", d.id, d.channel));
        self.post_in(d.id, &d.channel, thread, &name, card);
    }

    /// An announcement of the communication timeline.
    pub(super) fn announce(&mut self, entry: u32, before: &Deployment, d: &Deployment, recorded: &Recorded) {
        let index = usize::try_from(entry).unwrap_or(0).saturating_sub(1);
        let Some(announcement) = d.plan.checklist.timeline.get(index) else { return };
        let facts = facts::of(&Moment { before, after: d, recorded });
        let texts = self.rules().texts(d);
        let mut text = texts.announcement(announcement.text.as_deref(), &facts);
        if facts.late.is_some() {
            text.push_str("\n\n");
            // What it was due at is not when it starts.
            text.push_str(&texts.render(Template::Late, &crate::words::Facts { start_at: None, ..facts }));
        }
        let card = compose::post(d, Occasion::Announcement, crate::markdown::lines(&text));
        let name = format!("{}/{}", recorded.seq, occasions::word(Occasion::Announcement));
        match &announcement.channel {
            Some(channel) => self.post_about(d.id, channel, &name, card),
            None => d.channels().for_each(|channel| self.post_about(d.id, channel, &name, card.clone())),
        }
    }

    /// Where somebody is spoken to directly: on the chat the deployment was started in, else on one that is connected.
    fn direct(&self, person: &Person, home: &str) -> Option<String> {
        let rules = self.rules();
        let connected = rules.connected();
        let home = home.split(':').next().unwrap_or_default();
        let platforms = connected.iter().filter(|p| **p == home).chain(connected.iter().filter(|p| **p != home));
        let mut accounts = platforms.filter_map(|p| Some((p, rules.config.account(&person.id, p)?)));
        accounts.next().map(|(platform, account)| format!("{platform}:@{account}"))
    }
}
