//! The proof that forecasts are what a plain fold of the same facts says.
