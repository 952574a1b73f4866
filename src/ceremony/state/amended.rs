//! The script as it was amended.
use super::Ceremony;
use crate::ceremony::amendment::Amendment;
use crate::script::{Act, KeyId, PersonId, Step, StepId, TokenSecret};

impl Ceremony {
    /// The script with its amendments.
    pub fn amendments(&self) -> &[Amendment] {
        self.progress.amendments()
    }

    /// The amendments of a step, each with the value in the script.
    pub fn amended(&self, step: &Step) -> Vec<String> {
        let concerns = |amendment: &&Amendment| match amendment {
            Amendment::Note { step: of, .. } | Amendment::Minutes { step: of, .. } => {
                *of == step.id
            }
            Amendment::Bag { key, .. } => step.act == Act::IdentifyToken { key: key.clone() },
            _ => false,
        };
        let amendments = self.progress.amendments().iter().filter(concerns);
        amendments
            .map(|amendment| {
                let (from, to) = amendment.change();
                format!(
                    "Amended: {}, now \"{to}\"; the script says \"{from}\".",
                    amendment.subject()
                )
            })
            .collect()
    }

    /// The text of a note as it is now.
    pub fn note<'c>(&'c self, step: &StepId) -> Option<&'c str> {
        let amended = self
            .progress
            .amendments()
            .iter()
            .rev()
            .find_map(|done| match done {
                Amendment::Note { step: of, to, .. } if of == step => Some(to.as_str()),
                _ => None,
            });
        amended.or_else(|| {
            let Act::Note { text, .. } = &self.script.step(step)?.act else {
                return None;
            };
            Some(text.as_str())
        })
    }

    /// The minutes of a step as they are now.
    pub fn minutes(&self, step: &StepId) -> Option<u32> {
        let amended = self
            .progress
            .amendments()
            .iter()
            .rev()
            .find_map(|done| match done {
                Amendment::Minutes { step: of, to, .. } if of == step => Some(*to),
                _ => None,
            });
        amended.or_else(|| self.script.step(step)?.minutes)
    }

    /// The number of the bag of a key's token as it is now.
    pub fn bag<'c>(&'c self, key: &KeyId) -> Option<&'c str> {
        let amended = self
            .progress
            .amendments()
            .iter()
            .rev()
            .find_map(|done| match done {
                Amendment::Bag { key: of, to, .. } if of == key => Some(to.as_str()),
                _ => None,
            });
        amended.or_else(|| self.script.key(key)?.token.bag.as_deref())
    }

    /// The number of the bag into which a secret of a token is sealed, as it is now.
    pub fn envelope_bag<'c>(&'c self, key: &KeyId, secret: TokenSecret) -> Option<&'c str> {
        let amended = self
            .progress
            .amendments()
            .iter()
            .rev()
            .find_map(|done| match done {
                Amendment::Envelope {
                    key: of,
                    secret: which,
                    to,
                    ..
                } if of == key && *which == secret => Some(to.as_str()),
                _ => None,
            });
        amended.or_else(|| {
            let mut envelopes = self.script.key(key)?.envelopes();
            let named = envelopes.find(|(which, _)| *which == secret);
            named.map(|(_, bag)| bag)
        })
    }

    /// Who else the script lists for a person: the substitute, or the one whose place the substitute has.
    pub fn stand_in(&self, person: &PersonId) -> Option<String> {
        let plan = self.script.person(person)?;
        let substitute = plan.substitute.as_deref()?;
        let other = if self.participants.is_substituted(person) {
            plan.name.as_str()
        } else {
            substitute
        };
        Some(self.corrected(person, other))
    }

    /// A name of the script as it was corrected for a person, or itself.
    pub(in crate::ceremony) fn corrected(&self, of: &PersonId, name: &str) -> String {
        let mut name = name.to_owned();
        for done in self.progress.amendments() {
            if let Amendment::Name { person, from, to } = done
                && person == of
                && *from == name
            {
                name.clone_from(to);
            }
        }
        name
    }
}
