//! Changes of a root on the screen: what changes, who owes a signature under which root, and how many there are.

use conclave::ceremony::Next;
use crossterm::event::KeyCode;

use super::room::Room;
use super::screens::snapshot;
use crate::support::changes::{
    CHANGES, Change, Outcome, SITUATIONS, Situation, World, expected, script, template,
};

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

fn rehearsal(world: &World, change: Change, situation: Situation, size: (u16, u16)) -> Room {
    let script = script(&template(world, change, situation)).unwrap();
    Room::change(world, script, size)
}

/// Goes on until a step, and asks what it asks.
fn asked(room: Room, step: &str) -> Room {
    let mut room = room.until(step);
    if matches!(room.ceremony().next(), Next::Ask(_)) {
        room.ask();
    }
    room
}

#[test]
fn a_rotation_on_the_screen() {
    let world = World::new(5, 4);
    for size in SIZES {
        let replaced = || rehearsal(&world, Change::Replace, Situation::OneRemote, size);
        let mut review = asked(replaced(), "review-root");
        snapshot("rotation-review", &review);
        for _ in 0..6 {
            review.press(KeyCode::PageDown);
        }
        snapshot("rotation-review-read", &review);
        let mut signing = asked(replaced(), "sign-root");
        snapshot("rotation-sign", &signing);
        // Announced, and made: twice.
        for _ in 0..4 {
            signing.step();
        }
        signing.ask();
        snapshot("rotation-signed-two", &signing);
        snapshot("rotation-collect", &asked(replaced(), "collect-signatures"));
        snapshot("rotation-verify", &asked(replaced(), "verify-root"));
        let lost = || rehearsal(&world, Change::Remove, Situation::OneLost, size);
        snapshot("revocation-sign", &asked(lost(), "sign-root"));
        let moved = || rehearsal(&world, Change::ThresholdUp, Situation::OneRemote, size);
        snapshot("threshold-review", &asked(moved(), "review-root"));
    }
}

/// The counters as the table of expected outcomes has them, wherever the screen breaks them.
fn counters(screen: &str) -> String {
    let words: Vec<&str> = screen
        .split_whitespace()
        .filter(|word| !matches!(*word, "[ok]" | "[wait]" | "·" | "│"))
        .collect();
    words.join(" ")
}

#[test]
fn the_rehearsal_of_every_change_shows_its_outcome_on_the_screen() {
    let world = World::new(5, 4);
    for change in CHANGES {
        for situation in SITUATIONS {
            let outcome = expected(change, situation);
            let script = script(&template(&world, change, situation));
            let wanted = match (outcome, script) {
                // There is no rehearsal of it: the check of the script refuses it, and says what to do first.
                (Outcome::Refused(way), Err(faults)) => {
                    assert!(faults.iter().any(|fault| fault.hint == way), "{faults}");
                    continue;
                }
                (Outcome::Signed(counters), Ok(_)) => vec![counters],
                (Outcome::Owed(before, after), Ok(_)) => vec![before, after],
                (outcome, _) => panic!("{change:?} {situation:?}: not {outcome:?}"),
            };
            let mut room = rehearsal(&world, change, situation, (80, 24)).until("sign-root");
            let mut seen = Vec::new();
            while room
                .ceremony()
                .current_step()
                .is_some_and(|step| step.id.as_str() != "export")
            {
                if matches!(room.ceremony().next(), Next::Ask(_)) {
                    room.ask();
                }
                seen.push(counters(&room.screen()));
                room.step();
            }
            for wanted in wanted {
                let words = counters(wanted);
                assert!(
                    seen.iter().any(|screen| screen.contains(&words)),
                    "{change:?} {situation:?} lacks {wanted}; at the end: {}",
                    seen.last().unwrap()
                );
            }
        }
    }
}
