//! The program itself, as people start it: arguments, exit codes, what it prints, and how it ends.

use sqlx::Connection as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PAGE: &str = "# Shop\n\n## Before\n\n- [ ] One\n- [ ] Two\n- [ ] Three\n- [ ] Four\n- [ ] Five\n- [ ] Six\n- [ ] Seven\n- [ ] Eight\n";

/// Longer than anything here takes; only a fault gets there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with nothing in it but the program's data, where commands are run.
struct Place {
    dir: tempfile::TempDir,
    program: PathBuf,
}

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self { dir, program: env!("CARGO_BIN_EXE_rollcall").into() }
    }

    /// With one checklist, `shop`.
    fn with_page() -> Self {
        let place = Self::new();
        place.write("checklists/shop.md", PAGE);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("USER", "ana")
            .env_remove("ROLLCALL_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let output = timeout(PATIENCE, self.command(arguments).output()).await.expect("it ends").unwrap();
        ended(&output)
    }

    /// Says something to the running bot.
    async fn say(&self, text: &str) -> Ended {
        self.run(&["do", text]).await
    }

    async fn serve(&self, arguments: &[&str]) -> Bot {
        self.serve_at("127.0.0.1:0", arguments).await
    }

    async fn serve_at(&self, listen: &str, arguments: &[&str]) -> Bot {
        let arguments: Vec<&str> = [&["--listen", listen], arguments].concat();
        let mut child = self.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        let mut address = None;
        while let Some(line) = timeout(PATIENCE, lines.next_line()).await.expect("it greets").unwrap() {
            address = line.trim().strip_prefix("Console").map(|a| a.trim().to_owned()).or(address);
            greeting.push_str(&line);
            greeting.push('\n');
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        let address = address.unwrap_or_else(|| panic!("no address in {greeting:?}"));
        let address = address.strip_prefix("http://").unwrap().parse().unwrap();
        Bot { child, address, greeting }
    }

    fn database(&self) -> PathBuf {
        self.path("data/rollcall.db")
    }
}

fn ended(output: &Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

struct Bot {
    child: Child,
    address: SocketAddr,
    greeting: String,
}

impl Bot {
    /// Asks it to end; its exit code, and how long it took.
    async fn stop(mut self) -> (i32, Duration) {
        let pid = self.child.id().unwrap().to_string();
        let began = Instant::now();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        (status.code().unwrap_or(-1), began.elapsed())
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    async fn open(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn request(&self, request: &str) -> String {
        let mut answer = Vec::new();
        _ = timeout(PATIENCE, self.open(request).await.read_to_end(&mut answer)).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, path: &str) -> String {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)).await
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
    }
}

#[tokio::test]
async fn the_binary_alone_walks_a_built_in_checklist_from_start_to_record() {
    let mut place = Place::new();
    let copy = place.path("rollcall");
    // By another process: a child that a test beside this one forks meanwhile would keep our handle open, and a file
    // that somebody may write cannot be run.
    let copied = std::process::Command::new("cp").arg(&place.program).arg(&copy).status().unwrap();
    assert!(copied.success());
    place.program = copy;
    let bot = place.serve(&[]).await;
    for part in
        ["Console", "data/rollcall.db", "5 built in", "production-service", "/deploy start v1.2.0", "/deploy help"]
    {
        assert!(bot.greeting.contains(part), "{part}: {}", bot.greeting);
    }
    let pick = place.say("start v1.2.0").await;
    assert_eq!(pick.code, 1, "{}", pick.out);
    assert!(pick.err.contains("Which checklist") && pick.err.contains("checklist:production-service"), "{}", pick.err);
    let started = place.say("start v1.2.0 checklist:production-service").await;
    assert_eq!(started.code, 0, "{}", started.err);
    let ticked = place.run(&["do", "tick", "2.1", "--as", "bob"]).await;
    assert_eq!(ticked.code, 0, "{}", ticked.err);
    assert!(ticked.out.contains("Ticked: 2.1"), "{}", ticked.out);
    let again = place.say("tick 2.1").await;
    assert_eq!((again.code, again.out.as_str()), (1, ""));
    assert!(again.err.contains("by bob"), "{}", again.err);
    assert_eq!(place.say("partial the rest belongs to the next release").await.code, 0);

    let list = place.run(&["list"]).await;
    assert!(list.code == 0 && list.out.contains("#1") && list.out.contains("partial"), "{}", list.out);
    for arguments in [vec!["show"], vec!["show", "1"], vec!["show", "#1"]] {
        let shown = place.run(&arguments).await;
        assert!(shown.code == 0 && shown.out.contains("[x] 2.1"), "{}{}", shown.out, shown.err);
    }
    let md = place.run(&["record", "1"]).await;
    assert!(md.code == 0 && md.out.contains("bob") && md.out.contains("v1.2.0"), "{}", md.out);
    let json = place.run(&["record", "#1", "--format", "json"]).await;
    let record: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(record.is_object() && json.out.contains("bob"), "{}", json.out);
    assert_eq!(place.run(&["record", "7"]).await.code, 1);
    assert_eq!(place.run(&["show", "7"]).await.code, 1);
    let wrong = place.run(&["record", "seven"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("rollcall record 12"), "{}", wrong.err);
    assert_eq!(bot.stop().await.0, 0);
    assert!(!place.path("data/running.json").exists());
    // What is kept can be read without the bot.
    assert_eq!(place.run(&["record", "1"]).await.out, md.out);
}

#[tokio::test]
async fn backup_while_the_bot_runs() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    place.say("tick 1.1").await;
    let copied = place.run(&["backup", "copy.db"]).await;
    assert_eq!(copied.code, 0, "{}", copied.err);
    let again = place.run(&["backup", "copy.db"]).await;
    assert!(again.code == 1 && again.err.contains("not overwritten"), "{}", again.err);
    let nowhere = place.run(&["backup", "no/such/folder/copy.db"]).await;
    assert!(nowhere.code == 1 && nowhere.err.contains("no folder"), "{}", nowhere.err);
    place.say("tick 1.2").await;
    assert_eq!(bot.stop().await.0, 0);
    let other = Place::with_page();
    std::fs::create_dir(other.path("data")).unwrap();
    std::fs::copy(place.path("copy.db"), other.database()).unwrap();
    let shown = other.run(&["show", "1"]).await;
    assert!(shown.out.contains("[x] 1.1") && shown.out.contains("[ ] 1.2"), "{}", shown.out);
    let verified = other.run(&["audit", "verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.out);
    let bot = other.serve(&[]).await;
    assert_eq!(other.say("tick 1.3").await.code, 0, "a backup can be gone on from");
    assert_eq!(bot.stop().await.0, 0);
}

#[tokio::test]
async fn audit_verify_names_the_row_somebody_changed() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    place.say("tick 1.1").await;
    place.say("tick 1.2").await;
    assert_eq!(bot.stop().await.0, 0);
    let sound = place.run(&["audit", "verify"]).await;
    assert!(sound.code == 0 && sound.out.starts_with("Sound"), "{}", sound.out);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.database());
    let mut hand = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "DROP TRIGGER events_are_not_changed;
         UPDATE events SET by_name = 'Mallory' WHERE deployment = 1 AND seq = 4;",
    )
    .execute(&mut hand)
    .await
    .unwrap();
    hand.close().await.unwrap();
    let found = place.run(&["audit", "verify"]).await;
    assert_eq!(found.code, 1);
    assert!(found.out.contains("NOT SOUND") && found.out.contains("#1, event 4"), "{}", found.out);
}

#[tokio::test]
async fn options_stand_before_or_after_the_command() {
    let place = Place::with_page();
    place.write("other.toml", "data = \"elsewhere\"\n");
    let bot = place.serve(&["serve", "--data", "here"]).await;
    assert_eq!(place.run(&["--data", "here", "do", "start v1"]).await.code, 0);
    for arguments in [["--data", "here", "list"], ["list", "--data", "here"]].iter().chain(&[[
        "list",
        "--data=here",
        "--listen=127.0.0.1:9",
    ]]) {
        let list = place.run(arguments).await;
        assert!(list.code == 0 && list.out.contains("#1"), "{arguments:?}: {}", list.err);
    }
    for arguments in [["--config", "other.toml", "list"], ["list", "--config", "other.toml"]] {
        let list = place.run(&arguments).await;
        assert!(list.code == 3 && list.err.contains("elsewhere"), "{arguments:?}: {}{}", list.out, list.err);
    }
    assert_eq!(bot.stop().await.0, 0);
}

#[tokio::test]
async fn help_teaches() {
    let place = Place::new();
    let help = place.run(&["--help"]).await;
    assert_eq!(help.code, 0);
    insta::assert_snapshot!(help.out);
    for command in ["serve", "check", "do", "list", "show", "record", "audit", "backup"] {
        let help = place.run(&[command, "--help"]).await;
        assert!(help.code == 0 && help.out.contains("Usage:"), "{command}: {}", help.err);
    }
    let wrong = place.run(&["sevre"]).await;
    assert!(wrong.code == 2 && wrong.err.contains("serve"), "{}", wrong.err);
}

#[tokio::test]
async fn check_has_exit_codes() {
    let place = Place::with_page();
    place.write("latin.md", b"# R\xe9sum\xe9\n- [ ] x\n");
    place.write("empty.md", "");
    assert_eq!(place.run(&["check", "checklists/shop.md"]).await.code, 0);
    assert_eq!(place.run(&["check", "checklists/shop.md", "--json"]).await.code, 0);
    assert_eq!(place.run(&["check", "latin.md"]).await.code, 2);
    assert_eq!(place.run(&["check", "empty.md"]).await.code, 2);
    assert_eq!(place.run(&["check", "checklists/shop.md", "latin.md"]).await.code, 2);
    let absent = place.run(&["check", "absent.md"]).await;
    assert!(absent.code == 2 && absent.err.contains("absent.md"), "{}", absent.err);
    place.write("there.md", PAGE);
    let some = place.run(&["check", "absent.md", "there.md", "gone.md"]).await;
    assert!(some.code == 2 && some.out.contains("there.md"), "the others are shown: {}", some.out);
    assert!(some.err.contains("absent.md") && some.err.contains("gone.md"), "{}", some.err);
    assert!(!place.path("data").exists(), "checking makes nothing");
}

#[tokio::test]
async fn nobody_is_there_to_be_told() {
    let place = Place::with_page();
    let said = place.say("tick 1.1").await;
    assert_eq!(said.code, 3);
    assert!(said.err.contains("No Rollcall is running on data") && said.err.contains("--data"), "{}", said.err);
    let list = place.run(&["list"]).await;
    assert!(list.code == 3 && list.err.contains("no database"), "{}", list.err);
    assert!(!place.path("data").exists(), "asking makes nothing");
    // Killed, it leaves its note behind: nobody answers there.
    let bot = place.serve(&[]).await;
    bot.kill().await;
    let said = place.say("tick 1.1").await;
    assert!(said.code == 3 && said.err.contains("No Rollcall is running"), "{}", said.err);
}

#[tokio::test]
async fn port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let place = Place::with_page();
    let refused = place.run(&["--listen", &format!("127.0.0.1:{port}")]).await;
    assert_eq!(refused.code, 3, "{}", refused.out);
    assert!(refused.err.contains(&port) && refused.err.contains("--listen"), "{}", refused.err);
}

