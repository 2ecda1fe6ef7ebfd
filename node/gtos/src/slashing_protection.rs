//! `slashing-protection`: moves the record of what a validator has signed to another machine.

use crate::keystore;
use gtos_node_slashing_protection::{Error, Record, RecordFile, RecordLock};
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
	/// The later seals and votes count, so it can be repeated. A record of another chain is refused. If the node's
	/// own record is damaged, its name gets the ending `.damaged`, and the imported one takes its place.
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
		let mut record = self.present_record(&own, &imported)?;
		record.merge(imported);
		write(&own, &record)
	}

	/// The record of the node, to which `imported` is added; a new one if there is none, or a damaged one.
	fn present_record(&self, own: &RecordFile, imported: &Record) -> sc_cli::Result<Record> {
		let genesis_hash = imported.genesis_hash;
		let (path, reason) = match own.load_of(genesis_hash) {
			Ok(present) => return Ok(present.unwrap_or_else(|| Record::new(genesis_hash))),
			Err(Error::Damaged { path, reason }) => (path, reason),
			Err(error) => {
				let file = self.file.display();
				return Err(user_error(format!("{file} is not imported: {error}")).into());
			},
		};
		let aside = own.set_aside().map_err(|error| user_error(error.to_string()))?;
		eprintln!(
			"The record {} was damaged: {reason}. It is now {}, and the imported one takes its place. If the node \
			has signed anything since that was exported, only the damaged record held it",
			path.display(),
			aside.display(),
		);
		Ok(Record::new(genesis_hash))
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
