//! Texts of the form: keys, English texts, and catalogues in other languages. A catalogue is a JSON object from key to
//! text, in `www/locales`. The build compiles it to a list in the order of [`Key::ALL`], so that the widget contains no
//! names of keys.

use crate::campaign::civil;
use crate::find::split_once;
use crate::json::{self, Json, Value, Writer};

/// A text, or one for each plural category (CLDR).
enum English {
    Plain(&'static str),
    Plural(&'static [(&'static str, &'static str)]),
}

macro_rules! texts {
    (@text $text:literal) => { English::Plain($text) };
    (@text { $($category:ident: $text:literal),* }) => {
        English::Plural(&[$((stringify!($category), $text)),*])
    };
    (@texts $($text:tt)*) => { &[$( texts!(@text $text) ),*] };
    (
        widget { $( $Widget:ident = $widget:literal: $widget_text:tt; )* }
        hosted { $( $Hosted:ident = $hosted:literal: $hosted_text:tt; )* }
    ) => {
        texts! { @keys $( $Widget = $widget; )* $( $Hosted = $hosted; )* }

        /// Number of texts that the widget uses.
        const WIDGET: usize = [$($widget),*].len();

        /// Every text in English, in the order of [`Key::ALL`].
        const ENGLISH: &[English] = texts!(@texts $($widget_text)* $($hosted_text)*);
    };
    (@keys $( $Key:ident = $name:literal; )*) => {
        /// Key of a text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key { $( #[doc = concat!("`", $name, "`")] $Key, )* }

        impl Key {
            /// All keys, in the order of compiled catalogues.
            pub const ALL: &[Key] = &[$(Key::$Key),*];

            /// The name of the key in catalogues.
            pub fn name(self) -> &'static str {
                match self { $( Key::$Key => $name, )* }
            }
        }
    };
}

texts! {
    widget {
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
        ChooseCountry = "choose_country": "Choose a country";
        ChooseAnswer = "choose_answer": "Choose an answer";
        PlaceholderHint = "placeholder_hint": "Words in double curly brackets are replaced by what you enter.";
        ReadMore = "read_more": "Read more";
        EditMessage = "edit_message": "Edit the message";
        TargetsTo = "targets_to": "To: {list}";
        CharactersLeft = "characters_left": {
            one: "You have {count} character left",
            other: "You have {count} characters left"
        };
        CharactersOver = "characters_over": {
            one: "You have {count} character too many",
            other: "You have {count} characters too many"
        };
        Consents = "consents": "Your agreement";
        Privacy = "privacy": "Privacy notice";
        ListJoin = "list_join": "{before}, {after}";
        OfficeJoin = "office_join": "{before}, {after}";
        TargetsChooseUpTo = "targets_choose_up_to": {
            one: "Choose up to {count}.",
            other: "Choose up to {count}."
        };
        TargetsByCountry = "targets_by_country": "Choose your country to see who your message goes to.";
        TargetsByPostcode = "targets_by_postcode": "Enter your postcode to see who your message goes to.";
        MessageFor = "message_for": "Message to {name}";
        TargetsNone = "targets_none": "Nobody on the campaign’s list is responsible for the place you entered.";

        // Around the form.
        Disclosed = "disclosed": "The people you write to will see: {list}.";
        DisclosedName = "disclosed_name": "your name";
        DisclosedEmail = "disclosed_email": "your email address";
        DisclosedPhone = "disclosed_phone": "your phone number";
        DisclosedCountry = "disclosed_country": "your country";
        DisclosedRegion = "disclosed_region": "your region";
        DisclosedLocality = "disclosed_locality": "your town or city";
        DisclosedPostalCode = "disclosed_postal_code": "your postcode";
        DisclosedAddress = "disclosed_address": "your street address";
        Responsible = "responsible": "{publisher} is responsible for your data.";
        Retention = "retention": {
            one: "Your data is kept for {count} day.",
            other: "Your data is kept for {count} days."
        };
        Send = "send": "Send message";
        Sending = "sending": "Sending…";
        TryAgain = "try_again": "Try again";
        Closed = "closed": "This campaign has closed. It no longer accepts messages.";
        NotYetOpen = "not_yet_open": "This campaign has not opened yet.";
        Count = "count": {
            one: "{count} message sent",
            other: "{count} messages sent"
        };
        CountOfGoal = "count_of_goal": {
            one: "{count} of {goal} messages sent",
            other: "{count} of {goal} messages sent"
        };

        // Field errors.
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
        MissingConsent = "missing_consent": "Tick the box if you agree. Your message can’t be sent without your agreement";
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
        ControlCharacter = "control_character": "{label} contains an invisible character ({code}) that can’t be sent. Clear the field and type it again";
        ControlCharacterAfter = "control_character_after": "{label} contains an invisible character ({code}) after “{text}” that can’t be sent. Delete that word and type it again";
        MalformedEmail = "malformed_email": "Enter an email address in the correct format, like name@example.com";
        MalformedPhone = "malformed_phone": "Enter a phone number, like {example}";
        MalformedNumber = "malformed_number": "Enter a whole number, like 12";
        MalformedDate = "malformed_date": "Enter a real date";
        UnknownChoice = "unknown_choice": "Choose one of the answers to “{label}”";
        Altered = "altered": "The fixed part of the message can’t be changed";
        Refused = "refused": "The campaign did not accept “{label}”. Change it and try again";

        // Notices.
        Unreachable = "unreachable": "We could not confirm that your message arrived: there was no answer. It is still here. Check your connection, then try again. It will not be counted twice.";
        Busy = "busy": "The campaign can’t take your message right now. It is still here. Wait a moment, then try again.";
        BusySeconds = "busy_seconds": {
            one: "The campaign can’t take your message right now. It is still here. Try again in {count} second.",
            other: "The campaign can’t take your message right now. It is still here. Try again in {count} seconds."
        };
        RefusedWhole = "refused_whole": "The campaign did not accept your message ({code}). It is still here, and nothing was sent.";
        ClosedMeanwhile = "closed_meanwhile": "This campaign has closed, so your message was not sent. It is still here if you want to copy it.";
        CannotSign = "cannot_sign": "Your browser could not sign the message, so it was not sent. It is still here. Try another browser.";
        CannotSeal = "cannot_seal": "Your browser could not encrypt the message, so it was not sent. It is still here. Try another browser.";
        SealedHint = "sealed_hint": "What you write is encrypted on this device, and only the campaign can read it.";
        Trying = "trying": "No answer has come yet. Your message is still here, and it is being sent again.";
        LanguageFailed = "language_failed": "The form could not be loaded in that language. Choose it again to try once more.";
        Vetoed = "vetoed": "This page stopped the message from being sent. It is still here.";
        Repainted = "repainted": "While it was loading, this form looked different. What you ticked or chose then has been cleared. Check the form, then send your message.";
        Recheck = "recheck": "Check the form, then send your message.";

        // Outbox.
        KeepAsk = "keep_ask": "This device can keep your message and send it when there is a connection.";
        KeepHint = "keep_hint": "It stays in this browser for six days at most. The website that you are on could read it there.";
        KeepHintSealed = "keep_hint_sealed": "It stays in this browser for up to six days, encrypted: only the campaign can read it.";
        KeepPrivate = "keep_private": "In a private window, it is deleted when the window is closed.";
        KeepYes = "keep_yes": "Keep it and send it later";
        KeepFailed = "keep_failed": "This device could not keep your message. It is still here. Leave this page open and try again.";
        KeptHeading = "kept_heading": "Your message is kept on this device";
        KeptHint = "kept_hint": "It has not been received yet. It will be sent as soon as there is a connection and this page is open. If you close the page, come back to it on or before {date}. After that day, the message will be deleted.";
        KeptNotYet = "kept_not_yet": "We could not send it just now. We will try again in a minute.";
        KeptSend = "kept_send": "Send it now";
        KeptDelete = "kept_delete": "Delete it from this device";
        KeptDeleted = "kept_deleted": "This device no longer keeps your message. If it had already arrived, it still counts.";
        KeptElsewhere = "kept_elsewhere": "This device no longer keeps your message: it was sent or deleted in another tab. If you send it again, it counts only once.";
        KeptExpired = "kept_expired": "A message that this device had kept could not be sent in six days. It has been deleted.";
        KeptRefused = "kept_refused": "The campaign did not accept the message that this device had kept ({code}). It has been deleted from this device.";
        Proving = "proving": "The campaign is getting a very large number of messages. Your device does a short calculation first, to show that it is not a robot. That takes a few seconds.";

        // After sending.
        SentHeading = "sent_heading": "Thank you. Your message was received";
        SentAccepted = "sent_accepted": "It was verified and counted.";
        SentRecorded = "sent_recorded": "It was recorded.";
        SentAwaiting = "sent_awaiting": "One step is left: open the email that we sent you and confirm your message. It counts after that.";
        SentAsBefore = "sent_as_before": "Your message arrived as you first sent it. Changes that you made after that are not part of it.";
        SentUnknown = "sent_unknown": "It was passed on, but the campaign’s system has not confirmed what happened to it.";
        ReceiptNumber = "receipt_number": "Receipt number:";
        ReceiptKeep = "receipt_keep": "Keep it to show that your message arrived.";
        ReceiptDownload = "receipt_download": "Download your receipt";
        ShareHeading = "share_heading": "Ask others to write too";
        ShareEmail = "share_email": "Email";
        ShareCopy = "share_copy": "Copy text and link";
        Copied = "copied": "Copied";
        CopyFailed = "copy_failed": "Your browser could not copy the text. Select it and copy it yourself: {text}";

        // Writing aids.
        DidYouMean = "did_you_mean": "Did you mean {value}?";
        UseSuggestion = "use_suggestion": "Use {value}";
        ResetText = "reset_text": "Go back to the suggested text";
        UndoReset = "undo_reset": "Bring my own text back";
        ResetDone = "reset_done": "The suggested text is back. Your own text is kept, in case you want it again.";
        UndoDone = "undo_done": "Your own text is back.";
        AnotherSubject = "another_subject": "Suggest another subject";
        Public = "public": "How can the campaign name you publicly?";
        PublicName = "public_name": "With my full name";
        PublicInitials = "public_initials": "With my initials";
        PublicAnonymous = "public_anonymous": "Do not name me";

        // Delivery from the supporter's own mailbox.
        MailHeading = "mail_heading": "Send your message from your own email";
        MailHint = "mail_hint": "Your message opens in your own email, with the addresses and the text filled in. You send it from there.";
        MailDisclosed = "mail_disclosed": "The people you write to will see the name and address of the email account that you send it from.";
        MailOpen = "mail_open": "Open my email app";
        MailOpenIn = "mail_open_in": "Open in {name}";
        MailCopyAddresses = "mail_copy_addresses": "Copy the addresses";
        MailCopySubject = "mail_copy_subject": "Copy the subject";
        MailCopyBody = "mail_copy_body": "Copy the message";
        MailTooLong = "mail_too_long": "Your message is too long to open in an email app automatically. Copy it and paste it into your email.";
        MailDidYouSend = "mail_did_you_send": "Did you send it?";
        MailYes = "mail_yes": "Yes, I sent it";
        MailNotYet = "mail_not_yet": "Not yet";
        MailOutdated = "mail_outdated": "You changed the form after opening this email. The email still has the earlier text.";
        MailAnew = "mail_anew": "Use what the form says now";
        MailSend = "mail_send": "Continue in my own email";
        SentByMail = "sent_by_mail": "You told us that you sent it from your own email. It is counted on that basis.";

        // Language, test mode, supporters at risk, dates.
        Language = "language": "Language";
        TestBanner = "test_banner": "Test mode. What you send here is not counted and reaches nobody.";
        TestSend = "test_send": "Send a test message";
        TestSent = "test_sent": "This was a test. Your message was not counted and reaches nobody.";
        RiskHeading = "risk_heading": "Your safety";
        RiskPseudonym = "risk_pseudonym": "You don’t have to use your real name.";
        RiskOwnGovernment = "risk_own_government": "You are writing to authorities of the country you chose. If it could be dangerous for you if they knew your name, think carefully before you send your message.";
        RiskProtects = "risk_protects": "This form keeps nothing on this device. It can’t hide that you opened this page: from this website, from your network, or from anyone who can see your screen.";
        RiskAdvice = "risk_advice": "Advice on staying safe";
        RiskHosted = "risk_hosted": "Open the form on its own page, away from this website";
        QuickExit = "quick_exit": "Leave this page quickly";
        ExitFramed = "exit_framed": "If the page around this form stays open, close it yourself.";
        DraftRestored = "draft_restored": "What you typed before has been restored.";
        OpensOn = "opens_on": "This campaign opens on {date}.";
        OpenUntil = "open_until": "Open until the end of {date}.";

        // Postcode, nudge, and after sending.
        MalformedPostalCode = "malformed_postal_code": "Enter a postcode as it is written in the country you chose, like {example}";
        Nudge = "nudge": "A few words of your own give your message more weight. You can also send it as it is.";
        ReceiptCheck = "receipt_check": "How to check this receipt";
        ReceiptCheckHint = "receipt_check_hint": "Anyone can check that this receipt is genuine with the campaign’s public keys:";
        Withdraw = "withdraw": "If you change your mind, write to {publisher} and give your receipt number. Your message is then withdrawn and no longer counted.";
        ShareMore = "share_more": "Share…";
        ShareSignal = "share_signal": "Copy for Signal";
        ReceiptShow = "receipt_show": "Show my receipt";
        ReceiptRisk = "receipt_risk": "A receipt shows that you took part. Keep it only if that is safe for you.";
    }

    hosted {
        // Sealed campaigns.
        SealedNeedsScript = "sealed_needs_script": "On this page, your message is encrypted on your own device, so that only the campaign can read it. That needs JavaScript. Without it, nothing can be sent from here. Allow JavaScript for this page and load it again, or open it in another browser.";
        // Honeypot of the hosted form.
        Trap = "trap": "Leave this field empty";
        Trapped = "trapped": "Your message has not been sent yet. A field that must stay empty was filled in, perhaps by your browser. Empty it, then send your message again.";
        // Quick exit of the hosted form, and rejected posts.
        ExitLimits = "exit_limits": "Without JavaScript, the quick exit cannot empty this form or remove this page from your browser’s history. Close the window as well.";
        FormExpired = "form_expired": "Your message has not been sent yet, because this form was open for too long. Check what you entered, then send it again.";
        ForeignForm = "foreign_form": "Another website tried to fill in this form for you. Nothing of that was sent. If you want to send a message, fill in the form yourself.";
        PageOnce = "page_once": "The page you asked for could be opened only once, within two minutes. If you have seen on it that your message was received, you need to do nothing more. If you have not, we can’t tell here whether it was: send it again.";
        // Replaces `risk_protects` where the browser may store the input.
        RiskHides = "risk_hides": "This form can’t hide that you opened this page: from this website, from your network, or from anyone who can see your screen.";
        // Index of campaigns.
        CampaignsHeading = "campaigns_heading": "Campaigns";
        CampaignsNone = "campaigns_none": "There are no campaigns here at the moment.";
        CampaignLanguages = "campaign_languages": "Languages: {list}";
        SnippetHeading = "snippet_heading": "Add this form to your website";
        SnippetHint = "snippet_hint": "Paste this code into your page, where the form should appear.";
        PublishedBy = "published_by": "A campaign by {publisher}";
        // Pages without a form.
        MissingPage = "missing_page": "There is no campaign at this address";
        MissingPageHint = "missing_page_hint": "The address may have been copied incorrectly, or the campaign may have been removed.";
        UnavailablePage = "unavailable_page": "The form can’t be shown right now";
        UnavailablePageHint = "unavailable_page_hint": "Load the page again in a moment.";
        // A post that was not accepted.
        UnsentHeading = "unsent_heading": "Your message has not been sent yet";
        UnsentTooLong = "unsent_too_long": "It is too long: this form accepts {limit} KB in all fields together. Shorten it.";
        UnsentTooSlow = "unsent_too_slow": "The connection was too slow, so not all of it arrived. Try again, perhaps on another network.";
        UnsentBrokenOff = "unsent_broken_off": "The connection broke off before all of it had arrived. Try again.";
        UnsentMany = "unsent_many": "Too many people are sending messages at the same time.";
        UnsentUnavailable = "unsent_unavailable": "Messages can’t be accepted right now.";
        UnsentWait = "unsent_wait": {
            one: "Try again in {count} second.",
            other: "Try again in {count} seconds."
        };
        UnsentWaitMoment = "unsent_wait_moment": "Try again in a moment.";
        UnsentBack = "unsent_back": "Go back with your browser’s Back button. What you typed should still be there.";
    }
}

/// The form's texts in one language, with its rules for numbers and dates.
#[derive(Clone, Debug)]
pub struct Locale {
    /// The language (BCP 47).
    pub lang: String,
    texts: Vec<Json>,
    pub(crate) rules: Rules,
}

/// A language's rules for plurals, numbers and dates, provided by the shells: `Intl` in the browser.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The plural category (CLDR: `one`, `few`, `other` …) of a number in a language.
    pub plural: fn(lang: &str, number: i64) -> String,
    /// A number in the format of the language.
    pub number: fn(lang: &str, number: i64) -> String,
    /// The day of a point in time (seconds since 1970) in the format of the language.
    pub date: fn(lang: &str, seconds: i64) -> String,
}

