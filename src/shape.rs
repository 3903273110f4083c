//! Declaration of JSON objects. From one declaration, `record!` and `string_enum!` generate a type, a strict reader
//! with located faults, a JSON Schema and, for outgoing types, a writer, so that these always agree.

use crate::json::{Json, Value, Writer, decimal};

mod declare;

pub(crate) use declare::{record, string_enum};

/// A fault in a campaign file or in claims, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// JSON pointer (RFC 6901) of the place.
    pub pointer: String,
    /// The line in the text, from 1.
    pub line: u32,
    /// What is wrong.
    pub kind: FaultKind,
}

/// Kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A required key is missing.
    Missing,
    /// An unknown key.
    Unknown,
    /// A duplicate key.
    Duplicate,
    /// Another value was expected.
    Expected(&'static str),
    /// A rule between several values is violated.
    Rule {
        /// What is wrong.
        problem: String,
        /// How to correct it.
        hint: String,
    },
}

/// Maximum number of recorded faults of a kind.
pub const MOST_FAULTS: usize = 100;
/// Maximum number of items of a list. More of anything would make the page slow.
pub const MOST_ITEMS: usize = 2000;
/// Maximum length of a fault's pointer, in bytes.
pub const LONGEST_POINTER: usize = 200;

/// State of a reader: its place, and the faults so far.
#[derive(Default)]
pub struct Reading {
    pointer: String,
    /// The faults.
    pub faults: Vec<ConfigFault>,
}

impl Reading {
    /// Records a fault at the current place: the first [`MOST_FAULTS`] about unknown or duplicate keys, and as many
    /// others, each with at most [`LONGEST_POINTER`] bytes of its pointer. Otherwise a text with a long key and many
    /// faults below it would produce large output from small input. A fault of `sealing` is always recorded.
    #[inline(never)]
    pub fn fault(&mut self, line: u32, kind: FaultKind) {
        let is_key = |kind: &FaultKind| matches!(kind, FaultKind::Unknown | FaultKind::Duplicate);
        let alike = self.faults.iter().filter(|known| is_key(&known.kind) == is_key(&kind)).count();
        if alike < MOST_FAULTS || self.pointer == "/sealing" {
            let mut end = self.pointer.len().min(LONGEST_POINTER);
            while !self.pointer.is_char_boundary(end) {
                end -= 1;
            }
            let pointer = self.pointer.get(..end).unwrap_or_default().to_owned();
            self.faults.push(ConfigFault { pointer, line, kind });
        }
    }

    /// Records that another value was expected at the current place.
    #[inline(never)]
    pub fn expected(&mut self, json: &Json, expected: &'static str) {
        self.fault(json.line, FaultKind::Expected(expected));
    }

    /// Runs `read` one step down the pointer.
    pub fn inside<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.step(step);
        let value = read(self);
        self.pointer.truncate(outside);
        value
    }

    /// Steps down the pointer; returns its previous length.
    #[inline(never)]
    fn step(&mut self, step: &str) -> usize {
        let outside = self.pointer.len();
        self.pointer.push('/');
        for char in step.chars() {
            match char {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                _ => self.pointer.push(char),
            }
        }
        outside
    }

    /// Records each unknown or duplicate member of an object, or a fault for any other value.
    #[inline(never)]
    pub(crate) fn keys(&mut self, json: &Json, known: &[&str]) {
        let Value::Object(members) = &json.value else {
            return self.expected(json, "an object in braces");
        };
        for (index, member) in members.iter().enumerate() {
            let twice = members[..index].iter().any(|earlier| earlier.key == member.key);
            let kind = match known.contains(&member.key.as_str()) {
                _ if twice => FaultKind::Duplicate,
                false => FaultKind::Unknown,
                true => continue,
            };
            self.inside(&member.key, |reading| reading.fault(member.value.line, kind));
        }
    }

    /// Reads a value one step down the pointer.
    #[inline(never)]
    pub(crate) fn fill(&mut self, step: &str, json: &Json, place: &mut dyn Shape) {
        self.inside(step, |reading| place.fill(json, reading));
    }

    /// Reads the member with this key into `place`; without such a member, leaves it unchanged.
    #[inline(never)]
    pub(crate) fn member(&mut self, json: &Json, key: &str, place: &mut dyn Shape) {
        if let Some(member) = json.get(key) {
            self.fill(key, member, place);
        }
    }

    /// Like [`member`](Self::member), but the member is required.
    #[inline(never)]
    pub(crate) fn required(&mut self, json: &Json, key: &str, place: &mut dyn Shape) {
        // A value that is no object is reported elsewhere.
        if json.get(key).is_none() && matches!(json.value, Value::Object(_)) {
            self.inside(key, |reading| reading.fault(json.line, FaultKind::Missing));
        }
        self.member(json, key, place);
    }
}

/// A type that can be read from JSON. Values are read in place through a trait object, so each member costs the widget
/// one call and no generated code.
pub trait Shape {
    /// Reads a value into `self`, which has its default value; faults go into `reading`.
    fn fill(&mut self, json: &Json, reading: &mut Reading);

