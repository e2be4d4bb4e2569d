//! Names that are compared without regard to case: devices and labels.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name of a device, in characters.
pub const MAX_DEVICE: usize = 64;

/// What an L3 entry tests, such as `riscv64`; the suffix of the label that asks for its check runs. Keeps the case it was written in;
/// equality, order and hash ignore it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Device(String);

/// A text that cannot be a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a device has 1 to {MAX_DEVICE} letters, digits, `.`, `_` or `-`")]
pub struct InvalidDevice;

impl Device {
    /// The device as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The label that asks for this device's check runs.
    #[must_use]
    pub fn label(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.0)
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl FromStr for Device {
    type Err = InvalidDevice;
    fn from_str(text: &str) -> Result<Self, InvalidDevice> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Device {
    type Error = InvalidDevice;
    fn try_from(text: String) -> Result<Self, InvalidDevice> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=MAX_DEVICE).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text));
        }
        Err(InvalidDevice)
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.0
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Device {}

impl Ord for Device {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}
impl PartialOrd for Device {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Device {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.0)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether both texts name one label. GitHub keeps a label's case and ignores it in comparison, beyond ASCII too.
#[must_use]
pub fn same_label(a: &str, b: &str) -> bool {
    let fold = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    a.eq_ignore_ascii_case(b) || fold(a) == fold(b)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn devices_compare_without_case_and_keep_their_spelling() {
        let (a, b): (Device, Device) = ("RISCV64".parse().unwrap(), "riscv64".parse().unwrap());
        assert_eq!((&a, a.cmp(&b)), (&b, Ordering::Equal));
        assert_eq!(HashSet::from([a.clone(), b]).len(), 1);
        assert_eq!(a.label("ciflow/crcr/"), "ciflow/crcr/RISCV64");
    }

    #[test]
    fn devices_have_a_grammar() {
        for right in ["a", "x-1.2_B", &"d".repeat(64)] {
            assert!(right.parse::<Device>().is_ok(), "{right}");
        }
        for wrong in ["", " a", "a b", "a/b", "ä", "a\n", &"d".repeat(65)] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong:?}");
        }
        assert!(serde_json::from_str::<Device>("\"a b\"").is_err());
    }

    #[test]
    fn labels_compare_without_case() {
        assert!(same_label("ciflow/crcr/NPU", "CIFLOW/crcr/npu") && same_label("Größe", "GRÖßE"));
        assert!(!same_label("a", "b") && !same_label("a", "a "));
    }
}
