//! Required steps that are missing.

use crate::script::read::Span;
use crate::script::{Act, KeyId};

use super::needs::comes_before;
use super::{Found, Order, described};

impl Order<'_, '_> {
    pub(super) fn missing(&self) {
        let required = self.required();
        let missing: Vec<&Act> = required
            .iter()
            .filter(|act| self.first(act).is_none())
            .collect();
        for key in &self.keys {
            let used = self.steps().any(|found| found.act.key() == Some(key));
            if let (false, Some(span)) = (used, self.span_of(key)) {
                self.log.error(
                    "script.unused",
                    &span,
                    format!("no step uses the key {:?}", key.as_str()),
                    "remove the key, or add its steps, from identify-token to verify-token",
                );
            }
        }
        for act in missing {
            let untouched = |key: &KeyId| {
                self.keys.contains(&key) && !self.steps().any(|found| found.act.key() == Some(key))
            };
            if act.key().is_some_and(untouched) {
                continue;
            }
            self.lacks(act);
        }
    }

    fn lacks(&self, act: &Act) {
        // Its place is before the first step that must follow it, or at the end.
        let next = self.steps().find(|found| comes_before(act, found.act));
        let object = act.key().map(|key| format!(", key = {:?}", key.as_str()));
        let table = format!("act = {:?}{}", act.name(), object.unwrap_or_default());
        let (span, place) = match next {
            Some(Found { step, act, .. }) => (
                &step.span,
                format!("before {} (line {})", described(act), step.line),
            ),
            None => match self.draft.steps.last() {
                Some(last) => (&last.span, format!("after line {}", last.line)),
                None => (&self.draft.start, String::new()),
            },
        };
        self.log.error(
            "script.step-missing",
            span,
            format!("the step {} is missing", described(act)),
            format!(
                "add a [[step]] with {table} {place}: {}",
                act.description().reason
            ),
        );
    }

    fn span_of(&self, key: &KeyId) -> Option<Span> {
        Some(self.draft.key(key)?.id.as_ref()?.span.clone())
    }
}
