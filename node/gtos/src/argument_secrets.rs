//! Secrets among the arguments, which every user of the machine can read in the list of processes.

use std::{ffi::OsString, path::Path};

/// Options whose values are secret, and what to use instead.
const SECRET_OPTIONS: [(&str, &str); 5] = [
	("--password", "use --password-filename or --password-interactive"),
	("--suri", "give the name of a file that holds it, or leave the option out and enter it"),
	("--aura-suri", "give the name of a file that holds it"),
	("--grandpa-suri", "give the name of a file that holds it"),
	("--node-key", "use --node-key-file"),
];

/// A warning for each secret among the arguments. The warnings do not contain the secrets.
pub fn warnings(arguments: &[OsString]) -> Vec<String> {
	let following = arguments.iter().skip(1).map(Some).chain([None]);
	arguments
		.iter()
		.zip(following)
		.filter_map(|(argument, next)| {
			let argument = argument.to_str()?;
			let (name, value) = match argument.split_once('=') {
				Some((name, value)) => (name, value),
				None => (argument, next?.to_str()?),
			};
			let (name, instead) = SECRET_OPTIONS.iter().find(|(option, _)| *option == name)?;
			(!is_public(value)).then(|| {
				format!(
					"the value of {name} is a secret, and every user of this machine can see it in the list of \
					processes: {instead}"
				)
			})
		})
		.collect()
}

/// Whether the value gives nothing away: the name of a file, or a development key.
fn is_public(value: &str) -> bool {
	value.starts_with("//") || Path::new(value).exists()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn of(arguments: &[&str]) -> Vec<String> {
		warnings(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
	}

	#[test]
	fn secret_is_warned_of_without_being_repeated() {
		for arguments in [
			&["gtos", "--validator", "--password", "pa55w0rd"][..],
			&["gtos", "--password=pa55w0rd"],
			&["gtos", "key", "insert", "--suri", "pa55w0rd", "--scheme", "sr25519"],
			&["gtos", "--node-key", "pa55w0rd"],
		] {
			let warnings = of(arguments);
			assert_eq!(warnings.len(), 1, "{warnings:?}");
			assert!(!warnings[0].contains("pa55w0rd"), "{}", warnings[0]);
		}
		assert!(of(&["gtos", "--password", "x"])[0].contains("--password-filename"));
	}

	#[test]
	fn files_development_keys_and_other_options_are_not_warned_of() {
		let file = tempfile::NamedTempFile::new().expect("there is room");
		let file = file.path().to_str().expect("the path is text");
		for arguments in [
			&["gtos", "key", "insert", "--suri", "//Alice"][..],
			&["gtos", "key", "insert", "--suri", file],
			&["gtos", "--password-filename", "password", "--password-interactive"],
			&["gtos", "--node-key-file", "x", "--name", "--password"],
		] {
			assert_eq!(of(arguments), [""; 0], "{arguments:?}");
		}
	}
}
