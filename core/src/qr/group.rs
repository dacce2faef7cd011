//! Three finders that may belong to one code.

use super::finder::Finder;
use super::plane::Point;

/// At most so many finders are looked at together; three of them make up to five thousand groups.
pub(super) const CENTRES: usize = 32;

/// Three finders as the corners of a code: top left, top right, bottom left, as seen or as in a mirror.
#[derive(Debug, Clone)]
pub(super) struct Triple<'a> {
    pub(super) corners: [&'a Finder; 3],
    /// Which of the list they are.
    pub(super) places: [usize; 3],
    /// Modules between the middles of two finders.
    pub(super) between: f32,
    /// By how much nearer the first finder is than the second and the third, as a ratio of module sizes.
    pub(super) nearer: [f32; 2],
    /// How far this is from a square seen by a camera; less is better.
    pub(super) oddness: f32,
}

/// The groups among the best finders that could be codes, the likeliest first, at most `most` of those that are `new`.
pub(super) fn triples<'a>(
    finders: &'a [Finder],
    chosen: &[usize],
    new: impl Fn([usize; 3]) -> bool,
    most: usize,
) -> Vec<Triple<'a>> {
    let mut found: Vec<Triple> = Vec::new();
    let chosen = chosen.get(..CENTRES.min(chosen.len())).unwrap_or_default();
    for (n, first) in chosen.iter().enumerate() {
        for (m, second) in chosen.iter().enumerate().skip(n + 1) {
            if !is_pair(&finders[*first], &finders[*second]) {
                continue;
            }
            for third in chosen.iter().skip(m + 1) {
                let all = [*first, *second, *third];
                let groups = (0..3).filter_map(|corner| triple(finders, all, corner));
                // Of the three ways to name the corners, the best two.
                let mut groups: Vec<Triple> = groups.collect();
                groups.sort_by(|a, b| a.oddness.total_cmp(&b.oddness));
                found.extend(groups.into_iter().take(2).filter(|group| new(group.places)));
            }
        }
    }
    found.sort_by(|a, b| a.oddness.total_cmp(&b.oddness));
    found.truncate(most);
    found
}

fn is_pair(a: &Finder, b: &Finder) -> bool {
    let ratio = a.module / b.module;
    let away = a.at.minus(b.at).length();
    a.is_dark == b.is_dark
        && (0.4..2.5).contains(&ratio)
        && away > 6.0 * a.module.min(b.module)
        && away < 260.0 * a.module.max(b.module)
}

fn triple<'a>(finders: &'a [Finder], all: [usize; 3], corner: usize) -> Option<Triple<'a>> {
    let [mut b, mut c] = [all[(corner + 1) % 3], all[(corner + 2) % 3]];
    let a = all[corner];
    let middle = &finders[a];
    // From the first to the second and then to the third is a turn to the right.
    if finders[b].at.minus(middle.at).cross(finders[c].at.minus(middle.at)) < 0.0 {
        (b, c) = (c, b);
    }
    let (right, low) = (&finders[b], &finders[c]);
    let (across, down) = (right.at.minus(middle.at), low.at.minus(middle.at));
    let sine = across.cross(down) / (across.length() * down.length());
    let far = (across.length() * low.module / (down.length() * right.module)).ln().abs();
    // Cheaply first: most groups are no corner at all.
    if sine < 0.3 || far > 1.2 || !is_pair(middle, right) || !is_pair(middle, low) || !is_pair(right, low) {
        return None;
    }
    let side = |far: &Finder| {
        let way = far.at.minus(middle.at);
        let (here, there) = (middle.module_towards(way), far.module_towards(way));
        // Along a line in perspective, the modules of both ends tell the number between them.
        (way, way.length() / (here * there).sqrt(), here / there)
    };
    let ((across, columns, wider), (down, rows, taller)) = (side(right), side(low));
    let (least, most) = (columns.min(rows), columns.max(rows));
    if least < 10.0 || most > 190.0 || most > 1.45 * least {
        return None;
    }
    // The corners of each finder's square lie where both sides say.
    let skew: f32 = [middle, right, low].into_iter().map(|finder| skew(finder, across, down)).sum();
    let shape = 1.5 * (most / least).ln() + 0.5 * (wider.ln().abs() + taller.ln().abs()) + skew + 0.4 * (1.0 - sine);
    // Finders of different codes may stand in a square as well, but farther from each other than those of one.
    let oddness = shape + 0.15 * most.ln();
    Some(Triple {
        corners: [middle, right, low],
        places: [a, b, c],
        between: (columns * rows).sqrt(),
        nearer: [wider, taller],
        oddness,
    })
}

/// How far the diagonals of a finder are from those of a square with these sides.
fn skew(finder: &Finder, across: Point, down: Point) -> f32 {
    let unit = |way: Point| way.times(finder.module_towards(way) / way.length());
    let (u, v) = (unit(across), unit(down));
    let off = |diagonal: Point| (finder.module_towards(diagonal) / diagonal.length()).ln().abs();
    off(u.plus(v)) + off(u.minus(v))
}
