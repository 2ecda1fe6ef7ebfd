//! Starts and stops the nodes that are compared.

use crate::{
	chain,
	client::{Client, NONE},
	error::Result,
	measurement::Target,
	process::Process,
};
use serde::Serialize;
use std::{
	fs::{self, File},
	net::{Ipv4Addr, TcpListener},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};
use tokio::time::sleep;

/// Well-known validators of the preset `local` of both chains.
const VALIDATORS: [&str; 3] = ["alice", "bob", "charlie"];
/// How long a network may take to finalise its first blocks. A validator compiles its runtime first.
const START_TIMEOUT: Duration = Duration::from_secs(180);
const POLL_PERIOD: Duration = Duration::from_millis(200);
/// A network is ready when this height is final.
const READY_HEIGHT: u64 = 3;
/// A connection for each request over HTTP, and some more.
const MAX_CONNECTIONS: &str = "1000";

/// One of the programs that are compared.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
	pub name: String,
	/// Program and arguments.
	pub command: Vec<String>,
}

impl Side {
	/// Splits a command line at its spaces.
	pub fn new(name: &str, command: &str) -> Result<Self, String> {
		let command: Vec<String> = command.split_whitespace().map(Into::into).collect();
		if command.is_empty() {
			return Err(format!("the side {name} has no command"));
		}
		Ok(Self { name: name.into(), command })
	}

	/// What the program says of its version; nothing if it cannot be started.
	pub fn version(&self) -> String {
		let program = self.command.first();
		let output = program.and_then(|name| Command::new(name).arg("--version").output().ok());
		output.map_or_else(String::new, |output| {
			String::from_utf8_lossy(&output.stdout).trim().to_string()
		})
	}
}

/// Where and how the nodes run.
#[derive(Clone, Debug, Serialize, clap::Args)]
pub struct Place {
	/// Number of validators: 1 with the preset `dev`, or 3 with `local`.
	#[arg(long, default_value_t = 1, value_parser = validators)]
	pub validators: u8,

	/// Processors on which the nodes run, as `taskset` names them. The default is all.
	#[arg(long, value_name = "LIST")]
	pub node_cores: Option<String>,

	/// First of the ports: those of JSON-RPC, and 40 higher those of the peer-to-peer network.
	#[arg(long, default_value_t = 9_700)]
	pub port: u16,

	/// Existing folder for the databases, which are deleted. The default is that for the figures.
	#[arg(long, value_name = "FOLDER")]
	pub folder: Option<PathBuf>,
}

/// A running node. It is killed when it goes out of scope.
struct Node {
	process: Child,
	url: String,
	data: PathBuf,
	log: PathBuf,
}

impl Drop for Node {
	fn drop(&mut self) {
		// Both fail only if the process has ended.
		let _ = self.process.kill();
		let _ = self.process.wait();
		let _ = fs::remove_dir_all(&self.data);
	}
}

/// A running network of fresh nodes.
pub struct Network {
	nodes: Vec<Node>,
}

impl Network {
	/// Starts nodes with empty databases and waits until they finalise blocks. Their logs go to the folder `logs`.
	pub async fn start(side: &Side, place: &Place, logs: &Path) -> Result<Self> {
		let mut nodes = Vec::new();
		let mut peers = Vec::new();
		for index in 0..place.validators {
			let mut node = Node::start(side, place, logs, index, &peers)?;
			let client = node.connect().await?;
			let peer: String = client.request("system_localPeerId", NONE).await?;
			peers.push(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", peer_port(place, index)));
			nodes.push(node);
		}
		for node in &mut nodes {
			node.wait_until_final(READY_HEIGHT).await?;
		}
		Ok(Self { nodes })
	}

	pub fn target(&self) -> Target {
		let process =
			|node: &Node| Process { pid: node.process.id(), folder: Some(node.data.clone()) };
		Target {
			urls: self.nodes.iter().map(|node| node.url.clone()).collect(),
			processes: self.nodes.iter().map(process).collect(),
		}
	}
}

fn rpc_port(place: &Place, index: u8) -> u16 {
	place.port.saturating_add(index.into())
}

fn peer_port(place: &Place, index: u8) -> u16 {
	place.port.saturating_add(40).saturating_add(index.into())
}

/// Fails if something listens on the port: a node would then choose another one.
fn ensure_free(port: u16) -> Result<()> {
	TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
		format!("port {port} cannot be used ({error}): end what listens there, or name others with --port")
	})?;
	Ok(())
}

