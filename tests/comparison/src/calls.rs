//! Measures calls. Each measurement is a separate process, and the libraries take turns, so that other load on the
//! machine affects all of them alike. Each figure is the median of the rounds.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::{LIBRARIES, Library, built, cargo};

const ROUNDS: usize = 15;
const CASES: [&str; 5] = ["text", "typed", "stream", "tools", "sync tool"];
const PROTOCOLS: [&str; 2] = ["native", "openai"];
/// Proxy variables that clients read and that would distort a measurement.
const PROXIES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// CPU time in microseconds, allocations, allocated bytes and requests of a call.
type Figures = [f64; 4];

/// Figures from the processes of one measurement, or the reason why the library does not support the case.
type Measurement = Result<Vec<Figures>, String>;

pub(crate) fn compare() {
    let server = Server::start();
    for library in &LIBRARIES {
        let (package, example) = (format!("with-{}", library.name), example(library));
        // One package at a time: built together, they would share the features of their dependencies.
        // rig requires a newer Rust than it needs: 0.46.0 declares 1.97.1, and builds with 1.95.
        let build = [
            "build",
            "--release",
            "--ignore-rust-version",
            "--package",
            &package,
            "--example",
            &example,
        ];
        assert!(cargo(&build).status().expect("cargo runs").success());
    }
    let mut said: BTreeMap<_, Measurement> = BTreeMap::new();
    for round in 0..ROUNDS {
        for protocol in PROTOCOLS {
            for case in CASES {
                for turn in 0..LIBRARIES.len() {
                    let library = &LIBRARIES[(turn + round) % LIBRARIES.len()];
                    if library.speaks.contains(&protocol) {
                        let entry = said.entry((case, protocol, library.name));
                        let all = entry.or_insert_with(|| Ok(Vec::new()));
                        match (server.measure(library, protocol, case), all) {
                            (Ok(figures), Ok(all)) => all.push(figures),
                            (Err(reason), all) => *all = Err(reason),
                            (Ok(_), Err(_)) => {}
                        }
                    }
                }
            }
        }
        eprintln!("round {} of {ROUNDS}", round + 1);
    }
    print(&said);
}

fn print(said: &BTreeMap<(&str, &str, &str), Measurement>) {
    println!(
        "| case | protocol | library | CPU µs | ratio | allocations | ratio | bytes | ratio | requests |"
    );
    println!("|---|---|---|--:|--:|--:|--:|--:|--:|--:|");
    for case in CASES {
        for protocol in PROTOCOLS {
            let figures = |library: &Library| {
                let said = said.get(&(case, protocol, library.name))?;
                Some(
                    said.as_ref()
                        .map(|all| [0, 1, 2, 3].map(|figure| median(all, figure))),
                )
            };
            let Some(Ok(by_hand)) = figures(&LIBRARIES[0]) else {
                unreachable!("the hand-written code supports every case");
            };
            for library in &LIBRARIES {
                let Some(figures) = figures(library) else {
                    continue;
                };
                let start = format!("| {case} | {protocol} | {} |", library.title());
                match figures {
                    Ok(figures @ [time, allocations, bytes, requests]) => {
                        let ratio = |figure: usize| figures[figure] / by_hand[figure];
                        println!(
                            "{start} {time:.0} | {:.2} | {allocations:.0} | {:.2} | {bytes:.0} | {:.2} | {requests:.0} |",
                            ratio(0),
                            ratio(1),
                            ratio(2),
                        );
                    }
                    Err(reason) => println!("{start} - {reason} | | | | | | |"),
                }
            }
        }
    }
}

fn median(all: &[Figures], figure: usize) -> f64 {
    let mut sorted: Vec<f64> = all.iter().map(|figures| figures[figure]).collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn example(library: &Library) -> String {
    format!("{}-cases", library.name)
}

/// The server process. It exits when its standard input ends.
struct Server {
    child: Child,
    host: String,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server does not start");
        let mut host = String::new();
        let output = child.stdout.take().expect("the output is not piped");
        BufReader::new(output)
            .read_line(&mut host)
            .expect("the server prints no address");
        let host = host.trim().to_owned();
        Self { child, host }
    }

    fn measure(&self, library: &Library, protocol: &str, case: &str) -> Result<Figures, String> {
        let mut program = Command::new(built("examples").join(example(library)));
        program
            .args([&self.host, protocol, case])
            .stderr(Stdio::inherit());
        for proxy in PROXIES {
            program.env_remove(proxy);
        }
        let output = program.output().expect("the program was not built");
        assert!(
            output.status.success(),
            "{} fails at {case}, {protocol}",
            library.name
        );
        let line = String::from_utf8(output.stdout).expect("text");
        if let Some(reason) = line.strip_prefix("- ") {
            return Err(reason.trim().to_owned());
        }
        let figures = line
            .split_whitespace()
            .map(|figure| figure.parse().expect("a number"));
        Ok(figures
            .collect::<Vec<f64>>()
            .try_into()
            .expect("four of them"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
