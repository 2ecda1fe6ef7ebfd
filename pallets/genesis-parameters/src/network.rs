//! How the validators of a chain are connected (STA-R11).

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The network between the validators, for which the limits of a block are made (STA-R12).
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum NetworkProfile {
	/// Validators all over the world: a round trip of 100 ms, and 20 Mbit/s between two of them.
	#[default]
	Wan,
	/// Validators in one place: a round trip of 2 ms, and 250 Mbit/s between two of them.
	Lan,
}