impl Rules {
    /// The rules of English without separators, for tests and as a fallback.
    pub const PLAIN: Rules = Rules {
        plural: |_, number| if number == 1 { "one" } else { "other" }.to_owned(),
        number: |_, number| json::decimal(number),
        date: |_, seconds| day(seconds),
    };
}

/// The date of a point in time (seconds since 1970) in ISO 8601, in UTC.
pub fn day(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let padded = |number: i64, width: usize| {
        let digits = json::decimal(number);
        let zeros = "0000".get(4 - width + digits.len()..).unwrap_or_default();
        [zeros, &digits].concat()
    };
    [padded(year, 4), padded(month, 2), padded(day, 2)].join("-")
}

/// The date of a point in time (seconds since 1970) in Khmer, in UTC. Browsers differ; Chromium writes it in English.
pub fn khmer_day(seconds: i64) -> String {
    const MONTHS: &str = "មករា កុម្ភៈ មីនា មេសា ឧសភា មិថុនា កក្កដា សីហា កញ្ញា តុលា វិច្ឆិកា ធ្នូ";
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let month = MONTHS.split(' ').nth(month as usize - 1).unwrap_or_default();
    ["ថ្ងៃទី ", &json::decimal(day), " ខែ", month, " ឆ្នាំ ", &json::decimal(year)].concat()
}

