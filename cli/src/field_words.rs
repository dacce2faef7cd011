//! What a value is called, and the rule that it breaks, in words. Both lists are closed: what core adds does not compile
//! here until it has its words.

use countersign_core::error::{Named, Rule};
use countersign_core::limits;
use countersign_core::protocol::limits::{OTP_DIGITS, OTP_PERIOD};
use countersign_strings::{fill, text};

/// That a value can't be taken, and why.
pub fn of_field(field: Named, rule: Rule) -> String {
    let rule = match (field, rule) {
        (Named::Digits, Rule::Range) => range(*OTP_DIGITS.start(), *OTP_DIGITS.end()),
        (Named::Period, Rule::Range) => range(*OTP_PERIOD.start(), *OTP_PERIOD.end()),
        (_, rule) => broken(rule),
    };
    fill("error.field", &[("field", name(field)), ("rule", &rule)])
}

fn range(least: u64, most: u64) -> String {
    fill("error.rule_between", &[("least", &least.to_string()), ("most", &most.to_string())])
}

/// That there is more of something than is taken.
pub fn of_too_much(what: Named, found: u64, most: u64) -> String {
    fill("error.too_much", &[("what", name(what)), ("found", &found.to_string()), ("most", &most.to_string())])
}

fn name(field: Named) -> &'static str {
    text(match field {
        Named::Accounts => "error.field_accounts",
        Named::App => "error.field_app",
        Named::AutoLock => "error.field_auto_lock",
        Named::Counter => "error.field_counter",
        Named::Digits => "error.field_digits",
        Named::Endpoint => "error.field_endpoint",
        Named::Enrolment => "error.field_enrolment",
        Named::Group => "error.field_group",
        Named::Groups => "error.field_groups",
        Named::Hidden => "error.field_hidden",
        Named::IconPack => "error.field_icon_pack",
        Named::IconPacks => "error.field_icon_packs",
        Named::Issuer => "error.field_issuer",
        Named::KeyDerivation => "error.field_key_derivation",
        Named::KeyName => "error.field_key_name",
        Named::Link => "error.field_link",
        Named::Model => "error.field_model",
        Named::Name => "error.field_name",
        Named::Note => "error.field_note",
        Named::PackFiles => "error.field_pack_files",
        Named::PackUnpacked => "error.field_pack_unpacked",
        Named::Passphrase => "error.field_passphrase",
        Named::Pin => "error.field_pin",
        Named::Period => "error.field_period",
        Named::Picture => "error.field_picture",
        Named::Pictures => "error.field_pictures",
        Named::Search => "error.field_search",
        Named::Secret => "error.field_secret",
        Named::Slots => "error.field_slots",
        Named::Start => "error.field_start",
        Named::Tag => "error.field_tag",
        Named::TagBytes => "error.field_tag_bytes",
        Named::Tags => "error.field_tags",
        Named::TokenName => "error.field_token_name",
        Named::TokenRows => "error.field_token_rows",
        Named::VaultFile => "error.field_vault_file",
        Named::Wait => "error.field_wait",
    })
}

fn broken(rule: Rule) -> String {
    let words = match rule {
        Rule::Marks => return fill("error.rule_marks", &[("n", &limits::ACCOUNT_MARKS.to_string())]),
        Rule::PassphraseLength => return bytes(limits::VAULT_PASSPHRASE),
        Rule::SeedLength => return bytes(limits::ACCOUNT_SEED),
        Rule::Control => "error.rule_control",
        Rule::Digits => "error.rule_digits",
        Rule::Empty => "error.rule_empty",
        Rule::Enrolment => "error.rule_enrolment",
        Rule::Endpoint => "error.rule_endpoint",
        Rule::Host => "error.rule_host",
        Rule::IconPack => "error.rule_icon_pack",
        Rule::KdfMemory | Rule::KdfPasses | Rule::KdfLanes | Rule::KdfWork | Rule::KdfLeast => "error.rule_cost",
        Rule::KeyName => "error.rule_key_name",
        Rule::LinkKind => "error.rule_link_kind",
        Rule::NoPngIcons => "error.rule_no_png_icons",
        Rule::Ordinary => "error.rule_ordinary",
        Rule::Other => "error.rule_other",
        Rule::Pin => "error.rule_pin",
        Rule::PinMissing => "error.rule_pin_missing",
        Rule::Picture => "error.rule_picture",
        Rule::Range => "error.rule_range",
        Rule::SeedYandex => "error.rule_seed_yandex",
        Rule::Shown => "error.rule_shown",
        Rule::ShownName => "error.rule_shown_name",
        Rule::Utf8 => "error.rule_utf8",
        Rule::Wait => "error.rule_wait",
    };
    text(words).to_owned()
}

fn bytes(range: std::ops::RangeInclusive<usize>) -> String {
    fill("error.rule_bytes", &[("least", &range.start().to_string()), ("most", &range.end().to_string())])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_value_has_a_name_of_its_own_and_every_rule_says_what_is_taken() {
        let names: BTreeSet<&str> = Named::ALL.iter().map(|field| name(*field)).collect();
        assert_eq!(names.len(), Named::ALL.len());
        for rule in Rule::ALL {
            let told = of_field(Named::Note, *rule);
            assert!(told.contains(&broken(*rule)) && told.contains(text("error.field_note")), "{told}");
        }
    }

    #[test]
    fn the_rule_on_marks_is_told() {
        assert_eq!(of_field(Named::Name, Rule::Marks), "This can't be taken. Name: at most 4 marks on a letter.");
        assert_eq!(of_too_much(Named::Note, 10_001, 10_000), "This is too much. Note: 10001, where 10000 are allowed.");
    }
}
