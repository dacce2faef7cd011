//! Burning emulated tokens of every family over links that fail.

mod counts;
mod drops;
mod hostile;
mod refused;
mod slots;
mod stand;
