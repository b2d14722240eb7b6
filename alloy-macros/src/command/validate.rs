//! The rules of a command, one function each, and the model of one that keeps them.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, LitStr, Path, ReturnType, Safety, Signature, Type, parse_quote};

use super::model::{Block, Command, Prompt, System, Template};
use super::parse::Arguments;
use super::types::{borrowed_or_nameless, inside_result, is_option};
use crate::body;
use crate::doc;
use crate::ensure;
use crate::errors::Errors;
use crate::file;
use crate::function::{Body, Function, Param, plain_name};
use crate::template::{self, Piece, Problem};

/// Holds a declaration to the rules. On mistakes, gives all of them and the path for the stand-in.
pub(super) fn validate<'a>(
    function: &'a Function,
    arguments: Arguments,
    ensures: &[Attribute],
    mut errors: Errors,
) -> Result<Command<'a>, (Errors, Path)> {
    let Arguments {
        prompt,
        prompt_file,
        system,
        settings,
        path,
    } = arguments;
    let path = path.unwrap_or_else(|| parse_quote!(::alloy_runtime));
    let params = function.params();

    signature(&function.sig, &mut errors);
    parameters(&function.sig, &mut errors);
    let (output, result) = output(&function.sig.output, &mut errors);
    let system = system.map(|literal| self::system(literal, &params, &mut errors));
    let source = Source {
        function,
        params: &params,
        fallible: result.is_some(),
        in_system: system.as_ref().map_or(&[], |(_, names)| names),
    };
    let given = Given::of(prompt, prompt_file.clone(), &mut errors);
    let prompt = source.prompt(given, &mut errors);
    if let (ReturnType::Default, Some(attr)) = (&function.sig.output, ensures.first()) {
        let message = "this command ignores its answer, so that none can be held to a condition: \
                       give it a return type";
        errors.push(attr.path(), message);
    }
    let ensures = ensures.iter();
    let ensures = ensures.filter_map(|attr| ensure::read(attr, &params, &mut errors));
    let ensures = ensures.collect();
    match prompt {
        Some(prompt) if errors.is_empty() => Ok(Command {
            attrs: &function.attrs,
            vis: &function.vis,
            sig: &function.sig,
            body_span: function.body_span(),
            output,
            result,
            prompt,
            prompt_file,
            system: system.map(|(system, _)| system),
            settings,
            ensures,
            path,
        }),
        _ => Err((errors, path)),
    }
}

/// `async fn`, and nothing that changes what a call is.
fn signature(sig: &Signature, errors: &mut Errors) {
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token,
            format!(
                "a command is an `async fn`, because its answer is awaited: write `async fn {}`",
                sig.ident
            ),
        );
    }
    if let Some(token) = sig.constness {
        errors.push(token, "a command cannot be `const`: a model answers it");
    }
    if let Safety::Unsafe(token) = sig.safety {
        errors.push(token, "a command cannot be `unsafe`: remove the word");
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "a command cannot be `extern`: remove the word");
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic, "a command has a fixed list of parameters");
    }
}

/// Plain names, so that the prompt can name them.
fn parameters(sig: &Signature, errors: &mut Errors) {
    for input in &sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(typed) => {
                if plain_name(typed).is_none() {
                    errors.push(
                        &typed.pat,
                        "a parameter of a command is a plain `name: Type`, because the prompt refers to it by name",
                    );
                }
                &typed.attrs
            }
        };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
            errors.push(attr, "a parameter of a command cannot be `#[cfg]`: put the attribute on the whole command");
        }
    }
}

/// The output type; and the whole return type where it is a `Result` of one.
fn output(output: &ReturnType, errors: &mut Errors) -> (Type, Option<Type>) {
    let ReturnType::Type(_, written) = output else {
        return (parse_quote!(()), None);
    };
    let output = inside_result(written).unwrap_or(written);
    match borrowed_or_nameless(output.to_token_stream()) {
        Some(TokenTree::Ident(word)) => errors.push(
            word,
            "the output of a command is a type by name, because its schema is made from it",
        ),
        Some(place) => errors.push(
            place,
            "the output of a command owns its data: write `String` for `&str`, `Vec<T>` for `&[T]`",
        ),
        None => {}
    }
    match inside_result(written) {
        Some(inside) => (inside.clone(), Some((**written).clone())),
        None => ((**written).clone(), None),
    }
}