#[tokio::test]
async fn a_second_bot_on_the_same_data() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    let second = place.run(&["--listen", "127.0.0.1:0"]).await;
    assert_eq!(second.code, 3);
    assert!(second.err.contains("Another Rollcall is running on data"), "{}", second.err);
    assert_eq!(place.say("start v1").await.code, 0, "the first is not disturbed");
    bot.kill().await;
    let third = place.serve(&[]).await;
    assert_eq!(place.say("tick 1.1").await.code, 0, "a killed one leaves no lock behind");
    assert_eq!(third.stop().await.0, 0);
}

#[tokio::test]
async fn sigterm_ends_it_cleanly_with_a_stream_open_and_a_request_under_way() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    place.say("tick 1.1").await;
    let host = bot.address;
    let mut stream = bot
        .open(&format!("GET /events?channel=deployments HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"))
        .await;
    let mut beginning = [0_u8; 12];
    timeout(PATIENCE, stream.read_exact(&mut beginning)).await.unwrap().unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    let whole = bot.post("/api/say", "", "{\"text\":\"tick 1.2\"");
    let _under_way = bot.open(&whole[..whole.len() - 5]).await;
    let _silent = bot.open("GET / HT").await;
    let (code, took) = bot.stop().await;
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let mut rest = Vec::new();
    _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the stream is closed");
    assert!(!place.path("data/rollcall.db-wal").exists(), "the log is folded in");
    let shown = place.run(&["show", "1"]).await;
    assert!(shown.out.contains("[x] 1.1"), "{}", shown.out);
}

