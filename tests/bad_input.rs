//! What goes wrong on the night of a release, one by one: a clear answer, nothing half done, and on it goes.

mod world;

use rollcall::card::Reply;
use rollcall::config::Config;
use rollcall::domain::event::Event;
use rollcall::engine::Input;
use rollcall::store::{Store, StoreError};
use sqlx::Connection as _;
use std::path::Path;
use world::*;

const PAGE: &str = "\
# Shop release

## Deploy

- [ ] Backup of the orders taken
- [ ] Backup of the users taken
- [ ] Image pushed

## Rollback criteria

- [ ] Error rate above 5 percent

## Rollback procedure

- [ ] Traffic switched back
";

fn say(text: &str) -> Input {
    Input::Say(text.into())
}

/// Refused, in words, and nothing of it is seen by anybody else or recorded.
async fn refused(w: &World, text: &str) -> Reply {
    let before = (w.messages().len(), w.engine().store().stats().await.unwrap().events);
    let reply = w.say("Bob", text).await;
    assert!(!reply.ok && !reply.text.is_empty(), "{text:?}: {reply:?}");
    let harmless =
        |c: char| c == '\n' || !(c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    assert!(reply.text.chars().all(harmless), "{text:?}: {:?}", reply.text);
    assert!(reply.text.chars().count() < 900, "{text:?}: {}", reply.text);
    let after = (w.messages().len(), w.engine().store().stats().await.unwrap().events);
    assert_eq!(before, after, "{text:?} was posted or recorded");
    reply
}

#[tokio::test]
async fn unknown_command_or_option() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    for (text, near, example) in [
        ("tcik 1.1", "tick", "tick 3.2"),
        ("rolback errors", "rollback", "rollback"),
        ("stauts", "status", "status"),
        ("start v2 enviroment:prod", "env", "start v1.2.0"),
        ("start v2 --qeue", "queue", "start v1.2.0"),
        ("finish --overide because", "override", "finish"),
        ("frobnicate", "help", "help"),
        ("approve", "help", "help"),
    ] {
        let reply = refused(&w, text).await;
        assert!(reply.text.contains(near) && reply.text.contains(example), "{text:?}: {}", reply.text);
    }
}

#[tokio::test]
async fn item_that_does_not_exist_is_ambiguous_is_ticked_or_belongs_to_a_closed_branch() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let none = refused(&w, "tick 1.9").await;
    assert!(none.text.contains("1.9") && none.text.contains("1.3"), "{}", none.text);
    let nowhere = refused(&w, "tick 7.1").await;
    assert!(nowhere.text.contains("7.1") && nowhere.text.contains("sections"), "{}", nowhere.text);
    let which = refused(&w, "tick backup").await;
    assert!(which.text.contains("1.1, 1.2"), "{}", which.text);
    let labels: Vec<&str> = which.choices.iter().map(|b| b.label.as_str()).collect();
    assert_eq!(labels, ["1.1 Backup of the orders taken", "1.2 Backup of the users taken"]);
    assert!(w.press("Ana", &which.choices[1], "").await.ok);
    w.jump(12 * MINUTE);
    let already = refused(&w, "tick 1.2").await;
    assert!(already.text.contains("by Ana 12 min ago (10:00 UTC)"), "{}", already.text);
    let closed = refused(&w, "tick 3.1").await;
    assert!(closed.text.contains("rollback"), "{}", closed.text);
    assert!(w.say("Ana", "rollback errors").await.ok);
    let closed = refused(&w, "tick 1.1").await;
    assert!(closed.text.contains("rolling back"), "{}", closed.text);
    assert!(w.say("Ana", "rolled-back").await.ok);
    refused(&w, "tick 3.1").await;
}

