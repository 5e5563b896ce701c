//! Memory over the time of a soak.

use super::{Anchor, Picture, WIDTH, step, ticks};
use crate::bench::report::on;
use crate::bench::runs::Sample;
use crate::bench::soak::Soak;

const LEFT: f64 = 70.0;
const RIGHT: f64 = 120.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 330.0;
const KIB: f64 = 1024.0;

/// Memory as two lines, with files and without. `None` without samples.
#[must_use]
pub fn memory(soak: &Soak) -> Option<String> {
    let last = soak.samples.last()?;
    let minutes = f64::from(last.at) / 60.0;
    let most = soak.samples.iter().map(|it| it.resident_kib / KIB).reduce(f64::max)?;
    let (up, along) = (step(most, 6.0), step(minutes, 8.0));
    let high = ticks(most, up).last().unwrap_or(most);
    let x = |minute: f64| LEFT + minute / minutes * (WIDTH - LEFT - RIGHT);
    let y = |mib: f64| BOTTOM - mib / high * (BOTTOM - TOP);

    let (calls, on) = (soak.plan.calls, on(soak.pinning));
    let slope = soak.slope().map_or_else(String::new, |it| format!("; {it:+.1} KiB a minute"));
    let title = format!("Memory while {calls} calls come and go");
    let below =
        format!("{} ended, {} pieces lost{slope}; {on}", last.lately.ended, last.lately.lost);
    let mut picture = Picture::new(BOTTOM + 44.0, &title, &below);
    for tick in ticks(most, up) {
        picture.line("grid", (LEFT, y(tick)), (WIDTH - RIGHT, y(tick)));
        picture.text("faint", (LEFT - 8.0, y(tick) + 4.0), Anchor::End, &format!("{tick} MiB"));
    }
    for tick in ticks(minutes, along).filter(|tick| *tick <= minutes) {
        picture.text("faint", (x(tick), BOTTOM + 18.0), Anchor::Middle, &number(tick));
    }
    picture.line("axis", (LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM));
    picture.text("faint", (WIDTH - RIGHT, BOTTOM + 36.0), Anchor::End, "minutes");
    let mut plot = |class: &str, name: &str, of: fn(&Sample) -> f64| {
        let points = soak.samples.iter().map(|it| (x(f64::from(it.at) / 60.0), y(of(it) / KIB)));
        picture.curve(class, points);
        let beside = (WIDTH - RIGHT + 8.0, y(of(last) / KIB) + 4.0);
        picture.text(class, beside, Anchor::Start, name);
    };
    plot("a", "resident", |sample| sample.resident_kib);
    plot("b", "without files", |sample| sample.anonymous_kib);
    Some(picture.finish())
}

/// Without the noise of binary fractions.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::soak::tests::soak;

    #[test]
    fn memory_is_two_lines_over_the_minutes_and_in_the_picture() {
        let svg = memory(&soak(|number| 80_000.0 + f64::from(number) * 60.0)).unwrap();
        let lines: Vec<&str> = svg.split("points=\"").skip(1).collect();
        assert_eq!(lines.len(), 2);
        for line in lines {
            let points: Vec<&str> = line.split('"').next().unwrap().split(' ').collect();
            assert_eq!(points.len(), 180);
            for (x, y) in points.iter().map(|point| point.split_once(',').unwrap()) {
                let (x, y) = (x.parse::<f64>().unwrap(), y.parse::<f64>().unwrap());
                assert!((LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=BOTTOM).contains(&y));
            }
        }
        for text in [">resident<", ">without files<", ">30<", "+360.0 KiB a minute", ">120 MiB<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert_eq!(memory(&Soak { samples: Vec::new(), ..soak(|_| 1.0) }), None);
        assert_eq!([number(0.1 + 0.2), number(10.0), number(0.0)], ["0.3", "10", "0"]);
    }
}
