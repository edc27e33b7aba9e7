use super::*;

#[test]
fn every_no_says_what_to_do() {
    let mut out = String::new();
    for code in [
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "restricted_action",
        "missing_scope",
        "invalid_auth",
        "token_revoked",
        "not_allowed_token_type",
        "link_disabled",
        "msg_too_long",
    ] {
        let failure = Failure::No { code: code.into(), needed: (code == "missing_scope").then(|| "chat:write".into()) };
        let ChatError::Refused { why } = ChatError::from(failure) else { panic!("{code}") };
        out.push_str(&format!("{code}\n    {why}\n"));
    }
    insta::assert_snapshot!(out);
    assert_eq!(ChatError::from(no("message_not_found")), ChatError::Gone);
    assert_eq!(
        ChatError::from(Failure::Later { after_ms: 7_000, why: "x".into() }),
        ChatError::Retry { after_ms: 7_000, why: "x".into() }
    );
}

#[test]
fn a_message_is_known_by_its_metadata_or_its_first_block() {
    let ours = json!({
        "ts": "1.1", "metadata": { "event_type": "rollcall_message", "event_payload": { "key": "12/board@slack:C1" } },
    });
    assert_eq!(found(&ours).key.as_deref(), Some("12/board@slack:C1"));
    let stripped = json!({ "ts": "1.1", "blocks": [{ "type": "header", "block_id": "key:12/board@slack:C1" }] });
    assert_eq!(found(&stripped).key.as_deref(), Some("12/board@slack:C1"));
    // Somebody else's metadata, of whatever shape, hides nothing.
    let odd = json!({
        "ts": "1.2", "metadata": { "event_type": "theirs", "event_payload": { "key": 5 } }, "blocks": "none",
        "reactions": [{ "name": "one", "users": ["U1", 5] }, { "users": [] }], "files": [{ "name": "a.md" }],
    });
    let found = found(&odd);
    assert_eq!((found.key, &*found.ts), (None, "1.2"));
    assert_eq!((found.reactions, found.files), (vec![("one".into(), vec!["U1".into()])], vec!["a.md".to_owned()]));
}
