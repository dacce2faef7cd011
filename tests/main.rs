//! Journeys across the parts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code: a panic is how it says no")]

mod app;
mod approval;
mod architecture;
mod attest;
mod burn;
mod burn_files;
mod card;
mod chain;
mod cli;
mod contract;
mod demo;
mod driver;
mod features;
mod fuzzed;
mod gateway_store;
mod journey;
mod leak;
mod limits;
mod looks;
mod otp;
mod pages;
mod push;
mod qr;
mod serving;
mod setup;
mod strings;
mod torture;
mod transfer;
mod vault;
mod webpush;
