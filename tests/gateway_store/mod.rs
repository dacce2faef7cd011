//! The gateway's memory under what happens to files: kills and power cuts.
//!
//! The short form runs in every test run; `COUNTERSIGN_TORTURE=1` makes it long (`cargo xtask torture P4`).

mod crash;
mod ledger;
mod story;
