//! The list of commands.

/// A command's name, for matching without strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Start,
    Status,
    List,
    Next,
    Show,
    Tick,
    Untick,
    Skip,
    Fail,
    Block,
    Assign,
    Note,
    Evidence,
    Fill,
    Hold,
    Resume,
    Handover,
    Progress,
    Rollback,
    RolledBack,
    Finish,
    Partial,
    Cancel,
    Follow,
    Unfollow,
    Checklists,
    History,
    Record,
    Help,
    Page,
    Ack,
    Resolve,
    Escalate,
    OnCall,
    Freeze,
    Unfreeze,
    Freezes,
    Cover,
    Uncover,
    Reschedule,
    Snooze,
}

/// Under which heading help lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Starting, and seeing where things are.
    Overview,
    /// Working through the items.
    Items,
    /// Steering the deployment as a whole.
    Course,
    /// Reaching people.
    People,
    /// How it ends.
    Outcome,
    /// What holds for everybody.
    House,
    /// What is kept.
    Record,
}

impl Group {
    /// In the order help shows them.
    pub const ALL: [Group; 7] =
        [Group::Overview, Group::Items, Group::Course, Group::People, Group::Outcome, Group::House, Group::Record];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Overview => "Start and look",
            Group::Items => "Work through the items",
            Group::Course => "Steer",
            Group::People => "Reach people",
            Group::Outcome => "End",
            Group::House => "For the whole house",
            Group::Record => "Look things up",
        }
    }
}

/// What an argument is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgKind {
    Version,
    Checklist,
    Environment,
    Service,
    Time,
    /// How long: `30m`, `2h`; of reminders also `stop` and `off`.
    Span,
    /// One or more items: numbers, ranges, or words that match one.
    Items,
    /// Exactly one item.
    Item,
    Person,
    /// A field's label.
    Field,
    /// What to write into a field.
    Value,
    Text,
    DeploymentId,
    /// Whom to call: a person, a role, a rotation, a policy.
    Whom,
    /// A page's number.
    Page,
    /// A rotation's name.
    Rotation,
    /// One channel, or several with commas between.
    Channel,
    /// A name of the configuration's, in quotes where it has spaces.
    Name,
    CommandName,
    /// Present or not.
    Flag,
}

/// How an argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// By its place.
    Place,
    /// `name:value`, anywhere after the command.
    Option,
    /// `--name`, with its value after it unless it is a [`ArgKind::Flag`].
    Dashes,
}

/// One argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Lower case: what an option or a platform's typed field is called.
    pub name: &'static str,
    pub kind: ArgKind,
    pub form: Form,
    /// The command makes no sense without it.
    pub required: bool,
    /// What it is, in a few words.
    pub hint: &'static str,
}

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// The word people type.
    pub name: &'static str,
    pub verb: Verb,
    pub group: Group,
    pub args: &'static [Arg],
    /// What it does, as one sentence.
    pub summary: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// One that would work.
    pub example: &'static str,
    /// It concerns one deployment.
    pub on_deployment: bool,
}

impl CommandSpec {
    /// The command of that name, in any case.
    pub fn named(name: &str) -> Option<&'static CommandSpec> {
        COMMANDS.iter().find(|c| c.name.eq_ignore_ascii_case(name))
    }
    /// The argument of that name.
    pub fn arg(&self, name: &str) -> Option<&'static Arg> {
        self.args.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }
}

const fn place(name: &'static str, kind: ArgKind, hint: &'static str) -> Arg {
    Arg { name, kind, form: Form::Place, required: true, hint }
}
const fn maybe(name: &'static str, kind: ArgKind, hint: &'static str) -> Arg {
    Arg { name, kind, form: Form::Place, required: false, hint }
}
const fn option(name: &'static str, kind: ArgKind, hint: &'static str) -> Arg {
    Arg { name, kind, form: Form::Option, required: false, hint }
}
const fn dashes(name: &'static str, kind: ArgKind, hint: &'static str) -> Arg {
    Arg { name, kind, form: Form::Dashes, required: false, hint }
}

