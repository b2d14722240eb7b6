//! Chat templates: functions and methods that they call, and their errors.

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde_json::{Value as Json, json};

use super::super::template::{self, compile, strftime};

fn context() -> Json {
    json!({
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "  Hello, World!  "},
            {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nHi.", "tool_calls": [
                {"function": {"name": "add", "arguments": {"b": 2, "a": "é"}}},
            ]},
        ],
        "tools": null, "n": 3, "bos_token": "<s>", "add_generation_prompt": true,
    })
}

pub(super) fn render(source: &str) -> Result<String, String> {
    let environment = compile(source)?;
    let template = environment.get_template(template::NAME).unwrap();
    let rendered = template.render(Value::from(Serde(&context())));
    rendered.map_err(|error| format!("{:?}: {}", error.kind(), error))
}

/// Renders a template with the settings of the engine, but without charges.
fn render_without_charges(source: &str) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.unwrap());
    environment.set_unknown_method_callback(unknown_method_callback);
    environment
        .render_str(source, Value::from(Serde(&context())))
        .unwrap()
}

#[test]
fn charges_do_not_change_a_rendering() {
    let long = "The quick brown fox jumps over the lazy dog, again and again and again and again.";
    for source in [
        "{{ 'a' ~ n ~ 'b' + 'c' }}",
        "{{ messages[0].content + '|' + messages[1]['content'].strip() ~ messages|length }}",
        "{{ (-n + 2) ~ -n|abs ~ (1 - n)|abs }} {{ 2 - -n }} {{ 1 + -n|abs }}",
        "{{ n * 2 + 1 }} {{ 2 * n * n }} {{ (n + 1) * 2 ~ 'x' }} {{ n ** 2 * 2 }} {{ 7 // 2 * 2 }}",
        "{{ '-' * 20 }}{{ 3 * 'ab' ~ 'c' }}",
        "{{ 'a' if n > 2 else 'b' ~ 'c' }}{{ ('a' if n > 5 else 'b') ~ 'c' }}",
        "{{ 'a' in 'abc' }}{{ n not in [1, 2] }}{{ 'x' ~ 'y' in 'wxyz' }}{{ not 'a' in 'b' }}",
        "{{ n is in [3] }}{{ n is not divisibleby 2 }}{{ 'x' if messages is iterable and messages is not mapping }}",
        "{{ messages[1:]|length }}{{ messages[0].content[::-1] }}{{ messages[0].content[:2] + '!' }}{{ messages[1:][0].role }}",
        "{{ messages[0]['content'].split(' ')[0].upper() + '.' }}",
        "{{ [1, 2] + [n] }}{{ ([1] + [2])[0] }}{{ ([n] + [4])|join(', ') }}",
        "{%- set ns = namespace(text='', found=false) -%}\n{%- for m in messages if m.role != 'user' -%}\n{%- set ns.text = ns.text ~ m.role ~ '\\n' -%}\n{%- endfor -%}\n{{ ns.text }}",
        "{% macro f(x, y='a' ~ 'b') %}[{{ x + y }}]{% endmacro %}{{ f('q') ~ f(x='z', y='w') }}",
        "{% set x, y = 'a' ~ 'b', n + 1 %}{{ x }}{{ y }}",
        "{% for a, b in {'k': 'v' + 'w'}.items() %}{{ a ~ b }}{% endfor %}",
        "{{ {'a': {'b': 1}}['a']['b'] + 1 }}{{ {'a': 1}}}",
        "{% filter upper %}abc{% endfilter %}{% raw %}{{ 'a' ~ 'b' }} {% if %}{% endraw %}",
        "{%- raw -%}  x  {%- endraw -%} y",
        "{# a ~ b }} #}x{{ '}}' ~ '%}' }}{{ \"it's\" + 'a\\'b' }}",
        "{{ 1.5 + 2 }} {{ 1e3 + 1 }} {{ messages.0.role ~ 'x' }} {{ 0x10 + 1 }}",
        "{% if n + 1 == 4 and 'a' ~ 'b' == 'ab' %}yes{% elif n * 2 > 9 %}no{% else %}other{% endif %}",
        "{{- bos_token + 'x' -}}   {{+ 'y' +}}  \n  {%+ if true +%}\n z {% endif %}",
        "{% set x %}a{{ n }}b{% endset %}{{ x ~ x }}{% set _ = 1 %}",
        "{% for i in range(n) %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{{ ', ' if not loop.last }}{% endfor %}",
        "{% for m in messages recursive %}{{ m.role[0] }}{% endfor %}",
        "{{ '%s-%d'|format('a', 5) }}{{ '{}-{b}'.format(1, b=2) }}{{ 'a,b'|replace(',', '; ') }}",
        "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|list|first|trim }}",
        "{{ ['b', 'a']|sort|join('-') }}{{ [1, 2, 3]|sum }}{{ 'a\\nb'|indent(2) }}{{ [1,2,3]|batch(2)|list }}",
        "{{ messages[-1].content.split('</think>')[-1].lstrip('\\n') }}{{ 'abc'|upper|lower|title|capitalize }}",
    ] {
        for source in [
            source.to_owned(),
            format!(
                "  {long}\n{source}\n {long}\n\n{{% if true %}}\n  {long} {{\n{{% endif %}}\n{{%- raw %}}\n{long}\n {{% endraw %}}\n"
            ),
        ] {
            assert_eq!(
                render(&source),
                Ok(render_without_charges(&source)),
                "{source}"
            );
        }
    }
}

