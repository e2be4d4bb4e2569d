//! The dispatcher's pages and API, over records that stories have left behind.

mod api;
mod cost;
mod counting;
mod hostile;
mod pages;
mod replay;
mod site;
mod story;
