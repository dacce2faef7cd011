//! The Key URI of authenticator applications, `otpauth://`.