impl Node {
	fn start(side: &Side, place: &Place, logs: &Path, index: u8, peers: &[String]) -> Result<Self> {
		let name = format!("gtos-load-{}-{}-{index}", std::process::id(), side.name);
		let data = place.folder.as_deref().unwrap_or(logs).join(&name);
		let log = logs.join(format!("{}-{index}.log", side.name));
		ensure_free(rpc_port(place, index))?;
		fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
		let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
		let mut line = pinned(place, &side.command);
		line.extend(arguments(place, index, &data, peers));
		let (program, rest) = line.split_first().ok_or("a side has no command")?;
		let process = Command::new(program)
			.args(rest)
			.stdin(Stdio::null())
			.stdout(output.try_clone()?)
			.stderr(output)
			.spawn()
			.map_err(|error| format!("{program} cannot be started: {error}"))?;
		let url = format!("ws://127.0.0.1:{}", rpc_port(place, index));
		Ok(Self { process, url, data, log })
	}

	/// Fails if the process has ended.
	fn ensure_running(&mut self) -> Result<()> {
		match self.process.try_wait()? {
			None => Ok(()),
			Some(status) => {
				Err(format!("the node has ended, {status}: see {}", self.log.display()).into())
			},
		}
	}

	/// Waits until the node answers.
	async fn connect(&mut self) -> Result<Client> {
		let deadline = Instant::now() + START_TIMEOUT;
		loop {
			self.ensure_running()?;
			match Client::connect(&self.url, 1).await {
				Ok(client) => return Ok(client),
				Err(error) if Instant::now() >= deadline => return Err(error),
				Err(_) => sleep(POLL_PERIOD).await,
			}
		}
	}

	async fn wait_until_final(&mut self, height: u64) -> Result<()> {
		let client = self.connect().await?;
		let deadline = Instant::now() + START_TIMEOUT;
		while chain::final_height(&client).await? < height {
			self.ensure_running()?;
			if Instant::now() >= deadline {
				return Err(
					format!("the node finalises no blocks: see {}", self.log.display()).into()
				);
			}
			sleep(POLL_PERIOD).await;
		}
		Ok(())
	}
}

/// The command, on the processors that `place` names.
fn pinned(place: &Place, command: &[String]) -> Vec<String> {
	let prefix = place.node_cores.iter().flat_map(|cores| ["taskset", "-c", cores.as_str()]);
	prefix.map(String::from).chain(command.iter().cloned()).collect()
}

/// The arguments that all sides understand.
fn arguments(place: &Place, index: u8, data: &Path, peers: &[String]) -> Vec<String> {
	let validator = format!("--{}", VALIDATORS[usize::from(index) % VALIDATORS.len()]);
	let data = data.display().to_string();
	let rpc_port = rpc_port(place, index).to_string();
	let address = format!("/ip4/127.0.0.1/tcp/{}", peer_port(place, index));
	let mut arguments = match place.validators {
		1 => vec!["--dev"],
		_ => vec!["--chain", "local", &validator, "--unsafe-force-node-key-generation"],
	};
	arguments.extend(["--base-path", &data, "--rpc-port", &rpc_port]);
	arguments.extend(["--rpc-max-connections", MAX_CONNECTIONS, "--listen-addr", &address]);
	arguments.extend(["--no-mdns", "--no-prometheus", "--no-telemetry"]);
	if !peers.is_empty() {
		arguments.push("--reserved-nodes");
		arguments.extend(peers.iter().map(String::as_str));
	}
	arguments.into_iter().map(String::from).collect()
}

/// Reads the number of validators. Two of the three of `local` could finalise nothing.
fn validators(text: &str) -> Result<u8, String> {
	match text {
		"1" => Ok(1),
		"3" => Ok(3),
		_ => Err("must be 1 or 3".into()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn place(validators: u8, node_cores: Option<&str>) -> Place {
		Place { validators, node_cores: node_cores.map(Into::into), port: 9_700, folder: None }
	}

	#[test]
	fn command_on_some_cores_is_started_by_taskset() {
		let side = Side::new("a", " node  --x 1 ").expect("there is a command");
		assert_eq!(pinned(&place(1, None), &side.command), ["node", "--x", "1"]);
		let pinned = pinned(&place(1, Some("0,1")), &side.command);
		assert_eq!(pinned, ["taskset", "-c", "0,1", "node", "--x", "1"]);
		assert!(Side::new("a", " ").is_err());
	}

	#[test]
	fn nodes_of_a_network_have_their_own_keys_and_ports_and_know_the_others() {
		let peers = ["one".to_string(), "two".to_string()];
		let third = arguments(&place(3, None), 2, Path::new("/data"), &peers).join(" ");
		for part in [
			"--chain local --charlie ",
			"--rpc-port 9702 ",
			"--listen-addr /ip4/127.0.0.1/tcp/9742 ",
			"--reserved-nodes one two",
		] {
			assert!(third.contains(part), "{part} is not in {third}");
		}
		let single = arguments(&place(1, None), 0, Path::new("/data"), &[]).join(" ");
		assert!(single.starts_with("--dev --base-path /data --rpc-port 9700 "), "{single}");
	}
}
