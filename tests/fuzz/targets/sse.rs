//! Reads any bytes as a stream of server-sent events: never a panic, and the same result for any split into chunks.
//!
//! The first byte is the length of the chunks.

#![no_main]

use alloy_runtime::__private::fuzz::read_stream;
use alloy_runtime::Api;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((length, body)) = data.split_first() else {
        return;
    };
    let whole = read_stream(Api::OpenaiChat, [body]);
    let parts = read_stream(Api::OpenaiChat, body.chunks(usize::from(*length).max(1)));
    assert_eq!(whole, parts);
});
