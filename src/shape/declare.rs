//! Macros that declare JSON types.

/// Declares an object with its members. A member with a default (after `=`) is optional. In a `written` object, the
/// default must be the value that [`Written::is_absent`](crate::shape::Written::is_absent) leaves out. In a `read` one, a
/// member may have a `#[cfg]` after its comment; where it is left out, its key is unknown.
macro_rules! record {
    (written $($record:tt)*) => {
        record!(read $($record)*);
        record!(@written $($record)*);
    };
    (read $(
        $(#[doc = $doc:literal])*
        pub struct $Name:ident {
            $(
                $(#[doc = $about:literal])*
                $(#[cfg($when:meta)])?
                $key:ident: $Type:ty $(= $default:expr)?,
            )*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Name {
            $( $(#[doc = $about])* $(#[cfg($when)])? pub $key: $Type, )*
        }

        impl Default for $Name {
            fn default() -> Self {
                $Name { $( $(#[cfg($when)])? $key: record!(@default $($default)?), )* }
            }
        }

        impl $crate::shape::Shape for $Name {
            fn fill(&mut self, json: &$crate::json::Json, reading: &mut $crate::shape::Reading) {
                $( $(#[cfg($when)])? record!(@read reading, json, self, $key $(, $default)?); )*
                reading.keys(json, &[$( $(#[cfg($when)])? stringify!($key) ),*]);
            }
            fn schema(out: &mut $crate::json::Writer) {
                out.key("type").text("object");
                out.key("additionalProperties").boolean(false);
                out.key("properties").object(|out| {
                    $( $(#[cfg($when)])? out.key(stringify!($key)).object(|out| {
                        out.key("description").text(concat!($($about),*).trim());
                        <$Type as $crate::shape::Shape>::schema(out);
                    }); )*
                });
                let required = [$( $(#[cfg($when)])? record!(@needed $key $(, $default)?), )*];
                out.key("required").list(|out| {
                    required.into_iter().flatten().for_each(|key| out.text(key));
                });
            }
        }
    )*};
    (@written $(
        $(#[doc = $doc:literal])*
        pub struct $Name:ident {
            $( $(#[doc = $about:literal])* $key:ident: $Type:ty $(= $default:expr)?, )*
        }
    )*) => {$(
        impl $crate::shape::Written for $Name {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.object(|out| {
                    $( record!(@write out, self, $key $(, $default)?); )*
                });
            }
            fn is_absent(&self) -> bool {
                $( $crate::shape::Written::is_absent(&self.$key) )&&*
            }
        }
    )*};
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
    (@read $reading:ident, $json:ident, $record:ident, $key:ident) => {
        $reading.required($json, stringify!($key), &mut $record.$key)
    };
    (@read $reading:ident, $json:ident, $record:ident, $key:ident, $default:expr) => {
        $reading.member($json, stringify!($key), &mut $record.$key)
    };
    (@write $out:ident, $record:ident, $key:ident) => {
        $out.required(stringify!($key), &$record.$key)
    };
    (@write $out:ident, $record:ident, $key:ident, $default:expr) => {
        $out.member(stringify!($key), &$record.$key)
    };
    (@needed $key:ident) => { Some(stringify!($key)) };
    (@needed $key:ident, $default:expr) => { None::<&str> };
}

/// Declares an enum of fixed strings. The first one is the default.
macro_rules! string_enum {
    ($(
        $(#[doc = $doc:literal])*
        pub enum $Name:ident: $expected:literal {
            $(#[doc = $first_about:literal])* $First:ident = $first:literal,
            $( $(#[doc = $about:literal])* $Word:ident = $word:literal, )*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $Name {
            $(#[doc = $first_about])* #[default] $First,
            $( $(#[doc = $about])* $Word, )*
        }

        impl $Name {
            /// The string on the wire.
            pub fn word(self) -> &'static str {
                match self { $Name::$First => $first, $( $Name::$Word => $word, )* }
            }

            /// The variant with this string.
            pub fn of(word: &str) -> Option<Self> {
                match word { $first => Some($Name::$First), $( $word => Some($Name::$Word), )* _ => None }
            }
        }

        impl $crate::shape::Shape for $Name {
            fn fill(&mut self, json: &$crate::json::Json, reading: &mut $crate::shape::Reading) {
                match json.text().and_then(Self::of) {
                    Some(word) => *self = word,
                    None => reading.expected(json, $expected),
                }
            }
            fn schema(out: &mut $crate::json::Writer) {
                out.key("enum").list(|out| { out.text($first); $( out.text($word); )* });
            }
        }

        impl $crate::shape::Written for $Name {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.text(self.word());
            }
            fn is_absent(&self) -> bool {
                *self == Self::default()
            }
        }
    )*};
}

pub(crate) use {record, string_enum};
