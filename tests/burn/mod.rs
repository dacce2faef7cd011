//! Burning emulated tokens of every family over links that fail.

mod batch;
mod counted;
mod counts;
mod crash;
mod display;
mod drops;
mod hostile;
mod operations;
mod refused;
mod saboteurs;
mod secrets;
mod slim;
mod slots;
mod stand;
mod swapped;
mod table;
mod third_hand;
mod vault;
