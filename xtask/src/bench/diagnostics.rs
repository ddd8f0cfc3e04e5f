//! How well the compiler of manifests explains mistakes: a seeded corpus of mistakes in the real manifests, each compiled
//! within this process, and the share of messages at the right line and with the right remedy.

mod corpus;
mod keys;
mod names;
mod samples;
mod scan;
mod score;
mod syntax;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;

use super::heading;
use super::table::table;
use crate::steps::say;
use corpus::{Kind, Layer, Manifest, Mistake};
use score::{Score, Verdict};

/// Options of the score.
#[derive(Args)]
pub(crate) struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Another seed makes other mistakes of the same kinds
    #[arg(long, default_value_t = SEED)]
    seed: u64,

    /// Mistakes of each kind in each manifest, at most
    #[arg(long, default_value_t = 6)]
    each: usize,

    /// Print each mistake whose message misses its line or its remedy, and each with follow-on errors
    #[arg(long)]
    misses: bool,
}

/// The seed of the figures that must hold.
const SEED: u64 = 15;

/// The folders of the real manifests.
const FOLDERS: [&str; 2] = ["", "tests/connectors/parcel"];

/// The least shares, in percent, and the median of follow-on errors.
const LEAST_LINES: f64 = 97.0;
const LEAST_REMEDIES: f64 = 92.0;
const MEDIAN_FOLLOWING: usize = 0;

/// The fewest mistakes that are a corpus.
const LEAST_MISTAKES: usize = 300;

/// Builds the corpus, compiles each mistake, and prints the score of each layer.
///
/// # Errors
/// If a manifest cannot be read, or a figure is below its least value.
pub(crate) fn diagnostics(root: &Path, options: &Options) -> anyhow::Result<()> {
    let verdicts = verdicts(root, options.seed, options.each)?;
    if options.misses {
        verdicts
            .iter()
            .filter(|verdict| !verdict.is_right() || verdict.following > 0)
            .for_each(|miss| say(&miss.report));
    }
    let (scores, total) = scores(&verdicts);
    if options.json {
        let layers: BTreeMap<&str, _> = scores.iter().map(|(name, score)| (*name, score.json())).collect();
        say(&json!({"seed": options.seed, "layers": layers, "total": total.json()}).to_string());
    } else {
        say(&score_table(&scores, &total));
    }
    judge(&total)
}

fn score_table(scores: &[(&str, Score)], total: &Score) -> String {
    let mut rows =
        vec![heading(&["layer", "mistakes", "right line", "line and remedy", "median follow-ons"])];
    let row = |name: &str, score: &Score| {
        vec![
            name.to_owned(),
            score.count.to_string(),
            format!("{:.1} %", score.lines()),
            format!("{:.1} %", score.remedies()),
            score.following.to_string(),
        ]
    };
    rows.extend(scores.iter().map(|(name, score)| row(name, score)));
    rows.push(row("total", total));
    table(&rows)
}

fn judge(total: &Score) -> anyhow::Result<()> {
    ensure!(
        total.count >= LEAST_MISTAKES,
        "only {} mistakes: a corpus has {LEAST_MISTAKES}; make it larger with --each",
        total.count
    );
    judge_figures(total)
}

fn judge_figures(total: &Score) -> anyhow::Result<()> {
    ensure!(
        total.lines() >= LEAST_LINES
            && total.remedies() >= LEAST_REMEDIES
            && total.following == MEDIAN_FOLLOWING,
        "the messages of the compiler are below {LEAST_LINES} % right lines, {LEAST_REMEDIES} % right remedies or above a median of {MEDIAN_FOLLOWING} follow-on errors; see them with: cargo xtask bench diagnostics --misses"
    );
    Ok(())
}

fn scores(verdicts: &[Verdict]) -> (Vec<(&'static str, Score)>, Score) {
    let of = |layer: Layer| Score::of(verdicts.iter().filter(|verdict| verdict.layer == layer));
    (Layer::ALL.map(|layer| (layer.name(), of(layer))).into(), Score::of(verdicts.iter()))
}

fn verdicts(root: &Path, seed: u64, each: usize) -> anyhow::Result<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for folder in FOLDERS {
        let manifest = read(root, folder)?;
        let mut judge = score::Judge::new(&manifest)?;
        for (layer, mistakes) in corpus(&manifest, seed) {
            let judged = mistakes.iter().filter_map(|mistake| judge.judge(layer, mistake));
            verdicts.extend(judged.take(each));
        }
    }
    Ok(verdicts)
}

