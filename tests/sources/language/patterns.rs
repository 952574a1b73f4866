//! What is ruled out, and the few places where it is right.

/// Patterns, separated by commas, and what to write instead.
pub(super) const RULES: &[(&str, &str)] = &[
    // American spelling.
    (
        "initialis*, authoris*, recognis*, organis*, normalis*, serialis*, finalis*, summaris*, minimis*, capitalis*, \
         synchronis*, canonicalis*, randomis*, customis*, memoris*, categoris*, emphasise*, optimise*, optimising, \
         optimisation*, unauthoris*, uninitialis*, reinitialis*, deserialis*",
        "spell it with z: initialize, authorize",
    ),
    (
        "colour*, behaviour*, favour*, honour*, neighbour*, labour*",
        "spell it with -or: color, behavior",
    ),
    (
        "licence*, centre*, metre*, catalogue*, grey*, analyse*, judgement*, whilst, programme, programmes, cheque*, \
         defence*, offence*, fulfil, fulfils, learnt, spelt, burnt",
        "use the American spelling: license, center, gray, analyze, judgment, while, learned",
    ),
    (
        "cancelled, cancelling, labelled, labelling, signalled, signalling, travelled, modelled, modelling",
        "write a single l: canceled, labeled",
    ),
    // Terms: docs/glossary.md.
    (
        "the ink, into ink, ink of",
        "\"the written digest\"; \"compare with the digest on paper\"",
    ),
    (
        "head of the record|transcript, record's head, the head, transcript's head, head words",
        "\"transcript digest\"",
    ),
    (
        "the|this|a|every|its|whose record",
        "\"transcript\"; one line of it is an entry",
    ),
    ("put|puts|putting off", "\"postpone\""),
    (
        "give|gives|gave|given|giving up, give|gives|gave|given|giving it|them|one up, forgo, forgone, forgoes, forgoing",
        "\"skip\" a step or share; \"abandon\" a payload",
    ),
    (
        "break|breaks|broke|broken|breaking off, break|breaks|broke|broken|breaking it|this off",
        "\"abort\"",
    ),
    ("twin, twins", "\"simulated token\", \"duplicate\""),
    ("own token|tokens", "\"approval token\""),
    (
        "fate, fates",
        "\"secret disposition\": memorized, sealed or discarded",
    ),
    ("by heart", "\"memorized\""),
    ("grade, grades", "\"drill level\""),
    ("foundation, foundations", "\"base root\", \"trusted root\""),
    (
        "fault, faults",
        "\"error\"; for what `script check` reports, \"error\" or \"warning\"",
    ),
    (
        "carried|carry|carries|carrying in",
        "\"pinned input file\", \"add\"",
    ),
    (
        "exception sheet|sheets, deviation, deviations",
        "\"exception report\"",
    ),
    ("everybody", "\"all participants\", \"everyone\""),
    (
        "the room is|are|has|wants|wanted|says|said|asks|asked|decides|decided|may|must|can|cannot|reads|needs|knows|sees|goes|does|looks|takes|gives|tells|and, \
         asks|tells|shows|has the room",
        "\"the participants\", or the role that acts",
    ),
    ("fold, folds, folded, folding", "\"apply\", \"replay\""),
    ("the foundation", "\"the base root\", \"the trusted root\""),
    // Verbs.
    (
        "stands, stand, stood, standing",
        "name the verb: is, is listed, is written, applies",
    ),
    ("lies, lie, lay, lying", "\"is\", \"is stored\", \"is in\""),
    (
        "bring|brings|brought|bringing in, brought it|them in",
        "\"import\", \"insert\", \"add\"",
    ),
    (
        "come|comes|came|coming in",
        "\"is enrolled\", \"arrives\", \"is received\"",
    ),
    (
        "take|takes|took|taken|taking in, take|takes|took|taken|taking them|it in",
        "\"enroll\", \"accept\", \"import\"",
    ),
    ("go|goes|went|gone|going on", "\"continue\""),
    ("take|takes|took|taken|taking up", "\"resume\", \"replace\""),
    (
        "let|lets|letting out, let|lets|letting it|them out, let|lets that|the|a key out",
        "\"export\", \"allow export\"",
    ),
    ("turn|turns|turned|turning away", "\"look away\""),
    (
        "tell, tells, told, telling",
        "\"show\", \"report\", \"print\", \"state\"",
    ),
    ("say|says|said so", "name what is reported, and by what"),
    (
        "look|looks|looked|looking at",
        "\"check\", \"inspect\", \"read\"",
    ),
    ("mend, mends, mended, mending", "\"fix\""),
    (
        "hold|holds|held to, hold|holds|held against, hold|holds|held it|them against",
        "\"check against\", \"compare with\"",
    ),
    ("wants", "\"needs\", \"requires\", \"asks for\""),
    (
        "hand|hands|handed|handing out",
        "\"give\", \"export\", \"serve\"",
    ),
    ("hinder, hinders, hindered", "\"prevent\", \"block\""),
    ("see to it", "\"make sure\""),
    ("is|are had", "\"have\""),
    // Constructions.
    (
        "is|are|was|were|be|been no",
        "negate the verb: \"is not a …\"",
    ),
    ("any|no more", "\"no longer\", \"not … again\""),
    ("the|an|a own", "\"their\", \"its\", or name the owner"),
    ("such an|a one, such one", "name the thing"),
    (
        "whoever, whomever, whosever",
        "\"anyone who\", or name the role",
    ),
    (
        ". who wants|has|loses|needs|knows|wakes|holds|likes ... .",
        "start with the subject: \"A person who …\", \"If you …\"",
    ),
    ("be it, be they", "\"whether … or …\", \"even if\""),
    ("for ever", "\"permanently\""),
    ("anew", "\"again\", \"new\""),
    ("once more", "\"again\""),
    ("all the same", "\"anyway\", \"still\""),
    ("upon", "\"on\""),
    ("beside", "\"next to\", \"with\", \"in addition to\""),
    ("of the kind", "name the thing"),
    ("no word of", "negate the verb"),
    ("nobody|somebody else than", "\"other than\""),
    (
        "till, lest, whereby, thereby, therein, hereby, thereof, whence",
        "use everyday words",
    ),
];

