//! What lies in the folder of a generated crate: everything below `src`, the catalog, and what could change the build.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use connector_codegen::{DiskFile, Form, OnDisk};
use toml::{Table, Value};

use crate::disk::{UNFINISHED, at, is_executable};
use crate::text;

/// Names beside `src` that cargo, rustup and clippy read on their own, and what each changes.
const INTRUDERS: &[(&str, &str)] = &[
    ("build.rs", "cargo runs it before it builds the crate"),
    (".cargo", "cargo reads settings from it"),
    ("rust-toolchain", "rustup reads the toolchain from it"),
    ("rust-toolchain.toml", "rustup reads the toolchain from it"),
    ("clippy.toml", "clippy reads settings from it"),
    (".clippy.toml", "clippy reads settings from it"),
];

/// Reads the folder of a generated crate; empty if there is none. Symbolic links are reported and never followed.
/// `crate_name` is the name that examples in the crate's documentation use.
///
/// # Errors
/// If the folder is a symbolic link, or something in it cannot be read.
pub(crate) fn read(folder: &Path, crate_name: &str) -> io::Result<OnDisk> {
    let mut found = OnDisk::new();
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_symlink() => {
            let what = "a symbolic link stands in place of the generated crate: put the folder itself there";
            return Err(at(folder, io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        Ok(metadata) if metadata.is_dir() => {}
        _ => return Ok(found),
    }
    for entry in fs::read_dir(folder).map_err(|error| at(folder, error))? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy();
        let intruder = INTRUDERS.iter().find(|(intruder, _)| *intruder == name);
        if let Some((_, reason)) = intruder {
            insert_intruder(&mut found, &name, (*reason).to_owned());
        } else if name == "Cargo.toml" {
            if let Some(reason) = wrong_manifest(&text::generated(&path)?, crate_name) {
                insert_intruder(&mut found, &name, reason);
            }
        } else if name == "src" || name == "catalog.json" || is_unfinished(path.file_name()) {
            walk(&path, &name, &mut found)?;
        }
    }
    Ok(found)
}

fn insert_intruder(found: &mut OnDisk, path: &str, reason: String) {
    found.insert(path.to_owned(), DiskFile { text: String::new(), form: Form::Intruder(reason) });
}

/// Adds a file, or everything below a folder; `name` is the path from the crate's folder.
fn walk(path: &Path, name: &str, found: &mut OnDisk) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path).map_err(|error| at(path, error))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(|error| at(path, error))? {
            let entry = entry.map_err(|error| at(path, error))?;
            walk(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), found)?;
        }
        return Ok(());
    }
    let form = match () {
        () if metadata.is_symlink() => Form::Link,
        () if !metadata.is_file() => Form::Intruder("it is neither a file nor a folder".to_owned()),
        () if is_unfinished(path.file_name()) => Form::Leftover,
        () if is_executable(&metadata.permissions()) => Form::Executable,
        () => Form::Regular,
    };
    let text = match form {
        Form::Regular | Form::Executable => text::generated(path)?,
        _ => String::new(),
    };
    found.insert(name.to_owned(), DiskFile { text, form });
    Ok(())
}

fn is_unfinished(name: Option<&OsStr>) -> bool {
    let (begin, end) = UNFINISHED;
    name.and_then(OsStr::to_str).is_some_and(|name| name.starts_with(begin) && name.ends_with(end))
}

/// The first fault of a `Cargo.toml`. Cargo itself reports a file that is no TOML.
fn wrong_manifest(text: &str, crate_name: &str) -> Option<String> {
    let manifest: Table = text.parse().ok()?;
    changed_build(&manifest).or_else(|| other_name(&manifest, crate_name))
}

/// A name with which the examples in the crate's documentation would not compile.
fn other_name(manifest: &Table, crate_name: &str) -> Option<String> {
    let name = |table: &str| manifest.get(table)?.get("name")?.as_str();
    let found = name("lib").or_else(|| name("package"))?;
    (found.replace('-', "_") != crate_name).then(|| {
        let package = crate_name.replace('_', "-");
        format!("its name is `{found}`: write `{package}` in `package.name`, as the examples of the crate do")
    })
}

/// The first key that lets something else than `src/lib.rs` into the build.
fn changed_build(manifest: &Table) -> Option<String> {
    let key = |path: &[&str]| {
        let (last, above) = path.split_last()?;
        let table = above.iter().try_fold(manifest, |table, name| table.get(*name)?.as_table())?;
        table.get(*last)
    };
    let is_set = |path: &&&[&str]| key(path).is_some_and(|value| *value != Value::Boolean(false));
    let always: &[&[&str]] = &[
        &["package", "build"],
        &["package", "links"],
        &["lib", "path"],
        &["lib", "proc-macro"],
        &["build-dependencies"],
        &["patch"],
        &["replace"],
    ];
    let found = always.iter().find(is_set).map(|path| path.join("."));
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let for_target = |(name, table): (&String, &Value)| {
        table.get("build-dependencies").map(|_| format!("target.{name}.build-dependencies"))
    };
    let found = found.or_else(|| targets.filter_map(for_target).next())?;
    Some(format!("its key `{found}` changes the build: remove the key"))
}
