//! What the commands of hardware tokens take. No seed and no key: those come by prompt, standard input or a file.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use countersign_strings::text;

use super::applet::AppletName;

/// What can be done with hardware tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Lists readers, and what lies on them.
    #[command(about = text("token.about_list"))]
    List(Where),
    /// Tells what a token is and what it can hold.
    #[command(about = text("token.about_info"))]
    Info(Where),
    /// Writes one token.
    #[command(about = text("token.about_burn"))]
    Burn(Box<Burn>),
    /// Writes many, one after the other.
    #[command(about = text("token.about_batch"))]
    Batch(Box<Batch>),
    /// Proves that a token holds what was written.
    #[command(about = text("token.about_verify"))]
    Verify(Verify),
    /// Sets the clock alone.
    #[command(about = text("token.about_sync"))]
    Sync(SyncClock),
    /// Makes a token forget everything.
    #[command(about = text("token.about_reset"))]
    Reset(Operate),
    /// Writes what became of each token into a file.
    #[command(about = text("token.about_ledger"))]
    Ledger(Ledger),
    /// The lock of a Molto-2's screen.
    #[command(about = text("token.about_screen"))]
    Screen {
        /// What to do with it.
        #[arg(value_enum, value_name = "lock|unlock", help = text("token.help_screen"))]
        what: Screen,
        /// Where the token lies.
        #[command(flatten)]
        on: Operate,
    },
    /// Deletes one profile or entry.
    #[command(about = text("token.about_delete"))]
    Delete(Delete),
    /// The key that opens a token.
    #[command(about = text("token.about_key"))]
    Key {
        /// What to do with it.
        #[command(subcommand)]
        what: KeyCommand,
    },
}

/// Where a token lies.
#[derive(Debug, Clone, Default, Args)]
pub struct Where {
    /// A part of the reader's name.
    #[arg(long, value_name = "READER", conflicts_with = "emulated", help = text("token.help_reader"))]
    pub reader: Option<String>,
    /// A token in memory in place of hardware.
    #[arg(long, value_name = "MODEL", help = text("token.help_emulated"))]
    pub emulated: Option<String>,
    /// When the emulated token's link is lost.
    #[arg(long, value_name = "[TOKEN:][+]N", requires = "emulated", help = text("token.help_lose"))]
    pub lose: Vec<String>,
    /// Which applet of a security key that has several.
    #[arg(long, value_enum, value_name = "NAME", help = text("token.help_applet"))]
    pub applet: Option<AppletName>,
    /// How long to wait for a token.
    #[arg(long, value_name = "SECONDS", help = text("token.help_wait"))]
    pub wait: Option<u64>,
    /// Where what is done is noted.
    #[arg(long, value_name = "FILE", help = text("token.help_log"))]
    pub log: Option<PathBuf>,
}

/// What is set beside the seed.
#[derive(Debug, Clone, Default, Args)]
pub struct Shape {
    /// The hash under HMAC.
    #[arg(long, value_name = "NAME", help = text("cli.help_algorithm"))]
    pub algorithm: Option<String>,
    /// How long a code is.
    #[arg(long, value_name = "N", help = text("token.help_digits"))]
    pub digits: Option<u64>,
    /// How long a code lives.
    #[arg(long, value_name = "SECONDS", conflicts_with = "counter", help = text("cli.help_period"))]
    pub period: Option<u64>,
    /// The counter of the first code.
    #[arg(long, value_name = "N", help = text("token.help_counter"))]
    pub counter: Option<u64>,
}

/// The key that is proven to a token, where it is not its maker's.
#[derive(Debug, Clone, Default, Args)]
pub struct Proving {
    /// The owner's key is asked for.
    #[arg(long, help = text("token.help_own_key"))]
    pub own_key: bool,
    /// The owner's key that is kept under this name.
    #[arg(long = "key", value_name = "NAME", conflicts_with = "own_key", help = text("token.help_kept_key"))]
    pub kept_key: Option<String>,
}

