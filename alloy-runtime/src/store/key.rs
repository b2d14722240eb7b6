//! The identity of a request and of the model that answers it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;

use serde_json::value::RawValue;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// Members of a request that do not change its answer, or that [`ModelIdentity`] has.
const LEFT_OUT: [&str; 2] = ["keep_alive", "model"];

/// The identity of a request and its model: 128 bits.
///
/// The same request has the same key in each version of Alloy that has the same [`RequestKey::VERSION`] and writes the same
/// words into the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestKey([u64; 2]);

/// The model that answers a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModelIdentity<'a> {
    /// The address of the server without credentials; empty for a model file.
    pub(crate) server: &'a str,
    /// The name of the model, or of its file without the folder.
    pub(crate) model: &'a str,
    /// The digest of an Ollama model, or the length and the time of a file; empty if it is not known.
    pub(crate) revision: &'a str,
}

impl RequestKey {
    /// The version of how a key is computed.
    const VERSION: &'static str = "1";

    /// Computes the key of a request with this body. The order of its members does not matter.
    pub(crate) fn new(protocol: &str, body: &[u8], identity: ModelIdentity<'_>) -> Self {
        let mut hasher = PartHasher::default();
        hasher.add(Self::VERSION);
        hasher.add(protocol);
        let ModelIdentity {
            server,
            model,
            revision,
        } = identity;
        for part in [server, model, revision] {
            hasher.add(part);
        }
        // NOTE: A body is an object without white space, which Alloy has just written.
        let members: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_slice(body).unwrap_or_default();
        let members = members.iter();
        for (name, value) in members.filter(|(name, _)| !LEFT_OUT.contains(&&***name)) {
            hasher.add(name);
            hasher.add(value.get());
        }
        hasher.finish()
    }

    /// Returns the key of a row that has this number of equal rows before it.
    pub(super) fn nth(self, occurrence: u32) -> Self {
        if occurrence == 0 {
            return self;
        }
        let mut hasher = PartHasher::default();
        hasher.add(&self.to_string());
        hasher.add(&occurrence.to_string());
        hasher.finish()
    }
}

/// Returns the hash of a text as 32 hexadecimal digits.
pub(super) fn hash_of(text: &str) -> String {
    let mut hasher = PartHasher::default();
    hasher.add(text);
    hasher.finish().to_string()
}

/// Hashes texts so that the borders between them count.
#[derive(Default)]
struct PartHasher(SipHasher13);

impl PartHasher {
    fn add(&mut self, part: &str) {
        // NOTE: No text is longer than a `u64`.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.write(&length.to_le_bytes());
        self.0.write(part.as_bytes());
    }

    fn finish(&self) -> RequestKey {
        let hash = self.0.finish128();
        RequestKey([hash.h1, hash.h2])
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [high, low] = self.0;
        write!(f, "{high:016x}{low:016x}")
    }
}

impl FromStr for RequestKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_key = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let part = |part: &str| u64::from_str_radix(part, 16).map_err(drop);
        match is_key {
            true => Ok(Self([part(&text[..16])?, part(&text[16..])?])),
            false => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: ModelIdentity<'_> = ModelIdentity {
        server: "http://localhost:11434",
        model: "llama3.1",
        revision: "sha256:1",
    };

    fn key(body: &str) -> String {
        RequestKey::new("native", body.as_bytes(), IDENTITY).to_string()
    }

    // Entries of earlier versions stay valid as long as these are the same.
    #[test]
    fn keys_are_the_same_in_each_version() {
        assert_eq!(key("{}"), "34107ed3b149098dc71cd5cc6783ad19");
        assert_eq!(
            key(
                r#"{"model":"llama3.1","messages":[{"role":"user","content":"Hi"}],"options":{"seed":1}}"#
            ),
            "8ce25c5626793ddce9290049d20eaa42"
        );
    }

    #[test]
    fn members_that_do_not_change_the_answer_are_left_out() {
        let body = r#"{"messages":[1],"options":{"a":1,"b":2}}"#;
        for same in [
            r#"{"options":{"a":1,"b":2},"messages":[1]}"#,
            r#"{"keep_alive":60,"messages":[1],"options":{"a":1,"b":2}}"#,
            r#"{"model":"x","messages":[1],"options":{"a":1,"b":2}}"#,
        ] {
            assert_eq!(key(same), key(body), "{same}");
        }
        for other in [
            r#"{"messages":[2],"options":{"a":1,"b":2}}"#,
            r#"{"messages":[1],"options":{"b":2,"a":1}}"#,
            r#"{"messages":[1],"options":{"a":1,"b":2},"format":{}}"#,
            r#"{"messages":[1]}"#,
        ] {
            assert_ne!(key(other), key(body), "{other}");
        }
    }

    #[test]
    fn each_part_of_the_identity_counts() {
        let body = b"{}";
        let known = RequestKey::new("native", body, IDENTITY);
        assert_ne!(RequestKey::new("openai_chat", body, IDENTITY), known);
        for other in [
            ModelIdentity {
                server: "http://localhost:11435",
                ..IDENTITY
            },
            ModelIdentity {
                model: "llama3.2",
                ..IDENTITY
            },
            ModelIdentity {
                revision: "sha256:2",
                ..IDENTITY
            },
            // The borders between the parts count.
            ModelIdentity {
                server: "http://localhost:11434l",
                model: "lama3.1",
                ..IDENTITY
            },
        ] {
            assert_ne!(RequestKey::new("native", body, other), known, "{other:?}");
        }
    }

    #[test]
    fn a_key_is_read_back() {
        let known = RequestKey::new("native", b"{}", IDENTITY);
        assert_eq!(known.to_string().parse(), Ok(known));
        for text in [
            "",
            "12",
            "+0000000000000000000000000000001",
            &"g".repeat(32),
        ] {
            assert_eq!(text.parse::<RequestKey>(), Err(()), "{text}");
        }
    }
}