/// Phrases that are right everywhere, each with its reason.
pub(super) const ALLOWED: &[(&str, &str)] = &[
    (
        "there is|are|was|were|would no",
        "the usual way to say that something does not exist",
    ),
    (
        "there would|will|can|may|must|should|might be no",
        "the usual way to say that something does not exist",
    ),
    ("is|are|was|were no longer", "a negated verb"),
    ("no more than", "a limit"),
    (
        "no more bytes|requests|entries|lines|signatures",
        "a quantity",
    ),
    ("told|tell apart", "to distinguish"),
    ("of the kind signing", "the name of a kind of ceremony"),
    ("look at the screen", "people look at a screen"),
    (
        "its|their|her|his own token|tokens",
        "a token that belongs to someone or something",
    ),
    ("on fault", "the name of a flag of the kernel"),
    ("any more than", "a comparison"),
    ("any more of", "a quantity"),
    (
        "stand|stands for",
        "an abbreviation or a placeholder stands for its meaning",
    ),
    ("stand|stands in for", "to replace temporarily"),
    ("stand out", "to be conspicuous"),
    (
        "fault injection",
        "the established name of that kind of test",
    ),
    ("test faults", "the name of a test binary"),
    ("faults . rs", "the name of a test binary"),
    ("tests faults", "the name of a test binary"),
    ("in good standing", "a term of the CA/Browser Forum"),
];

/// A file or directory, a phrase that is right there (`*`: all of them), and the reason.
pub(super) const ALLOWED_IN: &[(&str, &str, &str)] = &[
    ("docs/style.md", "*", "quotes what is not to be written"),
    ("src/tui", "give up", "to stop waiting for a token"),
    ("src/tui", "given up", "to stop waiting for a token"),
    ("src/tui", "giving up", "to stop waiting for a token"),
    ("src/line", "give up", "to stop waiting for a token"),
];