#[tokio::test]
async fn version_that_is_none() {
    let w = World::of(PAGE).await;
    let long = "9".repeat(300);
    for version in [
        long.as_str(),
        "",
        "\"\"",
        "@everyone",
        "<@U123>",
        "<!channel>",
        "**v1**",
        "`v1`",
        "[v1](https://evil.example)",
        "<b>v1</b>",
        "v1\nv2",
        "v1\r\nv2",
        "v1\u{0}",
        "v1\u{7}",
        "v1\u{1b}[31m",
        "v1\u{202e}gpj",
        "v1\u{2066}x",
        "v1\u{200b}",
        "v1|x",
        "-v1",
    ] {
        let reply = refused(&w, &format!("start {version}")).await;
        assert!(reply.text.contains("start v1.2.0"), "{version:?}: {}", reply.text);
        let quoted = refused(&w, &format!("start \"{version}\"")).await;
        assert!(!quoted.text.contains("@everyone.") && !quoted.text.contains("<b>."), "{version:?}: {}", quoted.text);
    }
    assert!(w.messages().is_empty());
    for version in ["v1.2.0", "2026-11-21", "release/7", "1.2.3+build.9", &"v".repeat(100)] {
        let reply = w.say("Ana", &format!("start {version} --rehearse service:s{}", version.len())).await;
        assert!(reply.ok, "{version}: {}", reply.text);
    }
}

#[tokio::test]
async fn same_item_by_two_at_once() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let before = w.engine().store().stats().await.unwrap().events;
    let (a, b, c) = tokio::join!(
        w.handle("Ana", Some("a"), say("tick 1.1")),
        w.handle("Bob", Some("b"), say("tick 1.1")),
        w.handle("Cleo", Some("c"), say("tick 1.1")),
    );
    w.settle().await;
    let won: Vec<(&str, &Reply)> = [("Ana", &a), ("Bob", &b), ("Cleo", &c)].into_iter().filter(|(_, r)| r.ok).collect();
    assert_eq!(won.len(), 1, "{a:?} {b:?} {c:?}");
    for lost in [&a, &b, &c].into_iter().filter(|r| !r.ok) {
        assert!(lost.text.contains(&format!("already, by {}", won[0].0)), "{}", lost.text);
    }
    assert_eq!(w.engine().store().stats().await.unwrap().events, before + 1, "one event");
}

#[tokio::test]
async fn the_same_click_delivered_twice() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let before = w.engine().store().stats().await.unwrap().events;
    let (a, b) = tokio::join!(
        w.handle("Ana", Some("k"), say("#1 fail 1.1 x")),
        w.handle("Ana", Some("k"), say("#1 fail 1.1 x"))
    );
    assert_eq!(a, b);
    assert_eq!(w.handle("Ana", Some("k"), say("#1 fail 1.1 x")).await, a);
    w.settle().await;
    assert_eq!(w.engine().store().stats().await.unwrap().events, before + 1);
    assert_eq!(w.titles().iter().filter(|t| t.contains("failed")).count(), 1);
    for bad in ["", &"k".repeat(201)] {
        let reply = w.handle("Ana", Some(bad), say("tick 1.2")).await;
        assert!(!reply.ok && reply.text.contains("key"), "{reply:?}");
    }
}

/// A world whose folder of checklists can be written to, with one good page in it.
async fn with_folder() -> (World, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("good.md"), PAGE).unwrap();
    (World::with(Config::default(), Some(dir.path().into())).await, dir)
}

#[tokio::test]
async fn checklist_file_that_cannot_be_used() {
    let (w, dir) = with_folder().await;
    let mut large = String::from("# Large\n\n## Items\n\n");
    while large.len() < 5_000_000 {
        large.push_str("- [ ] One more item of a page that a script has written, without end\n");
    }
    let huge = "# Huge\n\nwords words words\n".repeat(400_000);
    for (name, bytes, says) in [
        ("latin", b"# R\xe9sum\xe9\n- [ ] x\n".to_vec(), "UTF-8"),
        ("binary", vec![0, 159, 146, 150], "UTF-8"),
        ("nul", b"# A\n- [ ] x\0y\n".to_vec(), "NUL"),
        ("empty", Vec::new(), "empty"),
        ("blank", b"  \n\n".to_vec(), "empty"),
        ("nothing", b"# Only words\n\nNothing to tick.\n".to_vec(), ""),
        ("front", b"---\ntitle: [unclosed\n---\n# A\n- [ ] x\n".to_vec(), "line"),
        ("unknown", b"---\ntitel: A\n---\n# A\n- [ ] x\n".to_vec(), "titel"),
        ("large", large.into_bytes(), ""),
        ("huge", huge.into_bytes(), "larger"),
    ] {
        std::fs::write(dir.path().join(format!("{name}.md")), bytes).unwrap();
        let reply = refused(&w, &format!("start v1 checklist:{name}")).await;
        assert!(reply.text.contains(name) && reply.text.contains(says), "{name}: {}", reply.text);
        std::fs::remove_file(dir.path().join(format!("{name}.md"))).unwrap();
    }
    let gone = refused(&w, "start v1 checklist:latin").await;
    assert!(gone.text.contains("There is no checklist"), "{}", gone.text);
    assert!(w.say("Ana", "start v1").await.ok, "the good one still works");
}

