//! PINs for a token.

use std::ops::RangeInclusive;

use crate::cli::secrets::Secrets;
use crate::secret::Pin;
use crate::token::TokenError;

use super::Failure;

impl Secrets {
    /// A PIN that the token already has.
    pub(super) fn existing_pin(&self, name: &str) -> Result<Pin, Failure> {
        self.pin(name, &format!("{name}: "))
    }

    /// Whether someone confirms that the last try is to be used.
    pub(super) fn confirms_last_try(&self, name: &str) -> Result<bool, Failure> {
        let prompt = format!("One more wrong {name} locks it. To continue, type LAST TRY: ");
        Ok(self.pin("confirmation", &prompt)?.expose() == "LAST TRY")
    }

    /// A PIN that is to be set: typed twice, and its length checked before any try is used.
    pub(super) fn new_pin(
        &self,
        name: &str,
        length: &RangeInclusive<usize>,
    ) -> Result<Pin, Failure> {
        let pin = self.pin(name, &format!("New {name}: "))?;
        if !length.contains(&pin.expose().len()) {
            let length = length.clone();
            return Err(TokenError::PinFormat { length }.into());
        }
        if self.is_terminal() && !pin.same_as(&self.pin(name, &format!("New {name} again: "))?) {
            return Err(
                Failure::usage(format!("the two entries of the {name} differ"))
                    .hint("nothing was changed; run the command again"),
            );
        }
        Ok(pin)
    }

    fn pin(&self, name: &str, prompt: &str) -> Result<Pin, Failure> {
        Pin::new(self.ask(name, prompt)?).map_err(|error| {
            Failure::usage(format!("invalid {name}: {error}"))
                .hint("type it again, with printable characters only")
        })
    }
}
