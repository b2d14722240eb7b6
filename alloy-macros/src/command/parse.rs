//! Parses the arguments of `#[command(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Ident, LitStr, Path};

use super::model::{Setting, SettingValue};
use super::names::{self, KeyKind};
use crate::attr::{self, Argument, ArgumentSyntax};
use crate::errors::Errors;
use crate::keys;

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct CommandArgs {
    pub(super) prompt: Option<LitStr>,
    pub(super) prompt_file: Option<LitStr>,
    pub(super) system: Option<LitStr>,
    /// The keys with a constant value.
    pub(super) settings: Vec<Setting>,
    pub(super) tools: Vec<Path>,
    pub(super) crate_path: Option<Path>,
}

/// Parses the attribute. A key whose value is not valid is reported and stays unset.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> CommandArgs {
    let mut parsed = CommandArgs::default();
    for argument in attr::arguments(tokens, errors) {
        let added = parsed.add(argument, errors);
        errors.keep(added);
    }
    parsed
}

impl CommandArgs {
    fn add(&mut self, argument: Argument, errors: &mut Errors) -> syn::Result<()> {
        let Argument { key, syntax, value } = argument;
        let name = &*key.to_string();
        let Some(kind) = names::kind(name) else {
            return Err(names::unknown_key(&key, &value));
        };
        let is_list = syntax == ArgumentSyntax::List;
        let mistake = |message: &str| Err(syn::Error::new_spanned(&key, message));
        match *kind {
            KeyKind::Options if !is_list => {
                return mistake("`options` takes a list: `options(num_ctx = 8192)`");
            }
            KeyKind::Tools if !is_list || value.is_empty() => {
                return mistake("`tools` takes a list of tools: `tools(add, math::divide)`");
            }
            KeyKind::Options => self.set(name, SettingValue::Options(options(value, errors))),
            KeyKind::Tools => {
                let tools = attr::split_at_commas(value, errors).into_iter();
                self.tools
                    .extend(tools.filter_map(|tool| errors.keep(keys::tool(tool))));
            }
            _ if is_list => return mistake(&format!("`{name}` takes a value: `{name} = …`")),
            KeyKind::Text(example) => {
                let text = Some(keys::string(name, example, value)?);
                match name {
                    "prompt" => self.prompt = text,
                    "prompt_file" => self.prompt_file = text,
                    _ => self.system = text,
                }
            }
            KeyKind::Model => {
                let model = keys::model(name, value)?;
                let literal = syn::parse2::<LitStr>(model.clone());
                if literal.is_ok_and(|literal| literal.value().trim().is_empty()) {
                    let message = format!(
                        "`{name}` is empty; expected a model name, for example `{name} = \"ollama:llama3.1\"`"
                    );
                    return Err(syn::Error::new_spanned(model, message));
                }
                self.set_literal(name, model);
            }
            KeyKind::Number => self.set_literal(name, keys::number(name, value)?),
            KeyKind::Count(min, example) => {
                self.set_literal(name, keys::count(name, min, example, value)?);
            }
            KeyKind::Duration => self.set_literal(name, keys::millis(name, value)?),
            KeyKind::Think => self.set(name, SettingValue::Think(keys::think(name, value)?)),
            KeyKind::CratePath => self.crate_path = Some(keys::crate_path(name, value)?),
        }
        Ok(())
    }

    fn set_literal(&mut self, key: &str, literal: impl ToTokens) {
        self.set(key, SettingValue::Tokens(literal.into_token_stream()));
    }

    fn set(&mut self, key: &str, value: SettingValue) {
        // The macro's span, because the name is that of a method of `CommandDefinition`.
        let key = Ident::new(key, Span::call_site());
        self.settings.push(Setting { key, value });
    }
}

/// Parses `num_ctx = 8192, stop = ["END"]` into names and JSON values.
fn options(tokens: TokenStream, errors: &mut Errors) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for Argument { key, syntax, value } in attr::arguments(tokens, errors) {
        let name = key.to_string();
        if syntax != ArgumentSyntax::Pair {
            let message = "expected `name = value`, for example `options(num_ctx = 8192)`";
            errors.push(key, message);
        } else if let Some(message) = names::check_option(&name) {
            errors.push(key, message);
        } else if let Some(json) = errors.keep(keys::json(&name, value)) {
            pairs.push((name, json));
        }
    }
    pairs
}
