//! Mappings against files: what is planned, what is refused, what is sent.
