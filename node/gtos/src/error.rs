//! Explains errors of the SDK to the operator, and has an exit code for supervisors.

use gtos_node_service::OutOfSpace;

/// Exit code of a node that has no disk space: EX_TEMPFAIL of `sysexits.h`, after which a supervisor should try again.
pub const OUT_OF_SPACE: u8 = 75;

/// Exit code after an error.
pub fn exit_code(error: &sc_cli::Error) -> u8 {
	match error {
		sc_cli::Error::Service(sc_service::Error::Application(error))
			if error.is::<OutOfSpace>() =>
		{
			OUT_OF_SPACE
		},
		_ => 1,
	}
}

/// Explains an error in one line, with the remedy where the SDK does not name it.
pub fn explain(error: &sc_cli::Error) -> String {
	match error {
		sc_cli::Error::NetworkKeyNotFound(path) => format!(
			"a validator needs a node key that does not change, and there is none at {}. Generate one \
			with `gtos key generate-node-key` and the --chain and --base-path of this node, or name a \
			key file with --node-key-file",
			path.display()
		),
		// The SDK prefixes these with "Invalid input", even if no input is at fault.
		sc_cli::Error::Input(message) => message.clone(),
		sc_cli::Error::Service(sc_service::Error::Application(error)) => error.to_string(),
		sc_cli::Error::Service(sc_service::Error::Other(message)) => message.clone(),
		sc_cli::Error::Service(sc_service::Error::Client(
			sp_blockchain::Error::NonSequentialFinalization(_),
		)) => {
			"a fast sync of this database was interrupted before it had a state: start with --sync \
			fast once more, or start over after `gtos purge-chain`"
				.into()
		},
		error => error.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use gtos_node_types::user_error;

	#[test]
	fn missing_node_key_is_explained_with_its_path_and_its_remedy() {
		let message = explain(&sc_cli::Error::NetworkKeyNotFound("/data/secret_ed25519".into()));
		assert!(message.contains("/data/secret_ed25519"), "{message}");
		assert!(message.contains("gtos key generate-node-key"), "{message}");
		assert_eq!(message.lines().count(), 1, "{message}");
	}

	#[test]
	fn lack_of_space_has_an_exit_code_of_its_own_and_names_its_path() {
		let cause = OutOfSpace { path: "/data/db".into(), free_bytes: 1, needed_bytes: 2 };
		let error = sc_service::Error::Application(Box::new(cause)).into();
		assert_eq!(exit_code(&error), OUT_OF_SPACE);
		assert!(explain(&error).contains("/data/db"), "{}", explain(&error));
		assert_eq!(exit_code(&user_error("the port is busy").into()), 1);
	}

	#[test]
	fn user_error_is_explained_by_its_reason_alone() {
		assert_eq!(explain(&user_error("the port is busy").into()), "the port is busy");
	}
}
