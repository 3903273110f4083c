//! Names of the controls that every form has.

/// The name of a target's checkbox; its value is the target's id.
pub const TARGETS: &str = "targets";
/// The name of the control for the subject.
pub const SUBJECT: &str = "subject";
/// The name of the control for the message.
pub const BODY: &str = "body";
/// The name of the control for how the supporter wishes to be named in public.
pub const PUBLIC: &str = "public";
/// Prefix of the name of a consent's control; the purpose follows.
pub const CONSENT: &str = "consent_";
/// The value of a ticked checkbox.
pub const TICKED: &str = "on";

/// The name of the control for a consent.
pub fn consent_name(purpose: &str) -> String {
    [CONSENT, purpose].concat()
}
