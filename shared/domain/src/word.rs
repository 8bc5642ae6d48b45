//! Words: choices that are stored by a stable word, never by a number.

/// Declares a choice and the word of each of its variants: the word is the storage format.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal;
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(into = "&str", try_from = "&str")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them, in the order in which people list them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The one of a stable word.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl From<$name> for &'static str {
            fn from(it: $name) -> &'static str {
                it.word()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = String;

            fn try_from(word: &str) -> Result<$name, String> {
                $name::from_word(word).ok_or_else(|| format!(concat!("unknown ", $what, " {:?}"), word))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{Weekday, calendar, exchange_rate, forecast, quota, waterfall};

    macro_rules! check {
        ($($name:ty,)+) => {$(
            for it in <$name>::ALL {
                assert_eq!(<$name>::from_word(it.word()), Some(*it));
                let stored = postcard::to_stdvec(it).unwrap();
                assert_eq!(stored, postcard::to_stdvec(it.word()).unwrap(), "stored as its word");
                assert_eq!(postcard::from_bytes::<$name>(&stored), Ok(*it));
            }
            assert!(<$name>::try_from("").is_err());
        )+};
    }

    #[test]
    fn a_choice_is_stored_as_its_word() {
        check![
            Weekday,
            calendar::Pattern,
            calendar::NamedAfter,
            calendar::FirstWeek,
            calendar::Level,
            exchange_rate::Purpose,
            forecast::Level,
            forecast::Change,
            quota::Measure,
            waterfall::Bucket,
        ];
        let unknown = Weekday::try_from("caturday").unwrap_err();
        assert_eq!(unknown, "unknown weekday \"caturday\"");
    }
}
