//! The rules of a walk, one by one: given events, when somebody says something, then these events or this refusal.

mod any_of;
mod calendar;
mod dsl;
mod events;
mod finding;
mod freeze;
mod life;
mod marks;
mod on_call;
mod paging;
mod plan;
mod properties;
mod reactions;
mod standing;
mod time;
mod walk;
mod watch;