impl Locale {
    /// The built-in English.
    pub fn english(rules: Rules) -> Self {
        Locale { lang: "en".to_owned(), texts: Vec::new(), rules }
    }

    /// The texts of a compiled catalogue (see [`compile`]). Missing ones are in English.
    pub fn compiled(lang: &str, catalogue: &str, rules: Rules) -> Self {
        let texts = match json::parse(catalogue).map(|json| json.value) {
            Ok(Value::List(texts)) => texts,
            _ => Vec::new(),
        };
        Locale { lang: lang.to_owned(), texts, rules }
    }

    /// Name and hash of the file with the names of the countries, in a catalogue for the widget.
    /// English names stand in for those of a language without a catalogue.
    pub fn countries(&self) -> Option<(&str, &str)> {
        let file = self.texts.get(WIDGET).filter(|_| self.texts.len() == WIDGET + 1)?.text()?;
        split_once(file, " ")
    }

    /// The text of this key.
    pub fn words(&self, key: Key) -> &str {
        self.text(key, "other")
    }

    /// The text of this key, as a new string.
    pub fn say(&self, key: Key) -> String {
        self.text(key, "other").to_owned()
    }

    /// The text of this key, with each `{name}` replaced by its value.
    pub fn say_with(&self, key: Key, values: &[(&str, &str)]) -> String {
        fill(self.text(key, "other"), values)
    }

