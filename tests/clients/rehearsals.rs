//! Roots of rehearsals, made by the program on SoftHSM tokens.

use super::{assert_accepted, assert_refused};
use crate::support::client::Client;
use crate::support::rehearse::Rehearsal;
use crate::support::repository::Repository;

fn of_key_type(key_type: &str) -> Rehearsal {
    Rehearsal::played(&["--tokens", "3", "--threshold", "2", "--key-type", key_type])
}

#[test]
fn all_clients_accept_a_rehearsed_root_of_p256_keys() {
    let made = of_key_type("ecdsa-sha2-nistp256");
    assert_accepted(&Client::ALL, &made.export(), &made.online());
}

#[test]
fn all_clients_accept_a_rehearsed_root_of_ed25519_keys() {
    let made = of_key_type("ed25519");
    assert_accepted(&Client::ALL, &made.export(), &made.online());
}

#[test]
fn all_clients_accept_a_rehearsed_root_of_rsa_keys() {
    for key_type in ["rsassa-pss-sha256", "rsassa-pss-sha256-4096"] {
        let made = of_key_type(key_type);
        assert_accepted(&Client::ALL, &made.export(), &made.online());
    }
}

#[test]
fn a_rehearsed_root_of_p384_keys_is_for_python_tuf_alone() {
    let made = of_key_type("ecdsa-sha2-nistp384");
    assert_accepted(&[Client::PythonTuf], &made.export(), &made.online());
    let repository = Repository::build(&made.export(), &made.online()).unwrap();
    for (client, words) in [
        (Client::TufJs, "root was signed by 0/2"),
        (Client::Tough, "Invalid SubjectPublicKeyInfo"),
    ] {
        assert_refused(client, &repository, words, "it verifies no P-384");
    }
}

#[test]
fn all_clients_accept_what_a_rehearsal_makes_without_being_told() {
    let made = Rehearsal::played(&[]);
    assert_accepted(&Client::ALL, &made.export(), &made.online());
}
