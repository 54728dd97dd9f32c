//! zkescrow-client
