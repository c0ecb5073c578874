//! One page view as the intake object keeps it, and the notes that open and change it.
//!
//! A row is a set of bits and a few numbers; every change is a bit that is set or a number that is replaced, so the order
//! in which notes arrive does not matter, and one that arrives twice changes nothing. Notes are lines of words: they go
//! from the edge to an object of ours and nowhere else.

use super::token::{Class, Page};
use crate::decide::push_number;

/// First contentful paint was seen.
pub const ALIVE: u32 = 1;
/// Opened in the background.
pub const HIDDEN: u32 = 1 << 1;
/// Came out of a service worker.
pub const WORKER: u32 = 1 << 2;
/// The browser can not read the token.
pub const UNTESTED: u32 = 1 << 3;
/// The version drawn failed to answer.
pub const FAILED: u32 = 1 << 4;
/// The visitor's first page of this site.
pub const FIRST: u32 = 1 << 5;
/// The visitor's cookie came back, with this page or in time after it.
pub const PROVEN: u32 = 1 << 6;
/// The first page of its draw.
pub const TRIAL: u32 = 1 << 7;
/// Something broke in the page.
pub const ERROR: u32 = 1 << 8;
/// No first contentful paint by its target, though the page was visible.
pub const LATE_FCP: u32 = 1 << 9;
/// No largest contentful paint by its target, though the page was visible.
pub const LATE_LCP: u32 = 1 << 10;
/// The first page of its draw, and its network has had its share of them: no trial.
pub const OVER: u32 = 1 << 11;

/// The cell a page is counted in: class, arm, version, step, place and odds.
#[must_use]
pub fn cell(page: &Page) -> String {
    let mut text = String::with_capacity(64);
    push_cell(page, &mut text);
    text
}

fn push_cell(page: &Page, text: &mut String) {
    let class = match page.class {
        Class::Failover if page.arm.is_some() => Class::Drawn,
        Class::Failover => Class::Apart,
        class => class,
    };
    text.push_str(class.as_str());
    text.push('|');
    text.push(page.arm.map_or('-', super::draw::Arm::letter));
    text.push('|');
    text.push_str(&page.drawn);
    text.push('|');
    push_number(u64::from(page.step), text);
    text.push('|');
    text.push_str(if page.place.is_empty() { "-" } else { &page.place });
    for slots in [page.odds.canary, page.odds.stable] {
        text.push('|');
        push_number(u64::from(slots), text);
    }
}

/// The bits a page begins with.
#[must_use]
pub fn first_bits(page: &Page) -> u32 {
    let flags = [(page.class == Class::Failover, FAILED), (page.is_first, FIRST), (page.is_proven, PROVEN)];
    flags.iter().filter(|(set, _)| *set).fold(0, |bits, (_, bit)| bits | bit)
}

/// The note that opens a row: `page <id> <visitor> <cell> <bits> <network>`.
#[must_use]
pub fn note(page: &Page, network: &str) -> String {
    let mut text = String::with_capacity(160);
    text.push_str("page ");
    page.push_id(&mut text);
    text.push(' ');
    text.push_str(&page.visitor);
    text.push(' ');
    push_cell(page, &mut text);
    text.push(' ');
    push_number(u64::from(first_bits(page)), &mut text);
    text.push(' ');
    text.push_str(network);
    text
}

/// The note of a page that is counted and nothing more: `count <cell>`.
#[must_use]
pub fn count_note(class: Class, version: &str, step: u16, place: &str) -> String {
    let place = if place.is_empty() { "-" } else { place };
    format!("count {}|-|{version}|{step}|{place}|0|0", class.as_str())
}

/// The note that a visitor keeps their cookie: `proof <visitor>`.
#[must_use]
pub fn proof_note(visitor: &str) -> String {
    format!("proof {visitor}")
}