const ITEMS: Arg = place("items", ArgKind::Items, "numbers (`3.2`), ranges (`3.1-3.5`), or words that match one item");
const ITEM: Arg = place("item", ArgKind::Item, "its number, or words that match it");
const REASON: Arg = place("reason", ArgKind::Text, "why, for everybody to read");
const CHANNEL: Arg = maybe("channel", ArgKind::Channel, "which channel; without it, the one here");
const PAGE: Arg = maybe("page", ArgKind::Page, "its number; without it, the only one there is");
const ID: Arg = maybe("id", ArgKind::DeploymentId, "the deployment's number; without it, the one here");

/// Every command there is, in the order help lists them.
pub static COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "start",
        verb: Verb::Start,
        group: Group::Overview,
        args: &[
            place("version", ArgKind::Version, "what is deployed"),
            option("checklist", ArgKind::Checklist, "which checklist to walk"),
            option("env", ArgKind::Environment, "where it goes"),
            option("service", ArgKind::Service, "what it is a version of"),
            option("at", ArgKind::Time, "when: `18:30`, `+2h`, `\"tomorrow 18:30\"`, `2026-11-21T18:30`"),
            option("follow", ArgKind::Channel, "channels that show it too, for instance `slack:C0123,#deploys`"),
            dashes("queue", ArgKind::Flag, "wait in line if another deployment is under way there"),
            dashes("rehearse", ArgKind::Flag, "walk the list as practice, marked REHEARSAL"),
            dashes("override", ArgKind::Text, "why it may start in a freeze; takes a role that may say so"),
        ],
        summary: "Starts a deployment, or schedules it with `at:`.",
        usage: "start VERSION [checklist:NAME] [env:ENV] [service:NAME] [at:TIME] [follow:CHANNEL] [--queue] [--rehearse] \
                [--override REASON]",
        example: "start v1.2.0 env:production",
        on_deployment: false,
    },
    CommandSpec {
        name: "status",
        verb: Verb::Status,
        group: Group::Overview,
        args: &[ID],
        summary: "Shows where the deployment stands.",
        usage: "status [ID]",
        example: "status",
        on_deployment: true,
    },
    CommandSpec {
        name: "list",
        verb: Verb::List,
        group: Group::Overview,
        args: &[],
        summary: "Lists the deployments that are scheduled, queued or under way.",
        usage: "list",
        example: "list",
        on_deployment: false,
    },
    CommandSpec {
        name: "next",
        verb: Verb::Next,
        group: Group::Overview,
        args: &[ID],
        summary: "Says what to do now.",
        usage: "next [ID]",
        example: "next",
        on_deployment: true,
    },
    CommandSpec {
        name: "show",
        verb: Verb::Show,
        group: Group::Overview,
        args: &[ITEM],
        summary: "Shows an item or a section in full; opens a list on demand.",
        usage: "show ITEM",
        example: "show 3.2",
        on_deployment: true,
    },
    CommandSpec {
        name: "tick",
        verb: Verb::Tick,
        group: Group::Items,
        args: &[ITEMS, maybe("note", ArgKind::Text, "something worth remembering; of a choice, the one chosen")],
        summary: "Ticks items as done.",
        usage: "tick ITEM… [NOTE]",
        example: "tick 3.2",
        on_deployment: true,
    },
    CommandSpec {
        name: "untick",
        verb: Verb::Untick,
        group: Group::Items,
        args: &[ITEMS, maybe("note", ArgKind::Text, "why it is open again")],
        summary: "Opens items again, whatever was done to them.",
        usage: "untick ITEM… [NOTE]",
        example: "untick 3.2",
        on_deployment: true,
    },
    CommandSpec {
        name: "skip",
        verb: Verb::Skip,
        group: Group::Items,
        args: &[ITEMS, maybe("reason", ArgKind::Text, "why it does not apply; optional items need none")],
        summary: "Leaves items out, for a reason.",
        usage: "skip ITEM… REASON",
        example: "skip 3.2 no schema change in this version",
        on_deployment: true,
    },
    CommandSpec {
        name: "fail",
        verb: Verb::Fail,
        group: Group::Items,
        args: &[ITEMS, REASON],
        summary: "Marks items as failed, for a reason.",
        usage: "fail ITEM… REASON",
        example: "fail 3.2 smoke test returns 502",
        on_deployment: true,
    },
    CommandSpec {
        name: "block",
        verb: Verb::Block,
        group: Group::Items,
        args: &[ITEMS, REASON],
        summary: "Marks items as blocked, and by what.",
        usage: "block ITEM… REASON",
        example: "block 3.2 waiting for the database team",
        on_deployment: true,
    },
    CommandSpec {
        name: "assign",
        verb: Verb::Assign,
        group: Group::Items,
        args: &[ITEM, place("person", ArgKind::Person, "who takes it")],
        summary: "Gives an item to somebody.",
        usage: "assign ITEM @PERSON",
        example: "assign 3.2 @ana",
        on_deployment: true,
    },
    CommandSpec {
        name: "note",
        verb: Verb::Note,
        group: Group::Items,
        args: &[place("text", ArgKind::Text, "what to remember")],
        summary: "Writes a note into the record.",
        usage: "note TEXT",
        example: "note cache warmed by hand",
        on_deployment: true,
    },
    CommandSpec {
        name: "evidence",
        verb: Verb::Evidence,
        group: Group::Items,
        args: &[ITEM, place("text", ArgKind::Text, "an address, or words")],
        summary: "Keeps a link or a sentence as an item's evidence.",
        usage: "evidence ITEM URL-OR-TEXT",
        example: "evidence 3.2 https://ci.example.com/builds/118",
        on_deployment: true,
    },
    CommandSpec {
        name: "fill",
        verb: Verb::Fill,
        group: Group::Items,
        args: &[
            place("field", ArgKind::Field, "the label on the page"),
            place("value", ArgKind::Value, "what to write there"),
        ],
        summary: "Fills in a blank of the checklist.",
        usage: "fill FIELD: VALUE",
        example: "fill Error rate: 0.2 %",
        on_deployment: true,
    },
    CommandSpec {
        name: "hold",
        verb: Verb::Hold,
        group: Group::Course,
        args: &[REASON],
        summary: "Pauses the deployment, for a reason.",
        usage: "hold REASON",
        example: "hold latency is rising, looking into it",
        on_deployment: true,
    },
    CommandSpec {
        name: "resume",
        verb: Verb::Resume,
        group: Group::Course,
        args: &[],
        summary: "Goes on after a hold.",
        usage: "resume",
        example: "resume",
        on_deployment: true,
    },
    CommandSpec {
        name: "handover",
        verb: Verb::Handover,
        group: Group::Course,
        args: &[place("person", ArgKind::Person, "who leads from here")],
        summary: "Makes somebody else the deployer.",
        usage: "handover @PERSON",
        example: "handover @ana",
        on_deployment: true,
    },
    CommandSpec {
        name: "progress",
        verb: Verb::Progress,
        group: Group::Course,
        args: &[maybe("text", ArgKind::Text, "a sentence to go with it")],
        summary: "Posts the progress now.",
        usage: "progress [TEXT]",
        example: "progress traffic is at 50 %",
        on_deployment: true,
    },
    CommandSpec {
        name: "reschedule",
        verb: Verb::Reschedule,
        group: Group::Course,
        args: &[place("time", ArgKind::Time, "when: `18:30`, `+2h`, `tomorrow 18:30`, `2026-11-21T18:30`")],
        summary: "Moves a scheduled start, and with it what is announced before it.",
        usage: "reschedule TIME",
        example: "reschedule tomorrow 18:30",
        on_deployment: true,
    },
    CommandSpec {
        name: "snooze",
        verb: Verb::Snooze,
        group: Group::Course,
        args: &[
            maybe("item", ArgKind::Item, "what not to be reminded of, without it, of anything"),
            maybe("time", ArgKind::Span, "how long: `30m`, `2h`; `stop` for good, `off` to be reminded again"),
        ],
        summary: "Keeps reminders quiet for everybody, for half an hour where nothing else is said.",
        usage: "snooze [ITEM] [SPAN | stop | off]",
        example: "snooze 3.2 2h",
        on_deployment: true,
    },
    CommandSpec {
        name: "follow",
        verb: Verb::Follow,
        group: Group::Course,
        args: &[CHANNEL],
        summary: "Shows the deployment in another channel too.",
        usage: "follow [CHANNEL]",
        example: "follow #announcements",
        on_deployment: true,
    },
    CommandSpec {
        name: "unfollow",
        verb: Verb::Unfollow,
        group: Group::Course,
        args: &[CHANNEL],
        summary: "Stops showing it in a channel that follows.",
        usage: "unfollow [CHANNEL]",
        example: "unfollow #announcements",
        on_deployment: true,
    },
    CommandSpec {
        name: "page",
        verb: Verb::Page,
        group: Group::People,
        args: &[
            maybe(
                "who",
                ArgKind::Whom,
                "a person, a role, a rotation or a policy; without it, the environment's policy",
            ),
            place("message", ArgKind::Text, "what is the matter; `test` shows and proves who can be reached"),
            dashes("low", ArgKind::Flag, "it may wait for office hours"),
        ],
        summary: "Calls somebody, and on until somebody has it.",
        usage: "page [WHO] MESSAGE [--low] · page test [WHO]",
        example: "page @ana checkout answers 502",
        on_deployment: true,
    },
    CommandSpec {
        name: "ack",
        verb: Verb::Ack,
        group: Group::People,
        args: &[PAGE],
        summary: "Says that you have a page: nobody else is called.",
        usage: "ack [PAGE]",
        example: "ack",
        on_deployment: true,
    },
    CommandSpec {
        name: "escalate",
        verb: Verb::Escalate,
        group: Group::People,
        args: &[PAGE],
        summary: "Calls the next step of a page now.",
        usage: "escalate [PAGE]",
        example: "escalate",
        on_deployment: true,
    },
    CommandSpec {
        name: "resolve",
        verb: Verb::Resolve,
        group: Group::People,
        args: &[PAGE],
        summary: "Says that a page is dealt with.",
        usage: "resolve [PAGE]",
        example: "resolve 1",
        on_deployment: true,
    },
    CommandSpec {
        name: "oncall",
        verb: Verb::OnCall,
        group: Group::People,
        args: &[maybe("rotation", ArgKind::Rotation, "which one; without it, all")],
        summary: "Shows who is on call now, and who is next.",
        usage: "oncall [ROTATION]",
        example: "oncall",
        on_deployment: false,
    },
    CommandSpec {
        name: "rollback",
        verb: Verb::Rollback,
        group: Group::Outcome,
        args: &[place("reason", ArgKind::Text, "why, for everybody to read; a criterion's number says it happened")],
        summary: "Calls a rollback and opens its steps.",
        usage: "rollback REASON",
        example: "rollback error rate above 5 %",
        on_deployment: true,
    },
    CommandSpec {
        name: "rolled-back",
        verb: Verb::RolledBack,
        group: Group::Outcome,
        args: &[],
        summary: "Says that the rollback is complete.",
        usage: "rolled-back",
        example: "rolled-back",
        on_deployment: true,
    },
    CommandSpec {
        name: "finish",
        verb: Verb::Finish,
        group: Group::Outcome,
        args: &[dashes("override", ArgKind::Text, "why the open items do not count; takes a role that may say so")],
        summary: "Ends the deployment as a success.",
        usage: "finish [--override REASON]",
        example: "finish",
        on_deployment: true,
    },
    CommandSpec {
        name: "partial",
        verb: Verb::Partial,
        group: Group::Outcome,
        args: &[REASON],
        summary: "Ends it as a partial success, with what was left out.",
        usage: "partial REASON",
        example: "partial two of three regions, the third follows on Monday",
        on_deployment: true,
    },
    CommandSpec {
        name: "cancel",
        verb: Verb::Cancel,
        group: Group::Outcome,
        args: &[REASON],
        summary: "Ends it without an outcome.",
        usage: "cancel REASON",
        example: "cancel the release was withdrawn",
        on_deployment: true,
    },
    CommandSpec {
        name: "freeze",
        verb: Verb::Freeze,
        group: Group::House,
        args: &[
            REASON,
            option("until", ArgKind::Time, "when it ends; without it, when it is lifted"),
            option("env", ArgKind::Environment, "only there"),
            option("service", ArgKind::Service, "only this one"),
        ],
        summary: "Forbids starts for a while; what is under way goes on.",
        usage: "freeze REASON [until:TIME] [env:ENV] [service:NAME]",
        example: "freeze incident 4711 is being looked into until:+4h env:production",
        on_deployment: false,
    },
    CommandSpec {
        name: "unfreeze",
        verb: Verb::Unfreeze,
        group: Group::House,
        args: &[maybe("freeze", ArgKind::Name, "its number; without it, the only one there is")],
        summary: "Lifts a freeze that somebody has set.",
        usage: "unfreeze [FREEZE]",
        example: "unfreeze 2",
        on_deployment: false,
    },
    CommandSpec {
        name: "freezes",
        verb: Verb::Freezes,
        group: Group::House,
        args: &[],
        summary: "Says what is frozen now, what comes in the next 14 days, and who may start all the same.",
        usage: "freezes",
        example: "freezes",
        on_deployment: false,
    },
    CommandSpec {
        name: "cover",
        verb: Verb::Cover,
        group: Group::House,
        args: &[
            place("rotation", ArgKind::Name, "which rotation"),
            place("person", ArgKind::Person, "who stands in"),
            Arg { required: true, ..option("until", ArgKind::Time, "when the rotation holds again") },
            option("from", ArgKind::Time, "when it begins; without it, now"),
        ],
        summary: "Has somebody stand in for whoever is on call.",
        usage: "cover ROTATION @PERSON until:TIME [from:TIME]",
        example: "cover primary @ana until:+8h",
        on_deployment: false,
    },
    CommandSpec {
        name: "uncover",
        verb: Verb::Uncover,
        group: Group::House,
        args: &[place("rotation", ArgKind::Name, "which rotation")],
        summary: "Takes a stand-in away: the one there is now, else the next.",
        usage: "uncover ROTATION",
        example: "uncover primary",
        on_deployment: false,
    },
    CommandSpec {
        name: "checklists",
        verb: Verb::Checklists,
        group: Group::Record,
        args: &[],
        summary: "Lists the checklists there are.",
        usage: "checklists",
        example: "checklists",
        on_deployment: false,
    },
    CommandSpec {
        name: "history",
        verb: Verb::History,
        group: Group::Record,
        args: &[],
        summary: "Lists past deployments, newest first.",
        usage: "history",
        example: "history",
        on_deployment: false,
    },
    CommandSpec {
        name: "record",
        verb: Verb::Record,
        group: Group::Record,
        args: &[ID],
        summary: "Shows the record: who did what, and when.",
        usage: "record [ID]",
        example: "record 12",
        on_deployment: true,
    },
    CommandSpec {
        name: "help",
        verb: Verb::Help,
        group: Group::Record,
        args: &[maybe("command", ArgKind::CommandName, "the command to explain")],
        summary: "Explains the commands.",
        usage: "help [COMMAND]",
        example: "help tick",
        on_deployment: false,
    },
];

/// What people also say for a command; only ever used to suggest the word there is.
pub(super) static ALSO: &[(&str, &str)] = &[
    ("abort", "cancel"),
    ("acknowledge", "ack"),
    ("alert", "page"),
    ("begin", "start"),
    ("call", "page"),
    ("check", "tick"),
    ("comment", "note"),
    ("complete", "finish"),
    ("continue", "resume"),
    ("deployments", "list"),
    ("done", "tick"),
    ("end", "finish"),
    ("go", "start"),
    ("launch", "start"),
    ("later", "snooze"),
    ("mute", "snooze"),
    ("log", "record"),
    ("move", "reschedule"),
    ("pause", "hold"),
    ("postpone", "reschedule"),
    ("proceed", "resume"),
    ("reopen", "untick"),
    ("report", "progress"),
    ("revert", "rollback"),
    ("rota", "oncall"),
    ("say", "note"),
    ("set", "fill"),
    ("stop", "hold"),
    ("success", "finish"),
    ("templates", "checklists"),
    ("transfer", "handover"),
    ("uncheck", "untick"),
    ("undo", "untick"),
    ("update", "progress"),
    ("view", "show"),
    ("wait", "hold"),
    ("?", "help"),
];

#[cfg(test)]
mod tests;
