//! Watches the free space of the disk under the database.
//!
//! [`ensure_room`] refuses to start a node on a disk without room. A [`Monitor`] estimates from the last
//! hour how long the free space lasts, warns while there is time to act, and ends before the disk is full.
//! A full disk would crash the node, because the database maps its files into memory.
//!
//! This crate depends on no other crate of the node.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod alarm;
mod limits;
mod metrics;
mod monitor;
mod out_of_space;
mod text;
mod trend;

pub use limits::Limits;
pub use monitor::{ensure_room, Monitor};
pub use out_of_space::OutOfSpace;
