//! Bars and the curve, as SVG. Each is a picture with a label, and has the same data in a table.

use maud::{Markup, html};

use crate::figures::{grouped, percent, share};

/// One bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    /// Its parts, one for each [`Series`].
    pub(crate) values: Vec<u64>,
    /// Whether it stands for all that has no bar of its own.
    pub(crate) is_rest: bool,
}

impl Bar {
    pub(crate) fn new(label: impl Into<String>, value: u64) -> Self {
        Bar { label: label.into(), values: vec![value], is_rest: false }
    }

    pub(crate) fn rest(label: &str, value: u64) -> Self {
        Bar { is_rest: true, ..Bar::new(label, value) }
    }

    fn sum(&self) -> u64 {
        self.values.iter().sum()
    }
}

/// What bars count: a noun for people, and the class of its colour.
#[derive(Clone, Copy)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
}

/// Bars below each other.
pub(crate) struct Bars<'c> {
    /// What the picture shows.
    pub(crate) title: &'c str,
    /// What a bar stands for, such as a country.
    pub(crate) of: &'c str,
    pub(crate) series: &'c [Series],
    pub(crate) bars: Vec<Bar>,
    /// What all bars are shares of, if they are.
    pub(crate) whole: Option<u64>,
}

impl Bars<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let longest = self.bars.iter().map(Bar::sum).max().unwrap_or(0);
        html! {
            figure.chart {
                figcaption { h3 { (self.title) } @if self.series.len() > 1 { (legend(self.series)) } }
                div.bars role="img" aria-label=(self.label()) {
                    @for bar in &self.bars {
                        div.label dir="auto" { (bar.label) }
                        div.count { (grouped(bar.sum())) @if let Some(whole) = self.whole {
                            " " span.share { (percent(bar.sum(), whole)) }
                        } }
                        (self.drawn(bar, longest))
                    }
                }
                (self.table())
            }
        }
    }

    fn drawn(&self, bar: &Bar, longest: u64) -> Markup {
        let mut x = 0;
        let parts = bar.values.iter().zip(self.series).map(|(&value, series)| {
            let from = x;
            x += value;
            let class = if bar.is_rest { "rest" } else { series.class };
            (share(from, longest), share(value, longest), class)
        });
        html! {
            svg.bar height="8" {
                @for (x, width, class) in parts.collect::<Vec<_>>() {
                    rect class=(class) x=(x) width=(width) height="8" {}
                }
            }
        }
    }

    /// What the picture says, for those who do not see it.
    fn label(&self) -> String {
        let named =
            self.bars.iter().take(3).map(|bar| format!("{} {}", bar.label, grouped(bar.sum())));
        let named: Vec<String> = named.collect();
        let more = if self.bars.len() > 3 { ", and others" } else { "" };
        format!("{}: {}{more}. The table below has all of it.", self.title, named.join(", "))
    }

    fn table(&self) -> Markup {
        let names = self.series.iter().map(|series| series.name);
        let rows = self.bars.iter().map(|bar| (bar.label.as_str(), bar.values.as_slice()));
        table(self.title, self.of, names.collect(), rows.collect())
    }
}

/// The colours of several series.
pub(crate) fn legend(series: &[Series]) -> Markup {
    html! {
        p.legend {
            @for series in series {
                span { (swatch(series.class)) (series.name) }
            }
        }
    }
}

pub(crate) fn swatch(class: &str) -> Markup {
    html! { svg.swatch width="10" height="10" aria-hidden="true" {
        rect class=(class) width="10" height="10" {}
    } }
}

/// The data of a picture: a column for each series.
pub(crate) fn table(title: &str, of: &str, series: Vec<&str>, rows: Vec<(&str, &[u64])>) -> Markup {
    html! {
        details {
            summary { "As a table" span.unseen { ": " (title) } }
            div.scroll role="region" tabindex="0" aria-label={ "Table: " (title) } {
                table {
                    thead { tr { th scope="col" { (of) } @for name in &series {
                        th.number scope="col" { (name) }
                    } } }
                    tbody { @for (label, values) in rows { tr {
                        th scope="row" dir="auto" { (label) }
                        @for &value in values { td.number { (grouped(value)) } }
                    } } }
                }
            }
        }
    }
}

/// One bar whose parts are all there is.
pub(crate) fn stack(title: &str, parts: &[(Series, u64)], whole: u64) -> Markup {
    let mut x = 0;
    let placed: Vec<_> = parts
        .iter()
        .map(|&(series, value)| {
            let from = x;
            x += value;
            (series, value, from)
        })
        .filter(|&(_, value, _)| value > 0)
        .collect();
    let said: Vec<String> = placed
        .iter()
        .map(|(series, value, _)| format!("{} {}", series.name, grouped(*value)))
        .collect();
    html! {
        figure.chart {
            svg.stack role="img" aria-label={ (title) ": " (said.join(", ")) } height="28" {
                @for (series, value, from) in &placed {
                    rect class=(series.class) x=(share(*from, whole)) width=(share(*value, whole)) height="28" {}
                }
            }
            ul.parts { @for (series, value, _) in &placed {
                li {
                    (swatch(series.class)) span.label { (series.name) }
                    span.count { (grouped(*value)) " " span.share { (percent(*value, whole)) } }
                }
            } }
            (table(title, "Where they ended", vec!["records"],
                parts.iter().map(|(series, value)| (series.name, std::slice::from_ref(value))).collect()))
        }
    }
}

/// A curve that only rises.
pub(crate) fn curve(title: &str, points: &[(u64, u64)], ends: [String; 2]) -> Markup {
    let (width, height) = points.last().map_or((1, 1), |&(x, y)| (x.max(1), y.max(1)));
    // In units of the drawing, which is stretched to the width of the page.
    let placed = points.iter().map(|&(x, y)| {
        (u128::from(x) * 1000 / u128::from(width), 200 - u128::from(y) * 200 / u128::from(height))
    });
    let mut line = String::from("M0 200");
    for (x, y) in placed {
        line += &format!("L{x} {y}");
    }
    html! {
        svg.curve role="img" aria-label=(title) viewBox="0 0 1000 200" preserveAspectRatio="none" height="160" {
            path.area d={ (line) "L1000 200Z" } {}
            path.line d=(line) {}
        }
        p.ends { span { (ends[0]) } span { (ends[1]) } }
    }
}
