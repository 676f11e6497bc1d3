//! Where things are: a function of the size and the view, read by drawing, by scrolling and by the mouse alike.

use ratatui::layout::Rect;

use super::action::View;
use super::state::State;

/// How a pane is set off from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A box with a title.
    Box,
    /// A line with a title above.
    Rule,
    /// Nothing.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pane {
    pub area: Rect,
    pub edge: Edge,
}

impl Pane {
    /// Where the content goes.
    pub const fn inner(&self) -> Rect {
        let Rect { x, y, width, height } = self.area;
        match self.edge {
            Edge::Box if width >= 2 && height >= 2 => Rect { x: x + 1, y: y + 1, width: width - 2, height: height - 2 },
            Edge::Rule if height >= 1 => Rect { x, y: y + 1, width, height: height - 1 },
            _ => self.area,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    pub tabs: Rect,
    /// In the order of `Tab`; those without room have no height.
    pub panes: Vec<Pane>,
    /// Of the timeline above the matches, where there is room.
    pub strip: Option<Pane>,
    /// Of a lesson, where one is on and there is room.
    pub panel: Option<Pane>,
    pub status: Rect,
    pub hints: Rect,
    pub is_roomy: bool,
}

/// From this size on the panes are side by side and boxed.
const ROOMY: (u16, u16) = (100, 28);
/// Below this one a console is of no use.
pub const SMALLEST: (u16, u16) = (20, 5);

impl Layout {
    pub fn of(state: &State) -> Self {
        let query_lines = state.query.editor.text().matches('\n').count();
        let in_lesson = state.walkthrough.is_some();
        let plain = state.plain;
        let size = (state.width, state.height);
        let rule_open = state.rules.open.is_some();
        let layout = Self::new(size, (state.view, state.pane), rule_open, query_lines, in_lesson, plain);
        if state.zoomed { layout.zoomed(state.pane) } else { layout }
    }

    /// One pane where there were several.
    fn zoomed(mut self, pane: usize) -> Self {
        let body = self.panes.iter().chain(&self.strip).map(|pane| pane.area).reduce(Rect::union).unwrap_or_default();
        let edge = if self.is_roomy { Edge::Box } else { Edge::Rule };
        for (place, other) in self.panes.iter_mut().enumerate() {
            *other = if place == pane {
                Pane { area: body, edge }
            } else {
                Pane { area: Rect { height: 0, ..body }, edge: Edge::None }
            };
        }
        self.strip = None;
        self
    }

    /// `pane` is the one that has the keys: where there is room for one, it is that.
    fn new(
        (width, height): (u16, u16),
        (view, pane): (View, usize),
        rule_open: bool,
        query_lines: usize,
        in_lesson: bool,
        plain: bool,
    ) -> Self {
        let row = |y: u16| Rect { x: 0, y: y.min(height), width, height: u16::from(y < height) };
        // Panes side by side would be read line by line across both.
        let is_roomy = width >= ROOMY.0 && height >= ROOMY.1 && !plain;
        // Header and tabs above, status and hints below; the status gives way first.
        let has_status = height >= 8;
        let below = if has_status { 2 } else { 1 };
        let body = Rect { x: 0, y: 2, width, height: height.saturating_sub(2 + below) };
        let (body, panel) = if in_lesson { beside_lesson(body, is_roomy) } else { (body, None) };
        // What a lesson leaves is no longer wide.
        let is_roomy = is_roomy && panel.is_none();
        let (body, strip) = if view == View::Matches && !plain { below_strip(body, is_roomy) } else { (body, None) };
        let panes = if view == View::Query {
            query(body, is_roomy, query_lines)
        } else if view == View::Timeline {
            timeline(body, is_roomy)
        } else if is_roomy {
            roomy(body, view, rule_open)
        } else {
            compact(body, view, rule_open, pane)
        };
        Self {
            header: row(0),
            tabs: row(1),
            panes,
            strip,
            panel,
            status: if has_status { row(height.saturating_sub(2)) } else { Rect::default() },
            hints: row(height.saturating_sub(1)),
            is_roomy,
        }
    }

    pub fn inner(&self, pane: usize) -> Rect {
        self.panes.get(pane).map_or_else(Rect::default, Pane::inner)
    }

    /// Whether another pane is there, and not in sight.
    pub fn hides_panes(&self) -> bool {
        self.panes.iter().any(|pane| pane.area.height == 0)
    }

    pub fn pane_at(&self, x: u16, y: u16) -> Option<usize> {
        self.panes.iter().position(|pane| pane.area.contains((x, y).into()))
    }
}

/// Bars, matches and times above the matches; two bare rows where there is less room, none where there is little.
fn below_strip(body: Rect, is_roomy: bool) -> (Rect, Option<Pane>) {
    let (height, edge) = match is_roomy {
        true => (5, Edge::Box),
        false if body.height >= 14 => (2, Edge::None),
        false => return (body, None),
    };
    let strip = Pane { area: Rect { height, ..body }, edge };
    let rest = Rect { y: body.y.saturating_add(height), height: body.height.saturating_sub(height), ..body };
    (rest, Some(strip))
}

/// Two panes, the upper one of so many rows.
fn stacked(body: Rect, above: u16, is_roomy: bool) -> Vec<Pane> {
    let (upper, lower) = if is_roomy { (Edge::Box, Edge::Box) } else { (Edge::None, Edge::Rule) };
    vec![
        Pane { area: Rect { height: above, ..body }, edge: upper },
        Pane {
            area: Rect { y: body.y.saturating_add(above), height: body.height.saturating_sub(above), ..body },
            edge: lower,
        },
    ]
}

/// The bars above, at least three rows of them where there are so many; what happens in a bucket below.
fn timeline(body: Rect, is_roomy: bool) -> Vec<Pane> {
    let above = (body.height / 3).max(3).min(body.height);
    stacked(body, above, is_roomy)
}

/// The columns of a lesson's panel at the right, or its rows below.
const PANEL: (u16, u16) = (40, 9);

/// What a lesson leaves of the body, and its panel; none where the view would be no use.
fn beside_lesson(body: Rect, is_roomy: bool) -> (Rect, Option<Pane>) {
    if is_roomy {
        let width = body.width.saturating_sub(PANEL.0);
        let area = Rect { x: body.x.saturating_add(width), width: PANEL.0, ..body };
        return (Rect { width, ..body }, Some(Pane { area, edge: Edge::Box }));
    }
    if body.height < PANEL.1.saturating_add(6) {
        return (body, None);
    }
    let height = body.height.saturating_sub(PANEL.1);
    let area = Rect { y: body.y.saturating_add(height), height: PANEL.1, ..body };
    (Rect { height, ..body }, Some(Pane { area, edge: Edge::Rule }))
}

fn roomy(body: Rect, view: View, rule_open: bool) -> Vec<Pane> {
    let boxed = |area: Rect| Pane { area, edge: Edge::Box };
    let percent = |whole: u16, part: u32| u16::try_from(u32::from(whole) * part / 100).unwrap_or(whole);
    let left = match view {
        // The stages of a rule take more room than the list of them.
        View::Rules if rule_open => percent(body.width, 66),
        View::Matches | View::Rules => percent(body.width, 60),
        View::Events => percent(body.width, 72),
        View::Tree => percent(body.width, 66),
        _ => body.width,
    };
    let main = Rect { width: left, ..body };
    let side = Rect { x: left, width: body.width.saturating_sub(left), ..body };
    match view {
        View::Indicators => {
            let above = body.height.saturating_sub(9);
            vec![
                boxed(Rect { height: above, ..body }),
                boxed(Rect { y: body.y.saturating_add(above), height: body.height.saturating_sub(above), ..body }),
            ]
        }
        View::Exclusions => {
            let above = percent(body.height, 45);
            vec![
                boxed(Rect { height: above, ..body }),
                boxed(Rect { y: body.y.saturating_add(above), height: body.height.saturating_sub(above), ..body }),
            ]
        }
        _ => vec![boxed(main), boxed(side)],
    }
}

/// The text above, its lines and two more for what is wrong with it; the result below.
fn query(body: Rect, is_roomy: bool, lines: usize) -> Vec<Pane> {
    let edges = if is_roomy { 2 } else { 0 };
    let wanted = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(4 + edges);
    let above = wanted.min(body.height / 2);
    stacked(body, above, is_roomy)
}

fn compact(body: Rect, view: View, rule_open: bool, pane: usize) -> Vec<Pane> {
    let bare = |area: Rect| Pane { area, edge: Edge::None };
    let beneath = match view {
        View::Indicators => 7,
        View::Exclusions => body.height / 2,
        View::Rules if rule_open => body.height / 2,
        _ => (body.height * 2 / 5).min(9),
    };
    // Of fewer lines each would be too few: one pane at a time.
    if beneath < 4 || body.height < 12 {
        let none = bare(Rect { height: 0, ..body });
        return if pane == 0 { vec![bare(body), none] } else { vec![none, Pane { area: body, edge: Edge::Rule }] };
    }
    let above = body.height.saturating_sub(beneath);
    let lower = Rect { y: body.y.saturating_add(above), height: beneath, ..body };
    vec![bare(Rect { height: above, ..body }), Pane { area: lower, edge: Edge::Rule }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_nothing_leaves_the_screen() {
        for (width, height) in [(1, 1), (20, 5), (40, 10), (60, 16), (80, 24), (100, 28), (120, 36), (200, 60)] {
            for (view, flags) in View::ALL.into_iter().flat_map(|view| [0, 1, 2, 3, 4, 5, 6].map(|flags| (view, flags)))
            {
                let layout =
                    Layout::new((width, height), (view, flags % 3), flags & 1 == 1, 3, flags & 2 == 2, flags & 4 == 4);
                let layout = if flags == 5 { layout.zoomed(1) } else { layout };
                let screen = Rect::new(0, 0, width, height);
                let mut areas: Vec<Rect> = layout.panes.iter().map(|pane| pane.area).collect();
                areas.extend(layout.panel.iter().chain(&layout.strip).map(|pane| pane.area));
                areas.extend([layout.header, layout.tabs, layout.status, layout.hints]);
                areas.retain(|area| area.area() > 0);
                for (position, area) in areas.iter().enumerate() {
                    assert_eq!(area.intersection(screen), *area, "{width}x{height} {view:?}");
                    if height >= 5 {
                        for other in areas.iter().skip(position + 1) {
                            assert_eq!(area.intersection(*other).area(), 0, "{width}x{height} {view:?}");
                        }
                    }
                }
            }
        }
    }
}
