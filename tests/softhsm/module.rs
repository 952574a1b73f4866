//! SoftHSM as a module, and its tokens, open or with somebody logged in.

use conclave::profile::Profile;
use conclave::secret::Pin;
use conclave::token::pkcs11::Module;
use conclave::token::{Reader as _, Token, TokenQuery};
use zeroize::Zeroizing;

use crate::support::store::PIN;

pub(crate) const PROFILE: &str = "softhsm2";

pub(crate) fn module() -> Module {
    let profile = Profile::named(PROFILE).unwrap();
    Module::load(&profile).unwrap_or_else(|error| panic!("{error}; {}", error.hint()))
}

pub(crate) fn pin(text: &str) -> Pin {
    Pin::new(Zeroizing::new(text.to_owned())).unwrap()
}

pub(crate) fn labeled(label: &str) -> TokenQuery {
    TokenQuery {
        label: Some(label.to_owned()),
        ..TokenQuery::of(PROFILE)
    }
}

pub(crate) fn open(module: &mut Module, label: &str) -> Box<dyn Token> {
    let seen = module.find(&labeled(label)).unwrap();
    module.open(&seen.id).unwrap()
}

pub(crate) fn logged_in(module: &mut Module, label: &str) -> Box<dyn Token> {
    let mut token = open(module, label);
    token.login(&pin(PIN)).unwrap();
    token
}