/// The attribute's system text, and the parameters it mentions.
fn system(literal: LitStr, params: &[Param], errors: &mut Errors) -> (System, Vec<String>) {
    if literal.value().trim().is_empty() {
        errors.push(&literal, "the system text is empty; leave `system` out");
    }
    let pieces = pieces(&literal, params, errors);
    let names: Vec<String> = template::names(&pieces).map(str::to_owned).collect();
    let system = match template::parse(&dedented(&literal)).as_deref() {
        Ok([Piece::Text(text)]) => System::Fixed(text.clone()),
        _ => System::Rendered(rendering(literal, params)),
    };
    (system, names)
}

/// A prompt of the attribute.
enum Given {
    Template(LitStr),
    File(LitStr),
}

impl Given {
    fn of(template: Option<LitStr>, file: Option<LitStr>, errors: &mut Errors) -> Option<Self> {
        if let (Some(_), Some(file)) = (&template, &file) {
            let message = "two prompts: the template and this file; keep one of them";
            errors.push(file, message);
        }
        file.map(Self::File).or(template.map(Self::Template))
    }
}

/// What a prompt is chosen from.
struct Source<'a, 'b> {
    function: &'a Function,
    params: &'b [Param],
    fallible: bool,
    /// The parameters that the system text mentions: they count as mentioned in the prompt, too.
    in_system: &'b [String],
}

impl<'a> Source<'a, '_> {
    /// Template, body, doc comment or name: the first there is. Two of the first two are a mistake.
    fn prompt(&self, given: Option<Given>, errors: &mut Errors) -> Option<Prompt<'a>> {
        match (given, &self.function.body) {
            (Some(given), Body::Block(block)) => {
                let given = match given {
                    Given::Template(_) => "template",
                    Given::File(_) => "file",
                };
                let message = format!(
                    "two prompts: the {given} of the attribute and this body; \
                     keep the {given} and end the function with `;`, or keep the body"
                );
                errors.add(syn::Error::new(block.span_open(), message));
                None
            }
            (Some(Given::Template(literal)), Body::Missing(_)) => {
                Some(self.template(literal, errors))
            }
            (Some(Given::File(path)), Body::Missing(_)) => self.file(&path, errors),
            (None, Body::Block(block)) => match body::as_template(block) {
                Some(literal) => Some(self.template(literal, errors)),
                None => {
                    for place in body::awaits(block.stream()) {
                        errors.add(syn::Error::new(
                            place,
                            "the body of a command makes its prompt and cannot await: \
                             fetch in a plain `async fn` and pass the value in",
                        ));
                    }
                    Some(Prompt::Body {
                        block,
                        fallible: self.fallible,
                    })
                }
            },
            (None, Body::Missing(_)) => Some(self.words(errors)),
        }
    }

    fn template(&self, literal: LitStr, errors: &mut Errors) -> Prompt<'a> {
        if literal.value().trim().is_empty() {
            errors.push(&literal, "the prompt is empty; say what the model is to do");
        }
        pieces(&literal, self.params, errors);
        Prompt::Template(rendering(literal, self.params))
    }

    /// The text of a file. rustc cannot point into it: whatever can be wrong is found here, by file and
    /// line.
    fn file(&self, path: &LitStr, errors: &mut Errors) -> Option<Prompt<'a>> {
        let text = match file::read(path) {
            Ok(text) => text,
            Err(error) => {
                errors.add(error);
                return None;
            }
        };
        for (number, line) in (1..).zip(text.lines()) {
            for shown in self.wrong_in(line, &mut Vec::new()) {
                let message = format!(
                    "{}:{number}: {shown}: {}; write `{{{{` and `}}}}` for braces",
                    path.value(),
                    parameters_in_words(self.params),
                );
                errors.push(path, message);
            }
        }
        let literal = LitStr::new(&text, path.span());
        Some(Prompt::Template(Template::Literal(literal)))
    }

    /// The doc comment, or the name in words, with the parameters that it does not mention.
    fn words(&self, errors: &mut Errors) -> Prompt<'a> {
        let name = &self.function.sig.ident;
        let doc = doc::prompt(&self.function.attrs).unwrap_or_else(|error| {
            errors.add(error);
            None
        });
        let (text, mentioned) = match doc {
            Some(doc) => {
                let mentioned = self.in_doc(&doc, errors);
                let place = doc
                    .lines
                    .first()
                    .map_or_else(Span::call_site, |(_, span)| *span);
                (LitStr::new(&doc.text, place), mentioned)
            }
            None => (
                LitStr::new(&in_words(&name.unraw().to_string()), name.span()),
                Vec::new(),
            ),
        };
        let unmentioned = |param: &&Param| {
            let name = param.name.unraw().to_string();
            !mentioned.contains(&name) && !self.in_system.contains(&name)
        };
        let blocks = self.params.iter().filter(unmentioned);
        Prompt::Words {
            text,
            blocks: blocks
                .map(|param| Block {
                    name: param.name.clone(),
                    optional: is_option(&param.ty),
                })
                .collect(),
        }
    }

    /// The parameters that a doc comment mentions. What it has in braces is a parameter: rustc's words
    /// about a format string would not help the author of a comment.
    fn in_doc(&self, doc: &doc::Doc, errors: &mut Errors) -> Vec<String> {
        let mut mentioned = Vec::new();
        for (line, place) in &doc.lines {
            for shown in self.wrong_in(line, &mut mentioned) {
                let message = format!(
                    "{shown} in a doc comment that is the prompt: {}; write `{{{{` and `}}}}` for braces",
                    parameters_in_words(self.params),
                );
                errors.add(syn::Error::new(*place, message));
            }
        }
        mentioned
    }

    /// What a line of text has in braces that is no parameter; the parameters are added to `mentioned`.
    fn wrong_in(&self, line: &str, mentioned: &mut Vec<String>) -> Vec<String> {
        match template::parse(line) {
            Ok(pieces) => {
                let names = template::names(&pieces).map(str::to_owned);
                let (known, unknown): (Vec<_>, Vec<_>) =
                    names.partition(|name| self.is_known(name));
                mentioned.extend(known);
                let shown = |name: String| format!("`{{{name}}}`");
                unknown.into_iter().map(shown).collect()
            }
            Err(Problem::Positional(shown) | Problem::Expression(shown)) => {
                vec![format!("`{shown}`")]
            }
            Err(Problem::Rustc) => vec!["a brace without its partner".to_owned()],
        }
    }

    fn is_known(&self, name: &str) -> bool {
        name == "self" && self.function.sig.receiver().is_some()
            || self.params.iter().any(|param| param.name.unraw() == name)
    }
}

