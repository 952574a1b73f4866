use conclave::backup::recipient::{EncryptError, RecipientError};
use conclave::backup::slip39::{CombineError, QuorumError, ShareError, SplitError};
use conclave::backup::{IdentityError, PlanError, WrapError};

#[test]
fn errors_of_backups() {
    type SetError = conclave::backup::SetError<std::io::Error>;
    let name = || "ada".to_owned();
    let texts = [
        error_lines!(PlanError {
            Split(SplitError::Groups),
            DuplicateCustodian { custodian: name() },
            SameRecipient {
                one: name(),
                other: "grace".to_owned()
            },
            DuplicateRecipient { custodian: name() },
            NoProtection { custodian: name() },
            Name {
                text: "ada/x".to_owned()
            },
            Line {
                text: " Ada".to_owned()
            },
            Id {
                text: "2036".to_owned()
            },
            Time,
        }),
        error_lines!(SplitError {
            Groups,
            GroupsNeeded {
                count: 1,
                needed: 2
            },
            Count {
                group: 1,
                count: 17
            },
            Threshold {
                group: 1,
                count: 3,
                threshold: 4
            },
            SameShares { group: 1, count: 3 },
        }),
        error_lines!(SetError {
            Random(std::io::Error::other("the device is not readable")),
            Repeats,
        }),
        error_lines!(EncryptError {
            Plugin {
                name: "yubikey".to_owned()
            },
            Failed("plugin protocol error".to_owned()),
        }),
        error_lines!(RecipientError { Private, Unknown }),
        error_lines!(IdentityError {
            Form,
            Public,
            SshKind,
            Plugin("age-plugin-yubikey".to_owned()),
        }),
        error_lines!(ShareError {
            Word { place: 7 },
            Length { found: 32 },
            Checksum,
            Padding,
            GroupThreshold,
        }),
        error_lines!(CombineError {
            None,
            OtherSet { share: 1 },
            Duplicate { share: 1, first: 0 },
            Contradiction { share: 1, first: 0 },
            TooFewGroups {
                complete: 1,
                needed: 2
            },
            TooFew {
                group: 1,
                found: 2,
                needed: 3
            },
            Group { group: 1 },
            Groups,
            Surplus { share: 3 },
        }),
        error_lines!(QuorumError {
            Combine(CombineError::Groups),
            Members {
                group: 1,
                members: vec![0, 2]
            },
            Groups { groups: vec![0, 1] },
        }),
        error_lines!(WrapError {
            Mix,
            Length,
            Integrity
        }),
    ];
    insta::assert_snapshot!("errors_of_backups", texts.concat());
}