/// How a token is written, whatever is written.
#[derive(Debug, Clone, Default, Args)]
pub struct Manner {
    /// The key that is proven to the token.
    #[command(flatten)]
    pub key: Proving,
    /// What is in the place may go.
    #[arg(long, help = text("token.help_replace"))]
    pub replace: bool,
    /// A model that nobody knows is written too.
    #[arg(long, help = text("token.help_expert"))]
    pub expert: bool,
    /// Each code wants a touch.
    #[arg(long, help = text("token.help_touch"))]
    pub touch: bool,
    /// How long the display stays on.
    #[arg(long, value_enum, value_name = "SECONDS", help = text("token.help_display"))]
    pub display: Option<Display>,
    /// Digits are asked for, also of a pipe.
    #[arg(long, conflicts_with = "no_compare", help = text("token.help_compare"))]
    pub compare: bool,
    /// No digits are asked for.
    #[arg(long, help = text("token.help_no_compare"))]
    pub no_compare: bool,
    /// Nothing is written.
    #[arg(long, help = text("token.help_dry_run"))]
    pub dry_run: bool,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// What writing takes, of one token and of many.
#[derive(Debug, Clone, Default, Args)]
pub struct Writing {
    /// What is set beside a seed that brings no settings.
    #[command(flatten)]
    pub shape: Shape,
    /// How a seed is read that has two readings.
    #[arg(long, value_enum, help = text("token.help_reading"))]
    pub reading: Option<ReadingName>,
    /// How it is written.
    #[command(flatten)]
    pub manner: Manner,
    /// What is written of it afterwards.
    #[command(flatten)]
    pub out: Out,
    /// Where the token lies.
    #[command(flatten)]
    pub on: Where,
}

/// One token to be written.
#[derive(Debug, Clone, Default, Args)]
pub struct Burn {
    /// An account whose codes the token is to show.
    #[arg(value_name = "NAME", conflicts_with_all = ["picture", "random"], help = text("token.help_account_name"))]
    pub name: Option<String>,
    /// A picture of the QR.
    #[arg(long, value_name = "FILE", conflicts_with = "random", help = text("cli.help_picture"))]
    pub picture: Option<PathBuf>,
    /// A seed drawn here.
    #[arg(long, help = text("token.help_random"))]
    pub random: bool,
    /// What was begun and not ended is taken up.
    #[arg(long, conflicts_with_all = ["name", "picture", "random", "algorithm", "digits", "period", "counter", "reading", "issuer", "account", "title", "profile", "display", "touch"], help = text("token.help_resume"))]
    pub resume: bool,
    /// Who issued it.
    #[arg(long, value_name = "TEXT", help = text("cli.help_issuer"))]
    pub issuer: Option<String>,
    /// Whose it is.
    #[arg(long, value_name = "TEXT", help = text("cli.help_account"))]
    pub account: Option<String>,
    /// What the display calls it.
    #[arg(long, value_name = "TEXT", help = text("token.help_title"))]
    pub title: Option<String>,
    /// Which profile.
    #[arg(long, value_name = "N", help = text("token.help_profile_asked"))]
    pub profile: Option<u8>,
    /// The seed may be in another token already.
    #[arg(long, conflicts_with = "resume", help = text("token.help_spare"))]
    pub spare: bool,
    /// What many take, too.
    #[command(flatten)]
    pub writing: Writing,
}

/// Many tokens to be written.
#[derive(Debug, Clone, Default, Args)]
pub struct Batch {
    /// The file of seeds; none: standard input.
    #[arg(value_name = "FILE", conflicts_with_all = ["random", "resume", "list", "forget"], help = text("token.help_batch_file"))]
    pub file: Option<PathBuf>,
    /// Seeds drawn here, for so many tokens.
    #[arg(long, value_name = "COUNT", help = text("token.help_batch_random"))]
    pub random: Option<usize>,
    /// Which kind of file it is.
    #[arg(long, value_enum, value_name = "KIND", help = text("token.help_kind"))]
    pub kind: Option<KindName>,
    /// What opens an encrypted file is asked for.
    #[arg(long, value_enum, help = text("token.help_unlock"))]
    pub unlock: Option<UnlockName>,
    /// Who issued them, where the rows don't say.
    #[arg(long, value_name = "TEXT", help = text("token.help_batch_issuer"))]
    pub issuer: Option<String>,
    /// Rows that cannot be burned are left out.
    #[arg(long, help = text("token.help_skip_faulty"))]
    pub skip_faulty: bool,
    /// The name under which it is kept.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["resume", "list", "forget"], help = text("token.help_batch_name"))]
    pub name: Option<String>,
    /// One that is kept is taken up; without a name the only one.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["random", "list", "forget"], help = text("token.help_batch_resume"))]
    pub resume: Option<String>,
    /// The row of this line goes to another token.
    #[arg(long, value_name = "LINE", requires = "resume", help = text("token.help_give_back"))]
    pub give_back: Vec<usize>,
    /// Those that are kept are listed.
    #[arg(long, conflicts_with_all = ["random", "forget"], help = text("token.help_batch_list"))]
    pub list: bool,
    /// One that is kept is forgotten.
    #[arg(long, value_name = "NAME", conflicts_with = "random", help = text("token.help_batch_forget"))]
    pub forget: Option<String>,
    /// What one takes, too.
    #[command(flatten)]
    pub writing: Writing,
}

/// Whether a token holds what was written.
#[derive(Debug, Clone, Default, Args)]
pub struct Verify {
    /// An account whose codes the token is to show; none: what was burned last.
    #[arg(value_name = "NAME", help = text("token.help_verify_name"))]
    pub name: Option<String>,
    /// Which profile.
    #[arg(long, value_name = "N", help = text("token.help_profile"))]
    pub profile: Option<u8>,
    /// The key that is proven to the token.
    #[command(flatten)]
    pub key: Proving,
    /// Digits are asked for, also of a pipe.
    #[arg(long, help = text("token.help_compare"))]
    pub compare: bool,
    /// Where the token lies.
    #[command(flatten)]
    pub on: Where,
}

/// The clock alone.
#[derive(Debug, Clone, Default, Args)]
pub struct SyncClock {
    /// What the token's codes are set to, which is written together with the clock.
    #[command(flatten)]
    pub shape: Shape,
    /// How long the display stays on.
    #[arg(long, value_enum, value_name = "SECONDS", help = text("token.help_display"))]
    pub display: Option<Display>,
    /// Which profile.
    #[arg(long, value_name = "N", help = text("token.help_profile_asked"))]
    pub profile: Option<u8>,
    /// The rest.
    #[command(flatten)]
    pub operate: Operate,
}

/// What is deleted.
#[derive(Debug, Clone, Default, Args)]
pub struct Delete {
    /// Which profile of a Molto-2.
    #[arg(long, value_name = "N", help = text("token.help_profile"))]
    pub profile: Option<u8>,
    /// Who issued the entry of a security key.
    #[arg(long, value_name = "TEXT", help = text("cli.help_issuer"))]
    pub issuer: Option<String>,
    /// Whose it is.
    #[arg(long, value_name = "TEXT", help = text("cli.help_account"))]
    pub account: Option<String>,
    /// Its settings, which are part of its name.
    #[command(flatten)]
    pub shape: Shape,
    /// The rest.
    #[command(flatten)]
    pub operate: Operate,
}

/// One thing done to a token.
#[derive(Debug, Clone, Default, Args)]
pub struct Operate {
    /// The key that is proven to the token.
    #[command(flatten)]
    pub key: Proving,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
    /// Where the token lies.
    #[command(flatten)]
    pub on: Where,
}

/// What can be done with the key that opens a token.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyCommand {
    /// Gives the token another, which is asked for.
    #[command(about = text("token.about_key_set"))]
    Set {
        /// The name under which it is kept.
        #[arg(long, value_name = "NAME", help = text("token.help_keep_as"))]
        keep_as: Option<String>,
        /// The rest.
        #[command(flatten)]
        on: Operate,
    },
    /// Takes the access code away.
    #[command(about = text("token.about_key_remove"))]
    Remove(Operate),
    /// Lists the keys that are kept.
    #[command(about = text("token.about_key_list"))]
    List,
    /// Keeps a key, which is asked for.
    #[command(about = text("token.about_key_keep"))]
    Keep {
        /// Its name.
        #[arg(value_name = "NAME", help = text("token.help_key_name"))]
        name: String,
        /// The tokens that it is for.
        #[arg(long = "for", value_enum, value_name = "FAMILY", help = text("token.help_key_for"))]
        family: FamilyName,
    },
    /// Forgets a key that is kept.
    #[command(about = text("token.about_key_forget"))]
    Forget {
        /// Its name.
        #[arg(value_name = "NAME", help = text("token.help_key_name"))]
        name: String,
        /// Without asking.
        #[arg(long, help = text("cli.help_yes"))]
        yes: bool,
    },
}