/// The pieces of a literal; none where it is wrong. Names are left to rustc, which points into the
/// literal, and so are braces.
fn pieces(literal: &LitStr, params: &[Param], errors: &mut Errors) -> Vec<Piece> {
    match template::parse(&literal.value()) {
        Ok(pieces) => pieces,
        Err(Problem::Positional(shown)) => {
            errors.push(
                literal,
                format!("`{shown}` names nothing: {}", parameters_in_words(params)),
            );
            Vec::new()
        }
        Err(Problem::Expression(shown)) => {
            errors.push(
                literal,
                format!(
                    "`{shown}` is more than a name: {}; pass the value as a parameter of its own, \
                     write a body that makes the prompt, or `{{{{` and `}}}}` for braces",
                    parameters_in_words(params),
                ),
            );
            Vec::new()
        }
        Err(Problem::Rustc) => Vec::new(),
    }
}

fn parameters_in_words(params: &[Param]) -> String {
    let names: Vec<String> = params
        .iter()
        .map(|param| format!("`{{{}}}`", param.name.unraw()))
        .collect();
    match names.as_slice() {
        [] => "this command has no parameters".to_owned(),
        [name] => format!("the parameter is {name}"),
        names => format!("the parameters are {}", names.join(", ")),
    }
}

/// How to render a literal. One whose indentation is taken off is rendered in pieces, and each piece
/// names a parameter or a constant; another name is rustc's to report, once, in the literal.
fn rendering(literal: LitStr, params: &[Param]) -> Template {
    let dedented = dedented(&literal);
    let known = |name: &str| {
        let is_constant = name
            .chars()
            .all(|c| c.is_uppercase() || c.is_ascii_digit() || c == '_');
        is_constant || name == "self" || params.iter().any(|param| param.name.unraw() == name)
    };
    match template::parse(&dedented) {
        Ok(pieces) if dedented != literal.value() && template::names(&pieces).all(known) => {
            Template::Dedented { literal, pieces }
        }
        _ => Template::Literal(literal),
    }
}

/// A literal's text without the indentation that its lines share. One with `\n` or with continued lines
/// in it says by itself how its lines begin, and is left as it is.
fn dedented(literal: &LitStr) -> String {
    let text = literal.value();
    let lines = |text: &str| text.matches('\n').count();
    match lines(&literal.token().to_string()) == lines(&text) {
        true => template::dedent(&text),
        false => text,
    }
}

/// `extract_user` as `Extract user`.
fn in_words(name: &str) -> String {
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
