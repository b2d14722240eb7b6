//! Finds and checks the prompt and the system message of a command.

use proc_macro2::{Group, Span};
use syn::ext::IdentExt as _;
use syn::{Ident, LitStr};

use super::model::{ParamBlock, Prompt, SystemMessage, Template};
use crate::body;
use crate::doc::{self, Doc};
use crate::errors::Errors;
use crate::file;
use crate::function::{Body, Function, Param, humanize};
use crate::keys;
use crate::template::{self, Piece, TemplateError};
use crate::types::is_named;

/// The function whose prompt is read.
pub(super) struct PromptContext<'a, 'b> {
    pub(super) function: &'a Function,
    pub(super) params: &'b [Param],
    /// `true` if the body can use `?`.
    pub(super) is_fallible: bool,
}

impl<'a> PromptContext<'a, '_> {
    /// Reads the key `system`. Returns the message and the parameters it uses.
    pub(super) fn system(&self, text: LitStr, errors: &mut Errors) -> (SystemMessage, Vec<String>) {
        if text.value().trim().is_empty() {
            errors.push(&text, "`system` is empty; write a text or remove the key");
        }
        let pieces = self.check_literal(&text, errors);
        let names = template::names(&pieces).map(str::to_owned).collect();
        let system = match template::parse(&dedented(&text)).as_deref() {
            Ok([Piece::Text(fixed)]) => SystemMessage::Fixed(fixed.clone()),
            _ => SystemMessage::Rendered(self.rendering(text)),
        };
        (system, names)
    }

    /// Reads the prompt from the first of these: template, file, body, doc comment, name. Two of the first three
    /// are an error. A parameter that the system message uses does not follow the prompt as a block.
    pub(super) fn prompt(
        &self,
        template: Option<LitStr>,
        file: Option<LitStr>,
        used_in_system: &[String],
        errors: &mut Errors,
    ) -> Option<Prompt<'a>> {
        if let (Some(_), Some(file)) = (&template, &file) {
            let message = "this command has two prompts, the template and this file; keep one";
            errors.push(file, message);
        }
        match (template, file, &self.function.body) {
            (None, None, Body::Missing(_)) => Some(self.description(used_in_system, errors)),
            (None, None, Body::Block(block)) => Some(self.body(block, errors)),
            (Some(template), None, Body::Missing(_)) => Some(self.template(template, errors)),
            (_, Some(file), Body::Missing(_)) => self.file(&file, errors),
            (_, file, Body::Block(block)) => {
                let other = file.map_or("template", |_| "file");
                let message = format!(
                    "this command has two prompts, the {other} in the attribute and this body; \
                     keep the {other} and end the function with `;`, or keep the body"
                );
                errors.add(syn::Error::new(block.span_open(), message));
                None
            }
        }
    }

    fn template(&self, literal: LitStr, errors: &mut Errors) -> Prompt<'a> {
        if literal.value().trim().is_empty() {
            let message = "the prompt is empty; write what the model should do";
            errors.push(&literal, message);
        }
        self.check_literal(&literal, errors);
        Prompt::Template(self.rendering(literal))
    }

    /// Reads a file. rustc has no spans in it, so all of its errors are found here and name the file and line.
    fn file(&self, path: &LitStr, errors: &mut Errors) -> Option<Prompt<'a>> {
        let text = errors.keep(file::read(path))?;
        let name = path.value();
        let lines = text.lines().map(|line| (line, path.span()));
        let location = |number: usize| format!("{name}:{number}");
        self.check_lines(lines, location, errors);
        let literal = LitStr::new(&text, path.span());
        Some(Prompt::Template(self.as_written(literal)))
    }

    fn body(&self, block: &'a Group, errors: &mut Errors) -> Prompt<'a> {
        if let Some(literal) = body::as_template(block) {
            return self.template(literal, errors);
        }
        for span in body::find_awaits(block.stream()) {
            let message = "the body of a command builds the prompt and cannot use `.await`; get the value in a \
                           plain `async fn` and pass it as a parameter";
            errors.add(syn::Error::new(span, message));
        }
        if let Some(span) = body::find_question_mark(block.stream()).filter(|_| !self.is_fallible) {
            let message = "`?` needs a `Result` to return from the body; declare the return type as \
                           `alloy_runtime::Result<…>`, and the error is returned at `.await`";
            errors.add(syn::Error::new(span, message));
        }
        let fallible = self.is_fallible;
        Prompt::Body { block, fallible }
    }

    /// Makes the prompt from the doc comment or the humanized name, and the parameters that it does not use.
    fn description(&self, used_in_system: &[String], errors: &mut Errors) -> Prompt<'a> {
        let unreadable = "the doc comment is the prompt of this command, but the macro cannot read this text; \
                          write the prompt as a template, `#[command(\"…\")]`, or name its file: `prompt_file = \"…\"`";
        let doc = doc::read(&self.function.attrs, unreadable, errors);
        let (text, used) = match doc {
            Some(Doc { text, lines }) => {
                let span = lines.first().map_or_else(Span::call_site, |line| line.1);
                let lines = lines.iter().map(|(line, span)| (line.as_str(), *span));
                let location = |_| "in the doc comment, which is the prompt".to_owned();
                let used = self.check_lines(lines, location, errors);
                (LitStr::new(&text, span), used)
            }
            None => {
                let name = &self.function.sig.ident;
                let words = humanize(name);
                (LitStr::new(&words, name.span()), Vec::new())
            }
        };
        let is_unused = |param: &&Param| {
            let name = param.name.unraw().to_string();
            !used.contains(&name) && !used_in_system.contains(&name)
        };
        let unused = self.params.iter().filter(is_unused);
        let blocks = unused.map(|param| ParamBlock {
            name: param.name.clone(),
            is_optional: is_named(&param.ty, "Option"),
        });
        Prompt::Described {
            text: self.as_written(text),
            blocks: blocks.collect(),
        }
    }

    /// Returns the parameters that lines of text use, and reports all other placeholders. rustc's errors about a
    /// format string would not help the author of a doc comment or a file.
    fn check_lines<'t>(
        &self,
        lines: impl Iterator<Item = (&'t str, Span)>,
        location: impl Fn(usize) -> String,
        errors: &mut Errors,
    ) -> Vec<String> {
        let mut used = Vec::new();
        let parameters = self.list_parameters();
        let unknown = |shown: &str| format!("`{shown}` is not a parameter; {parameters}");
        for (number, (line, span)) in (1..).zip(lines) {
            let problems = match template::parse(line) {
                Ok(pieces) => {
                    let names = template::names(&pieces).map(str::to_owned);
                    let (known, others): (Vec<_>, Vec<_>) =
                        names.partition(|name| self.is_known(name));
                    used.extend(known);
                    let others = others.iter().map(|name| format!("{{{name}}}"));
                    others.map(|shown| unknown(&shown)).collect()
                }
                Err(TemplateError::Positional(shown) | TemplateError::Expression(shown)) => {
                    vec![unknown(&shown)]
                }
                Err(TemplateError::Syntax) => vec!["unmatched brace".to_owned()],
            };
            for problem in problems {
                let place = location(number);
                let message =
                    format!("{place}: {problem}; write `{{{{` and `}}}}` for literal braces");
                errors.add(syn::Error::new(span, message));
            }
        }
        used
    }

    /// Returns the pieces of a literal, or none if it is not valid. rustc reports unknown names and unmatched
    /// braces, because its spans point into the literal.
    fn check_literal(&self, literal: &LitStr, errors: &mut Errors) -> Vec<Piece> {
        let parameters = self.list_parameters();
        let message = match template::parse(&literal.value()) {
            Ok(pieces) => return pieces,
            Err(TemplateError::Positional(shown)) => {
                format!("`{shown}` does not name a parameter; {parameters}")
            }
            Err(TemplateError::Expression(shown)) => format!(
                "`{shown}` is not the name of a parameter; {parameters}; pass the value as a separate parameter, \
                 write a body that builds the prompt, or write `{{{{` and `}}}}` for literal braces"
            ),
            Err(TemplateError::Syntax) => return Vec::new(),
        };
        errors.push(literal, message);
        Vec::new()
    }

    /// Removes the indentation of a literal if each name in it is a parameter or a constant. A literal with any
    /// other name is rendered as written, so that rustc points at the name.
    fn rendering(&self, literal: LitStr) -> Template {
        let dedented = dedented(&literal);
        let is_known = |name: &str| keys::is_constant(name) || self.is_known(name);
        self.as_written(match template::parse(&dedented) {
            Ok(pieces) if dedented != literal.value() && template::names(&pieces).all(is_known) => {
                LitStr::new(&dedented, literal.span())
            }
            _ => literal,
        })
    }

    /// Returns the template of a text that stays as it is.
    fn as_written(&self, literal: LitStr) -> Template {
        let pieces = template::parse(&literal.value()).unwrap_or_default();
        let names = self.params.iter().map(|param| param.name.clone());
        let is_displayed =
            |name: &Ident| template::is_displayed(&pieces, &name.unraw().to_string());
        Template {
            displayed: names.filter(is_displayed).collect(),
            literal,
        }
    }

    fn is_known(&self, name: &str) -> bool {
        name == "self" && self.function.sig.receiver().is_some()
            || self.params.iter().any(|param| param.name.unraw() == name)
    }

    /// Lists the parameters in words, for errors.
    fn list_parameters(&self) -> String {
        let names = self.params.iter().map(|param| param.name.unraw());
        let names: Vec<String> = names.map(|name| format!("`{{{name}}}`")).collect();
        match names.as_slice() {
            [] => "this command has no parameters".to_owned(),
            [name] => format!("the parameter is {name}"),
            names => format!("the parameters are {}", names.join(", ")),
        }
    }
}

/// Returns the text of a literal without the common indentation of its lines. A literal with `\n` or with a `\`
/// at the end of a line is left unchanged, because its author decided how its lines begin.
fn dedented(literal: &LitStr) -> String {
    let text = literal.value();
    let lines = |text: &str| text.matches('\n').count();
    match lines(&literal.token().to_string()) == lines(&text) {
        true => template::dedent(&text),
        false => text,
    }
}