#[tokio::test]
async fn what_was_answered_is_there_after_kill_9() {
    let place = Place::with_page();
    for round in 1..=6 {
        let bot = place.serve(&[]).await;
        if round == 1 {
            assert_eq!(place.say("start v1").await.code, 0);
        }
        assert_eq!(place.say(&format!("tick 1.{round}")).await.code, 0);
        bot.kill().await;
    }
    let shown = place.run(&["show", "1"]).await;
    for round in 1..=6 {
        assert!(shown.out.contains(&format!("[x] 1.{round}")), "{}", shown.out);
    }
    assert_eq!(place.run(&["audit", "verify"]).await.code, 0);
}

#[tokio::test]
async fn listening_beyond_loopback_takes_sign_in() {
    let place = Place::with_page();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let refused = place.run(&["--listen", listen]).await;
        assert_eq!(refused.code, 3, "{}", refused.out);
        assert!(refused.err.contains("sign in") && refused.err.contains("127.0.0.1"), "{}", refused.err);
    }
    place.write("open.toml", "listen = \"0.0.0.0:0\"\n");
    let refused = place.run(&["--config", "open.toml"]).await;
    assert!(refused.code == 2 && refused.err.contains("sign in"), "{} {}", refused.code, refused.err);
    assert!(!place.database().exists());
}

