//! Validation of a GGUF header before any of it is loaded.
//!
//! A header consists of nested arrays that are prefixed with their lengths. Each of their values takes a few dozen
//! bytes in memory, so a header with false lengths could exhaust the machine's memory.

use crate::error::excerpt;

/// Maximum number of values in all arrays together. A vocabulary has about four values per token, so this allows
/// more than a million tokens.
const MAX_VALUES: u64 = 8_000_000;
/// Maximum number of metadata entries, and of tensors.
const MAX_ENTRIES: u64 = 100_000;
/// Maximum nesting of arrays.
const MAX_DEPTH: usize = 4;
const MAX_ALIGNMENT: u32 = 65_536;
const MAGIC: &[u8] = b"GGUF";

/// Numbers of the value types that are not numbers.
const TYPE_STRING: u32 = 8;
const TYPE_ARRAY: u32 = 9;

/// The part of a header that has not been read yet.
struct Header<'a> {
    rest: &'a [u8],
    /// Version 1 has lengths of 32 bits, later versions of 64.
    is_first_version: bool,
    /// Number of array values read so far.
    values: u64,
}

/// A problem of a header, worded so that it continues "its header".
#[derive(Debug, PartialEq)]
pub(super) enum HeaderError {
    /// The header cannot be what was written.
    Damaged(String),
    /// The header is valid, but its weights have a quantisation that this engine does not support.
    Quantisation(String),
}

/// Supported quantisations, by their GGML number.
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
/// Quantisations that are in use and not supported.
const UNSUPPORTED_QUANTISATIONS: [(u32, &str); 12] = [
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

impl From<String> for HeaderError {
    fn from(problem: String) -> Self {
        Self::Damaged(problem)
    }
}

/// Returns `true` if a file begins with the magic number of GGUF.
pub(super) fn is_gguf(header: &[u8]) -> bool {
    header.starts_with(MAGIC)
}

/// Validates a header. `header` may continue beyond its end.
///
/// # Errors
///
/// The header is truncated, exceeds a limit, or is not valid in another way.
pub(super) fn check(header: &[u8]) -> Result<(), HeaderError> {
    let mut header = Header {
        rest: header.get(MAGIC.len()..).unwrap_or_default(),
        is_first_version: false,
        values: 0,
    };
    let version = header.read_u32()?;
    if !(1..=3).contains(&version) {
        return Err(format!(
            "has version {version}; expected 1, 2 or 3 (the file may be for machines with another byte order)"
        ).into());
    }
    header.is_first_version = version == 1;
    let (tensors, entries) = (header.read_length()?, header.read_length()?);
    if tensors > MAX_ENTRIES || entries > MAX_ENTRIES {
        return Err(format!(
            "claims {tensors} tensors and {entries} metadata entries; expected at most {MAX_ENTRIES} of each"
        )
        .into());
    }
    for _ in 0..entries {
        let name = header.read_string()?;
        let value_type = header.read_u32()?;
        let value = header.skip_value(value_type, 0)?;
        // The tensor data begins at a multiple of the alignment.
        let is_alignment = name == "general.alignment";
        if is_alignment && !matches!(value, Some(1..=MAX_ALIGNMENT)) {
            return Err(format!(
                "has an invalid `general.alignment`; expected 1 to {MAX_ALIGNMENT}"
            )
            .into());
        }
    }
    for _ in 0..tensors {
        let name = header.read_string()?;
        let dimensions = header.read_u32()?;
        if !(1..=4).contains(&dimensions) {
            return Err(format!("has a tensor of {dimensions} dimensions; expected 1 to 4").into());
        }
        for _ in 0..dimensions {
            header.read_length()?;
        }
        check_quantisation(name, header.read_u32()?)?;
        header.take(8)?;
    }
    Ok(())
}

fn check_quantisation(tensor: &str, number: u32) -> Result<(), HeaderError> {
    let find = |table: &[(u32, &'static str)]| {
        let mut entries = table.iter();
        entries.find_map(|(entry, name)| (*entry == number).then_some(*name))
    };
    if find(&QUANTISATIONS).is_some() {
        return Ok(());
    }
    let shown = match find(&UNSUPPORTED_QUANTISATIONS) {
        Some(name) => name.to_owned(),
        None => format!("number {number}"),
    };
    let supported = QUANTISATIONS.map(|(_, name)| name).join(", ");
    Err(HeaderError::Quantisation(format!(
        "gives its tensor `{}` the quantisation {shown}; supported are {supported}",
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
                "is damaged, or the file is truncated: it ends before the data that it announces"
                    .to_owned(),
            ),
        }
    }

    fn read_u32(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    fn read_length(&mut self) -> Result<u64, String> {
        if self.is_first_version {
            return Ok(self.read_u32()?.into());
        }
        let bytes = self.take(8)?;
        Ok(bytes.try_into().map_or(0, u64::from_le_bytes))
    }

    fn read_string(&mut self) -> Result<&'a str, String> {
        let length = self.read_length()?;
        let text = self.take(length)?;
        std::str::from_utf8(text).map_err(|_| "has a string that is not valid UTF-8".to_owned())
    }

    /// Skips a value. Returns it if it is a number of 32 bits.
    fn skip_value(&mut self, value_type: u32, depth: usize) -> Result<Option<u32>, String> {
        if value_type == TYPE_STRING {
            self.read_string()?;
            return Ok(None);
        }
        if value_type != TYPE_ARRAY {
            let bytes = self.take(number_size(value_type)?)?;
            return Ok(bytes.try_into().ok().map(u32::from_le_bytes));
        }
        let (item_type, length) = (self.read_u32()?, self.read_length()?);
        self.values = self.values.saturating_add(length);
        if self.values > MAX_VALUES {
            return Err(format!(
                "claims {} array values; expected at most {MAX_VALUES}",
                self.values
            ));
        }
        if depth > MAX_DEPTH {
            return Err(format!("nests arrays more than {MAX_DEPTH} deep"));
        }
        match item_type {
            TYPE_STRING | TYPE_ARRAY => {
                for _ in 0..length {
                    self.skip_value(item_type, depth + 1)?;
                }
            }
            number => {
                self.take(length * number_size(number)?)?;
            }
        }
        Ok(None)
    }
}

/// Returns the size in bytes of a number of this type.
fn number_size(value_type: u32) -> Result<u64, String> {
    match value_type {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        unknown => Err(format!(
            "is damaged: it has a value of type {unknown}, which GGUF does not define"
        )),
    }
}
