//! The first line of a journal: the request and the model that its answers belong to.

use serde::{Deserialize, Serialize};

use crate::store::key::{ModelIdentity, hash_of};

/// The request and the model of a journal. Texts that are long, or that the file need not have, are hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalHeader {
    /// The version of the format.
    alloy_journal: u64,
    command: String,
    protocol: String,
    template: String,
    schema: String,
    options: String,
    model: String,
    revision: String,
    server: String,
}

impl JournalHeader {
    /// The version of the format. No other version is read.
    pub(super) const FORMAT: u64 = 1;

    /// Creates the header of a command. `template`, `schema` and `options` are the parts of its requests that all rows
    /// share.
    pub(crate) fn new(
        command: &str,
        protocol: &str,
        [template, schema, options]: [&str; 3],
        identity: ModelIdentity<'_>,
    ) -> Self {
        Self {
            alloy_journal: Self::FORMAT,
            command: command.to_owned(),
            protocol: protocol.to_owned(),
            template: hash_of(template),
            schema: hash_of(schema),
            options: hash_of(options),
            model: identity.model.to_owned(),
            revision: identity.revision.to_owned(),
            server: identity.server.to_owned(),
        }
    }

    /// Returns the model that answered.
    pub(crate) fn identity(&self) -> ModelIdentity<'_> {
        ModelIdentity {
            server: &self.server,
            model: &self.model,
            revision: &self.revision,
        }
    }

    /// Names what is different now.
    pub(super) fn changes(&self, now: &Self) -> Vec<String> {
        let named = |name: &str, old: &str, new: &str| {
            (old != new).then(|| format!("{name} (`{old}`, now `{new}`)"))
        };
        let hashed = |name: &str, old: &str, new: &str| (old != new).then(|| name.to_owned());
        let changes = [
            named("the command", &self.command, &now.command),
            named("the protocol", &self.protocol, &now.protocol),
            hashed(
                "the template of the prompt or the system text",
                &self.template,
                &now.template,
            ),
            hashed(
                "the schema of the answer or the tools",
                &self.schema,
                &now.schema,
            ),
            hashed("the options", &self.options, &now.options),
            named("the model", &self.model, &now.model),
            // Another model has another one.
            (self.model == now.model)
                .then(|| hashed("the files of the model", &self.revision, &now.revision))
                .flatten(),
            named("the server", &self.server, &now.server),
        ];
        changes.into_iter().flatten().collect()
    }

    pub(super) fn to_line(&self) -> Vec<u8> {
        // NOTE: Its members are strings and a number.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named() {
        let identity = ModelIdentity {
            server: "http://a",
            model: "m",
            revision: "1",
        };
        let old = JournalHeader::new("ask", "native", ["t", "s", "o"], identity);
        assert!(old.changes(&old).is_empty());
        let changes = |now: JournalHeader| old.changes(&now).join(", ");
        let texts = JournalHeader::new("ask", "native", ["u", "t", "p"], identity);
        assert_eq!(
            changes(texts),
            "the template of the prompt or the system text, the schema of the answer or the tools, the options"
        );
        let pulled = ModelIdentity {
            revision: "2",
            ..identity
        };
        let pulled = JournalHeader::new("ask", "native", ["t", "s", "o"], pulled);
        assert_eq!(changes(pulled), "the files of the model");
        let other = ModelIdentity {
            model: "n",
            revision: "2",
            ..identity
        };
        let other = JournalHeader::new("ask", "native", ["t", "s", "o"], other);
        assert_eq!(changes(other), "the model (`m`, now `n`)");
    }
}
