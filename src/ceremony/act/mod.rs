//! What each act asks, does and lets happen: one file for an act, or for a small family of acts.
//!
//! `next` functions say what comes next in a step; functions named after an event change the state, or refuse.
//! `engine` routes to them.

pub(in crate::ceremony) mod approval;
pub(in crate::ceremony) mod asking;
pub(in crate::ceremony) mod attendance;
pub(in crate::ceremony) mod attest_clock;
pub(in crate::ceremony) mod back_up_key;
pub(in crate::ceremony) mod certify_key;
pub(in crate::ceremony) mod collect_signatures;
pub(in crate::ceremony) mod compose_root;
pub(in crate::ceremony) mod custody;
pub(in crate::ceremony) mod destroy_shares;
pub(in crate::ceremony) mod destroy_token_key;
pub(in crate::ceremony) mod enroll_key;
pub(in crate::ceremony) mod envelope;
pub(in crate::ceremony) mod exception;
pub(in crate::ceremony) mod export;
pub(in crate::ceremony) mod failure;
pub(in crate::ceremony) mod generate_key;
pub(in crate::ceremony) mod identify_token;
pub(in crate::ceremony) mod initialize_token;
pub(in crate::ceremony) mod inspect_host;
pub(in crate::ceremony) mod note;
pub(in crate::ceremony) mod open_bag;
pub(in crate::ceremony) mod open_share;
pub(in crate::ceremony) mod opening;
pub(in crate::ceremony) mod pause;
pub(in crate::ceremony) mod read_script;
pub(in crate::ceremony) mod restore_key;
pub(in crate::ceremony) mod resuming;
pub(in crate::ceremony) mod review_root;
pub(in crate::ceremony) mod seal;
pub(in crate::ceremony) mod set_pin;
pub(in crate::ceremony) mod sign_off;
pub(in crate::ceremony) mod sign_root;
pub(in crate::ceremony) mod verify_request;
pub(in crate::ceremony) mod verify_root;
pub(in crate::ceremony) mod verify_token;