    /// Reads a value; faults go into `reading`, and faulty parts keep their defaults.
    fn read(json: &Json, reading: &mut Reading) -> Self
    where
        Self: Default + Sized,
    {
        let mut value = Self::default();
        value.fill(json, reading);
        value
    }

    /// Writes the members of this type's JSON Schema (2020-12).
    fn schema(out: &mut Writer)
    where
        Self: Sized;
}

/// A type that can be written as JSON.
pub trait Written {
    /// Writes the value.
    fn write(&self, out: &mut Writer);
    /// Whether an optional member with this value is left out, because it equals the default.
    fn is_absent(&self) -> bool;
}

impl Writer {
    /// Writes a required member.
    #[inline(never)]
    pub(crate) fn required(&mut self, key: &str, value: &dyn Written) {
        value.write(self.key(key));
    }

    /// Writes an optional member, unless it is absent.
    #[inline(never)]
    pub(crate) fn member(&mut self, key: &str, value: &dyn Written) {
        if !value.is_absent() {
            self.required(key, value);
        }
    }
}

/// Reads a JSON text as `T`.
///
/// # Errors
/// All faults, or the first syntax error.
pub fn read<T: Shape + Default>(text: &str) -> Result<T, Vec<ConfigFault>> {
    let json = crate::json::parse(text).map_err(|fault| {
        let kind = FaultKind::Expected(fault.expected);
        vec![ConfigFault { pointer: String::new(), line: fault.line, kind }]
    })?;
    let mut reading = Reading::default();
    let value = T::read(&json, &mut reading);
    if reading.faults.is_empty() { Ok(value) } else { Err(reading.faults) }
}

/// Reads UTF-8 bytes of a JSON text as `T`.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn read_bytes<T: Shape + Default>(bytes: &[u8]) -> Result<T, Vec<ConfigFault>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(_) => Err(vec![fault("", "a text in UTF-8")]),
    }
}

/// A fault in a text without line numbers.
pub(crate) fn fault(pointer: &str, expected: &'static str) -> ConfigFault {
    ConfigFault { pointer: pointer.to_owned(), line: 1, kind: FaultKind::Expected(expected) }
}

/// Writes a value as compact JSON.
pub fn write(value: &dyn Written) -> String {
    let mut out = Writer::default();
    value.write(&mut out);
    out.finish()
}

impl Shape for String {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.text() {
            Some(text) => text.clone_into(self),
            None => reading.expected(json, "a text in double quotes"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("string");
    }
}

impl Written for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Shape for bool {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.value {
            Value::Bool(truth) => *self = truth,
            _ => reading.expected(json, "true or false"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("boolean");
    }
}

impl Written for bool {
    fn write(&self, out: &mut Writer) {
        out.boolean(*self);
    }
    fn is_absent(&self) -> bool {
        !self
    }
}

impl Shape for i64 {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.value {
            Value::Whole(number) => *self = number,
            _ => reading.expected(json, "a whole number, in digits alone"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("integer");
    }
}

impl Written for i64 {
    fn write(&self, out: &mut Writer) {
        out.whole(*self);
    }
    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Shape for u32 {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.value {
            Value::Whole(number) if u32::try_from(number).is_ok() => *self = number as u32,
            _ => reading.expected(json, "a whole number from 0 to 4294967295"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("integer");
        out.key("minimum").whole(0);
        out.key("maximum").whole(i64::from(u32::MAX));
    }
}

impl Written for u32 {
    fn write(&self, out: &mut Writer) {
        out.whole(i64::from(*self));
    }
    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl<T: Shape + Default> Shape for Option<T> {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        self.insert(T::default()).fill(json, reading);
    }
    fn schema(out: &mut Writer) {
        T::schema(out);
    }
}

impl<T: Written> Written for Option<T> {
    fn write(&self, out: &mut Writer) {
        if let Some(value) = self {
            value.write(out);
        }
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Shape + Default> Shape for Vec<T> {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        let Value::List(items) = &json.value else {
            return reading.expected(json, "a list in square brackets");
        };
        if items.len() > MOST_ITEMS {
            return reading.expected(json, "a shorter list");
        }
        self.clear();
        self.resize_with(items.len(), T::default);
        for (index, (place, item)) in self.iter_mut().zip(items).enumerate() {
            reading.fill(&decimal(index as i64), item, place);
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("array");
        out.key("items").object(T::schema);
    }
}

impl<T: Written> Written for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.list(|out| self.iter().for_each(|item| item.write(out)));
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// An object with arbitrary keys, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T>(pub Vec<(String, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

impl<T> Table<T> {
    /// The value under this key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

impl<T: Shape + Default> Shape for Table<T> {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        let Value::Object(members) = &json.value else {
            return reading.expected(json, "an object in braces");
        };
        let keys: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
        reading.keys(json, &keys);
        self.0.clear();
        for member in members {
            let mut value = T::default();
            reading.fill(&member.key, &member.value, &mut value);
            self.0.push((member.key.clone(), value));
        }
    }
    fn schema(out: &mut Writer) {
        out.key("type").text("object");
        out.key("additionalProperties").object(T::schema);
    }
}

impl<T: Written> Written for Table<T> {
    fn write(&self, out: &mut Writer) {
        out.object(|out| self.0.iter().for_each(|(key, value)| value.write(out.key(key))));
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}
