//! Writes the log as lines of JSON for log collectors. The SDK writes the plain log.

use fdlimit::Outcome;
use sc_cli::{SharedParams, SubstrateCli};
use serde_json::{json, Map, Value};
use std::{
	env,
	ffi::OsString,
	fmt,
	io::{self, Write},
	panic,
};
use tracing::{
	field::{Field, Visit},
	level_filters::LevelFilter,
	Event, Level, Subscriber,
};
use tracing_subscriber::{
	fmt::{
		format::Writer,
		time::{FormatTime, SystemTime},
		FmtContext, FormatEvent, FormatFields,
	},
	registry::LookupSpan,
	EnvFilter,
};

/// Default log levels, the same as those of the SDK's plain log.
const DEFAULT_FILTER: &str = "info,ws=off,yamux=off,regalloc=off,cranelift_codegen=off,\
	cranelift_wasm=warn,hyper=warn,trust_dns_proto=off,hickory_proto=off,\
	libp2p_mdns::behaviour::iface=off,rustls::common_state=off,rustls::conn=off";

/// Filters that leave out JSON-RPC requests. They come last, so they replace any other for the same target.
const WITHOUT_REQUESTS: [&str; 2] = ["jsonrpsee-server=debug", "rpc_metrics=debug"];

/// Limit of open files below which a warning is logged, as in the SDK.
const RECOMMENDED_OPEN_FILES: u64 = 10_000;

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum LogFormat {
	/// Text for people.
	Plain,
	/// One JSON object per line.
	Json,
}

impl LogFormat {
	/// The format that the arguments ask for. Also finds it if the arguments have errors, which are
	/// then reported in this format.
	pub fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> Self {
		let mut is_value = false;
		for argument in arguments {
			if argument == "--" {
				break;
			}
			if argument == "--log-format=json" || (is_value && argument == "json") {
				return Self::Json;
			}
			is_value = argument == "--log-format";
		}
		Self::Plain
	}
}

/// Writes a message to standard error that does not come through the log: the reason why there is no
/// node. A reader that is gone is not an error.
pub fn report(message: &str, format: LogFormat) {
	write("Error", Level::ERROR, message, format);
}

/// Writes a warning to standard error before there is a log.
pub fn warn(message: &str, format: LogFormat) {
	write("Warning", Level::WARN, message, format);
}

fn write(label: &str, level: Level, message: &str, format: LogFormat) {
	let mut stderr = io::stderr();
	let _ = match format {
		LogFormat::Plain => writeln!(stderr, "{label}: {message}"),
		LogFormat::Json => {
			writeln!(stderr, "{}", line(level.as_str(), "gtos", message.into()))
		},
	};
}

/// Keeps JSON-RPC requests out of the log, whatever level the operator chooses: `author_insertKey` carries a
/// secret.
///
/// Only the level `trace` shows them. Otherwise nothing is changed, because a filter for one more target would
/// make the others slower.
pub fn hide_requests(params: &mut SharedParams) {
	let mut directives = vec![env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default()];
	directives.extend(params.log.iter().cloned());
	if shows_requests(&directives) {
		params.log.extend(WITHOUT_REQUESTS.map(Into::into));
	}
}

fn shows_requests(directives: &[String]) -> bool {
	let given = directives.iter().filter(|directives| !directives.is_empty()).cloned();
	let filter = EnvFilter::try_new(given.collect::<Vec<_>>().join(","));
	// An invalid filter keeps the node from starting.
	filter.is_ok_and(|filter| filter.max_level_hint() == Some(LevelFilter::TRACE))
}

/// Sets the panic message, the JSON log and the limit of open files, as the SDK does with its plain
/// log.
///
/// Filters come from `RUST_LOG` and `--log`.
pub fn init_json<C: SubstrateCli>(params: &SharedParams) -> sc_cli::Result<()> {
	if params.tracing_targets.is_some() {
		return Err(sc_cli::Error::Input(
			"--tracing-targets needs the plain log: leave out --log-format json".into(),
		));
	}
	set_panic_hook::<C>();
	// Some messages of the SDK contain colour codes unless colours are off.
	console::set_colors_enabled(false);

	let mut directives = vec![DEFAULT_FILTER.to_string()];
	directives.extend(env::var(EnvFilter::DEFAULT_ENV).ok());
	directives.extend_from_slice(params.log_filters());
	directives.retain(|directive| !directive.is_empty());
	let filter = EnvFilter::try_new(directives.join(","))
		.map_err(|error| sc_cli::Error::Input(format!("--log or RUST_LOG: {error}")))?;

	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(io::stderr)
		// They would be printed to standard error, which panics if its reader is gone.
		.log_internal_errors(false)
		.event_format(JsonLines)
		.try_init()?;

	match fdlimit::raise_fd_limit() {
		Ok(Outcome::LimitRaised { to, .. }) if to < RECOMMENDED_OPEN_FILES => tracing::warn!(
			"This process may open {to} files at a time; {RECOMMENDED_OPEN_FILES} are recommended",
		),
		Ok(_) => {},
		Err(error) => tracing::warn!("The limit of open files could not be raised: {error}"),
	}
	Ok(())
}

/// Reports a panic as a line of JSON. The SDK's report follows as text, because only its hook knows
/// whether the process has to end.
fn set_panic_hook<C: SubstrateCli>() {
	sp_panic_handler::set(&C::support_url(), &C::impl_version());
	let of_the_sdk = panic::take_hook();
	panic::set_hook(Box::new(move |info| {
		let _ = writeln!(io::stderr(), "{}", line("ERROR", "panic", info.to_string().into()));
		of_the_sdk(info);
	}));
}

