//! Every error of the format rooms in one print, to be read as an operator reads it. The matches are exhaustive, so that
//! the compiler asks for each new error.

/// One line for each variant of an error enum.
macro_rules! error_lines {
    ($error:ident {
        $($variant:ident
            $(($($value:expr),+))?
            $({ $($field:ident $(: $content:expr)?),+ $(,)? })?
        ),+ $(,)?
    }) => {{
        // A new variant is missing here.
        let _ = |error: &$error| match error {
            $($error::$variant { .. } => (),)+
        };
        let mut text = format!("{}\n", stringify!($error));
        $(
            let error = $error::$variant $(($($value),+))? $({ $($field $(: $content)?),+ })?;
            text.push_str(&format!("  error: {error}\n"));
        )+
        text
    }};
}

mod backup;
mod certificate;
mod metadata;
mod record;
