//! Choices of the contract and of the domain, one beside the other.

/// Makes the two functions that read a choice of the contract and write it.
macro_rules! pairs {
    ($read:ident, $write:ident, $proto:ident => $domain:ident, $default:expr,
     { $($name:ident),+ $(,)? }) => {
        /// Reads it; unspecified is the default, if there is one.
        pub fn $read(field: &str, value: i32) -> Result<$domain, Rejection> {
            let default: Option<$domain> = $default;
            match $proto::try_from(value) {
                Ok($proto::Unspecified) => default.ok_or_else(|| runtime::from_proto::missing(field)),
                $(Ok($proto::$name) => Ok($domain::$name),)+
                Err(_) => {
                    let message = format!("{value} is none of its values");
                    Err(Rejection::invalid("VALUE_UNKNOWN", field, message))
                }
            }
        }

        /// Writes it.
        pub fn $write(value: $domain) -> i32 {
            match value {
                $($domain::$name => $proto::$name as i32,)+
            }
        }
    };
}