/// A line of the log without further fields.
fn line(level: &str, target: &str, message: Value) -> Value {
	let mut timestamp = String::new();
	// A string takes all that is written to it.
	let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
	json!({ "timestamp": timestamp, "level": level, "target": target, "message": message })
}

/// Writes an event as `{"timestamp", "level", "target", "message", "fields"}`.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
	S: Subscriber + for<'a> LookupSpan<'a>,
	N: for<'a> FormatFields<'a> + 'static,
{
	fn format_event(
		&self,
		_: &FmtContext<'_, S, N>,
		mut writer: Writer<'_>,
		event: &Event<'_>,
	) -> fmt::Result {
		let Fields(mut fields) = {
			let mut fields = Fields::default();
			event.record(&mut fields);
			fields
		};
		let metadata = event.metadata();
		// Most of the SDK logs through the `log` crate, whose events carry their origin as fields.
		let target = fields.remove("log.target");
		let target = target.as_ref().and_then(Value::as_str).unwrap_or(metadata.target());
		fields.retain(|name, _| !name.starts_with("log."));

		let message = fields.remove("message").unwrap_or_default();
		let mut line = line(metadata.level().as_str(), target, message);
		if !fields.is_empty() {
			line["fields"] = Value::Object(fields);
		}
		writeln!(writer, "{line}")
	}
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
	fn put(&mut self, field: &Field, value: impl Into<Value>) {
		self.0.insert(field.name().into(), value.into());
	}
}

impl Visit for Fields {
	fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
		self.put(field, format!("{value:?}"));
	}

	fn record_str(&mut self, field: &Field, value: &str) {
		self.put(field, value);
	}

	fn record_i64(&mut self, field: &Field, value: i64) {
		self.put(field, value);
	}

	fn record_u64(&mut self, field: &Field, value: u64) {
		self.put(field, value);
	}

	fn record_bool(&mut self, field: &Field, value: bool) {
		self.put(field, value);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::{Arc, Mutex};

	#[derive(Clone, Default)]
	struct Buffer(Arc<Mutex<Vec<u8>>>);

	impl io::Write for Buffer {
		fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
			self.0.lock().expect("no writer panics").extend_from_slice(bytes);
			Ok(bytes.len())
		}

		fn flush(&mut self) -> io::Result<()> {
			Ok(())
		}
	}

	/// The lines that `log` writes.
	fn lines(log: impl FnOnce()) -> Vec<Value> {
		let buffer = Buffer::default();
		let writer = buffer.clone();
		let subscriber = tracing_subscriber::fmt()
			.with_writer(move || writer.clone())
			.event_format(JsonLines)
			.finish();
		tracing::subscriber::with_default(subscriber, log);
		let text = buffer.0.lock().expect("no writer panics").clone();
		String::from_utf8(text)
			.expect("the log is text")
			.lines()
			.map(|line| serde_json::from_str(line).expect("every line is JSON"))
			.collect()
	}

	#[test]
	fn event_is_one_line_with_its_fields() {
		let lines = lines(|| tracing::warn!(target: "sync", peers = 3, "two\n\"lines\""));
		assert_eq!(lines.len(), 1);
		assert_eq!(lines[0]["level"], "WARN");
		assert_eq!(lines[0]["target"], "sync");
		assert_eq!(lines[0]["message"], "two\n\"lines\"");
		assert_eq!(lines[0]["fields"], json!({ "peers": 3 }));
		assert!(lines[0]["timestamp"].is_string());
	}

	#[test]
	fn origin_of_a_log_record_replaces_the_target() {
		let lines = lines(|| {
			tracing::event!(
				target: "log",
				tracing::Level::INFO,
				log.target = "grandpa",
				log.file = "a.rs",
				"finalised"
			)
		});
		assert_eq!(lines[0]["target"], "grandpa");
		assert_eq!(lines[0]["message"], "finalised");
		assert!(lines[0].get("fields").is_none());
	}

	#[test]
	fn format_is_found_among_arguments_with_errors() {
		let asked_for = |arguments: &[&str]| {
			LogFormat::asked_for(arguments.iter().map(|argument| OsString::from(*argument)))
		};
		for arguments in [
			&["gtos", "--log-format", "json", "--no-such-option"][..],
			&["gtos", "--no-such-option", "--log-format=json"],
		] {
			assert_eq!(asked_for(arguments), LogFormat::Json);
		}
		for arguments in
			[&["gtos", "--name", "json"][..], &["gtos", "--log-format", "plain"], &["gtos"]]
		{
			assert_eq!(asked_for(arguments), LogFormat::Plain);
		}
	}

	#[test]
	fn requests_are_hidden_wherever_trace_is_asked_for() {
		let shows = |directives: &[&str]| {
			shows_requests(&directives.iter().map(|it| it.to_string()).collect::<Vec<_>>())
		};
		for trace in ["trace", "sync=debug,jsonrpsee-server=TRACE", "jsonrpsee-server=5"] {
			assert!(shows(&["", trace]), "{trace}");
		}
		assert!(!shows(&["", "sync=debug", "grandpa=info"]));
		assert!(!shows(&[""]));
		for without in WITHOUT_REQUESTS {
			let with = without.replace("debug", "trace");
			let filter = EnvFilter::try_new(format!("trace,{with},{without}")).expect("it parses");
			let filter = filter.to_string();
			assert!(filter.contains(without) && !filter.contains(&with), "{filter}");
		}
	}

	#[test]
	fn default_filter_is_valid_and_later_directives_win() {
		let filter = EnvFilter::try_new(format!("{DEFAULT_FILTER},debug")).expect("it parses");
		assert!(filter.to_string().contains("debug"));
	}
}
