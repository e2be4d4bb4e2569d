//! A JSON scanner that validates everything and keeps almost nothing.
//!
//! A webhook body is some 20 KB of which the accept path wants a dozen members, so the scanner walks over the rest as
//! fast as validation allows: strings eight bytes at a time, containers on a stack of bits, nothing allocated. It
//! accepts exactly what `serde_json` accepts as a `Value` (a property test compares the two), so that what was taken
//! in can be read later, except that nesting ends at a depth of our own choice.
//!
//! The input is text: the caller has checked that it is UTF-8.

use std::borrow::Cow;

/// Why a text is not acceptable JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanError {
    /// Breaks the grammar at this byte.
    Syntax(usize),
    /// Nests deeper than allowed.
    TooDeep,
}

type Scan<T> = Result<T, ScanError>;

/// A read position in a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    max_depth: u32,
}

/// Most containers that the bit stack of [`Scanner::skip`] can hold.
const STACK_BITS: u32 = u128::BITS;
/// Numbers up to this many bytes and without exponent cannot overflow an `f64`, whose largest has 309 digits.
const SURELY_FINITE_BYTES: usize = 300;

impl<'a> Scanner<'a> {
    /// Starts at the beginning of `text`. At most `max_depth` containers (no more than 128) may be open at once.
    pub(super) fn new(text: &'a str, max_depth: u32) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, max_depth: max_depth.min(STACK_BITS) }
    }

    /// Fails unless only white space is left.
    pub(super) fn end(&mut self) -> Scan<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.syntax()),
        }
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Walks over an object inside `depth` open containers, calling `member` with each key; `member` takes the value.
    /// Any other value is skipped. Tells whether it was an object.
    pub(super) fn object(
        &mut self,
        depth: u32,
        mut member: impl FnMut(&mut Self, &str, u32) -> Scan<()>,
    ) -> Scan<bool> {
        if self.peek() != Some(b'{') {
            self.skip(depth)?;
            return Ok(false);
        }
        let depth = self.deeper(depth)?;
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(true);
        }
        loop {
            let key = self.text()?;
            self.expect(b':')?;
            member(self, &key, depth)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(true);
                }
                _ => return Err(self.syntax()),
            }
        }
    }

    /// Takes a value; returns it if it is a string.
    pub(super) fn string(&mut self, depth: u32) -> Scan<Option<Cow<'a, str>>> {
        if self.peek() == Some(b'"') { self.text().map(Some) } else { self.skip(depth).map(|()| None) }
    }

    /// Takes a value; returns it if it is a whole number from 0 to `u64::MAX`, written without point or exponent.
    pub(super) fn unsigned(&mut self, depth: u32) -> Scan<Option<u64>> {
        self.peek();
        let start = self.at;
        self.skip(depth)?;
        Ok(self.text[start..self.at].parse().ok().filter(|_| self.bytes[start].is_ascii_digit()))
    }

    /// Takes a value of any kind inside `depth` open containers.
    pub(super) fn skip(&mut self, depth: u32) -> Scan<()> {
        let mut open = depth;
        // One bit a container, the innermost lowest: 1 for an object, 0 for an array.
        let mut kinds: u128 = 0;
        'value: loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.rest_of_string()?;
                }
                Some(b'{') => {
                    open = self.deeper(open)?;
                    self.at += 1;
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                        open -= 1;
                    } else {
                        kinds = kinds << 1 | 1;
                        self.key()?;
                        continue 'value;
                    }
                }
                Some(b'[') => {
                    open = self.deeper(open)?;
                    self.at += 1;
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        open -= 1;
                    } else {
                        kinds <<= 1;
                        continue 'value;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(self.syntax()),
            }
            // A value has ended: close what ends with it, or go on to the next.
            loop {
                if open == depth {
                    return Ok(());
                }
                let in_object = kinds & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.key()?;
                        }
                        continue 'value;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ => return Err(self.syntax()),
                }
                self.at += 1;
                open -= 1;
                kinds >>= 1;
            }
        }
    }

    fn syntax(&self) -> ScanError {
        ScanError::Syntax(self.at)
    }

    fn deeper(&self, depth: u32) -> Scan<u32> {
        if depth < self.max_depth { Ok(depth + 1) } else { Err(ScanError::TooDeep) }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    #[inline]
    fn key(&mut self) -> Scan<()> {
        self.expect(b'"')?;
        self.rest_of_string()?;
        self.expect(b':')
    }

    fn word(&mut self, word: &[u8]) -> Scan<()> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    /// Takes a string and decodes it.
    fn text(&mut self) -> Scan<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        let escaped = self.rest_of_string()?;
        if !escaped {
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        serde_json::from_str(&self.text[start - 1..self.at]).map(Cow::Owned).map_err(|_| self.syntax())
    }

    /// Takes the rest of a string after its opening quote; tells whether it holds escapes.
    #[inline]
    fn rest_of_string(&mut self) -> Scan<bool> {
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.syntax()),
            }
        }
    }

    fn escape(&mut self) -> Scan<()> {
        self.at += 1;
        match self.bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex4()? {
                    0xD800..=0xDBFF => {
                        if !self.bytes[self.at..].starts_with(b"\\u") {
                            return Err(self.syntax());
                        }
                        self.at += 2;
                        if matches!(self.hex4()?, 0xDC00..=0xDFFF) { Ok(()) } else { Err(self.syntax()) }
                    }
                    0xDC00..=0xDFFF => Err(self.syntax()),
                    _ => Ok(()),
                }
            }
            _ => Err(self.syntax()),
        }
    }

    fn hex4(&mut self) -> Scan<u32> {
        let digits = self.bytes[self.at..].first_chunk::<4>().ok_or(self.syntax())?;
        let mut value = 0;
        for digit in digits {
            value = value << 4 | char::from(*digit).to_digit(16).ok_or(self.syntax())?;
        }
        self.at += digits.len();
        Ok(value)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Scan<()> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(self.syntax());
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        let mut sure = self.at - start <= SURELY_FINITE_BYTES;
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.syntax());
            }
            sure = false;
        }
        // A number too large for an `f64` could be stored but never read again.
        if sure || serde_json::from_str::<serde_json::Number>(&self.text[start..self.at]).is_ok() {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }
}

/// How many bytes from the start of `bytes` are neither quote, backslash nor control character.
///
/// Works on eight bytes as one number: subtracting a bound from each byte borrows its high bit exactly where the byte
/// was below the bound. A borrow can spoil bytes above the first hit only, and the first hit is all that is asked for.
#[inline]
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const FIRST_PRINTABLE: u64 = u64::from_ne_bytes([0x20; 8]);

    let mut plain = 0;
    while let Some(chunk) = bytes[plain..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let (quote, backslash) = (word ^ QUOTES, word ^ BACKSLASHES);
        let hits = (quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash
            | word.wrapping_sub(FIRST_PRINTABLE) & !word)
            & HIGHS;
        if hits != 0 {
            return plain + (hits.trailing_zeros() / 8) as usize;
        }
        plain += chunk.len();
    }
    let stops = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    plain + bytes[plain..].iter().position(stops).unwrap_or(bytes.len() - plain)
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
