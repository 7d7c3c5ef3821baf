//! Requests to the forge, and what it answers.
