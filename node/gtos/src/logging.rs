//! Writes the log as lines of JSON for log collectors. The SDK writes the plain log.

use fdlimit::Outcome;
use sc_cli::{SharedParams, SubstrateCli};
use serde_json::{json, Map, Value};
use std::{env, fmt, io};
use tracing::{
	field::{Field, Visit},
	Event, Subscriber,
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
	sp_panic_handler::set(&C::support_url(), &C::impl_version());
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
		let mut timestamp = String::new();
		SystemTime.format_time(&mut Writer::new(&mut timestamp))?;

		let Fields(mut fields) = {
			let mut fields = Fields::default();
			event.record(&mut fields);
			fields
		};
		let metadata = event.metadata();
		// Most of the SDK logs through the `log` crate, whose events carry their origin as fields.
		let target = fields.remove("log.target").unwrap_or_else(|| metadata.target().into());
		fields.retain(|name, _| !name.starts_with("log."));

		let mut line = json!({
			"timestamp": timestamp,
			"level": metadata.level().as_str(),
			"target": target,
			"message": fields.remove("message").unwrap_or_default(),
		});
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
	fn default_filter_is_valid_and_later_directives_win() {
		let filter = EnvFilter::try_new(format!("{DEFAULT_FILTER},debug")).expect("it parses");
		assert!(filter.to_string().contains("debug"));
	}
}
