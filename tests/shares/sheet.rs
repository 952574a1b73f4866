//! What a custodian has on paper: everything but the words, and the encrypted file once more.

use conclave::backup::{Custodian, Protection, share_sheet};
use conclave::document::qr_parts;

use crate::support::backup::Backup;

/// The sheets of a share, as text and as a page.
fn sheets(backup: &Backup, place: usize) -> [String; 2] {
    let (custodian, share) = backup.set.custodians().nth(place).unwrap();
    let file = Some(backup.files[place].as_slice());
    let sheet = share_sheet(share.label(), custodian, file).unwrap();
    let [name, page_name] = share.label().sheet_files();
    let id = &share.label().id;
    assert_eq!(
        name,
        format!("key-3.{id}.custodian-{}.sheet.txt", place + 1)
    );
    assert_eq!(
        page_name,
        format!("key-3.{id}.custodian-{}.sheet.html", place + 1)
    );
    [sheet.to_text(), sheet.to_html()]
}

/// Reads a code as a camera would: dark modules on a light ground.
fn decode(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    const SCALE: usize = 4;
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, width * SCALE, |x, y| {
            if is_dark(x / SCALE, y / SCALE) {
                0
            } else {
                255
            }
        });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "codes in one picture");
    grids[0].decode().unwrap().1
}

#[test]
fn the_codes_of_the_text_are_the_encrypted_file() {
    let backup = Backup::new(1, &[(2, 3)]);
    let [text, _] = sheets(&backup, 1);
    let (_, codes) = text.split_once("QR codes\n").unwrap();
    let mut file = String::new();
    let mut rows: Vec<Vec<char>> = Vec::new();
    let mut count = 0;
    let mut read = |rows: &mut Vec<Vec<char>>| {
        if rows.is_empty() {
            return;
        }
        let width = 73 + 8;
        let dark = |x: usize, y: usize| {
            let module = x.checked_sub(4).zip(y.checked_sub(4));
            module.is_some_and(|(x, y)| {
                let character = rows.get(y / 2).and_then(|row| row.get(x + 4));
                match character {
                    Some('█') => true,
                    Some('▀') => y % 2 == 0,
                    Some('▄') => y % 2 == 1,
                    _ => false,
                }
            })
        };
        file.push_str(&decode(width, dark));
        file.push('\n');
        count += 1;
        rows.clear();
    };
    for line in codes.lines() {
        if line.contains(['█', '▀', '▄']) {
            rows.push(line.chars().collect());
        } else {
            read(&mut rows);
        }
    }
    read(&mut rows);
    assert_eq!(file.as_bytes(), backup.files[1]);
    assert!(text.contains(&format!("{count} of {count}\n")));
}

#[test]
fn the_codes_of_the_page_are_the_encrypted_file() {
    let backup = Backup::new(1, &[(2, 3)]);
    let [_, page] = sheets(&backup, 0);
    let mut file = String::new();
    for picture in page.split("<svg ").skip(1) {
        let side: usize = picture
            .split_once("viewBox=\"0 0 ")
            .and_then(|(_, rest)| rest.split(' ').next())
            .unwrap()
            .parse()
            .unwrap();
        let (_, path) = picture.split_once(" d=\"").unwrap();
        let mut dark = vec![false; side * side];
        for run in path.split('"').next().unwrap().split('M').skip(1) {
            let numbers: Vec<usize> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().unwrap())
                .collect();
            let [x, y, length, 1, _] = numbers[..] else {
                panic!("{run}");
            };
            dark[y * side + x..y * side + x + length].fill(true);
        }
        file.push_str(&decode(side, |x, y| dark[y * side + x]));
        file.push('\n');
    }
    assert_eq!(file.as_bytes(), backup.files[0]);
    assert_eq!(
        page.matches("<figure>").count(),
        qr_parts(&backup.files[0], 911).len()
    );
}

#[test]
fn no_sheet_has_a_word_of_the_share_and_each_has_rows_for_all() {
    let backup = Backup::new(1, &[(2, 3)]);
    for (place, share) in backup.set.shares().iter().enumerate() {
        let words = share.words();
        let words: Vec<&str> = words.expose().split(' ').collect();
        let [text, page] = sheets(&backup, place);
        for sheet in [&text, &page] {
            for pair in words.windows(2) {
                assert!(!sheet.contains(&pair.join(" ")));
            }
            assert!(!sheet.contains(share.check_words()));
            let set = share.label().set.to_string();
            assert!(
                sheet.contains(&set) && sheet.contains("Custodian"),
                "{sheet}"
            );
        }
        for row in 1..=33 {
            assert!(text.contains(&format!("{row:>3} ____")), "row {row}");
        }
        assert_eq!(page.matches("<li></li>").count(), 33);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn foreign_text_is_no_markup_and_a_rehearsal_says_so() {
    let backup = Backup::new(1, &[(2, 3)]);
    let mut label = backup.set.shares()[0].label().clone();
    label.name = "<b>Anna\u{202e}</b>".to_owned();
    label.is_rehearsal = true;
    let custodian = Custodian {
        id: "custodian-1".to_owned(),
        name: label.name.clone(),
        protection: Some(Protection::Passphrase),
        on_paper: true,
    };
    let sheet = share_sheet(&label, &custodian, None).unwrap();
    let page = sheet.to_html();
    assert!(page.contains("&lt;b&gt;Anna\\u{202e}&lt;/b&gt;"), "{page}");
    assert!(!page.contains("<b>") && !page.contains("<script") && !page.contains("<svg"));
    for sheet in [page, sheet.to_text()] {
        assert!(sheet.contains("REHEARSAL"), "{sheet}");
        assert!(!sheet.contains('\u{202e}'));
        assert!(sheet.contains("the words are on paper only"));
        assert!(sheet.contains("Check words, which confirm"), "{sheet}");
    }
}
