//! Structured reference strings.
