//! Run sheets: everything of the script is on them, and nothing of it gets out of hand.

use std::collections::BTreeMap;

use conclave::metadata::KeyType;
use conclave::script::{Kind, Script, ScriptTemplate, run_sheet};

use super::{day, genesis};

/// Two tokens; a name that would be markup, a long one, marks on a token, and a note.
fn script() -> Script {
    let template = ScriptTemplate {
        kind: Kind::Genesis,
        title: Some("Fish & chips </style><script>alert(1)</script>".to_owned()),
        repository: "example.org/firmware".to_owned(),
        tokens: 2,
        threshold: 2,
        key_type: KeyType::EcdsaP384,
        profile: "softhsm2".to_owned(),
        not_before: "2027-03-01T08:00:00Z".parse().unwrap(),
        expires: "2028-03-01T00:00:00Z".parse().unwrap(),
        online: BTreeMap::new(),
    };
    let text = template
        .write()
        .unwrap()
        .replace("\"Key holder 1\"", "'<b onclick=\"x()\">Söhne & Co.</b>'")
        .replace("\"Key holder 2\"", "\"Wolfeschlegelsteinhausenbergerdorff Senior of Philadelphia\"")
        .replace(
            "label = \"conclave-key-2\"",
            "manufacturer = \"Nitrokey\", model = \"HSM 2\", serial = \"DENK0104\", bag = \"A0012345\"",
        )
        .replace("minutes = 10\n", "");
    Script::parse("fish.toml", &text, genesis(), day()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn text_is_80_columns_wide() {
    let text = run_sheet(&script()).to_text();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    insta::with_settings!({ snapshot_path => "sheets", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("run-sheet.txt", text);
    });
}

#[test]
fn html_is_whole_and_foreign_text_is_escaped() {
    let html = run_sheet(&script()).to_html();
    for markup in ["<b ", "<b>", "</b>", "<script", "onclick=\""] {
        assert!(!html.contains(markup), "{markup}");
    }
    assert_eq!(html.matches("</style>").count(), 1);
    for name in [
        "table", "tbody", "thead", "tr", "td", "th", "p", "h1", "h2", "h3", "div", "ol", "li", "i",
        "span", "header", "body", "html",
    ] {
        let opened =
            html.matches(&format!("<{name}>")).count() + html.matches(&format!("<{name} ")).count();
        assert_eq!(
            opened,
            html.matches(&format!("</{name}>")).count(),
            "{name}"
        );
        assert!(opened > 0, "{name}");
    }
    let (head, body) = html.split_once("</style>").unwrap();
    let page_rule = head
        .lines()
        .filter(|line| line.contains("@top-"))
        .collect::<Vec<_>>();
    insta::with_settings!({ snapshot_path => "sheets", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("run-sheet.html", format!("{}\n{body}", page_rule.join("\n")));
    });
}

#[test]
fn every_step_person_token_and_file_is_on_both_forms() {
    let script = Script::parse("genesis.toml", genesis().text, genesis(), day()).unwrap();
    for sheet in [run_sheet(&script).to_text(), run_sheet(&script).to_html()] {
        let names = script.people().iter().map(|person| person.name.as_str());
        let labels = script
            .keys()
            .iter()
            .filter_map(|key| key.token.label.as_deref());
        let files = script.pinned_files().map(|file| file.name.as_str());
        for wanted in names
            .chain(labels)
            .chain(files)
            .chain(script.sha256().words())
        {
            assert!(sheet.contains(wanted), "{wanted}");
        }
        let titles = script.steps().iter().map(|step| step.act.title(&script));
        for title in titles.filter(|title| !title.starts_with("Note")) {
            let wanted = title.replace('\'', "&#39;");
            assert!(sheet.contains(&title) || sheet.contains(&wanted), "{title}");
        }
    }
}
