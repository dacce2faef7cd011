//! Arrows between packages and modules point one way. Packages come from `cargo metadata`, modules from the parsed sources.

mod ambient;
mod mirror;
mod modules;
mod packages;
mod storage;
