//! What the generators of completions have no words for: a value that depends on the word before it, a name or a file, and
//! names that stand in capitals and are typed small.

use countersign_core::protocol::otp::Algorithm;
use countersign_core::vault::DRAWN;

use super::NAME;
use crate::settings::SORTS;

/// The orders that `settings sort` takes.
fn sorts() -> String {
    SORTS.map(|(name, _)| name).join(" ")
}

/// The icons that `edit --icon` takes by their names.
fn icons() -> Vec<&'static str> {
    DRAWN.into_iter().chain(["none"]).collect()
}

/// Puts `new` in place of the first `old` that follows on `after`.
fn put(script: &str, after: &str, old: &str, new: &str) -> String {
    let place = script.find(after).and_then(|from| Some(from + script.get(from..)?.find(old)?));
    let Some((before, rest)) = place.and_then(|place| script.split_at_checked(place)) else { return script.to_owned() };
    format!("{before}{new}{}", &rest[old.len()..])
}

/// For bash.
pub fn of_bash(script: &str) -> String {
    const CASE: &str = "case \"${prev}\" in\n";
    let of_sort = format!(
        "{CASE}                sort)\n                    COMPREPLY=($(compgen -W \"{}\" -- \"${{cur}}\"))\n                    \
         return 0\n                    ;;\n",
        sorts()
    );
    let script = put(script, "__subcmd__settings)\n            opts=", CASE, &of_sort);
    let files = "COMPREPLY=($(compgen -f \"${cur}\"))";
    let of_icon =
        format!("COMPREPLY=($(compgen -W $'{}' -- \"${{cur}}\") $(compgen -f \"${{cur}}\"))", icons().join("\\n"));
    let mut script = put(&script, "                --icon)\n", files, &of_icon);
    for names in [&Algorithm::ALL[..], &Algorithm::RFC_6238] {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let of = |word: &str| format!("compgen -W \"{}\" -- \"{word}\"", names.join(" "));
        script = script.replace(&of("${cur}"), &of("$(tr '[:lower:]' '[:upper:]' <<< \"${cur}\")"));
    }
    script
}

/// For zsh.
pub fn of_zsh(script: &str) -> String {
    let of_sort = format!(":{{ [[ $words[CURRENT-1] = sort ]] && compadd - {} }}' \\\n", sorts());
    put(script, "'::value -- ", ":' \\\n", &of_sort)
}

/// For fish, further lines.
pub fn of_fish() -> String {
    let line = |using: &str, offered: &str| {
        format!("complete -c {NAME} -n '__fish_{NAME}_using_subcommand {using}' {offered}\n")
    };
    line("settings; and __fish_seen_subcommand_from sort", &format!("-f -a '{}'", sorts()))
        + &line("edit", &format!("-l icon -r -a '{}'", icons().join(" ")))
}
