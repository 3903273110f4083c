//! JSON parser and writer (RFC 8259). The parser records the line of every value and preserves the order of members and
//! duplicate keys, so that a fault can be located exactly.
//!
//! Browser and endpoint parse every campaign file and all claims with this parser, so they cannot read the same bytes
//! differently, and a host page that patches `JSON` has no influence.

/// Maximum nesting depth of lists and objects. Deeper text is rejected before it can exhaust the stack.
pub const DEEPEST: u32 = 32;
/// Maximum number of members of an object. Finding duplicates takes quadratic time.
pub const MOST_MEMBERS: usize = 1000;

/// A value, and the line on which it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Json {
    /// The line on which the value begins, from 1.
    pub line: u32,
    /// The value.
    pub value: Value,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction or exponent that fits an `i64`.
    Whole(i64),
    /// Any other number. No key accepts one, so its value is not stored.
    Fraction,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, its members as written: in order, duplicates included.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key, unescaped.
    pub key: String,
    /// The value.
    pub value: Json,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// The line of the fault, from 1.
    pub line: u32,
    /// What was expected there.
    pub expected: &'static str,
}

impl Json {
    /// The value of the first member with this key; `None` if this is no object or has no such member.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match &self.value {
            Value::Object(members) => members.iter().find(|m| m.key == key).map(|m| &m.value),
            _ => None,
        }
    }

    /// Mutable version of [`get`](Self::get).
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        match &mut self.value {
            Value::Object(members) => {
                members.iter_mut().find(|m| m.key == key).map(|m| &mut m.value)
            }
            _ => None,
        }
    }

    /// The string, if this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Parses a text as one JSON value.
///
/// # Errors
/// The first place where the text violates RFC 8259, nests deeper than [`DEEPEST`], has more than [`MOST_MEMBERS`] in
/// one object, or escapes half a surrogate pair.
pub fn parse(text: &str) -> Result<Json, SyntaxFault> {
    let mut parser = Parser { rest: text, line: 1 };
    parser.space();
    let json = parser.value(0)?;
    parser.space();
    if parser.rest.is_empty() { Ok(json) } else { Err(parser.expected("the end of the text")) }
}

struct Parser<'a> {
    rest: &'a str,
    line: u32,
}

type Parsed<T> = Result<T, SyntaxFault>;