#[tokio::test]
async fn the_terminal_reaches_a_bot_that_listens_everywhere_and_takes_no_proxy() {
    let place = Place::with_page();
    let key = "00".repeat(32);
    place.write("rollcall.toml", format!("[people.ana]\nname = \"Ana\"\nkey_sha256 = \"{key}\"\n"));
    let bot = place.serve_at("0.0.0.0:0", &[]).await;
    assert!(bot.address.ip().is_loopback() && bot.greeting.contains("HTTPS"), "{}", bot.greeting);
    let mut command = place.command(&["do", "start v1"]);
    for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(proxy, "http://127.0.0.1:9");
    }
    let started = ended(&command.output().await.unwrap());
    assert_eq!(started.code, 0, "{} {}", started.out, started.err);
    assert_eq!(bot.stop().await.0, 0);
}

#[tokio::test]
async fn a_configuration_with_a_mistake_names_the_line() {
    let place = Place::with_page();
    for (text, says) in [
        ("# fine\ntimezoen = \"UTC\"\n", vec!["line 2", "timezoen"]),
        ("[log]\nlevel = \"info\"\nfromat = \"json\"\n", vec!["line 3", "fromat"]),
        ("[templates]\nhold = \"{{ reson }}\"\n", vec!["line 2", "reson"]),
        ("[templates]\nhodl = \"x\"\n", vec!["line 2", "hodl"]),
        ("listen = \"somewhere\"\n", vec!["line 1"]),
        ("listen = \n", vec!["line 1"]),
    ] {
        place.write("rollcall.toml", text);
        for arguments in [vec!["--listen", "127.0.0.1:0"], vec!["list"]] {
            let refused = place.run(&arguments).await;
            assert_eq!(refused.code, 2, "{text:?}: {}", refused.err);
            assert!(refused.err.contains("rollcall.toml"), "{text:?}: {}", refused.err);
            says.iter().for_each(|s| assert!(refused.err.contains(s), "{text:?}: {}", refused.err));
        }
    }
    let absent = place.run(&["--config", "absent.toml", "list"]).await;
    assert!(absent.code == 2 && absent.err.contains("absent.toml"), "{}", absent.err);
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_and_left_alone() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    assert_eq!(bot.stop().await.0, 0);
    let whole = std::fs::read(place.database()).unwrap();
    let mut middle = whole.clone();
    middle[4096..].fill(0xa5);
    for (what, bytes) in [
        ("text", b"a shopping list ".repeat(100)),
        ("truncated", whole[..whole.len() / 3].to_vec()),
        ("middle", middle),
    ] {
        place.write("data/rollcall.db", &bytes);
        for arguments in [vec!["--listen", "127.0.0.1:0"], vec!["list"], vec!["audit", "verify"]] {
            let refused = place.run(&arguments).await;
            assert_eq!(refused.code, 3, "{what} {arguments:?}: {}{}", refused.out, refused.err);
            assert!(refused.err.contains("rollcall.db"), "{what}: {}", refused.err);
            assert_eq!(refused.err.trim().lines().count(), 1, "one sentence: {}", refused.err);
        }
        assert!(std::fs::read(place.database()).unwrap() == bytes, "{what}: the file was changed");
    }
    place.write("data/rollcall.db", &whole);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.database());
    let mut hand = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of tomorrow', 1, x'00', 1);
         PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .execute(&mut hand)
    .await
    .unwrap();
    hand.close().await.unwrap();
    let before = std::fs::read(place.database()).unwrap();
    let refused = place.run(&["--listen", "127.0.0.1:0"]).await;
    assert!(refused.code == 3 && refused.err.contains("newer Rollcall"), "{} {}", refused.code, refused.err);
    assert!(std::fs::read(place.database()).unwrap() == before);
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_folder_that_can_only_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_page();
    std::fs::create_dir(place.path("data")).unwrap();
    std::fs::set_permissions(place.path("data"), std::fs::Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything is refused nothing.
    let mighty = std::fs::write(place.path("data/x"), "").is_ok();
    if !mighty {
        let refused = place.run(&["--listen", "127.0.0.1:0"]).await;
        assert!(refused.code == 3 && refused.err.contains("data"), "{} {}", refused.code, refused.err);
    }
    std::fs::set_permissions(place.path("data"), std::fs::Permissions::from_mode(0o700)).unwrap();
    // A file where the folder should be is refused to everybody.
    place.write("file", "not a folder");
    let refused = place.run(&["--listen", "127.0.0.1:0", "--data", "file"]).await;
    assert!(refused.code == 3 && refused.err.contains("file"), "{} {}", refused.code, refused.err);
    let refused = place.run(&["--listen", "127.0.0.1:0", "--checklists", "nowhere"]).await;
    assert!(refused.code == 3 && refused.err.contains("nowhere"), "{} {}", refused.code, refused.err);
}

