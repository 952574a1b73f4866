//! `expires`: which texts are dates, and whose expiry counts.

use serde_json::json;

use super::world::World;
use super::{Case, accepted, refused};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut text = |text: &str, why, expected| {
        let name = format!("expires {text:?}");
        cases.push(world.signed_edit(name, why, expected, |tree| tree["expires"] = json!(text)));
    };
    let why = "spec 4.2: YYYY-MM-DDTHH:MM:SSZ";
    for wrong in [
        "",
        "never",
        "2040-01-01",
        "2040-01-01T00:00:00",
        "2040-01-01 00:00:00Z",
        "2040-01-01t00:00:00Z",
        "2040-01-01T00:00:00z",
        " 2040-01-01T00:00:00Z",
        "2040-01-01T00:00:00Z ",
        "2040-01-01T00:00:00Z\n",
        "20400101T000000Z",
        "10000-01-01T00:00:00Z",
        "-040-01-01T00:00:00Z",
        "2040-1-1T00:00:00Z",
        "2040-01-01T00:00Z",
        "2040-01-01T00:00:00.Z",
        "2040-01-01T00:00:00,5Z",
        "2040-01-01T00:00:00.0000000001Z",
        "2040-01-01T00:00:00UTC",
        "2040-01-01T00:00:00ZZ",
        "2040-01-01T00:00:00+0000",
        "2040-W01-1T00:00:00Z",
        "2040-001T00:00:00Z",
        "２０４０-01-01T00:00:00Z",
        "2040-01-01T00:00:00+00:00Z",
        "1893456000",
    ] {
        text(wrong, why, refused(1, "root.expires-form"));
    }
    let why = "the date or time does not exist";
    for wrong in [
        "2040-02-30T00:00:00Z",
        "2041-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2040-13-01T00:00:00Z",
        "2040-00-01T00:00:00Z",
        "2040-01-32T00:00:00Z",
        "2040-01-00T00:00:00Z",
        "2040-01-01T24:00:00Z",
        "2040-01-01T00:60:00Z",
        "2040-06-30T23:59:60Z",
        "2040-01-01T00:00:00+24:00",
        "2040-01-01T00:00:00-00:60",
    ] {
        text(wrong, why, refused(1, "root.expires-form"));
    }
    text("2040-02-29T23:59:59Z", "a leap day", accepted(2, ""));
    text(
        "9999-12-31T23:59:59Z",
        "the last date of the form",
        accepted(2, ""),
    );
    let why = "Sigstore's versions 1 to 4 have such dates";
    for odd in [
        "2040-01-01T00:00:00.5Z",
        "2040-01-01T00:00:00-06:00",
        "2040-01-01T00:00:00.123456789+05:30",
    ] {
        text(odd, why, accepted(2, "root.expires-nonstandard"));
    }
    let earlier = accepted(2, "root.expires-earlier");
    text(
        "2030-12-31T00:00:00Z",
        "an expiry may go backwards",
        earlier,
    );
    let why = "spec 5.3.10: the last version's expiry counts";
    for past in [
        "2030-06-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
    ] {
        text(past, why, refused(2, "root.expired"));
    }
    text(
        "2030-06-01T00:00:01Z",
        "one second left",
        accepted(2, "root.expires-earlier"),
    );
    for wrong in [
        json!(1_893_456_000),
        json!(null),
        json!(true),
        json!(["2040-01-01T00:00:00Z"]),
    ] {
        let name = format!("expires = {wrong}");
        let expected = refused(1, "root.expires-form");
        cases.push(world.signed_edit(name, "a text", expected, |tree| tree["expires"] = wrong));
    }
    cases
}
