//! Measures CPU time, allocations and requests of one call, in the program of each library.
//!
//! A program takes the server's address, a protocol and a case as arguments, and prints one line: four numbers, or a
//! dash and the reason why the library does not support the case.

use std::alloc::System;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::str::FromStr;
use std::time::Duration;

use cpu_time::ProcessTime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: u32 = 100;
const CALLS: u32 = 300;
/// Number of calls whose allocations are counted.
const COUNTED: u32 = 30;

/// Prompt of the case `text`.
pub const QUESTION: &str = "What is the largest planet?";
/// Prompt of the case `typed`.
pub const TEXT: &str = "Extract the user: Jason is 25 years old";
/// Prompt of the cases with a tool.
pub const DIVISION: &str = "What is 84 divided by 2?";
/// Number of chunks in a stream.
pub const CHUNKS: usize = 200;
/// Text of one chunk.
pub const CHUNK: &str = " word1";

/// Protocol that a program must use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Ollama's native protocol.
    Native,
    /// Chat Completions.
    OpenAi,
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "native" => Ok(Self::Native),
            "openai" => Ok(Self::OpenAi),
            _ => Err(()),
        }
    }
}

/// Arguments of a program.
#[derive(Debug)]
pub struct Task {
    /// Address of the server, for example `127.0.0.1:1234`.
    pub host: String,
    pub protocol: Protocol,
    /// `text`, `typed`, `stream`, `tools` or `sync tool`.
    pub case: String,
}

impl Task {
    /// Parses the program's arguments.
    ///
    /// # Panics
    ///
    /// If they are not those that the runner passes.
    #[must_use]
    pub fn given() -> Self {
        let mut arguments = std::env::args().skip(1);
        let mut next = || {
            arguments
                .next()
                .expect("expected the arguments HOST PROTOCOL CASE")
        };
        Self {
            host: next(),
            protocol: next()
                .parse()
                .expect("the protocol must be `native` or `openai`"),
            case: next(),
        }
    }

    /// Measures calls of a case and prints the cost of one.
    pub async fn measure(&self, call: impl AsyncFn()) {
        for _ in 0..WARM_UP {
            call().await;
        }
        // The lowest number counts: background work of a client may fall into any call.
        let (mut allocations, mut bytes) = (usize::MAX, usize::MAX);
        for _ in 0..COUNTED {
            let region = Region::new(ALLOCATOR);
            call().await;
            let change = region.change();
            allocations = allocations.min(change.allocations + change.reallocations);
            bytes = bytes.min(change.bytes_allocated);
        }
        let requests = self.requests();
        let start = ProcessTime::now();
        for _ in 0..CALLS {
            call().await;
        }
        let time = micros(start.elapsed()) / f64::from(CALLS);
        let requests = f64::from(self.requests() - requests) / f64::from(CALLS);
        println!("{time} {allocations} {bytes} {requests}");
    }

    /// Returns the number of requests to the server, without this one.
    fn requests(&self) -> u32 {
        let mut stream =
            TcpStream::connect(&self.host).expect("the server does not accept a connection");
        let request = "GET /requests HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        stream
            .write_all(request.as_bytes())
            .expect("the server does not read the request");
        let mut reply = String::new();
        stream
            .read_to_string(&mut reply)
            .expect("the server does not reply");
        let (_, count) = reply
            .rsplit_once("\r\n\r\n")
            .expect("the reply has no body");
        count.parse().expect("the body is not a number")
    }
}

/// Prints why the library does not support the case.
pub fn cannot(reason: &str) {
    println!("- {reason}");
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
