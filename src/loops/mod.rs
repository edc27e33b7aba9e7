//! What runs by itself: each loop is a step function, tested with a hand-wound clock, and a thin loop around it.

pub mod heartbeat;
pub mod outbox;
pub mod timers;
