//! Who may call, from where, and how much.

use super::*;

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let world = World::walking();
    for path in [
        "/",
        "/c/deployments",
        "/c/nowhere",
        "/d/12",
        "/d/99",
        "/d/12/record.md",
        "/d/12/record.exe",
        "/deployments",
        "/assets/app.js",
        "/assets/none",
        "/api/complete",
        "/api/say",
        "/api/me",
        "/healthz",
        "/readyz",
        "/nowhere",
        "/sign-in",
        "/d/12/fragment",
        "/events?channel=!",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.header("content-security-policy"), CSP, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    let foreign = world.send(but(get("/"), "host", Some("evil.example"))).await;
    assert_eq!(foreign.header("content-security-policy"), CSP);
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let world = World::walking();
    for host in [
        "127.0.0.1:8080",
        "localhost:8080",
        "LOCALHOST:8080",
        "[::1]:8080",
        "127.0.0.2:8080",
        "rollcall.example.org",
        "rollcall.example.org:443",
    ] {
        assert_eq!(world.send(but(get("/c/deployments"), "host", Some(host))).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1",
        "127.0.0.1:9",
        "localhost",
        "localhost.evil.example:8080",
        "127.0.0.1.nip.io:8080",
        "10.0.0.1:8080",
        "0.0.0.0:8080",
        "[::]:8080",
        "",
        "localhost:8080@evil.example",
        "evil.example#localhost:8080",
        "localhost:8080:8080",
        "xrollcall.example.org",
    ] {
        let answer = world.send(but(get("/c/deployments"), "host", Some(host))).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert!(answer.text.contains("http://127.0.0.1:8080"), "{}", answer.text);
    }
    assert_eq!(world.send(but(get("/"), "host", None)).await.status, 400);
    // The request line may name a host of its own.
    let absolute = but(get("http://evil.example/c/deployments"), "host", Some(HOST));
    assert_eq!(world.send(absolute).await.status, StatusCode::MISDIRECTED_REQUEST);
    // Probes come by address.
    assert_eq!(world.send(but(get("/healthz"), "host", Some("10.0.0.7:8080"))).await.status, 200);
}

#[tokio::test]
async fn the_address_listened_on_is_ours() {
    let at = |address: &str| World::with(FakeDesk::walking(), |s| s.address = address.parse().unwrap());
    for (address, host, status) in [
        ("192.168.1.5:8080", "192.168.1.5:8080", 403),
        ("192.168.1.5:8080", "127.0.0.1:8080", 403),
        ("192.168.1.5:8080", "192.168.1.6:8080", 421),
        ("192.168.1.5:8080", "192.168.1.5:80", 421),
        ("192.168.1.5:8080", "192.168.1.5.evil.example:8080", 421),
        ("0.0.0.0:8080", "127.0.0.1:8080", 403),
        ("0.0.0.0:8080", "0.0.0.0:8080", 421),
        ("[2001:db8::1]:8080", "[2001:db8::1]:8080", 403),
        ("[::]:8080", "[::1]:8080", 403),
    ] {
        let answer = at(address).send(but(get("/c/deployments"), "host", Some(host))).await;
        // 403: the host is ours, but nobody is configured to sign in.
        assert_eq!(answer.status.as_u16(), status, "{host} at {address}");
    }
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let world = World::walking();
    let body = tick().to_string();
    let good = || post("/api/say", &body);
    for (what, request, status) in [
        ("origin", but(good(), "origin", Some("http://evil.example")), 403),
        ("origin null", but(good(), "origin", Some("null")), 403),
        ("other port", but(good(), "origin", Some("http://127.0.0.1:9999")), 403),
        ("prefix", but(good(), "origin", Some("http://127.0.0.1:8080.evil.example")), 403),
        ("scheme", but(good(), "origin", Some("ftp://127.0.0.1:8080")), 403),
        ("site", but(good(), "sec-fetch-site", Some("cross-site")), 403),
        ("same site", but(good(), "sec-fetch-site", Some("same-site")), 403),
        ("neither", but(but(good(), "origin", None), "sec-fetch-site", None), 403),
        ("form", but(good(), "content-type", Some("application/x-www-form-urlencoded")), 415),
        ("plain", but(good(), "content-type", Some("text/plain;application/json")), 415),
        ("no type", but(good(), "content-type", None), 415),
        ("no header", but(good(), "x-rollcall", None), 403),
    ] {
        let answer = world.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert!(answer.error().ends_with('.'), "{what}: {}", answer.text);
    }
    for path in ["/api/react", "/api/sign-in", "/api/sign-out"] {
        assert_eq!(world.send(but(post(path, "{}"), "origin", Some("http://evil.example"))).await.status, 403);
    }
    assert!(world.desk.heard.lock().unwrap().is_empty());
    assert_eq!(world.send(but(good(), "sec-fetch-site", None)).await.status, 200);
    assert_eq!(world.send(but(good(), "origin", None)).await.status, 200);
    // Reading from another site's page is no better; following its link is fine.
    let read = but(get("/events?channel=deployments"), "sec-fetch-site", Some("cross-site"));
    assert_eq!(world.send(read).await.status, 403);
    let linked = but(but(get("/d/12"), "sec-fetch-site", Some("cross-site")), "sec-fetch-mode", Some("navigate"));
    assert_eq!(world.send(linked).await.status, 200);
}

#[tokio::test]
async fn oversized_requests_are_told_so() {
    let world = World::walking();
    let mut long = tick();
    long["text"] = "x".repeat(20_000).into();
    let announced = post("/api/say", &long.to_string());
    let length = long.to_string().len().to_string();
    for request in [
        but(announced, "content-length", Some(&length)),
        post("/api/say", &long.to_string()),
        post("/api/say", &"x".repeat(3_000_000)),
    ] {
        let answer = world.send(request).await;
        assert_eq!(answer.status, 413);
        assert!(answer.error().contains("16 KiB"), "{}", answer.text);
    }
    let mut terminal = post("/api/do", &"x".repeat(20_000));
    terminal.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    assert_eq!(world.send(terminal).await.status, 413);
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn unknown_paths_help() {
    let world = World::walking();
    for path in [
        "/nowhere",
        "/d/99",
        "/d/x",
        "/d/18446744073709551616",
        "/c/unknown",
        "/c/a%2Fb",
        "/d/12/x",
        "/assets/../Cargo.toml",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.contains("href=\"/deployments\""), "{path}");
    }
    for path in ["/api/nowhere", "/d/99/fragment", "/c/unknown/fragment"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.error().is_empty(), "{path}");
    }
    let wrong = world.get("/api/say").await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "POST"));
    assert!(!wrong.error().is_empty());
}