#[tokio::test]
async fn a_locked_database_is_said_and_got_over() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    assert!(bot.get("/readyz").await.starts_with("HTTP/1.1 200"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.database());
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let refused = place.say("tick 1.1").await;
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("Not recorded") && refused.err.contains("locked"), "{}", refused.err);
    let ready = bot.get("/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("locked"), "{ready}");
    assert!(bot.get("/healthz").await.starts_with("HTTP/1.1 200"), "it lives");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let ready = async {
        while !bot.get("/readyz").await.starts_with("HTTP/1.1 200") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(10), ready).await.expect("ready again by itself");
    assert_eq!(place.say("tick 1.1").await.code, 0);
    assert_eq!(bot.stop().await.0, 0);
}

#[tokio::test]
async fn cross_origin_and_oversized_requests() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    let body = "{\"text\":\"tick 1.1\",\"channel\":\"deployments\",\"key\":\"0123456789abcdef\"}";
    let cross =
        bot.request(&bot.post("/api/say", "Origin: https://evil.example\r\nX-Rollcall-As: eve\r\n", body)).await;
    assert!(cross.starts_with("HTTP/1.1 403"), "{cross}");
    let bare = bot.request(&bot.post("/api/do", "", body)).await;
    assert!(bare.starts_with("HTTP/1.1 401"), "{bare}");
    let rebound = bot.request("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    assert!(rebound.starts_with("HTTP/1.1 4"), "{rebound}");
    let origin = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\nX-Rollcall-As: eve\r\n", bot.address);
    let huge = "x".repeat(2_000_000);
    let large = bot.request(&bot.post("/api/say", &origin, &huge)).await;
    assert!(large.starts_with("HTTP/1.1 4") || large.is_empty(), "{large}");
    let long = place.say(&"tick 1.1 ".repeat(1_000)).await;
    assert_eq!(long.code, 1, "{}", long.err);
    let shown = place.run(&["show"]).await;
    assert!(shown.out.contains("[ ] 1.1"), "{}", shown.out);
    assert_eq!(bot.stop().await.0, 0);
}

#[tokio::test]
async fn eight_terminals_at_once() {
    let place = Place::with_page();
    let bot = place.serve(&[]).await;
    place.say("start v1").await;
    let all = |words: fn(usize) -> String| {
        let mut running = tokio::task::JoinSet::new();
        for n in 1..=8_usize {
            let mut command = place.command(&["do", &words(n), "--as", &format!("person {n}")]);
            running.spawn(async move { command.output().await.unwrap() });
        }
        running.join_all()
    };
    let same: Vec<Ended> = all(|_| "tick 1.8".into()).await.iter().map(ended).collect();
    assert_eq!(same.iter().filter(|e| e.code == 0).count(), 1, "one ticked it");
    for late in same.iter().filter(|e| e.code != 0) {
        assert!(late.code == 1 && late.err.contains("ticked already, by person"), "{}", late.err);
    }
    let each: Vec<Ended> = all(|n| format!("note number {n}")).await.iter().map(ended).collect();
    assert!(each.iter().all(|e| e.code == 0));
    let each: Vec<Ended> = all(|n| format!("tick 1.{n}")).await.iter().map(ended).collect();
    assert_eq!(each.iter().filter(|e| e.code == 0).count(), 7, "the eighth was ticked before");
    let shown = place.run(&["show"]).await;
    assert_eq!(shown.out.matches("[x]").count(), 8, "{}", shown.out);
    assert_eq!(bot.stop().await.0, 0);
    assert_eq!(place.run(&["audit", "verify"]).await.code, 0);
}