#[tokio::test]
async fn a_broken_checklist_is_listed_with_why_and_takes_no_other_with_it() {
    let (w, dir) = with_folder().await;
    std::fs::write(dir.path().join("bad.md"), [0xff]).unwrap();
    let list = w.say("Ana", "checklists").await;
    assert!(list.ok && list.text.contains("good") && list.text.contains("bad cannot be used"), "{}", list.text);
}

#[tokio::test]
async fn the_folder_of_checklists_disappears_during_a_walk() {
    let (mut w, dir) = with_folder().await;
    w.say("Ana", "start v1").await;
    std::fs::remove_dir_all(dir.path()).unwrap();
    assert!(w.say("Ana", "tick 1.1").await.ok);
    assert!(w.say("Ana", "start v2 env:staging").await.ok, "what was known stays");
    assert!(w.say("Ana", "#1 tick 1.2").await.ok);
    std::fs::create_dir_all(dir.path()).unwrap();
    std::fs::write(dir.path().join("good.md"), "# Another\n\n- [ ] Something else\n").unwrap();
    w.restart().await;
    assert!(w.say("Ana", "#1 tick 1.3").await.ok);
    let shown = w.engine().page(1, true).await.unwrap().unwrap();
    assert_eq!(shown.sections[0].done, 3);
}

#[tokio::test]
async fn template_with_an_undefined_variable() {
    let (w, dir) = with_folder().await;
    let page = format!("---\ntemplates:\n  start: \"Off goes {{{{ verison }}}}\"\n---\n{PAGE}");
    std::fs::write(dir.path().join("typo.md"), page).unwrap();
    let reply = refused(&w, "start v1 checklist:typo").await;
    assert!(reply.text.contains("verison") && reply.text.contains("typo"), "{}", reply.text);
    let wrong = Config::parse("[templates]\nhold = \"{{ reson }}\"\n", Path::new("")).unwrap_err();
    assert!(wrong.to_string().contains("reson") && wrong.line == Some(2), "{wrong} {wrong:?}");
}

#[tokio::test]
async fn a_full_disk() {
    let mut w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.engine().store().limit_pages(Some(1)).await.unwrap();
    let long = format!("tick 1.1 {}", "a long note ".repeat(150));
    let mut full = None;
    // What room is left in the file is used up first.
    for n in 0..40 {
        let reply = w.handle("Ana", Some(&format!("note-{n}")), say(&format!("note {}", "padding ".repeat(200)))).await;
        if !reply.ok {
            full = Some(reply);
            break;
        }
    }
    let full = full.expect("the disk is full at last");
    assert!(full.text.starts_with("Not recorded, nothing changed.") && full.text.contains("full"), "{}", full.text);
    let events = w.engine().store().stats().await.unwrap().events;
    let reply = w.handle("Ana", Some("tick"), say(&long)).await;
    assert!(!reply.ok && reply.text.contains("full"), "{reply:?}");
    assert!(w.engine().healthy().unwrap_err().contains("full"), "not ready");
    assert!(w.handle("Ana", None, say("status")).await.ok, "questions are still answered");
    assert_eq!(w.engine().store().stats().await.unwrap().events, events);
    let page = w.engine().page(1, true).await.unwrap().unwrap();
    assert_eq!(page.sections[0].done, 0, "nothing of it is seen");
    w.engine().store().limit_pages(None).await.unwrap();
    w.engine().recover().await;
    assert!(w.engine().healthy().is_ok(), "ready again without anybody's doing");
    // The same click, repeated, is done now.
    let reply = w.handle("Ana", Some("tick"), say(&long)).await;
    assert!(reply.ok, "{reply:?}");
    w.settle().await;
    assert!(read(&w.message("1/board").card).contains("1 of 3"));
    w.restart().await;
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
    assert!(w.engine().store().audit(None).await.unwrap().is_sound());
}

