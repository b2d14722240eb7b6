//! The limit of the memory of a chat template.

use super::super::engine::STACK_SIZE;
use super::templates::render;

/// Expressions that each make a longer text, again and again.
const DOUBLED: [&str; 27] = [
    "ns.x ~ ns.x",
    "ns.x + ns.x",
    "ns.x ~ ns.x ~ ns.x",
    "'' ~ (ns.x + ns.x)",
    "[ns.x, ns.x]|join",
    "''.join([ns.x, ns.x])",
    "[ns.x, ns.x]|join(ns.x)",
    "ns.x|replace('x', 'xx')",
    "ns.x.replace('x', 'xx')",
    "ns.x.replace('', 'x')",
    "'%s%s'|format(ns.x, ns.x)",
    "'{0}{0}'.format(ns.x)",
    "ns.x|indent(1000000000, true)",
    "'%1000000000d'|format(1)",
    "'{:>1000000000}'.format('x')",
    "'%*d'|format(1000000000, 1)",
    "'{:{}}'.format('x', 1000000000)",
    "[1]|batch(1000000000, 'x')|list",
    "[1]|slice(1000000000)|list",
    "ns.x * 1000000000",
    "1000000000 * ns.x",
    "[1] * 100000000",
    "(1, 2) * 50000000",
    "'x' * 256 * 256 * 256",
    "[ns.x, ns.x]|tojson",
    "[ns.x, ns.x]|string",
    "(ns.x|tojson)|tojson",
];

/// Uses of a list that contains one text very often.
const NESTED: [&str; 22] = [
    "{% set ns.d = ns %}{{ ns.d }}",
    "{% set ns.d = [ns] %}{{ ns.d|tojson }}",
    "{{ ns.d }}",
    "{{ ns.d ~ '' }}",
    "{{ ns.d|string }}",
    "{{ ns.d|tojson }}",
    "{{ ns.d|upper }}",
    "{{ ns.d in 'abc' }}",
    "{{ ns.d is in 'abc' }}",
    "{{ ns.d not in 'abc' }}",
    "{{ ns.d|join }}",
    "{{ ','.join(ns.d) }}",
    "{{ ns.d|tojson(sort_keys=true) }}",
    "{{ ns.d|replace('x', 'y') }}",
    "{{ [ns.d]|select('in', 'abc')|list }}",
    "{{ ns.d is startingwith 'x' }}",
    "{{ '%s'|format(ns.d) }}",
    "{{ ns.d|indent }}",
    "{{ ns.d|split }}",
    "{{ raise_exception(ns.d) }}",
    "{{ 'x'.strip(ns.d) }}",
    "{{ [ns.d]|map('upper')|list }}",
];

/// Expressions that each copy a long text, and are all kept.
const KEPT: [&str; 23] = [
    "ns.x[:]",
    "ns.x[1:]",
    "ns.x|upper",
    "ns.x|trim",
    "ns.x.strip()",
    "ns.x.split('y')",
    "ns.x|list",
    "ns.x|reverse",
    "ns.x|title",
    "ns.x|e",
    "ns.x|tojson",
    "ns.x|replace('y', 'z')",
    "ns.x|lines",
    "ns.x.removeprefix('x')",
    "ns.x.partition('y')",
    "ns.x.splitlines()",
    "ns.x|map('upper')|list",
    "[ns.x]|map('lower')|list",
    "dict(a=ns.x|lower)",
    "ns.x|split('x')",
    "ns.x ~ 'y'",
    "ns.x|sort",
    "ns.x|unique|list",
];

/// Builds templates that each would take gigabytes.
fn hostile_templates() -> Vec<String> {
    let start = "{%- set ns = namespace(x='xxxxxxxx', l=['x'], d=['x']) -%}";
    let repeat = |statement: &str| {
        format!("{start}{{%- for i in range(99999) -%}}{statement}{{%- endfor -%}}")
    };
    let double = |value: &str| repeat(&format!("{{%- set ns.x = {value} -%}}"));
    let nested = |use_it: &str| {
        format!(
            "{start}{{%- for i in range(60) -%}}{{%- set ns.d = [ns.d, ns.d] -%}}{{%- endfor -%}}{use_it}"
        )
    };
    let megabyte = format!(
        "{start}{{%- for i in range(17) -%}}{{%- set ns.x = ns.x ~ ns.x -%}}{{%- endfor -%}}"
    );
    let keep = |value: &str| {
        format!(
            "{megabyte}{{%- for i in range(99999) -%}}{{%- set ns.l = [ns.l, {value}] -%}}{{%- endfor -%}}"
        )
    };
    let filler = "y".repeat(100_000);
    let mut templates = vec![
        format!(
            "{{%- set x = 'xxxxxxxx' -%}}{}",
            "{%- set x = x ~ x -%}".repeat(60)
        ),
        repeat(&format!(
            "{{%- set y -%}}{filler}{{%- endset -%}}{{%- set ns.l = [ns.l, y] -%}}"
        )),
        repeat(&format!("{{%- set ns.x = ns.x ~ '{filler}' -%}}")),
        repeat(&format!(
            "{{%- set y -%}}{{%- raw -%}}{filler}{{%- endraw -%}}{{%- endset -%}}{{%- set ns.l = [ns.l, y] -%}}"
        )),
        repeat("{%- set y -%}{{ ns.x }}{{ ns.x }}{%- endset -%}{%- set ns.x = y -%}"),
        format!(
            "{{%- macro m(x) -%}}{{{{ x }}}}{{{{ x }}}}{{%- endmacro -%}}{}",
            double("m(ns.x)")
        ),
        repeat(
            "{%- set y -%}{%- filter replace('x', 'xx') -%}{{ ns.x }}{%- endfilter -%}{%- endset -%}{%- set ns.x = y -%}",
        ),
        repeat("{%- set ns.l = ns.l + ns.l -%}") + "{{ ns.l|list|length }}",
        repeat("{%- set ns.l = ns.l|chain(ns.l) -%}") + "{{ ns.l|list|length }}",
        repeat("{%- set ns.l = ns.l|zip(ns.l)|list -%}{%- set ns.l = ns.l + ns.l -%}"),
        repeat("{%- set ns.l = [ns.l, ns.l]|sum(start=[]) -%}"),
        repeat("{%- set ns.l = ns.l.copy() + ns.l[:] -%}"),
    ];
    templates.extend(DOUBLED.map(double));
    templates.extend(NESTED.map(nested));
    templates.extend(KEPT.map(keep));
    templates
}

/// Name of the test that [`a_template_cannot_take_gigabytes`] runs in another process.
const CHILD: &str = "embedded::tests::template_memory::hostile_templates_are_stopped";

#[test]
#[ignore = "runs in its own process, which measures its memory"]
fn hostile_templates_are_stopped() {
    let run = || {
        for source in hostile_templates() {
            let shown: String = source.chars().rev().take(150).collect();
            let shown: String = shown.chars().rev().collect();
            let rendered = render(&source);
            let peak = peak_memory();
            eprintln!(
                "{peak:4} MiB, {:?}: {shown}",
                rendered.as_ref().map(String::len)
            );
            assert!(rendered.is_err(), "{shown}");
            assert!(peak < 400, "{peak} MiB: {shown}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
    thread.spawn(run).unwrap().join().unwrap();
}

/// Returns the largest amount of memory that this process had so far, in MiB.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse::<usize>().unwrap() / 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_template_cannot_take_gigabytes() {
    // The limit keeps the machine usable if the test fails.
    let mut child = std::process::Command::new("sh");
    child
        .args(["-c", "ulimit -v 6000000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let output = child
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{out}\n{err}"
    );
}
