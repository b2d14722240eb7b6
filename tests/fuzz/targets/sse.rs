//! Any bytes, read as a stream of server-sent events: never a panic, and the same however they are split.
//!
//! The first byte is the length of the pieces.

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
