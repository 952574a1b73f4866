//! Edits of the ready genesis, one for every error that a script can have.

/// A name, what is cut out of the ready genesis, and what is put in its place.
pub(crate) type Case = (&'static str, &'static str, &'static str);

const TEXT: &[Case] = &[
    ("toml", "threshold = 3 ", "threshold = "),
    (
        "toml-twice",
        "kind = \"genesis\"",
        "kind = \"genesis\"\nkind = \"genesis\"",
    ),
    (
        "characters-comment",
        "# The new root",
        "# The \u{202e}new root",
    ),
    (
        "characters-escaped",
        "name = \"Witness 1\"",
        "name = \"Witness\\u001b[31m 1\"",
    ),
    ("text-empty", "name = \"Witness 1\"", "name = \" \""),
    (
        "text-long",
        "name = \"Witness 1\"",
        "name = \"Witness 1 of this ceremony, whose name is longer than any line\"",
    ),
    ("type-number", "threshold = 3 ", "threshold = \"3\" "),
    (
        "type-text",
        "title = \"The first root of example.com/updates\"",
        "title = 1",
    ),
    (
        "type-boolean",
        "consistent_snapshot = true",
        "consistent_snapshot = \"yes\"",
    ),
    (
        "type-list",
        "roles = [\"administrator\"]",
        "roles = \"administrator\"",
    ),
    (
        "type-table",
        "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }",
        "token = \"softhsm2\"",
    ),
    (
        "field-unknown",
        "destination = \"plain\"",
        "destination = \"plain\"\ncolor = \"red\" ",
    ),
    ("field-missing", "threshold = 3 ", "#"),
    (
        "assurance-unknown",
        "kind = \"genesis\"",
        "kind = \"genesis\"\nassurance = \"alone\"",
    ),
    (
        "table-missing",
        "[root.roles.snapshot]",
        "[root.roles.targets.snapshot]",
    ),
];

const HEADER: &[Case] = &[
    ("schema", "schema = 1 ", "schema = 2 "),
    ("schema-missing", "schema = 1 ", "# "),
    ("kind-unknown", "kind = \"genesis\"", "kind = \"exodus\""),
    (
        "repository",
        "repository = \"example.com/updates\"",
        "repository = \"our updates\"",
    ),
    (
        "custody-no-list",
        "repository = \"example.com/updates\" ",
        "custody_log = { file = \"online/timestamp.pub.pem\", sha256 = \"1e129091e557a5eeed3ed9d1dfe296d3d664ec16fd526398709d1920c844dab2\" }\nrepository = \"example.com/updates\" ",
    ),
    (
        "previous-of-genesis",
        "\n[root]\n",
        "\n[previous]\ntranscript_digest = \"snowcap\"\n\n[root]\n",
    ),
    (
        "destination-unknown",
        "destination = \"plain\"",
        "destination = \"fancy\"",
    ),
    (
        "destination-later",
        "destination = \"plain\"",
        "destination = \"rstuf\"",
    ),
    (
        "destination-tuf-on-ci",
        "destination = \"plain\"",
        "destination = \"tuf-on-ci\"",
    ),
    (
        "notary-certificate",
        "destination = \"plain\"",
        "notary-v1 = { certificate_name = \"docker.io/*\", certificate_expires = \"2027-01-01T00:00:00Z\" }\ndestination = \"notary-v1\"",
    ),
    (
        "notary-template",
        "destination = \"plain\"",
        "notary-v1 = { template = { file = \"online/timestamp.pub.pem\", sha256 = \"1e129091e557a5eeed3ed9d1dfe296d3d664ec16fd526398709d1920c844dab2\" } }\ndestination = \"notary-v1\"",
    ),
    (
        "notary-table-elsewhere",
        "destination = \"plain\"",
        "notary-v1 = { certificate_name = \"example.com/*\" }\ndestination = \"plain\"",
    ),
    (
        "notary-certify-elsewhere",
        "[[step]]\nact = \"compose-root\"",
        "[[step]]\nact = \"certify-key\"\nkey = \"key-1\"\n\n[[step]]\nact = \"compose-root\"",
    ),
    (
        "destination-without-owners",
        "id = \"key-1\"\n",
        "id = \"key-1\"\nowner = \"@alice\"\n",
    ),
    (
        "owner",
        "id = \"key-1\"\n",
        "id = \"key-1\"\nowner = \"alice\"\n",
    ),
    (
        "uri",
        "keys = [{ file = \"online/timestamp.pub.pem\"",
        "keys = [{ uri = \"the cloud\", file = \"online/timestamp.pub.pem\"",
    ),
    (
        "owner-and-uri",
        "keys = [{ file = \"online/timestamp.pub.pem\"",
        "keys = [{ uri = \"awskms:alias/online\", owner = \"@alice\", file = \"online/timestamp.pub.pem\"",
    ),
    (
        "period",
        "[root.roles.timestamp]",
        "[root.tuf-on-ci]\nroot = { expiry_days = 30, signing_days = 60 }\nonline = { expiry_days = 0, signing_days = 1 }\n\n[root.roles.timestamp]",
    ),
];

const PINS: &[Case] = &[
    (
        "pin-field",
        "label = \"conclave-key-2\"",
        "label = \"conclave-key-2\", pin = \"271828\"",
    ),
    (
        "pin-top",
        "\n[root]\n",
        "\nso_pin = \"31415926\"\n\n[root]\n",
    ),
    (
        "pin-note",
        "that the door is closed.",
        "that the door is closed. The PIN is 271828.",
    ),
    (
        "pin-comment",
        "# The participants.",
        "# SO PIN: 271828\n# The participants.",
    ),
    (
        "password-field",
        "name = \"Key holder 5\"",
        "name = \"Key holder 5\"\npassword = \"swordfish\"",
    ),
];

const DATES: &[Case] = &[
    (
        "time-offset",
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:00:00+01:00",
    ),
    (
        "time-impossible",
        "2026-12-01T09:00:00Z",
        "2026-02-30T09:00:00Z",
    ),
    (
        "time-leap-second",
        "2026-12-01T09:00:00Z",
        "2016-12-31T23:59:60Z",
    ),
    (
        "time-unquoted",
        "\"2026-12-01T09:00:00Z\"",
        "2026-12-01T09:00:00Z",
    ),
    (
        "expiry-before-start",
        "2027-12-01T00:00:00Z",
        "2026-12-01T09:00:00Z",
    ),
];

const THRESHOLDS: &[Case] = &[
    ("threshold-high", "threshold = 3 ", "threshold = 6 "),
    ("threshold-zero", "threshold = 3 ", "threshold = 0 "),
    ("threshold-negative", "threshold = 3 ", "threshold = -1 "),
    (
        "threshold-role",
        "[root.roles.snapshot]\nthreshold = 1",
        "[root.roles.snapshot]\nthreshold = 2",
    ),
    (
        "threshold-counts-different-keys",
        "[root.roles.snapshot]\nthreshold = 1\nkeys = [",
        "[root.roles.snapshot]\nthreshold = 2\nkeys = [{ file = \"copy.pem\", sha256 = \"SNAPSHOT\" }, ",
    ),
    (
        "role-without-keys",
        "keys = [{ file = \"online/targets.pub.pem\", sha256 = \"TARGETS\" }]",
        "keys = []",
    ),
];

const CARRIED: &[Case] = &[
    (
        "file-missing",
        "online/targets.pub.pem",
        "online/no-such.pub.pem",
    ),
    (
        "file-unreadable",
        "online/targets.pub.pem",
        "unreadable.pem",
    ),
    (
        "file-absolute",
        "online/targets.pub.pem",
        "/etc/ssl/targets.pub.pem",
    ),
    (
        "file-outside",
        "online/targets.pub.pem",
        "../targets.pub.pem",
    ),
    (
        "file-name-taken",
        "online/targets.pub.pem",
        "root/targets.pub.pem",
    ),
    (
        "file-name-hidden",
        "online/targets.pub.pem",
        "online/.targets",
    ),
    (
        "file-name-characters",
        "online/targets.pub.pem",
        "online/my targets.pem",
    ),
    ("file-huge", "online/targets.pub.pem", "huge.pem"),
    ("hash-differs", "TARGETS", "SNAPSHOT"),
    ("hash-malformed", "TARGETS", "…"),
    ("private-key", "online/targets.pub.pem", "private.pem"),
    (
        "no-public-key",
        "online/targets.pub.pem\", sha256 = \"TARGETS",
        "readme.txt\", sha256 = \"README",
    ),
];

const PEOPLE: &[Case] = &[
    (
        "approval-administrator",
        "id = \"administrator\"\n",
        "id = \"administrator\"\napproval = { token = { profile = \"softhsm2\", label = \"mine\" }, public_key = { file = \"online/snapshot.pub.pem\", sha256 = \"d2b16b7da32b7743414268088df4f55447a4634cdcb108bb9acc31da89581bba\" } }\n",
    ),
    (
        "approval-no-key",
        "id = \"witness-1\"\n",
        "id = \"witness-1\"\napproval = { token = { profile = \"softhsm2\", label = \"mine\" } }\n",
    ),
    (
        "approval-root-token",
        "id = \"witness-1\"\n",
        "id = \"witness-1\"\napproval = { token = { profile = \"softhsm2\", label = \"conclave-key-1\" }, public_key = { file = \"online/snapshot.pub.pem\", sha256 = \"d2b16b7da32b7743414268088df4f55447a4634cdcb108bb9acc31da89581bba\" } }\n",
    ),
    (
        "approval-no-token",
        "id = \"witness-1\"\n",
        "id = \"witness-1\"\napproval = { public_key = { file = \"online/snapshot.pub.pem\", sha256 = \"d2b16b7da32b7743414268088df4f55447a4634cdcb108bb9acc31da89581bba\" } }\n",
    ),
    ("person-twice", "id = \"witness-2\"", "id = \"witness-1\""),
    ("name-twice", "name = \"Witness 2\"", "name = \"WITNESS 1\""),
    ("person-id", "id = \"witness-2\"", "id = \"Witness 2\""),
    (
        "person-role-unknown",
        "roles = [\"administrator\"]",
        "roles = [\"boss\"]",
    ),
    (
        "person-without-role",
        "roles = [\"administrator\"]",
        "roles = []",
    ),
    (
        "person-role-twice",
        "roles = [\"administrator\"]",
        "roles = [\"administrator\", \"administrator\"]",
    ),
    (
        "person-substitute-name-taken",
        "name = \"Witness 2\"",
        "name = \"Witness 2\"\nsubstitute = \"witness 1\"",
    ),
    (
        "person-unused",
        "holder = \"holder-5\"",
        "holder = \"holder-4\"",
    ),
    (
        "person-custodian-unused",
        "name = \"Witness 2\"\nroles = [\"witness\"",
        "name = \"Witness 2\"\nroles = [\"witness\", \"custodian\"",
    ),
    (
        "administrator-missing",
        "roles = [\"administrator\"]",
        "roles = [\"witness\"]",
    ),
    (
        "administrator-twice",
        "name = \"Witness 2\"\nroles = [\"witness\"",
        "name = \"Witness 2\"\nroles = [\"administrator\"",
    ),
    (
        "administrator-witness",
        "roles = [\"administrator\"]",
        "roles = [\"administrator\", \"witness\"]",
    ),
    (
        "two-people",
        "\n[[person]]\nid = \"witness-2\"\nname = \"Witness 2\"\nroles = [\"witness\"]\n",
        "",
    ),
];

const KEYS: &[Case] = &[
    ("key-twice", "id = \"key-2\"", "id = \"key-1\""),
    (
        "key-holder-unknown",
        "holder = \"holder-2\"",
        "holder = \"holder-9\"",
    ),
    (
        "key-holder-no-holder",
        "holder = \"holder-2\"",
        "holder = \"witness-1\"",
    ),
    (
        "key-type",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa\"",
    ),
    (
        "key-backup-alone",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"shares\"",
    ),
    (
        "key-backup-unknown",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"none\"",
        "\"conclave-key-2\" }\ntype = \"ecdsa-sha2-nistp256\"\nbackup = \"paper\"",
    ),
    (
        "key-unused",
        "\n[[key]]\nid = \"key-2\"",
        "\n[[key]]\nid = \"key-6\"\nholder = \"holder-2\"\ntoken = { profile = \"softhsm2\" }\ntype = \"ed25519\"\nbackup = \"none\"\n\n[[key]]\nid = \"key-2\"",
    ),
    (
        "profile",
        "{ profile = \"softhsm2\", label = \"conclave-key-2\" }",
        "{ profile = \"../softhsm\", label = \"conclave-key-2\" }",
    ),
    (
        "label-long",
        "label = \"conclave-key-2\"",
        "label = \"Schlüssel für die Ürdinger Wurz\"",
    ),
    (
        "label-twice",
        "label = \"conclave-key-2\"",
        "label = \"conclave-key-1\"",
    ),
    (
        "serial-twice",
        "token = { profile = \"softhsm2\", label = \"conclave-spare-1\" }",
        "token = { profile = \"softhsm2\", serial = \"77\" }\n\n[[spare]]\nid = \"spare-2\"\ntoken = { profile = \"softhsm2\", serial = \"77\" }",
    ),
];

const STEPS: &[Case] = &[
    (
        "act-unknown",
        "act = \"read-script\"",
        "act = \"read-aloud\"",
    ),
    (
        "act-of-drill",
        "act = \"read-script\"",
        "act = \"verify-restored-key\"",
    ),
    ("act-missing", "act = \"read-script\"", "id = \"reading\""),
    (
        "act-has-no-key",
        "act = \"read-script\"",
        "act = \"read-script\"\nkey = \"key-1\"",
    ),
    (
        "act-wants-key",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"set-pin\"",
    ),
    (
        "act-key-unknown",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"set-pin\"\nkey = \"key-9\"",
    ),
    (
        "note-initials-unknown",
        "initials = [\"witness-1\"]",
        "initials = [\"witness-9\"]",
    ),
    (
        "note-initials-empty",
        "initials = [\"witness-1\"]",
        "initials = []",
    ),
    (
        "note-initials-twice",
        "initials = [\"witness-1\"]",
        "initials = [\"witness-1\", \"witness-1\"]",
    ),
    (
        "note-empty",
        "text = \"Check that",
        "text = \"\" # Check that",
    ),
    (
        "minutes",
        "act = \"attest-clock\"\nminutes = 2",
        "act = \"attest-clock\"\nminutes = 0",
    ),
    (
        "step-id",
        "act = \"read-script\"",
        "act = \"read-script\"\nid = \"Read Script\"",
    ),
    (
        "step-id-twice",
        "act = \"read-script\"",
        "act = \"read-script\"\nid = \"note-1\"",
    ),
    (
        "step-twice",
        "act = \"verify-root\"",
        "act = \"verify-root\"\n\n[[step]]\nact = \"verify-root\"",
    ),
];

const ORDER: &[Case] = &[
    (
        "order-attendance",
        "[[step]]\nact = \"attendance\"\nminutes = 5\n\n[[step]]\nact = \"attest-clock\"\nminutes = 2\n",
        "[[step]]\nact = \"attest-clock\"\n\n[[step]]\nact = \"attendance\"\n",
    ),
    (
        "order-sign-before-review",
        "act = \"review-root\"\nminutes = 10\n\n[[step]]\nact = \"sign-root\"",
        "act = \"sign-root\"\n\n[[step]]\nact = \"review-root\"",
    ),
    (
        "order-verify-before-sign",
        "act = \"sign-root\"\nminutes = 10\n\n[[step]]\nact = \"verify-root\"",
        "act = \"verify-root\"\n\n[[step]]\nact = \"sign-root\"",
    ),
    (
        "order-export-before-verify",
        "act = \"verify-root\"\nminutes = 1\n\n[[step]]\nact = \"export\"",
        "act = \"export\"\n\n[[step]]\nact = \"verify-root\"",
    ),
    (
        "order-pin-before-initialize",
        "act = \"initialize-token\"\nkey = \"key-4\"\nminutes = 1\n\n[[step]]\nact = \"set-pin\"\nkey = \"key-4\"",
        "act = \"set-pin\"\nkey = \"key-4\"\n\n[[step]]\nact = \"initialize-token\"\nkey = \"key-4\"",
    ),
    (
        "order-sign-off-first",
        "\n[[step]]\nact = \"compose-root\"",
        "\n[[step]]\nact = \"sign-off\"\n\n[[step]]\nact = \"compose-root\"",
    ),
    (
        "order-after-sign-off",
        "act = \"sign-off\"\n",
        "act = \"sign-off\"\n\n[[step]]\nact = \"note\"\ntext = \"Lock the door.\"\ninitials = [\"witness-2\"]\n",
    ),
    (
        "order-note-inside-key",
        "act = \"set-pin\"\nkey = \"key-2\"",
        "act = \"note\"\ntext = \"Have a coffee.\"\ninitials = [\"witness-2\"]\n\n[[step]]\nact = \"set-pin\"\nkey = \"key-2\"",
    ),
    (
        "step-missing-attendance",
        "[[step]]\nact = \"attendance\"\nminutes = 5\n",
        "",
    ),
    (
        "step-missing-review",
        "[[step]]\nact = \"review-root\"\nminutes = 10\n",
        "",
    ),
    (
        "step-missing-pin",
        "[[step]]\nact = \"set-pin\"\nkey = \"key-2\"\nminutes = 2\n",
        "",
    ),
    (
        "step-missing-prove",
        "[[step]]\nact = \"verify-token\"\nkey = \"key-5\"\nminutes = 2\n",
        "",
    ),
    (
        "step-missing-sign-off",
        "[[step]]\nact = \"sign-off\"\nminutes = 10\n",
        "",
    ),
];

const HOLDER_1_SO_PIN: &str =
    "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\" }";

const ACTIVATION: &[Case] = &[
    (
        "activation-puk",
        HOLDER_1_SO_PIN,
        "{ type = \"puk\", set_by = \"holder-1\", disposition = \"memorized\" }",
    ),
    (
        "activation-management-key",
        HOLDER_1_SO_PIN,
        "{ type = \"management-key\", disposition = \"discarded\" }",
    ),
    (
        "activation-unknown",
        HOLDER_1_SO_PIN,
        "{ type = \"password-hint\", disposition = \"shouted\" }",
    ),
    (
        "activation-twice",
        HOLDER_1_SO_PIN,
        "{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
    ),
    (
        "activation-other-holder",
        "{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
        "{ type = \"user-pin\", set_by = \"holder-2\", disposition = \"memorized\" }",
    ),
    (
        "activation-pin-discarded",
        "{ type = \"user-pin\", set_by = \"holder-1\", disposition = \"memorized\" }",
        "{ type = \"user-pin\", disposition = \"discarded\" }",
    ),
    (
        "activation-no-bag",
        HOLDER_1_SO_PIN,
        "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"sealed\" }",
    ),
    (
        "activation-useless-bag",
        HOLDER_1_SO_PIN,
        "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\", bag = \"B0000001\" }",
    ),
    (
        "activation-nobody",
        HOLDER_1_SO_PIN,
        "{ type = \"so-pin\", disposition = \"memorized\" }",
    ),
    (
        "activation-stranger",
        HOLDER_1_SO_PIN,
        "{ type = \"so-pin\", set_by = \"holder-9\", disposition = \"memorized\" }",
    ),
    (
        "activation-discarded-by",
        HOLDER_1_SO_PIN,
        "{ type = \"so-pin\", set_by = \"holder-1\", disposition = \"discarded\" }",
    ),
    (
        "activation-bag-twice",
        "token = { profile = \"softhsm2\", label = \"conclave-spare-1\" }",
        "token = { profile = \"softhsm2\", label = \"conclave-spare-1\", bag = \"A1\" }\n\n[[spare]]\nid = \"spare-2\"\ntoken = { profile = \"softhsm2\", label = \"conclave-spare-2\", bag = \"A1\" }",
    ),
];

const SPARES: &[Case] = &[
    (
        "medium-of-no-backup",
        "[[step]]\nact = \"sign-off\"",
        "[[medium]]\nid = \"stick-a\"\nholds = \"shares\"\n\n[[step]]\nact = \"sign-off\"",
    ),
    (
        "medium-holds-unknown",
        "[[step]]\nact = \"sign-off\"",
        "[[medium]]\nid = \"stick-a\"\nholds = \"music\"\n\n[[step]]\nact = \"sign-off\"",
    ),
    (
        "medium-id-of-key",
        "[[step]]\nact = \"sign-off\"",
        "[[medium]]\nid = \"key-1\"\nholds = \"export\"\n\n[[step]]\nact = \"sign-off\"",
    ),
    (
        "medium-unknown",
        "[[step]]\nact = \"sign-off\"",
        "[[step]]\nact = \"seal\"\nmedium = \"stick-a\"\nplace = \"Safe\"\n\n[[step]]\nact = \"sign-off\"",
    ),
    ("spare-is-key", "id = \"spare-1\"", "id = \"key-1\""),
    (
        "spare-label",
        "label = \"conclave-spare-1\"",
        "label = \"conclave-key-1\"",
    ),
    (
        "spare-for-nothing",
        "id = \"spare-1\"",
        "id = \"spare-1\"\nkeys = []",
    ),
    (
        "spare-for-stranger",
        "id = \"spare-1\"",
        "id = \"spare-1\"\nkeys = [\"key-1\", \"key-1\", \"key-9\"]",
    ),
    (
        "spare-no-token",
        "token = { profile = \"softhsm2\", label = \"conclave-spare-1\" }",
        "",
    ),
];

const FIRST_TOKEN: &str = "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }";

const YUBIKEYS: &[Case] = &[
    (
        "slot-of-softhsm",
        FIRST_TOKEN,
        "token = { profile = \"softhsm2\", label = \"conclave-key-1\", slot = \"9c\", pin_policy = \"once\", touch_policy = \"never\" }",
    ),
    (
        "slot-unknown",
        FIRST_TOKEN,
        "token = { profile = \"yubikey-piv\", slot = \"f9\" }",
    ),
    (
        "policy-of-touch-unknown",
        FIRST_TOKEN,
        "token = { profile = \"yubikey-piv\", touch_policy = \"sometimes\" }",
    ),
    (
        "policy-is-no-pin",
        FIRST_TOKEN,
        "token = { profile = \"yubikey-piv\", pin_policy = \"271828\" }",
    ),
    (
        "key-type-of-yubikey",
        "token = { profile = \"softhsm2\", label = \"conclave-key-1\" }\ntype = \"ecdsa-sha2-nistp256\"",
        "token = { profile = \"yubikey-piv\" }\ntype = \"ed25519\"",
    ),
    (
        "provenance-unknown",
        "destination = \"plain\"",
        "require_provenance = \"claimed\"\ndestination = \"plain\"",
    ),
    (
        "provenance-of-softhsm",
        "destination = \"plain\"",
        "require_provenance = \"attested\"\ndestination = \"plain\"",
    ),
    (
        "activation-under-pin",
        "type = \"so-pin\", set_by = \"holder-1\", disposition = \"memorized\"",
        "type = \"so-pin\", set_by = \"holder-1\", disposition = \"pin-protected\"",
    ),
    (
        "import-into-softhsm",
        "act = \"generate-key\"\nkey = \"key-1\"",
        "act = \"import-key\"\nkey = \"key-1\"",
    ),
    (
        "import-beside-generate",
        "act = \"generate-key\"\nkey = \"key-1\"",
        "act = \"generate-key\"\nkey = \"key-1\"\n\n[[step]]\nact = \"import-key\"\nkey = \"key-1\"",
    ),
    (
        "attestation-root",
        "[root]\n",
        "[attestation]\nadditional_roots = [{ file = \"readme.txt\", sha256 = \"README\" }]\n\n[root]\n",
    ),
];

pub(crate) const GROUPS: &[&[Case]] = &[
    TEXT, HEADER, PINS, DATES, THRESHOLDS, CARRIED, PEOPLE, KEYS, ACTIVATION, SPARES, STEPS, ORDER,
    YUBIKEYS,
];
