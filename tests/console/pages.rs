//! What pages show, and that nothing typed becomes markup.

use super::*;
use rollcall::card::{Block, Fact, Shown};
use rollcall::domain::text::{Rich, Span};

const NASTY: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;";

fn nasty() -> World {
    let mut desk = FakeDesk::walking();
    desk.version = NASTY.into();
    {
        let mut sections = desk.sections.lock().unwrap();
        sections[2].0 = NASTY.into();
        let link = Span { text: NASTY.into(), link: Some(format!("javascript:{NASTY}")), ..Span::default() };
        let mut line = desk::item("3.1", Rich(vec![link]), Shown::Failed);
        line.who = Some(rollcall::domain::command::Person::named(NASTY));
        line.details = vec![NASTY.into()];
        line.commands[..].iter().for_each(drop);
        line.commands.push(rollcall::domain::checklist::CodeBlock { language: Some(NASTY.into()), code: NASTY.into() });
        for b in &mut line.buttons {
            (b.label, b.command, b.ask, b.confirm) =
                (NASTY.into(), NASTY.into(), Some(NASTY.into()), Some(NASTY.into()));
        }
        sections[2].1[0] = line;
    }
    let mut messages = desk.compose();
    messages[0].reactions = vec![("1️⃣".into(), vec![NASTY.into()]), (NASTY.into(), vec![NASTY.into()])];
    messages[0]
        .card
        .blocks
        .push(Block::Facts { facts: vec![Fact { label: NASTY.into(), value: NASTY.into(), at: None }] });
    messages[0].key = format!("12/announcement@{}", desk::CHANNEL);
    *desk.messages.lock().unwrap() = messages;
    World::new(desk)
}

#[tokio::test]
async fn nothing_typed_becomes_markup() {
    let world = nasty();
    for path in ["/c/deployments", "/c/deployments/fragment", "/d/12", "/d/12/fragment", "/deployments"] {
        let html = world.get(path).await.text;
        assert!(html.contains("&lt;script&gt;"), "{path} shows it as text");
        for bad in ["<script>", "<img src=x", "onerror='alert(2)'>", "href=\"javascript", "style=\"", " onclick"] {
            assert!(!html.contains(bad), "{bad} in {path}");
        }
    }
}

#[tokio::test]
async fn pages_carry_no_inline_script_or_style() {
    let world = World::walking();
    for path in ["/c/deployments", "/d/12", "/deployments", "/nowhere", "/sign-in"] {
        let html = world.get(path).await.text;
        let scripts: Vec<&str> = html.match_indices("<script").map(|(at, _)| &html[at..at + 60]).collect();
        assert!(scripts.iter().all(|s| s.contains("src=\"/assets/")), "{scripts:?}");
        assert!(!html.contains("<style") && !html.contains(" style="), "{path}");
        assert!(!html.contains("http://") && !html.contains("//cdn"), "{path} loads nothing from elsewhere");
    }
}

#[tokio::test]
async fn a_channel_shows_posts_with_their_threads() {
    let world = World::walking();
    assert_eq!(world.get("/").await.header("location"), "/c/deployments");
    let html = world.get("/c/deployments").await.text;
    for hook in [
        "data-post=\"12/announcement@console:deployments\"",
        "data-thread=\"12/announcement@console:deployments\"",
        "data-message=\"12/section/3@console:deployments\"",
        "data-what=\"board\"",
        "data-item=\"3.4\" data-key=\"3.4\" data-state=\"open\"",
        "data-react=\"2️⃣\"",
        "data-react=\"✅\"",
        "role=\"checkbox\" aria-checked=\"true\" aria-label=\"3.2 Migrations applied\"",
        "data-command=\"#12 tick 3.4\"",
        "REHEARSAL",
        "Open the thread (<span data-thread-count>3</span>)</span>",
        "<time datetime=\"2026-03-05T14:01:00.000Z\">2026-03-05 14:01 UTC</time>",
        "aria-current=\"page\">#deployments",
        "href=\"/c/release-train\"",
    ] {
        assert!(html.contains(hook), "{hook}");
    }
    assert!(!html.contains("slack:ops"));
}

#[tokio::test]
async fn older_posts_come_in_parts_and_replies_never_alone() {
    let world = World::walking();
    let newest = world.get("/c/deployments/fragment?limit=5").await.text;
    // Newest five: section 2, section 3, progress, rehearsal, hold; the announcement comes along with its thread.
    assert!(newest.contains("data-older=\"4\""), "{newest}");
    assert!(newest.contains("data-post=\"12/announcement@console:deployments\""));
    assert!(!newest.contains("12/section/1@"));
    let older = world.get("/c/deployments/fragment?before=4").await.text;
    assert!(older.contains("12/section/1@") && !older.contains("data-older"));
    assert_eq!(world.get("/c/deployments/fragment?before=x").await.status, 400);
}

#[tokio::test]
async fn empty_places_teach() {
    let world = World::new(FakeDesk::empty());
    let html = world.get("/c/deployments").await.text;
    assert!(html.contains("data-fill=\"/deploy start v1.2.0\""));
    assert!(world.get("/deployments").await.text.contains("Nothing is under way"));
}

#[tokio::test]
async fn a_deployment_shows_everything() {
    let world = World::walking();
    let html = world.get("/d/12").await.text;
    for hook in [
        "data-section=\"5\"",
        "href=\"#s3\" aria-current=\"step\"",
        "data-person=\"Ben\"",
        "data-field=\"Error rate\"",
        "data-fill=\"/deploy fill &quot;Error rate&quot; \"",
        "data-seq=\"9\"",
        "14 earlier entries",
        "<progress value=\"8\" max=\"17\"",
        "data-fragment=\"/d/12/fragment\"",
    ] {
        assert!(html.contains(hook), "{hook}");
    }
    let record = world.get("/d/12/record.md").await;
    assert_eq!(record.header("content-disposition"), "attachment; filename=\"rollcall-12-record.md\"");
    assert_eq!(record.text, "# Record of #12\n");
    assert_eq!(world.get("/d/12/record.json").await.header("content-type"), "application/json");
    assert_eq!(world.get("/d/13/record.json").await.status, 404);
}

#[tokio::test]
async fn deployments_come_a_page_at_a_time() {
    let world = World::walking();
    let html = world.get("/deployments").await.text;
    assert!(html.contains("data-deployment=\"13\"") && html.contains("/deployments?before=8"));
    let next = world.get("/deployments?before=8").await.text;
    assert!(next.contains("data-deployment=\"7\"") && !next.contains("data-deployment=\"13\""));
}
