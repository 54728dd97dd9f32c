//! zkescrow-verifier-gen
