//! Examples of output types and of rejected answers.

use alloy_tests::server::{Reply, Server};

use super::{check, example, stdout};

#[test]
fn extract() {
    let prompt = check(
        "extract",
        &[],
        r#"{"name":"Jason","age":25}"#,
        "User { name: \"Jason\", age: 25 }\n",
    );
    assert_eq!(
        prompt,
        "Extract the user described in the text.\n\n<text>\nJason is 25 years old\n</text>"
    );
    let prompt = check(
        "extract",
        &["Ada is 36"],
        r#"{"name":"Ada","age":36}"#,
        "User { name: \"Ada\", age: 36 }\n",
    );
    assert!(prompt.contains("Ada is 36"));
}

#[test]
fn extract_blocking() {
    check(
        "extract_blocking",
        &[],
        r#"{"name":"Jason","age":25}"#,
        "User { name: \"Jason\", age: 25 }\n",
    );
}

#[test]
fn nested() {
    let answer = r#"{"name":"Jason","age":35,"addresses":[{"street":"123 Main St","city":"New York","country":"USA"}]}"#;
    let prompt = check(
        "nested",
        &[],
        answer,
        "Jason, 35\n- 123 Main St, New York, USA\n",
    );
    assert_eq!(
        prompt,
        "Extract: Jason is 35 years old.\n\
         He lives at 123 Main St, New York, USA and has a summer house at 456 Beach Rd, Miami, USA."
    );
}

#[test]
fn list() {
    let answer = r#"{"value":[{"name":"Jason","age":25},{"name":"Tom","age":41}]}"#;
    check("list", &[], answer, "Jason is 25\nTom is 41\n");
}

#[test]
fn classify() {
    check(
        "classify",
        &[],
        r#"{"value":"account"}"#,
        "I forgot my password: here is the link to a new password\n",
    );
    check(
        "classify",
        &["My invoice is wrong"],
        r#"{"value":"billing"}"#,
        "My invoice is wrong: accounting writes back within a day\n",
    );
}

#[test]
fn optional() {
    let none = r#"{"name":"Jason","email":null}"#;
    check("optional", &[], none, "Jason left no address\n");
    let some = r#"{"name":"Ann","email":"ann@example.com"}"#;
    check("optional", &["Ann"], some, "Ann <ann@example.com>\n");
}

// D7
#[test]
fn enrich() {
    let server = Server::start([
        Reply::answer(r#"{"name":"Jason","age":25}"#),
        Reply::answer("Jason likes trains.\n"),
    ]);
    let printed = stdout(example("enrich", "ollama:llama3.1", &server));
    assert_eq!(printed, "Jason, 25: Jason likes trains.\n");
    let prompt = &server.requests()[1].json()["messages"][0]["content"];
    assert_eq!(
        prompt,
        r#"Write a short bio of this user: {"name":"Jason","age":25}"#
    );
}

// G11 G8
#[test]
fn validate() {
    let answers = [
        r#"{"guest":"Ann Miller","persons":4,"arrival":12,"departure":12}"#,
        r#"{"guest":"Ann Miller","persons":40,"arrival":12,"departure":15}"#,
        r#"{"guest":"Ann Miller","persons":4,"arrival":12,"departure":15}"#,
    ];
    let server = Server::start(answers.map(Reply::answer));
    let output = example("validate", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(text(output.stdout), "Ann Miller: 4 from 12 to 15\n");
    assert_eq!(
        text(output.stderr),
        "answer 1: the answer is not a valid `Booking`: arrival must be before departure\n\
         asking for answer 2\n\
         answer 2: the answer is not a valid `Booking`: persons: expected an integer from 1 to 6, found 40\n\
         asking for answer 3\n"
    );
}

#[test]
fn errors() {
    let run = |script: &[&str]| {
        let server = Server::start(script.iter().map(|answer| Reply::answer(answer)));
        let output = example("errors", "ollama:llama3.1", &server)
            .output()
            .unwrap();
        let shown = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(shown).unwrap()
    };
    let good = r#"{"name":"Jason","age":25}"#;
    let old = r#"{"name":"Jason","age":250}"#;
    assert_eq!(run(&[old, good]), "User { name: \"Jason\", age: 25 }\n");
    let shown = run(&[old, old, old]);
    assert!(
        shown.starts_with("no user after 3 answers: the answer is not a valid `User`: age: expected an integer from 0 to 120, found 250\nhelp: "),
        "{shown}"
    );
}

// One row of the file cannot be read, and one ticket has no answer; the second run asks for the latter again.
#[test]
fn tickets() {
    let folder = std::env::temp_dir().join(format!("alloy-tickets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (csv, journal) = (folder.join("tickets.csv"), folder.join("tickets.journal"));
    let rows =
        "number,text\n1,My invoice is wrong\nx,Hello\n3,The page is white\n4,My password is lost\n";
    std::fs::write(&csv, rows).unwrap();
    let queue = |queue: &str| Reply::answer(&format!(r#"{{"value":"{queue}"}}"#));
    let server = Server::start([
        queue("billing"),
        queue("technical"),
        queue("sales"),
        queue("sales"),
        queue("account"),
    ]);
    let run = || {
        let mut program = example("tickets", "ollama:llama3.1", &server);
        let output = program.args([&csv, &journal]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (stdout, stderr) = run();
    let (_, totals) = stdout.trim_end().rsplit_once('\n').unwrap();
    assert!(
        totals.starts_with("2 done, 2 failed (1 unreadable_row, 1 invalid_output) in "),
        "{totals}"
    );
    assert!(stderr.contains("row 1 could not be read"), "{stderr}");
    // Two tickets are asked at a time, so that any of them may get the last reply.
    assert!(stderr.contains("ticket "), "{stderr}");
    let (stdout, stderr) = run();
    let (_, totals) = stdout.trim_end().rsplit_once('\n').unwrap();
    assert!(
        totals.starts_with("3 done (2 from the journal), 1 failed (1 unreadable_row) in "),
        "{totals}"
    );
    assert!(!stderr.contains("ticket "), "{stderr}");
    std::fs::remove_dir_all(&folder).unwrap();
}

// Nine parts, three groups of summaries, one summary.
#[test]
fn documents() {
    let folder = std::env::temp_dir().join(format!("alloy-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("long.txt");
    let paragraph = |number: usize| format!("Paragraph {number}. {}\n\n", "word ".repeat(250));
    let text: String = (0..8).map(paragraph).collect();
    // One paragraph is longer than a part.
    std::fs::write(&path, text + &"long ".repeat(400)).unwrap();
    let server = Server::start(
        (0..14).map(|number| Reply::answer(&format!(r#"{{"sentence":"summary {number}"}}"#))),
    );
    let mut program = example("documents", "ollama:llama3.1", &server);
    let output = program.arg(&path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let progress = text(&output.stderr);
    assert!(
        progress.ends_with(": 10 parts\nmerging 10 summaries into 3\nmerging 3 summaries into 1\n"),
        "{progress}"
    );
    assert_eq!(text(&output.stdout), "summary 13\n");
    // Each prompt is bounded, and the summaries keep their order.
    let prompts: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.json()["messages"][1]["content"].to_string())
        .collect();
    assert_eq!(prompts.len(), 14);
    assert!(prompts.iter().all(|prompt| prompt.len() < 1900));
    std::fs::remove_dir_all(&folder).unwrap();
}
