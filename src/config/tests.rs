//! What a configuration may say, and what is said of a wrong one.

use super::*;

fn config(text: &str) -> Config {
    match Config::parse(text, Path::new("etc")) {
        Ok(c) => c,
        Err(p) => panic!("{p:?}"),
    }
}
const KEY: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

#[test]
fn nothing_set_is_a_working_configuration() {
    let c = Config::load(None).unwrap();
    assert_eq!(c.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((c.data.as_path(), c.checklists.as_deref()), (Path::new("data"), None));
    assert_eq!(c.timezone, Tz::UTC);
    assert_eq!(c.progress.schedule.cron, HOURLY);
    assert_eq!(c.channels.keys().collect::<Vec<_>>(), [DEFAULT_CHANNEL]);
    assert!(c.people.is_empty() && c.templates.is_empty() && !c.may_override("ana"));
    assert_eq!(c.log, Log { format: LogFormat::Human, level: LogLevel::Info });
}

#[test]
fn everything_set() {
    let c = config(&format!(
        r#"
        listen = "0.0.0.0:80"
        data = "/var/lib/rollcall"
        checklists = "lists"
        timezone = "Europe/Berlin"
        [progress]
        cron = "*/30 * * * *"
        timezone = "America/New_York"
        [templates]
        hold = "Held: {{{{ reason }}}}"
        [channels.releases]
        checklist = "web"
        service = "shop"
        environment = "production"
        progress = "@hourly"
        [people.ana]
        name = "Ana Maria"
        key_sha256 = "{KEY}"
        [people.bob]
        name = "Bob"
        [roles]
        lead = ["ana", "bob"]
        [rules]
        override = ["lead"]
        [console]
        hosts = ["Rollcall.example.com"]
        [log]
        format = "json"
        level = "debug"
        "#
    ));
    assert_eq!(c.data, Path::new("/var/lib/rollcall"));
    assert_eq!(c.checklists.as_deref(), Some(Path::new("etc/lists")));
    assert_eq!(c.progress.compiled.timezone(), Tz::America__New_York);
    assert_eq!(c.channels.len(), 1);
    assert_eq!(c.channels["releases"].progress.as_ref().unwrap().compiled.timezone(), Tz::Europe__Berlin);
    assert_eq!(c.person("ana").unwrap().name.as_ref(), "Ana Maria");
    assert!(c.may_override("bob") && !c.may_override("eve"));
    assert_eq!(c.console.hosts, ["rollcall.example.com"]);
    assert_eq!(c.log, Log { format: LogFormat::Json, level: LogLevel::Debug });
    let printed = format!("{c:?}");
    assert!(!printed.contains("2c26") && !printed.contains("[44, 38"), "{printed}");
}

#[test]
fn every_mistake_has_its_line_and_a_sentence() {
    let twice = format!("[people.a]\nname=\"A\"\nkey_sha256=\"{KEY}\"\n[people.b]\nname=\"B\"\nkey_sha256=\"{KEY}\"");
    let cases = [
        "\nlisen = \"x\"",
        "colour = 1",
        "listen = \"8080\"",
        "listen = 8080",
        "\n\nlisten = \"0.0.0.0:8080\"",
        "listen = \"[::]:8080\"",
        "timezone = \"Europe/Berln\"",
        "[progress]\ncron = \"0 0 30 2 *\"",
        "[progress]\ncron = \"every hour\"",
        "[progress]\ntimezone = \"Mars\"",
        "[progress]\ncorn = \"@hourly\"",
        "progress = \"@hourly\"",
        "[templates]\nstrat = \"x\"",
        "[templates]\nhold = \"x\"\nstart = \"{{ verison }}\"",
        "[templates]\nstart = \"\"\"\none\n{{ verison }}\n\"\"\"",
        "[templates]\nstart = '''one\n{% if %}'''",
        "[channels.x]\nprogress = \"* * *\"",
        "[channels.x]\nenvironment = \"\"",
        "[channels.x]\nenviroment = \"\"",
        "[people.Ana]\nname = \"Ana\"",
        "[people.rollcall]\nname = \"Me\"",
        "[people.ana]\nname = \"Ana\\u202e\"",
        "[people.me]\nname = \"ROLLCALL\"",
        "[people.\"ana.k\"]\nname = \"Ana\"\n[people.\"ana.m\"]\nname = \"ana\"",
        "[people.ana]\nname = \"Ana\"\n[people.bob]\nname = \" ANA\"",
        "[people.ana]",
        "[people.ana]\nname = \"Ana\"\nkey = \"hunter2\"",
        "[people.ana]\nname = \"Ana\"\nkey_sha256 = \"hunter2\"",
        "[people]\nana = \"hunter2\"",
        twice.as_str(),
        "[people.ana]\nname = \"Ana\"\n[roles]\nlead = [\n\"ana\",\n\"anna\"]",
        "[roles]\nlead = [\"zoe\"]",
        "[roles]\nlead = \"ana\"",
        "[roles]\nlead = []\n[rules]\noverride = [\"led\"]",
        "[rules]\noverrride = []",
        "[console]\nhosts = [\"https://x.example\"]",
        "[log]\nformat = \"jason\"",
        "[log]\nlevel = \"loud\"",
        "listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"",
        "listen = ",
        "listen",
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|text| match Config::parse(text, Path::new("")) {
            Ok(_) => panic!("{text} was accepted"),
            Err(p) => ConfigProblem { file: Some("rollcall.toml".into()), ..p }.to_string(),
        })
        .collect();
    let said = said.join("\n");
    assert!(!said.contains("hunter2") && !said.contains(KEY));
    insta::assert_snapshot!(said);
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollcall.toml");
    assert!(Config::load(Some(&path)).unwrap_err().to_string().contains("cannot be read"));
    std::fs::write(&path, "\u{feff}data = \"d\"").unwrap();
    assert_eq!(Config::load(Some(&path)).unwrap().data, folder.path().join("d"));
    std::fs::write(&path, b"# one\n\xff").unwrap();
    let problem = Config::load(Some(&path)).unwrap_err();
    assert_eq!((problem.line, problem.message.as_str()), (Some(2), "The configuration is not UTF-8 text."));
    std::fs::write(&path, "#".repeat(LARGEST as usize + 1)).unwrap();
    assert!(Config::load(Some(&path)).unwrap_err().message.contains("no more are read"));
    // A device has no length and no end.
    if cfg!(unix) {
        let endless = Config::load(Some(Path::new("/dev/zero"))).unwrap_err();
        assert!(endless.message.contains("no more are read"), "{endless}");
        let calendar = Config::parse("[freezes.company]\nics = \"/dev/zero\"\n", Path::new("")).unwrap_err();
        assert!(calendar.message.contains("is not a file") && calendar.line == Some(2), "{calendar}");
    }
}

#[test]
fn progress_does_not_fill_the_channel() {
    let wrong = |text: &str| Config::parse(text, Path::new("")).unwrap_err();
    for text in [
        "[progress]\ncron = \"* * * * * *\"",
        "[channels.ops]\nprogress = \"*/30 * * * * *\"",
        "[environments.qa]\nprogress = \"0,30 * * * * *\"",
    ] {
        let wrong = wrong(text);
        assert!(wrong.line == Some(2) && wrong.message.contains("more than once a minute"), "{wrong}");
    }
    assert!(Config::parse("[progress]\ncron = \"15 * * * * *\"", Path::new("")).is_ok());
    assert!(Config::parse("[progress]\ncron = \"* * * * *\"", Path::new("")).is_ok());
}

#[test]
fn listening_beyond_this_machine_takes_a_key() {
    let none = BTreeMap::new();
    for local in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(check_listen(local.parse().unwrap(), &none).is_ok(), "{local}");
    }
    let keyless =
        BTreeMap::from([("a".to_owned(), PersonEntry { name: "A".into(), key: None, accounts: BTreeMap::new() })]);
    for open in ["0.0.0.0:1", "[::]:1", "192.168.1.2:1", "[::ffff:10.0.0.1]:1"] {
        assert!(check_listen(open.parse().unwrap(), &keyless).is_err(), "{open}");
    }
    let keyed = BTreeMap::from([(
        "a".to_owned(),
        PersonEntry { name: "A".into(), key: Some(KeyDigest([1; 32])), accounts: BTreeMap::new() },
    )]);
    assert!(check_listen("0.0.0.0:1".parse().unwrap(), &keyed).is_ok());
}

