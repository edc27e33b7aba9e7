//! What waits to be shown: order, turns, calls, edits.

use super::*;

#[tokio::test]
async fn channels_keep_their_order_and_take_turns() -> Done {
    let h = house().await;
    let s = &h.store;
    s.commit(&asks(vec![ask("a1", "a", 10), ask("a2", "a", 10), ask("a3", "a", 10), ask("b1", "b", 10)])).await?;
    assert_eq!(h.claim(9).await, Vec::<String>::new());
    assert_eq!(s.next_delivery().await?, Some(Timestamp(10)));
    assert_eq!(h.claim(10).await, ["a1", "b1", "a2", "a3"]);
    assert_eq!(s.claim(Timestamp(10), 2).await?.len(), 2);

    // The second must wait: so must the third, though it is due.
    let generation = s.claim(Timestamp(10), 9).await?[2].generation;
    s.commit(&became("a2", generation, 11, retry(50))).await?;
    assert_eq!(h.claim(20).await, ["a1", "b1"]);
    s.commit(&became("a1", generation, 12, shown("a1"))).await?;
    s.commit(&became("b1", generation, 12, failed())).await?;
    assert_eq!(h.claim(49).await, Vec::<String>::new());
    assert_eq!(s.next_delivery().await?, Some(Timestamp(50)));

    // Asked for anew, it keeps place and pause; a1 comes in behind.
    s.commit(&asks(vec![ask("a1", "a", 20), ask("a2", "a", 20)])).await?;
    assert_eq!(h.claim(49).await, Vec::<String>::new());
    let waiting = s.claim(Timestamp(50), 9).await?;
    assert_eq!(waiting.iter().map(|w| w.delivery.key.as_str()).collect::<Vec<_>>(), ["a2", "a3", "a1"]);
    assert_eq!((waiting[0].attempts, waiting[0].failing_since), (1, Some(Timestamp(11))));
    assert_eq!(waiting[2].posted.as_deref(), Some("id of a1"));

    // Given up is told, and revived by asking for it anew.
    let lost = s.failed_deliveries(Some(1)).await?;
    assert_eq!((lost.len(), lost[0].key.as_str(), lost[0].why.as_str()), (1, "b1", "channel is gone"));
    s.commit(&asks(vec![ask("b1", "b", 60)])).await?;
    assert!(s.failed_deliveries(None).await?.is_empty());
    let attempts = async || s.claim(Timestamp(60), 9).await.map(|w| w[1].attempts);
    assert_eq!(attempts().await?, 0, "refused at once, it stands nowhere");
    // One that failed before it was given up may stand there.
    let generation = s.claim(Timestamp(60), 9).await?[1].generation;
    s.commit(&became("b1", generation, 61, retry(60))).await?;
    s.commit(&became("b1", generation, 62, failed())).await?;
    s.commit(&asks(vec![ask("b1", "b", 60)])).await?;
    assert_eq!(attempts().await?, 1);
    assert_eq!(h.claim(60).await, ["a2", "b1", "a3", "a1"]);
    Ok(())
}

#[tokio::test]
async fn what_stands_there_is_known_before_it_is_drawn_anew() -> Done {
    let h = house().await;
    let s = &h.store;
    s.commit(&asks(vec![ask("a1", "a", 10), ask("a2", "a", 10)])).await?;
    let generation = s.claim(Timestamp(10), 9).await?[0].generation;
    for at in [11, 12, 13] {
        s.commit(&became("a1", generation, at, retry(at))).await?;
    }
    let DeliveryOutcome::Shown { posted, card, reposted } = shown("a1") else { panic!() };
    let stands = DeliveryOutcome::Stands { posted, card, reposted, due: Timestamp(30), why: "503".into() };
    s.commit(&became("a1", generation, 20, stands)).await?;

    // Whoever reacts to it is understood, and the one behind it still waits for it.
    assert_eq!(s.message_posted("a", "id of a1").await?.map(|m| m.key).as_deref(), Some("a1"));
    assert_eq!(h.claim(29).await, Vec::<String>::new());
    assert_eq!(s.next_delivery().await?, Some(Timestamp(30)));
    let waiting = s.claim(Timestamp(30), 9).await?;
    assert_eq!(waiting.iter().map(|w| w.delivery.key.as_str()).collect::<Vec<_>>(), ["a1", "a2"]);
    assert_eq!(waiting[0].posted.as_deref(), Some("id of a1"), "it is edited, and looked for no more");
    assert_eq!(
        (waiting[0].attempts, waiting[0].failing_since),
        (1, Some(Timestamp(20))),
        "as if it failed for the first time"
    );
    s.commit(&became("a1", generation, 31, shown("a1"))).await?;
    assert_eq!(h.claim(31).await, ["a2"]);
    Ok(())
}

