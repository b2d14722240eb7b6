//! What every library's program measures of itself: CPU time, allocations and requests of one call.
//!
//! A program is started with the server's address, a protocol and a case, and prints one line: four numbers, or a
//! dash and why the library cannot do the case.

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
/// Calls whose allocations are looked at.
const COUNTED: u32 = 30;

/// What is asked for text.
pub const QUESTION: &str = "What is the largest planet?";
/// What a user is extracted from.
pub const TEXT: &str = "Extract the user: Jason is 25 years old";
/// What wants the tool.
pub const DIVISION: &str = "What is 84 divided by 2?";
/// How many chunks of how many bytes a stream has.
pub const CHUNKS: usize = 200;
/// See [`CHUNKS`].
pub const CHUNK: &str = " word1";

/// The protocol that a program is to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Ollama's own.
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

/// What a program is started with.
#[derive(Debug)]
pub struct Task {
    /// The server, as `127.0.0.1:1234`.
    pub host: String,
    pub protocol: Protocol,
    /// `text`, `typed`, `stream`, `tools` or `sync tool`.
    pub case: String,
}

impl Task {
    /// Reads it from the program's arguments.
    ///
    /// # Panics
    ///
    /// Where they are not those that the runner gives.
    #[must_use]
    pub fn given() -> Self {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().expect("host, protocol, case");
        Self {
            host: next(),
            protocol: next().parse().expect("native or openai"),
            case: next(),
        }
    }

    /// Measures calls of a case, and prints what one takes.
    pub async fn measure(&self, call: impl AsyncFn()) {
        for _ in 0..WARM_UP {
            call().await;
        }
        // The fewest: background work of a client may fall into any one call.
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

    /// How many requests the server has had, but for this question.
    fn requests(&self) -> u32 {
        let mut stream = TcpStream::connect(&self.host).expect("the server runs");
        let request = "GET /requests HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it answers");
        let (_, count) = reply.rsplit_once("\r\n\r\n").expect("with a body");
        count.parse().expect("which is a number")
    }
}

/// Says why there is nothing to measure.
pub fn cannot(reason: &str) {
    println!("- {reason}");
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
