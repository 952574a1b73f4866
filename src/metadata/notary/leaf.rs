//! The short description of a root key's certificate.

use crate::certificate::Certificate;
use crate::record::visible;

/// `certificate for example.com/app until 2036-11-18`
pub fn describe_leaf(leaf: &Certificate) -> String {
    let name = visible(leaf.subject_name().unwrap_or_default());
    match leaf.validity() {
        Ok(validity) => format!(
            "certificate for {name} until {}",
            validity.until.strftime("%Y-%m-%d")
        ),
        Err(_) => format!("certificate for {name}"),
    }
}
