//! The rules of a walk, one by one: given events, when somebody says something, then these events or this refusal.

mod any_of;
mod dsl;
mod events;
mod finding;
mod life;
mod marks;
mod plan;
mod properties;
mod reactions;
mod time;
mod walk;
mod watch;
