//! What happens to a signing request at the site that is asked.

use crate::ceremony::check::Check;
use crate::ceremony::event::EventKind;
use crate::ceremony::state::Ceremony;
use crate::transfer::{self, Judgment, Refusal};

use super::{Folded, ReplayError, broken, contradiction, require};

/// Why a payload or a request is not signed, as a check of the ceremony.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which passes errors by value"
)]
pub(super) fn refused(refusal: Refusal) -> ReplayError {
    let check = match refusal.check {
        transfer::Check::Equivocation => Check::PayloadEquivocation,
        _ => Check::RequestJudged,
    };
    broken(check, refusal.to_string())
}

impl Ceremony {
    /// A request was judged.
    pub(super) fn fold_judged(&mut self, fact: &EventKind) -> Folded {
        let EventKind::RequestJudged {
            sha256,
            card,
            again,
        } = fact
        else {
            return Ok(());
        };
        let signing = self
            .script
            .signing()
            .ok_or_else(|| contradiction("nobody asks for a signature here"))?;
        let payload = signing.request.payload().clone();
        require(payload.digest() == *sha256, "another payload was judged")?;
        let judgment = self.judge_request(signing, *card).map_err(refused)?;
        require(
            *again == (judgment == Judgment::Again),
            "whether it was signed before is told wrongly",
        )?;
        let unsigned = signing
            .request
            .unsigned()
            .map_err(|refusal| contradiction(refusal.to_string()))?;
        self.signed = Some(unsigned);
        self.frozen = Some(payload);
        Ok(())
    }
}
