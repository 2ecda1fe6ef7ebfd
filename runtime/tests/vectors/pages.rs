//! The pages of `specs/`: the rules that they state, and whether they are built.

use std::{collections::BTreeMap, fs, path::Path};

/// First words of the status of a page whose rules the runtime does not follow yet.
const UNBUILT: &str = "frozen, implementation follows";

pub struct Pages {
	/// Page of each rule.
	pub rules: BTreeMap<String, String>,
	/// Status line of each page that has one.
	statuses: BTreeMap<String, String>,
}

impl Pages {
	pub fn read() -> Self {
		let mut pages = Self { rules: BTreeMap::new(), statuses: BTreeMap::new() };
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
		for entry in fs::read_dir(folder).expect("specs/ is there") {
			let path = entry.expect("it can be read").path();
			if path.extension().is_some_and(|extension| extension == "md") {
				let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
				let text = fs::read_to_string(&path).expect("it can be read");
				pages.add(&name, &text);
			}
		}
		pages
	}

	fn add(&mut self, page: &str, text: &str) {
		for line in text.lines() {
			if let Some(rule) = line.strip_prefix("#### ").and_then(rule_of_heading) {
				let earlier = self.rules.insert(rule.to_owned(), page.to_owned());
				assert_eq!(earlier, None, "{rule} is stated twice");
			} else if let Some(status) = line.strip_prefix("Status: ") {
				self.statuses.entry(page.to_owned()).or_insert_with(|| status.to_owned());
			}
		}
	}

	/// Whether the runtime, or the node, does what the page says.
	pub fn is_built(&self, page: &str) -> bool {
		let status = self
			.statuses
			.get(page)
			.unwrap_or_else(|| panic!("specs/{page}.md has no line that begins with `Status: `"));
		!status.starts_with(UNBUILT)
	}
}

/// `CON-R1` of `CON-R1: slot of a block`.
fn rule_of_heading(heading: &str) -> Option<&str> {
	let (id, _) = heading.split_once(": ")?;
	let (page, number) = id.split_once('-')?;
	let digits = number.strip_prefix(['R', 'I'])?;
	let is_id = page.len() == 3
		&& page.bytes().all(|byte| byte.is_ascii_uppercase())
		&& !digits.is_empty()
		&& digits.bytes().all(|byte| byte.is_ascii_digit());
	is_id.then_some(id)
}

#[test]
fn headings_of_rules_are_told_from_others() {
	assert_eq!(rule_of_heading("CON-R1: slot of a block"), Some("CON-R1"));
	assert_eq!(rule_of_heading("CTR-I12: code"), Some("CTR-I12"));
	for heading in ["CON-R1", "CON-X1: a", "CON-R: a", "con-R1: a", "CONS-R1: a", "Terms: all"] {
		assert_eq!(rule_of_heading(heading), None, "{heading}");
	}
}
