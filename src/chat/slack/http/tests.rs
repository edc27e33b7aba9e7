use super::*;

const NOW: Timestamp = Timestamp(1_795_735_193_000);

fn headers(secret: &str, at: i64, body: &str) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    HeaderMap::from_iter([
        ("x-slack-request-timestamp".parse().unwrap(), at.to_string().parse().unwrap()),
        ("x-slack-signature".parse().unwrap(), signature.parse().unwrap()),
    ])
}

#[test]
fn signatures_are_slacks_and_fresh() {
    let at = NOW.0 / 1000;
    let ok = |headers: &HeaderMap, body: &str| verified("secret", headers, body.as_bytes(), NOW).is_some();
    assert!(ok(&headers("secret", at, "a=1"), "a=1"));
    assert!(ok(&headers("secret", at - 300, "a=1"), "a=1") && ok(&headers("secret", at + 300, "a=1"), "a=1"));
    assert!(!ok(&headers("secret", at - 301, "a=1"), "a=1") && !ok(&headers("secret", at + 301, "a=1"), "a=1"));
    assert!(!ok(&headers("secret", at, "a=1"), "a=2"));
    assert!(!ok(&headers("other", at, "a=1"), "a=1"));
    assert!(!ok(&HeaderMap::new(), "a=1"));
    let mut odd = headers("secret", at, "a=1");
    odd.insert("x-slack-request-timestamp", "-9223372036854775808".parse().unwrap());
    assert!(!ok(&odd, "a=1"));
    odd.insert("x-slack-signature", "v0=zz".parse().unwrap());
    assert!(!ok(&odd, "a=1"));
    assert!(verified("", &headers("", at, "a=1"), b"a=1", NOW).is_none(), "no secret lets nobody in");
}

/// Slack's documentation gives this example.
#[test]
fn the_known_example_fits() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = HeaderMap::from_iter([
        ("x-slack-request-timestamp".parse().unwrap(), "1531420618".parse().unwrap()),
        (
            "x-slack-signature".parse().unwrap(),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".parse().unwrap(),
        ),
    ]);
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    assert!(verified(secret, &headers, body.as_bytes(), Timestamp(1_531_420_618_000)).is_some());
    let Some(Called::Payload(Payload::Command(fields))) = form(&Bytes::from(body)) else { panic!() };
    let fields: Value = serde_json::from_str(&fields).unwrap();
    assert_eq!(fields["command"], "/webhook-collect");
}

#[test]
fn nothing_is_taken_twice_and_memory_is_bounded() {
    let mut seen = Seen::default();
    assert!(seen.take([1; 16], NOW) && !seen.take([1; 16], NOW.plus_ms(599_000)));
    assert!(seen.take([1; 16], NOW.plus_ms(601_000)), "after the window its age refuses it");
    for n in 0..REMEMBERED as u128 + 10 {
        assert!(seen.take(n.to_be_bytes(), NOW.plus_ms(601_000)));
    }
    assert!(seen.known.len() <= REMEMBERED && seen.order.len() <= REMEMBERED);
}

#[test]
fn bodies_are_read() {
    let payload = form(&Bytes::from("payload=%7B%22type%22%3A%22block_actions%22%2C%22a%22%3A%22x+y%22%7D"));
    let Some(Called::Payload(Payload::Interaction(value))) = payload else { panic!() };
    let value: Value = serde_json::from_str(&value).unwrap();
    assert_eq!((value["type"].as_str(), value["a"].as_str()), (Some("block_actions"), Some("x y")));
    assert!(form(&Bytes::from("payload=%7B")).is_none());
    assert!(form(&Bytes::from(&b"\xff"[..])).is_none());
    let challenge = event(&Bytes::from(r#"{"type":"url_verification","challenge":"c"}"#));
    assert!(matches!(challenge, Some(Called::Challenge(c)) if c == "c"));
    assert!(matches!(event(&Bytes::from("{}")), Some(Called::Payload(Payload::Event(_)))));
    assert!(event(&Bytes::from("{")).is_none());
}