/// A family of tokens that have keys of their owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FamilyName {
    /// Token2 single-profile.
    Single,
    /// Token2 Molto-2.
    Molto2,
    /// YubiKey.
    Yubikey,
    /// ykneo-oath.
    Ykneo,
    /// VivoKey Apex.
    Apex,
    /// Nitrokey 3.
    Nitrokey,
}

/// Where a ledger goes, and in which form.
#[derive(Debug, Clone, Default, Args)]
pub struct Out {
    /// The file.
    #[arg(long, value_name = "FILE", help = text("token.help_ledger"))]
    pub ledger: Option<PathBuf>,
    /// The form.
    #[arg(long, value_enum, value_name = "FORM", default_value_t, requires = "ledger", help = text("token.help_form"))]
    pub form: FormName,
    /// Seeds stand in it for everyone to read.
    #[arg(long, requires = "ledger", help = text("token.help_clear"))]
    pub clear: bool,
    /// Tokens that nobody proved stand in a server's form too.
    #[arg(long, requires = "ledger", help = text("token.help_unproven"))]
    pub unproven: bool,
}

/// The ledger of what is kept.
#[derive(Debug, Clone, Default, Args)]
pub struct Ledger {
    /// The file; none: the tokens are listed.
    #[arg(value_name = "FILE", help = text("token.help_ledger_file"))]
    pub file: Option<PathBuf>,
    /// The form.
    #[arg(long, value_enum, value_name = "FORM", default_value_t, requires = "file", help = text("token.help_form"))]
    pub form: FormName,
    /// Seeds stand in it for everyone to read.
    #[arg(long, requires = "file", help = text("token.help_clear"))]
    pub clear: bool,
    /// Tokens that nobody proved stand in a server's form too.
    #[arg(long, requires = "file", help = text("token.help_unproven"))]
    pub unproven: bool,
    /// Only these tokens, by serial number.
    #[arg(long, value_name = "SERIAL", help = text("token.help_serial"))]
    pub serial: Vec<String>,
    /// Only what is for this account.
    #[arg(long, value_name = "TEXT", help = text("token.help_ledger_account"))]
    pub account: Option<String>,
    /// Only what this issued.
    #[arg(long, value_name = "TEXT", help = text("token.help_ledger_issuer"))]
    pub issuer: Option<String>,
}