#[tokio::test]
async fn calls_count_until_a_deployment_is_archived() -> Done {
    let h = house().await;
    let s = &h.store;
    let called = |id: u64, ended: Option<i64>, archived: bool, at: i64| {
        let mut batch = opened(id, 2);
        let prev = batch.events[1].hash;
        let called = PageEvent::Called { step: 0, round: 0, calls: vec![], skipped: vec![], late_ms: 0 };
        let (by, via, event) = (Person::rollcall(), Via::Timer, Event::Page { page: 1, event: called });
        let recorded = Recorded { seq: 3, at: Timestamp(at), by, via, event };
        let hash = chain::link(&prev, id, &recorded);
        batch.events.push(NewEvent { deployment: id, prev, hash, recorded });
        batch.deployments[0].ended_at = ended.map(Timestamp);
        batch.deployments[0].archived = archived;
        batch
    };
    s.commit(&called(1, None, false, 9_000)).await?;
    // Long over, and somebody is called from its follow-up window.
    s.commit(&called(2, Some(2_000), false, 9_001)).await?;
    s.commit(&called(3, Some(2_000), true, 9_002)).await?;
    s.commit(&called(4, None, false, 4_999)).await?;
    let at: Vec<i64> = s.paged_since(Timestamp(5_000)).await?.into_iter().map(|(at, _)| at.0).collect();
    assert_eq!(at, [9_000, 9_001]);
    Ok(())
}

#[tokio::test]
async fn a_call_waits_for_no_other_message() -> Done {
    let h = house().await;
    let s = &h.store;
    let call = |n: &str| NewDelivery { what: format!("page/{n}/1"), ..ask(&format!("c{n}"), "a", 10) };
    s.commit(&asks(vec![call("1"), ask("board", "a", 10), call("2"), call("3"), ask("part", "a", 10)])).await?;
    let waiting = s.claim(Timestamp(10), 9).await?;
    assert_eq!(waiting.iter().map(|w| w.call).collect::<Vec<_>>(), [true, false, true, true, false]);
    let generation = waiting[0].generation;
    // One that is tried again holds up nothing, and nothing holds up another.
    s.commit(&became("c1", generation, 11, retry(50))).await?;
    assert_eq!(h.claim(20).await, ["board", "c2", "c3", "part"]);
    s.commit(&became("board", generation, 12, retry(40))).await?;
    assert_eq!(h.claim(20).await, ["c2", "c3"], "what is drawn in order still is");
    assert_eq!(s.next_delivery().await?, Some(Timestamp(10)), "the calls are due");
    s.commit(&became("c2", generation, 13, shown("c2"))).await?;
    s.commit(&became("c3", generation, 13, retry(30))).await?;
    assert_eq!(s.next_delivery().await?, Some(Timestamp(30)), "each by its own pause");
    assert_eq!(h.claim(30).await, ["c3"]);
    assert_eq!(h.claim(40).await, ["board", "part", "c3"]);
    // What never went out goes before what failed already, and before what is told of an older call.
    s.commit(&asks(vec![call("2"), call("4")])).await?;
    assert_eq!(h.claim(50).await, ["board", "part", "c4", "c1", "c3", "c2"]);
    Ok(())
}

