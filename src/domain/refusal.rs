//! Why a command is refused, as data. The words are in `words::refusals`.

use super::checklist::Number;
use super::command::{Mark, Person};
use super::deployment::Closed;
use super::status::Status;
use super::time::Timestamp;

/// A command that changes nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No item of that number; the nearest that exist.
    NoSuchItem { said: String, near: Vec<Number> },
    /// No item has these words.
    NoMatch { said: String },
    /// More than one item has these words: at most ten of them, and how many in all.
    Ambiguous { said: String, matches: Vec<Number>, count: usize },
    /// A range whose end stands before its start.
    Backwards { from: Number, to: Number },
    /// More items at once than one command may change.
    TooMany { count: usize },
    /// It stands in that state already.
    Already { item: Number, mark: Mark, by: Person, at: Timestamp },
    /// It is open: nothing to take back.
    NotMarked { item: Number },
    /// A reaction was taken away, but something else put the item in its state.
    NotByThisReaction { item: Number, by: Person, at: Timestamp },
    /// It was one of several that a range or a parent's number means, and somebody has marked it: left as it is.
    LeftAsIs { item: Number, mark: Mark },
    /// Its branch is not open.
    Closed { item: Number, why: Closed },
    /// It applies to another environment.
    OtherEnvironment { item: Number, environment: String },
    /// Nothing of what was named is left to do.
    NothingToDo,
    /// This command needs a reason.
    ReasonNeeded { mark: Mark, item: Number },
    /// The deployment is on hold.
    OnHold { reason: String, since: Timestamp },
    /// The command does not fit the status.
    WrongStatus { status: Status, reason: Option<String>, at: Option<Timestamp> },
    /// Required items are open: at most ten of them, and how many in all.
    RequiredOpen { items: Vec<Number>, count: usize },
    /// Only these roles may finish with required items open. Empty: no role is configured for it.
    NoAuthority { roles: Vec<String> },
    /// No such field; the ones there are.
    NoSuchField { said: String, fields: Vec<String> },
    /// The value is none of the field's choices.
    NotAChoice { field: String, choices: Vec<String> },
    /// A field was named without a value; what it offers to choose from.
    ValueNeeded { field: String, choices: Vec<String> },
    /// One of these is to be chosen by ticking it.
    ChoiceNeeded { item: Number, choices: Vec<String> },
    /// No list on demand has that number, or it cannot be opened now.
    NotOnDemand { section: u32 },
    /// Filled by Rollcall itself.
    AutomaticField { field: String },
    /// That person leads it already.
    AlreadyLeads { to: Person },
    /// Another deployment is under way where this one was.
    LockTaken { holder: u64 },
    /// That channel shows it already.
    AlreadyFollows { channel: String },
    /// That channel does not show it.
    NotFollowing { channel: String },
    /// Where it was started it is always shown.
    HomeChannel,
    /// As many channels show it as may.
    TooManyChannels { limit: usize },
    /// The timer's moment has passed or the state has moved on.
    Stale,
    /// Nobody of that name can be paged; the nearest name.
    NobodyNamed { said: String, near: Option<String> },
    /// Somebody is named, but nothing is said to them.
    NoMessage,
    /// A deployment has no more pages than this.
    TooManyPages { limit: usize },
    /// There is no page of that number; those there are.
    NoSuchPage { page: u32, pages: Vec<u32> },
    /// There is no page at all.
    NoPages,
    /// More than one page could be meant.
    WhichPage { pages: Vec<u32> },
    /// Somebody has it.
    PageTaken { page: u32, by: Person, at: Timestamp },
    /// It is resolved.
    PageOver { page: u32 },
    /// It starts at that very moment already.
    StartsThen { at: Timestamp },
    /// Nothing there is snoozed.
    NotSnoozed { item: Option<Number> },
    /// The log of this deployment is full.
    LogFull { limit: u64 },
}
