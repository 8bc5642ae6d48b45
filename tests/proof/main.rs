//! The proof, one module per promise.
