//! The header of a model file, held to its bounds before anything is made of it.
//!
//! A header is lists of lists with their lengths before them. In memory each of their values takes some dozens of bytes:
//! a file that lies about itself could fill the machine with what it claims.

use crate::error::excerpt;

/// The most values in all lists together: a vocabulary of a million tokens takes four of them a token.
const MOST_VALUES: u64 = 8_000_000;
/// The most names, and the most tensors.
const MOST_ENTRIES: u64 = 100_000;
/// How deep lists lie in lists.
const DEEPEST: usize = 4;
const MAGIC: &[u8] = b"GGUF";

/// What is left of a header.
struct Header<'a> {
    rest: &'a [u8],
    /// The first version counts in 32 bits.
    is_first_version: bool,
    values: u64,
}

/// What is wrong with a header, in words that go on from «its header».
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// It cannot be what was written.
    Damaged(String),
    /// It is whole, and its weights are in a form that is not known here.
    Quantisation(String),
}

/// The forms of weights that can be run, by their numbers.
const QUANTISATIONS: [(u32, &str); 15] = [
    (0, "F32"),
    (1, "F16"),
    (30, "BF16"),
    (2, "Q4_0"),
    (3, "Q4_1"),
    (6, "Q5_0"),
    (7, "Q5_1"),
    (8, "Q8_0"),
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (12, "Q4_K"),
    (13, "Q5_K"),
    (14, "Q6_K"),
    (15, "Q8_K"),
];
/// Those that people publish, and that cannot.
const OTHER_QUANTISATIONS: [(u32, &str); 12] = [
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
];

impl From<String> for Wrong {
    fn from(words: String) -> Self {
        Self::Damaged(words)
    }
}

/// Whether a file begins as all GGUF files do.
pub(super) fn is_gguf(header: &[u8]) -> bool {
    header.starts_with(MAGIC)
}

/// Holds a header to its bounds.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn check(header: &[u8]) -> Result<(), Wrong> {
    let mut header = Header {
        rest: header.get(MAGIC.len()..).unwrap_or_default(),
        is_first_version: false,
        values: 0,
    };
    let version = header.number()?;
    if !(1..=3).contains(&version) {
        return Err(format!(
            "is of version {version}, and 1, 2 and 3 are known (the file may be of a machine with the other order of bytes)"
        ).into());
    }
    header.is_first_version = version == 1;
    let (tensors, entries) = (header.length()?, header.length()?);
    if tensors > MOST_ENTRIES || entries > MOST_ENTRIES {
        return Err(format!("claims {tensors} tensors and {entries} names").into());
    }
    for _ in 0..entries {
        let name = header.text()?;
        let kind = header.number()?;
        let value = header.value(kind, 0)?;
        // What comes behind the header begins at a multiple of it.
        let is_alignment = name == "general.alignment";
        if is_alignment && !matches!(value, Some(1..=65_536)) {
            return Err("has an alignment that cannot be".to_owned().into());
        }
    }
    for _ in 0..tensors {
        let name = header.text()?;
        let dimensions = header.number()?;
        if !(1..=4).contains(&dimensions) {
            return Err(format!("has a tensor of {dimensions} dimensions").into());
        }
        for _ in 0..dimensions {
            header.length()?;
        }
        check_quantisation(name, header.number()?)?;
        header.take(8)?;
    }
    Ok(())
}

fn check_quantisation(tensor: &str, number: u32) -> Result<(), Wrong> {
    let name = |known: &[(u32, &'static str)]| {
        let mut known = known.iter();
        known.find_map(|(known, name)| (*known == number).then_some(*name))
    };
    if name(&QUANTISATIONS).is_some() {
        return Ok(());
    }
    let shown = match name(&OTHER_QUANTISATIONS) {
        Some(name) => name.to_owned(),
        None => format!("number {number}"),
    };
    let known = QUANTISATIONS.map(|(_, name)| name).join(", ");
    Err(Wrong::Quantisation(format!(
        "says that its tensor `{}` is in the quantisation {shown}, and these can be run: {known}",
        excerpt(tensor)
    )))
}

impl<'a> Header<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(
                "is damaged, or the file was cut: it ends within what it says it has".to_owned(),
            ),
        }
    }

    fn number(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    fn length(&mut self) -> Result<u64, String> {
        if self.is_first_version {
            return Ok(self.number()?.into());
        }
        let bytes = self.take(8)?;
        Ok(bytes.try_into().map_or(0, u64::from_le_bytes))
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let length = self.length()?;
        let text = self.take(length)?;
        std::str::from_utf8(text).map_err(|_| "has a text that is no UTF-8".to_owned())
    }

    /// Goes over a value; gives it where it is a number of 32 bits.
    fn value(&mut self, kind: u32, depth: usize) -> Result<Option<u32>, String> {
        if kind == 8 {
            self.text()?;
            return Ok(None);
        }
        if kind != 9 {
            let bytes = self.take(size(kind)?)?;
            return Ok(bytes.try_into().ok().map(u32::from_le_bytes));
        }
        let (kind, length) = (self.number()?, self.length()?);
        self.values = self.values.saturating_add(length);
        if self.values > MOST_VALUES || depth > DEEPEST {
            return Err(format!("claims {} values", self.values));
        }
        match kind {
            8 | 9 => {
                for _ in 0..length {
                    self.value(kind, depth + 1)?;
                }
            }
            kind => {
                self.take(length * size(kind)?)?;
            }
        }
        Ok(None)
    }
}

/// The bytes of a number of this kind.
fn size(kind: u32) -> Result<u64, String> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        other => Err(format!(
            "is damaged: it has a value of the kind {other}, which there is not"
        )),
    }
}
