//! Every sentence that a person reads in the form: its key, its English, and its form in other
//! languages. A catalogue is a JSON object from key to text, in `www/locales`; the build compiles
//! it to a bare list in the order of [`Key::ALL`], so that the widget carries no key's name.

use crate::find::split_once;
use crate::json::{self, Json, Value, Writer};

/// A text, or one for each plural category of CLDR.
enum English {
    Plain(&'static str),
    Plural(&'static [(&'static str, &'static str)]),
}

macro_rules! texts {
    (@text $text:literal) => { English::Plain($text) };
    (@text { $($category:ident: $text:literal),* }) => {
        English::Plural(&[$((stringify!($category), $text)),*])
    };
    ($( $(#[doc = $doc:literal])* $Key:ident = $name:literal: $text:tt; )*) => {
        /// The name of a text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key { $( $(#[doc = $doc])* #[doc = concat!("`", $name, "`")] $Key, )* }

        impl Key {
            /// Every key, in the order of compiled catalogues.
            pub const ALL: &[Key] = &[$(Key::$Key),*];

            /// The key as catalogues write it.
            pub fn name(self) -> &'static str {
                match self { $( Key::$Key => $name, )* }
            }
        }

        const ENGLISH: &[English] = &[$( texts!(@text $text) ),*];
    };
}

texts! {
    // The form.
    YourDetails = "your_details": "Your details";
    YourMessage = "your_message": "Your message";
    Optional = "optional": "{label} (optional)";
    GivenName = "given_name": "First name";
    FamilyName = "family_name": "Last name";
    Email = "email": "Email address";
    Phone = "phone": "Phone number";
    Country = "country": "Country";
    Region = "region": "Region";
    Locality = "locality": "Town or city";
    PostalCode = "postal_code": "Postcode";
    Address = "address": "Street address";
    Subject = "subject": "Subject";
    Body = "body": "Message";
    Targets = "targets": "Who to write to";
    TargetsChoose = "targets_choose": {
        one: "Choose at least {count}.",
        other: "Choose at least {count}."
    };
    TargetsAll = "targets_all": "Your message goes to all of them.";
    TargetsNone = "targets_none": "There is nobody to write to for where you live.";
    ChooseCountry = "choose_country": "Choose a country";
    ChooseAnswer = "choose_answer": "Choose an answer";
    PlaceholderHint = "placeholder_hint": "Words in double braces are replaced by what you enter. The preview shows the result.";
    Preview = "preview": "Preview of your message";
    CharactersLeft = "characters_left": {
        one: "You have {count} character left",
        other: "You have {count} characters left"
    };
    CharactersOver = "characters_over": {
        one: "You have {count} character too many",
        other: "You have {count} characters too many"
    };
    Consents = "consents": "Your agreement";
    Disclosed = "disclosed": "The people you write to will see: {list}.";
    DisclosedName = "disclosed_name": "your name";
    DisclosedEmail = "disclosed_email": "your email address";
    DisclosedPhone = "disclosed_phone": "your phone number";
    DisclosedCountry = "disclosed_country": "your country";
    DisclosedRegion = "disclosed_region": "your region";
    DisclosedLocality = "disclosed_locality": "your town or city";
    DisclosedPostalCode = "disclosed_postal_code": "your postcode";
    DisclosedAddress = "disclosed_address": "your street address";
    ListJoin = "list_join": "{before}, {after}";
    Responsible = "responsible": "{publisher} is responsible for your data.";
    Privacy = "privacy": "Privacy notice";
    Retention = "retention": {
        one: "Your data is kept for {count} day.",
        other: "Your data is kept for {count} days."
    };
    Send = "send": "Send message";
    Sending = "sending": "Sending…";
    TryAgain = "try_again": "Try again";

    // What has to be mended.
    SummaryHeading = "summary_heading": "There is a problem";
    MissingGivenName = "missing_given_name": "Enter your first name";
    MissingFamilyName = "missing_family_name": "Enter your last name";
    MissingEmail = "missing_email": "Enter your email address";
    MissingPhone = "missing_phone": "Enter your phone number";
    MissingCountry = "missing_country": "Choose your country";
    MissingRegion = "missing_region": "Enter your region";
    MissingLocality = "missing_locality": "Enter your town or city";
    MissingPostalCode = "missing_postal_code": "Enter your postcode";
    MissingAddress = "missing_address": "Enter your street address";
    MissingSubject = "missing_subject": "Enter a subject";
    MissingBody = "missing_body": "Write your message";
    MissingAnswer = "missing_answer": "Answer “{label}”";
    MissingConsent = "missing_consent": "Tick the box if you agree. Your message can’t be sent without it";
    TooLong = "too_long": {
        one: "{label} must be {count} character or fewer",
        other: "{label} must be {count} characters or fewer"
    };
    TooShort = "too_short": {
        one: "{label} must be {count} character or more",
        other: "{label} must be {count} characters or more"
    };
    TooFewTargets = "too_few_targets": {
        one: "Choose at least {count} person to write to",
        other: "Choose at least {count} people to write to"
    };
    TooManyTargets = "too_many_targets": {
        one: "Choose no more than {count} person to write to",
        other: "Choose no more than {count} people to write to"
    };
    ControlCharacter = "control_character": "{label} holds a character that can’t be sent. Delete it and type it again";
    MalformedEmail = "malformed_email": "Enter an email address in the correct format, like name@example.com";
    MalformedPhone = "malformed_phone": "Enter a phone number, like 012 345 678 or +855 12 345 678";
    MalformedNumber = "malformed_number": "Enter a whole number, like 12";
    MalformedDate = "malformed_date": "Enter a real date";
    UnknownChoice = "unknown_choice": "Choose one of the answers to “{label}”";
    Altered = "altered": "The fixed part of the message can’t be changed";
    Refused = "refused": "The campaign did not accept “{label}”. Change it and try again";

    // What went wrong on the way.
    Unreachable = "unreachable": "Your message has not been confirmed: no answer came. It is still here. Check your connection, then try again. It will not be counted twice.";
    Busy = "busy": "The campaign can’t take your message right now. It is still here. Wait a moment, then try again.";
    BusySeconds = "busy_seconds": {
        one: "The campaign can’t take your message right now. It is still here. Try again in {count} second.",
        other: "The campaign can’t take your message right now. It is still here. Try again in {count} seconds."
    };
    RefusedWhole = "refused_whole": "The campaign did not accept your message ({code}). It is still here, and nothing was sent.";
    ClosedMeanwhile = "closed_meanwhile": "This campaign has closed, so your message was not sent. It is still here if you want to copy it.";
    CannotSign = "cannot_sign": "Your browser could not sign the message, so it was not sent. It is still here. Try another browser.";
    Vetoed = "vetoed": "This page stopped the message from being sent. It is still here.";
    Closed = "closed": "This campaign has closed. It no longer takes messages.";
    NotYetOpen = "not_yet_open": "This campaign has not begun yet.";

    // After sending.
    SentHeading = "sent_heading": "Thank you. Your message was received";
    SentAccepted = "sent_accepted": "It was verified and counted.";
    SentRecorded = "sent_recorded": "It was recorded.";
    SentAwaiting = "sent_awaiting": "One step is left: open the email that we sent you and confirm. Your message counts after that.";
    SentUnknown = "sent_unknown": "It was handed over, but the campaign’s system does not confirm what happened to it.";
    ReceiptNumber = "receipt_number": "Receipt number";
    ReceiptKeep = "receipt_keep": "Keep it to show that your message arrived.";
    ReceiptDownload = "receipt_download": "Download your receipt";
    Count = "count": {
        one: "{count} message sent",
        other: "{count} messages sent"
    };
    CountOfGoal = "count_of_goal": {
        one: "{count} of {goal} messages sent",
        other: "{count} of {goal} messages sent"
    };
    ShareHeading = "share_heading": "Ask others to write too";
    ShareEmail = "share_email": "Email";
    ShareCopy = "share_copy": "Copy text and link";
    Copied = "copied": "Copied";
    CopyFailed = "copy_failed": "Your browser did not copy it. Select the text and copy it yourself: {text}";
}

/// The form's texts in one language, and the rules of that language.
#[derive(Clone, Debug)]
pub struct Locale {
    /// The language (BCP 47).
    pub lang: String,
    texts: Vec<Json>,
    rules: Rules,
}

/// What a language's rules say of numbers. The shells bring them: `Intl` in the browser.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The plural category (CLDR: `one`, `few`, `other` …) of a number in a language.
    pub plural: fn(lang: &str, number: i64) -> String,
    /// A number as the language writes it.
    pub number: fn(lang: &str, number: i64) -> String,
}

impl Rules {
    /// The rules of English without separators, for tests and as a last resort.
    pub const PLAIN: Rules = Rules {
        plural: |_, number| if number == 1 { "one" } else { "other" }.to_owned(),
        number: |_, number| json::decimal(number),
    };
}

impl Locale {
    /// The built-in English.
    pub fn english(rules: Rules) -> Self {
        Locale { lang: "en".to_owned(), texts: Vec::new(), rules }
    }

    /// The texts of a compiled catalogue (see [`compile`]). What it lacks is said in English.
    pub fn compiled(lang: &str, catalogue: &str, rules: Rules) -> Self {
        let texts = match json::parse(catalogue).map(|json| json.value) {
            Ok(Value::List(texts)) => texts,
            _ => Vec::new(),
        };
        Locale { lang: lang.to_owned(), texts, rules }
    }

    /// The text under this key, as it stands.
    pub fn words(&self, key: Key) -> &str {
        self.text(key, "other")
    }

    /// The text under this key.
    pub fn say(&self, key: Key) -> String {
        self.text(key, "other").to_owned()
    }

    /// The text under this key, each `{name}` replaced by its value.
    pub fn say_with(&self, key: Key, values: &[(&str, &str)]) -> String {
        fill(self.text(key, "other"), values)
    }

    /// The text under this key in the plural form of `count`, `{count}` replaced by the number.
    pub fn say_count(&self, key: Key, count: i64, values: &[(&str, &str)]) -> String {
        let category = (self.rules.plural)(&self.lang, count);
        let number = self.number(count);
        let mut all = vec![("count", number.as_str())];
        all.extend_from_slice(values);
        fill(self.text(key, &category), &all)
    }

    /// The number as the language writes it.
    pub fn number(&self, number: i64) -> String {
        (self.rules.number)(&self.lang, number)
    }

    fn text(&self, key: Key, category: &str) -> &str {
        let translated = self.texts.get(key as usize).and_then(|text| match &text.value {
            Value::Text(text) => Some(text.as_str()),
            _ => text.get(category).or_else(|| text.get("other"))?.text(),
        });
        translated.unwrap_or_else(|| match &ENGLISH[key as usize] {
            English::Plain(text) => text,
            English::Plural(forms) => {
                let form = forms.iter().find(|(known, _)| *known == category);
                form.or(forms.last()).map_or("", |(_, text)| text)
            }
        })
    }
}

/// Replaces each `{name}` by its value, once: values are not filled again.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, "{") {
        filled.push_str(before);
        let named = split_once(after, "}").and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, after))
        });
        match named {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Compiles a catalogue for the widget: the texts as a list, in the order of [`Key::ALL`].
///
/// # Errors
/// A sentence for each key that is missing, unknown, or not a text (or texts by plural category).
pub fn compile(catalogue: &str) -> Result<String, Vec<String>> {
    let json = json::parse(catalogue)
        .map_err(|fault| vec![format!("line {}: expected {}", fault.line, fault.expected)])?;
    let Value::Object(members) = &json.value else {
        return Err(vec!["expected an object in braces".to_owned()]);
    };
    let mut faults = Vec::new();
    for (index, member) in members.iter().enumerate() {
        if !Key::ALL.iter().any(|key| key.name() == member.key) {
            faults.push(format!("line {}: no text is called {}", member.value.line, member.key));
        }
        if members[..index].iter().any(|earlier| earlier.key == member.key) {
            faults.push(format!("line {}: {} stands twice", member.value.line, member.key));
        }
    }
    let mut out = Writer::default();
    out.list(|out| {
        for key in Key::ALL {
            match json.get(key.name()).map(|text| &text.value) {
                Some(Value::Text(text)) => out.text(text),
                Some(Value::Object(forms)) if is_plural(forms) => out.object(|out| {
                    for form in forms {
                        out.key(&form.key).text(form.value.text().unwrap_or_default());
                    }
                }),
                Some(_) => faults.push(format!(
                    "{}: expected a text, or texts by plural category with \"other\"",
                    key.name()
                )),
                None => faults.push(format!("{} is missing", key.name())),
            }
        }
    });
    if faults.is_empty() { Ok(out.finish()) } else { Err(faults) }
}

fn is_plural(forms: &[json::Member]) -> bool {
    let categories = ["zero", "one", "two", "few", "many", "other"];
    let fits = |form: &json::Member| {
        categories.contains(&form.key.as_str()) && form.value.text().is_some()
    };
    forms.iter().all(fits) && forms.iter().any(|form| form.key == "other")
}
