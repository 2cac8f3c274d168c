//! Tests that look inside the store.

mod plans;
