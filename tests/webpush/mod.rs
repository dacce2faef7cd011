//! Bells: what rings and how, and Web Push by other hands. The guarded client is tested in `push::endpoint`.

mod limits;
mod missed;
mod peers;
mod ring;
