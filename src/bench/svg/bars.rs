//! What the daemon costs as a multiple of the relay: a bar for each figure and number of calls.

use super::{Anchor, Picture, WIDTH, step, ticks};
use crate::bench::report::on;
use crate::bench::runs::{Ratio, Report};

/// The figures that have bars.
const FIGURES: [&str; 6] = ["CPU", "memory", "up p50", "up p99", "down p50", "down p99"];
const LEFT: f64 = 170.0;
/// Room on the right for a bar's number.
const RIGHT: f64 = 60.0;
const TOP: f64 = 70.0;
const BAR: f64 = 16.0;
const GAP: f64 = 14.0;

/// The ratios as bars, with a line from the least to the greatest of the pairs. `None` without a relay.
#[must_use]
pub fn ratios(report: &Report) -> Option<String> {
    let rows: Vec<Vec<(u32, Ratio)>> = FIGURES.iter().map(|name| of(report, name)).collect();
    let most = rows.iter().flatten().map(|(_, ratio)| ratio.max).reduce(f64::max)?;
    let bars: f64 = rows.iter().map(|row| row.len() as f64).sum();
    let bottom = TOP + bars * BAR + FIGURES.len() as f64 * GAP;
    let step = step(most, 8.0);
    let wide = ticks(most, step).last().unwrap_or(most);
    let x = |ratio: f64| LEFT + ratio / wide * (WIDTH - LEFT - RIGHT);

    let plan = &report.plan;
    let below = format!("{} pairs of {} s, {}", plan.pairs, plan.seconds, on(report.pinning));
    let title = "The daemon's cost as a multiple of the bare relay's";
    let mut picture = Picture::new(bottom + 34.0, title, &below);
    for tick in ticks(most, step) {
        picture.line("grid", (x(tick), TOP), (x(tick), bottom));
        picture.text("faint", (x(tick), bottom + 18.0), Anchor::Middle, &format!("{tick}"));
    }
    let mut y = TOP + GAP / 2.0;
    for (name, row) in FIGURES.iter().zip(&rows) {
        picture.text("", (16.0, y + BAR - 3.0), Anchor::Start, name);
        for (calls, Ratio { median, min, max }) in row {
            let middle = y + BAR / 2.0;
            picture.text(
                "faint",
                (LEFT - 8.0, y + BAR - 3.0),
                Anchor::End,
                &format!("{calls} calls"),
            );
            picture.rect("a", (LEFT, y + 1.0), (x(*median) - LEFT, BAR - 2.0));
            picture.line("range", (x(*min), middle), (x(*max), middle));
            let beside = (x(*max) + 6.0, y + BAR - 3.0);
            picture.text("", beside, Anchor::Start, &format!("{median:.2}"));
            y += BAR;
        }
        y += GAP;
    }
    picture.line("axis", (x(1.0), TOP), (x(1.0), bottom));
    Some(picture.finish())
}

fn of(report: &Report, name: &str) -> Vec<(u32, Ratio)> {
    let found = |calls: &u32| {
        let ratios = report.ratios(*calls);
        Some((*calls, ratios.into_iter().find(|(it, _)| *it == name)?.1))
    };
    report.plan.calls.iter().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::{report, scale};

    #[test]
    fn each_figure_has_a_bar_for_each_number_of_calls() {
        let svg = ratios(&scale()).unwrap();
        assert_eq!(svg.matches("class=\"a\"").count(), 2 * FIGURES.len());
        for text in [">400 calls<", ">1000 calls<", ">memory<", ">31.00<", ">1.25<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let alone = Report { runs: report().runs.into_iter().step_by(2).collect(), ..report() };
        assert_eq!(ratios(&alone), None);
    }

    #[test]
    fn the_picture_is_well_formed_and_nothing_leaves_it() {
        let svg = ratios(&scale()).unwrap();
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (name, is_empty) = (tag.split([' ', '>']).next().unwrap(), tag.contains("/>"));
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed));
            } else if !is_empty {
                open.push(name);
            }
        }
        assert_eq!(open, [""; 0]);
        let places = svg.split(" x=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert!(places.map(|x| x.parse::<f64>().unwrap()).all(|x| (0.0..WIDTH).contains(&x)));
    }
}
