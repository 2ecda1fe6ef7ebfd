//! Checks who can read the files with secrets.

use sc_network::config::{NodeKeyConfig, Secret};
use sc_service::{config::KeystoreConfig, Configuration};
use std::{fs, io, path::Path};

/// Permissions of everybody but the owner, and of everybody outside the owner's group.
const OF_OTHERS: u32 = 0o077;
const OF_EVERYONE: u32 = 0o007;

/// Makes the folder of the keystore, and checks the files with secrets.
///
/// Fails if every user can read a key of the keystore. Only warns of anything else that others than the owner
/// can reach, because containers give files to a group, and mount passwords so that everybody can read them.
pub fn protect(config: &Configuration, password: Option<&Path>) -> Result<(), String> {
	if let KeystoreConfig::Path { path, .. } = &config.keystore {
		prepare_keystore(path)?;
	}
	let NodeKeyConfig::Ed25519(node_key) = &config.network.node_key;
	let node_key = match node_key {
		Secret::File(path) => Some(path.as_path()),
		Secret::Input(_) | Secret::New => None,
	};
	for file in [node_key, password].into_iter().flatten() {
		if is_open_to(file, OF_OTHERS) {
			tracing::warn!("{}", exposed(file, "600"));
		}
	}
	Ok(())
}

/// Makes the folder of a keystore, which only its owner can enter, or checks the one that is there.
pub fn prepare_keystore(folder: &Path) -> Result<(), String> {
	let cannot = |what: &str, error: io::Error| {
		format!(
			"the keystore {} cannot be {what}: {error}. Name another folder with --base-path or --keystore-path, or \
			give this user the rights",
			folder.display()
		)
	};
	if !folder.exists() {
		return make_folder(folder).map_err(|error| cannot("made", error));
	}
	if is_open_to(folder, OF_OTHERS) {
		tracing::warn!("{}", exposed(folder, "700"));
	}
	for entry in fs::read_dir(folder).map_err(|error| cannot("read", error))? {
		let key = entry.map_err(|error| cannot("read", error))?.path();
		// Keys are files, also behind a link. A mounted secret has folders beside them, such as `..data`.
		if !key.is_file() {
			continue;
		}
		if is_open_to(&key, OF_EVERYONE) {
			return Err(exposed(&key, "600"));
		}
		if is_open_to(&key, OF_OTHERS) {
			tracing::warn!("{}", exposed(&key, "600"));
		}
	}
	Ok(())
}

fn exposed(path: &Path, mode: &str) -> String {
	let path = path.display();
	format!("other users than the owner can reach the secrets in {path}: run `chmod {mode} {path}`")
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
	use std::os::unix::fs::DirBuilderExt;
	if let Some(parent) = folder.parent() {
		fs::create_dir_all(parent)?;
	}
	fs::DirBuilder::new().mode(0o700).create(folder)
}

/// Whether the file exists and one of these permissions is granted.
#[cfg(unix)]
fn is_open_to(path: &Path, permissions: u32) -> bool {
	use std::os::unix::fs::PermissionsExt;
	fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & permissions != 0)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
	fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn is_open_to(_: &Path, _: u32) -> bool {
	false
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	fn mode(path: &Path) -> u32 {
		fs::metadata(path).expect("it exists").permissions().mode() & 0o777
	}

	fn set_mode(path: &Path, mode: u32) {
		fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
	}

	#[test]
	fn new_keystore_is_for_its_owner_alone() {
		let folder = tempfile::tempdir().expect("there is room");
		let keystore = folder.path().join("chains/dev/keystore");
		assert_eq!(prepare_keystore(&keystore), Ok(()));
		assert_eq!(mode(&keystore), 0o700);
		assert_eq!(prepare_keystore(&keystore), Ok(()));
	}

	#[test]
	fn key_that_every_user_can_read_is_refused_with_the_remedy() {
		let folder = tempfile::tempdir().expect("there is room");
		let key = folder.path().join("6772616e01");
		fs::write(&key, "secret").expect("there is room");
		for allowed in [0o600, 0o400, 0o660] {
			set_mode(&key, allowed);
			assert_eq!(prepare_keystore(folder.path()), Ok(()), "{allowed:o}");
		}
		for refused in [0o604, 0o666] {
			set_mode(&key, refused);
			let error = prepare_keystore(folder.path()).expect_err("everybody can read it");
			assert!(error.contains(&format!("chmod 600 {}", key.display())), "{error}");
		}
	}

	// A secret that Kubernetes mounts holds its files in `..data`, and links to them beside it.
	#[test]
	fn only_files_of_a_keystore_are_judged_and_links_lead_to_them() {
		let folder = tempfile::tempdir().expect("there is room");
		let data = folder.path().join("..data");
		fs::create_dir(&data).expect("there is room");
		set_mode(&data, 0o755);
		let key = data.join("6772616e01");
		fs::write(&key, "secret").expect("there is room");
		set_mode(&key, 0o600);
		let link = folder.path().join("6772616e01");
		std::os::unix::fs::symlink(&key, &link).expect("there is room");
		assert_eq!(prepare_keystore(folder.path()), Ok(()));
		set_mode(&key, 0o644);
		let error = prepare_keystore(folder.path()).expect_err("everybody can read it");
		assert!(error.contains(&format!("chmod 600 {}", link.display())), "{error}");
	}

	#[test]
	fn folder_without_access_for_others_is_not_reported() {
		let folder = tempfile::tempdir().expect("there is room");
		set_mode(folder.path(), 0o700);
		assert!(!is_open_to(folder.path(), OF_OTHERS));
		set_mode(folder.path(), 0o755);
		assert!(is_open_to(folder.path(), OF_OTHERS));
		assert!(!is_open_to(&folder.path().join("no such file"), OF_OTHERS));
	}
}