    /// The text of this key in the plural form for `count`, with `{count}` replaced by the number.
    pub fn say_count(&self, key: Key, count: i64, values: &[(&str, &str)]) -> String {
        let category = (self.rules.plural)(&self.lang, count);
        let number = self.number(count);
        let mut all = vec![("count", number.as_str())];
        all.extend_from_slice(values);
        fill(self.text(key, &category), &all)
    }

    /// A number in the format of the language.
    pub fn number(&self, number: i64) -> String {
        (self.rules.number)(&self.lang, number)
    }

    /// The day of a point in time (seconds since 1970) in the format of the language.
    pub fn date(&self, seconds: i64) -> String {
        (self.rules.date)(&self.lang, seconds)
    }

    fn text(&self, key: Key, category: &str) -> &str {
        let translated = self.texts.get(key as usize).and_then(|text| match &text.value {
            Value::Text(text) => Some(text.as_str()),
            _ => text.get(category).or_else(|| text.get("other"))?.text(),
        });
        translated.unwrap_or_else(|| {
            english(key).map_or("", |text| match text {
                English::Plain(text) => text,
                English::Plural(forms) => {
                    let form = forms.iter().find(|(known, _)| *known == category);
                    form.or(forms.last()).map_or("", |(_, text)| text)
                }
            })
        })
    }
}