#[tokio::test]
async fn assets_are_named_by_content() {
    let world = World::walking();
    let page = world.get("/c/deployments").await.text;
    let start = page.find("/assets/app.js?v=").unwrap();
    let address: String = page[start..].chars().take_while(|c| *c != '"').collect();
    let first = world.get(&address).await;
    assert!(first.header("cache-control").contains("immutable"));
    assert!(first.header("content-type").starts_with("text/javascript"));
    let plain = world.get("/assets/morph.js").await;
    assert_eq!(plain.header("cache-control"), "no-cache");
    let again = but(get("/assets/morph.js"), "if-none-match", Some(plain.header("etag")));
    let again = world.send(again).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn health_is_told_to_anybody() {
    let world = World::walking();
    assert_eq!(world.get("/healthz").await.text, "ok");
    assert_eq!(world.get("/readyz").await.status, 200);
    world.desk.sick.store(true, Ordering::Relaxed);
    let answer = world.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (503, "The database does not answer."));
}

#[tokio::test]
async fn a_failed_look_up_is_not_told_as_nothing_there() {
    let world = World::walking();
    world.desk.sick.store(true, Ordering::Relaxed);
    for path in [
        "/c/deployments",
        "/c/deployments/fragment",
        "/d/12",
        "/d/12/fragment",
        "/d/12/record.md",
        "/d/99",
        "/deployments",
        "/deployments/fragment",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.text.contains("The database does not answer."), "{path}: {}", answer.text);
        assert!(!answer.text.contains("There is no deployment"), "{path}");
    }
    let body = serde_json::json!({ "message": "12/section/3@console:deployments", "emoji": "4️⃣", "present": true,
        "key": "key-000002" });
    assert_eq!(world.post("/api/react", body).await.status, 503);
}

#[tokio::test]
async fn beyond_loopback_without_sign_in_nobody_is_let_in() {
    let world = World::with(FakeDesk::walking(), |s| s.address = "192.168.1.5:8080".parse().unwrap());
    for path in ["/c/deployments", "/d/12", "/events", "/api/me"] {
        assert_eq!(world.get(path).await.status, 403, "{path}");
    }
    assert_eq!(world.post("/api/say", tick()).await.status, 403);
    assert!(world.desk.heard.lock().unwrap().is_empty());
}

/// Over a real socket: a slow head is cut off, a large body is answered before the connection ends.
#[tokio::test]
async fn sockets_are_bounded() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::walking();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(rollcall::chat::console::serve(
        listener,
        world.router.clone(),
        async move {
            let _ = stopped.await;
        },
        std::time::Duration::from_secs(2),
    ));
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/say HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nContent-Type: application/json\r\n\
         X-Rollcall: 1\r\nContent-Length: 200000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; 200_000]).await.unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 413");
    stop.send(()).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), serving).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_cut_off() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::walking();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = rollcall::chat::console::serve(
        listener,
        world.router.clone(),
        std::future::pending(),
        std::time::Duration::from_secs(1),
    );
    let serving = tokio::spawn(serving);
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    serving.abort();
}

#[tokio::test]
async fn a_port_in_use_is_told_in_a_sentence() {
    use rollcall::chat::console::listen;
    let first = listen("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let address = first.local_addr().unwrap();
    let why = listen(address, false).await.unwrap_err();
    assert!(why.contains(&format!("Port {} on 127.0.0.1 is in use", address.port())), "{why}");
    assert!(why.contains("--listen 127.0.0.1:"), "{why}");
    let why = listen("0.0.0.0:0".parse().unwrap(), false).await.unwrap_err();
    assert!(why.contains("must sign in"), "{why}");
    assert!(listen("0.0.0.0:0".parse().unwrap(), true).await.is_ok());
    let why = listen("203.0.113.7:0".parse().unwrap(), true).await.unwrap_err();
    assert!(why.contains("no address 203.0.113.7"), "{why}");
}