const TEAM: &str = r#"
[people.ana]
name = "Ana"
email = "ana@example.org"
[people.ben]
name = "Ben"
[roles]
lead = ["ana"]
[rotations.web]
[[rotations.web.layers]]
people = ["ana", "ben"]
handoff = "0 9 * * Mon"
starts = 2026-11-30
"#;

#[test]
fn every_mistake_about_people_who_must_be_reached_has_its_line() {
    let person = |rest: &str| format!("[people.ana]\nname = \"Ana\"\n{rest}");
    let policy = |rest: &str| format!("{TEAM}[policies.night]\n{rest}");
    let steps = |rest: &str| policy(&format!("[[policies.night.steps]]\n{rest}"));
    let layer = |rest: &str| person(&format!("[rotations.web]\n[[rotations.web.layers]]\n{rest}"));
    let second = |rest: &str| steps(&format!("targets = [\"ana\"]\n[[policies.night.steps]]\n{rest}"));
    let weekly = "handoff = \"0 9 * * Mon\"";
    let cases = [
        person("phone = \"0151 1234\""),
        person("phone = \"+49hunter2\""),
        person("email = \"ana\""),
        person("email = \"ana@example.org\\nBcc: x@y.z\""),
        person("ways = [\"emial\"]"),
        person("ways = [\"sms\"]"),
        person("ways = [\"mention\", \"mention\"]"),
        person("office_hours = { from = \"9\" }"),
        person("office_hours = { days = \"Moonday\" }"),
        person("office_hours = { from = \"09:00\", to = \"09:00\" }"),
        person("office_hours = { timezone = \"Europe/Berln\" }"),
        "[roles]\na = [\"role:b\"]\nb = [\"role:c\"]\nc = [\"role:a\"]".to_owned(),
        "[roles]\na = [\"role:a\"]".to_owned(),
        "[roles]\nlead = []\na = [\"role:led\"]".to_owned(),
        "[rotations.web]".to_owned(),
        layer(&format!("people = []\n{weekly}\nstarts = 2026-11-30")),
        layer(&format!("people = [\"anna\"]\n{weekly}\nstarts = 2026-11-30")),
        layer("people = [\"ana\"]\nhandoff = \"0 9 30 2 *\"\nstarts = 2026-11-30"),
        layer("people = [\"ana\"]\nhandoff = \"* * * * *\"\nstarts = 2026-11-30"),
        layer(&format!("people = [\"ana\"]\n{weekly}\nstarts = 1826-11-30")),
        layer(&format!("people = [\"ana\"]\n{weekly}\nstarts = \"2026-02-30\"")),
        layer(&format!("people = [\"ana\"]\n{weekly}\nstarts = 1")),
        layer(&format!("people = [\"ana\"]\n{weekly}")),
        policy(""),
        policy("repeat = 99\n[[policies.night.steps]]\ntargets = [\"ana\"]"),
        policy("ack_timeout = \"0\"\n[[policies.night.steps]]\ntargets = [\"ana\"]"),
        policy("low = \"never\"\n[[policies.night.steps]]\ntargets = [\"ana\"]"),
        steps("targets = []"),
        steps("targets = [\"anna\"]"),
        steps("targets = [\"role:led\"]"),
        steps("targets = [\"rotation:wbe\"]"),
        steps("targets = [\"channel:nowhere\"]"),
        steps("targets = [\"\"]"),
        steps("targets = [\"ben\"]"),
        steps("targets = [\"ana\"]\nways = [\"pigeon\"]"),
        second("targets = [\"ana\"]"),
        second("after = \"0\"\ntargets = [\"ana\"]"),
        second("after = \"1 year\"\ntargets = [\"ana\"]"),
        second("after = \"25h\"\ntargets = [\"ana\"]"),
        second("after = \"2s\"\ntargets = [\"ana\"]"),
        second("after = \"soon\"\ntargets = [\"ana\"]"),
        format!("{}\n[policies.day]\n[[policies.day.steps]]\ntargets = [\"ana\"]", steps("targets = [\"ana\"]")),
        "[paging]\nper_hour = 0".to_owned(),
        "[paging]\nper_hour = 1000".to_owned(),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|text| match Config::parse(text, Path::new("")) {
            Ok(_) => panic!("{text} was accepted"),
            Err(p) => ConfigProblem { file: Some("rollcall.toml".into()), ..p }.to_string(),
        })
        .collect();
    let said = said.join("\n");
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said);
}

