//! Pictures of results, as SVG written by hand. They bring their own ground, so that their text can be
//! read on a light page and on a dark one.

mod bars;
mod curve;

pub use bars::ratios;
pub use curve::memory;

/// Room on the left for what rows and lines mean.
const WIDTH: f64 = 760.0;
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.faint{fill:#59636e}.ground{fill:#fff}.axis{stroke:#8c959f}.grid{stroke:#d1d9e0}\
.a{fill:#0969da}.b{fill:#bc4c00}.line{fill:none;stroke-width:2}.line.a{stroke:#0969da;fill:none}\
.line.b{stroke:#bc4c00;fill:none}.range{stroke:#1f2328}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.faint{fill:#9198a1}.ground{fill:#0d1117}\
.axis{stroke:#656c76}.grid{stroke:#3d444d}.a{fill:#4493f8}.b{fill:#f0883e}\
.line.a{stroke:#4493f8}.line.b{stroke:#f0883e}.range{stroke:#f0f6fc}}";

/// A picture under way. Places are in pixels, from the upper left.
struct Picture {
    height: f64,
    body: String,
}

/// Where a text stands, seen from its place.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Picture {
    /// A picture under this title.
    fn new(height: f64, title: &str, below: &str) -> Self {
        let mut picture = Self { height, body: String::new() };
        picture.add(&format!("<title>{}</title>", escaped(title)));
        picture.add(&format!("<style>{STYLE}</style>"));
        picture.rect("ground", (0.0, 0.0), (WIDTH, height));
        picture.text("", (16.0, 28.0), Anchor::Start, title);
        picture.text("faint", (16.0, 48.0), Anchor::Start, below);
        picture
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.add(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        ));
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(&format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    fn curve(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.add(&format!("<polyline class=\"line {class}\" points=\"{}\"/>", points.join(" ")));
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.as_str(), escaped(text));
        self.add(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn add(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn finish(self) -> String {
        let Self { height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\">\n{body}</svg>\n"
        )
    }
}

impl Anchor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Text as it stands between tags and in attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The least of 1, 2, 5, 10, 20 and so on that divides `most` into at most `parts` steps.
fn step(most: f64, parts: f64) -> f64 {
    let least = (most / parts).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(least.log10().floor());
    let digits = [1.0, 2.0, 5.0, 10.0];
    digits.into_iter().map(|digit| digit * power).find(|it| *it >= least).unwrap_or(least)
}

/// 0, `step`, twice as much and so on, until `most` is reached.
fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..=(most / step).ceil() as u32).map(move |number| f64::from(number) * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_reach_the_most() {
        assert_eq!([step(11.0, 6.0), step(2.1, 6.0), step(97_000.0, 5.0)], [2.0, 0.5, 20_000.0]);
        assert_eq!(ticks(11.0, 2.0).collect::<Vec<_>>(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
        assert!(step(0.0, 5.0) > 0.0);
    }

    #[test]
    fn no_text_becomes_an_element() {
        assert_eq!(escaped("<a href=\"b\">&"), "&lt;a href=&quot;b&quot;&gt;&amp;");
    }
}