fn english(key: Key) -> Option<&'static English> {
    let place = key as usize;
    ENGLISH.get(place)
}

/// Replaces each `{name}` by its value. Values are not replaced again.
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

/// Key of a catalogue's information about itself. It is not compiled.
const ABOUT: &str = "about";

/// Compiles a catalogue for the widget: the texts as a list, in the order of [`Key::ALL`].
///
/// # Errors
/// A sentence for each key that is unknown or has no text (or texts by plural category), and one if the catalogue lacks
/// its language or whether a native speaker has read it.
pub fn compile(catalogue: &str) -> Result<String, Vec<String>> {
    compile_first(catalogue, Key::ALL.len())
}

/// Like [`compile`], but without the texts that only the hosted page uses, and with one more text at the end: name and
/// hash of the file with the names of the countries, separated by a space (see [`Locale::countries`]).
///
/// # Errors
/// Those of [`compile`].
pub fn compile_for_widget(catalogue: &str, countries: &str) -> Result<String, Vec<String>> {
    let compiled = compile_first(catalogue, WIDGET)?;
    let mut hash = Writer::default();
    hash.text(countries);
    Ok([compiled.trim_end_matches(']'), ",", &hash.finish(), "]"].concat())
}

/// The keys that a catalogue lacks; the form shows their English texts.
pub fn missing(catalogue: &str) -> Vec<&'static str> {
    let known = json::parse(catalogue).ok();
    let has = |key: &Key| known.as_ref().is_some_and(|json| json.get(key.name()).is_some());
    Key::ALL.iter().filter(|key| !has(key)).map(|key| key.name()).collect()
}

