//! Scripts with which shells complete the command line.

use std::process::Command;

use super::{Invocation, assert_contains};

fn script(shell: &str) -> String {
    Invocation::new().args(["completion", shell]).run().ok()
}

#[test]
fn every_shell_learns_actions_and_their_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let flag = if shell == "fish" { "product-id" } else { "--product-id" };
        assert_contains(&script(shell), &["bigcommerce/get-product", "sandbox", flag]);
    }
    let text = Invocation::new().args(["completion", "tcsh"]).run().failed_with(2);
    assert_contains(&text, &["bash, elvish, fish, powershell, zsh"]);
}

#[test]
fn the_help_says_where_each_script_belongs() {
    let help = Invocation::new().args(["completion", "--help"]).run().ok();
    assert_contains(
        &help,
        &["bash-completion/completions/connector", ".zfunc", "fish/completions", "$PROFILE", "rc.elv"],
    );
}

/// What bash offers for the last of `words`, where there is a bash.
fn offered(words: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("connector.bash");
    std::fs::write(&path, script("bash")).expect("it is writable");
    let program = format!(
        "source \"$1\"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         _connector connector \"${{COMP_WORDS[COMP_CWORD]}}\" \
         \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[@]}}\""
    );
    let checked = Command::new("bash").arg("-n").arg(&path).output().ok()?;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let run = Command::new("bash").args(["-c", &program, "bash"]).arg(&path).output().expect("bash runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8_lossy(&run.stdout).trim().to_owned())
}

#[cfg(unix)]
#[test]
fn bash_completes_actions_and_flags() {
    // Not every machine has a bash.
    let Some(actions) = offered("connector call bigcommerce/get-p") else { return };
    assert_eq!(actions, "bigcommerce/get-product");
    assert_eq!(offered("connector call bigcommerce/get-product --prod").as_deref(), Some("--product-id"));
    assert_eq!(offered("connector cat").as_deref(), Some("catalog"));
    assert_eq!(offered("connector call get-p").as_deref(), Some("get-product"));
    assert_eq!(offered("connector call get-product --prod").as_deref(), Some("--product-id"));
    let condition = offered("connector call create-product --condition ''").expect("there is a bash");
    assert_eq!(condition, "New Used Refurbished");
    assert_eq!(offered("connector call create-product --is-visible t").as_deref(), Some("true"));
    assert_eq!(offered("connector sandbox --fault bad_g").as_deref(), Some("bad_gateway_page"));
}
