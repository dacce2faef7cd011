//! Arrows between packages and modules point one way. Packages come from `cargo metadata`, modules from the parsed sources.

mod modules;
mod packages;