fn compile_first(catalogue: &str, most: usize) -> Result<String, Vec<String>> {
    let json = json::parse(catalogue)
        .map_err(|fault| vec![format!("line {}: expected {}", fault.line, fault.expected)])?;
    let Value::Object(members) = &json.value else {
        return Err(vec!["expected an object in braces".to_owned()]);
    };
    let mut faults = Vec::new();
    for (index, member) in members.iter().enumerate() {
        if member.key != ABOUT && !Key::ALL.iter().any(|key| key.name() == member.key) {
            faults.push(format!("line {}: no text is called {}", member.value.line, member.key));
        }
        if members[..index].iter().any(|earlier| earlier.key == member.key) {
            faults.push(format!("line {}: {} stands twice", member.value.line, member.key));
        }
    }
    if !json.get(ABOUT).is_some_and(is_about) {
        faults.push(format!(
            "{ABOUT}: expected an object with \"language\", the language's own name, and \
             \"read_by_native_speaker\", true or false"
        ));
    }
    let mut out = Writer::default();
    let mut unused = Writer::default();
    out.list(|out| {
        for (place, key) in Key::ALL.iter().enumerate() {
            let out = if place < most { &mut *out } else { &mut unused };
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
                // The form shows the English text.
                None => out.json("null"),
            }
        }
    });
    if faults.is_empty() { Ok(out.finish()) } else { Err(faults) }
}

fn is_about(about: &Json) -> bool {
    let Value::Object(members) = &about.value else { return false };
    let named = about.get("language").and_then(Json::text).is_some_and(|it| !it.trim().is_empty());
    let read = about.get("read_by_native_speaker").map(|read| &read.value);
    members.len() == 2 && named && matches!(read, Some(Value::Bool(_)))
}

fn is_plural(forms: &[json::Member]) -> bool {
    let categories = ["zero", "one", "two", "few", "many", "other"];
    let fits = |form: &json::Member| {
        categories.contains(&form.key.as_str()) && form.value.text().is_some()
    };
    forms.iter().all(fits) && forms.iter().any(|form| form.key == "other")
}