#[tokio::test]
async fn replies_wait_for_their_thread() -> Done {
    let h = house().await;
    let s = &h.store;
    let reply = |key: &str| NewDelivery { thread: Some("root".into()), ..ask(key, "a", 10) };
    s.commit(&asks(vec![ask("root", "a", 10), reply("r1"), ask("other", "a", 10), reply("r2")])).await?;
    assert_eq!(h.claim(10).await, ["root", "other"]);
    let generation = s.claim(Timestamp(10), 1).await?[0].generation;
    s.commit(&became("root", generation, 11, failed())).await?;
    s.commit(&became("other", generation, 11, shown("other"))).await?;
    assert_eq!(s.next_delivery().await?, None, "nothing to spin on");
    let lost = s.failed_deliveries(None).await?;
    assert_eq!(lost.iter().map(|u| u.key.as_str()).collect::<Vec<_>>(), ["root", "r1", "r2"]);
    assert!(lost.iter().all(|u| u.why == "channel is gone"));

    s.commit(&asks(vec![ask("root", "a", 20)])).await?;
    assert!(s.failed_deliveries(None).await?.is_empty());
    let generation = s.claim(Timestamp(20), 1).await?[0].generation;
    s.commit(&became("root", generation, 21, shown("root"))).await?;
    let waiting = s.claim(Timestamp(21), 9).await?;
    assert_eq!(waiting.iter().map(|w| w.delivery.key.as_str()).collect::<Vec<_>>(), ["r1", "r2"]);
    assert_eq!(waiting[0].thread_posted.as_deref(), Some("id of root"));
    Ok(())
}

#[tokio::test]
async fn an_edit_that_came_meanwhile_is_not_lost() -> Done {
    let h = house().await;
    let s = &h.store;
    s.commit(&asks(vec![ask("k", "a", 10)])).await?;
    let first = s.claim(Timestamp(10), 1).await?.remove(0).generation;
    s.commit(&asks(vec![NewDelivery { what: "section/1".into(), ..ask("k", "a", 5) }])).await?;
    s.commit(&became("k", first, 11, shown("old"))).await?;
    let m = s.message("k").await?.unwrap();
    assert_eq!((m.card, m.posted_at, m.edited_at), (card("old"), Timestamp(11), None));
    let second = s.claim(Timestamp(11), 1).await?.remove(0);
    assert!(second.generation > first);
    assert_eq!((second.posted.as_deref(), second.delivery.due), (Some("id of old"), Timestamp(5)));
    // What failed was the old one: the new one is still to be tried.
    s.commit(&became("k", first, 12, failed())).await?;
    assert_eq!(h.claim(12).await, ["k"]);
    s.commit(&became("k", second.generation, 13, shown("new"))).await?;
    assert_eq!(s.next_delivery().await?, None);
    let m = s.message("k").await?.unwrap();
    assert_eq!((m.card, m.posted_at, m.edited_at), (card("new"), Timestamp(11), Some(Timestamp(13))));
    assert_eq!(s.message_posted("a", "id of new").await?.map(|m| m.key), Some("k".into()));

    // A late word about a row that is gone says nothing about the one that came after it.
    s.commit(&asks(vec![ask("k", "a", 20)])).await?;
    s.commit(&became("k", second.generation, 21, shown("late"))).await?;
    assert_eq!(h.claim(21).await, ["k"]);
    s.close().await?;
    let again = Store::open(h.dir.path()).await?;
    let third = again.claim(Timestamp(21), 1).await?.remove(0).generation;
    again.commit(&asks(vec![ask("new", "a", 20)])).await?;
    assert!(third > second.generation && again.claim(Timestamp(21), 9).await?[1].generation > third);
    Ok(())
}

#[tokio::test]
async fn an_edit_never_posts() -> Done {
    let h = house().await;
    let s = &h.store;
    let edit = |key: &str| NewDelivery { only_if_shown: true, ..ask(key, "a", 10) };
    s.commit(&asks(vec![edit("never"), edit("k"), ask("k", "a", 10), edit("k")])).await?;
    assert_eq!(h.claim(10).await, ["k"]);
    s.commit(&asks(vec![edit("k")])).await?;
    let waiting = s.claim(Timestamp(10), 1).await?.remove(0);
    s.commit(&became("k", waiting.generation, 11, shown("k"))).await?;
    assert_eq!(h.claim(11).await, Vec::<String>::new());
    s.commit(&asks(vec![edit("k"), edit("never")])).await?;
    assert_eq!(h.claim(11).await, ["k"]);
    Ok(())
}
