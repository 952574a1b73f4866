//! `conclave root merge`: collects the signatures of one root.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::carried::{ExchangedFile, refused};
use super::chain_files::ChainFiles;
use super::{Failure, Status};
use crate::cli::output::{display, print_as};
use crate::metadata::{
    Attached, Count, FrozenRoot, KeyId, Progress, RootFile, SignedRoot, TrustedRoot,
    try_verify_chain,
};
use crate::record::visible;
use crate::storage::{Mode, replace};
use crate::transfer::{Merge, OutstandingKey, Refusal};

/// Collect the signatures of one root from several files.
///
/// Each signature is verified before it is kept, and each key has at most one signature. The result does not depend on
/// the order of the files. If a signature is refused, nothing is written.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The payload: a signing request, or a root file with or without signatures
    subject: PathBuf,
    /// Detached signatures, and signed files of the same root
    signatures: Vec<PathBuf>,
    /// For a root file later than version 1: the chain up to the previous version, as for `root verify`
    #[arg(long, value_name = "PATH", num_args = 1..)]
    after: Vec<PathBuf>,
    /// A signature from another tool, in hexadecimal; requires --keyid
    #[arg(long = "signature", value_name = "HEX", requires = "key_ids")]
    hex: Vec<String>,
    /// The key ID for the --signature at the same position
    #[arg(long = "keyid", value_name = "ID", requires = "hex")]
    key_ids: Vec<String>,
    /// The root file to write; valid signatures in an existing file are kept
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// The result for one signature.
struct Taken {
    from: String,
    key_id: KeyId,
    result: Result<Attached, Refusal>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.hex.len() != arguments.key_ids.len() {
        return Err(
            Failure::usage("the numbers of --signature and --keyid differ")
                .hint("give them in pairs: --signature HEX --keyid ID"),
        );
    }
    let (mut merge, mut taken) = begin(arguments)?;
    if arguments.out.exists() {
        taken.extend(take(&mut merge, &arguments.out)?);
    }
    for path in &arguments.signatures {
        taken.extend(take(&mut merge, path)?);
    }
    for (hex, key_id) in arguments.hex.iter().zip(&arguments.key_ids) {
        let key_id = KeyId::new(key_id.as_str());
        let result = merge.add_hex(&key_id, hex);
        taken.push(Taken {
            from: "--signature".to_owned(),
            key_id,
            result,
        });
    }
    let is_refused = taken.iter().any(|taken| taken.result.is_err());
    if !is_refused {
        replace(&arguments.out, &merge.root().to_file_bytes(), Mode::Public)?;
    }
    print_as(
        arguments.json,
        || as_json(&merge, &taken),
        || for_people(&merge, &taken, &arguments.out),
    )?;
    Ok(Status::of_verdict(!is_refused))
}

/// The payload, with the signatures in its file.
fn begin(arguments: &Arguments) -> Result<(Merge, Vec<Taken>), Failure> {
    let path = &arguments.subject;
    match ExchangedFile::read(path)? {
        ExchangedFile::Request(request) => {
            let merge = Merge::of_request(&request).map_err(|refusal| refused(path, &refusal))?;
            Ok((merge, Vec::new()))
        }
        ExchangedFile::Root(file) => {
            let mut merge = Merge::new(unsigned(&file, &arguments.after)?, None);
            let taken = take_file(&mut merge, path, &file)?;
            Ok((merge, taken))
        }
        ExchangedFile::Signature(_) => Err(Failure::usage(format!(
            "{} is a signature, not a signing request or root file",
            display(path)
        ))
        .hint("give the signing request or root file first, then the signatures")),
    }
}

/// The root of a file, without its signatures.
fn unsigned(file: &RootFile, after: &[PathBuf]) -> Result<SignedRoot, Failure> {
    let frozen = FrozenRoot::from_signed_bytes(file.document().signed_bytes())
        .map_err(|error| Failure::refused(visible(&error.to_string())))?;
    if frozen.version() == 1 && after.is_empty() {
        return Ok(SignedRoot::new(frozen));
    }
    if after.is_empty() {
        return Err(Failure::usage(format!(
            "version {} also requires signatures from the keys of the previous version",
            frozen.version()
        ))
        .hint("give the chain up to the previous version with --after PATH…, or give the signing request"));
    }
    let previous = trusted(after)?;
    SignedRoot::after(frozen, previous).map_err(Failure::refused)
}

fn trusted(paths: &[PathBuf]) -> Result<TrustedRoot, Failure> {
    let files = ChainFiles::find(paths)?;
    // An expired root can still be changed, so the time does not matter.
    let report = try_verify_chain(files.read(), jiff::Timestamp::UNIX_EPOCH)?;
    report.trusted().cloned().ok_or_else(|| {
        let reasons: Vec<_> = report.reasons().iter().map(ToString::to_string).collect();
        Failure::refused(reasons.join("; ")).hint("for details: conclave root verify PATH…")
    })
}

