//! A10 D9: runtimes beside one another, one after the other, and none.

use std::future::{Future as _, IntoFuture as _, poll_fn};
use std::task::Poll;
use std::thread;

use alloy_runtime::{Error, ErrorKind, command};
use alloy_tests::server::{Reply, Said, Server};
use tokio::runtime::{Builder, Runtime};

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> String;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn hellos(count: usize) -> Server {
    Server::start((0..count).map(|_| Reply::answer("hello")))
}

#[test]
fn runtimes_one_after_the_other_do_not_share_connections() {
    let server = hellos(6);
    for _ in 0..3 {
        let runtime = runtime();
        for _ in 0..2 {
            let answer = runtime.block_on(hello().host(server.host()));
            assert_eq!(answer.unwrap(), "hello");
        }
    }
    assert_eq!(server.connections(), 3, "each keeps its own");
}

#[test]
fn runtimes_side_by_side_do_not_share_connections() {
    let server = hellos(8);
    let (one, two) = (runtime(), runtime());
    for runtime in [&one, &two, &one, &two] {
        let answer = runtime.block_on(hello().host(server.host()));
        assert_eq!(answer.unwrap(), "hello");
    }
    assert_eq!(server.connections(), 2);
    // At the same time, on threads of their own; the end of one does not hurt the other.
    let host = server.host();
    let other = thread::spawn({
        let host = host.clone();
        move || one.block_on(hello().host(host)).unwrap()
    });
    assert_eq!(two.block_on(hello().host(&host)).unwrap(), "hello");
    assert_eq!(other.join().unwrap(), "hello");
    assert_eq!(two.block_on(hello().host(&host)).unwrap(), "hello");
}

#[test]
fn many_threads_wait_on_the_one_background_runtime() {
    let server = hellos(10);
    let host = server.host();
    assert_eq!(hello().host(&host).blocking().unwrap(), "hello");
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let command = hello().host(&host);
            thread::spawn(move || command.blocking_outcome().unwrap().value)
        })
        .collect();
    for thread in waiting {
        assert_eq!(thread.join().unwrap(), "hello");
    }
    // One runtime has their connections: the next call opens no other.
    let before = server.connections();
    assert_eq!(hello().host(&host).blocking().unwrap(), "hello");
    assert_eq!(server.connections(), before);
}

#[test]
fn kept_connections_serve_the_next_blocking_calls() {
    let server = hellos(30);
    for _ in 0..30 {
        hello().host(server.host()).blocking().unwrap();
    }
    // Now and then a call ends before its connection is back in the pool.
    assert!(server.connections() < 20, "{}", server.connections());
}

#[tokio::test]
async fn blocking_inside_a_runtime_says_what_to_write() {
    let check = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(
            error.to_string(),
            "`.blocking()` was called inside an async runtime; a thread of a runtime must not wait"
        );
        assert!(error.help().contains("Write `.await` instead"));
    };
    check(hello().blocking().unwrap_err());
    check(hello().blocking_outcome().unwrap_err());
    let error = tokio::task::spawn_blocking(|| hello().blocking().unwrap_err());
    check(error.await.unwrap());
}

// A command, or a stream, that was begun in a runtime is one of that runtime's, wherever it is polled next.
#[test]
fn what_was_begun_in_a_runtime_may_be_polled_outside() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let text = Said::new("hello");
    let server = Server::start([
        Reply::stream(&text),
        Reply::error(503, "busy"),
        Reply::answer("hello"),
    ]);
    let mut stream = hello().host(server.host()).stream();
    let first = runtime.block_on(stream.next()).unwrap().unwrap();
    let rest: Vec<_> = futures::executor::block_on_stream(stream).collect();
    let rest: Result<String, _> = rest.into_iter().collect();
    assert_eq!(first + &rest.unwrap(), "hello");

    // It is polled once within, and waits for its second try outside.
    let mut command = Box::pin(hello().host(server.host()).into_future());
    let once = poll_fn(|context| Poll::Ready(command.as_mut().poll(context).is_pending()));
    assert!(runtime.block_on(once));
    assert_eq!(futures::executor::block_on(command).unwrap(), "hello");
}

#[test]
fn awaiting_without_tokio_says_what_to_write() {
    let server = hellos(0);
    let error = futures::executor::block_on(hello().host(server.host())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "a command was awaited outside a tokio runtime"
    );
    assert!(error.help().contains("#[tokio::main]") && error.help().contains(".blocking()"));
    assert_eq!(server.connections(), 0);
}