#[test]
fn functions_and_methods_of_templates_in_use_exist() {
    for (source, expected) in [
        (
            "{{ 'unbelievable'.removeprefix('un').removesuffix('able') }}",
            "believ",
        ),
        (
            "{{ 'a.b.c'.rsplit('.', 1) }}{{ ' a b '.rsplit() }}",
            "['a.b', 'c']['a', 'b']",
        ),
        (
            "{{ 'k=v=w'.partition('=') }}{{ 'k=v=w'.rpartition('=')[0] }}{{ 'k'.rpartition('=')[2] }}",
            "['k', '=', 'v=w']k=vk",
        ),
        (
            "{{ 'héllo'.index('l') }}{{ [1, 2].index(2) }}{{ {'a': 1}.copy() }}",
            "21{'a': 1}",
        ),
        (
            "{{ messages[0].get('x', 'd') }}{{ messages[0].items()|list|length }}{{ 'yes' if 'A b'.startswith('A') }}",
            "d2yes",
        ),
        (
            "{{ 'tools' if tools is iterable and tools | length > 0 else 'no tools' }}{{ 'x' if messages is iterable }}",
            "no toolsx",
        ),
        (
            "{% generation %}x{% endgeneration %}{%- generation -%} y {%- endgeneration -%}",
            "xy",
        ),
        (
            "{{ messages[2].tool_calls[0].function.arguments|tojson }}",
            r#"{"b": 2, "a": "é"}"#,
        ),
        (
            "{{ messages[2].tool_calls[0].function.arguments|tojson(sort_keys=true, ensure_ascii=true) }}",
            r#"{"a": "\u00e9", "b": 2}"#,
        ),
        (
            "{{ {'a': [1, {}], 'b': []}|tojson(separators=(',', ':')) }}",
            r#"{"a":[1,{}],"b":[]}"#,
        ),
        (
            "{{ {'a': [1, {}], 'b': []}|tojson(indent=2) }}",
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}",
        ),
        (
            "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m.role }}{% endfor %}",
            "system",
        ),
        (
            "{{ strftime_now('%Y')|length }}{{ strftime_now('%d %b %Y')|length }}",
            "411",
        ),
    ] {
        assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
    }
    let year: u64 = render("{{ strftime_now('%Y') }}").unwrap().parse().unwrap();
    assert!((2024..2200).contains(&year), "{year}");
}

