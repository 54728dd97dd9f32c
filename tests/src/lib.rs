//! zkescrow-tests
