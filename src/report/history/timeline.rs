//! The tasks of a run over time, as a picture (SVG 1.1) that stands within a page: a bar for each, in as
//! few lanes as they need, those of the slowest chain marked.
//!
//! It has no script: a bar's tooltip is its title, and a click leads to the task's row. Turned down: a lane
//! for each task, which is a staircase nobody can see whole; a library that draws, for some rectangles.

use std::fmt::Write as _;

use super::html::{escaped, name};
use crate::history::{Leg, Task};

/// Width of the picture in its own units; a page stretches it.
const WIDTH: u64 = 1000;
/// Height of a lane, and of the bar in it.
const LANE: usize = 24;
const BAR: usize = 20;
/// Height of what stands above the lanes.
const HEAD: usize = 20;
/// At most so many marks of time.
const MARKS: u64 = 10;

/// For each task the lane that it is in: the first that is free when it begins, or so soon after that nobody
/// could see the difference: its end is noted a moment after the next one has begun.
pub(super) fn lanes(tasks: &[Task]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by_key(|at| (tasks[*at].start, *at));
    let total = tasks.iter().map(|task| task.start + task.millis).max().unwrap_or_default();
    let unseen = total / 200;
    let (mut free, mut lanes) = (Vec::<u64>::new(), vec![0; tasks.len()]);
    for at in order {
        let (start, end) = (tasks[at].start, tasks[at].start + tasks[at].millis);
        let lane = free.iter().position(|until| *until <= start + unseen).unwrap_or(free.len());
        if lane == free.len() {
            free.push(end);
        } else {
            free[lane] = end;
        }
        lanes[at] = lane;
    }
    lanes
}

/// The time between two marks: 1, 2 or 5 times a power of ten, in milliseconds.
fn step(total: u64) -> u64 {
    let steps = (0..18).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    steps.into_iter().find(|step| total / step <= MARKS).unwrap_or(total)
}

/// The picture of tasks that ran; nothing if none took any time.
pub(super) fn svg(tasks: &[Task], critical: &[Leg]) -> String {
    let ran: Vec<(usize, &Task)> =
        tasks.iter().enumerate().filter(|(_, task)| task.millis > 0).collect();
    let total = ran.iter().map(|(_, task)| task.start + task.millis).max().unwrap_or_default();
    if total == 0 {
        return String::new();
    }
    let of_time: Vec<Task> = ran.iter().map(|(_, task)| (*task).clone()).collect();
    let lanes = lanes(&of_time);
    let rows = lanes.iter().max().map_or(0, |lane| lane + 1);
    let height = HEAD + rows * LANE;
    let mut svg = format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"timeline of the tasks\">\n"
    );
    marks(&mut svg, total, height);
    for ((place, task), lane) in ran.iter().zip(lanes) {
        let is_critical = critical.iter().any(|leg| leg.task == task.task);
        bar(&mut svg, *place, task, lane, is_critical, total);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A time in units of the picture.
fn at(millis: u64, total: u64) -> u64 {
    u64::try_from(u128::from(millis) * u128::from(WIDTH) / u128::from(total)).unwrap_or(WIDTH)
}

fn marks(svg: &mut String, total: u64, height: usize) {
    let step = step(total);
    for millis in (0..=total / step).map(|count| count * step) {
        let x = at(millis, total);
        let (whole, rest) = (millis / 1000, millis % 1000);
        let _ = writeln!(svg, "<line x1=\"{x}\" x2=\"{x}\" y1=\"0\" y2=\"{height}\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"14\" class=\"mark\">{whole}.{rest:03} s</text>",
            x + 3
        );
    }
}

/// An inner picture cuts off the part of a name that does not fit.
fn bar(svg: &mut String, place: usize, task: &Task, lane: usize, is_critical: bool, total: u64) {
    let (from, to) = (at(task.start, total), at(task.start + task.millis, total));
    let (x, width, y) = (from.min(WIDTH - 2), (to - from).max(2), HEAD + lane * LANE);
    let failed = if task.end == "failed" { " failed" } else { "" };
    let critical = if is_critical { " critical" } else { "" };
    let shown = name(&task.task);
    let title =
        escaped(&format!("{}, {} ms, from {} ms", super::task_end(task), task.millis, task.start));
    let _ = writeln!(
        svg,
        "<a href=\"#t{place}\"><svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" \
         class=\"bar{failed}{critical}\"><title>{shown}: {title}</title>\
         <rect width=\"100%\" height=\"100%\" rx=\"2\"/><text x=\"4\" y=\"14\">{shown}</text></svg></a>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(start: u64, millis: u64) -> Task {
        Task { start, millis, ..Task::default() }
    }

    #[test]
    fn a_lane_holds_tasks_that_do_not_meet() {
        let tasks = [task(0, 10), task(0, 5), task(5, 5), task(10, 1), task(7, 9)];
        assert_eq!(lanes(&tasks), [0, 1, 1, 0, 2]);
        assert_eq!(lanes(&[task(9, 1), task(0, 9)]), [0, 0]);
        assert_eq!(lanes(&[task(0, 1001), task(1000, 1000)]), [0, 0]);
        assert!(lanes(&[]).is_empty());
    }

    #[test]
    fn marks_are_round_and_few() {
        assert_eq!(step(7), 1);
        assert_eq!(step(1234), 200);
        assert_eq!(step(3_600_000), 500_000);
        assert_eq!(step(u64::MAX / 100) % 10, 0);
    }
}
