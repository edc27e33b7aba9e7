//! Serves the console before the tests' fake desk.
#![allow(clippy::unwrap_used)]
#[path = "../tests/console/desk.rs"]
mod desk;
use rollcall::chat::console::{Account, Console, Settings, SignIn, serve};
use std::sync::Arc;
#[tokio::main]
async fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mode = std::env::args().nth(2).unwrap_or_default();
    let desk = if mode == "empty" { desk::FakeDesk::empty() } else { desk::FakeDesk::walking() };
    let sign_in = (mode == "signin").then(|| SignIn {
        people: vec![Account {
            id: "ana".into(),
            name: "Ana".into(),
            key_sha256: {
                use sha2::Digest;
                sha2::Sha256::digest(b"secret").into()
            },
        }],
        secret: vec![7; 32],
    });
    let console = Console::new(
        Arc::new(desk),
        Settings {
            hosts: vec![],
            port,
            sign_in,
            token: "t".into(),
            loopback: true,
            clock: Arc::new(rollcall::ports::SystemClock),
        },
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let ending = console.clone();
    serve(
        listener,
        console.router(),
        async move {
            tokio::signal::ctrl_c().await.unwrap();
            ending.close()
        },
        std::time::Duration::from_secs(3),
    )
    .await;
}