#[tokio::test]
async fn a_database_locked_by_another_program() {
    let w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(w.db());
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let reply = w.handle("Ana", Some("tick"), say("tick 1.1")).await;
    assert!(!reply.ok && reply.text.contains("locked"), "{reply:?}");
    assert!(w.engine().healthy().is_err());
    assert!(w.handle("Ana", None, say("next")).await.ok, "questions are still answered");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let reply = w.handle("Ana", Some("tick"), say("tick 1.1")).await;
    assert!(reply.ok, "{reply:?}");
    assert!(w.engine().healthy().is_ok());
    w.settle().await;
    assert_eq!(states(&w.message("1/section/1").card)[0], "1.1 Ticked");
}

/// A database with something in it, closed.
async fn closed_database() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rollcall.db");
    Store::open(&path).await.unwrap().close().await.unwrap();
    (dir, path)
}

#[tokio::test]
async fn a_corrupt_truncated_or_foreign_file_is_refused_and_left_alone() {
    let (_dir, path) = closed_database().await;
    let whole = std::fs::read(&path).unwrap();
    let mut header = whole.clone();
    header[..16].fill(b'x');
    let mut middle = whole.clone();
    middle[4096..].fill(0xa5);
    for (what, bytes) in [
        ("text", b"This is not a database, it is a shopping list.".repeat(40)),
        ("short", whole[..100].to_vec()),
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("header", header),
        ("middle", middle),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        let error = Store::open(&path).await.expect_err(what);
        assert!(
            matches!(error, StoreError::Damaged { .. } | StoreError::Foreign { .. } | StoreError::Altered { .. }),
            "{what}: {error:?}"
        );
        assert!(error.to_string().contains("rollcall.db"), "{error}");
        assert!(std::fs::read(&path).unwrap() == bytes, "{what}: the file was changed");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let (_dir, path) = closed_database().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of tomorrow', 1, x'00', 1)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
    assert!(error.to_string().contains("newer Rollcall"), "{error}");
    assert!(std::fs::read(&path).unwrap() == before);
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_can_only_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, path) = closed_database().await;
    let before = std::fs::read(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    // Whoever may do everything is refused nothing.
    let mighty = std::fs::File::options().write(true).open(&path).is_ok();
    if !mighty {
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "the folder can be written, the file cannot: {error:?}");
    }
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    if !mighty {
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. } | StoreError::Denied { .. }), "{error:?}");
        assert!(std::fs::read(&path).unwrap() == before);
    }
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn a_clock_stepping_backwards() {
    let mut w = World::of(PAGE).await;
    w.say("Ana", "start v1").await;
    w.say("Ana", "tick 1.1").await;
    w.jump(-3 * DAY);
    let already = w.say("Bob", "tick 1.1").await;
    assert!(already.text.contains("just now"), "{}", already.text);
    assert!(w.say("Bob", "tick 1.2").await.ok);
    w.restart().await;
    assert!(w.say("Bob", "hold the clock is wrong").await.ok);
    assert!(w.say("Bob", "resume").await.ok);
    let log = w.engine().store().deployment_log(1).await.unwrap().unwrap().events;
    let back: Vec<_> = log.windows(2).filter(|p| p[0].at > p[1].at).map(|p| &p[1].event).collect();
    assert!(matches!(back.as_slice(), [Event::ClockSetBack { .. }]), "once, and said: {back:?}");
    assert!(read(&w.message("1/board").card).contains("2 of 3"));
}
