//! `slashing-protection`: moves the record of what a validator has signed to another machine.

use crate::keystore;
use gtos_node_slashing_protection::{Record, RecordFile, RecordLock};
use gtos_node_types::user_error;
use sc_cli::{KeystoreParams, SharedParams, SubstrateCli};
use sc_service::config::KeystoreConfig;
use std::{fs, path::PathBuf};

/// Commands about the record of what a validator has signed. The node must not run meanwhile.
#[derive(Debug, clap::Subcommand)]
pub enum SlashingProtectionCmd {
	/// Write the record to a file, for a move to another machine.
	///
	/// Stop the node before, and do not start it again: what it signs later is not in the file.
	Export(FileParams),

	/// Merge a record that `export` wrote into the one of this node.
	///
	/// The later seals and votes count, so it can be repeated. A record of another chain is refused.
	Import(FileParams),
}

/// The file, and where the node's own record lies.
#[derive(Debug, clap::Args)]
pub struct FileParams {
	/// File to write or to read.
	#[arg(value_name = "FILE")]
	pub file: PathBuf,

	#[command(flatten)]
	pub shared_params: SharedParams,

	#[command(flatten)]
	pub keystore_params: KeystoreParams,
}

impl SlashingProtectionCmd {
	/// Runs the command.
	pub fn run<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<()> {
		match self {
			Self::Export(params) => params.export(cli),
			Self::Import(params) => params.import(cli),
		}
	}
}

impl FileParams {
	fn export<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<()> {
		let own = self.own_record(cli)?;
		let _lock = own.path().exists().then(|| lock(&own)).transpose()?;
		let record = read(&own)?;
		if self.file.exists() {
			return Err(user_error(format!(
				"{} exists already: name a file that does not",
				self.file.display()
			))
			.into());
		}
		write(&RecordFile::at(self.file.clone()), &record)
	}

	fn import<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<()> {
		let imported = read(&RecordFile::at(self.file.clone()))?;
		let own = self.own_record(cli)?;
		if let Some(folder) = own.path().parent() {
			fs::create_dir_all(folder).map_err(|error| {
				user_error(format!("cannot create {}: {error}", folder.display()))
			})?;
		}
		let _lock = lock(&own)?;
		let present = own.load_of(imported.genesis_hash).map_err(|error| {
			user_error(format!("{} is not imported: {error}", self.file.display()))
		})?;
		let mut record = present.unwrap_or_else(|| Record::new(imported.genesis_hash));
		record.merge(imported);
		write(&own, &record)
	}

	/// The record beside the keystore of the node.
	fn own_record<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<RecordFile> {
		match keystore::config(cli, &self.shared_params, &self.keystore_params)? {
			KeystoreConfig::Path { path, .. } => Ok(RecordFile::beside(&path)),
			KeystoreConfig::InMemory => {
				Err(user_error("a keystore in memory has no record on disk").into())
			},
		}
	}
}

fn read(file: &RecordFile) -> sc_cli::Result<Record> {
	let record = file.load().map_err(|error| user_error(error.to_string()))?;
	let missing = || {
		user_error(format!(
			"there is no slashing protection record at {}: name the --chain and --base-path of a node \
			that has signed, or the file that `export` wrote",
			file.path().display()
		))
	};
	Ok(record.ok_or_else(missing)?)
}

/// Keeps the node from starting meanwhile.
fn lock(file: &RecordFile) -> sc_cli::Result<RecordLock> {
	Ok(file.lock().map_err(|error| user_error(error.to_string()))?)
}

fn write(file: &RecordFile, record: &Record) -> sc_cli::Result<()> {
	file.save(record).map_err(|error| user_error(error.to_string()))?;
	println!("{}", file.path().display());
	Ok(())
}
