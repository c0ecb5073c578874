//! The control as a person would try it: short stories, and one about everything at random.

mod areas;
mod calendar;
mod commands;
mod configs;
mod deploys;
mod evidence;
mod fits;
mod formats;
mod optimise;
mod pace;
mod random;
pub mod scene;
mod uncontrolled;