fn take(merge: &mut Merge, path: &Path) -> Result<Vec<Taken>, Failure> {
    match ExchangedFile::read(path)? {
        ExchangedFile::Root(file) => take_file(merge, path, &file),
        ExchangedFile::Signature(detached) => Ok(vec![Taken {
            from: display(path),
            result: merge.add(&detached),
            key_id: detached.key_id,
        }]),
        ExchangedFile::Request(_) => Err(Failure::usage(format!(
            "{} is a signing request, not a signature",
            display(path)
        ))
        .hint("give exactly one signing request, as the first file")),
    }
}

fn take_file(merge: &mut Merge, path: &Path, file: &RootFile) -> Result<Vec<Taken>, Failure> {
    let taken = merge
        .add_file(file)
        .map_err(|refusal| refused(path, &refusal))?;
    Ok(taken
        .into_iter()
        .map(|(key_id, result)| Taken {
            from: display(path),
            key_id,
            result,
        })
        .collect())
}

/// The two counters: `root 7 keys 2/3 · root 8 keys 3/3`.
pub(super) fn counters(version: u64, progress: Progress) -> String {
    let own =
        |version: u64, count: Count| format!("root {version} keys {}/{}", count.have, count.need);
    match progress.previous {
        Some(previous) => format!(
            "{} · {}",
            own(version - 1, previous),
            own(version, progress.own)
        ),
        None => own(version, progress.own),
    }
}

fn owes(owed: &OutstandingKey, version: u64) -> String {
    let ids: Vec<_> = owed.key_ids.iter().map(KeyId::short).collect();
    let roles = match (owed.in_previous, owed.in_own) {
        (true, true) => format!("root {} and root {version}", version - 1),
        (true, false) => format!("root {}", version - 1),
        _ => format!("root {version}"),
    };
    format!("{} ({}) for {roles}", ids.join(" and "), owed.description)
}

fn for_people(merge: &Merge, taken: &[Taken], out: &Path) -> String {
    let version = merge.root().frozen().version();
    let mut text = String::new();
    for Taken {
        from,
        key_id,
        result,
    } in taken
    {
        let (mark, what) = match result {
            Ok(Attached::New) => ("ok", "verified".to_owned()),
            Ok(Attached::Replaced) => ("ok", "verified; replaces an earlier signature".to_owned()),
            Ok(Attached::Unchanged) => ("ok", "verified; already present".to_owned()),
            Err(refusal) => ("FAIL", refusal.to_string()),
        };
        let _ = writeln!(text, "[{mark}] key {} from {from}: {what}", key_id.short());
    }
    let _ = writeln!(text, "{}", counters(version, merge.progress()));
    if taken.iter().any(|taken| taken.result.is_err()) {
        let _ = write!(text, "no file was written");
        return text;
    }
    if merge.root().is_complete() {
        let _ = write!(text, "complete: {}", display(out));
    } else {
        for owed in merge.outstanding() {
            let _ = writeln!(text, "may still sign: {}", owes(&owed, version));
        }
        let _ = write!(
            text,
            "incomplete (clients refuse it without more signatures): {}",
            display(out)
        );
    }
    text
}

fn as_json(merge: &Merge, taken: &[Taken]) -> Value {
    let count = |count: Count| json!({"have": count.have, "need": count.need});
    let progress = merge.progress();
    let taken: Vec<_> = taken
        .iter()
        .map(|taken| match &taken.result {
            Ok(kept) => json!({
                "from": taken.from,
                "keyid": taken.key_id,
                "result": match kept {
                    Attached::New => "new",
                    Attached::Replaced => "replaced",
                    Attached::Unchanged => "unchanged",
                },
            }),
            Err(refusal) => json!({
                "from": taken.from,
                "keyid": taken.key_id,
                "result": "refused",
                "check": refusal.check,
                "detail": refusal.detail,
            }),
        })
        .collect();
    let owed: Vec<_> = merge
        .outstanding()
        .into_iter()
        .map(|owed| {
            json!({
                "keyids": owed.key_ids,
                "key": owed.description,
                "in_previous": owed.in_previous,
                "in_own": owed.in_own,
            })
        })
        .collect();
    json!({
        "version": merge.root().frozen().version(),
        "sha256": merge.root().frozen().digest(),
        "signatures": taken,
        "previous": progress.previous.map(count),
        "own": count(progress.own),
        "complete": progress.is_complete(),
        "owed": owed,
    })
}
