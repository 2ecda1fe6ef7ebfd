//! The rules that the pages of `specs/` state.

use std::{collections::BTreeMap, fs};

/// The page of each rule.
pub fn rules() -> BTreeMap<String, String> {
	let mut rules = BTreeMap::new();
	// Cargo runs tests in the folder of their crate.
	for entry in fs::read_dir("../specs").expect("specs/ is there") {
		let path = entry.expect("it can be read").path();
		if path.extension().is_some_and(|extension| extension == "md") {
			let page = path.file_stem().expect("it has a name").to_string_lossy();
			let text = fs::read_to_string(&path).expect("it can be read");
			let headings = text.lines().filter_map(|line| line.strip_prefix("#### "));
			for rule in headings.filter_map(rule_of_heading) {
				let earlier = rules.insert(rule.to_owned(), page.to_string());
				assert_eq!(earlier, None, "{rule} is stated twice");
			}
		}
	}
	rules
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
fn headings_of_rules_are_distinguished_from_others() {
	assert_eq!(rule_of_heading("CON-R1: slot of a block"), Some("CON-R1"));
	assert_eq!(rule_of_heading("TTL-I1: entries"), Some("TTL-I1"));
	for heading in ["CON-R1", "CON-X1: a", "CON-R: a", "con-R1: a", "CONS-R1: a", "Terms: all"] {
		assert_eq!(rule_of_heading(heading), None, "{heading}");
	}
}