/// What to do with a screen's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Screen {
    /// Locks it.
    Lock,
    /// Unlocks it.
    Unlock,
}

/// How long a display stays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Display {
    /// 15 seconds.
    #[value(name = "15")]
    Fifteen,
    /// 30 seconds.
    #[value(name = "30")]
    Thirty,
    /// 60 seconds.
    #[value(name = "60")]
    Sixty,
    /// 120 seconds.
    #[value(name = "120")]
    TwoMinutes,
}

/// How a seed is read that may be either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadingName {
    /// Base32.
    Base32,
    /// Hexadecimal digits.
    Hex,
}

/// What opens an encrypted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnlockName {
    /// A key in hexadecimal digits.
    Key,
    /// A password.
    Password,
}

/// A kind of file that tokens are burned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindName {
    /// Key URIs, one a line.
    Links,
    /// A table with a header.
    Table,
    /// Microsoft Entra's.
    Entra,
    /// privacyIDEA's OATH table.
    Oath,
    /// Token2's for Molto-2.
    Molto,
    /// The older text for Molto-2.
    MoltoText,
    /// RFC 6030.
    Pskc,
}

/// A form of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FormName {
    /// An inventory without seeds, as a table.
    #[default]
    Inventory,
    /// The same as JSON.
    InventoryJson,
    /// Microsoft Entra's.
    Entra,
    /// privacyIDEA's OATH table.
    Oath,
    /// RFC 6030, under a password.
    Pskc,
    /// The same under a key of 16 bytes.
    PskcKey,
    /// The same for everyone to read.
    PskcPlain,
    /// Our own table, with seeds.
    Table,
    /// Our own JSON, with seeds.
    Json,
}
