//! The prompt of a command and its system text: where they come from, and what is wrong with them.

use proc_macro2::{Group, Span};
use syn::LitStr;
use syn::ext::IdentExt as _;

use super::model::{Block, Prompt, System, Template};
use crate::body;
use crate::doc::{self, Doc};
use crate::errors::Errors;
use crate::file;
use crate::function::{Body, Function, Param, in_words};
use crate::template::{self, Piece, Problem};
use crate::types::is;

/// What texts are made from.
pub(super) struct Source<'a, 'b> {
    pub(super) function: &'a Function,
    pub(super) params: &'b [Param],
    /// Whether a body may use `?`.
    pub(super) fallible: bool,
}

impl<'a> Source<'a, '_> {
    /// The attribute's system text, and the parameters it mentions.
    pub(super) fn system(&self, literal: LitStr, errors: &mut Errors) -> (System, Vec<String>) {
        if literal.value().trim().is_empty() {
            errors.push(&literal, "the system text is empty; leave `system` out");
        }
        let pieces = self.pieces(&literal, errors);
        let names = template::names(&pieces).map(str::to_owned).collect();
        let system = match template::parse(&dedented(&literal)).as_deref() {
            Ok([Piece::Text(text)]) => System::Fixed(text.clone()),
            _ => System::Rendered(self.rendering(literal)),
        };
        (system, names)
    }

    /// Template, file, body, doc comment or name: the first there is. Two of the first three are a mistake.
    /// What the system text mentions counts as mentioned in the prompt.
    pub(super) fn prompt(
        &self,
        template: Option<LitStr>,
        file: Option<LitStr>,
        in_system: &[String],
        errors: &mut Errors,
    ) -> Option<Prompt<'a>> {
        if let (Some(_), Some(file)) = (&template, &file) {
            let message = "two prompts: the template and this file; keep one of them";
            errors.push(file, message);
        }
        match (template, file, &self.function.body) {
            (None, None, Body::Missing(_)) => Some(self.words(in_system, errors)),
            (None, None, Body::Block(block)) => Some(self.body(block, errors)),
            (Some(template), None, Body::Missing(_)) => Some(self.template(template, errors)),
            (_, Some(file), Body::Missing(_)) => self.file(&file, errors),
            (_, file, Body::Block(block)) => {
                let given = file.map_or("template", |_| "file");
                let message = format!(
                    "two prompts: the {given} of the attribute and this body; \
                     keep the {given} and end the function with `;`, or keep the body"
                );
                errors.add(syn::Error::new(block.span_open(), message));
                None
            }
        }
    }

    fn template(&self, literal: LitStr, errors: &mut Errors) -> Prompt<'a> {
        if literal.value().trim().is_empty() {
            errors.push(&literal, "the prompt is empty; say what the model is to do");
        }
        self.pieces(&literal, errors);
        Prompt::Template(self.rendering(literal))
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
        let name = path.value();
        let lines = text.lines().map(|line| (line, path.span()));
        let told = |number: usize, shown: &str| format!("{name}:{number}: {shown}");
        self.mentioned(lines, told, errors);
        let literal = LitStr::new(&text, path.span());
        Some(Prompt::Template(Template::Literal(literal)))
    }

    fn body(&self, block: &'a Group, errors: &mut Errors) -> Prompt<'a> {
        if let Some(literal) = body::as_template(block) {
            return self.template(literal, errors);
        }
        for place in body::awaits(block.stream()) {
            let message = "the body of a command makes its prompt and cannot await: \
                           fetch in a plain `async fn` and pass the value in";
            errors.add(syn::Error::new(place, message));
        }
        if let Some(place) = body::question(block.stream()).filter(|_| !self.fallible) {
            let message = "`?` needs a `Result` to leave the body with: declare the return type as \
                           `alloy_runtime::Result<…>`, and the error comes out at `.await`";
            errors.add(syn::Error::new(place, message));
        }
        let fallible = self.fallible;
        Prompt::Body { block, fallible }
    }

    /// The doc comment, or the name in words, with the parameters that it does not mention.
    fn words(&self, in_system: &[String], errors: &mut Errors) -> Prompt<'a> {
        let unknown = "the doc comment is the prompt of this command, and this text is not known to the macro: \
                       write the prompt as a template, `#[command(\"…\")]`";
        let doc = doc::text(&self.function.attrs, unknown, errors);
        let (text, mentioned) = match doc {
            Some(Doc { text, lines }) => {
                let place = lines.first().map_or_else(Span::call_site, |line| line.1);
                let lines = lines.iter().map(|(line, place)| (line.as_str(), *place));
                let told = |_, shown: &str| format!("{shown} in a doc comment that is the prompt");
                let mentioned = self.mentioned(lines, told, errors);
                (LitStr::new(&text, place), mentioned)
            }
            None => {
                let name = &self.function.sig.ident;
                let words = in_words(name);
                (LitStr::new(&words, name.span()), Vec::new())
            }
        };
        let unmentioned = |param: &&Param| {
            let name = param.name.unraw().to_string();
            !mentioned.contains(&name) && !in_system.contains(&name)
        };
        let blocks = self.params.iter().filter(unmentioned).map(|param| Block {
            name: param.name.clone(),
            optional: is(&param.ty, "Option"),
        });
        let blocks = blocks.collect();
        Prompt::Words { text, blocks }
    }

    /// The parameters that lines of text mention. Whatever they have in braces is a parameter: rustc's
    /// words about a format string would not help the author of a comment, or of a file.
    fn mentioned<'t>(
        &self,
        lines: impl Iterator<Item = (&'t str, Span)>,
        told: impl Fn(usize, &str) -> String,
        errors: &mut Errors,
    ) -> Vec<String> {
        let mut mentioned = Vec::new();
        for (number, (line, place)) in (1..).zip(lines) {
            let wrong = match template::parse(line) {
                Ok(pieces) => {
                    let names = template::names(&pieces).map(str::to_owned);
                    let (known, unknown): (Vec<_>, Vec<_>) =
                        names.partition(|name| self.is_known(name));
                    mentioned.extend(known);
                    unknown.iter().map(|name| format!("`{{{name}}}`")).collect()
                }
                Err(Problem::Positional(shown) | Problem::Expression(shown)) => {
                    vec![format!("`{shown}`")]
                }
                Err(Problem::Rustc) => vec!["a brace without its partner".to_owned()],
            };
            for shown in wrong {
                let message = format!(
                    "{}: {}; write `{{{{` and `}}}}` for braces",
                    told(number, &shown),
                    self.parameters_in_words(),
                );
                errors.add(syn::Error::new(place, message));
            }
        }
        mentioned
    }

    /// The pieces of a literal; none where it is wrong. Names are left to rustc, which points into the
    /// literal, and so are braces.
    fn pieces(&self, literal: &LitStr, errors: &mut Errors) -> Vec<Piece> {
        let message = match template::parse(&literal.value()) {
            Ok(pieces) => return pieces,
            Err(Problem::Positional(shown)) => {
                format!("`{shown}` names nothing: {}", self.parameters_in_words())
            }
            Err(Problem::Expression(shown)) => format!(
                "`{shown}` is more than a name: {}; pass the value as a parameter of its own, \
                 write a body that makes the prompt, or `{{{{` and `}}}}` for braces",
                self.parameters_in_words(),
            ),
            Err(Problem::Rustc) => return Vec::new(),
        };
        errors.push(literal, message);
        Vec::new()
    }

    /// How to render a literal. One whose indentation is taken off is rendered in pieces, and each piece
    /// names a parameter or a constant; another name is rustc's to report, once, in the literal.
    fn rendering(&self, literal: LitStr) -> Template {
        let dedented = dedented(&literal);
        let in_constant = |c: char| c.is_uppercase() || c.is_ascii_digit() || c == '_';
        let known = |name: &str| name.chars().all(in_constant) || self.is_known(name);
        match template::parse(&dedented) {
            Ok(pieces) if dedented != literal.value() && template::names(&pieces).all(known) => {
                Template::Dedented { literal, pieces }
            }
            _ => Template::Literal(literal),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        name == "self" && self.function.sig.receiver().is_some()
            || self.params.iter().any(|param| param.name.unraw() == name)
    }

    fn parameters_in_words(&self) -> String {
        let names = self.params.iter().map(|param| param.name.unraw());
        let names: Vec<String> = names.map(|name| format!("`{{{name}}}`")).collect();
        match names.as_slice() {
            [] => "this command has no parameters".to_owned(),
            [name] => format!("the parameter is {name}"),
            names => format!("the parameters are {}", names.join(", ")),
        }
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
