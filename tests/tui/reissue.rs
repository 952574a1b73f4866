//! A re-issue on the screen: what is made of the key in memory, and what becomes of each part of the old set.

use conclave::ceremony::Next;
use crossterm::event::KeyCode;

use super::room::Room;
use super::screens::snapshot;

const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

#[test]
fn a_reissue_on_the_screen() {
    for size in SIZES {
        let mut room = Room::reissue(size).until("back-up-key");
        while !matches!(room.ceremony().next(), Next::Ask(_)) {
            room.step();
        }
        room.ask();
        snapshot("reissue-back-up", &room);
        let mut room = Room::reissue(size).until("destroy-shares");
        room.ask();
        snapshot("reissue-old-share", &room);
        // What is not destroyed wants its reason.
        room.press(KeyCode::Down);
        room.press(KeyCode::Enter);
        snapshot("reissue-old-share-left", &room);
        let mut room = Room::reissue(size).until("destroy-shares");
        for _ in 0..3 {
            room.step();
        }
        room.ask();
        snapshot("reissue-old-wrapped-key", &room);
    }
}
