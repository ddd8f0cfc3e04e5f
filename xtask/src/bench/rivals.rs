//! Other generators beside ours: the same API as an OpenAPI file, generated and checked by each that is installed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::Place;
use super::measure::{Cost, measure, median};
use super::ours::{compile, empty, lines, write};
use super::synthetic::{self, Size};

/// A generator of Rust clients, of the version it was last compared in.
pub(crate) struct Rival {
    /// The crate and the program bear the same name.
    pub(crate) name: &'static str,
    version: &'static str,
    /// The words after the program; `SPEC` and `OUT` stand for the two paths.
    arguments: &'static [&'static str],
    /// Whether it writes a whole crate, or modules into the crate in whose folder it runs.
    output: Output,
}

enum Output {
    Crate,
    /// The folder of modules below the crate, and the file in it that names the dependencies.
    Modules {
        folder: &'static str,
        dependencies: &'static str,
    },
}

pub(crate) const RIVALS: &[Rival] = &[
    Rival {
        name: "cargo-progenitor",
        version: "0.15",
        arguments: &["progenitor", "-i", "SPEC", "-o", "OUT", "-n", "rival-api", "-v", "0.1.0"],
        output: Output::Crate,
    },
    Rival {
        name: "openapi-to-rust",
        version: "0.23",
        arguments: &["generate", "SPEC"],
        output: Output::Modules { folder: "src/generated", dependencies: "REQUIRED_DEPS.toml" },
    },
    Rival {
        name: "ploidy",
        version: "0.15",
        arguments: &["generate", "rust", "SPEC", "-o", "OUT"],
        output: Output::Crate,
    },
    Rival {
        name: "oas3-gen",
        version: "0.29",
        arguments: &["generate", "client-mod", "-i", "SPEC", "-o", "OUT", "--workspace"],
        output: Output::Crate,
    },
];

/// What a rival and its output cost.
pub(crate) struct Rivalry {
    pub(crate) generation: Cost,
    pub(crate) lines: usize,
    /// Of its output, or why that does not compile.
    pub(crate) check: anyhow::Result<Cost>,
}

impl Rival {
    /// Whether the program is on the path.
    pub(crate) fn is_installed(&self) -> bool {
        is_on_path(self.name, env::var_os("PATH").as_deref())
    }

    /// The command that installs the version compared.
    pub(crate) fn install(&self) -> String {
        format!("cargo install --locked {}@{}", self.name, self.version)
    }

    /// Generates the API `rounds` times and checks the last output `checks` times.
    ///
    /// # Errors
    /// When the program fails on the file.
    pub(crate) fn measure(
        &self,
        place: &Place,
        size: Size,
        rounds: usize,
        checks: usize,
    ) -> anyhow::Result<Rivalry> {
        let folder = place.work.join(self.name);
        let (spec, out) = (folder.join("openapi.json"), folder.join("out"));
        empty(&folder)?;
        write(&spec, &serde_json::to_string_pretty(&synthetic::openapi(size))?)?;
        let generation = median(rounds, |_| {
            empty(&out)?;
            let arguments = self.arguments.iter().map(|word| match *word {
                "SPEC" => spec.as_os_str(),
                "OUT" => out.as_os_str(),
                word => OsStr::new(word),
            });
            measure(Command::new(self.name).args(arguments).current_dir(&out), &place.log())
        })?;
        self.finish(&out)?;
        let check = compile(place, &out, checks, &["check"]);
        Ok(Rivalry { generation, lines: lines(&out.join("src"))?, check })
    }

    /// Makes the output a crate outside of any workspace.
    fn finish(&self, out: &Path) -> anyhow::Result<()> {
        let path = out.join("Cargo.toml");
        let manifest = match &self.output {
            Output::Crate => {
                fs::read_to_string(&path).with_context(|| format!("{} wrote no Cargo.toml", self.name))?
            }
            Output::Modules { folder, dependencies } => {
                let named = fs::read_to_string(out.join(folder).join(dependencies))
                    .with_context(|| format!("{} wrote no {dependencies}", self.name))?;
                let module = Path::new(folder).file_name().unwrap_or_default().to_string_lossy();
                write(&out.join("src/lib.rs"), &format!("pub mod {module};\n"))?;
                format!("[package]\nname = \"rival-api\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{named}")
            }
        };
        write(&path, &format!("{manifest}\n[workspace]\n"))
    }
}

fn is_on_path(program: &str, path: Option<&OsStr>) -> bool {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    let folders: Vec<PathBuf> = path.map(|path| env::split_paths(path).collect()).unwrap_or_default();
    folders.iter().any(|folder| folder.join(&name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_the_folders_of_the_path_alone() {
        let cargo = env::var_os("CARGO").expect("cargo runs the tests");
        let folder = Path::new(&cargo).parent().expect("a program lies in a folder");
        assert!(is_on_path("cargo", Some(folder.as_os_str())));
        assert!(!is_on_path("cargo", Some(OsStr::new("/no/such/folder"))));
        assert!(!is_on_path("cargo", None));
    }

    #[test]
    fn what_is_missing_comes_with_the_command_that_installs_it() {
        assert_eq!(RIVALS[0].install(), "cargo install --locked cargo-progenitor@0.15");
    }
}
