//! What each act asks, does and permits: one file for an act or a small family of acts.
//!
//! `next` functions return what comes next in a step. Functions named after an event change the state, or refuse.
//! Functions that end in `_sentence` word an event. `engine` and `sentence` route to them.

pub(crate) mod approval;
pub(crate) mod asking;
pub(crate) mod attendance;
pub(crate) mod attest_clock;
pub(crate) mod back_up_key;
pub(crate) mod certify_key;
pub(crate) mod collect_signatures;
pub(crate) mod compose_root;
pub(crate) mod custody;
pub(crate) mod destroy_restored_key;
pub(crate) mod destroy_shares;
pub(crate) mod destroy_token_key;
pub(crate) mod enroll_key;
pub(crate) mod envelope;
pub(crate) mod exception;
pub(crate) mod export;
pub(crate) mod failure;
pub(crate) mod generate_key;
pub(crate) mod identify_token;
pub(crate) mod initialize_token;
pub(crate) mod inspect_host;
pub(crate) mod note;
pub(crate) mod open_bag;
pub(crate) mod open_share;
pub(crate) mod opening;
pub(crate) mod pause;
pub(crate) mod read_script;
pub(crate) mod restore_key;
pub(crate) mod resuming;
pub(crate) mod review_root;
pub(crate) mod seal;
pub(crate) mod set_pin;
pub(crate) mod sign_off;
pub(crate) mod sign_root;
pub(crate) mod verify_backup;
pub(crate) mod verify_request;
pub(crate) mod verify_restored_key;
pub(crate) mod verify_root;
pub(crate) mod verify_token;
