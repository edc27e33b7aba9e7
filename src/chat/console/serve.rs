//! Serving connections, with the bounds a plain accept loop leaves out: how many, and how slow a head may arrive.

use super::limits;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Takes the address, or says in a sentence why it cannot be had. Beyond loopback only where people must sign in.
pub async fn listen(address: SocketAddr, signs_in: bool) -> Result<TcpListener, String> {
    if !address.ip().is_loopback() && !signs_in {
        return Err(format!(
            "The console will not listen on {address}: beyond this machine people must sign in, and nobody is \
             configured to. Add people with key_sha256 to the configuration, or listen on 127.0.0.1:{}.",
            address.port()
        ));
    }
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "Port {} on {} is in use, perhaps by another Rollcall. Stop it, or choose another with \
             --listen {}:{}.",
            address.port(),
            address.ip(),
            if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() },
            address.port().checked_add(1).unwrap_or(8080)
        ),
        ErrorKind::PermissionDenied => format!(
            "This user may not listen on port {}. Choose one above 1023, for instance --listen 127.0.0.1:8080.",
            address.port()
        ),
        ErrorKind::AddrNotAvailable => {
            format!("This machine has no address {}. Choose one it has with --listen.", address.ip())
        }
        _ => format!("The console cannot listen on {address}: {error}."),
    })
}

/// Serves until `closing` is done, then lets requests under way finish, for at most `grace`.
///
/// Live streams end with [`super::Console::close`], which `closing` should call before it is done.
pub async fn serve(listener: TcpListener, router: Router, closing: impl Future<Output = ()>, grace: Duration) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::HEAD).max_headers(64).max_buf_size(64 * 1024);
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut closing = std::pin::pin!(closing);
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut closing => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let connection =
                        http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
                    let connection = graceful.watch(connection);
                    tokio::spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a console connection ended early");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, or a peer that gave up: neither is helped by spinning.
                    tracing::warn!(%error, "the console could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("console requests were still under way at the end and were cut off");
    }
}