#[test]
fn a_feature_that_is_missing_is_reported() {
    for (source, expected) in [
        ("{{ messages|wordwrap }}", "UnknownFilter"),
        ("{{ n is prime }}", "UnknownTest"),
        ("{{ load_file('x') }}", "UnknownFunction"),
        ("{{ 'x'.encode() }}", "UnknownMethod"),
        ("{{ [1].append(2) }}", "UnknownMethod"),
        ("{{ strftime_now('%Q') }}", "UnknownFunction"),
        ("{% include 'other' %}", "TemplateNotFound"),
        // These depend on the conversation.
        ("{{ messages[0].missing.strip() }}", "InvalidOperation"),
        ("{{ tools.items() }}", "InvalidOperation"),
        (
            "{{ raise_exception('no') }}",
            "InvalidOperation: invalid operation: no",
        ),
        ("{{ n|tojson(colour=1) }}", "TooManyArguments"),
    ] {
        let error = render(source).unwrap_err();
        assert!(error.starts_with(expected), "{source}: {error}");
    }
    for (source, expected) in [
        ("{{ 'a", "has a string without an end"),
        ("{{ a", "has a tag without an end"),
        ("{{ a) }}", "has an unopened bracket"),
        ("{# a", "has a comment without an end"),
        ("{% raw %} a", "has a `raw` block without an end"),
        (
            "{{ 'x' * 9999 }}",
            "repeats a string to more than 256 bytes",
        ),
        (
            "{{ n is string + 'a' }}",
            "has an expression that this engine does not support",
        ),
        ("{{ a b }}", "is not valid"),
    ] {
        let error = render(source).unwrap_err();
        assert!(error.contains(expected), "{source}: {error}");
    }
    let spaces = " ".repeat(300);
    for source in [
        format!("{{{{ n }}}}{spaces}"),
        format!("{{{{ n }}}}{spaces}\n"),
        format!("{{{{ n }}}}{spaces}\r\n\n"),
        format!("{{{{ n }}}}{spaces}{{{{ n }}}}"),
        format!("{{{{ n }}}}\n{spaces}{{% if n %}}x{{% endif %}}"),
        format!("{{{{ n }}}}{spaces}{{%- if n %}}x{{% endif %}}"),
        format!("{{{{ n -}}}}{spaces}{{{{- n }}}}"),
    ] {
        assert_eq!(
            render(&source),
            Ok(render_without_charges(&source)),
            "{source}"
        );
    }
    let blanks = format!("{{{{ n }}}}{spaces}{{% if n %}}{{% endif %}}");
    assert_eq!(render(&blanks).unwrap_err(), "has 300 blanks in a row");
}

#[test]
fn a_date_is_formatted_as_python_does() {
    for (seconds, format, expected) in [
        (
            0,
            "%Y-%m-%d %H:%M:%S %A %j",
            "1970-01-01 00:00:00 Thursday 001",
        ),
        (951_782_400, "%d %B %Y, %a", "29 February 2000, Tue"),
        (951_868_800, "%b %e %y|%-d|%-m", "Mar  1 00|1|3"),
        (
            1_735_689_599,
            "%F %T %p %I %j %u %w",
            "2024-12-31 23:59:59 PM 11 366 2 2",
        ),
        (
            1_735_689_600,
            "%D %R %I%p %Z%z %s %%",
            "01/01/25 00:00 12AM UTC+0000 1735689600 %",
        ),
        (4_107_542_400, "%d %b %Y", "01 Mar 2100"),
        (253_402_300_799, "%Y-%m-%d", "9999-12-31"),
    ] {
        assert_eq!(strftime(format, seconds).unwrap(), expected);
    }
    assert!(strftime("%", 0).is_err() && strftime("%é", 0).is_err());
}
