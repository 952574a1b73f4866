//! The common form of the files in this room: a JSON object with the members `conclave` and `format`, read strictly.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::check::Check;
use crate::metadata::canonical_json;
use crate::record::Remark;

/// A kind of file and the checks of its form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind<C = Check> {
    /// The value of `conclave`.
    pub(crate) name: &'static str,
    /// The maximum size in bytes.
    pub(crate) limit: usize,
    pub(crate) size: C,
    pub(crate) form: C,
    pub(crate) format: C,
}

/// The value of `format`, the same for all kinds so far.
const FORMAT: u64 = 1;

impl<C: Copy> Kind<C> {
    pub(crate) fn read<T: Serialize + DeserializeOwned>(
        &self,
        bytes: &[u8],
    ) -> Result<T, Remark<C>> {
        if bytes.len() > self.limit {
            let text = format!("the file is larger than {} bytes", self.limit);
            return Err(Remark::new(self.size, text));
        }
        let value = canonical_json::parse(bytes).map_err(|error| self.refuse(&error))?;
        self.of_value(value)
    }

    /// Reads the content of a file that is already parsed.
    pub(crate) fn of_value<T: Serialize + DeserializeOwned>(
        &self,
        value: Value,
    ) -> Result<T, Remark<C>> {
        let Value::Object(mut members) = value else {
            return Err(self.refuse("the file is not a JSON object"));
        };
        let unsupported = |text: String| Remark::new(self.format, text);
        match members.shift_remove("conclave") {
            Some(Value::String(name)) if name == self.name => {}
            found => {
                let found = found.unwrap_or_default();
                let kind = self.name.replace('-', " ");
                let text = format!("the file is not a {kind}: \"conclave\" is {found}");
                return Err(unsupported(text));
            }
        }
        match members.shift_remove("format") {
            Some(format) if format == FORMAT => {}
            found => {
                let found = found.unwrap_or_default();
                let text = format!(
                    "format {found} is not supported; a later version of Conclave may support it"
                );
                return Err(unsupported(text));
            }
        }
        let value = Value::Object(members);
        let content = T::deserialize(&value).map_err(|error| self.refuse(&error))?;
        // A missing optional member, or a number, time or text in a form that is never written.
        let written = serde_json::to_value(&content).map_err(|error| self.refuse(&error))?;
        let objects = [&written, &value].into_iter().filter_map(Value::as_object);
        let mut names = objects.flat_map(Map::keys);
        match names.find(|name| written.get(name) != value.get(name)) {
            None => Ok(content),
            Some(name) => Err(self.refuse(&format!(
                "{name:?} differs from the form that Conclave writes"
            ))),
        }
    }

    pub(crate) fn refuse(self, text: &(impl ToString + ?Sized)) -> Remark<C> {
        Remark::new(self.form, text.to_string())
    }

    /// The content of a file, with `conclave` and `format`.
    pub(crate) fn to_value(self, content: &impl Serialize) -> Value {
        let mut members = Map::new();
        members.insert("conclave".to_owned(), self.name.into());
        members.insert("format".to_owned(), FORMAT.into());
        if let Ok(Value::Object(content)) = serde_json::to_value(content) {
            members.extend(content);
        }
        Value::Object(members)
    }

    /// The file: indented by two spaces, with a line feed at the end.
    pub(crate) fn write(self, content: &impl Serialize) -> Vec<u8> {
        format!("{:#}\n", self.to_value(content)).into_bytes()
    }
}

/// For `deserialize_with`: one line that is not blank, of at most 400 bytes.
pub(crate) fn line<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) || text.len() > 400 {
        let text = format!("{text:?} is not one line of 1 to 400 bytes");
        return Err(D::Error::custom(text));
    }
    T::deserialize(text.into_deserializer())
}

/// For `deserialize_with`: a number of at least 1.
pub(crate) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(D::Error::custom("0 is not a positive number")),
        number => Ok(number),
    }
}

/// For `deserialize_with`: a time in whole seconds.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let time = Timestamp::deserialize(deserializer)?;
    if time.subsec_nanosecond() != 0 {
        return Err(D::Error::custom("the time is not in whole seconds"));
    }
    Ok(time)
}