impl<'a> Parser<'a> {
    fn expected(&self, expected: &'static str) -> SyntaxFault {
        SyntaxFault { line: self.line, expected }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Steps over `token` if it comes next.
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Steps over `length` bytes, up to the boundary of a character, and returns them.
    fn skip(&mut self, length: usize) -> &'a str {
        let (before, after) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = after;
        before
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.skip(1);
        }
    }

    fn value(&mut self, depth: u32) -> Parsed<Json> {
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') if depth < DEEPEST => self.object(depth)?,
            Some(b'[') if depth < DEEPEST => self.list(depth)?,
            Some(b'{' | b'[') => return Err(self.expected("less deep nesting")),
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.eat("true") => Value::Bool(true),
            _ if self.eat("false") => Value::Bool(false),
            _ if self.eat("null") => Value::Null,
            _ => return Err(self.expected("a value")),
        };
        Ok(Json { line, value })
    }

    fn object(&mut self, depth: u32) -> Parsed<Value> {
        self.eat("{");
        self.space();
        let mut members = Vec::new();
        if self.eat("}") {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            if members.len() == MOST_MEMBERS {
                return Err(self.expected("fewer keys in one object"));
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err(self.expected("a colon after the key"));
            }
            self.space();
            members.push(Member { key, value: self.value(depth + 1)? });
            self.space();
            if self.eat("}") {
                return Ok(Value::Object(members));
            }
            if !self.eat(",") {
                return Err(self.expected("a comma or a closing brace"));
            }
        }
    }

    fn list(&mut self, depth: u32) -> Parsed<Value> {
        self.eat("[");
        self.space();
        let mut items = Vec::new();
        if self.eat("]") {
            return Ok(Value::List(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat("]") {
                return Ok(Value::List(items));
            }
            if !self.eat(",") {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.eat("\"");
        let mut text = String::new();
        loop {
            let plain = self
                .rest
                .bytes()
                .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
                .ok_or_else(|| self.expected("a closing quote"))?;
            text.push_str(self.skip(plain));
            if self.eat("\"") {
                return Ok(text);
            }
            if !self.eat("\\") {
                return Err(self.expected("no raw control character in a string"));
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let fault = self.expected("an escape of JSON");
        let byte = self.peek().ok_or_else(|| fault.clone())?;
        if !byte.is_ascii() {
            return Err(fault);
        }
        self.skip(1);
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = self.hex4()?;
                if (0xd800..0xdc00).contains(&code) && self.eat("\\u") {
                    let low = self.hex4()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return Err(fault);
                    }
                    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                }
                char::from_u32(code).ok_or(fault)?
            }
            _ => return Err(fault),
        })
    }

    fn hex4(&mut self) -> Parsed<u32> {
        let fault = self.expected("four hexadecimal digits");
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| (b as char).to_digit(16)).ok_or(fault.clone())?;
            self.skip(1);
            code = code * 16 + digit;
        }
        Ok(code)
    }

    fn digits(&mut self) -> Parsed<&'a str> {
        let end = self.rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.expected("a digit"));
        }
        Ok(self.skip(end))
    }

    fn number(&mut self) -> Parsed<Value> {
        let negative = self.eat("-");
        let digits = self.digits()?;
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(self.expected("a number without leading zeros"));
        }
        let mut fraction = false;
        if self.eat(".") {
            self.digits()?;
            fraction = true;
        }
        if self.eat("e") || self.eat("E") {
            let _sign = self.eat("+") || self.eat("-");
            self.digits()?;
            fraction = true;
        }
        let sign = if negative { -1 } else { 1 };
        let whole = digits.bytes().try_fold(0i64, |sum, digit| {
            sum.checked_mul(10)?.checked_add(sign * i64::from(digit - b'0'))
        });
        Ok(match whole {
            Some(whole) if !fraction => Value::Whole(whole),
            _ => Value::Fraction,
        })
    }
}

/// An integer in decimal digits. Rust's own formatting costs the widget 2 KB.
pub fn decimal(number: i64) -> String {
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    loop {
        digits.push((b'0' + (rest % 10) as u8) as char);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

/// Writer for compact JSON. It inserts commas; the caller must alternate keys and values.
#[derive(Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// The text written so far.
    pub fn finish(self) -> String {
        self.out
    }

    /// Writes an object, whose members `inside` writes.
    pub fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.comma();
        self.out.push('{');
        inside(self);
        self.out.push('}');
    }

    /// Writes a list, whose items `inside` writes.
    pub fn list(&mut self, inside: impl FnOnce(&mut Self)) {
        self.comma();
        self.out.push('[');
        inside(self);
        self.out.push(']');
    }

    /// Writes the key of a member; its value must follow.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.text(key);
        self.out.push(':');
        self
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.comma();
        self.out.push('"');
        for char in text.chars() {
            match char {
                '"' | '\\' => {
                    self.out.push('\\');
                    self.out.push(char);
                }
                '\n' => self.out.push_str("\\n"),
                '\0'..='\u{1f}' => {
                    self.out.push_str("\\u00");
                    for digit in [char as u32 >> 4, char as u32 & 15] {
                        self.out.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
                _ => self.out.push(char),
            }
        }
        self.out.push('"');
    }

    /// A number.
    pub fn whole(&mut self, number: i64) {
        self.comma();
        self.out.push_str(&decimal(number));
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, truth: bool) {
        self.comma();
        self.out.push_str(if truth { "true" } else { "false" });
    }

    /// Writes a value that is already JSON.
    pub fn json(&mut self, json: &str) {
        self.comma();
        self.out.push_str(json);
    }

    fn comma(&mut self) {
        // A string ends with a quote, so these characters can only be punctuation.
        if !self.out.is_empty() && !self.out.ends_with(['{', '[', ':']) {
            self.out.push(',');
        }
    }
}
