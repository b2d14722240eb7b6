//! A10 D9: several async runtimes at the same time, one after another, and no runtime.

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
fn consecutive_runtimes_do_not_share_connections() {
    let server = hellos(6);
    for _ in 0..3 {
        let runtime = runtime();
        for _ in 0..2 {
            let answer = runtime.block_on(hello().host(server.host()));
            assert_eq!(answer.unwrap(), "hello");
        }
    }
    assert_eq!(server.connections(), 3, "one for each runtime");
}

#[test]
fn concurrent_runtimes_do_not_share_connections() {
    let server = hellos(8);
    let (one, two) = (runtime(), runtime());
    for runtime in [&one, &two, &one, &two] {
        let answer = runtime.block_on(hello().host(server.host()));
        assert_eq!(answer.unwrap(), "hello");
    }
    assert_eq!(server.connections(), 2);
    // Both run at the same time on two threads; the end of one does not affect the other.
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
fn blocking_calls_share_one_background_runtime() {
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
    // One runtime keeps the connections, so the next call opens no new one.
    let before = server.connections();
    assert_eq!(hello().host(&host).blocking().unwrap(), "hello");
    assert_eq!(server.connections(), before);
}

#[test]
fn blocking_calls_reuse_connections() {
    let server = hellos(30);
    for _ in 0..30 {
        hello().host(server.host()).blocking().unwrap();
    }
    // A call sometimes ends before its connection is back in the pool.
    assert!(server.connections() < 20, "{}", server.connections());
}

#[tokio::test]
async fn blocking_inside_a_runtime_is_an_error() {
    let check = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(
            error.to_string(),
            "`.blocking()` was called inside an async runtime, whose threads must not block"
        );
        assert!(error.help().contains("Write `.await` instead"));
        assert!(
            error
                .help()
                .contains("`tokio::runtime::Handle::current().block_on(command)`")
        );
    };
    check(hello().blocking().unwrap_err());
    check(hello().blocking_outcome().unwrap_err());
    let error = tokio::task::spawn_blocking(|| hello().blocking().unwrap_err());
    check(error.await.unwrap());
}

// The replacement that the error names.
#[tokio::test]
async fn a_command_can_be_awaited_in_spawn_blocking() {
    let server = hellos(1);
    let command = hello().host(server.host());
    let blocking = move || tokio::runtime::Handle::current().block_on(command);
    let answer = tokio::task::spawn_blocking(blocking).await.unwrap();
    assert_eq!(answer.unwrap(), "hello");
}

// tokio offers no way to ask for them before: the documentation says so under `# Panics`.
#[test]
fn a_runtime_without_io_panics_and_names_what_it_needs() {
    let server = hellos(1);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let command = hello().host(server.host());
    let run = std::panic::AssertUnwindSafe(|| runtime.block_on(command));
    let panic = std::panic::catch_unwind(run).unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    assert!(message.unwrap().contains("enable_io"), "{message:?}");
}

// A command or stream belongs to the runtime that polled it first, wherever it is polled next.
#[test]
fn a_command_started_in_a_runtime_may_be_polled_outside() {
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

    // The command is polled once inside the runtime and waits for its retry outside.
    let mut command = Box::pin(hello().host(server.host()).into_future());
    let once = poll_fn(|context| Poll::Ready(command.as_mut().poll(context).is_pending()));
    assert!(runtime.block_on(once));
    assert_eq!(futures::executor::block_on(command).unwrap(), "hello");
}

#[test]
fn awaiting_without_tokio_is_an_error() {
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
