//! Dropped streams, and dropped waits for a chunk.

use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};

use super::{STORY, body, closed, story};
use crate::ROUTES;

// S5
#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    for api in ROUTES {
        let reply = || body(api, &["Once"], "", "").cut_short_by(5).then_silence();
        let server = Server::start([reply(), Reply::raw("").then_silence()]);
        // In the middle of the text.
        let mut stream = story().api(api).host(server.host()).stream();
        assert_eq!(stream.next().await.unwrap().unwrap(), "Once");
        assert_eq!(server.closed(), 0);
        drop(stream);
        closed(&server, 1).await;
        // Before the reply.
        let mut stream = story().api(api).host(server.host()).stream();
        let waiting = tokio::time::timeout(Duration::from_millis(50), stream.next());
        assert!(waiting.await.is_err());
        drop(stream);
        closed(&server, 2).await;
    }
}

// `select!` drops the future of the branch it does not take: no chunk is lost with it.
#[tokio::test]
async fn waiting_for_a_chunk_is_cancel_safe() {
    let server = Server::start([Reply::stream(&Said::new(STORY)).byte_by_byte()]);
    let mut stream = story().host(server.host()).stream();
    let mut text = String::new();
    loop {
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            piece = stream.next() => match piece {
                Some(piece) => text += &piece.unwrap(),
                None => break,
            },
        }
    }
    assert_eq!(text, STORY);
}
