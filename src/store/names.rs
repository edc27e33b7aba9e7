//! The words the database keeps for surfaces and timers.

use crate::domain::command::{Timer, Via};

pub(super) fn via(via: Via) -> &'static str {
    match via {
        Via::Console => "console",
        Via::Terminal => "terminal",
        Via::Timer => "timer",
        Via::Slack => "slack",
        Via::Discord => "discord",
        Via::Pager => "pager",
    }
}

pub(super) fn via_named(word: &str) -> Option<Via> {
    let all = [Via::Console, Via::Terminal, Via::Timer, Via::Slack, Via::Discord, Via::Pager];
    all.into_iter().find(|v| via(*v) == word)
}

pub(super) fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::Start => "start",
        Timer::Progress => "progress",
        Timer::Archive => "archive",
        Timer::Watch => "watch",
        Timer::Page => "page",
        Timer::Agenda => "agenda",
        Timer::Remind => "remind",
    }
}

pub(super) fn timer_named(word: &str) -> Option<Timer> {
    use Timer::*;
    [Start, Progress, Archive, Watch, Page, Agenda, Remind].into_iter().find(|t| timer(*t) == word)
}