const MAIL: &str = "[mail]\nserver = \"127.0.0.1\"\ntls = \"none\"\nfrom = \"rollcall@example.org\"\n";

/// 2026-12-01 12:00 UTC: a turn of [`TEAM`] has begun.
const MOMENT: crate::domain::time::Timestamp = crate::domain::time::Timestamp(1_796_126_400_000);

#[test]
fn what_reaches_nobody_is_told_before_a_page_does() {
    use crate::domain::directory::problems;
    let mail = MAIL;
    let ana = "[people.ana]\nname = \"Ana\"\nemail = \"ana@example.org\"\n";
    let ben = "[people.ben]\nname = \"Ben\"\nemail = \"ben@example.org\"\n";
    let cleo = "[people.cleo]\nname = \"Cleo\"\n";
    let policy = |rest: &str| format!("[policies.night]\n[[policies.night.steps]]\n{rest}\n");
    let turns = |starts: &str| {
        format!(
            "[rotations.web]\n[[rotations.web.layers]]\npeople = [\"ana\"]\nhandoff = \"0 9 * * Mon\"\nstarts = {starts}\n"
        )
    };
    let slack = "slack = \"U01ANA\"\n";
    let phone = "phone = \"+4915112345678\"\n";
    let all = "targets = [\"ana\", \"ben\"]";
    let cases = [
        ("nobody at all", String::new()),
        ("sound", format!("{mail}{ana}{ben}{}{}", turns("2026-11-30"), policy("targets = [\"rotation:web\"]"))),
        ("no mail", format!("{ana}{ben}{}", policy(all))),
        ("no mail, but a channel", format!("{ana}{}", policy("targets = [\"ana\", \"channel\"]"))),
        ("no twilio", format!("{mail}{ana}{phone}{ben}{}", policy(all))),
        ("a chat that is absent", format!("{ana}{slack}{mail}{}", policy("targets = [\"ana\"]\nways = [\"direct\"]"))),
        ("a turn to come", format!("{mail}{ana}{}{}", turns("2030-01-07"), policy("targets = [\"rotation:web\"]"))),
        ("without a contact", format!("{mail}{ana}{cleo}{}", policy("targets = [\"ana\"]"))),
        ("ways nobody has", format!("{mail}{ana}{ben}{}", policy("targets = [\"ana\", \"ben\"]\nways = [\"sms\"]"))),
        (
            "a mention is a way",
            format!("[people.ana]\nname = \"Ana\"\nways = [\"mention\"]\n{}", policy("targets = [\"ana\"]")),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(what, text)| {
            let told = problems(&config(text).directory, MOMENT, &["slack"]);
            let told: Vec<String> = told.iter().map(|p| format!("  {}: {}", p.line, p.message)).collect();
            format!("{what}\n{}", told.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    // No way at all is not every way there is.
    let none = Config::parse(&format!("{ana}ways = []\n"), Path::new("")).unwrap_err();
    assert!(none.line == Some(4) && none.message.contains("`ways` names none"), "{none}");
    let none = Config::parse(&format!("{ana}{}", policy("targets = [\"ana\"]\nways = []")), Path::new(""));
    assert!(none.unwrap_err().message.contains("`ways` names none"));
}

#[test]
fn roles_may_name_roles_and_problems_are_told_with_their_line() {
    use crate::domain::directory::{PER_HOUR, Way, problems};
    let steps = "[[policies.night.steps]]\ntargets = [\"rotation:web\"]\n[[policies.night.steps]]\nafter = \"5m\"\n";
    let c = config(&format!("{TEAM}[policies.night]\n{steps}targets = [\"ben\"]\n{MAIL}"));
    let roles = "[roles]\nall = [\"role:lead\", \"ana\"]\nlead = [\"ana\", \"slack:S01\"]";
    let nested = config(&format!("[people.ana]\nname = \"Ana\"\n{roles}"));
    assert_eq!(nested.roles["all"], ["ana", "slack:S01"]);
    assert!(nested.has_role("ana", "all"));
    assert_eq!(c.directory.per_hour, PER_HOUR);
    assert_eq!(c.directory.addresses("ana", &[], ""), [(Way::Email, "email:ana@example.org".to_owned())]);
    let told: Vec<String> =
        problems(&c.directory, MOMENT, &[]).iter().map(|p| format!("{}: {}", p.line, p.message)).collect();
    insta::assert_snapshot!(told.join("\n"));
}
