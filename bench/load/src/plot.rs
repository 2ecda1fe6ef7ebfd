//! Line plots, as SVG.

use crate::error::Result;
use plotters::prelude::*;
use std::path::Path;

const WIDTH: u32 = 900;
/// Of each panel.
const HEIGHT: u32 = 320;
const COLOURS: [RGBColor; 4] =
	[RGBColor(31, 119, 180), RGBColor(214, 39, 40), RGBColor(44, 160, 44), RGBColor(127, 127, 127)];

/// A line with a name.
pub struct Series {
	pub name: String,
	pub points: Vec<(f64, f64)>,
}

/// Lines over the same axes, which begin at 0.
pub struct Panel {
	pub title: String,
	pub x: String,
	pub y: String,
	pub series: Vec<Series>,
}

impl Panel {
	/// Greatest value of one coordinate, with some room. Never 0, which would leave an axis without length.
	fn end(&self, coordinate: impl Fn(&(f64, f64)) -> f64) -> f64 {
		let points = self.series.iter().flat_map(|series| &series.points);
		let greatest = points.map(coordinate).fold(0.0, f64::max);
		if greatest > 0.0 {
			greatest * 1.05
		} else {
			1.0
		}
	}
}

/// Draws the panels below each other.
pub fn draw(path: &Path, panels: &[Panel]) -> Result<()> {
	let height = HEIGHT * u32::try_from(panels.len())?;
	let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
	root.fill(&WHITE)?;
	for (area, panel) in root.split_evenly((panels.len(), 1)).iter().zip(panels) {
		let mut chart = ChartBuilder::on(area)
			.caption(&panel.title, ("sans-serif", 18))
			.margin(10)
			.x_label_area_size(40)
			.y_label_area_size(70)
			.build_cartesian_2d(0.0..panel.end(|point| point.0), 0.0..panel.end(|point| point.1))?;
		chart
			.configure_mesh()
			.light_line_style(WHITE)
			.x_desc(panel.x.as_str())
			.y_desc(panel.y.as_str())
			.draw()?;
		for (series, colour) in panel.series.iter().zip(COLOURS.into_iter().cycle()) {
			let line = LineSeries::new(series.points.iter().copied(), colour.filled());
			chart
				.draw_series(line.point_size(2))?
				.label(series.name.as_str())
				.legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], colour));
		}
		chart
			.configure_series_labels()
			.position(SeriesLabelPosition::UpperLeft)
			.background_style(WHITE.mix(0.8))
			.border_style(BLACK)
			.draw()?;
	}
	root.present()?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn plot_names_titles_axes_and_lines() {
		let folder =
			std::env::temp_dir().join(format!("gtos-load-plot-{}.svg", std::process::id()));
		let panel = |title: &str, points| Panel {
			title: title.into(),
			x: "seconds".into(),
			y: "transactions a second".into(),
			series: vec![Series { name: "a name".into(), points }],
		};
		draw(&folder, &[panel("first", vec![(0.0, 1.0), (1.0, 2.0)]), panel("second", Vec::new())])
			.expect("the plot is written");
		let svg = std::fs::read_to_string(&folder).expect("the plot is there");
		std::fs::remove_file(&folder).expect("the plot is there");
		for text in ["first", "second", "seconds", "transactions a second", "a name"] {
			assert!(svg.contains(text), "{text} is not in the plot");
		}
	}
}
