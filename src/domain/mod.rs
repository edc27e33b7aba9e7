//! The rules, pure: no async, no I/O, no clock, no randomness.
//!
//! Reading order: [`checklist`] and [`plan`] (what is walked), [`command`] and [`event`] (what is asked and what
//! happened), [`deployment`] (what the events add up to), [`decide`] and [`react`] (the rules). What the clock does by
//! itself: [`watch`] (criteria), [`agenda`] (windows, and with [`announce`] what is announced), [`remind`], [`schedule`].
//! When the clock itself is wrong: [`set_back`].

pub mod agenda;
pub mod anew;
pub mod announce;
pub mod causes;
pub mod checklist;
pub mod climb;
pub mod closed;
pub mod command;
pub mod decide;
pub mod deployment;
pub mod directory;
pub mod event;
pub mod fields;
pub mod freeze;
pub mod hours;
pub mod judge;
pub mod meaning;
pub mod paging;
pub mod plan;
pub mod policy;
pub mod react;
pub mod refusal;
pub mod remind;
pub mod resolve;
pub mod rotation;
pub mod schedule;
pub mod set_back;
pub mod standing;
pub mod status;
pub mod tally;
pub mod text;
pub mod time;
pub mod watch;
