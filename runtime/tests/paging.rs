//! The end of a list in every paging style: decided from one page, and walked from the first page to the last.

#[path = "paging/any_cutting.rs"]
mod any_cutting;
#[path = "paging/api.rs"]
mod api;
#[path = "paging/one_page.rs"]
mod one_page;
#[path = "paging/weak_signs.rs"]
mod weak_signs;