/// The mistakes of each kind in one manifest, in the order that the seed gives.
fn corpus(manifest: &Manifest, seed: u64) -> impl Iterator<Item = (Layer, Vec<Mistake>)> {
    let kinds: [&[Kind]; 5] = [syntax::KINDS, keys::KINDS, names::KINDS, values::KINDS, samples::KINDS];
    kinds.into_iter().flatten().enumerate().map(move |(index, (layer, name, make))| {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(1000).wrapping_add(index as u64));
        let mut mistakes = make(manifest, &mut rng);
        rng.shuffle(&mut mistakes);
        mistakes.iter_mut().for_each(|mistake| mistake.kind = name);
        (*layer, mistakes)
    })
}

/// The files of a manifest.
fn read(root: &Path, folder: &'static str) -> anyhow::Result<Manifest> {
    let top = root.join(folder);
    let mut paths = vec!["connector.yaml".to_owned()];
    for inner in ["types", "samples"] {
        for entry in fs::read_dir(top.join(inner)).with_context(|| format!("cannot list {folder}/{inner}"))? {
            paths.push(format!("{inner}/{}", entry?.file_name().to_string_lossy()));
        }
    }
    let text = |path: String| -> anyhow::Result<(String, String)> {
        let text = fs::read_to_string(top.join(&path)).with_context(|| format!("cannot read {path}"))?;
        Ok((path, text))
    };
    Ok(Manifest::new(folder, paths.into_iter().map(text).collect::<anyhow::Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
    }

    #[test]
    fn the_messages_of_the_compiler_reach_the_figures() {
        let verdicts = verdicts(root(), SEED, 2).expect("the manifests can be read");
        let (scores, total) = scores(&verdicts);
        let table = score_table(&scores, &total);
        let missed: Vec<&str> = verdicts
            .iter()
            .filter(|verdict| !verdict.is_right())
            .map(|verdict| verdict.report.as_str())
            .collect();
        judge_figures(&total).unwrap_or_else(|error| panic!("{error}\n{table}\n{}", missed.join("\n")));
    }

    #[test]
    fn a_seed_makes_the_same_corpus_again_and_another_seed_another() {
        let manifest = read(root(), FOLDERS[1]).expect("the manifest can be read");
        let shown = |seed| -> Vec<String> {
            let mistakes = corpus(&manifest, seed).flat_map(|(_, mistakes)| mistakes);
            mistakes.map(|mistake| mistake.shown(&manifest)).collect()
        };
        assert_eq!(shown(1), shown(1));
        assert_ne!(shown(1), shown(2));
    }

    #[test]
    fn every_kind_finds_room_in_a_manifest_and_every_layer_has_kinds() {
        let manifests = FOLDERS.map(|folder| read(root(), folder).expect("the manifest can be read"));
        let counts = manifests.each_ref().map(|manifest| {
            corpus(manifest, SEED).map(|(layer, mistakes)| (layer, mistakes.len())).collect::<Vec<_>>()
        });
        assert!(counts[0].iter().zip(&counts[1]).all(|(one, other)| one.1 + other.1 > 0), "{counts:?}");
        let layers: std::collections::BTreeSet<Layer> = counts[0].iter().map(|(layer, _)| *layer).collect();
        assert_eq!(layers.len(), Layer::ALL.len());
    }

    #[test]
    fn figures_below_the_least_fail() {
        let score = |lines, remedies, following| Score { count: 1000, lines, remedies, following };
        judge(&score(970, 920, 0)).expect("the least figures are enough");
        for below in [score(969, 920, 0), score(970, 919, 0), score(1000, 1000, 1)] {
            judge(&below).expect_err("a figure is below");
        }
        judge(&Score { count: 299, lines: 299, remedies: 299, following: 0 }).expect_err("too few mistakes");
    }
}
